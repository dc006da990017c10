"""What is talked about more than before, and belongs to no theme: words and pairs of words. Pure.

The share of posts that use a term is set against that before by the likelihood ratio (Dunning,
"Accurate methods for the statistics of surprise and coincidence", 1993). What came before are the
event's own posts and some imagined ones in which a word is as common as in its language: while an
event is young they say what is usual. A text counts once, and an author's posts are no crowd.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from math import log, sqrt

from hashwatch.enrich.common import bits
from hashwatch.enrich.words import NOISE, WORD, fold, light_root
from hashwatch.model import Emerging, Said

FEWEST_POSTS = 5
FEWEST_AUTHORS = 3
SURPRISE = 2.6
"""Standard deviations above what was usual before."""
COMMON_BITS = 9.0
"""Words that stand in more than one of 2^9 posts of their language carry no subject."""
IMAGINED = 60.0
"""How many posts are imagined before an event's own."""
SUBSUMED = 0.6
"""A word is left out where so much of it is part of a pair that is named."""
MOST = 8

# What stands in every language's posts and is in no list of its common words, because the same
# letters are a strong word elsewhere; what people are called and counted by.
_FURNITURE_WORDS = """
    die war sin leurs aos mr mrs ms mme sir lord lady madam madame senator senators senadora senador
    minister ministers ministre ministra ministro president presidente president member members mp
    mps delegation delegations three four five six seven eight nine ten cinq huit neuf cinco seis
    quatro funf cuatro monday tuesday wednesday thursday friday saturday sunday lundi mardi mercredi
    jeudi vendredi samedi dimanche lunes martes miercoles jueves viernes sabado domingo montag
    dienstag mittwoch donnerstag freitag samstag sonntag
"""
_FURNITURE = frozenset(_FURNITURE_WORDS.split())
_MENTION_OR_HASHTAG = re.compile(r"[@#][\w.@-]+")


class EmergingFinder:
    """Finds what emerges again and again; remembers the words of the posts that it saw last.

    ``covered`` are phrases that a theme covers already; none of their words is named.
    """

    def __init__(self, covered: Collection[str]) -> None:
        self._known = {_key(word) for phrase in covered for word in WORD.findall(phrase)}
        self._remembered: dict[str, dict[str, str]] = {}

    def find(self, recent: Sequence[Said], before: Sequence[Said]) -> list[Emerging]:
        """What has come up in ``recent``, the most surprising first."""
        texts = {said.text for said in (*recent, *before)}
        held, known = self._remembered, self._known
        self._remembered = {text: held.get(text) or _terms(text, known) for text in texts}
        return _find(
            recent,
            [self._remembered[said.text] for said in recent],
            [self._remembered[said.text] for said in before],
        )


def find_emerging(
    recent: Sequence[Said], before: Sequence[Said], covered: Collection[str]
) -> list[Emerging]:
    """What has come up in ``recent``, the most surprising first: see `EmergingFinder`."""
    return EmergingFinder(covered).find(recent, before)


def _find(
    recent: Sequence[Said], terms: Sequence[dict[str, str]], earlier: Sequence[dict[str, str]]
) -> list[Emerging]:
    if not recent:
        return []
    recent, terms = _once(recent, terms)
    posts = Counter(term for found in terms for term in found)
    background = Counter(term for found in earlier for term in found)
    authors: dict[str, set[int]] = {}
    written: dict[str, Counter[str]] = {}
    for said, found in zip(recent, terms, strict=True):
        for term, shown in found.items():
            authors.setdefault(term, set()).add(said.author)
            written.setdefault(term, Counter())[shown] += 1
    candidates = [
        Emerging(
            phrase=min(written[term], key=lambda shown: (-written[term][shown], shown)),
            posts=count,
            authors=len(authors[term]),
            before=background[term],
            surprise=round(_surprise(term, count, len(recent), background[term], len(earlier)), 2),
        )
        for term, count in posts.items()
        if count >= FEWEST_POSTS and len(authors[term]) >= FEWEST_AUTHORS
    ]
    surprising = [one for one in candidates if one.surprise >= SURPRISE]
    surprising.sort(key=lambda one: (-one.surprise, one.phrase))
    return _distinct(surprising)[:MOST]


def _surprise(term: str, here: int, of: int, before: int, of_before: int) -> float:
    """The likelihood ratio of a term in standard deviations, negative where it became rarer."""
    usual = min(2.0 ** -bits(word) for word in term.split())
    earlier, of_earlier = before + IMAGINED * usual, of_before + IMAGINED
    if here * of_earlier <= earlier * of:
        return 0.0
    gain = _likelihood(here, of) + _likelihood(earlier, of_earlier)
    gain -= _likelihood(here + earlier, of + of_earlier)
    return sqrt(2 * max(0.0, gain))


def _likelihood(hits: float, of: float) -> float:
    """The greatest log-likelihood of so many hits."""
    share = hits / of
    return sum(
        count * log(part) for count, part in ((hits, share), (of - hits, 1 - share)) if part > 0
    )


def _once(
    said: Sequence[Said], terms: Sequence[dict[str, str]]
) -> tuple[list[Said], list[dict[str, str]]]:
    """Posts without those that repeat another's words."""
    kept = {_bare(one.text): (one, found) for one, found in zip(said, terms, strict=True)}
    return [one for one, _ in kept.values()], [found for _, found in kept.values()]


def _bare(text: str) -> str:
    """A text's words, whoever is called and whatever is linked."""
    return " ".join(WORD.findall(_MENTION_OR_HASHTAG.sub(" ", NOISE.sub(" ", text)).casefold()))


def _distinct(found: Iterable[Emerging]) -> list[Emerging]:
    """Without words that are mostly part of a pair, and pairs that are mostly one of its words."""
    kept: list[Emerging] = []
    for one in found:
        words = set(map(_key, one.phrase.split()))
        for index, other in enumerate(kept):
            shared = words & set(map(_key, other.phrase.split()))
            if shared and min(one.posts, other.posts) >= SUBSUMED * max(one.posts, other.posts):
                if len(words) > len(other.phrase.split()):
                    kept[index] = one
                break
        else:
            kept.append(one)
    return kept


def _terms(text: str, known: Collection[str]) -> dict[str, str]:
    """The words and pairs of a post that may be a subject, by their key, as written."""
    bare = _MENTION_OR_HASHTAG.sub(" | ", NOISE.sub(" | ", text))
    found: dict[str, str] = {}
    last: tuple[str, str, int] | None = None
    for match in WORD.finditer(bare):
        word = match[0]
        key = _key(word)
        if not _may_be_subject(word, key) or key in known:
            last = None
            continue
        found.setdefault(key, word)
        if last is not None and bare[last[2] : match.start()].isspace():
            found.setdefault(f"{last[0]} {key}", f"{last[1]} {word}")
        last = key, word, match.end()
    return found


def _may_be_subject(word: str, key: str) -> bool:
    folded = fold(word)
    if len(key) < 3 or word.isdigit() or folded in _FURNITURE:
        return False
    return bits(folded) > COMMON_BITS


def _key(word: str) -> str:
    return light_root(fold(word))
