"""Which words negate, compare, hedge and assert, in seven languages; written for hashwatch."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

from hashwatch.enrich.sentiment.wordlists import NEGATORS
from hashwatch.enrich.words import fold


class Role(Enum):
    """What a word does to the words after it."""

    NEGATES = "negates"
    RECORDS = "records"  # a negation that with a comparison says *more than ever*
    UNDOES = "undoes"  # turns, also what is turned already
    LACKS = "lacks"  # does so too, and where it reaches nothing is blame
    PERMITS = "permits"
    COMPARES = "compares"
    LESSENS = "lessens"
    EXPECTS = "expects"
    EMPHASISES = "emphasises"
    ASSERTS = "asserts"  # of being, degree or amount: *is clear*, *so much respect*
    CONCERNS = "concerns"  # what follows is what it is about
    ENDS = "ends"
    LINKS = "links"


_ROLES = """
    en negates neither nor zero scarcely nope
    en records never nothing nobody none rarely seldom hardly ⟨none⟩ can't cannot cant
    en undoes without lack ⟨without⟩
    en lacks lacks lacked lacking
    en permits could couldn't couldnt
    en compares more so such better worse enough
    en lessens less
    en expects expect expected expecting imagined dreamt
    en emphasises ⟨only⟩
    en asserts is isn't are was were am i'm it's been feel feels felt very really so such too
    en asserts what many much lots plenty full constant another everyone everybody pure sheer total
    en asserts real true
    en ends and because since if when until
    en links or nor
    en concerns about on for of with in at from by
    fr negates guere zero peine n
    fr records jamais rien personne
    fr undoes manque ⟨without⟩
    fr permits pourrait aurait saurait
    fr compares aussi mieux meilleur meilleure pire autant
    fr lessens moins
    fr expects attendais attendait pensais
    fr asserts ete est sont etait etaient suis tres vraiment trop si tant tellement plein encore
    fr asserts quel quelle tous que
    fr ends et car parce si quand
    fr links ou ni
    fr concerns sur pour en dans chez
    de negates kaum keineswegs null weder
    de records nie niemals nichts niemand
    de undoes mangel fehlt fehlte fehlten ⟨without⟩
    de permits konnte konnten
    de compares so besser schlechter mehr
    de lessens weniger
    de expects erwartet gedacht
    de emphasises ⟨only⟩
    de asserts ist war waren sind bin sehr wirklich so zu viel viele lauter nur alle grosser
    de asserts grosse grosses echt
    de ends und weil wenn da
    de links oder noch
    de concerns uber zum zur fur in im am bei beim
    es negates apenas cero
    es records nunca jamas nada nadie
    es undoes falta faltan carece ⟨without⟩
    es permits podria podido pudo
    es compares tan tanto mejor peor
    es lessens menos
    es expects esperaba imaginaba
    es asserts solo es son fue fueron estuvo esta estaba soy muy tan tanto mucho mucha muchos muchas
    es asserts lleno llena puro puros todos que
    es ends y porque si cuando
    es links o ni
    es concerns sobre para en
    pt negates zero
    pt records nunca jamais nada ninguem
    pt undoes falta faltam faltou ⟨without⟩
    pt permits podia poderia
    pt compares tao tanto melhor pior
    pt lessens menos
    pt expects esperava imaginava
    pt asserts so e foi foram era esta estava sou muito muita muitos muitas tao tanto cheio todos
    pt asserts que
    pt ends porque se quando
    pt links ou nem
    pt concerns sobre para em na
    it negates nessun nemmeno neanche neppure zero
    it records mai nulla niente nessuno
    it undoes manca mancano mancava ⟨without⟩
    it permits potrebbe poteva
    it compares cosi tanto meglio peggio
    it lessens meno
    it expects aspettavo immaginavo
    it asserts solo e era sono stato stata stati molto tanto tanta tanti tante proprio davvero pieno
    it asserts tutti che
    it ends perche se quando
    it links o
    it concerns su per in al alla
    ar asserts كان كانت
    ar negates بلا
"""
"""A language, a role, and folded words that have it, a line each; ``NEGATORS`` negate besides."""

# Turns of several words: some negate nothing, some stand for one word that undoes or for *nobody*.
_TURNS = re.compile(
    r"(?P<nothing>\b(?:(?:may|might) not|no (?:doubts?|wonder|question|matter)"
    r"|not (?:only|just|to mention)|without (?:a |any )?doubt|nothing less than"
    r"|pas (?:que|seulement)|non (?:solo|soltanto)|sans (?:aucun )?doute|nicht nur"
    r"|no solo|sin duda|nao so|sem duvida|senza dubbio)\b|\bلا شك\b)"
    r"|(?P<without>\b(?:anything but|less than|no longer|(?:far|free|devoid|short) (?:from|of)"
    r"|(?:hard|difficult|impossible) to|(?:fail(?:s|ed|ing)?|refuse[sd]?) to"
    r"|tout sauf|loin d(?:e |'|’)|alles andere als|weit entfernt von|todo menos|lejos de"
    r"|tudo menos|longe de|tutt['’]altro che)\b)"
    r"|(?P<only>\b(?:nothing but|nichts als)\b)"
    r"|(?P<disappoints>\b(?:lets?|letting) (?:\w+ )?down\b)"
    r"|(?P<none>\b(?:no one|not once|not one|not a single)\b)"
    r"|(?P<again>\b(?:after (?:another|the other)|apres l['’]autre"
    r"|nach de[mr] anderen|tras otr[oa]|atras de outr[oa]|dopo l['’]altr[oa])\b)"
)
_STANDS_FOR = {
    "nothing": " ",
    "without": " ⟨without⟩ ",
    "only": " ⟨only⟩ ",
    "disappoints": " disappoints ",
    "none": " ⟨none⟩ ",
    "again": " ⟨again⟩ ",
}
_NO_ROLE: frozenset[Role] = frozenset()
_NEGATES = frozenset({Role.NEGATES})


def in_words(folded: str) -> str:
    """A folded text with turns of several words made one word, ``⟨without⟩`` and the like."""
    return _TURNS.sub(lambda turn: _STANDS_FOR[turn.lastgroup or ""], folded)


def roles_of(word: str, language: str) -> frozenset[Role]:
    """What a folded word does to those around it; nothing, mostly."""
    return _roles(language).get(word) or (_NEGATES if word.endswith("n't") else _NO_ROLE)


@cache
def _roles(language: str) -> dict[str, frozenset[Role]]:
    found: dict[str, set[Role]] = {}
    for line in _ROLES.strip().split("\n"):
        code, role, *words = line.split()
        if code == language:
            for word in words:
                found.setdefault(word, set()).add(Role(role))
    for word in map(fold, NEGATORS[language]):
        found.setdefault(word, {Role.NEGATES})
    for word, held in found.items():
        if word.endswith("n't"):
            held.add(Role.NEGATES)
    return {word: frozenset(held) for word, held in found.items()}
