"""Names across scripts: the consonants that a name keeps when it is written in Arabic letters.

Vowels, h, w and y are left out, and letters that one script cannot tell apart are made one, so that
*Vandermoor* and its Arabic spelling have the same skeleton.
"""

from __future__ import annotations

import re

_PAIRS = (("sch", "s"), ("sh", "s"), ("ch", "s"), ("ph", "f"), ("th", "t"), ("kh", "k"),
          ("gh", "k"), ("dh", "d"), ("ck", "k"), ("ce", "s"), ("ci", "s"), ("x", "ks"))  # fmt: skip
_LATIN = str.maketrans("pvcqgjz", "bfkkkks", "aeiouyhw")
_ARABIC = str.maketrans(
    "بپتطثجگدضذظرزسصشچفڤقكکخغلمن", "bbtttkkddddrsssssffkkkkklmn", "احهةعويىءأإآؤئٱـ"
)
_TWICE = re.compile(r"(.)\1+")


def skeleton(folded: str) -> str:
    """The skeleton of a folded word in Latin or Arabic letters; empty for other scripts."""
    if "\u0600" <= folded[:1] <= "\u06ff":
        bare = folded.translate(_ARABIC)
    else:
        for pair, letter in _PAIRS:
            folded = folded.replace(pair, letter)
        bare = folded.translate(_LATIN)
    return _TWICE.sub(r"\1", bare) if bare.isascii() and bare.isalpha() else ""
