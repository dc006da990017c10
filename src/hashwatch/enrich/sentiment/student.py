"""The default annotator: small linear models, distilled from large ones, in numpy.

Seven languages: English by its own model, with TextBlob's and VADER's scores among the features;
Arabic, French, German, Italian, Portuguese and Spanish by one pooled model. Card: ``student.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.sentiment import features
from hashwatch.enrich.sentiment.judgement import Logits, Post, batches, drivers, tones
from hashwatch.enrich.sentiment.textblob import has_content
from hashwatch.enrich.sentiment.tokens import tokenise
from hashwatch.model import Driver, Sentiment

WEIGHTS = Path(__file__).with_name("student.npz")
_CACHED_TOKENS = 100_000

Floats = NDArray[np.float32]


class StudentAnnotator:
    """Tone of posts in seven languages; any thread may call it."""

    name = "student"
    languages = frozenset(features.LANGUAGES)

    def __init__(self, weights: Path = WEIGHTS) -> None:
        raw = weights.read_bytes()
        self.version = f"3-{crc32(raw):08x}"
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

    ``rows`` remembers the summed weights of each token seen; it is only ever replaced whole or
    grown under the lock, so a reader sees a row complete or not at all.
    """

    table: NDArray[np.int8]
    scale: Floats
    dense: Floats
    offsets: Floats
    temperature: float
    confidence: Floats

    def __post_init__(self) -> None:
        self.mask = len(self.table) - 1
        self.lock = Lock()
        self.tokens: dict[str, tuple[float, float, int]] = {}

    @classmethod
    def read(cls, arrays: np.lib.npyio.NpzFile, name: str) -> StudentModel:
        """The arrays that ``training.package`` wrote under ``name``."""
        return cls(
            arrays[f"{name}_table"],
            arrays[f"{name}_scale"],
            arrays[f"{name}_dense"],
            arrays[f"{name}_offsets"],
            float(arrays[f"{name}_temperature"]),
            arrays[f"{name}_confidence"],
        )

    def logits(self, posts: Sequence[Post]) -> Logits:
        """Of posts (read text, language): offsets and temperature applied."""
        size = len(posts)
        summed = np.zeros((size, 3), np.float64)
        dense = np.empty((size, len(self.dense)), np.float32)
        pairs: list[int] = []
        ends = np.empty(size, np.intp)
        for place, (text, language) in enumerate(posts):
            tokens = tokenise(text, language)
            summed[place] = self._sum(tokens)
            pairs += features.pair_buckets(tokens, self.mask)
            ends[place] = len(pairs)
            dense[place] = self._dense_row(text, tokens, language)
        counts = np.diff(ends, prepend=0)
        pair_sums = np.add.reduceat(
            self.table[pairs].astype(np.int32), np.concatenate([[0], ends[:-1]]), axis=0
        )
        weight = summed[:, 2] + features.PAIR_WEIGHT * counts
        hashed = (summed[:, :2] + features.PAIR_WEIGHT * pair_sums) / weight[:, None]
        logits = hashed * self.scale + dense @ self.dense + self.offsets
        calibrated: Logits = logits / self.temperature
        return calibrated

    def _dense_row(self, text: str, tokens: Sequence[str], language: str) -> list[float]:
        row = features.shape(text, tokens)
        return row + (
            features.lexicon_scores(text) if language == "en" else features.language_row(language)
        )

    def _sum(self, tokens: Sequence[str]) -> tuple[float, float, float]:
        known = self.tokens
        negative = positive = weight = 0.0
        for token in tokens:
            row = known.get(token) or self._token(token)
            negative += row[0]
            positive += row[1]
            weight += row[2]
        return negative, positive, weight

    def _token(self, token: str) -> tuple[float, float, int]:
        row = self.tokens.get(token)
        if row is None:
            rows = self.table[features.token_buckets(token, self.mask)].astype(np.int32)
            total = rows.sum(axis=0) * features.CHARACTER_WEIGHT
            total = total + rows[0] * (features.WORD_WEIGHT - features.CHARACTER_WEIGHT)
            count = (len(rows) - 1) * features.CHARACTER_WEIGHT + features.WORD_WEIGHT
            row = (float(total[0]), float(total[1]), count)
            with self.lock:
                if len(self.tokens) >= _CACHED_TOKENS:
                    self.tokens.clear()
                self.tokens[token] = row
        return row
