"""The first page: a card for each event."""

from __future__ import annotations

import sqlite3

from hashwatch.queries.authors import count_authors
from hashwatch.queries.buckets import to_iso
from hashwatch.queries.events import (
    Event,
    age_seconds,
    event_facts,
    has_invented,
    list_events,
    published,
    source_lamps,
)
from hashwatch.queries.hrefs import posts_href
from hashwatch.queries.now import window
from hashwatch.queries.ranges import range_parameters
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask


def events_page(connection: sqlite3.Connection, wall: float) -> Data:
    """Everything on the first page."""
    version, published_at = published(connection)
    age = age_seconds(published_at, wall)
    return {
        "events": [_card(connection, event, wall, age) for event in list_events(connection)],
        "built_at": to_iso(published_at) if published_at is not None else None,
        "age_seconds": age,
        "version": version,
    }


def _card(connection: sqlite3.Connection, event: Event, wall: float, age: int | None) -> Data:
    posts, boosts, _, _ = ask(connection, "event_totals", {"event": event.id})[0]
    return {
        **event_facts(event, wall),
        "posts": posts,
        "boosts": boosts,
        "authors": count_authors(connection, event, posts),
        "sessions": len(ask(connection, "session_ids", {"event": event.id})),
        "last_30": _last_half_hour(connection, event, event.now(wall)),
        "age_seconds": age,
        "invented": has_invented(connection, event),
        "sources": source_lamps(connection, event, wall),
    }


def _last_half_hour(connection: sqlite3.Connection, event: Event, now: int) -> Data | None:
    if event.clock_mode == "over":
        return None
    start, end = window(now, 30)
    bounds = {"event": event.id, "facet": "all", "value": "", "from": start, "to": end}
    posts = ask(connection, "window", bounds)[0][0]
    return {
        "value": posts,
        "href": posts_href(event.slug, **range_parameters(event, start, end)),
    }
