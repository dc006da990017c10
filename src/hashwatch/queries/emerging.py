"""Emerging themes: what has come up in the last hour that no theme of the event covers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

import msgspec

from hashwatch.model import Emerging, Said
from hashwatch.queries.events import Event
from hashwatch.queries.filters import Filters
from hashwatch.queries.hrefs import posts_href
from hashwatch.queries.now import window
from hashwatch.queries.ranges import range_parameters
from hashwatch.queries.search import count_posts
from hashwatch.queries.selection import select
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask

MINUTES = 60
RECENT, BEFORE = 2_000, 4_000
"""Posts that are read, the newest: of the last hour, and of what came before them."""


class Heard(msgspec.Struct, frozen=True):
    """What was said in ``[start, end)`` and before it, and the phrases that are covered."""

    start: int
    end: int
    recent: list[Said]
    before: list[Said]
    covered: list[str]


def hear(connection: sqlite3.Connection, event: Event, now: int) -> Heard | None:
    """The originals of the last ``MINUTES`` and those before; None once the event is over.

    Covered are the event's title and hashtags, its themes with their terms, and its people.
    """
    if event.clock_mode == "over":
        return None
    start, end = window(now, MINUTES)
    covered = [event.title, *event.hashtags]
    for _, name, terms in ask(connection, "themes", {"event": event.id}):
        covered += [name, *json.loads(terms)]
    covered += [name for (name,) in ask(connection, "people", {"event": event.id})]
    return Heard(
        start,
        end,
        _said(connection, event, start << 20, end << 20, RECENT),
        _said(connection, event, -(1 << 62), start << 20, BEFORE),
        covered,
    )


def emerging_rows(
    connection: sqlite3.Connection, event: Event, heard: Heard, found: Iterable[Emerging]
) -> list[Data]:
    """What was ``found`` in what was ``heard``, each with a link.

    ``posts`` are those that the search behind ``href`` finds, ``times`` how many times the share
    of posts before it is, None for what nobody had used. ``toml`` makes it a theme.
    """
    span = range_parameters(event, heard.start, heard.end)
    rows = []
    for one in found:
        query = f'"{one.phrase}"'
        filters = Filters(q=query, kind="original", start=heard.start, end=heard.end)
        before = one.before / len(heard.before) if heard.before else 0.0
        rows.append(
            {
                "phrase": one.phrase,
                "posts": count_posts(connection, select(connection, event, filters)).posts,
                "href": posts_href(event.slug, q=query, kind="original", **span),
                "authors": one.authors,
                "before": one.before,
                "of": len(heard.recent),
                "of_before": len(heard.before),
                "times": round(one.posts / len(heard.recent) / before, 1) if before else None,
                "toml": f"[[event.theme]]\nname = {_toml(one.phrase.capitalize())}\n"
                f"terms = [{_toml(one.phrase)}]",
            }
        )
    return rows


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _said(
    connection: sqlite3.Connection, event: Event, low: int, high: int, limit: int
) -> list[Said]:
    bounds = {"event": event.id, "low": low, "high": high, "limit": limit}
    return [Said(*row) for row in ask(connection, "said", bounds)]
