"""What says a tone plainly where trained weights hear none: emoji, hashtags, words in their scope.

A bag of words that learnt from everyday posts takes ``Plenary resumes 😠`` for neutral and
``Couldn't fault the catering`` for blame. Where all such signs in a post agree, they decide between
labels of which the weights are not sure; what they say is never surer than that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.sentiment import features
from hashwatch.enrich.sentiment.scope import NOTHING, read
from hashwatch.enrich.sentiment.wordlists import TOPIC_WORDS
from hashwatch.enrich.words import fold

Logits = NDArray[np.float64]
Post = tuple[str, str]

MARGIN = 0.15
"""By how much a label that is plainly said leads the others, in logits."""
SURE = 0.95
"""A label of this share is left alone."""
SHORT = 14
"""Words of a post in which one emoji or one strong word can stand for the whole."""
FAIRLY_SHORT = 11
"""The same for words whose tone is made by what stands around them."""
BRIEF = 9
"""Words of a post in which a hashtag stands for the whole."""
PLEASANT = 1.0
"""VADER's valence from which on a word is praise, and blame beside *not* in a hashtag."""

_GLAD = frozenset("😍🥰❤💕💖💗💘💙💚💛💜👏🙌🎉🥳😊🤩😻🏆😀😃😄😁👍💐🫶")
_CROSS = frozenset("😡😠🤬😤🤮🤢👎💔💩😒🙄😞😩😫😢🥱😖😣🤦")

_EMOJI = ((_GLAD, 1), (_CROSS, -1))

_PRAISES = (
    r"\b(?:well|expertly|beautifully) (?:run|organi[sz]ed|prepared|chaired|moderated)\b"
    r"|\b(?:bien|gut|bem|ben) (?:organis|organiz|prepar|vorbereit|moderiert)\w*"
    r"|\bwould(?:n'?t| not) (?:change|miss|trade|swap)\b|\b(?:this|the|our) \w+ rocks\b"
    r"|\balla grande\b"
)
_BLAMES = (
    r"\b(?:badly|poorly) (?:run|organi[sz]ed|prepared|chaired|moderated)\b"
    r"|\b(?:mal|schlecht) (?:organis|organiz|prepar|vorbereit|moderiert)\w*"
    r"|\b(?:was|is|were|are|what) (?:such )?an? (?:total |complete |utter )?(?:disaster|mess"
    r"|shambles|farce|embarrassment)\b|\bthis \w+ sucks\b|\btout est a (?:revoir|refaire)\b"
    r"|\bwas fur ein(?:e)? (?:enttauschung|zumutung|chaos)\b|\bfa pena\b|\bvoll daneben\b"
    r"|\bwaste of (?:time|money)\b|\bperte de temps\b|\bzeitverschwendung\b"
    r"|\bperdida de tiempo\b|\bperda de tempo\b|\bperdita di tempo\b"
)
_PHRASES = ((re.compile(_PRAISES), 1), (re.compile(_BLAMES), -1))
# Each phrase has one of these in it: looking for words is quick, looking for phrases is not.
_TELLING_WORDS = """
    well expertly beautifully bien gut bem ben change miss trade swap rocks grande badly poorly mal
    schlecht disaster mess shambles farce embarrassment sucks revoir refaire enttauschung
    zumutung chaos pena daneben waste perte zeitverschwendung perdida perda perdita
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
_ASKS = re.compile(r"[?؟]")


def plainly(logits: Logits, posts: Sequence[Post]) -> Logits:
    """``logits`` (negative and positive against neutral), where a post says its tone plainly."""
    full = np.insert(logits, 1, 0.0, axis=1)
    shares = np.exp(full - full.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    labels, highest = shares.argmax(axis=1).tolist(), shares.max(axis=1).tolist()
    changed: Logits | None = None
    for row, ((text, language), label, sure) in enumerate(zip(posts, labels, highest, strict=True)):
        said, is_certain = _said(text, language)
        if said is None:
            if label == 1 or sure >= SURE or not _only_reports(text, language):
                continue
            said = 0
        wanted = said + 1
        # What is neutral to the weights may well have a tone; its contrary, surely felt, has not.
        if wanted == label or (sure >= SURE and label != 1 and not is_certain):
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
    return _said(text, language)[0]


def _said(text: str, language: str) -> tuple[int | None, bool]:
    """The same, and whether it counts against weights that are sure of the contrary.

    So it does where scope made it in a brief post: there the weights have little else to go by.
    """
    folded = fold(text)
    words = _WORD.findall(folded)
    is_short = len(words) <= SHORT and ("!" in text or not _ASKS.search(text))
    is_fairly_short = len(words) <= FAIRLY_SHORT
    reading = read(folded, language, is_fairly_short) if is_short else NOTHING
    if not reading.is_made and not _TELLING.isdisjoint(words):
        straight = folded.replace("’", "'")
        signs = {sign for pattern, sign in _PHRASES if pattern.search(straight)}
        if signs:
            return _only(signs), False
    if not is_short:
        return None, False
    signs = set(reading.signs)
    if not text.isascii():
        signs |= {sign for emoji, sign in _EMOJI if not emoji.isdisjoint(text)}
    if "#" in text:
        signs |= _hashtag_signs(folded, len(words) <= BRIEF)
    return _only(signs), reading.is_made and is_fairly_short


def _only(signs: set[int]) -> int | None:
    return next(iter(signs)) if len(signs) == 1 else None


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
