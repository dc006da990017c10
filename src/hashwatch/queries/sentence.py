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
from hashwatch.wording import fixed, number, plural, say

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
        _part(plural(half_hour["posts"], "%(count)s post", "%(count)s posts"), half_hour["href"]),
        _part(say(" in the last 30 minutes") + _against_usual(half_hour["ratio"])),
    ]
    if half_hour["gap"]:
        parts += [
            _part(say(", with ")),
            _part(say("a gap"), event_href(event.slug, "coverage")),
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
            parts.append(_part(say(", on stage now")))
        else:
            parts.append(_part(say("; on stage: ")))
            parts.append(_part(first["title"], session_href(event.slug, first["code"])))
    for spike in spikes[-1:]:
        if spike["to"] is None:
            parts.append(_part(say("; a spike %(time)s: ", time=spike["local"])))
            parts.append(
                _part(
                    say("%(count)s in five minutes", count=number(spike["peak"])),
                    spike["peak_href"],
                )
            )
    if waiting:
        parts.append(_part(say("; ")))
        words = plural(waiting, "%(count)s question waits", "%(count)s questions wait")
        parts.append(_part(words, event_href(event.slug, "questions")))
    return [*parts, _part(".")]


def _looking_back(
    connection: sqlite3.Connection, event: Event, total: Data, themes: Sequence[ThemeRow]
) -> list[Data]:
    parts = [
        _part(plural(total["posts"], "%(count)s post", "%(count)s posts"), total["href"]),
        _part(plural(total["authors"], " by %(count)s person", " by %(count)s people")),
    ]
    days = ask(connection, "busy_days", {"event": event.id})
    if days:
        day, posts = max(days, key=lambda row: row[1])
        span = range_parameters(event, day, next_bucket(day, "day", event.zone))
        parts.append(_part(say("; most on ")))
        parts.append(_part(local_day(day, event.zone), posts_href(event.slug, **span)))
        parts.append(_part(f" ({number(posts)})"))
    if themes and themes[0]["posts"] >= FEWEST:
        first = themes[0]
        parts += _about(first["name"], first["posts"], total["posts"], first["href"])
    return [*parts, _part(".")]


def _about(theme: str, used: int, posts: int, href: str) -> list[Data]:
    """``mostly`` is said only where it is so; else how many posts the leading theme has."""
    if used >= MOSTLY * posts:
        return [_part(say("; mostly about ")), _part(theme, href)]
    return [
        _part(say("; ")),
        _part(say("%(count)s about %(theme)s", count=number(used), theme=theme), href),
    ]


def _against_usual(ratio: float | None) -> str:
    if ratio is None:
        return ""
    if 0.85 <= ratio <= 1.15:
        return say(", about the usual")
    if 1.85 <= ratio <= 2.15:
        return say(", twice the usual")
    if 0.45 <= ratio <= 0.55:
        return say(", half the usual")
    return say(", %(times)s times the usual", times=fixed(ratio, 1 if ratio < 10 else 0))


def _part(text: str, href: str | None = None) -> Data:
    return {"text": text, "href": href}
