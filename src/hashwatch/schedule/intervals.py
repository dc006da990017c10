"""When to ask again. Pure, but for the budget, whose clock and sleep are given."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from hashwatch.collect.source import Pace
from hashwatch.model import Event

# Seconds around a session in which people post about it.
BEFORE_SESSION = 10 * 60
AFTER_SESSION = 30 * 60
# After a failure the interval doubles each time, up to this (seconds).
LONGEST_BACKOFF = 15 * 60.0


def next_interval(
    pace: Pace, previous: float | None, *, busy: bool, requests: int, failures: int = 0
) -> float:
    """Seconds from one run to the next.

    ``busy`` while sessions run or posts came in the last run; otherwise the interval grows by half
    each time from ``previous``, up to ``pace.idle``. ``requests`` is what the last run cost: the
    interval never asks for more than the platform's budget. ``failures`` counts failed runs in a
    row.
    """
    wanted = pace.busy if busy else min(pace.idle, max(pace.busy, (previous or 0.0) * 1.5))
    if failures:
        backoff = min(pace.busy * 2.0 ** min(failures, 20), LONGEST_BACKOFF)
        wanted = max(wanted, backoff)
    return max(wanted, requests * 60.0 / pace.requests_a_minute)


def is_session_time(events: Iterable[Event], now: int) -> bool:
    """Whether a session runs now, was on just now or is about to begin.

    On days whose sessions have no times, the whole event counts.
    """
    for event in events:
        if not event.starts - BEFORE_SESSION <= now < event.ends + AFTER_SESSION:
            continue
        timed = [one for one in event.sessions if one.start is not None]
        if not timed:
            return True
        for session in timed:
            assert session.start is not None
            end = session.end if session.end is not None else session.start + 3600
            if session.start - BEFORE_SESSION <= now < end + AFTER_SESSION:
                return True
    return False


class Budget:
    """Lets requests to one server through at its pace, after a pause a minute's worth at once, or
    ``at_once``."""

    def __init__(
        self,
        requests_a_minute: float,
        at_once: float | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_second = requests_a_minute / 60.0
        self._most = max(1.0, requests_a_minute if at_once is None else at_once)
        self._left = self._most
        self._monotonic, self._sleep = monotonic, sleep
        self._counted = monotonic()

    async def take(self) -> None:
        """Waits until one more request is within the budget."""
        self._refill()
        if self._left < 1.0:
            await self._sleep((1.0 - self._left) / self._per_second)
            self._refill()
        self._left -= 1.0

    def _refill(self) -> None:
        now = self._monotonic()
        self._left = min(self._most, self._left + (now - self._counted) * self._per_second)
        self._counted = now
