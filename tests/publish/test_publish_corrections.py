"""What people decided stands in the place of what annotators say, however the dashboard is made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.strategies import post
from hashwatch.model import Post
from publish.test_publish_dashboard import Room, _fields

GOOD = "A wonderful talk on oversight"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """An empty room."""
    made = Room(tmp_path)
    yield made
    made.archive.close()


def rebuilt(room: Room) -> None:
    """Makes the dashboard anew, keeping what still holds."""
    with room.publisher() as publisher:
        publisher.rebuild(workers=1)


def test_a_corrected_tone_is_shown_and_counted(room: Room) -> None:
    """Without polarity or confidence, and the table says what the annotator had said."""
    room.store(post(1, text=GOOD))
    room.publish()
    room.decide(1, "correct", "sentiment", "negative")
    for again in (room.publish, lambda: rebuilt(room)):
        again()
        assert room.rows("SELECT sentiment, polarity, confidence FROM posts") == [
            ("negative", None, None)
        ]
        assert room.rows("SELECT positive, negative FROM rollup_day WHERE facet = 'all'") == [
            (0, 1)
        ]
        assert room.rows("SELECT field, event_id, value, tagged FROM corrections") == [
            ("sentiment", 1, "negative", "positive")
        ]


def test_a_correction_holds_for_its_post_and_not_for_the_words(room: Room) -> None:
    """Another post with the same text keeps the annotator's tone, in a rebuild as well."""
    room.store(post(1, text=GOOD), post(2, text=GOOD))
    room.decide(1, "correct", "sentiment", "negative")
    room.publish()
    rebuilt(room)
    assert room.rows("SELECT sentiment FROM posts ORDER BY id") == [("negative",), ("positive",)]


def test_a_correction_that_is_taken_back_is_gone(room: Room) -> None:
    """The annotator's tag returns, whole."""
    room.store(post(1, text=GOOD))
    room.publish()
    before = room.everything()
    room.decide(1, "correct", "sentiment", "negative")
    room.decide(1, "correct", "theme", "Rights")
    room.publish()
    assert room.everything() != before
    room.decide(1, "correct", "sentiment", None)
    room.decide(1, "correct", "theme", None)
    room.publish()
    assert room.everything() == before


def test_a_person_stands_beside_themes_and_sessions(room: Room) -> None:
    """As annotator, with the decision as version and the reason in words."""
    room.store(post(1, text=GOOD))
    room.decide(1, "correct", "theme", "Rights")
    room.decide(1, "correct", "session", "s2")
    room.publish()
    assert room.rows(
        "SELECT name, confidence, annotator, version FROM post_themes JOIN themes ON id = theme_id"
    ) == [("Rights", 1.0, "person", "1")]
    (row,) = room.rows(
        "SELECT code, reasons, annotator, version FROM post_sessions"
        " JOIN sessions ON id = session_id"
    )
    assert (row[0], *row[2:]) == ("s2", "person", "2")
    assert '"kind":"rule","text":"corrected by a person"' in str(row[1])


def test_boosts_and_replies_follow_their_original(room: Room) -> None:
    """A boost shows the corrected tone, a reply takes the corrected session."""
    original = post(1, text=GOOD)
    room.store(
        original,
        post(2, kind="boost", boost_of=original.uri),
        Post(**{**_fields(post(3, text="I agree")), "kind": "reply", "reply_to": original.uri}),
    )
    room.publish()
    room.decide(1, "correct", "sentiment", "negative")
    room.decide(1, "correct", "session", "s2")
    room.publish()
    assert room.rows("SELECT sentiment FROM posts WHERE kind = 'boost'") == [("negative",)]
    assert room.rows("SELECT count(*) FROM post_sessions WHERE session_id = 2") == [(3,)]


def test_what_is_no_longer_configured_waits(room: Room) -> None:
    """A session that the programme has no more is no reason to fail."""
    room.store(post(1, text=GOOD))
    room.decide(1, "correct", "session", "s9")
    room.publish()
    assert room.rows("SELECT count(*) FROM corrections") == [(0,)]
