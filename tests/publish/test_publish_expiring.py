"""What has been kept long enough goes, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from archive import strategies
from hashwatch.archive.connection import open_reading
from hashwatch.model import Event, Page, Post
from hashwatch.publish.expiring import expired_posts, is_over
from hashwatch.publish.publisher import Publisher
from hashwatch.schedule.expiry import Expiry
from publish.test_publish_dashboard import EVENT, NOW, OTHER, PLACE, Room

OVER = NOW + 1_000
KEPT: tuple[Event, ...] = (replace(EVENT, keep_until=OVER), OTHER)


def post(number: int, *hashtags: str, **more: object) -> Post:
    """The post with this number, with these hashtags."""
    return replace(strategies.post(number, **more), hashtags=hashtags)  # type: ignore[arg-type]


class Kept(Room):
    """A room whose first event is kept for a while."""

    def publisher(self, events: object = ()) -> Publisher:  # noqa: ARG002 (its own events)
        """The publisher of both events."""
        return super().publisher(KEPT)

    def due(self, now: float) -> list[int]:
        """The posts whose time is over."""
        with closing(open_reading(self.archive_path)) as connection:
            return expired_posts(connection, KEPT, now)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Kept]:
    """Posts of one event, of both, of neither; replies and boosts of each."""
    made = Kept(tmp_path)
    made.store(
        post(1, "NATSEC17", text="one event xyzzyword"),
        post(2, "NATSEC17", "CYBERPARL", text="both events"),
        post(3, "elsewhere", text="no event"),
        post(4, text="answers the first", kind="reply", reply_to=strategies.post(1).uri),
        post(5, text=None, kind="boost", boost_of=strategies.post(1).uri),
        post(6, text="answers both", kind="reply", reply_to=strategies.post(2).uri),
        post(7, "CYBERPARL", text="the other event"),
    )
    made.publish()
    yield made
    with suppress(sqlite3.ProgrammingError):  # one test has closed it
        made.archive.close()


def test_only_what_no_event_keeps_is_over(room: Kept) -> None:
    """Not a second before its time; replies and boosts go with what they are about."""
    assert room.due(OVER - 1) == []
    assert room.due(OVER) == sorted(room.id_of(strategies.post(n)) for n in (1, 4, 5))
    assert not is_over(EVENT, 1e12)


def test_what_is_over_goes_from_everywhere(room: Kept, tmp_path: Path) -> None:
    """Archive, dashboard, authors without another post; the rest stays as it was."""
    expiry = Expiry(KEPT, room.archive_path, lambda: float(OVER))
    assert expiry.let_go() == 3
    assert expiry.let_go() == 0
    room.publish()
    texts = {str(row[0]) for row in room.rows("SELECT text FROM posts")}
    assert texts == {"both events", "answers both", "the other event"}
    with closing(sqlite3.connect(room.archive_path)) as connection:
        assert connection.execute("SELECT count(*) FROM posts").fetchone() == (4,)
        lone = connection.execute(
            "SELECT count(*) FROM authors WHERE id NOT IN (SELECT author_id FROM posts)"
        )
        assert lone.fetchone() == (0,)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    room.archive.close()
    for path in tmp_path.glob("archive.db*"):
        assert b"xyzzyword" not in path.read_bytes()


def test_an_import_into_the_event_goes_with_it(room: Kept) -> None:
    """Whenever its posts were written."""
    old = post(9, "other", text="an import", at=strategies.BEGIN - 9_000_000)
    room.archive.store(Page(posts=(old,)), room.run, PLACE, NOW, event="natsec17")
    assert room.id_of(old) in room.due(OVER)


def test_the_deadline_does_not_remake_the_dashboard(room: Kept) -> None:
    """It says how long, not what."""
    with super(Kept, room).publisher((replace(EVENT, keep_until=OVER + 5), OTHER)) as publisher:
        assert not publisher.needs_rebuild()
