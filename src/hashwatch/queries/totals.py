"""Sizes of selections that the rollups hold, so that nothing need be counted."""

from __future__ import annotations

import sqlite3

from hashwatch.queries.buckets import bucket_start
from hashwatch.queries.selection import NEVER, Selection
from hashwatch.queries.statements import run

_MINUTE_FACETS = frozenset({"all", "source", "theme", "session", "copy"})


def rollup_total(connection: sqlite3.Connection, selection: Selection) -> int | None:
    """How many posts ``selection`` holds where one rollup says so: at most one facet, whole
    buckets, and of tones only the originals' (rollups do not count how boosts sound).
    """
    column = _column(selection)
    if selection.facet is None or column is None:
        return None
    posts = _sum(connection, selection, selection.facet, column)
    if posts is None or selection.filters.copies != "hidden":
        return posts
    copies = _copies(connection, selection, column)
    return None if copies is None else posts - copies


def rollup_messages(connection: sqlite3.Connection, selection: Selection) -> int | None:
    """How many messages ``selection`` holds, where the rollups say so: a post that was boosted or
    stands on several networks is one of them.
    """
    if selection.facet is None or _column(selection) not in ("posts", "posts - boosts"):
        return None
    posts = _sum(connection, selection, selection.facet, "posts - boosts")
    copies = _copies(connection, selection, "posts")
    return None if posts is None or copies is None else posts - copies


def _copies(connection: sqlite3.Connection, selection: Selection, column: str) -> int | None:
    assert selection.facet is not None
    facet, value = selection.facet
    if facet not in ("all", "theme", "session"):
        return None
    of_copies = ("copy" if facet == "all" else f"copy {facet}", value)
    return _sum(connection, selection, of_copies, column)


def _sum(
    connection: sqlite3.Connection, selection: Selection, facet: tuple[str, object], column: str
) -> int | None:
    grain = "day"
    filters = selection.filters
    if filters.start is not None or filters.end is not None:
        grain = "minute"
        if facet[0].removeprefix("copy ") not in _MINUTE_FACETS or not _whole_minutes(selection):
            return None
    sql = (
        f"SELECT coalesce(sum({column}), 0) FROM rollup_{grain} WHERE event_id = :event "
        "AND facet = :facet AND value = :value AND bucket >= :from AND bucket < :to"
    )
    parameters = {
        "event": selection.event.id,
        "facet": facet[0],
        "value": facet[1],
        "from": -NEVER if filters.start is None else filters.start,
        "to": NEVER if filters.end is None else filters.end,
    }
    return int(run(connection, sql, parameters)[0][0])


def _column(selection: Selection) -> str | None:
    kind, sentiment = selection.filters.kind, selection.filters.sentiment
    if selection.filters.boosts == "hidden":
        if kind == "boost":
            return None
        kind = kind or "original"
    if sentiment:
        return sentiment if kind == "original" else None
    return {"": "posts", "boost": "boosts", "original": "posts - boosts"}.get(kind)


def _whole_minutes(selection: Selection) -> bool:
    bounds = (selection.filters.start, selection.filters.end)
    zone = selection.event.zone
    return all(at is None or bucket_start(at, "minute", zone) == at for at in bounds)
