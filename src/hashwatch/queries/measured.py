"""The known error of an event: its labels as the dashboard has them, and what follows from them."""

from __future__ import annotations

import sqlite3

import msgspec

from hashwatch.queries.accuracy import Labelled, accuracy, adjusted, balanced, by_language
from hashwatch.queries.events import Event
from hashwatch.queries.shapes import Accuracy, Counts, Interval
from hashwatch.queries.statements import ask

FEWEST_TO_ADJUST = 30
"""With fewer labels than this, shares are not corrected: the correction would be all noise."""


class Measured(msgspec.Struct, frozen=True):
    """An event's labels: those that say a tone (weights balanced), and how many could not tell."""

    labelled: tuple[Labelled, ...]
    unclear: int


def measure(connection: sqlite3.Connection, event: Event) -> Measured:
    """Reads the labels. Posts that the annotator no longer scores are left out."""
    labelled, unclear = [], 0
    for post_id, truth, label, confidence, *rest in ask(connection, "labels", {"event": event.id}):
        if truth is None:
            unclear += 1
        elif label is not None:
            labelled.append(Labelled(post_id, label, truth, confidence, *rest))
    return Measured(tuple(balanced(labelled)), unclear)


def measured_accuracy(measured: Measured) -> Accuracy | None:
    """Accuracy as pages carry it; ``None``: not yet measured."""
    overall = accuracy(measured.labelled)
    if overall is None:
        return None
    return {
        "value": round(overall.value, 4),
        "low": round(overall.low, 4),
        "high": round(overall.high, 4),
        "n": overall.n,
        "unclear": measured.unclear,
        "languages": [
            {
                "language": language,
                "value": round(one.value, 4),
                "low": round(one.low, 4),
                "high": round(one.high, 4),
                "n": one.n,
            }
            for language, one in by_language(measured.labelled).items()
        ],
    }


def adjusted_shares(measured: Measured, counts: Counts) -> dict[str, Interval] | None:
    """Shares of tone corrected for the known error; ``None`` where they cannot be."""
    if len(measured.labelled) < FEWEST_TO_ADJUST:
        return None
    plain = {side: counts[side] for side in ("positive", "neutral", "negative")}
    found = adjusted(plain, measured.labelled)
    return {
        side: {
            "share": round(one.value, 4), "low": round(one.low, 4), "high": round(one.high, 4)
        }
        for side, one in found.items()
    } or None  # fmt: skip
