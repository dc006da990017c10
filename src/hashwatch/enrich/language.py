"""Which language a post is in: the platform's word, checked by a detector that ships its model.

The rule, in order:

1. Links, mentions and boost marks say nothing about the language and are left out. Hashtags are
   too, but those made of words speak where there are under ``FEW_WORDS`` others.
2. What the platform declared stands, inside or outside the event's languages, unless the text
   clearly contradicts it: another language leads it by more than ``CONTRADICTION`` log units.
3. Otherwise the best of the event's languages, unless a language outside the event leads it by
   more than ``UNKNOWN_LEAD`` log units, the text has no words, or its two halves are clearly in
   different languages: then ``und``.

The numbers were chosen on the 11,000 posts of the training files: docs/accuracy.md has what they
give on posts that had no say in it.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version as package_version
from typing import Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.words import parts_of_hashtag

UNDETERMINED = "und"
DEFAULT_LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "pt")
UNKNOWN_LEAD = 15.0
CONTRADICTION = 10.0
MIXED_LEAD = 35.0
MIXED_CANDIDATE = 40.0
MIXED_WORDS = 8
CONTRADICTION_WORDS = 3
FEW_WORDS = 4

_NOISE_WORDS = ("@", "#", "http", "www.", "RT", "&")
_GLUED = re.compile(r"[@#]\w[\w.@-]*|https?://\S*")
_HASHTAG = re.compile(r"#(\w+)")
_ENOUGH_LETTERS = re.compile(r"[^\W\d_]{2}")
# The model splits what posts and platforms call by one code.
_FOLDED = {"ary": "ar", "arz": "ar", "pcm": "en", "nn": "no", "yue": "zh", "wuu": "zh", "uzs": "uz"}
_RENEWED = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "fil": "tl"}
# Codes by which platforms say that they do not know either: no words, or X's own marks.
_NO_LANGUAGE = frozenset({"", "und", "mul", "zxx", "mis", "qam", "qct", "qht", "qme", "qst"})


class _Model:
    """py3langid's automaton and log-probability table, one column a language code."""

    def __init__(self) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        # Wide once: widening the rows of each post would take more time than all the rest.
        self.table: NDArray[np.float32] = identifier.nb_ptc.astype(np.float32)
        self.prior: NDArray[np.float32] = identifier.nb_pc.astype(np.float32)
        self.encode: Any = identifier._encode
        self.next_state: array[int] = identifier.tk_nextmove
        self.row_base: list[int] = identifier._rowbase
        self.output: list[int] = identifier.tk_output
        self.codes: list[str] = [_FOLDED.get(code, code) for code in identifier.nb_classes]

    def columns_of(self, wanted: set[str]) -> NDArray[np.intp]:
        """The columns whose code is one of ``wanted``."""
        return np.array([i for i, code in enumerate(self.codes) if code in wanted], np.intp)

    def score(self, text: str) -> NDArray[np.float32] | None:
        """Log-likelihood of each column without its prior; ``None`` without any evidence."""
        next_state, row_base, output = self.next_state, self.row_base, self.output
        state, found = 0, []
        for byte in self.encode(text):
            state = next_state[row_base[state] + byte]
            feature = output[state]
            if feature >= 0:
                found.append(feature)
        if not found:
            return None
        counts = Counter(found)
        size = len(counts)
        weights = np.log1p(np.fromiter(counts.values(), np.float32, size))
        rows = self.table.take(np.fromiter(counts.keys(), np.intp, size), 0)
        scored: NDArray[np.float32] = weights @ rows
        return scored


@cache
def _model() -> _Model:
    return _Model()


