"""What rises and falls from one half hour to the next."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.queries.now import moves


@pytest.mark.parametrize(
    ("recent", "before", "said"),
    [
        (20, 6, "up"), (6, 20, "down"), (40, 38, ""), (5, 0, ""), (0, 0, ""), (6, 0, "up"),
        (0, 12, "down"), (12, 8, ""), (400, 330, "up"),
    ],
)  # fmt: skip
def test_more_than_chance_is_said(recent: int, before: int, said: str) -> None:
    """A few posts more are not, whatever times they are."""
    assert moves(recent, before) == said


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_one_rises_as_the_other_falls(recent: int, before: int) -> None:
    """And nothing both ways."""
    mirrored = {"up": "down", "down": "up", "": ""}
    assert moves(before, recent) == mirrored[moves(recent, before)]


def test_what_does_not_change_is_seldom_said_to() -> None:
    """Two half hours of the same rate, as spread as real ones: one pair in eight at most."""
    draw = random.Random(17)

    def half_hour(mean: float) -> int:
        # Negative binomial of variance twice its mean: a Poisson of a gamma of scale 1.
        rate = draw.gammavariate(mean, 1.0)
        count, left = 0, rate
        while (left := left - draw.expovariate(1.0)) > 0:
            count += 1
        return count

    said = sum(bool(moves(half_hour(18), half_hour(18))) for _ in range(2000))
    assert 0 < said / 2000 < 0.125
