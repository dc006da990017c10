"""Deletions. A tombstone wins over its post in whatever order the two arrive."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from hashwatch.archive.identity import key_of
from hashwatch.archive.runs import changed
from hashwatch.model import Post, Tombstone

UNKNOWN_KEPT_SECONDS = 3_600
"""How long a deletion of a post that never came is remembered: a whole network's deletions pass
by, and a post overtaken by its own deletion arrives within minutes."""


def apply(connection: sqlite3.Connection, tombstones: Sequence[Tombstone], now: int) -> int:
    """Deletes what the tombstones name, and remembers them; how many posts went."""
    gone = 0
    for tombstone in tombstones:
        if tombstone.author_uri is not None:
            gone += _delete_author(connection, tombstone, now)
        elif tombstone.uri is not None:
            gone += _delete_post(connection, key_of(tombstone.uri), tombstone, now)
    if tombstones:
        connection.execute(
            "DELETE FROM tombstones WHERE post_id IS NULL AND at < ?",
            (now - UNKNOWN_KEPT_SECONDS,),
        )
    return gone


def living(connection: sqlite3.Connection, posts: Sequence[Post]) -> list[Post]:
    """``posts`` without those that are already known to be deleted."""
    if not _any(connection):
        return list(posts)
    keys = [key_of(post.uri) for post in posts]
    dead = {
        row[0]
        for row in connection.execute(
            "SELECT tombstones.key FROM json_each(?)"
            " CROSS JOIN tombstones ON tombstones.key = value",
            (msgspec.json.encode(keys).decode(),),
        )
    }
    left = dict(
        connection.execute(
            "SELECT uri, at FROM json_each(?) CROSS JOIN author_tombstones ON uri = value",
            (msgspec.json.encode(list({post.author.uri for post in posts})).decode(),),
        ).fetchall()
    )
    if not dead and not left:
        return list(posts)
    return [
        post
        for key, post in zip(keys, posts, strict=True)
        if key not in dead and not post.created_at <= left.get(post.author.uri, -1)
    ]


def _any(connection: sqlite3.Connection) -> bool:
    (found,) = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM tombstones) OR EXISTS (SELECT 1 FROM author_tombstones)"
    ).fetchone()
    return bool(found)


def _delete_post(connection: sqlite3.Connection, key: str, tombstone: Tombstone, now: int) -> int:
    row = connection.execute("SELECT id FROM posts WHERE key = ?", (key,)).fetchone()
    number = row[0] if row else None
    connection.execute(
        "INSERT INTO tombstones VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET post_id = coalesce(post_id, excluded.post_id)",
        (key, number, now, tombstone.reason),
    )
    if number is None:
        return 0
    for table, column in HOLDING_POSTS:
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (number,))
    connection.execute(
        "UPDATE decisions SET note = '', post_key = NULL WHERE post_id = ?", (number,)
    )
    connection.execute(
        "UPDATE moderation SET note = '' WHERE subject IN ('post', 'pin') AND ref = ?",
        (str(number),),
    )
    changed(connection, "gone", number)
    return 1


def _delete_author(connection: sqlite3.Connection, tombstone: Tombstone, now: int) -> int:
    uri = tombstone.author_uri
    rows = (
        connection.execute(
            "SELECT key FROM posts JOIN authors ON authors.id = author_id WHERE authors.uri = ?",
            (uri,),
        ).fetchall()
        if connection.execute("SELECT 1 FROM authors WHERE uri = ?", (uri,)).fetchone()
        else []
    )
    connection.execute(
        "INSERT OR REPLACE INTO author_tombstones VALUES (?, ?, ?)",
        (uri, tombstone.at, tombstone.reason),
    )
    for (key,) in rows:
        _delete_post(connection, key, tombstone, now)
    return len(rows)


HOLDING_POSTS = (
    ("posts", "id"),
    ("versions", "post_id"),
    ("sightings", "post_id"),
    ("engagement", "post_id"),
    ("event_posts", "post_id"),
    ("sampled", "post_id"),
)
