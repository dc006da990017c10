"""What is used most: hashtags, people, links, languages."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from hashwatch.queries.buckets import day_start, next_bucket
from hashwatch.queries.counting import ALL, Counting
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import posts_href
from hashwatch.queries.languages import language_name
from hashwatch.queries.markup import plain_name, safe_url
from hashwatch.queries.ranges import range_parameters
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask

LENGTH = 8


def rankings(
    connection: sqlite3.Connection, event: Event, start: int, end: int, counting: Counting = ALL
) -> Data:
    """The lists of the whole days that ``[start, end)`` touches."""
    first = day_start(start, event.zone)
    last = next_bucket(day_start(end - 1, event.zone), "day", event.zone)
    days = {**range_parameters(event, first, last), **counting.filters}
    return {
        "hashtags": [
            {"name": name, "shown": shown, "posts": posts}
            | {"href": posts_href(event.slug, hashtag=name, **days)}
            for posts, name, shown in _named(connection, event, "hashtag", first, last, counting)
        ],
        "authors": [
            {"handle": handle, "name": plain_name(name) or handle, "posts": posts}
            | {"href": posts_href(event.slug, author=handle, **days)}
            for posts, handle, name in _named(connection, event, "author", first, last, counting)
        ],
        "links": [
            {"url": safe_url(url), "host": host, "posts": posts}
            | {"href": posts_href(event.slug, link=url, **days)}
            for posts, url, host in _named(connection, event, "link", first, last, counting)
        ],
        "languages": _languages(connection, event, first, last, days, counting),
    }


def _languages(
    connection: sqlite3.Connection,
    event: Event,
    first: int,
    last: int,
    days: dict[str, str],
    counting: Counting,
) -> list[Data]:
    rows = _top(connection, event, "language", first, last, 100, counting)
    total = sum(posts for _, posts in rows)
    return [
        {
            "code": code,
            "name": language_name(code),
            "posts": posts,
            "share": round(posts / total, 4),
            "href": posts_href(event.slug, language=code, **days),
        }
        for code, posts in rows[:LENGTH]
    ]


def _named(
    connection: sqlite3.Connection,
    event: Event,
    facet: str,
    first: int,
    last: int,
    counting: Counting,
) -> list[tuple[int, str, str]]:
    rows = _top(connection, event, facet, first, last, LENGTH, counting)
    wanted = {"ids": json.dumps([value for value, _ in rows])}
    names = {row[0]: row[1:] for row in ask(connection, f"names_{facet}s", wanted)}
    return [(posts, *names[value]) for value, posts in rows if value in names]


def _top(
    connection: sqlite3.Connection,
    event: Event,
    facet: str,
    first: int,
    last: int,
    limit: int,
    counting: Counting,
) -> list[tuple[Any, int]]:
    window = {"event": event.id, "facet": facet, "from": first, "to": last, "limit": limit}
    if not counting.hides_boosts and next_bucket(first, "day", event.zone) == last:
        return list(ask(connection, "top_of_day", window))  # in the order of an index
    return list(ask(connection, "top_of_days", {**window, **counting.bound}))
