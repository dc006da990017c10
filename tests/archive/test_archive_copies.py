"""Back-ups are whole whatever is written meanwhile, and come back as they were."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from archive.strategies import post
from hashwatch.archive.connection import sole
from hashwatch.archive.copies import back_up, restore
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.errors import ArchiveError, DamagedError, InUseError
from hashwatch.model import Page

PLACE = PlaceKey("mastodon", "town.example", "natsec17")
NOW = 1_490_960_000


def filled(path: Path, numbers: range) -> Archive:
    """An archive with posts of these numbers."""
    archive = Archive(path)
    run = archive.begin_run(PLACE, NOW)
    archive.store(Page(posts=tuple(post(n) for n in numbers)), run, PLACE, NOW)
    return archive


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in an archive."""
    with closing(sqlite3.connect(path)) as connection:
        names = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr)
            for name in names
        }


def test_a_back_up_restored_is_the_archive_again(tmp_path: Path) -> None:
    """Every row of every table; what was there since is kept beside, and dashboards go."""
    path = tmp_path / "archive.db"
    archive = filled(path, range(20))
    before = rows(path)
    made = back_up(path, tmp_path / "kept.db")
    assert (made.posts, made.last_change) == (20, max(row[0] for row in before["changes"]))
    assert (tmp_path / "kept.db").stat().st_mode & 0o777 == 0o600
    run = archive.begin_run(PLACE, NOW)
    archive.store(Page(posts=tuple(post(n) for n in range(20, 30))), run, PLACE, NOW)
    archive.close()
    for name in ("dashboard.db", "public.db"):
        (tmp_path / name).write_bytes(b"old")
    assert restore(tmp_path / "kept.db", path, "now").posts == 20
    assert rows(path) == before
    with closing(sqlite3.connect(tmp_path / "archive.db.before-now")) as kept:
        assert kept.execute("SELECT count(*) FROM posts").fetchone() == (30,)
    assert not (tmp_path / "dashboard.db").exists()
    assert not (tmp_path / "public.db").exists()


def test_a_back_up_is_of_one_moment_while_others_write(tmp_path: Path) -> None:
    """A writer goes on through it: every copy holds whole pages only, and none fails."""
    path = tmp_path / "archive.db"
    filled(path, range(5)).close()
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        archive = Archive(path)
        run, number = archive.begin_run(PLACE, NOW), 100
        while not stop.is_set():
            page = Page(posts=tuple(post(number + n) for n in range(10)))
            archive.store(page, run, PLACE, NOW)
            number += 10
            written.set()
        archive.close()

    writer = threading.Thread(target=write)
    writer.start()
    counts = []
    try:
        for number in range(8):
            assert written.wait(10)
            written.clear()
            counts.append(back_up(path, tmp_path / f"{number}.db").posts)
    finally:
        stop.set()
        writer.join()
    assert all((count - 5) % 10 == 0 for count in counts)
    assert counts == sorted(counts)
    assert len(set(counts)) > 1


def test_nothing_is_replaced_by_a_back_up(tmp_path: Path) -> None:
    """Nor left half-written where it failed."""
    path = tmp_path / "archive.db"
    filled(path, range(3)).close()
    target = tmp_path / "kept.db"
    target.write_bytes(b"precious")
    with pytest.raises(ArchiveError, match="exists already"):
        back_up(path, target)
    assert target.read_bytes() == b"precious"
    with pytest.raises(ArchiveError, match="there is no archive yet"):
        back_up(tmp_path / "none.db", tmp_path / "other.db")
    assert not list(tmp_path.glob("other.db*"))


@pytest.mark.parametrize("role", ["collector", "publisher"])
def test_nothing_is_restored_under_a_running_process(tmp_path: Path, role: str) -> None:
    """It says which holds what."""
    path = tmp_path / "archive.db"
    filled(path, range(3)).close()
    back_up(path, tmp_path / "kept.db")
    held = path if role == "collector" else tmp_path / "dashboard.db"
    with sole(held, role), pytest.raises(InUseError, match=f"another {role}"):
        restore(tmp_path / "kept.db", path, "now")


@pytest.mark.parametrize("what", ["damaged", "cut", "another database", "no database", "missing"])
def test_what_is_no_whole_archive_is_not_restored(tmp_path: Path, what: str) -> None:
    """The archive that is there stays."""
    path, kept = tmp_path / "archive.db", tmp_path / "kept.db"
    filled(path, range(300)).close()
    before = rows(path)
    back_up(path, kept)
    octets = kept.read_bytes()
    if what == "damaged":
        kept.write_bytes(octets[:8192] + b"\xff" * 65536 + octets[73728:])
    elif what == "cut":
        kept.write_bytes(octets[: len(octets) // 2])
    elif what == "no database":
        kept.write_bytes(b"nothing of the kind" * 1000)
    else:
        kept.unlink()
        if what == "another database":
            with closing(sqlite3.connect(kept)) as other:
                other.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(ArchiveError) as caught:
        restore(kept, path, "now")
    assert isinstance(caught.value, DamagedError) == (what in ("damaged", "cut", "no database"))
    assert rows(path) == before
