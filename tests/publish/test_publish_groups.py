"""What is inside is counted, and kept up as posts and handles change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from archive.strategies import post
from hashwatch.model import Author, Member, Tombstone
from hashwatch.publish.publisher import Publisher
from hashwatch.queries.events import find_event
from hashwatch.queries.voices import voices_page
from publish.test_publish_dashboard import EVENT, NOW, OTHER, Room

ROSTER = (
    Member("delegates", "One", "", "person1@town.example"),
    Member("speakers", "One", "", "person1@town.example"),
    Member("press", "Nine", "", "nine@town.example"),
)


class RosterRoom(Room):
    """A room whose first event has a roster."""

    def publisher(self, events: object = None) -> Publisher:  # noqa: ARG002 - the room's signature
        """The one publisher."""
        return super().publisher([msgspec.structs.replace(EVENT, roster=ROSTER), OTHER])


@pytest.fixture
def room(tmp_path: Path) -> Iterator[RosterRoom]:
    """An empty room."""
    made = RosterRoom(tmp_path)
    yield made
    made.archive.close()


def inside(room: Room) -> dict[str, int]:
    """Posts by group, and inside in all."""
    return {
        str(value) or "inside": int(str(posts))
        for value, posts in room.rows(
            "SELECT value, sum(posts) FROM rollup_day WHERE facet IN ('group', 'inside')"
            " GROUP BY facet, value"
        )
    }


def test_posts_of_the_roster_are_counted_by_group(room: RosterRoom) -> None:
    """A person in two groups counts in both, and once inside."""
    room.store(post(1, text="rights"), post(2, text="rights"), post(6, text="oversight"))
    room.publish()
    assert inside(room) == {"inside": 2, "delegates": 2, "speakers": 2}
    themes = "SELECT value, sum(posts) FROM rollup_day WHERE facet = 'inside theme' GROUP BY value"
    assert room.rows(themes) == [(1, 1), (2, 1)]
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=post(1).uri)])
    room.publish()
    assert inside(room) == {"inside": 1, "delegates": 1, "speakers": 1}


def test_whoever_takes_a_handle_of_the_roster_is_inside(room: RosterRoom) -> None:
    """Their posts are counted anew; the dashboard equals one made anew at every step."""

    def named(handle: str) -> None:
        renamed = msgspec.structs.replace(
            post(3), author=Author(uri=post(3).author.uri, handle=handle)
        )
        room.store(renamed)
        room.publish()
        kept_up = room.everything()
        with room.publisher() as publisher:
            publisher.rebuild(workers=1)
        assert room.everything() == kept_up

    room.store(post(3), post(8), post(1))
    room.publish()
    assert inside(room)["inside"] == 1
    named("nine@town.example")
    assert inside(room) == {"inside": 3, "delegates": 1, "speakers": 1, "press": 2}
    named("somebody@town.example")
    assert inside(room) == {"inside": 1, "delegates": 1, "speakers": 1}


def test_the_page_sets_the_two_sides_beside_each_other(room: RosterRoom) -> None:
    """In figures that add up to all posts, and in a sentence."""
    room.store(*(post(n, text=f"rights {n}") for n in range(10)))
    room.publish()
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        page = voices_page(connection, find_event(connection, "natsec17"), {})
        bare = voices_page(connection, find_event(connection, "other"), {})
    assert {side["side"]: side["posts"] for side in page["sides"]} == {"inside": 2, "public": 8}
    words = "".join(part["text"] for part in page["sentence"])
    assert words.startswith("2 of 10 posts (20%) are by people on the roster")
    assert "inside, most are about Rights (100%)" in words
    assert (bare["people"], bare["sentence"], bare["groups"]) == (0, [], [])
