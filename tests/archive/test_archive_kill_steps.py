"""Killed at SQL steps of one write: the archive is as before it or as after it, never between."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive.strategies import post
from hashwatch.archive import connection as opening
from hashwatch.archive.connection import open_archive
from hashwatch.archive.decisions import Decisions
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.errors import ArchiveError, DamagedError
from hashwatch.model import Cursor, Page, Tombstone
from killing import killed

PLACE = PlaceKey("mastodon", "town.example", "natsec17")
POSTS = tuple(post(n) for n in range(6))
PAGES = {
    "posts": Page(posts=tuple(post(n) for n in range(6, 9)), cursor=Cursor(forward="1008")),
    "edit": Page(posts=(post(2, text="Another", edited_at=2_000_000_000, likes=3),)),
    "tombstone": Page(tombstones=(Tombstone(9, "deleted", uri=POSTS[1].uri),)),
    "delete before create": Page(tombstones=(Tombstone(9, "deleted", uri=post(50).uri),)),
}


def before(path: Path) -> tuple[Path, int]:
    """An archive of a few posts, closed, and the run that further pages belong to."""
    with closing(Archive(path)) as archive:
        run = archive.begin_run(PLACE, 1)
        archive.store(Page(posts=POSTS, cursor=Cursor(forward="1005")), run, PLACE, 1)
    return path, run


def state(path: Path) -> list[object]:
    """Every row of every table, after SQLite's own recovery; and that the file is sound."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        tables = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name"
        ).fetchall()
        version = connection.execute("PRAGMA user_version").fetchall()
        names = [name for name, sql in tables if sql and sql.upper().startswith("CREATE TABLE")]
        rows = [sorted(map(repr, connection.execute(f'SELECT * FROM "{n}"'))) for n in names]
    return [tables, version, rows]


def whole(original: Path, path: Path, name: str, run: int) -> list[object]:
    """What the archive is when nothing interrupts this page."""
    shutil.copy(original, path)
    with closing(Archive(path)) as archive:
        archive.store(PAGES[name], run, PLACE, 1)
    return state(path)


@pytest.mark.long
@pytest.mark.parametrize("name", PAGES)
def test_a_page_killed_at_any_step_is_there_or_not(tmp_path: Path, name: str) -> None:
    """At every single step of SQLite's machine, to the end of the page."""
    original, run = before(tmp_path / "before.db")
    path = tmp_path / "archive.db"

    def write(count: Callable[[], int]) -> None:
        archive = Archive(path)
        archive._connection.set_progress_handler(count, 1)
        archive.store(PAGES[name], run, PLACE, 1)

    old, new = state(original), whole(original, tmp_path / "after.db", name, run)
    assert new != old
    fired = 0
    for step in itertools.count(1):
        for rest in tmp_path.glob("archive.db*"):
            rest.unlink()
        shutil.copy(original, path)
        if not killed(write, step):
            break
        fired += 1
        assert state(path) in (old, new), f"killed at step {step}"
    assert state(path) == new, "what was acknowledged is there"
    assert fired > 100, "the fault must have fired"


@pytest.mark.long
def test_migrations_killed_at_any_step_leave_whole_schemas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kill leaves the schema of a whole number of migrations, and the next start ends them."""
    migrate = opening.migrate
    path = tmp_path / "archive.db"
    open_archive(tmp_path / "whole.db").close()
    migrated = state(tmp_path / "whole.db")
    schemas: dict[object, object] = {}
    fired = 0
    for step in itertools.count(1):
        for rest in tmp_path.glob("archive.db*"):
            rest.unlink()

        def write(count: Callable[[], int]) -> None:
            def counted(connection: sqlite3.Connection) -> None:
                connection.set_progress_handler(count, 8)
                migrate(connection)

            monkeypatch.setattr(opening, "migrate", counted)
            open_archive(path)

        if not killed(write, step):
            break
        fired += 1
        tables, version, _ = state(path)
        assert schemas.setdefault(repr(version), tables) == tables, f"killed at step {step}"
        open_archive(path).close()
        assert state(path) == migrated, f"killed at step {step}"
    assert fired > 20, "the fault must have fired"
    assert len(schemas) > 2, "kills must have hit several migrations"


@pytest.mark.long
def test_a_decision_killed_at_any_step_is_there_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's decision and the change that carries it to the pages are one."""
    original, _ = before(tmp_path / "before.db")
    path = tmp_path / "archive.db"
    migrate = opening.migrate
    with closing(sqlite3.connect(original)) as connection:
        (first,) = connection.execute("SELECT min(id) FROM posts").fetchone()

    def decide(path: Path) -> None:
        Decisions(path).append("ann", "natsec17", "correct", first, "sentiment", "negative", now=2)

    def write(count: Callable[[], int]) -> None:
        def counted(connection: sqlite3.Connection) -> None:
            migrate(connection)
            connection.set_progress_handler(count, 1)

        monkeypatch.setattr(opening, "migrate", counted)
        decide(path)

    shutil.copy(original, tmp_path / "after.db")
    decide(tmp_path / "after.db")
    old, new = state(original), state(tmp_path / "after.db")
    assert new != old
    fired = 0
    for step in itertools.count(1):
        for rest in tmp_path.glob("archive.db*"):
            rest.unlink()
        shutil.copy(original, path)
        if not killed(write, step):
            break
        fired += 1
        assert state(path) in (old, new), f"killed at step {step}"
    assert state(path) == new, "what was acknowledged is there"
    assert fired > 30, "the fault must have fired"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_breaks_off_at_any_step_is_undone_and_taken_again(
    tmp_path: Path, name: str
) -> None:
    """SQLite refuses at each step in turn: rolled back, and the same connection goes on."""
    path, run = before(tmp_path / "archive.db")
    old, new = state(path), whole(path, tmp_path / "after.db", name, run)
    archive = Archive(path)
    fired = 0
    for step in itertools.count(1):
        refusals = itertools.chain(itertools.repeat(0, step - 1), (1,), itertools.repeat(0))
        archive._connection.set_progress_handler(refusals.__next__, 8)
        try:
            archive.store(PAGES[name], run, PLACE, 1)
            break
        except ArchiveError:
            fired += 1
            assert state(path) == old, f"broke off at step {step}"
        finally:
            archive._connection.set_progress_handler(None, 0)
    archive.close()
    assert fired > 10, "the fault must have fired"
    assert state(path) == new


def test_each_flipped_page_is_refused_or_harmless(tmp_path: Path) -> None:
    """Whichever page is overwritten: damage is said and the file kept, or no row is different."""
    original, _ = before(tmp_path / "before.db")
    sound, rows = original.read_bytes(), state(original)[2]
    pages = len(sound) // opening.PAGE_BYTES
    refused = 0
    for page in range(pages):
        path = tmp_path / f"flipped{page}.db"
        at = page * opening.PAGE_BYTES
        flipped = bytes(byte ^ 0xFF for byte in sound[at : at + opening.PAGE_BYTES])
        damaged = sound[:at] + flipped + sound[at + opening.PAGE_BYTES :]
        path.write_bytes(damaged)
        said = ""
        try:
            with closing(open_archive(path)) as connection:
                opening.check(connection, path)
        except DamagedError as error:
            said = str(error)
        if said:
            refused += 1
            assert "copy from before" in said
            assert path.read_bytes() == damaged, f"page {page} was written to"
        else:
            assert state(path)[2] == rows, f"page {page} is damaged and nobody noticed"
    assert refused > pages * 0.9, "the fault must have fired"
