"""From scores to decisions: offsets, a temperature, and honest confidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.data import Floats, Labels
from training.linear import softmax

KNOTS = 24


def macro_recall(truth: Labels, guess: Labels) -> float:
    """Mean share found of each class."""
    return float(np.mean([(guess[truth == label] == label).mean() for label in range(3)]))


def macro_f1(truth: Labels, guess: Labels) -> float:
    """Mean F1 of the three classes."""
    scores = []
    for label in range(3):
        right = ((guess == label) & (truth == label)).sum()
        scores.append(2 * right / max(1, (guess == label).sum() + (truth == label).sum()))
    return float(np.mean(scores))


@dataclass(frozen=True)
class Calibration:
    """``offsets`` are added to the logits; ``confidence`` maps the top share to being right."""

    offsets: Floats
    temperature: float
    confidence: tuple[Floats, Floats]

    def shares(self, logits: Floats) -> Floats:
        """Posts × 3, adding up to one; the largest is the label."""
        return softmax((logits + self.offsets) / self.temperature)


def calibrate(logits: Floats, truth: Labels, offsets: Floats) -> Calibration:
    """Fitted on posts that the model has not learnt from."""
    temperature = _temperature(logits + offsets, truth)
    shares = softmax((logits + offsets) / temperature)
    top, right = shares.max(axis=1), (shares.argmax(axis=1) == truth).astype(np.float64)
    return Calibration(offsets, temperature, _rising(top, right))


def expected_error(confidence: Floats, right: Floats, bins: int = 10) -> float:
    """Mean gap between confidence and being right over bins of equal size (ECE)."""
    order = np.argsort(confidence)
    gaps = [
        abs(confidence[part].mean() - right[part].mean()) * len(part)
        for part in np.array_split(order, bins)
    ]
    return float(sum(gaps) / len(order))


def _temperature(logits: Floats, truth: Labels) -> float:
    """The one that makes the truth likeliest."""
    rows = np.arange(len(truth))
    tried = np.arange(0.4, 3.01, 0.05)
    losses = [-np.log(softmax(logits / t)[rows, truth] + 1e-9).mean() for t in tried]
    return float(tried[int(np.argmin(losses))])


def _rising(top: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Isotonic regression (pool adjacent violators), thinned to a few knots."""
    blocks: list[list[float]] = []
    for share, hit in zip(*(x[np.argsort(top)] for x in (top, right)), strict=True):
        blocks.append([float(share), float(hit), 1.0])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            share_sum, hits, count = blocks.pop()
            blocks[-1] = [blocks[-1][0] + share_sum, blocks[-1][1] + hits, blocks[-1][2] + count]
    # A prior of a few posts keeps tiny blocks at the ends from claiming certainty.
    overall = float(right.mean())
    xs = np.array([block[0] / block[2] for block in blocks])
    ys = np.array([(block[1] + 10 * overall) / (block[2] + 10) for block in blocks])
    at = np.unique(np.linspace(0, len(xs) - 1, KNOTS).astype(int))
    return xs[at].astype(np.float32), np.maximum.accumulate(ys[at]).astype(np.float32)
