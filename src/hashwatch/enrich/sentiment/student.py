"""The default annotator: small linear models, distilled from large ones, in numpy.

Seven languages: English by its own model, with TextBlob's and VADER's scores among the features
and a small network that reads words in order; Arabic, French, German, Italian, Portuguese and
Spanish by one pooled model. Card: ``student.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from threading import Lock
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.sentiment import features
from hashwatch.enrich.sentiment.judgement import Logits, Post, batches, drivers, tones
from hashwatch.enrich.sentiment.reader import Reader
from hashwatch.enrich.sentiment.textblob import has_content
from hashwatch.enrich.sentiment.tokens import tokenise
from hashwatch.model import Driver, Sentiment

WEIGHTS = Path(__file__).with_name("student.npz")
_CACHED_TOKENS = 100_000

Floats = NDArray[np.float32]
_Token = tuple[float, float, int, int]
"""Summed weights of negative and positive, what they weigh, and the reader's row."""
_COLUMN = [itemgetter(column) for column in range(3)]
_ROW = itemgetter(3)


class StudentAnnotator:
    """Tone of posts in seven languages; any thread may call it."""

    name = "student"
    languages = frozenset(features.LANGUAGES)

    def __init__(self, weights: Path = WEIGHTS) -> None:
        raw = weights.read_bytes()
        self.version = f"4-{crc32(raw):08x}"
        with np.load(weights) as arrays:
            self._english = StudentModel.read(arrays, "en")
            self._pooled = StudentModel.read(arrays, "pooled")
        features.warm()

    def annotate(self, texts: Sequence[str], languages: Sequence[str]) -> list[Sentiment | None]:
        """Tone of each text; ``None`` for other languages and for text without words or emoji."""
        answers: list[Sentiment | None] = [None] * len(texts)
        for is_english, places, posts in batches(texts, languages, self.languages):
            model = self.model(is_english)
            found = tones(model.logits(posts), model.confidence, posts)
            for place, tone in zip(places, found, strict=True):
                answers[place] = tone
        return answers

    def model(self, is_english: bool) -> StudentModel:
        """The one for English, or the one for the six other languages."""
        return self._english if is_english else self._pooled

    def explain(self, text: str, language: str) -> tuple[Driver, ...]:
        """The words that moved the tone most, by what the tone loses without each."""
        if language not in self.languages or not has_content(text):
            return ()
        return drivers(text, language, self.model(language == "en").logits)


@dataclass
class StudentModel:
    """Logits of negative and positive against neutral: a table row a bucket, a few dense weights.

    Where there is a ``reader``, its logits count for ``share``. ``tokens`` remembers the summed
    weights of each token seen, and its row in the reader; it is only ever emptied or grown under
    the lock, so whoever asks sees a token complete or not at all.
    """

    table: NDArray[np.int8]
    scale: Floats
    dense: Floats
    offsets: Floats
    temperature: float
    confidence: Floats
    reader: Reader | None = None
    share: float = 0.0

    def __post_init__(self) -> None:
        self.mask = len(self.table) - 1
        self.lock = Lock()
        self.tokens: dict[str, _Token] = {}

    @classmethod
    def read(cls, arrays: np.lib.npyio.NpzFile, name: str) -> StudentModel:
        """The arrays that ``training.package`` wrote under ``name``."""
        model = cls(
            arrays[f"{name}_table"],
            arrays[f"{name}_scale"],
            arrays[f"{name}_dense"],
            arrays[f"{name}_offsets"],
            float(arrays[f"{name}_temperature"]),
            arrays[f"{name}_confidence"],
        )
        beside = f"{name}_reader_"
        if f"{beside}share" in arrays:
            model.share = float(arrays[f"{beside}share"])
            model.reader = Reader(
                {
                    key.removeprefix(beside): arrays[key]
                    for key in arrays.files
                    if key.startswith(beside)
                }
            )
        return model

    def logits(self, posts: Sequence[Post]) -> Logits:
        """Of posts (read text, language): offsets and temperature applied."""
        size = len(posts)
        summed = np.zeros((size, 3), np.float64)
        dense = np.empty((size, len(self.dense)), np.float32)
        pairs: list[int] = []
        ends = np.empty(size, np.intp)
        read: list[Sequence[int]] = []
        known = self.tokens
        for place, (text, language) in enumerate(posts):
            tokens = tokenise(text, language)
            found = [known.get(token) or self._token(token) for token in tokens]
            for column in range(3):
                summed[place, column] = sum(map(_COLUMN[column], found))
            read.append(list(map(_ROW, found)))
            pairs += features.pair_buckets(tokens, self.mask)
            ends[place] = len(pairs)
            dense[place] = self._dense_row(text, tokens, language)
        counts = np.diff(ends, prepend=0)
        pair_sums = np.add.reduceat(
            self.table[pairs].astype(np.int32), np.concatenate([[0], ends[:-1]]), axis=0
        )
        weight = summed[:, 2] + features.PAIR_WEIGHT * counts
        hashed = (summed[:, :2] + features.PAIR_WEIGHT * pair_sums) / weight[:, None]
        logits = hashed * self.scale + dense @ self.dense
        if self.reader is not None:
            logits = (1 - self.share) * logits + self.share * self.reader.logits(read)
        calibrated: Logits = (logits + self.offsets) / self.temperature
        return calibrated

    def _dense_row(self, text: str, tokens: Sequence[str], language: str) -> list[float]:
        row = features.shape(text, tokens)
        return row + (
            features.lexicon_scores(text) if language == "en" else features.language_row(language)
        )

    def _token(self, token: str) -> _Token:
        row = self.tokens.get(token)
        if row is None:
            rows = self.table[features.token_buckets(token, self.mask)].astype(np.int32)
            total = rows.sum(axis=0) * features.CHARACTER_WEIGHT
            total = total + rows[0] * (features.WORD_WEIGHT - features.CHARACTER_WEIGHT)
            count = (len(rows) - 1) * features.CHARACTER_WEIGHT + features.WORD_WEIGHT
            place = self.reader.row(token) if self.reader is not None else 0
            row = (float(total[0]), float(total[1]), count, place)
            with self.lock:
                if len(self.tokens) >= _CACHED_TOKENS:
                    self.tokens.clear()
                self.tokens[token] = row
        return row
