"""A disk that fails at each write, sync and opening, and a machine that loses its power."""

from __future__ import annotations

import itertools
import random
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from unittest import mock

import pytest

from archive.faulty_disk import Connection, Disk, mounted
from archive.strategies import post
from archive.test_archive_kill_steps import PLACE, before, state
from hashwatch.archive.store import Archive
from hashwatch.errors import ArchiveError
from hashwatch.model import Cursor, Page, Tombstone

# What fails while SQLite closes a file is told to nobody.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PAGES = [
    Page(
        posts=tuple(post(n, likes=page, text=f"{n} " * 60) for n in range(page * 5, page * 5 + 8)),
        tombstones=(Tombstone(1, "deleted", uri=post(page * 5 + 1).uri),),
        cursor=Cursor(forward=str(page)),
    )
    for page in range(4)
]


def work(path: Path, run: int, disk: Disk, acknowledged: list[int]) -> None:
    """Stores the pages one after another, folds the log in halfway, and closes the archive."""
    with mounted(disk):
        archive = Archive(path)
        try:
            for number, page in enumerate(PAGES):
                archive.store(page, run, PLACE, 1)
                acknowledged.append(number)
                if number == 1:
                    with suppress(sqlite3.Error):
                        archive._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            with suppress(Exception):
                archive.close()


def states(tmp_path: Path, original: Path, run: int) -> list[object]:
    """What the archive is after no page, one, two …, by Python's own SQLite."""
    path = tmp_path / "model.db"
    shutil.copy(original, path)
    found = [state(path)]
    for page in PAGES:
        with closing(Archive(path)) as archive:
            archive.store(page, run, PLACE, 1)
        found.append(state(path))
    return found


def lose_power_everywhere(tmp_path: Path, *, lies: bool = False) -> tuple[int, int]:
    """After each of the disk's operations in turn, with several fates of what was not synced.

    How often the power went, and how often a page was lost that had been acknowledged.
    """
    original, run = before(tmp_path / "before.db")
    whole = states(tmp_path, original, run)
    path, left = tmp_path / "archive.db", tmp_path / "left.db"
    fired = lost = 0
    for number in itertools.count(1):
        for rest in tmp_path.glob("archive.db*"):
            rest.unlink()
        shutil.copy(original, path)
        disk = Disk()
        disk.begin(path)
        disk.fails_at, disk.stays_broken, disk.syncs_are_lies = number, True, lies
        acknowledged: list[int] = []
        with suppress(ArchiveError):
            work(path, run, disk, acknowledged)
        if not disk.fired:
            break
        fired += 1
        for fate in range(4):
            for rest in tmp_path.glob("left.db*"):
                rest.unlink()
            disk.after_power_loss(path, left, random.Random(f"{number} {fate}"))
            try:
                kept = whole.index(state(left))
            except Exception:
                kept = -1  # damaged, or between two pages
            if kept < len(acknowledged):
                lost += 1
    return fired, lost


def test_power_loss_takes_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The file is sound, and holds the acknowledged pages, or one more."""
    fired, lost = lose_power_everywhere(tmp_path)
    assert fired > 40, "the power must have gone"
    assert lost == 0


@pytest.mark.long
def test_a_disk_that_lies_about_its_syncs_is_noticed(tmp_path: Path) -> None:
    """That the test above can fail: there, acknowledged pages are lost."""
    fired, lost = lose_power_everywhere(tmp_path, lies=True)
    assert fired > 40
    assert lost > 10


@pytest.mark.long
def test_without_syncs_pages_would_be_lost(tmp_path: Path) -> None:
    """What ``synchronous = FULL`` is for."""
    execute = Connection.execute

    def careless(connection: Connection, sql: str, parameters: object = ()) -> object:
        return execute(
            connection, sql.replace("synchronous = FULL", "synchronous = OFF"), parameters
        )

    with mock.patch.object(Connection, "execute", careless):
        _, lost = lose_power_everywhere(tmp_path)
    assert lost > 0


@pytest.mark.parametrize(
    "stays_broken",
    [False, pytest.param(True, marks=pytest.mark.long)],
    ids=["once", "from then on"],
)
def test_each_failing_operation_is_undone_and_the_page_taken_again(
    tmp_path: Path, stays_broken: bool
) -> None:
    """Each write, sync and opening fails in turn: said clearly, rolled back, and taken later."""
    original, run = before(tmp_path / "before.db")
    whole = states(tmp_path, original, run)
    path = tmp_path / "archive.db"
    failed = set()
    for number in itertools.count(1):
        for rest in tmp_path.glob("archive.db*"):
            rest.unlink()
        shutil.copy(original, path)
        disk = Disk()
        disk.fails_at, disk.stays_broken = number, stays_broken
        acknowledged: list[int] = []
        with suppress(ArchiveError):
            work(path, run, disk, acknowledged)
        if not disk.fired:
            break
        failed.add(disk.kinds[number - 1])
        kept = whole.index(state(path))
        assert len(acknowledged) <= kept <= len(acknowledged) + 1, f"operation {number}"
        # The disk works again: what was not acknowledged comes again.
        with closing(Archive(path)) as archive:
            for page in PAGES[len(acknowledged) :]:
                archive.store(page, run, PLACE, 1)
            assert archive.cursor(PLACE) == Cursor(forward="3")
    assert failed == {"write", "sync", "open"}, "each fault must have fired"
