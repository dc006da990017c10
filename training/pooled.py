"""One model for the six other languages: their posts pooled, taught by sentence embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hashwatch.enrich.sentiment.features import POOLED_LANGUAGES
from training import conference_lessons, lessons
from training.adaptation import Adaptation
from training.calibration import Calibration, expected_error, macro_f1
from training.conference import Conference, conference
from training.data import Floats, Labelled, labelled, soft_labels
from training.linear import LinearModel, Recipe
from training.matrices import Matrices, pooled, stack
from training.package import Trained
from training.teacher import Encoder, Head, with_language

BITS = 18
HELD_OUT_SHARE = 0.2
SEED = 7
STUDENT = Recipe(epochs=8, rate=1.0, batch=128)
HEADS = 3
ENGLISH_IMPORTANCE = 0.1
HARD_SHARE = 0.4
LESSON_IMPORTANCE = 0.3
WORD_IMPORTANCE = 0.1
CONFERENCE_IMPORTANCE = 5.0
CONFERENCE_PRAISE = 2.2
CONFERENCE_LESSON_IMPORTANCE = 0.3


def train(encoder: Encoder) -> tuple[Trained, dict[str, Any]]:
    """The model to ship, and figures of its twin without held-out and validation posts.

    Calibrated on a fifth of the training posts and on conference posts of unseen folds, measured
    on the validation posts and on those folds; the shipped model learns from all of them.
    """
    kept, held = split()
    validation = [labelled(language, "val") for language in POOLED_LANGUAGES]
    twin, earlier = student(encoder, kept)
    calibration, figures = adapting(earlier).cross_validate(
        twin,
        (
            stack([pooled(p.texts, p.language, BITS) for p in held]),
            np.concatenate([p.labels for p in held]),
        ),
        lambda model, calibration: _measure(model, validation, calibration),
    )
    everything, earlier = student(encoder, [*kept, *held, *validation])
    return Trained(adapting(earlier).everything(everything), calibration), figures


def split() -> tuple[list[Labelled], list[Labelled]]:
    """The training posts of each language: those that a twin learns, and those held out."""
    random = np.random.default_rng(SEED)
    kept, held = [], []
    for language in POOLED_LANGUAGES:
        posts = labelled(language, "train")
        order = random.permutation(len(posts.texts))
        cut = int(len(order) * HELD_OUT_SHARE)
        held.append(posts.take(np.sort(order[:cut])))
        kept.append(posts.take(np.sort(order[cut:])))
    return kept, held


Taught = tuple[Matrices, Floats, Floats]


def student(encoder: Encoder, posts: Sequence[Labelled]) -> tuple[LinearModel, Taught]:
    """A model of ``posts``, whose teacher has seen the same posts and English ones only.

    It also learns what the teacher makes of every word that the encoder knows, alone. With it
    comes all that it was taught.
    """
    heads = teach(encoder, posts)
    parts, targets, importance = [], [], []
    for part in posts:
        inputs = with_language(encoder.encode(part.texts), part.language)
        soft = np.mean([head.shares(inputs) for head in heads], axis=0)
        parts.append(pooled(part.texts, part.language, BITS))
        targets.append(HARD_SHARE * part.one_hot() + (1 - HARD_SHARE) * soft)
        importance.append(np.ones(len(part.texts), np.float32))
    words = encoder.vocabulary()
    vectors = encoder.encode(words)
    parts.append(pooled(words, "", BITS))
    targets.append(
        np.mean(
            [
                head.shares(with_language(vectors, language))
                for head in heads
                for language in POOLED_LANGUAGES
            ],
            axis=0,
        )
    )
    importance.append(np.full(len(words), WORD_IMPORTANCE, np.float32))
    for language, taught in lessons.other_languages().items():
        texts, wanted = lessons.targets(taught)
        parts.append(pooled(texts, language, BITS))
        targets.append(wanted)
        importance.append(np.full(len(texts), LESSON_IMPORTANCE, np.float32))
    everything = (
        stack(parts),
        np.concatenate(targets).astype(np.float32),
        np.concatenate(importance).astype(np.float32),
    )
    return LinearModel(STUDENT).fit(*everything), everything


def adapting(earlier: Taught) -> Adaptation:
    """The second stage: conference posts and sentences among all that was taught."""
    posts = conference().take(english=False)
    parts, targets, importance = [earlier[0]], [earlier[1]], [earlier[2]]
    for language, taught in conference_lessons.by_language().items():
        texts, wanted = lessons.targets(taught)
        parts.append(pooled(texts, language, BITS))
        targets.append(wanted)
        importance.append(np.full(len(texts), CONFERENCE_LESSON_IMPORTANCE, np.float32))
    return Adaptation(
        posts,
        _matrices(posts.learnt, posts),
        _matrices(posts.texts, posts),
        (stack(parts), np.concatenate(targets), np.concatenate(importance)),
        weight=CONFERENCE_IMPORTANCE,
        praise=CONFERENCE_PRAISE,
        offsets=(-0.06, 0.0, 0.0),
    )


def _matrices(texts: Sequence[str], posts: Conference) -> Matrices:
    return stack(
        [
            pooled([text], language, BITS)
            for text, language in zip(texts, posts.languages, strict=True)
        ]
    )


def teach(encoder: Encoder, posts: Sequence[Labelled]) -> list[Head]:
    """Heads over the embeddings of ``posts`` and, lightly, of the English training posts."""
    english = labelled("en", "train")
    minilm, _ = soft_labels()
    priors = np.bincount(english.labels) / len(english.labels)
    inputs = [with_language(encoder.encode(english.texts), "en")]
    targets = [0.5 * english.one_hot() + 0.5 * minilm]
    importance = [(ENGLISH_IMPORTANCE / 3 / priors)[english.labels].astype(np.float32)]
    for part in posts:
        inputs.append(with_language(encoder.encode(part.texts), part.language))
        targets.append(part.one_hot())
        importance.append(np.ones(len(part.texts), np.float32))
    stacked: tuple[Floats, Floats, Floats] = (
        np.concatenate(inputs),
        np.concatenate(targets),
        np.concatenate(importance),
    )
    return [Head(stacked[0].shape[1], seed).fit(*stacked, epochs=5) for seed in range(HEADS)]


def _measure(
    model: LinearModel, posts: Sequence[Labelled], calibration: Calibration
) -> dict[str, Any]:
    scores: dict[str, Any] = {}
    confidence, right = [], []
    for part in posts:
        shares = calibration.shares(model.logits(pooled(part.texts, part.language, BITS)))
        guess = shares.argmax(axis=1)
        scores[part.language] = macro_f1(part.labels, guess)
        confidence.append(np.interp(shares.max(axis=1), *calibration.confidence))
        right.append((guess == part.labels).astype(np.float32))
    scores["mean_macro_f1"] = float(np.mean(list(scores.values())))
    scores["calibration_error"] = expected_error(
        np.concatenate(confidence).astype(np.float32), np.concatenate(right)
    )
    return scores
