"""What moderators see of the archive: posts that are on no page, and who somebody is."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from hashwatch.archive.connection import open_reading


class ReviewedPost(msgspec.Struct, frozen=True, gc=False):
    """A post as its author wrote it, wherever it is shown; times are UTC seconds."""

    id: int
    author_id: int
    handle: str
    name: str
    created_at: int
    text: str


class ReviewedAuthor(msgspec.Struct, frozen=True, gc=False):
    """An author, and what they said of being found."""

    id: int
    handle: str
    name: str
    noindex: int | None
    indexable: int | None
    discoverable: int | None
    bio: str


class Review:
    """Reads the archive at ``path``; each call opens the file for itself, shortly.

    Calls raise ``ArchiveError`` when the archive cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def posts(self, ids: Sequence[int]) -> dict[int, ReviewedPost]:
        """Those of these posts that are there, by number."""
        rows = self._rows(
            "SELECT posts.id, author_id, handle, name, created_at, coalesce(text, '')"
            " FROM json_each(?) CROSS JOIN posts ON posts.id = value"
            " CROSS JOIN authors ON authors.id = author_id",
            ids,
        )
        return {row[0]: ReviewedPost(*row) for row in rows}

    def authors(self, ids: Sequence[int]) -> dict[int, ReviewedAuthor]:
        """Those of these authors that are there, by number."""
        rows = self._rows(
            "SELECT authors.id, handle, name, noindex, indexable, discoverable, bio"
            " FROM json_each(?) CROSS JOIN authors ON authors.id = value",
            ids,
        )
        return {row[0]: ReviewedAuthor(*row) for row in rows}

    def _rows(self, sql: str, ids: Sequence[int]) -> list[sqlite3.Row]:
        if not ids:
            return []
        with closing(open_reading(self._path)) as connection:
            wanted = msgspec.json.encode(list(dict.fromkeys(ids))).decode()
            return connection.execute(sql, (wanted,)).fetchall()
