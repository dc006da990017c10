"""The tuned encoder beside the student: how much of each, how sure, and how good they are together.

Twins of the student that have not seen the posts measured on stand in for the shipped one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hashwatch.enrich.sentiment.best import TunedEncoder
from hashwatch.enrich.sentiment.judgement import own_words
from hashwatch.enrich.sentiment.student import WEIGHTS
from training import english, pooled
from training.adaptation import Adaptation
from training.calibration import Calibration, calibrate, expected_error, macro_f1, macro_recall
from training.data import Floats, Labelled, Labels, labelled
from training.linear import LinearModel, softmax
from training.matrices import Matrices
from training.matrices import pooled as pooled_matrices
from training.teacher import Encoder

SHARE = 0.5
"""Of the encoder. On everyday English posts 0.7 does as well, but it knows conferences less."""
ASKED = {"en": 0.4, "pooled": 0.7}
"""Of the held-out posts the least sure, on which the encoder is asked; more is no better."""


def measure(
    encoder: Encoder, arrays: dict[str, Any], kept_fold: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Figures on the validation posts, and the arrays that mix and calibrate."""
    tuned = TunedEncoder(arrays)
    figures: dict[str, Any] = {}
    mixes: dict[str, Any] = {}
    for twin in (_english(encoder), _pooled(encoder)):
        name = twin.name
        mix = Mix.fit(tuned, twin)
        figures[name] = mix.figures(twin.validation, twin.score)
        figures[name]["conference_fold"] = _conference(mix, twin, kept_fold)
        figures[name]["sure_from"] = mix.sure_from
        mixes |= {
            f"{name}_sure_from": np.float32(mix.sure_from),
            f"{name}_share": np.float32(SHARE),
            f"{name}_temperature": np.float32(mix.calibration.temperature),
            f"{name}_confidence": np.stack(mix.calibration.confidence),
        }
    return figures, mixes


@dataclass(frozen=True)
class Part:
    """Posts of one language or of several, with the student's logits for them."""

    texts: list[str]
    languages: list[str]
    labels: Labels
    student: Floats


@dataclass(frozen=True)
class Twin:
    """A student before its second stage; ``held`` and ``validation`` by the one after it."""

    name: str
    model: LinearModel
    adaptation: Adaptation
    held: list[Part]
    validation: list[Part]
    score: Any


@dataclass(frozen=True)
class Mix:
    """Below ``sure_from`` of the student the encoder counts too."""

    tuned: TunedEncoder
    sure_from: float
    calibration: Calibration
    student_curve: Floats

    @classmethod
    def fit(cls, tuned: TunedEncoder, twin: Twin) -> Mix:
        """Fitted on the held-out posts."""
        tops = np.concatenate([softmax(part.student).max(axis=1) for part in twin.held])
        sure_from = float(np.quantile(tops, ASKED[twin.name]))
        unsure = tops < sure_from
        mixed = np.concatenate([_mixed(_logits(tuned, part), part) for part in twin.held])[unsure]
        truth = np.concatenate([part.labels for part in twin.held])[unsure]
        calibration = calibrate(mixed, truth, np.zeros(3, np.float32))
        with np.load(WEIGHTS) as shipped:
            return cls(tuned, sure_from, calibration, shipped[f"{twin.name}_confidence"])

    def figures(self, parts: Sequence[Part], score: Any) -> dict[str, Any]:
        """The score of each part, for the mix and for either alone, and the calibration error."""
        rows: dict[str, Any] = {}
        sure, right = [], []
        for part in parts:
            read = _logits(self.tuned, part)
            guess = _guess(read, part, self.sure_from)
            sure.append(self._confidence(read, part))
            right.append((guess == part.labels).astype(np.float32))
            rows[part.languages[0]] = {
                "posts": len(part.labels),
                "mix": score(part.labels, guess),
                "encoder": score(part.labels, read.argmax(axis=1)),
                "student": score(part.labels, part.student.argmax(axis=1)),
                "recall": [float((guess[part.labels == k] == k).mean()) for k in range(3)],
                "accuracy": float(right[-1].mean()),
            }
        means = {
            kind: float(np.mean([row[kind] for row in rows.values()]))
            for kind in ("mix", "encoder", "student")
        }
        joined = np.concatenate(sure).astype(np.float32), np.concatenate(right)
        return {"mean": means, "calibration_error": expected_error(*joined), **rows}

    def _confidence(self, read: Floats, part: Part) -> Any:
        student = softmax(part.student).max(axis=1)
        mixed = self.calibration.shares(_mixed(read, part)).max(axis=1)
        return np.where(
            student < self.sure_from,
            np.interp(mixed, *self.calibration.confidence),
            np.interp(student, *self.student_curve),
        )


