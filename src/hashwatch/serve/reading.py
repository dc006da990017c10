"""Reading dashboard.db: a few threads, each with its own read-only connection.

They are apart from Datasette's threads, so that no one's long SQL holds up the dashboards.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

THREADS = 4
BUSY_SECONDS = 5.0
CACHE_KIB = 8192
MAPPED_BYTES = 256 << 20


class NotPublishedError(Exception):
    """There is no dashboard.db yet, or nothing in it."""


class Reader:
    """Runs questions on dashboard.db in threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="hashwatch-read")
        self._local = threading.local()
        self._open: set[sqlite3.Connection] = set()

    async def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """What ``question`` returns, asked in one read transaction."""
        loop = asyncio.get_running_loop()
        # The language spoken goes along.
        context = copy_context()
        return await loop.run_in_executor(self._threads, context.run, self._ask, question)

    def close(self) -> None:
        """Lets running questions end, a few milliseconds each; new ones are refused."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        while self._open:
            self._open.pop().close()

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            return question(connection)
        finally:
            connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        """This thread's connection; a new one when another file has taken the path."""
        try:
            inode = os.stat(self.path).st_ino
        except FileNotFoundError:
            raise NotPublishedError(f"{self.path} does not exist yet") from None
        held: tuple[int, sqlite3.Connection] | None = getattr(self._local, "held", None)
        if held is not None and held[0] == inode:
            return held[1]
        if held is not None:
            self._local.held = None
            self._open.discard(held[1])
            held[1].close()
        connection = open_read_only(self.path)
        self._open.add(connection)
        self._local.held = (inode, connection)
        return connection


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; `NotPublishedError` when the file holds no dashboard yet."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        tune(connection)
        if not has_tables(connection):
            raise NotPublishedError(f"{path} is empty")
    except BaseException:
        connection.close()
        raise
    return connection


def has_tables(connection: sqlite3.Connection) -> bool:
    """Whether a publisher has made the tables."""
    sql = "SELECT count(*) FROM sqlite_master WHERE name IN ('meta', 'events', 'rollup_day')"
    return bool(connection.execute(sql).fetchone()[0] == 3)


def tune(connection: sqlite3.Connection) -> None:
    """Reads go through a mapped file; a hostile schema could run nothing."""
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
