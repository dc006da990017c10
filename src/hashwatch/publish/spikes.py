"""The spikes of an event, found in its rollups and written beside them with what drove each."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.enrich.emerging import find_emerging
from hashwatch.model import Event, Said, fold_hashtag
from hashwatch.queries.spikes import Spike, find_spikes, usual_by_minute

MOST_POSTS = 1_000
"""Posts of a spike that are looked at for its cause, from its beginning on."""
MOST_READ = 300
"""Posts of a spike that are read for its words, and half of those read of the time before."""
MOST_TERMS = 2


def write_spikes(
    connection: sqlite3.Connection, events: Sequence[Event], stirred: Iterable[int]
) -> None:
    """Finds the spikes of the events with the numbers ``stirred`` anew, in one transaction."""
    for number in sorted(stirred):
        event = events[number - 1]
        spikes = _spikes(connection, number, event)
        held = connection.execute(
            "SELECT * FROM spikes WHERE event_id = ? ORDER BY starts", (number,)
        ).fetchall()
        terms = {row[:-1]: row[-1] for row in held if row[-1]}
        rows = []
        for spike in spikes:
            row = _row(connection, number, event, spike)
            rows.append((*row, terms[row] if row in terms else _terms(connection, row, event)))
        if held == rows:
            continue
        connection.execute("DELETE FROM spikes WHERE event_id = ?", (number,))
        connection.executemany(f"INSERT INTO spikes VALUES ({', '.join('?' * 18)})", rows)


def forget_words(connection: sqlite3.Connection) -> None:
    """Drops what spikes' posts said, as some are taken out; they are looked at again."""
    connection.execute("UPDATE spikes SET terms = '' WHERE terms NOT IN ('', '[]')")


def _spikes(connection: sqlite3.Connection, number: int, event: Event) -> list[Spike]:
    counts: dict[str, dict[int, int]] = {
        grain: dict(
            connection.execute(
                f"SELECT bucket, posts FROM rollup_{grain}"
                " WHERE event_id = ? AND facet = 'all' AND value = ''",
                (number,),
            ).fetchall()
        )
        for grain in ("minute", "hour", "day")
    }
    zone = ZoneInfo(event.timezone)
    usual = usual_by_minute(counts["hour"], sorted(counts["day"]), event.starts, zone)
    return find_spikes(counts["minute"], usual)


def _row(
    connection: sqlite3.Connection, number: int, event: Event, spike: Spike
) -> tuple[Any, ...]:
    span = {
        "event": number, "start": spike.start, "end": spike.end,
        "low": spike.start << 20, "high": spike.end << 20, "most": MOST_POSTS,
    }  # fmt: skip
    own = {fold_hashtag(hashtag) for hashtag in event.hashtags}
    hashtags = Counter(
        {
            identity: posts
            for identity, name, posts in connection.execute(_HASHTAGS, span)
            if name not in own
        }
    )
    posts = connection.execute(_POSTS, span).fetchall()
    return (
        number, spike.start, spike.end, spike.posts, spike.peak, spike.peak_at, spike.usual,
        *_leading(_facet(connection, "session", span)),
        *_leading(_facet(connection, "theme", span)),
        *_leading(hashtags),
        *_leading(Counter(author for author, _ in posts)),
        *_leading(Counter(original for _, original in posts if original is not None)),
    )  # fmt: skip


def _terms(connection: sqlite3.Connection, row: Sequence[Any], event: Event) -> str:
    """What a spike's posts say that those before did not, as a JSON list of phrases.

    Looked for again when anything else of the spike is different.
    """
    number, start, end = row[:3]

    def said(low: int, high: int, most: int) -> list[Said]:
        span = {"event": number, "low": low << 20, "high": high << 20, "most": most}
        return [Said(*one) for one in connection.execute(_SAID, span)]

    themes = [phrase for theme in event.themes for phrase in (theme.name, *theme.terms)]
    covered = (event.title, *event.hashtags, *themes)
    found = find_emerging(said(start, end, MOST_READ), said(0, start, 2 * MOST_READ), covered)
    return msgspec.json.encode([one.phrase for one in found[:MOST_TERMS]]).decode()


def _facet(
    connection: sqlite3.Connection, facet: str, span: Mapping[str, Any]
) -> Mapping[int, int]:
    return dict(connection.execute(_FACET, {**span, "facet": facet}).fetchall())


def _leading(counted: Mapping[int, int]) -> tuple[int | None, int]:
    """The number counted most, the smaller of two alike, and its count."""
    if not counted:
        return None, 0
    identity = min(counted, key=lambda key: (-counted[key], key))
    return identity, counted[identity]


_FACET = """SELECT value, sum(posts) FROM rollup_minute INDEXED BY rollup_minute_top
WHERE event_id = :event AND facet = :facet AND bucket >= :start AND bucket < :end GROUP BY value"""
_POSTS = """SELECT author_id, folds_into FROM event_posts JOIN posts ON posts.id = post_id
WHERE event_id = :event AND post_id >= :low AND post_id < :high ORDER BY post_id LIMIT :most"""
_SAID = """SELECT author_id, text FROM event_posts JOIN posts ON posts.id = post_id
WHERE event_id = :event AND post_id >= :low AND post_id < :high AND kind <> 'boost'
ORDER BY post_id DESC LIMIT :most"""
_HASHTAGS = """SELECT hashtags.id, name, count(*)
FROM (SELECT post_id FROM event_posts
      WHERE event_id = :event AND post_id >= :low AND post_id < :high
      ORDER BY post_id LIMIT :most) AS here
JOIN post_hashtags ON post_hashtags.post_id = here.post_id
JOIN hashtags ON hashtags.id = hashtag_id GROUP BY hashtags.id"""
