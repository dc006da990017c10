"""The last minutes against the usual.

A window of n minutes is the minute that runs and the n − 1 before it, so that a figure is the sum
of whole buckets and its link finds exactly those posts. The usual is taken for the time of it that
has passed: the mean of the same hour on the event's earlier days that hold posts, or of the last
24 hours while there is no such day.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

import msgspec

from hashwatch.queries.buckets import bucket_start, day_start
from hashwatch.queries.counting import ALL, Counting
from hashwatch.queries.events import Event
from hashwatch.queries.gaps import find_gaps
from hashwatch.queries.hrefs import posts_href
from hashwatch.queries.ranges import range_parameters
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask

FEWEST_MOVING = 6
"""Under so many posts in a half hour nothing is said to rise or fall."""
VARIANCE = 2.0
"""Variance over mean of posts a minute at real conferences."""
SURPRISE = 1.64
"""Standard deviations between two half hours: one in twenty is so far apart by chance."""


class Usual(msgspec.Struct, frozen=True):
    """Posts a minute by facet and value; nothing is usual where nothing came before."""

    per_minute: dict[tuple[str, Any], float]

    def posts(self, facet: str, value: Any, now: int, minutes: int) -> float | None:
        """The usual number in a window of ``minutes`` up to ``now``; None when none came before."""
        rate = self.per_minute.get((facet, value))
        return None if not rate else rate * (minutes - 1 + (now % 60 + 1) / 60)

    def ratio(self, facet: str, value: Any, posts: int, now: int, minutes: int) -> float | None:
        """How many times the usual ``posts`` are; None when nothing is usual."""
        usual = self.posts(facet, value, now, minutes)
        return None if usual is None else round(posts / usual, 2)


def usual_rates(
    connection: sqlite3.Connection, event: Event, now: int, counting: Counting = ALL
) -> Usual:
    """What is usual at this hour."""
    rates = _rates(connection, event, _same_hour(connection, event, now), counting)
    if ("all", "") not in rates:
        this_hour = bucket_start(now, "hour", event.zone)
        last_day = [this_hour - 3600 * back for back in range(1, 25)]
        rates = _rates(connection, event, last_day, counting)
    return Usual(rates)


def window(now: int, minutes: int) -> tuple[int, int]:
    """``[start, end)`` of the window of ``minutes`` that ends with the minute of ``now``."""
    end = now - now % 60 + 60
    return end - 60 * minutes, end


def last_minutes(
    connection: sqlite3.Connection,
    event: Event,
    now: int,
    usual: Usual,
    minutes: int,
    counting: Counting = ALL,
) -> Data:
    """Posts in a window against the usual number; ``gap`` where some of it was not collected."""
    start, end = window(now, minutes)
    bounds = {"event": event.id, "facet": "all", "value": "", "from": start, "to": end}
    posts = counting.sums(ask(connection, "window", bounds)[0])[0]
    baseline = usual.posts("all", "", now, minutes)
    return {
        "posts": posts,
        "baseline": None if baseline is None else round(baseline, 1),
        "ratio": usual.ratio("all", "", posts, now, minutes),
        "gap": bool(find_gaps(connection, event, start, end, unfilled=True)),
        "href": posts_href(event.slug, **range_parameters(event, start, end), **counting.filters),
    }


def recent_by_theme(
    connection: sqlite3.Connection, event: Event, now: int, counting: Counting = ALL
) -> dict[int, int]:
    """Posts of each theme in the last 30 minutes."""
    start, end = window(now, 30)
    bounds = {"event": event.id, "facet": "theme", "from": start, "to": end, **counting.bound}
    return dict(ask(connection, "facet_window", bounds))


def moves(recent: int, before: int) -> str:
    """How a half hour compares with the one before: ``up`` or ``down`` by more than chance brings,
    else empty. Pure.
    """
    if max(recent, before) < FEWEST_MOVING:
        return ""
    surprise = abs(recent - before) / sqrt(VARIANCE * (recent + before))
    return "" if surprise < SURPRISE else "up" if recent > before else "down"


def _same_hour(connection: sqlite3.Connection, event: Event, now: int) -> list[int]:
    """The beginnings of this hour on the event's earlier days that hold posts."""
    today = day_start(now, event.zone)
    local = datetime.fromtimestamp(now, event.zone).replace(minute=0, second=0, fold=0)
    hours = []
    for day, posts in ask(connection, "busy_days", {"event": event.id}):
        if event.starts <= day < today and posts:
            back = round((today - day) / 86400)
            hours.append(int((local - timedelta(days=back)).timestamp()))
    return hours


def _rates(
    connection: sqlite3.Connection, event: Event, hours: list[int], counting: Counting
) -> dict[tuple[str, Any], float]:
    if not hours:
        return {}
    wanted = {"event": event.id, "buckets": json.dumps(hours), **counting.bound}
    minutes = 60 * len(hours)
    return {
        (facet, value): posts / minutes
        for facet, value, posts in ask(connection, "usual", wanted)
        if posts
    }
