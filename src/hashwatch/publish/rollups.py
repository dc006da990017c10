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
Counts = dict[Grain, dict[Key, list[int]]]

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


def count(
    counts: Counts, entries: Iterable[Entry], zones: Mapping[int, str], sign: int = 1
) -> None:
    """Adds entries to ``counts`` (or, with ``sign`` −1, takes them out)."""
    minutes, hours, days = counts["minute"], counts["hour"], counts["day"]
    for entry in entries:
        event, column = entry.event_id, entry.column
        minute = entry.at - entry.at % 60
        hour, day = _hour_and_day(entry.at // 900, zones[event])
        everywhere: list[tuple[str, object]] = [("all", ""), ("source", entry.source)]
        everywhere += [("theme", theme) for theme in entry.themes]
        everywhere += [("session", session) for session in entry.sessions]
        hourly: list[tuple[str, object]] = [("language", entry.language)]
        hourly += [("hashtag", hashtag) for hashtag in entry.hashtags]
        daily: list[tuple[str, object]] = [("author", entry.author_id)]
        daily += [("link", link) for link in entry.links]
        for facet, value in everywhere:
            _bump(minutes, (event, facet, value, minute), column, sign)
            _bump(hours, (event, facet, value, hour), column, sign)
            _bump(days, (event, facet, value, day), column, sign)
        for facet, value in hourly:
            _bump(hours, (event, facet, value, hour), column, sign)
            _bump(days, (event, facet, value, day), column, sign)
        for facet, value in daily:
            _bump(days, (event, facet, value, day), column, sign)


def nothing() -> Counts:
    """Counts with nothing in them."""
    return {"minute": {}, "hour": {}, "day": {}}


def add(connection: sqlite3.Connection, counts: Counts) -> None:
    """Writes what was counted into the rollup tables, and drops rows that came to nothing."""
    for grain in GRAINS:
        rows = [(*key, *values) for key, values in sorted(counts[grain].items(), key=_order)]
        connection.executemany(_ADD[grain], rows)
        emptied = [key for key, values in counts[grain].items() if values[0] < 0]
        if emptied:
            connection.executemany(_DROP_EMPTY[grain], emptied)


def _bump(table: dict[Key, list[int]], key: Key, column: int, sign: int) -> None:
    values = table.get(key)
    if values is None:
        table[key] = values = [0, 0, 0, 0, 0, 0]
    values[0] += sign
    values[column] += sign


@lru_cache(maxsize=65_536)
def _hour_and_day(quarter: int, zone: str) -> tuple[int, int]:
    """Every zone's offset is a multiple of 15 minutes, so the quarter decides."""
    place = ZoneInfo(zone)
    return bucket_start(quarter * 900, "hour", place), bucket_start(quarter * 900, "day", place)


def _order(item: tuple[Key, Sequence[int]]) -> tuple[int, str, str, int]:
    event, facet, value, bucket = item[0]
    return event, facet, str(value), bucket


_ADD = {
    grain: (
        f"INSERT INTO rollup_{grain} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET posts = posts + excluded.posts,"
        " boosts = boosts + excluded.boosts, positive = positive + excluded.positive,"
        " neutral = neutral + excluded.neutral, negative = negative + excluded.negative,"
        " unknown = unknown + excluded.unknown"
    )
    for grain in GRAINS
}
_DROP_EMPTY = {
    grain: (
        f"DELETE FROM rollup_{grain} WHERE event_id = ? AND facet = ? AND value = ? AND bucket = ?"
        " AND posts = 0"
    )
    for grain in GRAINS
}
