"""The labelled posts beside the repository, read where they stand."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SHARED = Path(__file__).resolve().parents[2] / "shared" / "training"
LABELS = ("negative", "neutral", "positive")

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Labelled:
    """Posts of one language with their labels as indices into ``LABELS``."""

    language: str
    texts: list[str]
    labels: Labels

    def one_hot(self) -> Floats:
        """One row a post."""
        return np.eye(3, dtype=np.float32)[self.labels]

    def take(self, rows: NDArray[np.int64]) -> Labelled:
        """The posts at ``rows``."""
        return Labelled(self.language, [self.texts[row] for row in rows], self.labels[rows])


def labelled(language: str, part: str) -> Labelled:
    """``part`` is ``train`` or ``val``."""
    with gzip.open(
        SHARED / f"sentiment_{language}_{part}.jsonl.gz", "rt", encoding="utf-8"
    ) as file:
        rows = [json.loads(line) for line in file]
    labels = np.array([LABELS.index(row["label"]) for row in rows])
    return Labelled(language, [row["text"] for row in rows], labels)


def unlabelled() -> list[str]:
    """English posts without labels, in the order of the soft labels."""
    with gzip.open(SHARED / "unlabelled_en.txt.gz", "rt", encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def soft_labels() -> tuple[Floats, Floats]:
    """A fine-tuned MiniLM's opinion of the English training posts and of the unlabelled ones."""
    with np.load(SHARED / "minilm_soft_labels.npz") as file:
        return file["train"].astype(np.float32), file["unlabelled"].astype(np.float32)
