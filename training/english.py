"""The English model: hashed features and lexicon scores, distilled from two teachers."""

from __future__ import annotations

from typing import Any

import numpy as np

from training import lessons
from training.calibration import calibrate, expected_error, macro_f1, macro_recall
from training.data import Floats, Labels, labelled, soft_labels, unlabelled
from training.linear import LinearModel, Recipe, softmax
from training.matrices import Matrices, english, stack
from training.package import Trained
from training.teacher import Encoder

BITS = 18
HELD_OUT = 4000
SEED = 7
TEACHER = Recipe(epochs=5, hidden=128)
STUDENT = Recipe(epochs=8)
LESSON_IMPORTANCE = 5.0


def train(encoder: Encoder) -> tuple[Trained, dict[str, Any]]:
    """The model to ship, and figures of its twin that never saw the held-out posts.

    Offsets and calibration come from ``HELD_OUT`` training posts; the figures from the
    validation posts, which neither saw.
    """
    posts, validation = labelled("en", "train"), labelled("en", "val")
    held = np.sort(np.random.default_rng(SEED).choice(len(posts.texts), HELD_OUT, replace=False))
    rest = np.setdiff1d(np.arange(len(posts.texts)), held)
    more = unlabelled()
    known, extra = english(posts.texts, BITS), english(more, BITS)
    minilm_known, minilm_extra = soft_labels()
    use_known, use_extra = _second_opinion(
        encoder,
        known,
        extra,
        rest,
        (posts.texts, more),
        posts.one_hot(),
        (minilm_known, minilm_extra),
    )
    known_targets = 0.3 * posts.one_hot() + 0.4 * minilm_known + 0.3 * use_known
    extra_targets = 0.5 * minilm_extra + 0.5 * use_extra

    def student(rows: Labels) -> LinearModel:
        taught, taught_targets = lessons.targets(lessons.english())
        parts = [known.take(rows), extra, english(taught, BITS)]
        targets = np.concatenate([known_targets[rows], extra_targets, taught_targets])
        importance = np.ones(len(targets), np.float32)
        importance[-len(taught) :] = LESSON_IMPORTANCE
        return LinearModel(STUDENT).fit(stack(parts), targets, importance)

    twin = student(rest)
    calibration = calibrate(twin.logits(known.take(held)), posts.labels[held], balance=True)
    shares = calibration.shares(twin.logits(english(validation.texts, BITS)))
    figures = measure(shares, validation.labels, calibration.confidence)
    figures["held_out_macro_recall"] = macro_recall(
        posts.labels[held], calibration.shares(twin.logits(known.take(held))).argmax(axis=1)
    )
    return Trained(student(np.arange(len(posts.texts))), calibration), figures


def measure(shares: Floats, truth: Labels, curve: tuple[Floats, Floats]) -> dict[str, Any]:
    """What the validation posts say."""
    guess = shares.argmax(axis=1)
    confidence = np.interp(shares.max(axis=1), *curve)
    right = (guess == truth).astype(np.float32)
    return {
        "posts": len(truth),
        "macro_recall": macro_recall(truth, guess),
        "macro_f1": macro_f1(truth, guess),
        "accuracy": float(right.mean()),
        "recall": [float((guess[truth == label] == label).mean()) for label in range(3)],
        "calibration_error": expected_error(confidence.astype(np.float32), right),
    }


def _second_opinion(
    encoder: Encoder,
    known: Matrices,
    extra: Matrices,
    rest: Labels,
    texts: tuple[list[str], list[str]],
    truth: Floats,
    minilm: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:
    """What a teacher with the student's features and sentence embeddings makes of all posts."""
    known_vectors, extra_vectors = encoder.encode(texts[0]), encoder.encode(texts[1])
    targets = np.concatenate([0.4 * truth[rest] + 0.6 * minilm[0][rest], minilm[1]])
    teacher = LinearModel(TEACHER).fit(
        stack([known.take(rest), extra]),
        targets,
        np.ones(len(targets), np.float32),
        np.concatenate([known_vectors[rest], extra_vectors]),
    )
    return softmax(teacher.logits(known, known_vectors)), softmax(
        teacher.logits(extra, extra_vectors)
    )
