"""The second stage of both models: go on learning from conference posts among earlier ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.calibration import Calibration, calibrate, expected_error, macro_recall
from training.conference import FOLDS, Conference
from training.data import Floats, Labels
from training.linear import LinearModel
from training.matrices import Matrices, stack

SMOOTHING = 0.1
EPOCHS = 2
CONFERENCE_COUNTS = 3
"""How often conference posts count when confidence is fitted: about as much as the held-out."""


@dataclass(frozen=True)
class Adaptation:
    """``learnt`` and ``seen`` are the conference posts without and with their event's name."""

    posts: Conference
    learnt: Matrices
    seen: Matrices
    earlier: tuple[Matrices, Floats, Floats]
    weight: float
    praise: float
    offsets: tuple[float, float, float]

    def adapt(self, model: LinearModel, rows: Labels) -> LinearModel:
        """``model`` after the conference posts at ``rows`` and the earlier ones."""
        known, known_targets, known_importance = self.earlier
        hard = np.eye(3, dtype=np.float32)[self.posts.labels[rows]]
        return model.more(
            stack([self.learnt.take(rows), known]),
            np.concatenate([(1 - SMOOTHING) * hard + SMOOTHING / 3, known_targets]).astype(
                np.float32
            ),
            np.concatenate(
                [self.posts.importance(rows, self.weight, self.praise), known_importance]
            ),
            EPOCHS,
        )

    def everything(self, model: LinearModel) -> LinearModel:
        """``model`` after all conference posts."""
        return self.adapt(model, np.arange(len(self.posts.texts)))

    def cross_validate(
        self,
        twin: LinearModel,
        held: tuple[Matrices, Labels],
        measure: Callable[[LinearModel, Calibration], dict[str, Any]],
    ) -> tuple[Calibration, dict[str, Any]]:
        """A calibration on posts that ``twin`` and the folds did not learn, and its figures."""
        logits, truth = self._unseen(twin, self.posts.folds, FOLDS), self.posts.labels
        adapted = self.everything(twin)
        held_logits = adapted.logits(held[0])
        calibration = calibrate(
            np.concatenate([held_logits, *[logits] * CONFERENCE_COUNTS]),
            np.concatenate([held[1], *[truth] * CONFERENCE_COUNTS]),
            np.array(self.offsets, np.float32),
        )
        figures = measure(adapted, calibration)
        figures["conference"] = _report(calibration, logits, truth)
        other_event = self._unseen(twin, self.posts.events, 2)
        figures["conference_learnt_from_the_other_event"] = _report(calibration, other_event, truth)
        figures["conference_before"] = _report(calibration, twin.logits(self.seen), truth)
        return calibration, figures

    def _unseen(self, twin: LinearModel, parts: Labels, count: int) -> Floats:
        logits = np.zeros((len(parts), 3), np.float32)
        for part in range(count):
            rows = np.flatnonzero(parts == part)
            model = self.adapt(twin, np.flatnonzero(parts != part))
            logits[rows] = model.logits(self.seen.take(rows))
        return logits


def _report(calibration: Calibration, logits: Floats, truth: Labels) -> dict[str, Any]:
    shares = calibration.shares(logits)
    guess = shares.argmax(axis=1)
    sure = np.interp(shares.max(axis=1), *calibration.confidence).astype(np.float32)
    return {
        "macro_recall": macro_recall(truth, guess),
        "recall": [float((guess[truth == label] == label).mean()) for label in range(3)],
        "shares": (np.bincount(guess, minlength=3) / len(guess)).tolist(),
        "labelled_shares": (np.bincount(truth, minlength=3) / len(truth)).tolist(),
        "calibration_error": expected_error(sure, (guess == truth).astype(np.float32)),
    }
