"""dashboard.db: made, opened for writing, and its description of the events kept."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from zlib import crc32

import msgspec

from hashwatch.errors import ArchiveError
from hashwatch.model import Event
from hashwatch.publish.rows import iso

PAGE_BYTES = 8192
BUSY_SECONDS = 30.0

_log = logging.getLogger(__name__)


def open_dashboard(path: Path) -> sqlite3.Connection:
    """A connection for the one publisher; makes an empty dashboard where there is none.

    A file with another version's schema is opened as it is, and a rebuild replaces its content. A
    file that is damaged or no database holds nothing that cannot be made anew, and is replaced.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _open(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise ArchiveError(f"{path}: cannot be opened: {error}") from error
        _log.warning("%s was damaged (%s) and is made anew", path, error)
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 2000")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("PRAGMA cache_size = -65536")
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
        connection.execute("BEGIN IMMEDIATE")
        create(connection)
        connection.execute("COMMIT")
    return connection


def create(connection: sqlite3.Connection, *, indexes: bool = True) -> None:
    """Makes the tables in an empty file, their secondary indexes too unless told to wait."""
    for statement in statements():
        if indexes or not _can_wait(statement):
            connection.execute(statement)
    set_meta(connection, "schema", schema_version())
    set_meta(connection, "published_seq", "0")


def create_indexes(connection: sqlite3.Connection) -> None:
    """Makes the secondary indexes that `create` left for later."""
    for statement in statements():
        if _can_wait(statement):
            connection.execute(statement)


def statements() -> list[str]:
    """The schema's statements, one by one, without comments in front."""
    script = (files("hashwatch.publish") / "schema.sql").read_text(encoding="utf-8")
    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        if statement or not (line.isspace() or line.startswith("--")):
            statement += line
        if statement and sqlite3.complete_statement(statement):
            found.append(statement)
            statement = ""
    return found


def schema_version() -> str:
    """Changes whenever the schema does."""
    return f"{crc32(''.join(statements()).encode()):08x}"


def get_meta(connection: sqlite3.Connection, key: str) -> str | None:
    """What the dashboard says of itself under ``key``."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def set_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Notes something about the dashboard itself."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def write_events(connection: sqlite3.Connection, events: Sequence[Event]) -> None:
    """Writes events, themes and sessions into an empty dashboard; ids follow their order."""
    theme_id = session_id = 0
    for event_id, event in enumerate(events, start=1):
        connection.execute(
            f"INSERT INTO events VALUES ({', '.join('?' * 18)})", _event_row(event_id, event)
        )
        connection.executemany(
            "INSERT INTO roster VALUES (?, ?, ?, ?, ?)",
            [
                (event_id, member.group, member.name, member.network, member.handle)
                for member in event.roster
            ],
        )
        theme_ids = {}
        for theme in event.themes:
            theme_id += 1
            theme_ids[theme.name] = theme_id
            connection.execute(
                "INSERT INTO themes VALUES (?, ?, ?, ?)",
                (theme_id, event_id, theme.name, _json(theme.terms)),
            )
        for position, session in enumerate(event.sessions):
            session_id += 1
            connection.execute(
                f"INSERT INTO sessions VALUES ({', '.join('?' * 14)})",
                (
                    session_id, event_id, session.code, session.title,
                    session.date.isoformat() if session.date else None,
                    iso(session.start) if session.start is not None else None,
                    iso(session.end) if session.end is not None else None,
                    session.room, session.track, theme_ids.get(session.theme), session.abstract,
                    session.url, _json(session.speakers), position,
                ),
            )  # fmt: skip


def _can_wait(statement: str) -> bool:
    """Whether an index can be made when the tables are full: what filling them reads cannot."""
    return statement.startswith("CREATE INDEX") and "post_sessions_post" not in statement


def _event_row(event_id: int, event: Event) -> tuple[object, ...]:
    return (
        event_id, event.slug, event.title, event.description, event.place, event.url,
        event.timezone, iso(event.starts), iso(event.ends), iso(event.collect_from),
        iso(event.collect_until), _json(event.hashtags), _json(event.accounts),
        _json(event.languages), "live", 0, 0.0, 1.0,
    )  # fmt: skip


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
