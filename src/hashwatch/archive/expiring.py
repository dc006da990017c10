"""Letting posts go whose time is over: from every table, without a trace of whose they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from hashwatch.archive.connection import transaction
from hashwatch.archive.runs import changed
from hashwatch.archive.tombstones import HOLDING_POSTS

BATCH = 500


def expire(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    """Takes posts out, and authors who have none left; how many posts went.

    A batch at a time, so that whoever writes beside this has a turn. What people decided about
    them stays, without notes.
    """
    connection.execute("PRAGMA secure_delete = ON")
    gone = 0
    for first in range(0, len(ids), BATCH):
        with transaction(connection):
            gone += _expire(connection, ids[first : first + BATCH])
    return gone


def _expire(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    wanted = msgspec.json.encode(list(ids)).decode()
    here = "IN (SELECT value FROM json_each(?))"
    found = connection.execute(f"SELECT id, author_id FROM posts WHERE id {here}", (wanted,))
    rows = found.fetchall()
    for table, column in HOLDING_POSTS:
        connection.execute(f"DELETE FROM {table} WHERE {column} {here}", (wanted,))
    connection.execute(
        f"UPDATE decisions SET note = '', post_key = NULL WHERE post_id {here}", (wanted,)
    )
    authors = msgspec.json.encode(list({author for _, author in rows})).decode()
    connection.execute(
        f"DELETE FROM authors WHERE id {here}"
        " AND NOT EXISTS (SELECT 1 FROM posts WHERE author_id = authors.id)",
        (authors,),
    )
    for number, _ in rows:
        changed(connection, "gone", number)
    return len(rows)
