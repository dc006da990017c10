"""Posts → the matrices that models learn from, through the package's own tokens and features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from hashwatch.enrich.sentiment import features
from hashwatch.enrich.sentiment.tokens import clean, tokenise, without_quotations
from training.data import Floats

Sparse = Any


@dataclass(frozen=True)
class Matrices:
    """``sparse``: weighted means over hashed features; ``dense``: a few numbers a post.

    ``beside``, where given, are another model's logits for the same posts, and ``share`` what they
    count beside those of the one that has learnt these features.
    """

    sparse: Sparse
    dense: Floats
    beside: Floats | None = None
    share: float = 0.0

    def take(self, rows: Any) -> Matrices:
        """The posts at ``rows``."""
        beside = None if self.beside is None else self.beside[rows]
        return Matrices(self.sparse[rows], self.dense[rows], beside, self.share)

    def with_beside(self, logits: Floats, share: float) -> Matrices:
        """These with another model's logits."""
        return Matrices(self.sparse, self.dense, logits, share)


def stack(parts: Sequence[Matrices]) -> Matrices:
    """All posts of ``parts``, in order."""
    return Matrices(
        scipy.sparse.vstack([part.sparse for part in parts]).tocsr(),
        np.concatenate([part.dense for part in parts]),
    )


def english(texts: Sequence[str], bits: int) -> Matrices:
    """For the English model: shape and lexicon scores beside the hashed features."""
    return _build(
        texts,
        "en",
        bits,
        lambda text, tokens: features.shape(text, tokens) + features.lexicon_scores(text),
    )


def pooled(texts: Sequence[str], language: str, bits: int) -> Matrices:
    """For the model of the other languages: shape and the language itself."""
    row = features.language_row(language)
    return _build(texts, language, bits, lambda text, tokens: features.shape(text, tokens) + row)


def _build(
    texts: Sequence[str],
    language: str,
    bits: int,
    dense_row: Callable[[str, list[str]], list[float]],
) -> Matrices:
    mask = (1 << bits) - 1
    known: dict[str, list[int]] = {}
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    dense = []
    for raw in texts:
        text = without_quotations(clean(raw))
        tokens = tokenise(text, language)
        dense.append(dense_row(text, tokens))
        weights: list[float] = []
        for token in tokens:
            buckets = known.get(token)
            if buckets is None:
                buckets = known[token] = features.token_buckets(token, mask)
            columns += buckets
            weights += [features.WORD_WEIGHT] + [features.CHARACTER_WEIGHT] * (len(buckets) - 1)
        pairs = features.pair_buckets(tokens, mask)
        columns += pairs
        weights += [features.PAIR_WEIGHT] * len(pairs)
        total = sum(weights)
        values += [weight / total for weight in weights]
        ends.append(len(columns))
    sparse = scipy.sparse.csr_matrix(
        (np.array(values, np.float32), np.array(columns, np.int32), np.array(ends, np.int64)),
        shape=(len(texts), 1 << bits),
    )
    sparse.sum_duplicates()
    return Matrices(sparse, np.array(dense, np.float32))
