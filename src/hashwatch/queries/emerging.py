"""Emerging themes: what has come up in the last hour that no theme of the event covers."""

from __future__ import annotations

import json
import sqlite3

from hashwatch.enrich.emerging import Said, find_emerging
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


def emerging_themes(connection: sqlite3.Connection, event: Event, now: int) -> list[Data]:
    """Phrases with their posts of the last ``MINUTES``; none once the event is over.

    ``posts`` are those that the search behind ``href`` finds, ``times`` how many times the share
    of posts before it is, None for what nobody had used. ``toml`` makes it a theme.
    """
    if event.clock_mode == "over":
        return []
    start, end = window(now, MINUTES)
    recent = _said(connection, event, start << 20, end << 20, RECENT)
    before = _said(connection, event, -(1 << 62), start << 20, BEFORE)
    covered = [event.title, *event.hashtags]
    for _, name, terms in ask(connection, "themes", {"event": event.id}):
        covered += [name, *json.loads(terms)]
    covered += [name for (name,) in ask(connection, "people", {"event": event.id})]
    span = range_parameters(event, start, end)
    found = []
    for one in find_emerging(recent, before, covered):
        query = f'"{one.phrase}"'
        filters = Filters(q=query, kind="original", start=start, end=end)
        posts = count_posts(connection, select(connection, event, filters)).posts
        share_before = one.before / len(before) if before else 0.0
        found.append(
            {
                "phrase": one.phrase,
                "posts": posts,
                "href": posts_href(event.slug, q=query, kind="original", **span),
                "authors": one.authors,
                "before": one.before,
                "of": len(recent),
                "of_before": len(before),
                "times": round(one.posts / len(recent) / share_before, 1) if share_before else None,
                "toml": f"[[event.theme]]\nname = {json.dumps(one.phrase.capitalize())}\n"
                f"terms = [{json.dumps(one.phrase, ensure_ascii=False)}]",
            }
        )
    return found


def _said(
    connection: sqlite3.Connection, event: Event, low: int, high: int, limit: int
) -> list[Said]:
    bounds = {"event": event.id, "low": low, "high": high, "limit": limit}
    return [Said(*row) for row in ask(connection, "said", bounds)]
