"""What of a title means its session and nothing else: names in it, and all of it as a hashtag."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from hashwatch.enrich.common import UNLISTED_BITS, bits
from hashwatch.enrich.people import Naming
from hashwatch.enrich.words import WORD, fold
from hashwatch.model import Session, fold_hashtag

# A name may stand in the texts of so many sessions: a talk, and another that mentions it.
FEWEST_SESSIONS = 2
LONGEST_HEAD = 3
FEWEST_WORDS, MOST_WORDS = 3, 6
SHORTEST_HASHTAG = 10
_HEAD = re.compile(r"^([^:–—]{3,60}?)\s*(?::|\s[-–—]\s)\s*\S")


def titles_own(sessions: Sequence[Session], spread: Mapping[str, int]) -> Iterable[Naming]:
    """Namings of sessions by words of their own.

    ``spread`` says in how many sessions a folded word stands. *metacoder: R packages for taxa* is
    named by *metacoder*, *Disciplined optimisation with CVXR* by *CVXR*.
    """
    for place, session in enumerate(sessions):
        words = WORD.findall(session.title)
        head = _HEAD.match(session.title)
        heads = WORD.findall(head[1]) if head else []
        for word in dict.fromkeys(words):
            folded = fold(word)
            looks = word[1:] != word[1:].lower() or (word in heads and len(heads) <= LONGEST_HEAD)
            if looks and is_own(folded, spread):
                yield Naming((folded,), "own", place, 1.0 / spread.get(folded, 1))


def title_hashtags(sessions: Sequence[Session]) -> Mapping[str, int]:
    """Titles of some words, joined as people make hashtags of them → the one session called so."""
    joined = [hashtag_of(session.title) for session in sessions]
    count = Counter(joined)
    return {
        hashtag: place for place, hashtag in enumerate(joined) if hashtag and count[hashtag] == 1
    }


def hashtag_of(title: str) -> str:
    """A title joined; empty where it is so short that others use its words, or too long to be."""
    words = WORD.findall(title)
    if not FEWEST_WORDS <= len(words) <= MOST_WORDS:
        return ""
    joined = fold_hashtag("".join(words))
    return joined if len(joined) >= SHORTEST_HASHTAG else ""


def is_own(folded: str, spread: Mapping[str, int]) -> bool:
    """Whether a word is unknown outside, and in few sessions."""
    return (
        len(folded) > 2
        and not folded.isdigit()
        and bits(folded) >= UNLISTED_BITS
        and spread.get(folded, 0) <= FEWEST_SESSIONS
    )
