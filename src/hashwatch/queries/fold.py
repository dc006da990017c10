"""Text as the full-text index holds it: the same folding when a post is indexed and when it is
searched.

SQLite's tokenizer (``unicode61 remove_diacritics 2``) folds case and Latin accents and parts words
at spaces and punctuation. What it does not know is done here: compatibility forms (NFKC), Arabic
vowel marks and alef forms, and the scripts that put no spaces between words, which are cut into
overlapping pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata

_ARABIC_MARKS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed]+")
_ALEF_FORMS = re.compile("[\u0622\u0623\u0625\u0671]")
_UNSPACED = re.compile(
    "["
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Hangul, whose particles cling to the word
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
    "]+"
)


def index_text(text: str) -> str:
    """``text`` as it goes into ``posts_index``.

    A run without spaces such as 議会制 becomes ``議会 会制 制``: each pair, then the last
    character, so that a single character can be found as a prefix.
    """
    if text.isascii():
        return text
    return _UNSPACED.sub(_pairs_and_last, fold_characters(text))


def query_text(text: str) -> str:
    """A word or phrase of a search, as it must be quoted to find what `index_text` wrote."""
    if text.isascii():
        return text
    return _UNSPACED.sub(_pairs, fold_characters(text))


def fold_characters(text: str) -> str:
    """NFKC, Arabic vowel marks and tatweel dropped, alef forms made one."""
    text = unicodedata.normalize("NFKC", text)
    return _ALEF_FORMS.sub("\u0627", _ARABIC_MARKS.sub("", text))


def is_one_unspaced_character(text: str) -> bool:
    """Whether ``text`` is a single character of a script without spaces."""
    return len(text) == 1 and _UNSPACED.match(text) is not None


def _pairs_and_last(match: re.Match[str]) -> str:
    run = match.group()
    return f" {' '.join(run[i : i + 2] for i in range(len(run)))} "


def _pairs(match: re.Match[str]) -> str:
    run = match.group()
    if len(run) == 1:
        return f" {run} "
    return f" {' '.join(run[i : i + 2] for i in range(len(run) - 1))} "
