"""The agenda and the replay hold what the posts say, minute by minute."""

from __future__ import annotations

import sqlite3

import pytest

from dashboard_builder import NOW
from hashwatch.errors import FilterError, MissingError
from hashwatch.queries.agenda import AFTER, BARS, BEFORE, agenda_page, replay_page
from hashwatch.queries.buckets import from_iso
from hashwatch.queries.events import find_event
from hashwatch.queries.filters import parse_filters
from hashwatch.queries.search import count_posts
from hashwatch.queries.selection import select


def posts_of(connection: sqlite3.Connection, code: str, start: int, end: int) -> int:
    """Posts of a session in ``[start, end)``, counted from the posts themselves."""
    (count,) = connection.execute(
        "SELECT count(*) FROM post_sessions JOIN sessions ON sessions.id = session_id"
        " WHERE code = ? AND post_id >= ? AND post_id < ?",
        (code, start << 20, end << 20),
    ).fetchone()
    return int(count)


def test_a_day_has_its_sessions_under_their_times(dashboard: sqlite3.Connection) -> None:
    """With as many posts in the bars as there were around each; those without times apart."""
    page = agenda_page(dashboard, find_event(dashboard, "natsec17"), {}, NOW)
    assert [slot["local"] for slot in page["slots"]] == ["09:00", "10:15", "12:00"]
    for slot in page["slots"]:
        for one in slot["sessions"]:
            assert len(one["bars"]) == BARS
            start = from_iso(one["starts_at"]) - BEFORE
            end = from_iso(one["ends_at"]) + AFTER
            assert sum(one["bars"]) == posts_of(dashboard, one["code"], start, end)
            assert 0 < one["stage_from"] < one["stage_to"] < BARS
    other = agenda_page(dashboard, find_event(dashboard, "natsec17"), {"day": "2017-04-01"}, NOW)
    assert [one["code"] for one in (*other["untimed"], *page["undated"])] == ["d5-1"]
    assert sum(sum(one["bars"]) for slot in page["slots"] for one in slot["sessions"]) > 0


def test_a_replay_goes_through_every_minute(dashboard: sqlite3.Connection) -> None:
    """Each minute's figure is that of the posts which its link finds."""
    event = find_event(dashboard, "natsec17")
    slots = agenda_page(dashboard, event, {}, NOW)["slots"]
    sessions = [one for slot in slots for one in slot["sessions"]]
    code = max(sessions, key=lambda one: sum(one["bars"]))["code"]
    page = replay_page(dashboard, event, code, {}, NOW)
    minutes = page["minutes"]
    assert [one["at"] for one in minutes] == list(range(page["starts"], page["ends"], 60))
    whole = posts_of(dashboard, code, page["starts"], page["ends"])
    assert sum(one["posts"] for one in minutes) == whole > 0
    busiest = max(minutes, key=lambda one: one["posts"])
    chosen = replay_page(dashboard, event, code, {"at": str(busiest["at"] + 30)}, NOW)
    assert chosen["at"] == busiest["at"]
    query = dict(part.split("=", 1) for part in chosen["href"].partition("?")[2].split("&"))
    found = count_posts(dashboard, select(dashboard, event, parse_filters(query, event.zone)))
    assert found.posts == busiest["posts"]
    assert chosen["href"] == busiest["href"]
    assert len(chosen["posts"]) == busiest["posts"] - busiest["boosts"]


@pytest.mark.parametrize("at", ["x", "1", "-5", "99999999999"])
def test_a_minute_outside_is_refused(dashboard: sqlite3.Connection, at: str) -> None:
    """With what it should be."""
    event = find_event(dashboard, "natsec17")
    with pytest.raises(FilterError, match="is no minute of this session"):
        replay_page(dashboard, event, "d4-2", {"at": at}, NOW)


def test_a_session_without_times_has_a_replay_too(dashboard: sqlite3.Connection) -> None:
    """Through the day or the last hours."""
    event = find_event(dashboard, "natsec17")
    page = replay_page(dashboard, event, "d5-1", {}, NOW)
    assert len(page["minutes"]) == 480
    assert page["on_stage"] == [None, None]


def test_what_is_not_there_is_named(dashboard: sqlite3.Connection) -> None:
    """Days and sessions."""
    event = find_event(dashboard, "natsec17")
    with pytest.raises(FilterError, match="is none of"):
        agenda_page(dashboard, event, {"day": "2001-01-01"}, NOW)
    with pytest.raises(MissingError, match="There is no session"):
        replay_page(dashboard, event, "zz", {}, NOW)
    empty = agenda_page(dashboard, find_event(dashboard, "empty"), {}, NOW)
    assert (empty["slots"], empty["days"]) == ([], [])
