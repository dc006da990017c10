"""A spike stands in the dashboard with what drove it, and goes with its posts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from archive.strategies import BEGIN, post
from hashwatch.model import Post, Tombstone
from hashwatch.queries.events import Event, find_event
from hashwatch.queries.filters import parse_filters
from hashwatch.queries.overview import overview
from hashwatch.queries.programme import programme
from hashwatch.queries.search import count_posts
from hashwatch.queries.selection import select
from hashwatch.queries.spike_rows import spike_rows
from publish.test_publish_dashboard import EVENT, Room

NOW = BEGIN + 900


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """An empty room."""
    made = Room(tmp_path)
    yield made
    made.archive.close()


def burst() -> list[Post]:
    """Twenty posts in two minutes: eight repeat one of them, most are about rights."""
    original = post(0, text="Surveillance must be lawful", at=BEGIN)
    boosts = [
        post(100 + number, kind="boost", boost_of=original.uri, text=original.text,
             at=BEGIN + 60 + number, person="repeater")
        for number in range(8)
    ]  # fmt: skip
    others = [post(number, text="Rights for all", at=BEGIN + 9 * number) for number in range(1, 12)]
    return [original, *others, *boosts]


def test_a_spike_is_found_with_its_cause(room: Room) -> None:
    """Its theme, the post that was boosted, and who boosted, whichever way it was published."""
    room.store(*burst())
    room.publish()
    sql = (
        "SELECT starts, ends, spikes.posts, peak, themes.name, theme_posts, handle, author_posts,"
        " post_boosts FROM spikes JOIN themes ON themes.id = theme_id"
        " JOIN authors ON authors.id = author_id"
    )
    expected = [(BEGIN, BEGIN + 120, 20, 20, "Rights", 20, "repeater@town.example", 8, 8)]
    assert room.rows(sql) == expected
    with room.publisher() as publisher:
        publisher.rebuild(workers=1)
    assert room.rows(sql) == expected


def test_a_spike_goes_when_its_posts_go(room: Room) -> None:
    """Deleted posts are no longer many."""
    room.store(*burst())
    room.publish()
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=one.uri) for one in burst()[:12]])
    room.publish()
    assert room.rows("SELECT * FROM spikes") == []


def test_each_figure_of_a_spike_leads_to_its_posts(room: Room) -> None:
    """All, the most in five minutes, and each cause: so many are behind each link."""
    room.store(*burst())
    room.publish()
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        event = find_event(connection, "natsec17")
        [spike] = _spikes(connection, event, NOW)
        assert spike["local"].startswith("31 Mar 14:30–")  # India is 5:30 ahead
        assert _behind(connection, event, spike["href"]) == spike["posts"] == 20
        assert _behind(connection, event, spike["peak_href"]) == spike["peak"] == 20
        words = [cause["text"] for cause in spike["causes"]]
        assert words == [
            f"on stage: {EVENT.sessions[0].title}",
            "20 about Rights",
            "8 boosts of a post by person0@town.example",
            "8 by repeater@town.example",
        ]
        for cause in spike["causes"][1:]:
            count = int(cause["text"].split()[0])
            if "/posts?" in cause["href"]:
                assert _behind(connection, event, cause["href"]) == count


def test_a_spike_that_lasts_is_said_in_the_sentence(room: Room) -> None:
    """While it goes on the overview's first sentence says so; afterwards it does not."""
    room.store(*burst())
    room.publish()
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        event = find_event(connection, "natsec17")
        [lasting] = _spikes(connection, event, BEGIN + 200)
        assert lasting["to"] is None
        now, later = (
            "".join(
                part["text"] for part in overview(connection, event, {}, BEGIN + after)["sentence"]
            )
            for after in (200, 1800)
        )
    assert "a spike since 31 Mar 14:30: 20 in five minutes" in now
    assert "spike" not in later


def _spikes(connection: sqlite3.Connection, event: Event, now: int) -> list[dict[str, object]]:
    sessions = programme(connection, event, now)
    return spike_rows(connection, event, BEGIN - 3600, BEGIN + 3600, now, sessions)


def _behind(connection: sqlite3.Connection, event: Event, href: object) -> int:
    """How many posts a link finds."""
    params = dict(parse_qsl(urlsplit(str(href)).query))
    return count_posts(
        connection, select(connection, event, parse_filters(params, ZoneInfo(EVENT.timezone)))
    ).posts


def test_what_a_spike_brought_up_is_named(room: Room) -> None:
    """By a word that nobody used before, with the posts behind it; it goes with its posts."""
    before = [post(500 + n, text=f"On oversight, {n}", at=BEGIN - 90_000 + n) for n in range(10)]
    crowd = [
        post(n, text=f"The tidal barrier leaks, {n}", at=BEGIN + 4 * n, person=f"p{n}")
        for n in range(20)
    ]
    room.store(*before, *crowd)
    room.publish()
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        event = find_event(connection, "natsec17")
        [spike] = _spikes(connection, event, NOW)
        named = [part for part in spike["causes"] if "barrier" in part["text"]]
        assert [part["text"] for part in named] == ["20 with “barrier leaks”"]
        assert _behind(connection, event, named[0]["href"]) == 20
    sql = f"SELECT posts, terms FROM spikes WHERE starts >= {BEGIN}"
    with room.publisher() as publisher:
        room.store(tombstones=[Tombstone(NOW, "deleted", uri=crowd[0].uri)])
        publisher._publish_all()
        assert room.rows(sql) == [(20, "")]
        publisher._find_spikes()
        [(posts, terms)] = room.rows(sql)
        assert posts == 19
        assert "barrier" in str(terms)
