"""What stands out is what gets more than its author is used to."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from dashboard_builder import NOW
from hashwatch.queries.amplify import FEWEST, TIMES, Reacted, standouts, worth_amplifying
from hashwatch.queries.events import find_event
from hashwatch.queries.overview import overview


def test_the_same_reactions_are_much_for_one_and_little_for_another() -> None:
    """Ten are news for somebody who gets none, and a bad day for a minister."""
    unknown = Reacted(1, 10, 20, 4)
    minister = Reacted(2, 10, 20, 900)
    newcomer = Reacted(3, 10, 0, 0)
    found = standouts([unknown, minister, newcomer], usual_of_all=2.0, most=9)
    assert [one.id for one in found] == [1, 3]
    assert found[0].usual < 1


REACTED = st.builds(
    Reacted, st.integers(1, 99), st.integers(0, 500), st.integers(0, 50), st.integers(0, 5000)
)


@given(st.lists(REACTED, max_size=20), st.floats(0, 50), st.integers(0, 10))
def test_standouts_are_in_order_and_stand_out(
    posts: list[Reacted], usual: float, most: int
) -> None:
    """No more than asked for, each several times the usual."""
    found = standouts(posts, usual, most)
    assert len(found) <= most
    assert [one.times for one in found] == sorted((one.times for one in found), reverse=True)
    assert all(one.times >= TIMES for one in found)


def test_the_overview_names_them_with_their_reason(dashboard: sqlite3.Connection) -> None:
    """Under a tab of their own; none of them negative, a boost or sensitive."""
    event = find_event(dashboard, "natsec17")
    start, end = event.starts, event.ends
    found = worth_amplifying(dashboard, event, NOW, start, end, 20)
    assert found
    for one in found:
        row = dashboard.execute(
            "SELECT kind, sentiment, sensitive, engagement FROM posts WHERE id = ?", (one["id"],)
        ).fetchone()
        assert row[0] != "boost"
        assert row[1] != "negative"
        assert (row[2], row[3]) == (0, one["reactions"])
        assert row[3] >= FEWEST
    page = overview(dashboard, event, {"tab": "amplify"}, NOW)
    assert [post["id"] for post in page["posts"]] == [one["id"] for one in page["amplify"]]
    assert overview(dashboard, event, {}, NOW)["amplify"] == []
