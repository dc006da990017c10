"""What is happening, in one sentence made of figures, each a link."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from hashwatch.queries.buckets import local_day, next_bucket
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import event_href, posts_href, session_href
from hashwatch.queries.now import window
from hashwatch.queries.ranges import range_parameters
from hashwatch.queries.shapes import Data, SessionRow, ThemeRow
from hashwatch.queries.statements import ask

MOSTLY = 0.3
"""From this share of the posts on they are mostly about a theme."""
FEWEST = 3
"""A theme of fewer posts is not worth naming."""


def sentence(
    connection: sqlite3.Connection,
    event: Event,
    now: int,
    current: Data,
    themes: Sequence[ThemeRow],
    recent: Mapping[int, int],
    on_stage: Sequence[SessionRow],
    spikes: Sequence[Data] = (),
    waiting: int = 0,
) -> list[Data]:
    """The parts of the sentence: ``text``, and ``href`` where it is a link.

    ``current`` are the overview's figures, ``recent`` the last half hour's posts by theme,
    ``spikes`` those of `spike_rows`; one that lasts is said. ``waiting`` are questions.
    """
    if event.clock_mode == "over":
        return _looking_back(connection, event, current["total"], themes)
    half_hour = current["last_30"]
    parts = [
        _part(_count(half_hour["posts"], "post"), half_hour["href"]),
        _part(f" in the last 30 minutes{_against_usual(half_hour['ratio'])}"),
    ]
    leading = ""
    if recent and max(recent.values()) >= FEWEST:
        identity = max(recent, key=lambda theme: recent[theme])
        names = {row[0]: row[1] for row in ask(connection, "themes", {"event": event.id})}
        leading = names[identity]
        span = range_parameters(event, *window(now, 30))
        href = posts_href(event.slug, theme=leading, **span)
        parts += _about(leading, recent[identity], half_hour["posts"], href)
    if on_stage:
        first = on_stage[0]
        if leading and first["theme"] == leading:
            parts.append(_part(", on stage now"))
        else:
            parts.append(_part("; on stage: "))
            parts.append(_part(first["title"], session_href(event.slug, first["code"])))
    for spike in spikes[-1:]:
        if spike["to"] is None:
            parts.append(_part(f"; a spike {spike['local']}: "))
            parts.append(_part(f"{spike['peak']:,} in five minutes", spike["peak_href"]))
    if waiting:
        parts.append(_part("; "))
        words = "question waits" if waiting == 1 else "questions wait"
        parts.append(_part(f"{waiting:,} {words}", event_href(event.slug, "questions")))
    return [*parts, _part(".")]


def _looking_back(
    connection: sqlite3.Connection, event: Event, total: Data, themes: Sequence[ThemeRow]
) -> list[Data]:
    parts = [
        _part(_count(total["posts"], "post"), total["href"]),
        _part(f" by {_count(total['authors'], 'person', 'people')}"),
    ]
    days = ask(connection, "busy_days", {"event": event.id})
    if days:
        day, posts = max(days, key=lambda row: row[1])
        span = range_parameters(event, day, next_bucket(day, "day", event.zone))
        parts.append(_part("; most on "))
        parts.append(_part(local_day(day, event.zone), posts_href(event.slug, **span)))
        parts.append(_part(f" ({posts:,})"))
    if themes and themes[0]["posts"] >= FEWEST:
        first = themes[0]
        parts += _about(first["name"], first["posts"], total["posts"], first["href"])
    return [*parts, _part(".")]


def _about(theme: str, used: int, posts: int, href: str) -> list[Data]:
    """``mostly`` is said only where it is so; else how many posts the leading theme has."""
    if used >= MOSTLY * posts:
        return [_part("; mostly about "), _part(theme, href)]
    return [_part("; "), _part(f"{used:,} about {theme}", href)]


def _against_usual(ratio: float | None) -> str:
    if ratio is None:
        return ""
    if 0.85 <= ratio <= 1.15:
        return ", about the usual"
    if 1.85 <= ratio <= 2.15:
        return ", twice the usual"
    if 0.45 <= ratio <= 0.55:
        return ", half the usual"
    return f", {ratio:.1f} times the usual" if ratio < 10 else f", {ratio:.0f} times the usual"


def _count(value: int, one: str, many: str | None = None) -> str:
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def _part(text: str, href: str | None = None) -> Data:
    return {"text": text, "href": href}
