"""How late posts come in, counted by place and hour. Pure but for `add_lags`."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from hashwatch.queries.lag import DAY, LAGS

Key = tuple[str, str, int, int]
"""Source, instance, hour of collection (Unix seconds, UTC), and a bound of `LAGS`."""


def lag_keys(posts: Iterable[tuple[str, str, int, int]]) -> list[Key]:
    """What posts, each ``(source, instance, created_at, collected_at)``, add to the counts.

    Nothing for one that was a day old: back-fill, imports and replays say nothing of lag.
    """
    return [
        (source, instance, collected - collected % 3600, LAGS[bisect_left(LAGS, collected - at)])
        for source, instance, at, collected in posts
        if collected - at <= DAY
    ]


def add_lags(connection: sqlite3.Connection, lags: Counter[Key]) -> None:
    """Writes what was counted, and drops what came to nothing."""
    connection.executemany(
        "INSERT INTO lag_hour VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET posts = posts + excluded.posts",
        [(*key, posts) for key, posts in sorted(lags.items()) if posts],
    )
    connection.executemany(
        "DELETE FROM lag_hour WHERE source = ? AND instance = ? AND bucket = ? AND lag = ?"
        " AND posts = 0",
        [key for key, posts in lags.items() if posts < 0],
    )
