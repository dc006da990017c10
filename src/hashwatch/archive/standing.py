"""Where the archive and its processes stand now, for an operator who asks."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

import msgspec


class PlaceStanding(msgspec.Struct, frozen=True):
    """A source at one server for one event; times are UTC seconds."""

    source: str
    instance: str
    event: str
    state: str
    detail: str
    since: int
    checked_at: int | None
    next_attempt_at: int | None


class OpenGap(msgspec.Struct, frozen=True):
    """A hole that nothing has filled; times are UTC seconds."""

    source: str
    instance: str
    hashtag: str
    start: int
    end: int | None
    reason: str


class Standing(msgspec.Struct, frozen=True):
    """What the archive holds, and what its collector last said."""

    posts: int
    authors: int
    rejects: int
    last_collected_at: int | None
    last_change: int
    last_beat: int | None
    places: tuple[PlaceStanding, ...]
    gaps: tuple[OpenGap, ...]


def standing(connection: sqlite3.Connection) -> Standing:
    """Reads it all; the connection needs no right to write."""

    def one(sql: str) -> int | None:
        value: int | None = connection.execute(sql).fetchone()[0]
        return value

    return Standing(
        posts=one("SELECT count(*) FROM posts") or 0,
        authors=one("SELECT count(*) FROM authors") or 0,
        rejects=one("SELECT count(*) FROM rejects") or 0,
        last_collected_at=one("SELECT max(seen_at) FROM sightings"),
        last_change=one("SELECT coalesce(max(seq), 0) FROM changes") or 0,
        last_beat=one("SELECT max(at) FROM heartbeats WHERE process = 'collector'"),
        places=tuple(
            PlaceStanding(*row)
            for row in connection.execute(
                "SELECT source, instance, event, state, detail, since, checked_at, next_attempt_at"
                " FROM places ORDER BY event, source, instance"
            )
        ),
        gaps=tuple(
            OpenGap(*row)
            for row in connection.execute(
                "SELECT source, instance, hashtag, start, end, reason FROM gaps"
                " WHERE filled_at IS NULL ORDER BY start"
            )
        ),
    )


def holder(path: Path, role: str) -> int | None:
    """The process that holds ``role`` for the database at ``path`` now; ``None`` for nobody.

    See :func:`hashwatch.archive.connection.sole`.
    """
    try:
        descriptor = os.open(path.with_name(f"{path.name}.{role}"), os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        said = os.read(descriptor, 20).decode(errors="replace").strip()
        return int(said) if said.isdigit() else 0
    else:
        return None
    finally:
        os.close(descriptor)
