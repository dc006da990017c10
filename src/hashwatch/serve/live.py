"""Hearing of changes: one task watches dashboard.db and tells every open page.

SQLite's ``data_version`` changes when another connection commits. A page is told of what it would
show differently: the stamp leaves out what moves all the time (when the publisher last said that it
is up to date counts by half minutes).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from hashwatch.queries.events import published, revision
from hashwatch.serve.reading import NotPublishedError, open_read_only

LOOK_SECONDS = 0.2
HEARTBEAT_SECONDS = 15.0
MAX_LISTENERS = 4000
AGE_STEP = 30


ReadStamp = Callable[[sqlite3.Connection], tuple[int, int]]


class Live:
    """The state of dashboard.db as the last look found it, and those who wait for the next.

    ``read`` says what counts as a state of another file.
    """

    def __init__(self, path: Path, read: ReadStamp | None = None) -> None:
        self.path = path
        self._read = read or stamp
        self.stamp = 0
        self.version = 0
        self.listeners = 0
        self._changed = asyncio.Event()
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._connection: sqlite3.Connection | None = None
        self._data_version = -1

    async def ensure_started(self) -> None:
        """Starts looking, with a first look done, unless that was done before."""
        if self._task is None and not self._closed:
            self._task = asyncio.create_task(self._watch(), name="hashwatch-live")
            await asyncio.to_thread(self._look)

    def close(self) -> None:
        """Ends every stream and the task at once."""
        self._closed = True
        self._tell()
        if self._task is not None:
            self._task.cancel()
        self._forget()

    async def changes(self) -> AsyncGenerator[int | None, None]:
        """The version now, then each new one; None where only a heartbeat is due."""
        self.listeners += 1
        try:
            yield self.version
            while not self._closed:
                waiting = self._changed
                with suppress(TimeoutError):
                    await asyncio.wait_for(waiting.wait(), HEARTBEAT_SECONDS)
                yield self.version if waiting.is_set() else None
        finally:
            self.listeners -= 1

    async def _watch(self) -> None:
        while not self._closed:
            await asyncio.sleep(LOOK_SECONDS)
            before = self.stamp
            await asyncio.to_thread(self._look)
            if self.stamp != before:
                self._tell()

    def _tell(self) -> None:
        waiting, self._changed = self._changed, asyncio.Event()
        waiting.set()

    def _look(self) -> None:
        """Reads the stamp if anyone has committed since the last look."""
        try:
            if self._connection is None:
                self._connection = open_read_only(self.path)
            data_version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if data_version == self._data_version:
                return
            self.version, self.stamp = self._read(self._connection)
            self._data_version = data_version
        except (NotPublishedError, sqlite3.Error):
            # Not there yet, or just being replaced: look again, on a new connection.
            self._forget()
            self.stamp = 0

    def _forget(self) -> None:
        connection, self._connection, self._data_version = self._connection, None, -1
        if connection is not None:
            connection.close()


def stamp(connection: sqlite3.Connection) -> tuple[int, int]:
    """The dashboard's version and a number that changes with anything that a page shows."""
    version, published_at = published(connection)
    seen = [
        version,
        None if published_at is None else published_at // AGE_STEP,
        connection.execute("SELECT * FROM places").fetchall(),
        connection.execute("SELECT id, clock_mode, clock_at, clock_speed FROM events").fetchall(),
        connection.execute("SELECT max(id), sum(ended_at IS NULL) FROM runs").fetchone(),
    ]
    return version, crc32(
        repr([tuple(s) if isinstance(s, sqlite3.Row) else s for s in seen]).encode()
    )


def public_stamp(connection: sqlite3.Connection) -> tuple[int, int]:
    """The same of public.db, whose version is its revision."""
    version, published_at = revision(connection), published(connection)[1]
    seen = [
        version,
        None if published_at is None else published_at // AGE_STEP,
        connection.execute("SELECT id, clock_mode, clock_at, clock_speed FROM events").fetchall(),
    ]
    return version, crc32(repr(seen).encode())
