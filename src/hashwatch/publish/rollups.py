"""Counts by minute, hour and day: what a post adds to them, and adding it up. Pure but for `add`.

A post that changes is taken out as it was and put in as it is, so rollups always equal what a
count over the posts would give.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
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
    groups: tuple[str, ...] = ()


def count(counts: Counts, entries: Iterable[Entry], sign: int = 1) -> None:
    """Adds entries to ``counts`` (or, with ``sign`` −1, takes them out).

    Each facet is counted in its finest grain only; `add` sums up the coarser ones. Entries that
    agree are counted together first: at a conference most do, in a minute and in their hashtags.
    """
    entries = list(entries)
    minutes, quarters, days = counts["minute"], counts["hour"], counts["day"]
    for (event, column, at, source, language, themes, sessions), posts in Counter(
        [
            (one.event_id, one.column, one.at // 60, one.source, one.language, one.themes,
             one.sessions)
            for one in entries
        ]
    ).items():  # fmt: skip
        posts *= sign
        minute = at * 60
        _bump(minutes, (event, "all", "", minute), column, posts)
        _bump(minutes, (event, "source", source, minute), column, posts)
        for theme in themes:
            _bump(minutes, (event, "theme", theme, minute), column, posts)
        for session in sessions:
            _bump(minutes, (event, "session", session, minute), column, posts)
        quarter = minute - minute % QUARTER
        _bump(quarters, (event, "language", language, quarter), column, posts)
    for (event, column, at, hashtags), posts in Counter(
        [(one.event_id, one.column, one.at // QUARTER, one.hashtags) for one in entries]
    ).items():
        for hashtag in hashtags:
            _bump(quarters, (event, "hashtag", hashtag, at * QUARTER), column, posts * sign)
    for one in entries:
        if one.groups:
            event, column, quarter = one.event_id, one.column, one.at - one.at % QUARTER
            _bump(quarters, (event, "inside", "", quarter), column, sign)
            for theme in one.themes:
                _bump(quarters, (event, "inside theme", theme, quarter), column, sign)
            for group in one.groups:
                _bump(quarters, (event, "group", group, quarter), column, sign)
    for (event, column, at, author), posts in Counter(
        [(one.event_id, one.column, one.at // QUARTER, one.author_id) for one in entries]
    ).items():
        _bump(days, (event, "author", author, at * QUARTER), column, posts * sign)
    for one in entries:
        for link in one.links:
            quarter = one.at - one.at % QUARTER
            _bump(days, (one.event_id, "link", link, quarter), one.column, sign)


def count_copies(counts: Counts, entries: Iterable[Entry], sign: int = 1) -> None:
    """Adds posts that are shown under another of the same message, or takes them out."""
    minutes = counts["minute"]
    for one in entries:
        event, column, minute = one.event_id, one.column, one.at - one.at % 60
        _bump(minutes, (event, "copy", "", minute), column, sign)
        for theme in one.themes:
            _bump(minutes, (event, "copy theme", theme, minute), column, sign)
        for session in one.sessions:
            _bump(minutes, (event, "copy session", session, minute), column, sign)


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


def _bump(table: Table, key: Key, column: int, posts: int) -> None:
    values = table.get(key)
    if values is None:
        table[key] = values = [0, 0, 0, 0, 0, 0]
    values[0] += posts
    values[column] += posts


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
