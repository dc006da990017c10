"""A small network that reads an English post's words in order, beside the student's weighted sums.

Each word is a row of numbers; two layers look at runs of three and of five words, and what they
find most and on average in a post is its tone. All of it is whole numbers until the end, so that
a post's tone depends on its words alone, not on the posts that are read with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.sentiment.tokens import NEGATED

LONGEST = 80
"""Words of a post that are read."""
UNKNOWN_ROWS = 256
"""Words that training did not see share these."""
HIGHEST = 127.0
_AT_ONCE = 32
"""Posts whose numbers fit into the nearest caches."""
_BLOCK = 20
"""Rows that are multiplied at once: so few that the product stays in one thread. The work of one
post is too little to share, and the cores belong to whoever annotates.
"""

Floats = NDArray[np.float32]


class Reader:
    """Posts as rows of words → logits of negative and positive against neutral.

    ``arrays`` are what ``training.reader`` wrote: ``words`` (checksums, so that no word stands in
    the weights), ``table`` (a row for the end of a post, then one a word, then those of unknown
    words), two layers (``first`` and ``second`` with their scales and biases) and ``head``.
    """

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self._rows = {word: row for row, word in enumerate(arrays["words"].tolist(), start=1)}
        self._table: Floats = arrays["table"].astype(np.float32)
        self._first, self._second = _Layer(arrays, "first"), _Layer(arrays, "second")
        self._head: NDArray[np.float64] = arrays["head"].astype(np.float64)

    def row(self, token: str) -> int:
        """The row of a token."""
        return row_of(token, self._rows)

    def logits(self, posts: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        """Of posts, each the rows of its tokens in order."""
        parts = [self._few(posts[at : at + _AT_ONCE]) for at in range(0, len(posts), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.empty((0, 2))

    def _few(self, posts: Sequence[Sequence[int]]) -> NDArray[np.float64]:
        rows: list[int] = [0]
        starts = np.empty(len(posts), np.intp)
        counts = np.empty(len(posts), np.float64)
        for place, post in enumerate(posts):
            starts[place] = len(rows)
            read = post[:LONGEST]
            counts[place] = max(1, len(read))
            rows += read
            rows.append(0)
        rows += [0] * (-len(rows) % _BLOCK)
        places = np.array(rows, np.intp)
        ends = np.flatnonzero(places == 0)
        once = self._first(self._table[places], ends)
        twice = once + self._second(once, ends)
        most = np.maximum.reduceat(twice, starts, axis=0)
        mean = np.add.reduceat(twice, starts, axis=0) / counts[:, None]
        found: NDArray[np.float64] = np.einsum(
            "ij,jk->ik", np.concatenate([most, mean, np.ones((len(posts), 1))], axis=1), self._head
        )
        return found


def word_of(token: str) -> str:
    """A token without the student's mark of negation: that is read from the words before."""
    return token[1:] if token[0] == NEGATED and len(token) > 1 else token


def checksum_of(word: str) -> int:
    """What stands for a word in the weights."""
    return crc32(word.encode("utf-8", "surrogatepass"))


def row_of(token: str, rows: Mapping[int, int]) -> int:
    """The row of a token, of ``rows`` by checksum; the unknown ones come after them."""
    checksum = checksum_of(word_of(token))
    return rows.get(checksum) or 1 + len(rows) + checksum % UNKNOWN_ROWS


class _Layer:
    """What each run of three rows holds, in whole numbers from 0 to `HIGHEST`."""

    def __init__(self, arrays: Mapping[str, Any], name: str) -> None:
        # Before, here and after: side by side, for one product.
        self._weights: Floats = np.concatenate(list(arrays[name].astype(np.float32)), axis=1)
        self._scale: Floats = arrays[f"{name}_scale"]
        self._bias: Floats = arrays[f"{name}_bias"]

    def __call__(self, values: Floats, ends: NDArray[np.intp]) -> Floats:
        """What each run holds, nothing at ``ends``; the rows are a multiple of `_BLOCK`."""
        # Sums of whole numbers below 2^24: exact in any order and company.
        size, blocks = len(self._bias), values.reshape(-1, _BLOCK, values.shape[1])
        products = (blocks @ self._weights).reshape(len(values), -1)
        found: Floats = products[:, size : 2 * size].copy()
        found[1:] += products[:-1, :size]
        found[:-1] += products[1:, 2 * size :]
        found *= self._scale
        found += self._bias
        np.rint(found, out=found)
        np.maximum(found, 0.0, out=found)
        np.minimum(found, HIGHEST, out=found)
        found[ends] = 0.0
        return found
