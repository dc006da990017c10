"""The network that reads words in order (`hashwatch.enrich.sentiment.reader`), learnt in torch.

A word begins as what the multilingual sentence encoder makes of it, pressed into a few numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from hashwatch.enrich.sentiment.reader import (
    HIGHEST,
    LONGEST,
    UNKNOWN_ROWS,
    Reader,
    checksum_of,
    row_of,
    word_of,
)
from hashwatch.enrich.sentiment.tokens import clean, tokenise, without_quotations
from training.data import Floats, Labels
from training.package import FULL_SCALE
from training.teacher import Encoder

WORDS = 20_000
FEWEST = 4
"""How often a word must have been seen to get a row of its own."""
WIDTH = 40
FILTERS = 64
PRESSED = 12_000
"""The commonest words, which say how to press the encoder's numbers into few."""


@dataclass(frozen=True)
class Recipe:
    """How long and how fast to learn."""

    epochs: int = 6
    rate: float = 2e-3
    batch: int = 256
    warm_up: int = 100
    decay: float = 1e-4
    drop: float = 0.3
    word_drop: float = 0.1
    seed: int = 0


def read(texts: Sequence[str]) -> list[list[str]]:
    """The tokens of each text, without the student's marks of negation."""
    return [
        [word_of(token) for token in tokenise(without_quotations(clean(text)), "en")]
        for text in texts
    ]


@dataclass(frozen=True)
class Words:
    """The words that get a row, as checksums, and what their rows begin as."""

    checksums: list[int]
    beginnings: Floats

    @classmethod
    def of(cls, posts: Sequence[Sequence[str]], encoder: Encoder) -> Words:
        """The commonest of ``posts``."""
        counts = Counter(token for post in posts for token in post)
        words = [word for word, count in counts.most_common(WORDS) if count >= FEWEST]
        vectors = encoder.encode([word.lstrip("#") or word for word in words]).astype(np.float32)
        vectors = vectors - vectors.mean(axis=0)
        _, _, directions = np.linalg.svd(vectors[:PRESSED], full_matrices=False)
        pressed = vectors @ directions[:WIDTH].T
        by_checksum: dict[int, Floats] = {}
        for word, row in zip(words, pressed / pressed.std(), strict=True):
            by_checksum.setdefault(checksum_of(word), row)
        return cls(list(by_checksum), np.array(list(by_checksum.values()), np.float32))

    def rows(self, posts: Sequence[Sequence[str]]) -> list[Labels]:
        """As the package's `Reader` finds them."""
        known = {word: row for row, word in enumerate(self.checksums, start=1)}
        return [
            np.array([row_of(token, known) for token in post[:LONGEST]] or [0]) for post in posts
        ]


class Network(nn.Module):
    """Two layers over runs of three words; the second adds to the first."""

    def __init__(self, words: Words, recipe: Recipe) -> None:
        super().__init__()
        self.recipe = recipe
        size = 1 + len(words.checksums) + UNKNOWN_ROWS
        table = torch.randn(size, WIDTH) * 0.3
        table[0] = 0.0
        table[1 : 1 + len(words.checksums)] = torch.from_numpy(words.beginnings)
        self.table = nn.Embedding.from_pretrained(table, freeze=False, padding_idx=0)
        self.first = nn.Conv1d(WIDTH, FILTERS, 3, padding=1)
        self.second = nn.Conv1d(FILTERS, FILTERS, 3, padding=1)
        self.head = nn.Linear(2 * FILTERS, 3)

    def forward(self, rows: Any) -> Any:
        """Logits of negative, neutral and positive. ``rows`` is padded with 0."""
        once, twice, real = self.layers(rows)
        found = once + twice
        pooled = [found.max(2).values, found.sum(2) / real.sum(2).clamp(min=1)]
        return self.head(functional.dropout(torch.cat(pooled, 1), self.recipe.drop, self.training))

    def layers(self, rows: Any) -> Any:
        """What both layers find, and where words are."""
        values = self.table(rows)
        if self.training:
            kept = torch.rand(*values.shape[:2], 1) > self.recipe.word_drop
            values = values * kept / (1 - self.recipe.word_drop)
        real = (rows > 0).unsqueeze(1)
        once = functional.relu(self.first(values.transpose(1, 2))) * real
        seen = functional.dropout(once, 0.1, self.training)
        return once, functional.relu(self.second(seen)) * real, real


