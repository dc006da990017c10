"""Whether two posts say the same in nearly the same words, whoever wrote them. Pure.

Comparing every post with every other would not do. Posts whose longest words and numbers agree are
candidates; what decides is how many of all their words they share.
"""

from __future__ import annotations

import re
from itertools import filterfalse
from unicodedata import normalize
from zlib import crc32

FEWEST_WORDS = 6
"""Shorter texts agree by chance: *Good morning everybody*."""
_LONGEST = 5
_LOOKED_AT = 8  # among these, as a word may come twice
_ALIKE = 0.7


def wording_key(text: str) -> int | None:
    """A number that two texts share whose five longest words and whose numbers are the same.

    Addresses, handles, hashtags and case do not count. ``None`` for a text of too few words.
    """
    words = _words(text)
    if len(words) < FEWEST_WORDS:
        return None
    longest = [*dict.fromkeys(sorted(words, key=len, reverse=True)[:_LOOKED_AT])][:_LONGEST]
    return crc32(b" ".join([*longest, *filterfalse(bytes.isalpha, words)]))


def are_alike(one: str, other: str) -> bool:
    """Whether two texts share at least seven in ten of their words."""
    if one == other:
        return True
    words, others = set(_words(one)), set(_words(other))
    return len(words & others) >= _ALIKE * len(words | others) > 0


def _words(text: str) -> list[bytes]:
    """The words of a text, in order. What holds a sign that no word does (an address, a handle, a
    hashtag) is none.
    """
    if text.isascii():  # most are, and every post comes by here
        parts = text.encode().translate(_LOWER, _SIGNS).split()
        words = list(filter(bytes.isalnum, parts))
    else:
        plain = normalize("NFC", text).casefold()
        words = [word.encode() for word in _UNSIGNED.sub("", plain).split() if word.isalnum()]
    if words and words[0] in (b"rt", b"mt"):
        del words[0]
    return words


_LOWER = bytes(range(256)).lower()
_SIGNS = b".,!?;:\"'()[]*-"
_UNSIGNED = re.compile(f"[{re.escape(_SIGNS.decode())}’‘“”„«»…]+")
