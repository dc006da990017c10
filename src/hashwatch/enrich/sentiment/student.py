"""The default annotator: small linear models, distilled from large ones, in numpy.

Seven languages: English by its own model, with TextBlob's and VADER's scores among the features;
Arabic, French, German, Italian, Portuguese and Spanish by one pooled model. Card: ``student.md``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.sentiment import features
from hashwatch.enrich.sentiment.textblob import has_content
from hashwatch.enrich.sentiment.tokens import clean, tokenise, without_quotations
from hashwatch.model import Driver, Label, Sentiment

WEIGHTS = Path(__file__).with_name("student.npz")
_LABELS: tuple[Label, Label, Label] = ("negative", "neutral", "positive")
_CACHED_TOKENS = 100_000
_BATCH = 512
_DRIVERS = 8
_EXPLAINED = 200

UNSURE = 0.5
"""Confidence in praise that may be irony (``maybe_ironic``) is at most this."""

_PRAISE = (
    "great|wonderful|lovely|nice|brilliant|fantastic|perfect|super|awesome|amazing|excellent|"
    "love|thanks|thank you|well done|just what (?:i|we) needed|how (?:nice|kind)"
)
_TROUBLE = (
    "another|again|broken|delay\\w*|cancel\\w*|crash\\w*|froze\\w*|died|dead|lost|rain|queu\\w*|"
    "waiting|standing|taken|lock(?:ed)?|nothing|without|full|down|late|missed|stuck|alarm|"
    "paperwork|no(?! (?:doubt|problem|complaint|issue|trouble))"
)
_IRONIC = re.compile(
    rf"^\W*(?:oh |what an? )?(?:yeah right|oh joy|(?:{_PRAISE})\b(?:.*\W)?(?:{_TROUBLE}))\b",
    re.IGNORECASE | re.DOTALL,
)

Floats = NDArray[np.float32]


class StudentAnnotator:
    """Tone of posts in seven languages; any thread may call it."""

    name = "student"
    languages = frozenset({"en", *features.POOLED_LANGUAGES})

    def __init__(self, weights: Path = WEIGHTS) -> None:
        raw = weights.read_bytes()
        self.version = f"1-{crc32(raw):08x}"
        with np.load(weights) as arrays:
            self._english = _Model.read(arrays, "en")
            self._pooled = _Model.read(arrays, "pooled")
        features.warm()

    def annotate(self, texts: Sequence[str], languages: Sequence[str]) -> list[Sentiment | None]:
        """Tone of each text; ``None`` for other languages and for text without words or emoji."""
        answers: list[Sentiment | None] = [None] * len(texts)
        wanted: dict[bool, list[int]] = {True: [], False: []}
        for place, (text, language) in enumerate(zip(texts, languages, strict=True)):
            if language in self.languages and has_content(text):
                wanted[language == "en"].append(place)
        for is_english, places in wanted.items():
            model = self._english if is_english else self._pooled
            for first in range(0, len(places), _BATCH):
                batch = places[first : first + _BATCH]
                posts = [
                    (without_quotations(clean(texts[place])), languages[place]) for place in batch
                ]
                for place, tone in zip(batch, model.tones(posts), strict=True):
                    answers[place] = tone
        return answers

    def explain(self, text: str, language: str) -> tuple[Driver, ...]:
        """The words that moved the tone most, by what the tone loses without each."""
        if language not in self.languages or not has_content(text):
            return ()
        model = self._english if language == "en" else self._pooled
        return model.drivers(text, language)


def maybe_ironic(text: str) -> bool:
    """Praise that opens an English post where something went wrong: ``Great, delayed again``.

    A bag of words cannot tell; a short post of this form is not to be counted on.
    """
    return len(text) < 140 and _IRONIC.match(text) is not None


def _own_words(text: str) -> str:
    return without_quotations(clean(text))


@dataclass
class _Model:
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
    def read(cls, arrays: np.lib.npyio.NpzFile, name: str) -> _Model:
        """The arrays that ``training.package`` wrote under ``name``."""
        return cls(
            arrays[f"{name}_table"],
            arrays[f"{name}_scale"],
            arrays[f"{name}_dense"],
            arrays[f"{name}_offsets"],
            float(arrays[f"{name}_temperature"]),
            arrays[f"{name}_confidence"],
        )

    def tones(self, posts: Sequence[tuple[str, str]]) -> list[Sentiment]:
        """The tone of each (cleaned text, language)."""
        tones = self._decide(self._logits(posts))
        return [
            Sentiment(tone.label, tone.polarity, min(tone.confidence, UNSURE))
            if tone.label == "positive" and language == "en" and maybe_ironic(text)
            else tone
            for tone, (text, language) in zip(tones, posts, strict=True)
        ]

    def _logits(self, posts: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        """Posts × 2: negative and positive against neutral, offsets and temperature applied."""
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
        calibrated: NDArray[np.float64] = logits / self.temperature
        return calibrated

    def drivers(self, text: str, language: str) -> tuple[Driver, ...]:
        """How far positive over negative falls when a stretch is blanked; lexicons included."""
        read = _own_words(text)
        if len(read) != len(text):
            # Entities were undone: places no longer agree, so explain the text as it stands.
            read = without_quotations(text)
        spans: list[tuple[int, int]] = []
        tokenise(read, language, spans)
        places = [span for span in dict.fromkeys(spans) if read[slice(*span)].strip()]
        places = places[:_EXPLAINED]
        variants = [read] + [
            read[:start] + " " * (end - start) + read[end:] for start, end in places
        ]
        logits = self._logits([(variant, language) for variant in variants])
        tone = (logits[:, 1] - logits[:, 0]).tolist()
        found = [
            Driver(start, end, text[start:end], round(tone[0] - without, 4))
            for (start, end), without in zip(places, tone[1:], strict=True)
        ]
        found.sort(key=lambda driver: (-abs(driver.weight), driver.start))
        return tuple(driver for driver in found if driver.weight)[:_DRIVERS]

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

    def _decide(self, logits: NDArray[np.float64]) -> list[Sentiment]:
        full = np.insert(logits, 1, 0.0, axis=1)
        shares = np.exp(full - full.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        labels = shares.argmax(axis=1).tolist()
        sure = np.interp(shares.max(axis=1), self.confidence[0], self.confidence[1])
        polarity = shares[:, 2] - shares[:, 0]
        return [
            Sentiment(_LABELS[label], tone, confidence)
            for label, tone, confidence in zip(
                labels, polarity.round(4).tolist(), sure.round(4).tolist(), strict=True
            )
        ]
