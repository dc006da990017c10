"""What people wrote beside the chart, and the page on which they do."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from hashwatch.archive.notes import Note
from hashwatch.queries.buckets import local_parameter, local_text, to_iso
from hashwatch.queries.events import Event
from hashwatch.queries.filters import parse_moment
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.programme import programme
from hashwatch.queries.ranges import range_parameters, whole_event
from hashwatch.queries.shapes import Data
from hashwatch.queries.spike_rows import spike_rows
from hashwatch.queries.statements import ask

PARAMETERS = ("at",)
AROUND = 30 * 60
"""Seconds before and after a note that its link shows."""


def chart_notes(
    connection: sqlite3.Connection, event: Event, start: int, end: int, spikes: Sequence[Data]
) -> list[Data]:
    """The notes in ``[start, end)``, the first first, without those that word one of ``spikes``."""
    window = {"event": event.id, "from": start, "to": end}
    said = {spike["from"] for spike in spikes}
    return [
        {"at": moment, "local": local_text(moment, event.zone), "words": words, "by": actor,
         "href": _around(event, moment)}
        for is_spike, moment, words, actor in ask(connection, "notes", window)
        if not (is_spike and moment in said)
    ]  # fmt: skip


def notes_page(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str],
    standing: Sequence[Note], now: int,
) -> Data:  # fmt: skip
    """Every note with what its form needs, and every spike, worded or not, the latest first."""
    at = params.get("at", "").strip()
    moment = parse_moment("at", at, event.zone)[0] if at else min(now, event.ends)
    worded = {one.moment: one for one in standing if one.is_spike}
    start, end = whole_event(connection, event, now)
    spikes = spike_rows(connection, event, start, end, now, programme(connection, event, now))
    said = {spike["from"] for spike in spikes}
    return {
        "moment": local_parameter(moment, event.zone).rstrip("Z"),
        "notes": [
            {
                "note": one.note,
                "is_spike": one.is_spike,
                "spike": one.moment if one.is_spike else "",
                "seen": one.seen,
                "moment": local_parameter(one.moment, event.zone).rstrip("Z"),
                "local": local_text(one.moment, event.zone),
                "words": one.words,
                "by": one.actor,
                "at": to_iso(one.at),
                "href": _around(event, one.moment),
            }
            for one in reversed(standing)
            if not (one.is_spike and one.moment in said)
        ],
        "spikes": [
            {
                **{key: spike[key] for key in ("from", "local", "peak", "times", "causes", "href")},
                "words": note.words if (note := worded.get(spike["from"])) else "",
                "by": note.actor if note else "",
                "seen": note.seen if note else 0,
            }
            for spike in reversed(spikes)
        ],
    }


def _around(event: Event, moment: int) -> str:
    """The overview around a moment."""
    start = moment - moment % 60
    span = range_parameters(event, start - AROUND, start + AROUND + 60)
    chosen = {"from": span["from_"], "to": span["to"], "grain": "minute"}
    return event_href(event.slug, "", chosen)
