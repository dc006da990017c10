"""Back-ups of the archive: taken while it is written, proven whole, and put back in its place."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec

from hashwatch.archive.connection import check, migrate, open_reading, sole
from hashwatch.archive.spending import carry_over
from hashwatch.errors import ArchiveError

DERIVED = ("dashboard.db", "public.db")
"""Made from the archive: after another archive took its place they are made anew."""
_BESIDE = ("", "-wal", "-shm")


class BackUp(msgspec.Struct, frozen=True):
    """A back-up: where it is, how many posts it holds, its size, and the last change in it."""

    path: Path
    posts: int
    octets: int
    last_change: int


def back_up(archive_path: Path, target: Path) -> BackUp:
    """Copies the archive as it is at one moment to ``target``, while others go on writing it.

    The copy is one file, readable for its owner alone, and is held against SQLite's quick check
    before it gets its name. Raises ``ArchiveError`` when there is no archive, ``target`` exists
    already, or the copy is not whole.
    """
    if target.exists():
        raise ArchiveError(f"{target}: exists already; a back-up never replaces a file")
    beside = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside.unlink(missing_ok=True)
    os.close(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    try:
        with closing(open_reading(archive_path)) as source, closing(_plain(beside)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            check(copy, beside)
            (posts,) = copy.execute("SELECT count(*) FROM posts").fetchone()
            (last,) = copy.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()
        _to_disk(beside)
        beside.replace(target)
    except sqlite3.Error as error:
        raise ArchiveError(f"{target}: could not be written: {error}") from error
    finally:
        beside.unlink(missing_ok=True)
    return BackUp(target, posts, target.stat().st_size, last)


def restore(backup_path: Path, archive_path: Path, now: str) -> BackUp:
    """Puts a back-up in the archive's place; what was there is kept beside it, named by ``now``.

    Dashboards are removed: they are made anew from the archive. What was erased since the back-up
    is erased from it before it gets its place, and what sources spent since then stays counted.
    Raises ``InUseError`` while a collector or a publisher is at work, ``ArchiveError`` for what is
    no archive or is damaged; nothing is changed then.
    """
    with ExitStack() as held:
        held.enter_context(sole(archive_path, "collector"))
        held.enter_context(sole(archive_path.with_name(DERIVED[0]), "publisher"))
        posts, last = _inspect(backup_path)
        beside = archive_path.with_name(f"{archive_path.name}.restoring")
        shutil.copyfile(backup_path, beside)
        beside.chmod(0o600)
        _to_disk(beside)
        with closing(_plain(beside)) as copy:
            migrate(copy)
            carry_over(copy, archive_path)
        from hashwatch.archive.erasing import erase_again  # which knows this module's files

        erase_again(beside)
        kept = archive_path.with_name(f"{archive_path.name}.before-{now}")
        for end in _BESIDE:
            old = archive_path.with_name(archive_path.name + end)
            if old.exists():
                old.replace(kept.with_name(kept.name + end))
        beside.replace(archive_path)
        for name in DERIVED:
            for end in _BESIDE:
                archive_path.with_name(name + end).unlink(missing_ok=True)
    return BackUp(archive_path, posts, archive_path.stat().st_size, last)


def _inspect(path: Path) -> tuple[int, int]:
    """How many posts a back-up holds and its last change; raises for what is none."""
    if not path.exists():
        raise ArchiveError(f"{path}: there is no such file")
    with closing(open_reading(path)) as connection:
        check(connection, path)
        try:
            (posts,) = connection.execute("SELECT count(*) FROM posts").fetchone()
            (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()
        except sqlite3.Error as error:
            raise ArchiveError(f"{path}: is no archive of hashwatch ({error})") from error
    return posts, last


def _plain(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
