"""When a place is asked again, and what a budget lets through."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.collect.source import Pace
from hashwatch.model import Event, Session
from hashwatch.schedule.intervals import (
    AFTER_SESSION,
    BEFORE_SESSION,
    LONGEST_BACKOFF,
    Budget,
    is_session_time,
    next_interval,
)

PACE = Pace(busy=15, idle=120, requests_a_minute=20)
START = 1_490_950_800


def event(*sessions: Session) -> Event:
    """A day long event."""
    return Event(
        "demo", "Demo", ("demo",), "UTC", START, START + 86_400, START, START + 86_400,
        sessions=sessions,
    )  # fmt: skip


def test_it_is_asked_fast_while_busy_and_ever_slower_when_idle() -> None:
    """Up to the idle interval, and fast again at once."""
    intervals = [15.0]
    for _ in range(7):
        intervals.append(next_interval(PACE, intervals[-1], busy=False, requests=1))
    assert intervals == [15.0, 22.5, 33.75, 50.625, 75.9375, 113.90625, 120.0, 120.0]
    assert next_interval(PACE, 120.0, busy=True, requests=1) == 15


def test_failures_double_the_interval() -> None:
    """Up to a limit, whatever else is going on."""
    waits = [next_interval(PACE, 15, busy=True, requests=1, failures=n) for n in (1, 2, 3, 30)]
    assert waits == [30, 60, 120, LONGEST_BACKOFF]


@given(
    st.floats(1, 60), st.floats(60, 600), st.floats(1, 300), st.none() | st.floats(0, 1000),
    st.booleans(), st.integers(0, 500), st.integers(0, 50),
)  # fmt: skip
def test_the_budget_is_never_exceeded(
    busy: float, idle: float, rate: float, previous: float | None, is_busy: bool, requests: int,
    failures: int,
) -> None:  # fmt: skip
    """Whatever a run cost is paid for before the next."""
    pace = Pace(busy, idle, rate)
    interval = next_interval(pace, previous, busy=is_busy, requests=requests, failures=failures)
    assert interval >= busy
    assert requests / (interval / 60) <= rate * 1.000_001


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (3_600 - BEFORE_SESSION - 1, False),
        (3_600 - BEFORE_SESSION, True),
        (5_400, True),
        (7_200 + AFTER_SESSION - 1, True),
        (7_200 + AFTER_SESSION, False),
    ],
)
def test_session_time_is_around_a_session(seconds: int, expected: bool) -> None:
    """People post a little before and for a while after."""
    session = Session("a", "A", start=START + 3_600, end=START + 7_200)
    assert is_session_time([event(session)], START + seconds) is expected


def test_without_times_the_whole_event_is_session_time() -> None:
    """And nothing outside it is."""
    assert is_session_time([event(Session("a", "A"))], START + 80_000)
    assert not is_session_time([event()], START + 200_000)


def test_a_budget_lets_a_minutes_worth_through_and_then_waits() -> None:
    """A long pause saves up no more than that."""
    clock, slept = [0.0], []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    async def take(times: int) -> None:
        for _ in range(times):
            await budget.take()

    budget = Budget(20, monotonic=lambda: clock[0], sleep=sleep)
    asyncio.run(take(20))
    assert slept == []
    asyncio.run(take(2))
    assert slept == pytest.approx([3.0, 3.0])
    clock[0] += 86_400
    asyncio.run(take(21))
    assert len(slept) == 3