class LanguageDetector:
    """Names the language of posts of one event.

    ``languages`` are the event's ISO 639-1 codes; empty means ``DEFAULT_LANGUAGES``. A code that
    the detector has never learnt is answered only for posts that declare it. The model (half a
    second, 60 MB) is loaded by the first ``detect``. Any thread may call it.
    """

    name = "py3langid"

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages = tuple(dict.fromkeys(map(_primary, languages))) or DEFAULT_LANGUAGES
        known = ",".join(sorted(self.languages))
        self.version = f"{package_version('py3langid')}-2({known})"

    def detect(self, texts: Sequence[str], declared: Sequence[str | None]) -> list[str]:
        """The ISO 639-1 code of each text, or ``und``; ``declared[i]`` is the platform's word.

        Declared codes may carry regions (``pt-BR``); the answer never does.
        """
        scorer = _Scorer(_model(), self.languages)
        return [
            scorer.decide(text, _primary(said) if said else "")
            for text, said in zip(texts, declared, strict=True)
        ]


class _Scorer:
    """The rule, over one model and one set of languages."""

    def __init__(self, model: _Model, languages: Sequence[str]) -> None:
        self.model = model
        self.columns = {code: model.columns_of({code}) for code in set(model.codes)}
        self.known = model.columns_of(set(languages))
        self.rivals = {code: model.columns_of(set(languages) - {code}) for code in languages}

    def decide(self, text: str, said: str) -> str:
        """The language of ``text``, of which the platform said ``said`` (empty: nothing)."""
        said = "" if said in _NO_LANGUAGE else said
        words = _plain_words(text)
        enough = any(map(_ENOUGH_LETTERS.search, words))
        scores = self.model.score(" ".join(words)) if enough else None
        if scores is None:
            return said or UNDETERMINED
        scores += self.model.prior
        if said and self._stands(said, scores, len(words)):
            return said
        found, lead = self._best_known(scores)
        if not said and len(words) >= MIXED_WORDS and lead < MIXED_CANDIDATE and self._mixed(words):
            return UNDETERMINED
        return found

    def _best_known(self, scores: NDArray[np.float32]) -> tuple[str, float]:
        """The event's language that fits best, or ``und``, and its lead over the next one."""
        known = scores[self.known]
        if not known.size:
            return UNDETERMINED, 0.0
        column = int(known.argmax())
        best = float(known[column])
        found = self.model.codes[int(self.known[column])]
        rivals = scores[self.rivals[found]]
        lead = best - float(rivals.max()) if rivals.size else np.inf
        if float(scores.max()) - best > UNKNOWN_LEAD:
            found = UNDETERMINED
        return found, lead

    def _stands(self, said: str, scores: NDArray[np.float32], words: int) -> bool:
        columns = self.columns.get(said)
        if columns is None or words < CONTRADICTION_WORDS:
            return True
        return float(scores.max()) - float(scores[columns].max()) <= CONTRADICTION

    def _mixed(self, words: list[str]) -> bool:
        """Whether the two halves are clearly in different languages of the event."""
        middle = len(words) // 2
        first = self.model.score(" ".join(words[:middle]))
        second = self.model.score(" ".join(words[middle:]))
        if first is None or second is None:
            return False
        one, other = first[self.known], second[self.known]
        a, b = int(one.argmax()), int(other.argmax())
        return min(float(one[a] - one[b]), float(other[b] - other[a])) > MIXED_LEAD


def _plain_words(text: str) -> list[str]:
    """The words without links, mentions and boost marks, compatibility forms undone; without
    hashtags too where there are words enough.
    """
    if not text.isascii():
        text = normalize("NFKC", text)
    bare = text
    if "@" in text or "#" in text or "://" in text:
        bare = _GLUED.sub(" ", text)
    words = [word for word in bare.split() if not word.startswith(_NOISE_WORDS)]
    if len(words) < FEW_WORDS and "#" in text:
        words += [part for body in _HASHTAG.findall(text) for part in _words_of(body)]
    return words


def _words_of(hashtag: str) -> list[str]:
    """The words of a hashtag; an acronym has none."""
    return [part for part in parts_of_hashtag(hashtag) if len(part) > 2 and not part.isupper()]


def _primary(code: str) -> str:
    """``pt-BR`` → ``pt``; the few codes that platforms still write the old way, renewed."""
    primary = code.strip().lower().replace("_", "-").split("-")[0]
    return _RENEWED.get(primary, primary)
