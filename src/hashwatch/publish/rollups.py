"""Counts by minute, hour and day: what a post adds to them, and adding it up. Pure but for `add`.

A post that changes is taken out as it was and put in as it is, so rollups always equal what a
count over the posts would give.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.queries.buckets import GRAINS, Grain, bucket_start

Key = tuple[int, str, object, int]
Table = dict[Key, list[int]]
Counts = dict[Grain, Table]
QUARTER = 900
"""Every zone's offset is a multiple of 15 minutes, so a quarter lies in one hour and one day."""

BOOST, POSITIVE, NEUTRAL, NEGATIVE, UNKNOWN = range(1, 6)
COLUMN_OF_TONE = {"positive": POSITIVE, "neutral": NEUTRAL, "negative": NEGATIVE, None: UNKNOWN}


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What the rollups need to know of a post, in one event. ``column`` is one of the above."""

    event_id: int
    at: int
    column: int
    source: str
    language: str
    author_id: int
    themes: tuple[int, ...]
    sessions: tuple[int, ...]
    hashtags: tuple[int, ...]
    links: tuple[int, ...]


def count(counts: Counts, entries: Iterable[Entry], sign: int = 1) -> None:
    """Adds entries to ``counts`` (or, with ``sign`` −1, takes them out).

    Each facet is counted in its finest grain only; `add` sums up the coarser ones.
    """
    minutes, quarters, days = counts["minute"], counts["hour"], counts["day"]
    for entry in entries:
        event, column, at = entry.event_id, entry.column, entry.at
        minute, quarter = at - at % 60, at - at % QUARTER
        _bump(minutes, (event, "all", "", minute), column, sign)
        _bump(minutes, (event, "source", entry.source, minute), column, sign)
        for theme in entry.themes:
            _bump(minutes, (event, "theme", theme, minute), column, sign)
        for session in entry.sessions:
            _bump(minutes, (event, "session", session, minute), column, sign)
        _bump(quarters, (event, "language", entry.language, quarter), column, sign)
        for hashtag in entry.hashtags:
            _bump(quarters, (event, "hashtag", hashtag, quarter), column, sign)
        _bump(days, (event, "author", entry.author_id, quarter), column, sign)
        for link in entry.links:
            _bump(days, (event, "link", link, quarter), column, sign)


def nothing() -> Counts:
    """Counts with nothing in them."""
    return {"minute": {}, "hour": {}, "day": {}}


def add(connection: sqlite3.Connection, counts: Counts, zones: Mapping[int, str]) -> None:
    """Writes what was counted into the rollup tables, and drops rows that came to nothing.

    ``zones`` gives each event's time zone, in which its hours and days begin.
    """
    hours = _coarser([counts["minute"], counts["hour"]], zones, 0)
    days = _coarser([hours, counts["day"]], zones, 1)
    for grain, table in (("minute", counts["minute"]), ("hour", hours), ("day", days)):
        rows = [(*key, *values) for key, values in sorted(table.items(), key=_order)]
        connection.executemany(_ADD[grain], rows)
        emptied = [key for key, values in table.items() if values[0] <= 0]
        if emptied:
            connection.executemany(_DROP_EMPTY[grain], emptied)


def _coarser(tables: Sequence[Table], zones: Mapping[int, str], place: int) -> Table:
    """Sums by the hour (``place`` 0) or day (1) that each bucket falls into."""
    summed: Table = {}
    for table in tables:
        for (event, facet, value, bucket), values in table.items():
            key = event, facet, value, _hour_and_day(bucket // QUARTER, zones[event])[place]
            held = summed.get(key)
            if held is None:
                summed[key] = values.copy()
            else:
                for column, more in enumerate(values):
                    held[column] += more
    return summed


def _bump(table: Table, key: Key, column: int, sign: int) -> None:
    values = table.get(key)
    if values is None:
        table[key] = values = [0, 0, 0, 0, 0, 0]
    values[0] += sign
    values[column] += sign


@lru_cache(maxsize=65_536)
def _hour_and_day(quarter: int, zone: str) -> tuple[int, int]:
    place, at = ZoneInfo(zone), quarter * QUARTER
    return bucket_start(at, "hour", place), bucket_start(at, "day", place)


def _order(item: tuple[Key, Sequence[int]]) -> tuple[int, str, str, int]:
    event, facet, value, bucket = item[0]
    return event, facet, str(value), bucket


_ADD: dict[str, str] = {
    grain: (
        f"INSERT INTO rollup_{grain} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET posts = posts + excluded.posts,"
        " boosts = boosts + excluded.boosts, positive = positive + excluded.positive,"
        " neutral = neutral + excluded.neutral, negative = negative + excluded.negative,"
        " unknown = unknown + excluded.unknown"
    )
    for grain in GRAINS
}
_DROP_EMPTY: dict[str, str] = {
    grain: (
        f"DELETE FROM rollup_{grain} WHERE event_id = ? AND facet = ? AND value = ? AND bucket = ?"
        " AND posts = 0"
    )
    for grain in GRAINS
}
