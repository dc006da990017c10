"""Which known posts are asked for again, and when."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.collect.refreshing import DAY, HOUR, due, interval_at
from hashwatch.model import KnownPost

AT = 1_490_961_600


def known(uri: str, age: int, checked: int) -> KnownPost:
    """A post of this age, checked so many seconds ago."""
    return KnownPost(uri, uri, AT - age, AT - checked)


@pytest.mark.parametrize(
    ("age", "checked", "expected"),
    [
        (0, 599, False), (0, 600, True), (HOUR - 1, 600, True), (HOUR, 600, False),
        (HOUR, HOUR - 1, False), (HOUR, HOUR, True), (DAY - 1, HOUR, True), (DAY, HOUR, False),
        (DAY, DAY - 1, False), (DAY, DAY, True), (28 * DAY, DAY, True),
        (-5 * DAY, 600, True),  # claims to be of the future: as if it were new
        (DAY, -60, True),  # checked "later than now": the clock was put back
    ],
)  # fmt: skip
def test_checks_decay_with_age(age: int, checked: int, expected: bool) -> None:
    """Every ten minutes in the first hour, hourly in the first day, then daily."""
    assert bool(due([known("a", age, checked)], AT, 10)) is expected


@given(
    st.lists(st.tuples(st.integers(0, 40 * DAY), st.integers(0, 3 * DAY)), max_size=60),
    st.integers(1, 20),
)
def test_those_go_first_that_are_latest_for_their_age(
    posts: list[tuple[int, int]], most: int
) -> None:
    """None that is left out is later than one that is taken, and none is taken too early."""
    asked = [known(str(number), *each) for number, each in enumerate(posts)]

    def lateness(post: KnownPost) -> float:
        return (AT - post.checked_at) / interval_at(AT - post.created_at)

    taken = due(asked, AT, most)
    late = [post for post in asked if lateness(post) >= 1]
    assert len(taken) == min(most, len(late))
    assert all(lateness(post) >= 1 for post in taken)
    left = [lateness(post) for post in late if post not in taken]
    assert not left or max(left) <= min(lateness(post) for post in taken)
    assert due(asked[::-1], AT, most) == taken
