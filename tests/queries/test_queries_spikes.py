"""Spikes are found soon, and little else is taken for one."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.queries.spikes import (
    COOL_DOWN,
    FEWEST,
    Spike,
    find_spikes,
    is_spike,
    usual_by_minute,
)

ZONE = ZoneInfo("Europe/London")
BEGIN = 1_490_569_200  # 27 March 2017, midnight in London
DAYS = 4
# Posts a minute by hour of the day, as shares of what a quiet to a busy conference brings (1 to 3).
HOURS = [0.02] * 7 + [0.15] + [1.0] * 10 + [0.35] * 4 + [0.08] * 2


def negative_binomial(draw: random.Random, mean: float, ratio: float) -> int:
    """Posts in a minute where ``mean`` are expected and variance over mean is ``ratio``."""
    rate = draw.gammavariate(mean / (ratio - 1), ratio - 1)
    # Poisson, by the time between arrivals.
    count, at = 0, draw.expovariate(1)
    while at < rate:
        count, at = count + 1, at + draw.expovariate(1)
    return count


def conference(seed: int) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """Four days of posts by the minute, and the minutes of the spikes that were put in."""
    draw = random.Random(seed)
    size, ratio = draw.choice([1, 2, 3]), draw.uniform(2, 3.4)
    means = [
        size * HOURS[minute // 60 % 24] * draw_day
        for draw_day in [draw.uniform(0.8, 1.25) for _ in range(DAYS)]
        for minute in range(1440)
    ]
    spikes: list[tuple[int, int]] = []
    for day in range(1, DAYS):
        for _ in range(draw.randint(1, 3)):
            start, length = day * 1440 + draw.randrange(540, 1140), draw.randint(8, 24)
            if any(abs(start - other) < 90 for other, _ in spikes):
                continue
            high = max(draw.uniform(5, 12) * means[start], 4.5)
            for minute in range(start, start + length):
                means[minute] = max(means[minute], high)
            spikes.append((start, start + length))
    counts = {
        BEGIN + 60 * minute: negative_binomial(draw, mean, ratio)
        for minute, mean in enumerate(means)
    }
    return {minute: posts for minute, posts in counts.items() if posts}, sorted(spikes)


def found_in(minutes: dict[int, int]) -> list[Spike]:
    """The spikes of a conference that began at `BEGIN`."""
    hours: Counter[int] = Counter()
    for minute, posts in minutes.items():
        hours[minute - minute % 3600] += posts
    days = [BEGIN + 86_400 * day for day in range(DAYS)]
    return find_spikes(minutes, usual_by_minute(hours, days, BEGIN, ZONE))


def test_labelled_spikes_are_found_soon_and_little_else() -> None:
    """Precision and recall of at least 0.9 and a median delay under three minutes, on 60 seeded
    conferences of real shape; the first day, which has nothing to compare with, left out.
    """
    hits = misses = false = 0
    delays = []
    for seed in range(60):
        minutes, spikes = conference(seed)
        found = [
            ((spike.start - BEGIN) // 60, (spike.end - BEGIN) // 60)
            for spike in found_in(minutes)
            if spike.start >= BEGIN + 86_400
        ]
        for start, end in spikes:
            if any(first <= end and last >= start for first, last in found):
                hits += 1
                delays.append(delay(minutes, start, end))
            else:
                misses += 1
        false += sum(
            not any(first <= end and last >= start for start, end in spikes)
            for first, last in found
        )
    assert hits + misses > 250
    assert hits / (hits + misses) >= 0.9
    assert hits / (hits + false) >= 0.9
    assert median(delays) < 3


def delay(minutes: dict[int, int], start: int, end: int) -> int:
    """Minutes from a spike's beginning until somebody who knows no later posts can say so."""
    for now in range(start, end + 10):
        known = {at: posts for at, posts in minutes.items() if at <= BEGIN + 60 * now}
        last = [spike for spike in found_in(known) if spike.end >= BEGIN + 60 * start]
        if last:
            return now - start
    return end - start


@pytest.mark.parametrize(
    ("posts", "usual", "is_one"),
    [(14, 0.0, False), (20, 0.0, True), (39, 10.0, False), (52, 10.0, True), (60, 20.0, False)],
)
def test_a_spike_is_many_posts_and_many_times_the_usual(
    posts: int, usual: float, is_one: bool
) -> None:
    """Fifteen at least, four times the usual at least, and more than chance brings."""
    assert is_spike(posts, usual) is is_one


def test_what_rises_again_soon_is_the_same_spike() -> None:
    """Two bursts that are minutes apart are one, two that are an hour apart are two."""
    burst = {BEGIN + 60 * minute: 8 for minute in range(6)}
    soon = {at + 60 * (COOL_DOWN + 4): posts for at, posts in burst.items()}
    later = {at + 3600 * 2: posts for at, posts in burst.items()}
    assert len(find_spikes(burst, lambda _: 0.0)) == 1
    assert len(find_spikes({**burst, **soon}, lambda _: 0.0)) == 1
    assert len(find_spikes({**burst, **later}, lambda _: 0.0)) == 2


@given(st.dictionaries(st.integers(0, 240), st.integers(1, 30), max_size=80))
def test_spikes_are_in_order_apart_and_hold_their_posts(counts: dict[int, int]) -> None:
    """Whatever the counts: whole minutes, no overlap, and figures that a plain count gives."""
    minutes = {BEGIN + 60 * minute: posts for minute, posts in counts.items()}
    found = find_spikes(minutes, lambda _: 1.0)
    assert all(one.end <= other.start for one, other in pairwise(found))
    for spike in found:
        assert (spike.start - BEGIN) % 60 == (spike.end - BEGIN) % 60 == 0
        inside = [posts for at, posts in minutes.items() if spike.start <= at < spike.end]
        assert spike.posts == sum(inside)
        window = [
            posts for at, posts in minutes.items() if spike.peak_at - 300 <= at < spike.peak_at
        ]
        assert spike.peak == sum(window) >= FEWEST


def test_the_usual_is_the_same_hour_of_earlier_days() -> None:
    """Half past ten is the middle of its hour; between two middles it runs straight."""
    ten = BEGIN + 10 * 3600
    hours = {ten + 86_400 * day: 60 for day in range(3)} | {
        ten + 3600 + 86_400 * day: 120 for day in range(3)
    }
    days = [BEGIN + 86_400 * day for day in range(3)]
    usual = usual_by_minute(hours, days, BEGIN, ZONE)
    on_day_three = ten + 2 * 86_400
    assert usual(on_day_three + 1770) == pytest.approx(1.0)
    assert usual(on_day_three + 3540) == pytest.approx(1.49, abs=0.02)
    assert usual(on_day_three + 3600 + 1770) == pytest.approx(2.0)


def test_without_earlier_days_it_is_the_last_24_hours() -> None:
    """On the first day, whatever came in the day before the hour."""
    hours = {BEGIN + 3600: 72, BEGIN + 7200: 72}
    usual = usual_by_minute(hours, [BEGIN], BEGIN, ZONE)
    assert usual(BEGIN + 5 * 3600 + 1770) == pytest.approx(144 / 1440)
