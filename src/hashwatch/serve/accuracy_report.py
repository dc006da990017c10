"""What is known of an event's error as one HTML page that needs nothing else."""

from __future__ import annotations

import sqlite3

from hashwatch.queries.accuracy import Bin, Labelled, calibration
from hashwatch.queries.buckets import local_text
from hashwatch.queries.cards import post_cards
from hashwatch.queries.evaluate_page import confusion_rows
from hashwatch.queries.events import Event
from hashwatch.queries.measured import Measured, measure
from hashwatch.queries.programme import NO_COUNTS, facet_totals, tones
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.queries.tone import tone
from hashwatch.serve.pages import environment
from hashwatch.wording import say

WORST = 20


def accuracy_report(connection: sqlite3.Connection, event: Event, wall: float) -> str:
    """The page: shares, error by language, confusion, calibration, the worst mistakes.

    ``wall`` (Unix seconds) is when it is made.
    """
    measured = measure(connection, event)
    counts = tones(facet_totals(connection, event, "all").get("", NO_COUNTS))
    return (
        environment()
        .get_template("accuracy_report.html")
        .render(
            event=event,
            made=local_text(int(wall), event.zone),
            annotator=dict(ask(connection, "meta", {})).get("words", ""),
            tone=tone(event.slug, counts, say("whole event"), {}, measured),
            confusion=confusion_rows(measured),
            bins=calibration(measured.labelled),
            spots=[_spot(one) for one in calibration(measured.labelled)],
            mistakes=_mistakes(connection, event, measured),
        )
    )


def _spot(one: Bin) -> dict[str, float]:
    """A group of confidence in a plot of 300 units a side, its zero at the bottom left."""
    right = one.right
    return {
        "x": round(300 * one.confidence, 1), "y": round(300 * (1 - right.value), 1),
        "low": round(300 * (1 - right.low), 1), "high": round(300 * (1 - right.high), 1),
    }  # fmt: skip


def _mistakes(connection: sqlite3.Connection, event: Event, measured: Measured) -> list[Data]:
    """Wrong tags, the surest first, opposite tones before others."""

    def badness(one: Labelled) -> tuple[bool, float]:
        return "neutral" not in (one.label, one.truth), one.confidence or 0.0

    wrong = [one for one in measured.labelled if one.label != one.truth]
    worst = sorted(wrong, key=badness, reverse=True)[:WORST]
    cards = {card["id"]: card for card in post_cards(connection, event, [w.post_id for w in worst])}
    return [
        {
            "text": cards[one.post_id]["text"],
            "language": one.language,
            "label": one.label,
            "truth": one.truth,
            "confidence": one.confidence,
        }
        for one in worst
        if one.post_id in cards
    ]
