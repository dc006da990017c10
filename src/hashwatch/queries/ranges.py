"""Which stretch of time a page shows, and in what steps."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.errors import FilterError
from hashwatch.queries.buckets import (
    GRAINS,
    SECONDS,
    Grain,
    bucket_start,
    day_start,
    local_parameter,
    next_bucket,
)
from hashwatch.queries.events import Event
from hashwatch.queries.filters import parse_range
from hashwatch.queries.statements import ask
from hashwatch.wording import say

MAX_POINTS = 1500
RECENT = 3 * 3600


class Range(msgspec.Struct, frozen=True):
    """``[start, end)`` in whole buckets of ``grain``; ``zoomed`` when the reader chose it."""

    grain: Grain
    start: int
    end: int
    zoomed: bool

    def parameters(self, event: Event) -> dict[str, str]:
        """The range as ``from`` and ``to`` of the posts page."""
        return range_parameters(event, self.start, self.end)


def range_parameters(event: Event, start: int, end: int) -> dict[str, str]:
    """``[start, end)``, whole minutes, as ``from`` and ``to``, both inclusive."""
    first, last = _range_words(start, end, event.zone)
    return {"from_": first, "to": last}


@lru_cache(maxsize=16384)
def _range_words(start: int, end: int, zone: ZoneInfo) -> tuple[str, str]:
    first, last = local_parameter(start, zone), local_parameter(end - 60, zone)
    whole_days = start == day_start(start, zone) and end == day_start(end, zone)
    if whole_days and not first.endswith("Z") and not last.endswith("Z"):
        return first[:10], last[:10]
    return first, last


def chosen_range(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str], now: int
) -> Range:
    """What ``grain``, ``from`` and ``to`` ask for; without them the last three hours by minute
    while the event goes on, and its days by hour once it is over.
    """
    grain = params.get("grain", "").strip().lower()
    if grain and grain not in GRAINS:
        raise FilterError(
            "grain",
            say("“%(grain)s” is not one of %(grains)s", grain=grain, grains=", ".join(GRAINS)),
        )
    from_, to = params.get("from", "").strip(), params.get("to", "").strip()
    start, end = parse_range(from_, to, event.zone)
    zoomed = start is not None or end is not None
    over = event.clock_mode == "over"
    chosen: Grain | None = grain or None
    if chosen is None and not zoomed:
        chosen = "hour" if over else "minute"
    first, last = whole_event(connection, event, now)
    if end is None:
        end = now + 60 if start is None or start < now else start + RECENT
        if over and start is None:
            end = last
    if start is None:
        start = end - RECENT if chosen == "minute" else min(first, end - RECENT)
    chosen = chosen or finest(start, end)
    if (end - start) / SECONDS[chosen] > MAX_POINTS:
        if grain:
            problem = f"more than {MAX_POINTS} points from {from_ or 'the start'}: take a wider one"
            raise FilterError("grain", problem)
        chosen = finest(start, end)
    return whole_buckets(event, chosen, start, end, zoomed)


def whole_event(connection: sqlite3.Connection, event: Event, now: int) -> tuple[int, int]:
    """From the event's first day, or that of its first post if it is earlier, to now, the event's
    end or the last day with posts.
    """
    days = ask(connection, "busy_days", {"event": event.id})
    first = min([event.starts] + [bucket for bucket, _ in days])
    last = max([event.starts] + [next_bucket(bucket, "day", event.zone) for bucket, _ in days])
    return first, max(last, min(event.ends, now + 60))


def finest(start: int, end: int) -> Grain:
    """The finest grain that keeps ``[start, end)`` under `MAX_POINTS`."""
    for grain in GRAINS:
        if (end - start) / SECONDS[grain] <= MAX_POINTS:
            return grain
    return "day"


def whole_buckets(event: Event, grain: Grain, start: int, end: int, zoomed: bool) -> Range:
    """The range widened to whole buckets; never more than ten years."""
    first = bucket_start(start, grain, event.zone)
    last = bucket_start(end - 1, grain, event.zone)
    if last - first > 10 * 366 * 86400:
        raise FilterError("from", say("more than ten years"))
    return Range(grain, first, next_bucket(last, grain, event.zone), zoomed)
