"""A linear model over hashed and dense features, learnt by Adagrad from soft labels.

With ``embeddings`` it grows a hidden layer over sentence embeddings: the teacher.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from training.data import Floats
from training.matrices import Matrices

EPSILON = 1e-8


def softmax(logits: Any) -> Floats:
    """Row by row."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: Floats = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


@dataclass(frozen=True)
class Recipe:
    """How long and how fast to learn. ``hidden`` is the width over embeddings, 0 for none."""

    epochs: int = 8
    rate: float = 2.0
    dense_rate: float = 0.05
    hidden_rate: float = 0.01
    feature_drop: float = 0.2
    hidden_drop: float = 0.2
    hidden: int = 0
    batch: int = 512
    seed: int = 0


@dataclass
class LinearModel:
    """``table`` (buckets × 3) and ``dense`` (numbers × 3) weights, and what Adagrad remembers."""

    recipe: Recipe
    weights: dict[str, Floats] = field(default_factory=dict)
    history: dict[str, Floats] = field(default_factory=dict)

    def fit(
        self, posts: Matrices, targets: Floats, importance: Floats, embeddings: Any = None
    ) -> LinearModel:
        """Learn ``targets`` (posts × 3 probabilities), each weighed by ``importance``."""
        random = np.random.default_rng(self.recipe.seed)
        self._start(posts, embeddings, random)
        self._pass(self.recipe.epochs, posts, targets, importance, embeddings, random)
        return self

    def more(
        self, posts: Matrices, targets: Floats, importance: Floats, epochs: int
    ) -> LinearModel:
        """A copy that has gone on learning from ``posts``; this one stays as it is."""
        copy = LinearModel(
            self.recipe,
            {name: weight.copy() for name, weight in self.weights.items()},
            {name: past.copy() for name, past in self.history.items()},
        )
        random = np.random.default_rng(self.recipe.seed + 1)
        copy._pass(epochs, posts, targets, importance, None, random)
        return copy

    def _pass(
        self,
        epochs: int,
        posts: Matrices,
        targets: Floats,
        importance: Floats,
        embeddings: Any,
        random: np.random.Generator,
    ) -> None:
        for _ in range(epochs):
            order = random.permutation(len(targets))
            for first in range(0, len(order), self.recipe.batch):
                rows = np.sort(order[first : first + self.recipe.batch])
                batch = posts.take(rows)
                vectors = None if embeddings is None else embeddings[rows].astype(np.float32)
                self._step(batch, targets[rows], importance[rows], vectors, random)

    def logits(self, posts: Matrices, embeddings: Any = None) -> Floats:
        """Posts × 3, those beside them counted in."""
        result = posts.sparse @ self.weights["table"] + posts.dense @ self.weights["dense"]
        if embeddings is not None:
            result = result + self._hidden(embeddings.astype(np.float32)) @ self.weights["out"]
        if posts.beside is not None:
            result = (1 - posts.share) * result + posts.share * posts.beside
        return np.asarray(result, np.float32)

    def _start(self, posts: Matrices, embeddings: Any, random: np.random.Generator) -> None:
        self.weights = {
            "table": np.zeros((posts.sparse.shape[1], 3), np.float32),
            "dense": np.zeros((posts.dense.shape[1], 3), np.float32),
        }
        if embeddings is not None:
            width, size = self.recipe.hidden, embeddings.shape[1]
            spread = 2 / np.sqrt(size)
            self.weights |= {
                "in": (random.standard_normal((size, width)) * spread).astype(np.float32),
                "bias": np.zeros((1, width), np.float32),
                "out": (random.standard_normal((width, 3)) * 0.1).astype(np.float32),
            }
        self.history = {
            name: np.full_like(weight, EPSILON if name == "table" else 1e-6)
            for name, weight in self.weights.items()
        }

    def _hidden(self, vectors: Floats) -> Floats:
        return np.maximum(vectors @ self.weights["in"] + self.weights["bias"], 0)

    def _step(
        self,
        batch: Matrices,
        targets: Floats,
        importance: Floats,
        vectors: Floats | None,
        random: np.random.Generator,
    ) -> None:
        sparse = batch.sparse
        kept = random.random(sparse.data.shape, np.float32) > self.recipe.feature_drop
        sparse.data = sparse.data * kept / (1 - self.recipe.feature_drop)
        logits = sparse @ self.weights["table"] + batch.dense @ self.weights["dense"]
        size = len(targets)
        if vectors is not None:
            hidden = self._hidden(vectors)
            alive = random.random(hidden.shape, np.float32) > self.recipe.hidden_drop
            hidden = hidden * alive / (1 - self.recipe.hidden_drop)
            logits = logits + hidden @ self.weights["out"]
        error = (softmax(logits) - targets) * importance[:, None]
        if vectors is not None:
            back = (error @ self.weights["out"].T) * (hidden > 0) / size
            self._descend("out", hidden.T @ error / size, self.recipe.hidden_rate)
            self._descend("in", vectors.T @ back, self.recipe.hidden_rate)
            self._descend("bias", back.sum(axis=0, keepdims=True), self.recipe.hidden_rate)
        self._descend("dense", batch.dense.T @ error / size, self.recipe.dense_rate)
        by_bucket = sparse.T.tocsr()
        rows = np.flatnonzero(np.diff(by_bucket.indptr))
        gradient = by_bucket[rows] @ error
        memory = self.history["table"][rows] + gradient * gradient
        self.history["table"][rows] = memory
        self.weights["table"][rows] -= self.recipe.rate * gradient / np.sqrt(memory)

    def _descend(self, name: str, gradient: Floats, rate: float) -> None:
        self.history[name] += gradient * gradient
        self.weights[name] -= rate * gradient / np.sqrt(self.history[name])
