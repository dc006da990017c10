"""Words of a text, folded, and their roots: what phrases, names and programmes are matched by."""

from __future__ import annotations

import re
import unicodedata

_MARKS = "\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u200c"
WORD = re.compile(rf"(?:[^\W_]+[{_MARKS}]*)+")
"""A word; combining marks (Arabic vowels, decomposed accents) belong to it, ``_`` does not."""

TOKEN = re.compile(rf"#?(?:[^\W_]+[{_MARKS}]*)+")
"""A word, with the ``#`` of a hashtag."""

_PLAIN_TOKEN = re.compile("#?[a-zA-Z0-9]+")
"""The same in a text of ASCII, in half the time."""

NOISE = re.compile(r"https?://\S+|www\.\S+|&\w+;|\b(?:RT|MT) @\S+|\bvia @\S+")
"""What is no words of the author: addresses, entities, boost marks with whom they name."""

_CAMEL = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z]|\d|$|[^A-Za-z])|[A-Z]?[^\W\dA-Z_]+|[A-Z]+|\d+")
_LETTERS = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i",
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي",
        "\u0640": None, "\u200c": None,
    }
)  # fmt: skip

_ARABIC_PREFIX = re.compile("^[وف]?(?:ال|بال|كال|لل|ب(?=ال)|ل(?=ل))|^[وف](?=..{3})")
_ARABIC_SUFFIX = re.compile("(?:ات|ون|ين|ان|ية|يه|ها|هم|نا|ه|ي)$")

# Endings of inflection: plural, gender, case.
_INFLECTION = frozenset(("aux", "nen", "es", "en", "er", "em", "s", "x", "e", "n", "a", "o"))
# Endings of derivation in English, French, Spanish, Portuguese, Italian and German, made one so
# that cohesion, cohésion and cohesión (or security, sécurité) meet.
_DERIVATION_ENDINGS = """
        izations ization isations isation izacion izaciones izacao izacoes izzazione isierung
        isierungen izing ising ized ised izes ises ize ise izar iser isieren
        ations ation aciones acion acoes acao azione azioni tions tion ciones cion coes cao zione
        zioni sions sion siones sioes sao sione ungen ung ments ment mentos mento mientos miento
        menti mente ities ity ites ite idades idad idade dades dade itats ita itaten itat taten
        isms ism ismes isme ismos ismo ismi ismus ists ist istes iste istas ista isti isten
        icals ical icales icos icas ico ica ique iques isch ische ischen ics ically ally als al
        ales ale ais aux ives ive ifs if ivos ivas ivo iva ivas iver ativ ativen
        ous eux euse euses oso osa osos osas ances ance ancy ences ence ency anza ancia encia
        encias enz enzen anz ants ant ents ent antes ante entes ente
        ings ing eds ed ers er ors or eurs eur euse euses ores ador adora adores ateur ateurs
        lich liche lichen keit keiten heit heiten ness ful less able ables ible ibles
        ies es en em s x e n y a o i os as ia ie ian ien
        """
_DERIVATION = frozenset(_DERIVATION_ENDINGS.split())
_LONGEST_ENDING = max(map(len, _DERIVATION))


def tokens_of(text: str) -> list[str]:
    """The words of a text, hashtags with their ``#``, in order."""
    return (_PLAIN_TOKEN if text.isascii() else TOKEN).findall(text)


def token_spans(text: str) -> list[tuple[int, int]]:
    """Where each of `tokens_of` stands."""
    tokens = _PLAIN_TOKEN if text.isascii() else TOKEN
    return [match.span() for match in tokens.finditer(text)]


def fold(word: str) -> str:
    """Case, accents and Arabic letter forms folded: ``Café`` and ``CAFE`` are one."""
    word = word.casefold()
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFKD", word)
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return letters.translate(_LETTERS)


def light_root(folded: str) -> str:
    """A folded word without its plural, gender or case ending, and without the Arabic article.

    Language is not needed; ``threats`` and ``threat`` meet, ``according`` and ``accord`` do not.
    """
    if "\u0600" <= folded[:1] <= "\u06ff":
        return _ARABIC_PREFIX.sub("", folded) if len(folded) > 4 else folded
    if len(folded) < 5 or not folded.isalpha():
        return folded
    if folded.endswith("ies"):
        folded = f"{folded[:-3]}y"
    while True:
        for kept in range(max(4, len(folded) - 3), len(folded)):
            if folded[kept:] in _INFLECTION:
                folded = folded[:kept]
                break
        else:
            return folded


def root(folded: str) -> str:
    """A folded word without inflection and derivation, the same for cognates of many languages."""
    if "\u0600" <= folded[:1] <= "\u06ff":
        if len(folded) < 5:
            return folded
        bare = _ARABIC_PREFIX.sub("", folded)
        return _ARABIC_SUFFIX.sub("", bare) if len(bare) > 4 else bare
    if len(folded) < 5 or not folded.isalpha():
        return folded
    for kept in range(max(4, len(folded) - _LONGEST_ENDING), len(folded)):
        if folded[kept:] in _DERIVATION:
            folded = folded[:kept]
            break
    return folded.replace("ph", "f").replace("ciber", "cyber").replace("kyber", "cyber")


def parts_of_hashtag(body: str) -> list[str]:
    """``HumanRights`` → Human, Rights; a hashtag without capitals inside is one word."""
    if body.islower() or body.isdigit() or (body.isupper() and len(body) < 16):
        return [body]
    return _CAMEL.findall(body) or [body]
