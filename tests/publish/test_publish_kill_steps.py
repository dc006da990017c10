"""The publisher killed at steps of SQL and amid the swap: old or new, and then caught up."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive.strategies import BEGIN, post
from hashwatch.model import Tombstone
from hashwatch.publish import rebuild as rebuilding
from hashwatch.publish.publisher import Publisher
from killing import killed
from publish.test_publish_dashboard import NOW, Room

EVERY = 40
"""SQLite's steps between two kills."""
PUBLIC_TABLES = ("posts", "event_posts", "authors", "post_hashtags", "rollup_day", "shown")


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """A dashboard of a few posts, published and closed; the archive holds more by now."""
    made = Room(tmp_path / "before")
    made.store(*(post(number, text=f"Oversight, part {number}") for number in range(8)))
    made.publish()
    original = post(2, text="Oversight, part 2")
    made.store(
        *(post(number, text="Rights and surveillance") for number in range(8, 12)),
        post(20, text=original.text, kind="boost", boost_of=original.uri),
        post(21, text="I agree", kind="reply", reply_to=original.uri),
        post(3, text="Oversight, put another way", edited_at=BEGIN + 9_000, likes=5),
        tombstones=[Tombstone(NOW, "deleted", uri=post(1).uri)],
    )
    made.archive.close()
    return made


class Copy(Room):
    """A fresh copy of a closed room."""

    def __init__(self, original: Room, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(original.archive_path.parent, folder)
        self.archive_path, self.dashboard_path = folder / "archive.db", folder / "dashboard.db"
        self.public_path = folder / "public.db"

    def shown(self) -> list[object]:
        """What readers of both files see; that both are sound is seen to before."""
        for path in (self.dashboard_path, self.public_path):
            with closing(sqlite3.connect(path)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [self.everything(), self.public()]

    def public(self) -> dict[str, list[str]]:
        """What the public file holds."""
        with closing(sqlite3.connect(self.public_path)) as connection:
            return {
                table: sorted(map(repr, connection.execute(f"SELECT * FROM {table}")))
                for table in PUBLIC_TABLES
            }


def counted(publisher: Publisher, count: Callable[[], int]) -> None:
    """Has the steps of every connection that the publisher writes through counted."""
    publisher._dashboard.set_progress_handler(count, EVERY)
    publisher._public_board._connection.set_progress_handler(count, EVERY)


@pytest.mark.long
def test_killed_at_any_step_it_catches_up(room: Room, tmp_path: Path) -> None:
    """Each kill leaves the dashboard as it was or as it is to be; the next start ends the work."""
    whole = Copy(room, tmp_path / "whole")
    old = whole.everything()
    whole.publish()
    new = whole.shown()
    assert new[0] != old
    fired = 0
    for step in itertools.count(1):
        copy = Copy(room, tmp_path / "copy")

        def write(count: Callable[[], int], copy: Copy = copy) -> None:
            publisher = copy.publisher()
            counted(publisher, count)
            publisher.catch_up()

        if not killed(write, step):
            break
        fired += 1
        copy.publish()
        assert copy.shown() == new, f"killed at step {step}"
    assert fired > 50, "the fault must have fired"


@pytest.mark.long
def test_killed_while_it_makes_the_dashboard_anew(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers keep the old dashboard; what was half made is thrown away by the next start."""
    whole = Copy(room, tmp_path / "whole")
    old = whole.everything()
    whole.publish()
    new = whole.shown()
    fresh = rebuilding._fresh
    fired = 0
    for step in itertools.count(1):
        copy = Copy(room, tmp_path / "copy")

        def write(count: Callable[[], int], copy: Copy = copy) -> None:
            def made(path: Path) -> sqlite3.Connection:
                connection = fresh(path)
                connection.set_progress_handler(count, 10 * EVERY)
                return connection

            monkeypatch.setattr(rebuilding, "_fresh", made)
            copy.publisher().rebuild(workers=1)

        if not killed(write, step):
            break
        fired += 1
        assert copy.everything() == old, f"killed at step {step}"
        copy.publish()
        assert copy.shown() == new, f"killed at step {step}"
        assert not list(copy.dashboard_path.parent.glob("*.rebuilding*"))
    assert fired > 10, "the fault must have fired"


@pytest.mark.long
def test_killed_amid_the_swap_it_is_the_old_or_the_new(room: Room, tmp_path: Path) -> None:
    """However much of the new dashboard is written into the live file when the kill comes."""
    whole = Copy(room, tmp_path / "whole")
    old = whole.everything()
    whole.publish()
    new = whole.shown()
    size = whole.dashboard_path.stat().st_size
    amid = 0
    for share in range(20):
        copy = Copy(room, tmp_path / "copy")
        amid += killed_at_size(copy, size * share // 20 + 1)
        assert copy.everything() in (old, new[0]), f"killed after {share * 5}%"
        copy.publish()
        assert copy.shown() == new, f"killed after {share * 5}%"
    assert amid > 5, "the fault must have fired amid the swap"


def killed_at_size(copy: Copy, size: int) -> bool:
    """Whether a rebuild was killed as soon as so many bytes had come to the live file's log."""
    log = copy.dashboard_path.with_name("dashboard.db-wal")
    child = os.fork()
    if child == 0:
        publisher = copy.publisher()
        is_done = threading.Event()

        def watch() -> None:
            while not is_done.is_set():
                if log.exists() and log.stat().st_size >= size:
                    os.kill(os.getpid(), signal.SIGKILL)

        threading.Thread(target=watch, daemon=True).start()
        try:
            publisher.rebuild(workers=1)
            is_done.set()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), "the rebuild itself must work"
    return status == signal.SIGKILL
