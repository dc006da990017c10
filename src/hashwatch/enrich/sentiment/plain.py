"""What says a tone plainly where trained weights hear none: emoji, set phrases, strong words.

A bag of words that learnt from everyday posts takes ``Plenary resumes 😠`` for neutral and
``Couldn't fault the catering`` for blame. Where all such signs in a post agree, they decide between
labels of which the weights are not sure; what they say is never surer than that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.sentiment import features
from hashwatch.enrich.sentiment.wordlists import NEGATORS, TOPIC_WORDS
from hashwatch.enrich.words import fold

Logits = NDArray[np.float64]
Post = tuple[str, str]

MARGIN = 0.15
"""By how much a label that is plainly said leads the others, in logits."""
SURE = 0.95
"""A label of this share is left alone."""
SHORT = 14
"""Words of a post in which one emoji or one strong word can stand for the whole."""
BRIEF = 9
"""Words of a post in which a hashtag stands for the whole."""
PLEASANT = 1.0
"""VADER's valence from which on a word is praise, and blame beside *not* in a hashtag."""
_REACH = 3
"""Words before a strong word in which a negation turns it."""

_GLAD = frozenset("😍🥰❤💕💖💗💘💙💚💛💜👏🙌🎉🥳😊🤩😻🏆😀😃😄😁👍💐🫶")
_CROSS = frozenset("😡😠🤬😤🤮🤢👎💔💩😒🙄😞😩😫😢🥱😖😣🤦")

_EMOJI = ((_GLAD, 1), (_CROSS, -1))

_STRONG_WORDS = """
    en + wonderful fantastic brilliant superb delightful excellent lovely
    en - awful dreadful horrible terrible appalling pathetic disgraceful shameful useless
    fr + genial geniale superbe formidable excellent excellente magnifique merveilleux
    fr + merveilleuse super bravo parfait parfaite agreable passionnant passionnante enrichissant
    fr + remarquable
    fr - nul nulle horrible lamentable ennuyeux ennuyeuse honteux honteuse decevant decevante
    fr - affreux affreuse pitoyable penible mediocre
    de + toll tolle toller tolles tollen grossartig grossartige grossartiger grossartiges
    de + wunderbar wunderbare wunderbarer hervorragend hervorragende super spitze klasse genial
    de + ausgezeichnet fantastisch begeistert
    de - mies miese mieser mieses schlecht schlechte schlechter schlechtes furchtbar furchtbare
    de - furchtbarer schrecklich langweilig langweilige langweiliger enttauschend peinlich
    de - katastrophal unverschamt
    es + excelente maravilloso maravillosa genial estupendo estupenda fantastico fantastica
    es + magnifico magnifica buenisimo brillante perfecto perfecta interesante bueno buena
    es - pesimo pesima horrible terrible malisimo aburrido aburrida verguenza lamentable
    es - decepcionante
    pt + excelente maravilhoso maravilhosa otimo otima fantastico fantastica perfeito perfeita
    pt + brilhante genial interessante
    pt - pessimo pessima horrivel terrivel chato chata aborrecido vergonha lamentavel
    pt - dececionante
    it + ottimo ottima bellissimo bellissima bravissimo bravissima fantastico fantastica
    it + meraviglioso meravigliosa eccellente perfetto perfetta splendido splendida interessante
    it - pessimo pessima orribile noioso noiosa noiosissimo terribile vergogna deludente schifo
    ar + رائع رائعه ممتاز ممتازه جميل جميله مذهل
    ar - سيء سيءه ممل ممله فظيع مخجل
    it + benissimo
    it - malissimo
    abroad + awesome amazing great brilliant wonderful excellent love lovely
    abroad - awful boring horrible dreadful shame hate
    en - filthy disgusting malissimo
    en + benissimo
"""
"""A language, praise or blame, and folded words, a line each; English ones are used abroad."""

