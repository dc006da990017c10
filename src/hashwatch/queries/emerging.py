"""Emerging themes: what has come up in the last hour that no theme of the event covers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from hashwatch.model import Said, Theme
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
NAMED = 5
"""So many are named where they stand in a line."""


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


def emerging_rows(connection: sqlite3.Connection, event: Event) -> list[Data]:
    """What emerges, as the publisher saw it last, each with a link.

    ``posts`` are those that the search behind ``href`` finds, ``times`` how many times the share
    of posts before it is, None for what nobody had used. ``toml`` makes it a theme.
    """
    rows = []
    for start, end, phrase, found, authors, before, of_posts, of_before in _found(
        connection, event
    ):
        filters = Filters(q=_query(phrase), kind="original", start=start, end=end)
        usual = before / of_before if of_before else 0.0
        theme = theme_of(phrase)
        rows.append(
            {
                "phrase": phrase,
                "posts": count_posts(connection, select(connection, event, filters)).posts,
                "href": _href(event, phrase, start, end),
                "authors": authors,
                "before": before,
                "of": of_posts,
                "of_before": of_before,
                "times": round(found / of_posts / usual, 1) if usual else None,
                "name": theme.name,
                "toml": theme_toml([theme]),
            }
        )
    return rows


def emerging_links(connection: sqlite3.Connection, event: Event) -> list[Data]:
    """The first of what emerges, by name, with the search that finds it."""
    return [
        {"phrase": phrase, "href": _href(event, phrase, start, end)}
        for start, end, phrase, *_ in _found(connection, event)[:NAMED]
    ]


def theme_of(phrase: str) -> Theme:
    """The theme that a phrase would make."""
    return Theme(phrase[:1].upper() + phrase[1:], (phrase,))


def theme_toml(themes: Iterable[Theme]) -> str:
    """Themes as they are written in the configuration."""
    return "\n\n".join(
        f"[[event.theme]]\nname = {_toml(theme.name)}\n"
        f"terms = [{', '.join(map(_toml, theme.terms))}]"
        for theme in themes
    )


def _found(connection: sqlite3.Connection, event: Event) -> list[tuple[Any, ...]]:
    if event.clock_mode == "over":
        return []
    return ask(connection, "emerging", {"event": event.id})


def _href(event: Event, phrase: str, start: int, end: int) -> str:
    span = range_parameters(event, start, end)
    return posts_href(event.slug, q=_query(phrase), kind="original", **span)


def _query(phrase: str) -> str:
    return f'"{phrase}"'


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _said(
    connection: sqlite3.Connection, event: Event, low: int, high: int, limit: int
) -> list[Said]:
    bounds = {"event": event.id, "low": low, "high": high, "limit": limit}
    return [Said(*row) for row in ask(connection, "said", bounds)]
