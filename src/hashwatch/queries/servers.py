"""What each server that is asked adds, and which others the authors are at home on."""

from __future__ import annotations

import sqlite3
from collections import Counter
from time import monotonic

from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import posts_href
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask

LONG_SECONDS = 0.025
REMEMBERED_SECONDS = 10.0
_remembered: dict[tuple[str, int], tuple[float, list[tuple[str, int, int]]]] = {}
"""By file and event: when homes that take long to find were asked for, and they."""


def servers_of(connection: sqlite3.Connection, event: Event, places: list[Data]) -> list[Data]:
    """Servers of the sources that ask several: what each had, and what only it had.

    ``share`` and ``only_share`` are those of all the event's posts.
    """
    counts = {
        instance: (posts, only)
        for instance, posts, only in ask(connection, "server_posts", {"event": event.id})
    }
    known = [place for place in places if place["instance"]]
    several = Counter(place["source"] for place in known)
    total = _all_posts(connection, event)
    servers = []
    for place in known:
        source, instance = place["source"], place["instance"]
        posts, only = counts.get(instance, (0, 0))
        if several[source] < 2 or not total:
            continue
        servers.append(
            {
                "source": source,
                "instance": instance,
                "posts": posts,
                "share": posts / total,
                "href": posts_href(event.slug, instance=instance),
                "only": only,
                "only_share": only / total,
                "only_href": posts_href(event.slug, only_on=instance),
            }
        )
    return sorted(servers, key=lambda one: (one["source"], -one["only"], -one["posts"]))


def homes_of(connection: sqlite3.Connection, event: Event, places: list[Data]) -> list[Data]:
    """Where the authors are at home; ``is_asked`` says whether that server is itself a place."""
    asked = {place["instance"] for place in places}
    return [
        {
            "host": home,
            "posts": posts,
            "authors": authors,
            "is_asked": home in asked,
            "href": posts_href(event.slug, home=home),
        }
        for home, posts, authors in _homes(connection, event)
    ]


def _homes(connection: sqlite3.Connection, event: Event) -> list[tuple[str, int, int]]:
    """Homes, posts, authors. What takes long, as there are very many authors, is asked every ten
    seconds only: the page is asked for anew at each change.
    """
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    asked_at, homes = _remembered.get((path, event.id), (float("-inf"), []))
    begun = monotonic()
    if begun < asked_at + REMEMBERED_SECONDS:
        return homes
    homes = list(ask(connection, "author_homes", {"event": event.id}))
    _remembered.pop((path, event.id), None)
    if path and monotonic() - begun > LONG_SECONDS:
        _remembered[path, event.id] = begun, homes
    return homes


def _all_posts(connection: sqlite3.Connection, event: Event) -> int:
    window = {"event": event.id, "facet": "all", "from": 0, "to": 1 << 40}
    return sum(row[1] for row in ask(connection, "facet_totals", window))
