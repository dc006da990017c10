"""Opening the archive: one collector, no damage, migrations whole."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from archive.strategies import post
from hashwatch.archive import connection as opening
from hashwatch.archive.connection import open_archive, open_reading, sole
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.errors import ArchiveError, DamagedError, InUseError
from hashwatch.model import Page


def test_a_second_collector_is_refused(tmp_path: Path) -> None:
    """The one that holds the archive is named; afterwards the place is free again."""
    path = tmp_path / "archive.db"
    with sole(path, "collector"):
        with pytest.raises(InUseError, match=f"process {os.getpid()}"), sole(path, "collector"):
            raise AssertionError
        with sole(path, "publisher"):
            pass
    with sole(path, "collector"):
        pass


def test_damage_is_found_and_nothing_written(tmp_path: Path) -> None:
    """Flipped pages are noticed at the start, the file stays as it is, the operator is told."""
    path = tmp_path / "archive.db"
    archive = Archive(path)
    run = archive.begin_run(PlaceKey("x", "y"), 1)
    archive.store(Page(posts=tuple(post(n) for n in range(400))), run, PlaceKey("x", "y"), 1)
    archive.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 8192 * 8192
    content[middle : middle + 8192] = os.urandom(8192)
    path.write_bytes(content)
    reopened = Archive(path)
    with pytest.raises(DamagedError, match=r"damaged .*copy from before"):
        reopened.check()
    reopened.close()
    assert path.read_bytes()[middle : middle + 8192] == content[middle : middle + 8192]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Something else under the archive's name is refused, not overwritten."""
    path = tmp_path / "archive.db"
    path.write_bytes(b"these are my holiday notes\n" * 100)
    with pytest.raises(DamagedError, match=r"archive\.db"):
        open_archive(path)
    assert path.read_bytes().startswith(b"these are my holiday notes")


def test_reading_needs_an_archive(tmp_path: Path) -> None:
    """Nothing is created by looking."""
    with pytest.raises(ArchiveError, match="no archive yet"):
        open_reading(tmp_path / "archive.db")
    assert not (tmp_path / "archive.db").exists()


def test_an_archive_from_the_future_is_refused(tmp_path: Path) -> None:
    """An older hashwatch leaves a newer one's archive alone."""
    path = tmp_path / "archive.db"
    open_archive(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ArchiveError, match="newer hashwatch"):
        open_archive(path)


def test_a_migration_that_is_interrupted_leaves_the_old_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever statement fails, the schema is the old one or the new one, never between."""
    scripts = sorted(Path(opening.__file__).with_name("migrations").glob("*.sql"))
    statements = list(opening._statements(scripts[0].read_text()))
    for failing in range(len(statements)):
        path = tmp_path / f"{failing}.db"

        def cut(_: str, failing: int = failing):
            yield from statements[:failing]
            yield "this is not SQL"

        with monkeypatch.context() as patch:
            patch.setattr(opening, "_statements", cut)
            with pytest.raises(ArchiveError):
                open_archive(path)
        with sqlite3.connect(path) as connection:
            assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
            assert connection.execute("PRAGMA user_version").fetchone() == (0,)
        connection.close()
        migrated = open_archive(path)
        assert migrated.execute("PRAGMA user_version").fetchone() == (len(scripts),)
        migrated.close()


def test_steps_are_numbered_without_gaps() -> None:
    """An archive remembers how many it took: one put in between would be missed, or taken twice."""
    scripts = sorted(Path(opening.__file__).with_name("migrations").glob("*.sql"))
    assert [int(script.name[:4]) for script in scripts] == list(range(1, len(scripts) + 1))
