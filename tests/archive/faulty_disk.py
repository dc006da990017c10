"""A disk that fails, or loses its power, under the archive's own SQL.

Python's sqlite3 cannot be given a file system of one's own, apsw can. So the archive's connection
is made by apsw here, behind as much of sqlite3's face as the archive uses: the statements, pragmas
and transactions are the archive's; the library is apsw's own SQLite, newer than Python's.

A write is safe once its file was synced. When the power goes, each sector (512 bytes) written since
then is there or not, by chance; a file that was never synced may be missing as a whole.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import apsw

SECTOR = 512


class Disk:
    """What is on it. ``operations`` counts writes, syncs and openings; at number ``fails_at`` one
    fails, and all after it if the disk ``stays_broken``, as they do when the power goes."""

    def __init__(self) -> None:
        self.operations = 0
        self.kinds: list[str] = []
        self.fails_at = 0
        self.stays_broken = False
        self.fired = 0
        self.syncs_are_lies = False
        self._synced: dict[str, bytes | None] = {}

    def operate(self, kind: str) -> None:
        """One more; raises when it is the one to fail."""
        self.operations += 1
        self.kinds.append(kind)
        late = self.stays_broken and self.operations > self.fails_at
        if self.fails_at and (self.operations == self.fails_at or late):
            self.fired += 1
            raise apsw.IOError("the disk fails")

    def begin(self, path: Path) -> None:
        """What stands there now is safe."""
        for part in (path, path.with_name(f"{path.name}-wal")):
            self._synced[str(part)] = part.read_bytes() if part.exists() else None

    def opened(self, name: str) -> None:
        """A file is in use; a new one is not safe yet."""
        self._synced.setdefault(name, None)

    def synced(self, name: str) -> None:
        """All of a file is safe, unless the disk lies."""
        if not self.syncs_are_lies:
            self._synced[name] = Path(name).read_bytes()

    def after_power_loss(self, path: Path, target: Path, chance: random.Random) -> None:
        """Puts what is left of the database at ``path`` to ``target``."""
        for end in ("", "-wal"):
            part = path.with_name(path.name + end)
            safe = self._synced.get(str(part))
            now = part.read_bytes() if part.exists() else None
            left = _torn(safe, now, chance)
            if left is not None:
                target.with_name(target.name + end).write_bytes(left)


def _torn(safe: bytes | None, now: bytes | None, chance: random.Random) -> bytes | None:
    """Each sector either as it was safe or as it was last written."""
    if now is None or now == safe:
        return now if safe is None else safe
    if safe is None and chance.random() < 0.3:
        return None
    before = safe or b""
    length = chance.choice([len(before), len(now)])
    made = bytearray(before[:length].ljust(length, b"\0"))
    share = chance.choice([0.0, 0.5, 1.0])
    for start in range(0, min(length, len(now)), SECTOR):
        if chance.random() < share:
            made[start : start + SECTOR] = now[start : min(start + SECTOR, length)]
    return bytes(made)


class _System(apsw.VFS):
    """The file system of the machine, with the disk's faults."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__("faulty disk", "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        """A file."""
        self._disk.operate("open")
        return _File(self._disk, name, flags)


class _File(apsw.VFSFile):
    """A file on the disk."""

    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._name = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        disk.opened(self._name)

    def xWrite(self, data: bytes, offset: int) -> None:
        """Bytes, not yet safe."""
        self._disk.operate("write")
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        """A shorter file, not yet safe."""
        self._disk.operate("write")
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        """Everything written so far is safe."""
        self._disk.operate("sync")
        super().xSync(flags)
        self._disk.synced(self._name)


class _Rows:
    """A statement's answer as sqlite3 gives it."""

    def __init__(self, connection: apsw.Connection, rows: list[tuple[Any, ...]], changed: int):
        self._rows = iter(rows)
        self.rowcount = changed
        self.lastrowid = connection.last_insert_rowid()

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        return next(self._rows, None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The other rows."""
        return list(self._rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows


class Connection:
    """apsw's connection with sqlite3's face."""

    def __init__(self, path: Path) -> None:
        with _as_sqlite3():
            self._inner = apsw.Connection(str(path.resolve()), vfs="faulty disk")

    @property
    def in_transaction(self) -> bool:
        """Whether one is open."""
        return self._inner.in_transaction

    def execute(self, sql: str, parameters: Any = ()) -> _Rows:
        """One statement; its rows are read at once."""
        with _as_sqlite3():
            before = self._inner.total_changes()
            rows = list(self._inner.execute(sql, parameters))
            return _Rows(self._inner, rows, self._inner.total_changes() - before)

    def executemany(self, sql: str, parameters: Iterable[Any]) -> _Rows:
        """One statement, many times."""
        with _as_sqlite3():
            self._inner.executemany(sql, parameters)
            return _Rows(self._inner, [], 0)

    def close(self) -> None:
        """Folds in the log and lets the files go."""
        with _as_sqlite3():
            self._inner.close()


@contextmanager
def _as_sqlite3() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        raise sqlite3.OperationalError(str(error)) from error


@contextmanager
def mounted(disk: Disk) -> Iterator[None]:
    """Archives that are opened meanwhile are on this disk."""
    system = _System(disk)
    with mock.patch(
        "hashwatch.archive.connection.sqlite3.connect", lambda path, **_: Connection(path)
    ):
        yield
    system.unregister()
