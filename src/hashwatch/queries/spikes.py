"""When far more is posted than usual: pure decisions over counts by minute and hour.

A spike is five minutes with at least 15 posts and at least four times the usual, more than chance
brings. The usual is the mean of the same hour on the event's earlier days that hold posts, of the
last 24 hours while there is no such day; between the middles of two hours it runs straight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.queries.buckets import bucket_start, day_start

WINDOW = 5
"""Minutes that are counted together."""
FEWEST = 15
"""Posts in a window, at least."""
TIMES = 4.0
"""Times the usual, at least."""
VARIANCE = 3.4
"""Variance over mean of posts a minute: the upper end of what real conferences show (2 to 3.4)."""
SURPRISE = 6.0
"""Standard deviations above the usual, at least. A week has 10,000 windows to be wrong in."""
CALM = 2.0
"""A spike is over when posts have been under this many times the usual …"""
QUIET = 5
"""… for so many minutes."""
COOL_DOWN = 10
"""Minutes after its end in which what rises again is the same spike."""


class Spike(msgspec.Struct, frozen=True):
    """``[start, end)`` in Unix seconds, whole minutes.

    ``posts`` are all in that time, ``peak`` the most in five minutes, which end at ``peak_at``;
    ``usual`` is what five minutes bring then, 0 where nothing came before.
    """

    start: int
    end: int
    posts: int
    peak: int
    peak_at: int
    usual: float


Usual = Callable[[int], float]
"""The usual number of posts in the minute that begins at a moment."""


def find_spikes(minutes: Mapping[int, int], usual: Usual) -> list[Spike]:
    """The spikes in ``minutes`` (posts by the minute's beginning; empty minutes may be left out).

    The same minutes always give the same spikes; later minutes never move an earlier beginning.
    """
    if not minutes:
        return []
    found: list[Spike] = []
    start: int | None = None
    quiet = posts = 0
    for minute in range(min(minutes), max(minutes) + 60 * (WINDOW + QUIET), 60):
        posts += minutes.get(minute, 0) - minutes.get(minute - 60 * WINDOW, 0)
        if start is None:
            if posts >= FEWEST and is_spike(posts, WINDOW * usual(minute)):
                start, quiet = minute, 0
        elif posts >= max(FEWEST / 2, CALM * WINDOW * usual(minute)):
            quiet = 0
        else:
            quiet += 1
            if quiet >= QUIET:
                _add(found, start, minute - 60 * (QUIET - 1), minutes, usual)
                start = None
    if start is not None:
        _add(found, start, max(minutes) + 60, minutes, usual)
    return found


def is_spike(posts: int, usual: float) -> bool:
    """Whether ``posts`` in a window where ``usual`` are expected are a spike."""
    by_chance = usual + SURPRISE * sqrt(VARIANCE * max(usual, 1.0))
    return posts >= FEWEST and posts >= TIMES * usual and posts >= by_chance


def usual_by_minute(
    hours: Mapping[int, int], days: Sequence[int], starts: int, zone: ZoneInfo
) -> Usual:
    """What is usual in each minute, from posts by hour and the days that hold any.

    Hours and days begin in ``zone``; days before ``starts``, the event's first, do not count.
    """
    rates: dict[int, float] = {}

    def rate(hour: int) -> float:
        known = rates.get(hour)
        if known is None:
            known = rates[hour] = _rate(hours, days, starts, zone, hour)
        return known

    def usual(minute: int) -> float:
        hour = bucket_start(minute, "hour", zone)
        here, past_middle = rate(hour), minute - hour - 1770
        # The hour that has not come yet has earlier days too, but no last 24 hours of its own.
        beside = rate(bucket_start(hour + (3600 if past_middle >= 0 else -3600), "hour", zone))
        share = min(1.0, abs(past_middle) / 3600)
        return max(0.0, here * (1 - share) + beside * share)

    return usual


def _rate(
    hours: Mapping[int, int], days: Sequence[int], starts: int, zone: ZoneInfo, hour: int
) -> float:
    """Posts a minute that are usual in an hour."""
    today = day_start(hour, zone)
    local = datetime.fromtimestamp(hour, zone).replace(fold=0)
    earlier = [
        int((local - timedelta(days=round((today - day) / 86_400))).timestamp())
        for day in days
        if starts <= day < today
    ]
    if not sum(hours.get(one, 0) for one in earlier):
        earlier = [hour - 3600 * back for back in range(1, 25)]
    return sum(hours.get(one, 0) for one in earlier) / (60 * len(earlier))


def _window(minutes: Mapping[int, int], minute: int) -> int:
    return sum(minutes.get(minute - 60 * back, 0) for back in range(WINDOW))


def _add(
    found: list[Spike], start: int, end: int, minutes: Mapping[int, int], usual: Usual
) -> None:
    """Adds a spike, or lengthens the last where it ended only just before.

    Its windows reach back over quiet minutes before and after it, which are not part of it.
    """
    first = start - 60 * (WINDOW - 1)
    while first < start and minutes.get(first, 0) <= CALM * usual(first):
        first += 60
    while end > start + 60 and minutes.get(end - 60, 0) <= CALM * usual(end - 60):
        end -= 60
    if found and first - found[-1].end < 60 * COOL_DOWN:
        first = found.pop().start
    peaks = {minute: _window(minutes, minute) for minute in range(first, end, 60)}
    peak_at = max(peaks, key=lambda minute: peaks[minute])
    found.append(
        Spike(
            start=first,
            end=end,
            posts=sum(minutes.get(minute, 0) for minute in range(first, end, 60)),
            peak=peaks[peak_at],
            peak_at=peak_at + 60,
            usual=round(WINDOW * usual(peak_at), 2),
        )
    )
