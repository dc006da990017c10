"""What emerges is shown with its posts: each figure is what its link finds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from archive.strategies import BEGIN, post
from hashwatch.queries.events import find_event
from hashwatch.queries.filters import parse_filters
from hashwatch.queries.search import count_posts
from hashwatch.queries.selection import select
from hashwatch.serve.pages import event_data
from publish.test_publish_dashboard import EVENT, NOW, Room

BURST = NOW - 600


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Sixty posts about oversight, then ten people on a tidal barrier."""
    made = Room(tmp_path)
    usual = [
        post(n, text=f"A remark on oversight, number {n}", at=BEGIN + 60 * n) for n in range(60)
    ]
    barrier = [
        post(100 + n, text=f"The tidal barrier leaks, say {n}", at=BURST + n, person=f"p{n}")
        for n in range(10)
    ]
    made.store(*usual, *barrier)
    made.publish()
    yield made
    made.archive.close()


def test_a_phrase_stands_with_its_posts(room: Room) -> None:
    """And with what makes it a theme; what a theme covers is not there."""
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        data = event_data(connection, "themes", "natsec17", "", {}, BURST + 600.0)
        [first, *_] = data["emerging"]
        assert "barrier" in first["phrase"]
        assert (first["posts"], first["authors"], first["before"]) == (10, 10, 0)
        assert first["times"] is None
        assert first["toml"].startswith("[[event.theme]]\nname = ")
        assert not any("oversight" in one["phrase"] for one in data["emerging"])
        event = find_event(connection, "natsec17")
        for one in data["emerging"]:
            params = dict(parse_qsl(urlsplit(one["href"]).query))
            filters = parse_filters(params, ZoneInfo(EVENT.timezone))
            assert count_posts(connection, select(connection, event, filters)).posts == one["posts"]


def test_once_the_event_is_over_nothing_emerges(room: Room) -> None:
    """Its clock stands still; a dashboard that nobody publishes to any more says so too."""
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        connection.execute("UPDATE events SET clock_mode = 'over', clock_at = ?", (BURST + 600,))
        data = event_data(connection, "themes", "natsec17", "", {}, BURST + 600.0)
    assert data["emerging"] == []