_FAULTLESS = (
    # Without fault, in so many words.
    r"\b(?:can'?t|cannot|couldn'?t|could not) (?:really |possibly )?fault\b"
    r"|\bwithout (?:a|any|one|a single|any single) (?:hitch|glitch|hiccup|problem|flaw|snag)\b"
    r"|\bnever (?:a dull moment|(?:\w+ )?(?:boring|dull|disappoints?))\b"
    r"|\bno (?:lack|shortage) of\b"
    r"|\bcould(?:n'?t| not) (?:be|have been) (?:any )?(?:prouder|happier|better|kinder|nicer"
    r"|more (?:pleased|impressed|proud|grateful|helpful))\b"
    r"|\bcould(?:n'?t| not) have (?:asked|wished|hoped) for (?:an? )?(?:better|more|nicer)\b"
    r"|\bnothing to complain about\b"
    r"|\b(?:well|expertly|beautifully) (?:run|organi[sz]ed|prepared|chaired|moderated)\b"
    r"|\b(?:bien|gut|bem|ben) (?:organis|organiz|prepar|vorbereit|moderiert)\w*"
    r"|\bcould(?:n'?t| not) ask for (?:an? )?(?:better|more|nicer|kinder)\b"
    r"|\bcould(?:n'?t| not) have gone better\b"
    r"|\b(?:this|the|our) \w+ rocks\b"
    r"|\brien a redire\b|\baucun (?:probleme|souci|couac|accroc)\b"
    r"|\bsans (?:aucun |le moindre )?(?:accroc|probleme|souci|couac)\b"
    r"|\bnichts (?:zu|auszu)\s?(?:meckern|beanstanden|kritisieren|setzen)\b"
    r"|\b(?:keine?|ohne) (?:einzige )?(?:pannen?|probleme?|beschwerden?|klagen?)\b"
    r"|\b(?:sin|ni) (?:ningun |ninguna |un solo |una sola )?(?:problemas?|fallos?|quejas?|pegas?)\b"
    r"|\b(?:ningun|ninguna) (?:problema|fallo|queja|pega)\b|\bnada que objetar\b"
    r"|\bsem (?:nenhum |nenhuma |qualquer )?(?:problemas?|falhas?|queixas?)\b"
    r"|\b(?:nenhum|nenhuma) (?:problema|falha|queixa)\b|\bnada a apontar\b"
    r"|\b(?:nessun problema|niente da ridire|senza (?:problemi|intoppi))\b"
    r"|بدون (?:اي )?(?:مشاكل|مشكله)"
)
_AT_FAULT = (
    r"\bnothing but (?:trouble|problems?|issues|delays|complaints|excuses|chaos)\b"
    r"|\bcould(?:n'?t| not) (?:be|have been) (?:any )?(?:unhappier|angrier|worse|ruder"
    r"|more (?:disappointed|annoyed|boring))\b"
    r"|\bcould(?:n'?t| not) have (?:asked|wished|hoped) for an? worse\b"
    r"|\b(?:was|is|were|are|what) (?:such )?an? (?:total |complete |utter )?(?:disaster|mess"
    r"|shambles|farce|embarrassment|waste of time)\b|\bthis \w+ sucks\b|\bwaste of (?:time|money)\b"
    r"|\bquelle? (?:deception|honte)\b|\bque (?:vergonha|verguenza|decepcion|desilusao)\b"
    r"|\bwas fur ein(?:e)? (?:enttauschung|zumutung|chaos)\b|\bche (?:delusione|vergogna)\b"
    r"|\b(?:badly|poorly) (?:run|organi[sz]ed|prepared|chaired|moderated)\b"
    r"|\b(?:mal|schlecht) (?:organis|organiz|prepar|vorbereit|moderiert)\w*"
    r"|\bperte de temps\b|\btout est a (?:revoir|refaire)\b|\bque des (?:problemes|soucis)\b"
    r"|\bzeitverschwendung\b|\bnur (?:arger|pannen|probleme|stress|chaos)\b"
    r"|\bperdida de tiempo\b|\b(?:solo|puros?) (?:problemas|fallos)\b"
    r"|\bperda de tempo\b|\bso (?:falhas|problemas)\b|\bperdita di tempo\b|\bsolo problemi\b"
)
_PHRASES = ((re.compile(_FAULTLESS), 1), (re.compile(_AT_FAULT), -1))
# Each phrase has one of these in it: looking for words is quick, looking for phrases is not.
_TELLING_WORDS = """
    fault hitch glitch hiccup problem flaw snag dull boring disappoint disappoints lack shortage
    prouder happier better kinder nicer pleased impressed proud grateful helpful more complain
    redire probleme problemes souci soucis couac accroc meckern beanstanden kritisieren setzen
    auszusetzen panne pannen beschwerde beschwerden klage klagen problema problemas fallo fallos
    queja quejas pega pegas objetar falha falhas queixa queixas apontar ridire intoppi problemi gone
    well bien gut bem ben expertly beautifully مشاكل مشكله nothing unhappier angrier worse ruder
    disappointed annoyed disaster mess shambles farce embarrassment waste sucks perte revoir refaire
    zeitverschwendung arger stress chaos perdida perda perdita deception honte vergonha verguenza
    decepcion desilusao enttauschung zumutung delusione vergogna badly poorly mal schlecht rocks
"""
_TELLING = frozenset(_TELLING_WORDS.split())
_NAMED_AFTER_WORDS = """
    comfy comfortable honest delicious reliable tasty inspired inspiring exciting excited proud
    clever kind happy lucky fair fun good great impressed amazing useful helpful interesting
    welcome organised organized prepared convinced amused motivated funny cool nice smart wise
    healthy friendly welldone grateful brilliant accessible ok okay
"""
_NAMED_AFTER = frozenset(_NAMED_AFTER_WORDS.split())
_TURNED = re.compile(r"(?:not|never|no|un)(?:so|very|at)?(\w{2,})")
_HASHTAG = re.compile(r"#(\w+)")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ANNOUNCED = re.compile(
    r"\s*(?:atelier|seance|session|table ronde|conference|sitzung|panel|workshop|vortrag|mesa"
    r"|taller|sesion|ponencia|painel|sessao|mesa redonda|sessione|tavola rotonda|ندوه|جلسه)\b"
)
_BREAK = re.compile(r"[,.;:!?؟،–—()\n]+")
_ASKS = re.compile(r"[?؟]")