def _conference(mix: Mix, twin: Twin, fold: int) -> dict[str, Any]:
    """On the conference posts that neither has learnt."""
    posts = twin.adaptation.posts
    rows = np.flatnonzero(posts.folds == fold)
    model = twin.adaptation.adapt(twin.model, np.flatnonzero(posts.folds != fold))
    part = Part(
        [posts.texts[row] for row in rows],
        [posts.languages[row] for row in rows],
        posts.labels[rows],
        _calibrated(twin.name, model, twin.adaptation, twin.adaptation.seen.take(rows)),
    )
    read = _logits(mix.tuned, part)
    guesses = {
        "mix": _guess(read, part, mix.sure_from),
        "encoder": read.argmax(axis=1),
        "student": part.student.argmax(axis=1),
    }
    return {"posts": len(rows)} | {
        name: macro_recall(part.labels, guess) for name, guess in guesses.items()
    }


def _english(encoder: Encoder) -> Twin:
    course = english.Course.prepare(encoder)
    reader = course.reader_of(course.rest)
    adaptation = course.adaptation(reader)
    model = course.student(course.rest)
    adapted = adaptation.everything(model)

    def part(posts: Labelled) -> Part:
        logits = _calibrated("en", adapted, adaptation, english.beside(posts.texts, reader))
        return Part(posts.texts, ["en"] * len(posts.texts), posts.labels, logits)

    held, validation = course.posts.take(course.held), labelled("en", "val")
    return Twin("en", model, adaptation, [part(held)], [part(validation)], macro_recall)


def _pooled(encoder: Encoder) -> Twin:
    kept, held = pooled.split()
    model, earlier = pooled.student(encoder, kept)
    adaptation = pooled.adapting(earlier)
    adapted = adaptation.everything(model)

    def part(posts: Labelled) -> Part:
        matrices = pooled_matrices(posts.texts, posts.language, pooled.BITS)
        logits = _calibrated("pooled", adapted, adaptation, matrices)
        return Part(posts.texts, [posts.language] * len(posts.texts), posts.labels, logits)

    unseen = [part(one.take(np.arange(0, len(one.texts), 2))) for one in held]
    validation = [part(labelled(one.language, "val")) for one in held]
    return Twin("pooled", model, adaptation, unseen, validation, macro_f1)


def _calibrated(name: str, model: LinearModel, adaptation: Adaptation, posts: Matrices) -> Floats:
    """A twin's logits as the shipped student ``name`` would give them."""
    with np.load(WEIGHTS) as shipped:
        temperature = np.float32(shipped[f"{name}_temperature"])
    logits: Floats = (model.logits(posts) + np.array(adaptation.offsets, np.float32)) / temperature
    return logits


def _logits(tuned: TunedEncoder, part: Part) -> Floats:
    posts = [(own_words(t), code) for t, code in zip(part.texts, part.languages, strict=True)]
    logits: Floats = np.insert(tuned.logits(posts), 1, 0.0, axis=1).astype(np.float32)
    return logits


def _mixed(read: Floats, part: Part) -> Floats:
    mixed: Floats = SHARE * read + (1 - SHARE) * part.student
    return mixed


def _guess(read: Floats, part: Part, sure_from: float) -> Labels:
    unsure = softmax(part.student).max(axis=1) < sure_from
    guess: Labels = np.where(unsure, _mixed(read, part).argmax(axis=1), part.student.argmax(axis=1))
    return guess
