"""Sizes of selections that the rollups hold, so that nothing need be counted."""

from __future__ import annotations

import sqlite3

from hashwatch.queries.buckets import bucket_start
from hashwatch.queries.selection import NEVER, Selection
from hashwatch.queries.statements import run

_MINUTE_FACETS = frozenset({"all", "source", "theme", "session"})


def rollup_total(connection: sqlite3.Connection, selection: Selection) -> int | None:
    """How many posts ``selection`` holds where one rollup says so: at most one facet, whole
    buckets, and of tones only the originals' (rollups do not count how boosts sound).
    """
    column = _column(selection)
    if selection.facet is None or column is None:
        return None
    grain = "day"
    filters = selection.filters
    if filters.start is not None or filters.end is not None:
        grain = "minute"
        if selection.facet[0] not in _MINUTE_FACETS or not _whole_minutes(selection):
            return None
    sql = (
        f"SELECT coalesce(sum({column}), 0) FROM rollup_{grain} WHERE event_id = :event "
        "AND facet = :facet AND value = :value AND bucket >= :from AND bucket < :to"
    )
    parameters = {
        "event": selection.event.id,
        "facet": selection.facet[0],
        "value": selection.facet[1],
        "from": -NEVER if filters.start is None else filters.start,
        "to": NEVER if filters.end is None else filters.end,
    }
    return int(run(connection, sql, parameters)[0][0])


def _column(selection: Selection) -> str | None:
    kind, sentiment = selection.filters.kind, selection.filters.sentiment
    if sentiment:
        return sentiment if kind == "original" else None
    return {"": "posts", "boost": "boosts", "original": "posts - boosts"}.get(kind)


def _whole_minutes(selection: Selection) -> bool:
    bounds = (selection.filters.start, selection.filters.end)
    zone = selection.event.zone
    return all(at is None or bucket_start(at, "minute", zone) == at for at in bounds)
