"""What storing posts would come to, for dry runs. The archive is only read, and need not exist."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from hashwatch.archive import tombstones
from hashwatch.archive.connection import open_reading
from hashwatch.archive.erased import Erased
from hashwatch.archive.identity import key_of
from hashwatch.errors import ArchiveError
from hashwatch.model import Post


class Forecast(msgspec.Struct, frozen=True):
    """How many of some posts are new, in the archive already, or seen before in the same dry run.

    ``withheld`` would not be stored, as they or their authors were erased or deleted.
    """

    new: int = 0
    archived: int = 0
    repeated: int = 0
    withheld: int = 0

    def __add__(self, other: Forecast) -> Forecast:
        return Forecast(*(mine + its for mine, its in zip(
            msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True
        )))  # fmt: skip


class Forecaster:
    """Tells what would become of page after page, of however many files."""

    def __init__(self, archive_path: Path) -> None:
        self._path = archive_path
        self._erased = Erased(archive_path)
        self._archive = open_reading(archive_path) if archive_path.exists() else None
        # A database without a name is a temporary file: a million keys need not fit in memory.
        self._new = sqlite3.connect("", isolation_level=None)
        self._new.execute("CREATE TABLE seen (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self._new.execute("BEGIN")

    def close(self) -> None:
        """Lets go of the archive, and forgets what was seen."""
        self._new.close()
        if self._archive is not None:
            self._archive.close()

    def take(self, posts: Sequence[Post]) -> Forecast:
        """What would become of these posts after all those that were taken before."""
        living = self._erased.keep(posts)
        known: set[str] = set()
        if self._archive is not None:
            try:
                living = tombstones.living(self._archive, living)
                known = _known(self._archive, [key_of(post.uri) for post in living])
            except sqlite3.Error as error:
                raise ArchiveError(
                    f"{self._path}: could not be read ({error}), so that nobody knows what is in it"
                    " already; `hashwatch check` tells more"
                ) from error
        keys = [key for post in living if (key := key_of(post.uri)) not in known]
        new = self._new.executemany(
            "INSERT OR IGNORE INTO seen VALUES (?)", [(key,) for key in keys]
        ).rowcount
        return Forecast(
            new=new, archived=len(living) - len(keys), repeated=len(keys) - new,
            withheld=len(posts) - len(living),
        )  # fmt: skip


def _known(archive: sqlite3.Connection, keys: Sequence[str]) -> set[str]:
    return {
        row[0]
        for row in archive.execute(
            "SELECT posts.key FROM json_each(?) CROSS JOIN posts ON posts.key = value",
            (msgspec.json.encode(keys).decode(),),
        )
    }
