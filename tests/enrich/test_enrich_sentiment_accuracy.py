"""What the shipped student scores on validation posts that stand beside the repository."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from hashwatch.enrich.annotator import SentimentAnnotator
from hashwatch.enrich.sentiment import load_annotator

SHARED = Path(__file__).resolve().parents[3] / "shared" / "training"
LABELS = ("negative", "neutral", "positive")

pytestmark = pytest.mark.skipif(
    not SHARED.exists(), reason="the labelled posts are not beside this repository"
)


@pytest.fixture(scope="module")
def student() -> SentimentAnnotator:
    return load_annotator("student")


def test_english_is_as_good_as_the_card_says(student: SentimentAnnotator) -> None:
    """Macro-recall of at least 0.71; a post without an answer would count as wrong."""
    truth, guess, _ = _answers(student, "en", "val")
    recalls = [(guess[truth == label] == label).mean() for label in range(3)]
    assert np.mean(recalls) >= 0.71


def test_confidence_is_the_chance_of_being_right(student: SentimentAnnotator) -> None:
    """In tenths of the posts by confidence, the mean gap to being right is below 0.05."""
    truth, guess, confidence = _answers(student, "en", "val")
    order = np.argsort(confidence, kind="stable")
    right = (truth == guess)[order]
    gaps = [
        abs(part.mean() - hits.mean())
        for part, hits in zip(
            np.array_split(confidence[order], 10), np.array_split(right, 10), strict=True
        )
    ]
    assert np.mean(gaps) < 0.05


def test_every_labelled_post_gets_an_answer(student: SentimentAnnotator) -> None:
    """In each of the seven languages, except where there are only links and mentions."""
    for language in sorted(student.languages):
        _, guess, _ = _answers(student, language, "val")
        assert (guess < 0).mean() < 0.005


def _answers(
    student: SentimentAnnotator, language: str, part: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with gzip.open(SHARED / f"sentiment_{language}_{part}.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    texts = [row["text"] for row in rows]
    tones = student.annotate(texts, [language] * len(texts))
    truth = np.array([LABELS.index(row["label"]) for row in rows])
    guess = np.array([LABELS.index(tone.label) if tone else -1 for tone in tones])
    return truth, guess, np.array([tone.confidence if tone else 0.0 for tone in tones])
