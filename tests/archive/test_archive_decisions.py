"""Decisions are appended, outlive what machines do, and keep no words of a deleted post."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.strategies import BEGIN, post
from hashwatch.archive.connection import open_reading
from hashwatch.archive.decisions import Decisions, corrections, labelled_posts
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.errors import ArchiveError, MissingError
from hashwatch.model import Page, Post, Sample, Sampled, Tombstone

PLACE = PlaceKey("mastodon", "town.example", "natsec17")
NOW = BEGIN + 50_000


class Room:
    """An archive with two posts, and the decisions about them."""

    def __init__(self, path: Path) -> None:
        self.path, self.archive = path, Archive(path)
        self.store(post(1), post(2))
        self.decisions = Decisions(path)
        self.first, self.second = (row[0] for row in self.rows("SELECT id FROM posts ORDER BY id"))

    def store(self, *posts: Post, gone: tuple[Tombstone, ...] = ()) -> None:
        """Commits a page."""
        run = self.archive.begin_run(PLACE, NOW)
        self.archive.store(Page(posts=posts, tombstones=gone), run, PLACE, NOW)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What a reader sees."""
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()

    def correct(self, field: str, value: str | None, event: str = "natsec17") -> int:
        """Corrects a tag of the first post; the decision's number."""
        recorded = self.decisions.append(
            "someone", event, "correct", self.first, field, value, now=NOW, note="a word"
        )
        return recorded.id

    def label(self, number: int, value: str | None) -> None:
        """Labels a post."""
        self.decisions.append("someone", "natsec17", "label", number, "sentiment", value, now=NOW)

    def standing(self) -> list[tuple[str, str, str | None]]:
        """Event, field and value of the first post's corrections."""
        with closing(open_reading(self.path)) as connection:
            found = corrections(connection, [self.first, self.second])
        return [(one.event, one.field, one.value) for one in found.get(self.first, [])]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room of this test's own."""
    made = Room(tmp_path / "archive.db")
    yield made
    made.archive.close()


def test_the_latest_decision_on_each_field_stands(room: Room) -> None:
    """Older ones stay in the file; sessions are decided event by event."""
    room.correct("sentiment", "negative")
    room.correct("session", "s1")
    room.correct("session", "s2", event="other")
    room.correct("sentiment", "positive")
    assert set(room.standing()) == {
        ("natsec17", "sentiment", "positive"),
        ("natsec17", "session", "s1"),
        ("other", "session", "s2"),
    }
    assert room.rows("SELECT count(*) FROM decisions") == [(4,)]


def test_a_decision_has_its_post_published_anew(room: Room) -> None:
    """A change row comes with it, in the same transaction."""
    recorded = room.decisions.append(
        "someone", "natsec17", "correct", room.first, "theme", "Rights", now=NOW
    )
    assert room.rows(f"SELECT kind, ref FROM changes WHERE seq = {recorded.seq}") == [
        ("post", room.first)
    ]
    assert room.rows("SELECT max(seq) FROM changes") == [(recorded.seq,)]


def test_nothing_decided_is_ever_changed(room: Room) -> None:
    """The file itself refuses."""
    room.correct("sentiment", "negative")
    with closing(sqlite3.connect(room.path)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            connection.execute("UPDATE decisions SET value = 'positive'")
        with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
            connection.execute("DELETE FROM decisions")


def test_decisions_outlive_a_re_import(room: Room) -> None:
    """The same posts once more, edited too, leave them alone."""
    room.correct("sentiment", "negative")
    room.store(post(1), post(2), post(1, text="Edited", edited_at=NOW))
    assert room.standing() == [("natsec17", "sentiment", "negative")]


def test_a_deleted_post_leaves_no_words_behind(room: Room) -> None:
    """Note and key go from its decisions, and it goes from the sample; what was decided stays."""
    room.correct("sentiment", "negative")
    room.decisions.keep_sample(_sample(room))
    room.store(gone=(Tombstone(NOW, "deleted", uri=post(1).uri),))
    assert room.rows("SELECT note, post_key, value FROM decisions") == [("", None, "negative")]
    kept = room.decisions.sample("natsec17")
    assert kept is not None
    assert [one.post_id for one in kept.posts] == [room.second]
    with pytest.raises(MissingError):
        room.correct("sentiment", "positive")


def test_the_newest_sample_is_the_one_in_use(room: Room) -> None:
    """It comes back as it was kept; another event has none."""
    assert room.decisions.sample("natsec17") is None
    sample = _sample(room)
    room.decisions.keep_sample(sample)
    newer = Sample("natsec17", NOW + 1, 8, 1, "student 2", sample.posts[:1])
    room.decisions.keep_sample(newer)
    assert room.decisions.sample("natsec17") == newer
    assert room.decisions.sample("other") is None


def test_labels_come_in_the_order_given_and_can_be_taken_back(room: Room) -> None:
    """The empty label says that a person could not tell; none at all that it was taken back."""
    room.label(room.second, "")
    room.label(room.first, "negative")
    room.label(room.second, "positive")
    assert [(number, one.value) for number, one in room.decisions.labels("natsec17").items()] == [
        (room.first, "negative"), (room.second, "positive"),
    ]  # fmt: skip
    room.label(room.second, None)
    assert list(room.decisions.labels("natsec17")) == [room.first]


def test_only_labels_in_the_newest_sample_are_published(room: Room) -> None:
    """A new sample has labelled posts published anew, with the weight that they have in it."""
    room.label(room.first, "negative")
    with closing(open_reading(room.path)) as connection:
        assert labelled_posts(connection, [room.first]) == []
        room.decisions.keep_sample(_sample(room))
        (found,) = labelled_posts(connection, [room.first, room.second])
        assert (found.sampled.weight, found.decision.value) == (1.5, "negative")
    assert room.rows("SELECT kind, ref FROM changes ORDER BY seq DESC LIMIT 1") == [
        ("post", room.first)
    ]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [("correct", "sentiment", "cross"), ("correct", "sentiment", ""), ("label", "theme", "x"),
     ("hide", "sentiment", "negative"), ("label", "sentiment", "unknown")],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused(room: Room, kind: str, field: str, value: str) -> None:
    """Nothing is written."""
    with pytest.raises(ValueError, match="no "):
        room.decisions.append("someone", "natsec17", kind, room.first, field, value, now=NOW)
    assert room.rows("SELECT count(*) FROM decisions") == [(0,)]


def test_an_archive_from_before_decisions_holds_none(room: Room) -> None:
    """The publisher reads it as it is."""
    with closing(sqlite3.connect(room.path)) as connection:
        connection.executescript(
            "DROP TABLE decisions; DROP TABLE samples; DROP TABLE sampled; PRAGMA user_version = 2"
        )
        assert corrections(connection, [room.first]) == {}
        assert labelled_posts(connection, [room.first]) == []


def test_there_must_be_an_archive(tmp_path: Path) -> None:
    """None is made by deciding."""
    with pytest.raises(ArchiveError, match="no archive yet"):
        Decisions(tmp_path / "archive.db").append(
            "someone", "natsec17", "correct", 1, "theme", "", now=NOW
        )
    assert not (tmp_path / "archive.db").exists()


def _sample(room: Room) -> Sample:
    return Sample("natsec17", NOW, 7, 2, "student 1", (
        Sampled(room.second, "positive en", 3, "positive", 0.9, "en", 1.5),
        Sampled(room.first, "positive en", 3, "positive", None, "en", 1.5),
    ))  # fmt: skip
