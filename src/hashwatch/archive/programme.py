"""Programmes in the archive: what was imported or read last, and a log of what became different.

The command line and the collector write here, the publisher reads. An imported programme stands
before the one that the configuration names, until it is forgotten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from hashwatch.archive.comparing import ProgrammeChange, differences
from hashwatch.archive.connection import Result, has_table, open_reading, write_once
from hashwatch.archive.runs import changed
from hashwatch.model import Event, Session

Origin = Literal["imported", "configured"]

_decode = msgspec.json.Decoder(Session).decode


class StoredProgramme(msgspec.Struct, frozen=True):
    """A programme as it was last read from ``location``; ``at`` is when it last became another.

    ``etag`` and ``last_modified`` are what the server that gave it said of it, empty for files.
    """

    origin: Origin
    location: str
    at: int
    etag: str
    last_modified: str
    sessions: tuple[Session, ...]


class LoggedChange(msgspec.Struct, frozen=True):
    """A change of the programme with its number, event and moment (UTC seconds)."""

    id: int
    event: str
    at: int
    change: ProgrammeChange


class Programmes:
    """The programmes in the archive at ``path``; each call opens the file for itself, shortly.

    Writing makes the archive where there is none yet. Calls raise ``ArchiveError`` when it cannot
    be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(
        self, event: Event, origin: Origin, location: str, sessions: Sequence[Session], now: int, *,
        etag: str = "", last_modified: str = "",
    ) -> list[ProgrammeChange]:  # fmt: skip
        """Puts a programme in the place of the one before; what became different by that.

        Keeping the same programme again changes nothing. A configured one that stands behind an
        imported one is kept for later and changes nothing now.
        """
        read = StoredProgramme(origin, location, now, etag, last_modified, tuple(sessions))
        return self._write(lambda connection: _keep(connection, event, read))

    def forget(self, event: Event, now: int) -> bool:
        """Drops the imported programme, so that the configured one stands; whether there was one.

        The log says which sessions that changed.
        """

        def write(connection: sqlite3.Connection) -> bool:
            imported = stored(connection, event.slug, "imported")
            if imported is None:
                return False
            for table in ("programmes", "programme_sessions"):
                connection.execute(
                    f"DELETE FROM {table} WHERE event = ? AND origin = 'imported'", (event.slug,)
                )
            stands = standing_programme(connection, event)
            kind = ProgrammeChange("forgotten", "", imported.location, "", "")
            after = stands.sessions if stands else event.programme_sessions()
            zone, location = event.timezone, event.programme or "config.toml"
            _log(
                connection,
                event,
                now,
                [kind, *differences(imported.sessions, after, zone, location)],
            )
            return True

        return self._write(write)

    def standing(self, event: Event) -> StoredProgramme | None:
        """See :func:`standing_programme`; ``None`` as well where there is no archive yet."""
        if not self._path.exists():
            return None
        with closing(open_reading(self._path)) as connection:
            return standing_programme(connection, event)

    def last_read(self, event: Event) -> StoredProgramme | None:
        """What was last read from the place that the configuration names for ``event``."""
        with closing(open_reading(self._path)) as connection:
            found = stored(connection, event.slug, "configured")
            return found if found is not None and found.location == event.programme else None

    def changes(self, event: str, limit: int) -> list[LoggedChange]:
        """The latest changes of an event's programme, the newest first."""
        if not self._path.exists():
            return []
        with closing(open_reading(self._path)) as connection:
            return changes_after(connection, 0, event=event)[::-1][:limit]

    def _write(self, write: Callable[[sqlite3.Connection], Result]) -> Result:
        return write_once(self._path, "the programme", write, may_begin=True)


def standing_programme(connection: sqlite3.Connection, event: Event) -> StoredProgramme | None:
    """The programme that stands for ``event``: the imported one, else the one last read from where
    the configuration says now, else ``None``.
    """
    imported = stored(connection, event.slug, "imported")
    if imported is not None or not event.programme:
        return imported
    found = stored(connection, event.slug, "configured")
    return found if found is not None and found.location == event.programme else None


def stored(connection: sqlite3.Connection, event: str, origin: Origin) -> StoredProgramme | None:
    """One programme, whether it stands or not; ``None`` also in an archive from before them."""
    if not has_table(connection, "programme_changes"):
        return None
    row = connection.execute(
        "SELECT location, at, etag, last_modified FROM programmes WHERE event = ? AND origin = ?",
        (event, origin),
    ).fetchone()
    if row is None:
        return None
    sessions = connection.execute(
        "SELECT session FROM programme_sessions WHERE event = ? AND origin = ? ORDER BY position",
        (event, origin),
    )
    location, at, etag, last_modified = row
    read = tuple(_decode(session) for (session,) in sessions)
    return StoredProgramme(origin, location, at, etag, last_modified, read)


def last_programme_change(connection: sqlite3.Connection) -> int:
    """The number of the newest change of any programme; 0 for none."""
    if not has_table(connection, "programme_changes"):
        return 0
    number: int = connection.execute(
        "SELECT coalesce(max(id), 0) FROM programme_changes"
    ).fetchone()[0]
    return number


def changes_after(
    connection: sqlite3.Connection, last: int, *, event: str | None = None
) -> list[LoggedChange]:
    """The changes with a number above ``last``, of one event or of all, the oldest first."""
    if not has_table(connection, "programme_changes"):
        return []
    rows = connection.execute(
        "SELECT id, event, at, kind, code, title, before, after FROM programme_changes"
        " WHERE id > ? AND (? IS NULL OR event = ?) ORDER BY id",
        (last, event, event),
    )
    return [
        LoggedChange(number, slug, at, ProgrammeChange(*change))
        for number, slug, at, *change in rows
    ]


def _keep(
    connection: sqlite3.Connection, event: Event, read: StoredProgramme
) -> list[ProgrammeChange]:
    held = stored(connection, event.slug, read.origin)
    stands = standing_programme(connection, event)
    if held is not None and (held.location, held.sessions) == (read.location, read.sessions):
        connection.execute(
            "UPDATE programmes SET etag = ?, last_modified = ? WHERE event = ? AND origin = ?"
            " AND (etag, last_modified) IS NOT (?, ?)",
            (read.etag, read.last_modified, event.slug, read.origin,
             read.etag, read.last_modified),
        )  # fmt: skip
        return []
    connection.execute(
        "INSERT OR REPLACE INTO programmes VALUES (?, ?, ?, ?, ?, ?)",
        (event.slug, read.origin, read.location, read.at, read.etag, read.last_modified),
    )
    connection.execute(
        "DELETE FROM programme_sessions WHERE event = ? AND origin = ?", (event.slug, read.origin)
    )
    connection.executemany(
        "INSERT INTO programme_sessions VALUES (?, ?, ?, ?)",
        [
            (event.slug, read.origin, position, msgspec.json.encode(session).decode())
            for position, session in enumerate(read.sessions)
        ],
    )
    if read.origin == "configured" and stands is not None and stands.origin == "imported":
        return []
    found = differences(
        stands.sessions if stands else (), read.sessions, event.timezone, read.location
    )
    if not found:
        order = "the order of the sessions"
        found = [ProgrammeChange("changed", "", read.location, "", order)]
    _log(connection, event, read.at, found)
    return found


def _log(
    connection: sqlite3.Connection, event: Event, now: int, found: Sequence[ProgrammeChange]
) -> None:
    connection.executemany(
        "INSERT INTO programme_changes (event, at, kind, code, title, before, after)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(event.slug, now, *msgspec.structs.astuple(one)) for one in found],
    )
    changed(connection, "programme", 0)