def fit(
    words: Words, posts: Sequence[Labels], targets: Floats, importance: Floats, recipe: Recipe
) -> dict[str, Any]:
    """The arrays of a `Reader` that has learnt ``targets`` (posts × 3 probabilities).

    In one thread, so that the same machine makes the same bytes of it.
    """
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    network = Network(words, recipe).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    wanted, weights = torch.from_numpy(targets), torch.from_numpy(importance)
    batches = list(_batches(posts, recipe))
    for step, rows in enumerate(batches):
        pace = min(1.0, (step + 1) / recipe.warm_up) * (1 - step / len(batches))
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * pace
        logits = network(_padded([posts[row] for row in rows]))
        losses = -(wanted[rows] * functional.log_softmax(logits, -1)).sum(1)
        loss = (losses * weights[rows]).sum() / weights[rows].sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return _whole_numbers(network.eval(), words, [posts[row] for row in batches[-1]])


def logits(arrays: dict[str, Any], texts: Sequence[str]) -> Floats:
    """Posts × 3, by the package's own reader: neutral is 0."""
    reader = Reader(arrays)
    posts = [[reader.row(token) for token in post] for post in read(texts)]
    parts = [reader.logits(posts[first : first + 512]) for first in range(0, len(posts), 512)]
    result: Floats = np.insert(np.concatenate(parts), 1, 0.0, axis=1).astype(np.float32)
    return result


def _batches(posts: Sequence[Labels], recipe: Recipe) -> Iterator[Labels]:
    """Posts of like length together, in an order of chance, for all epochs."""
    random = np.random.default_rng(recipe.seed)
    lengths = np.array([len(post) for post in posts])
    for _ in range(recipe.epochs):
        order = random.permutation(len(posts))
        found = []
        for first in range(0, len(order), 40 * recipe.batch):
            block = order[first : first + 40 * recipe.batch]
            block = block[np.argsort(lengths[block], kind="stable")]
            found += [block[cut : cut + recipe.batch] for cut in range(0, len(block), recipe.batch)]
        yield from (found[place] for place in random.permutation(len(found)))


def _padded(posts: Sequence[Labels]) -> Any:
    padded = np.zeros((len(posts), max(3, *(len(post) for post in posts))), np.int64)
    for row, post in enumerate(posts):
        padded[row, : len(post)] = post
    return torch.from_numpy(padded)


@torch.no_grad()
def _whole_numbers(network: Network, words: Words, sample: Sequence[Labels]) -> dict[str, Any]:
    """int8 for rows and layers; what a layer finds becomes 0 to `HIGHEST`, both on one scale."""
    once, twice, _ = network.layers(_padded(sample))
    found = torch.stack([once.amax(2), twice.amax(2)])
    step = float(torch.quantile(found.flatten(), 0.999)) / HIGHEST
    table = network.table.weight.numpy()
    table_step = float(np.quantile(np.abs(table), 0.9995)) / FULL_SCALE
    arrays: dict[str, Any] = {
        "words": np.array(words.checksums, np.uint32),
        "table": _rounded(table / table_step),
    }
    for name, layer, of in (
        ("first", network.first, table_step),
        ("second", network.second, step),
    ):
        weights = layer.weight.numpy()  # filters × numbers × three places
        scale = np.maximum(np.abs(weights).max(axis=(1, 2)), 1e-9) / FULL_SCALE
        arrays[name] = _rounded((weights / scale[:, None, None]).transpose(2, 1, 0))
        arrays[f"{name}_scale"] = (scale * of / step).astype(np.float32)
        arrays[f"{name}_bias"] = (layer.bias.numpy() / step).astype(np.float32)
    head = np.vstack([network.head.weight.numpy().T * step, network.head.bias.numpy()])
    arrays["head"] = (head[:, [0, 2]] - head[:, [1]]).astype(np.float32)
    return arrays


def _rounded(values: Any) -> Any:
    return np.clip(np.rint(values), -FULL_SCALE, FULL_SCALE).astype(np.int8)
