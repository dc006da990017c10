"""The English model: hashed features, lexicon scores and a reader of words in order, all distilled
from two teachers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from training import lessons, reader
from training.adaptation import Adaptation
from training.calibration import Calibration, expected_error, macro_f1, macro_recall
from training.conference import conference
from training.data import Floats, Labelled, Labels, labelled, soft_labels, unlabelled
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
CONFERENCE_IMPORTANCE = 3.0
CONFERENCE_PRAISE = 1.6
OFFSETS = (0.2, 0.0, 0.15)
"""Against neutral; between what everyday and what conference posts would choose."""
READER_SHARE = 0.5
"""What the reader counts beside the weighted sums."""
REHEARSED = 12_000
"""How many posts of each earlier kind are seen again beside the conference posts."""


def train(encoder: Encoder) -> tuple[Trained, dict[str, Any]]:
    """The model to ship, and figures of its twin that never saw the held-out posts.

    Calibration comes from ``HELD_OUT`` training posts and from conference posts of unseen folds;
    the figures from the validation posts, which neither saw, and from those folds.
    """
    course, validation = Course.prepare(encoder), labelled("en", "val")
    twin = course.reader_of(course.rest)
    adaptation = course.adaptation(twin)

    def figures(model: LinearModel, calibration: Calibration) -> dict[str, Any]:
        shares = calibration.shares(model.logits(beside(validation.texts, twin)))
        return measure(shares, validation.labels, calibration.confidence)

    held = course.posts.take(course.held)
    calibration, measured = adaptation.cross_validate(
        course.student(course.rest), (beside(held.texts, twin), held.labels), figures
    )
    every = np.arange(len(course.posts.texts))
    everything = adaptation.everything(course.student(every))
    return Trained(everything, calibration, course.reader_of(every), READER_SHARE), measured


@dataclass(frozen=True)
class Course:
    """What the English model is taught: labelled (``known``) and other posts, with soft labels.

    ``held`` are the rows of ``posts`` that only calibrate and compare, ``rest`` the others.
    """

    posts: Labelled
    held: Labels
    rest: Labels
    known: Matrices
    extra: Matrices
    known_targets: Floats
    extra_targets: Floats
    words: reader.Words
    known_rows: list[Labels]
    extra_rows: list[Labels]

    @classmethod
    def prepare(cls, encoder: Encoder) -> Course:
        """With both teachers' opinions, and the words that the reader gets rows for."""
        posts, more = labelled("en", "train"), unlabelled()
        held = held_out(len(posts.texts))
        rest = np.setdiff1d(np.arange(len(posts.texts)), held)
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
        known_words, extra_words = reader.read(posts.texts), reader.read(more)
        words = reader.Words.of([*(known_words[row] for row in rest), *extra_words], encoder)
        return cls(
            posts,
            held,
            rest,
            known,
            extra,
            0.3 * posts.one_hot() + 0.4 * minilm_known + 0.3 * use_known,
            0.5 * minilm_extra + 0.5 * use_extra,
            words,
            words.rows(known_words),
            words.rows(extra_words),
        )

    def student(self, rows: Labels) -> LinearModel:
        """A model of the labelled posts at ``rows``, the other posts and the lessons."""
        taught, taught_targets = lessons.targets(lessons.english())
        parts = [self.known.take(rows), self.extra, english(taught, BITS)]
        targets = np.concatenate([self.known_targets[rows], self.extra_targets, taught_targets])
        importance = np.ones(len(targets), np.float32)
        importance[-len(taught) :] = LESSON_IMPORTANCE
        return LinearModel(STUDENT).fit(stack(parts), targets, importance)

    def reader_of(self, rows: Labels) -> dict[str, Any]:
        """A reader of the labelled posts at ``rows``, the other posts and the lessons."""
        taught, taught_targets = lessons.targets(lessons.english())
        posts = [
            *(self.known_rows[row] for row in rows),
            *self.extra_rows,
            *self.words.rows(reader.read(taught)),
        ]
        targets = np.concatenate([self.known_targets[rows], self.extra_targets, taught_targets])
        importance = np.ones(len(posts), np.float32)
        return reader.fit(
            self.words, posts, targets.astype(np.float32), importance, reader.Recipe()
        )

    def adaptation(self, twin: dict[str, Any]) -> Adaptation:
        """The second stage, with some of these posts seen again; ``twin`` is a reader."""
        random = np.random.default_rng(0)
        again = np.sort(random.choice(self.rest, REHEARSED, replace=False))
        more = np.sort(random.choice(self.extra.sparse.shape[0], REHEARSED, replace=False))
        return adapting(
            (self.known.take(again), self.extra.take(more)),
            (self.known_targets[again], self.extra_targets[more]),
            twin,
        )


def beside(texts: list[str], twin: dict[str, Any]) -> Matrices:
    """Posts as the English model reads them, with what a reader says of them."""
    return english(texts, BITS).with_beside(reader.logits(twin, texts), READER_SHARE)


def held_out(count: int) -> Labels:
    """The rows of ``count`` training posts that no twin learns."""
    chosen: Labels = np.random.default_rng(SEED).choice(count, HELD_OUT, replace=False)
    return np.sort(chosen)


def adapting(
    earlier: tuple[Matrices, Matrices], targets: tuple[Floats, Floats], twin: dict[str, Any]
) -> Adaptation:
    """The second stage: conference posts among ``earlier`` posts and the lessons.

    ``twin`` is a reader that has seen none of the conference posts, nor learns from them.
    """
    posts = conference().take(english=True)
    taught, taught_targets = lessons.targets(lessons.english())
    known = stack([*earlier, english(taught, BITS)])
    known_targets = np.concatenate([*targets, taught_targets])
    importance = np.ones(len(known_targets), np.float32)
    importance[-len(taught) :] = LESSON_IMPORTANCE
    return Adaptation(
        posts,
        english(posts.learnt, BITS),
        beside(posts.texts, twin),
        (known, known_targets, importance),
        weight=CONFERENCE_IMPORTANCE,
        praise=CONFERENCE_PRAISE,
        offsets=OFFSETS,
    )


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