def plainly(logits: Logits, posts: Sequence[Post]) -> Logits:
    """``logits`` (negative and positive against neutral), where a post says its tone plainly."""
    full = np.insert(logits, 1, 0.0, axis=1)
    shares = np.exp(full - full.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    labels, highest = shares.argmax(axis=1).tolist(), shares.max(axis=1).tolist()
    changed: Logits | None = None
    for row, ((text, language), label, sure) in enumerate(zip(posts, labels, highest, strict=True)):
        said = said_tone(text, language)
        if said is None:
            if label == 1 or sure >= SURE or not _only_reports(text, language):
                continue
            said = 0
        wanted = said + 1
        # What is neutral to the weights may well have a tone; its contrary, surely felt, has not.
        if wanted == label or (sure >= SURE and label != 1):
            continue
        if changed is None:
            changed = full.copy()
        changed[row, wanted] = changed[row].max() + MARGIN
    if changed is None:
        return logits
    moved: Logits = changed[:, [0, 2]] - changed[:, [1]]
    return moved


def said_tone(text: str, language: str) -> int | None:
    """1 for praise and −1 for blame that is plainly said; None where nothing is, or both are."""
    folded = fold(text)
    words = _WORD.findall(folded)
    signs: set[int] = set()
    if not _TELLING.isdisjoint(words):
        straight = folded.replace("’", "'")
        signs |= {sign for pattern, sign in _PHRASES if pattern.search(straight)}
        if signs:
            return signs.pop() if len(signs) == 1 else None
    if len(words) > SHORT or (_ASKS.search(text) and "!" not in text):
        return None
    if not text.isascii():
        signs |= {sign for emoji, sign in _EMOJI if not emoji.isdisjoint(text)}
    if "#" in text:
        signs |= _hashtag_signs(folded, len(words) <= BRIEF)
    strong = _strong(language)
    if not strong.keys().isdisjoint(words):
        for clause in _BREAK.split(folded):
            signs |= _word_signs(_WORD.findall(clause), strong, language)
    return signs.pop() if len(signs) == 1 else None


def _hashtag_signs(folded: str, is_brief: bool) -> set[int]:
    """What hashtags say that are words of praise or blame, or *not* before one.

    In a brief post any word that the lexicon knows well counts, else only the listed ones.
    """
    signs: set[int] = set()
    for name in _HASHTAG.findall(folded):
        turned = _TURNED.fullmatch(name)
        known = features.valence(name) if is_brief and name not in TOPIC_WORDS else 0.0
        if name in _NAMED_AFTER or known >= PLEASANT:
            signs.add(1)
        elif known <= -PLEASANT or (turned is not None and _is_pleasant(turned[1])):
            signs.add(-1)
    return signs


def _is_pleasant(word: str) -> bool:
    return word in _NAMED_AFTER or features.valence(word) >= PLEASANT


def _word_signs(words: Sequence[str], strong: Mapping[str, int], language: str) -> set[int]:
    negators = NEGATORS.get(language, frozenset())
    signs: set[int] = set()
    for place, word in enumerate(words):
        sign = strong.get(word)
        if sign is None:
            continue
        before = words[max(0, place - _REACH) : place]
        turned = any(
            one in negators or one.rpartition("'")[0] in ("n", "isn", "wasn") for one in before
        )
        if not turned:
            signs.add(sign)
        elif sign > 0:
            signs.add(-1)
    return signs


@cache
def _strong(language: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in _STRONG_WORDS.split("\n"):
        code, sign, *words = line.split() or ("", "")
        if code == language or (code == "abroad" and language != "en"):
            found |= dict.fromkeys(words, 1 if sign == "+" else -1)
    return found


def _only_reports(text: str, language: str) -> bool:
    """Whether a post says what a session or a law is about, and nothing of how that is."""
    if "!" in text or _ASKS.search(text):
        return False
    if language == "en":
        words = _WORD.findall(text.lower())
        if not any(word in TOPIC_WORDS for word in words):
            return False
        return features.lexicon_scores(text)[-1] > 0
    return "," not in text and _ANNOUNCED.match(fold(text)) is not None
