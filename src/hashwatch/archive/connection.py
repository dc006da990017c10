"""Opening archive.db: pragmas, migrations, a check for damage, and the collector's lock."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from hashwatch.errors import ArchiveError, DamagedError, InUseError

Result = TypeVar("Result")

BUSY_SECONDS = 30.0
PAGE_BYTES = 8192


def open_archive(path: Path, *, bulk: bool = False) -> sqlite3.Connection:
    """A connection that may write, migrated to the newest schema.

    ``bulk`` lets the write-ahead log grow between checkpoints, for imports. Raises
    ``DamagedError`` when the file fails SQLite's quick check, ``ArchiveError`` when it cannot be
    opened or is from a newer hashwatch.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {10_000 if bulk else 2_000}")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA cache_size = -65536" if bulk else "PRAGMA cache_size = -16384")
        migrate(connection)
    except (sqlite3.Error, OSError) as error:
        raise _explain(error, path) from error
    return connection


def open_reading(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; raises ``ArchiveError`` when there is no archive."""
    if not path.exists():
        raise ArchiveError(f"{path}: there is no archive yet; collect or import something first")
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
        )
        connection.execute("PRAGMA cache_size = -16384")
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        raise _explain(error, path) from error
    return connection


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Raises ``DamagedError`` when SQLite's quick check finds the file damaged."""
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise _explain(error, path) from error
    if verdict != "ok":
        raise DamagedError(_damaged(path, verdict.splitlines()[-1]))


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the schema up to date, one transaction a step: an interruption leaves old or new."""
    steps = sorted(
        (
            entry
            for entry in (files("hashwatch.archive") / "migrations").iterdir()
            if entry.name.endswith(".sql")
        ),
        key=lambda entry: entry.name,
    )
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise ArchiveError(
            f"the archive has schema {version}, this hashwatch knows {len(steps)}:"
            " use the newer hashwatch that wrote it"
        )
    for number, step in enumerate(steps[version:], start=version + 1):
        with transaction(connection):
            if connection.execute("PRAGMA user_version").fetchone()[0] >= number:
                continue  # another process took this step while we waited for the lock
            for statement in _statements(step.read_text(encoding="utf-8")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """``BEGIN IMMEDIATE`` … ``COMMIT``, or a rollback when anything is raised."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the file has been brought up to date since this table was introduced: whoever only
    reads may meet one from before.
    """
    sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(sql, (name,)).fetchone() is not None


def write_once(
    path: Path,
    what: str,
    write: Callable[[sqlite3.Connection], Result],
    *,
    may_begin: bool = False,
) -> Result:
    """One short transaction on the archive at ``path``, beside whoever else writes it.

    Raises ``ArchiveError`` saying that ``what`` was not kept, when the disk or a lock refuses, or
    when there is no archive: only with ``may_begin`` is one begun.
    """
    if not may_begin and not path.exists():
        raise ArchiveError(f"{path}: there is no archive yet; {what} was not kept")
    with closing(open_archive(path)) as connection:
        try:
            with transaction(connection):
                return write(connection)
        except sqlite3.Error as error:
            raise ArchiveError(
                f"{path}: could not be written ({error}); {what} was not kept, try again"
            ) from error


@contextmanager
def sole(path: Path, role: str) -> Iterator[None]:
    """Holds ``role`` (collector, publisher) for the database at ``path``.

    Raises ``InUseError`` naming the process that has it. The lock goes with the process, however
    it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock_path = path.with_name(f"{path.name}.{role}")
    descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            raise InUseError(
                f"{path}: another {role} (process {holder}) is at work on it; stop that one first"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():
        yield statement


def _explain(error: sqlite3.Error | OSError, path: Path) -> ArchiveError:
    if isinstance(error, sqlite3.DatabaseError):
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith("SQLITE_CORRUPT") or name == "SQLITE_NOTADB":
            return DamagedError(_damaged(path, str(error)))
    return ArchiveError(f"{path}: cannot be opened: {error}")


def _damaged(path: Path, verdict: str) -> str:
    return (
        f"{path}: the file is damaged ({verdict}); nothing was written to it. Keep it, and put a"
        " copy from before in its place, or move it away and import or collect anew"
    )
