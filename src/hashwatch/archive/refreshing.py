"""Which known posts a server can be asked about again, and that it was asked.

All functions work inside the caller's transaction, or only read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from hashwatch.archive.identity import TIE_BREAK_BITS, is_home, key_of, uri_of
from hashwatch.model import KnownPost, Tombstone


def known_posts(
    connection: sqlite3.Connection,
    source: str,
    instance: str,
    *,
    since: int,
    recent: int,
    checked_before: int,
    most: int,
) -> list[KnownPost]:
    """The posts since ``since`` that ``instance`` is to be asked about; times are UTC seconds.

    Those that came since then count as well, however long ago they claim to be written. All that
    are sorted from ``recent`` on, and of the older ones the ``most`` that were checked
    longest ago, before ``checked_before``. A post is asked for at one server: its own where that
    has shown it, whoever brought its latest text; else the one that it is shown from; at the others
    only once that one has it no more.
    """
    rows = connection.execute(
        _KNOWN,
        {
            "source": source,
            "host": instance,
            "since": max(since, 0) << TIE_BREAK_BITS,
            "seen_since": since,
            "recent": max(since, recent, 0) << TIE_BREAK_BITS,
            "before": checked_before,
            "most": most,
        },
    )
    return [KnownPost(uri_of(key), *rest) for key, *rest in rows]


def mark_checked(
    connection: sqlite3.Connection, source: str, instance: str, uris: Iterable[str], now: int
) -> None:
    """The server has told of these posts just now."""
    connection.execute(
        f"UPDATE sightings SET checked_at = :now WHERE (post_id, instance_id) IN ({_THESE})",
        {"now": now, "source": source, "host": instance, "keys": _keys(uris)},
    )


def mark_lost(
    connection: sqlite3.Connection, source: str, instance: str, uris: Iterable[str]
) -> None:
    """The server has these posts no more: it is not asked about them until it shows them again."""
    connection.execute(
        f"UPDATE sightings SET local_id = NULL WHERE (post_id, instance_id) IN ({_THESE})",
        {"source": source, "host": instance, "keys": _keys(uris)},
    )


def tombstones_of(
    connection: sqlite3.Connection, source: str, instance: str, local_ids: Sequence[str], now: int
) -> list[Tombstone]:
    """The deletions that a server tells of by what it calls its posts, as far as they are here.

    A server deletes posts of its own, and those of which the author's server told it; but also, by
    its own moderators, others that live on. Where the author's server is asked as well, it is that
    one which decides: it is asked about the post next.
    """
    if not local_ids:
        return []
    rows = connection.execute(
        "SELECT post_id, key FROM sightings JOIN posts ON posts.id = post_id"
        " WHERE sightings.instance_id = (SELECT id FROM instances WHERE source = ? AND host = ?)"
        " AND local_id IN (SELECT value FROM json_each(?))",
        (source, instance, msgspec.json.encode(local_ids).decode()),
    ).fetchall()
    told, doubted = [], []
    for number, key in rows:
        uri = uri_of(key)
        if not is_home(uri, instance) and _ask_home(connection, number, uri):
            doubted.append(uri)
        else:
            told.append(Tombstone(now, f"deleted, says {instance}", uri=uri))
    mark_lost(connection, source, instance, doubted)
    return told


def _ask_home(connection: sqlite3.Connection, post_id: int, uri: str) -> bool:
    """Makes a post due at its own server, if that is asked; whether it is."""
    for instance_id, host in connection.execute(
        "SELECT instance_id, host FROM sightings JOIN instances ON instances.id = instance_id"
        " WHERE post_id = ? AND local_id IS NOT NULL",
        (post_id,),
    ).fetchall():
        if is_home(uri, host):
            connection.execute(
                "UPDATE sightings SET checked_at = 0 WHERE post_id = ? AND instance_id = ?",
                (post_id, instance_id),
            )
            return True
    return False


def _keys(uris: Iterable[str]) -> str:
    return msgspec.json.encode([key_of(uri) for uri in uris]).decode()


_THESE = (
    "SELECT posts.id, instances.id FROM instances CROSS JOIN json_each(:keys) AS wanted"
    " CROSS JOIN posts ON posts.key = wanted.value WHERE source = :source AND host = :host"
)

# A key ends with its URI's beginning, turned round: …/a.example//https:
_IS_HOME = (
    "(substr({key}, -length({host}) - 9) = '/' || {host} || '//https:'"
    " OR substr({key}, -length({host}) - 8) = '/' || {host} || '//http:')"
)
_ASKED_HERE = f"""(
  {_IS_HOME.format(key="posts.key", host=":host")}
  OR NOT EXISTS (
    SELECT 1 FROM sightings AS there CROSS JOIN instances ON instances.id = there.instance_id
    WHERE there.post_id = posts.id AND there.local_id IS NOT NULL
      AND {_IS_HOME.format(key="posts.key", host="instances.host")}
  ) AND (
    posts.instance_id = (SELECT id FROM here) OR NOT EXISTS (
      SELECT 1 FROM sightings AS shown
      WHERE shown.post_id = posts.id AND shown.instance_id = posts.instance_id
        AND shown.local_id IS NOT NULL
    )
  )
)"""

_KNOWN = f"""
WITH here AS (SELECT id FROM instances WHERE source = :source AND host = :host)
SELECT key, local_id, created_at, checked_at FROM (
  SELECT post_id, local_id, checked_at FROM sightings
  WHERE post_id >= :recent AND instance_id = (SELECT id FROM here) AND local_id IS NOT NULL
) JOIN posts ON posts.id = post_id WHERE {_ASKED_HERE}
UNION ALL
SELECT * FROM (
  SELECT key, local_id, created_at, checked_at
  FROM sightings INDEXED BY sightings_checked CROSS JOIN posts ON posts.id = post_id
  WHERE sightings.instance_id = (SELECT id FROM here) AND local_id IS NOT NULL
    AND checked_at <= :before AND (post_id >= :since OR seen_at >= :seen_since)
    AND post_id < :recent AND {_ASKED_HERE}
  ORDER BY checked_at LIMIT :most
)
"""
