"""How many posts each server had, and how many of them no other had: counted as posts come."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec


def count_servers(dashboard: sqlite3.Connection, ids: Sequence[int], sign: int) -> None:
    """Adds posts to the counts as they stand here, or takes them away (``sign`` −1)."""
    if not ids:
        return
    which = "json_each(:ids) AS these CROSS JOIN posts ON posts.id = these.value"
    rows = dashboard.execute(
        _COUNT.format(which=which), {"ids": msgspec.json.encode(ids).decode()}
    ).fetchall()
    dashboard.executemany(
        "INSERT INTO server_posts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " posts = posts + excluded.posts, only_here = only_here + excluded.only_here",
        [(event, instance, sign * posts, sign * only) for event, instance, posts, only in rows],
    )
    if sign < 0:
        dashboard.execute("DELETE FROM server_posts WHERE posts = 0")


def fill_servers(dashboard: sqlite3.Connection) -> None:
    """Counts all posts of a new dashboard at once."""
    dashboard.execute(f"INSERT INTO server_posts {_COUNT.format(which='posts')}", {})


_COUNT = """
SELECT event_id, instance, count(*), sum(alone) FROM (
  SELECT posts.id AS post_id, posts.instance, 1 AS alone FROM {which}
  WHERE NOT EXISTS (SELECT 1 FROM sightings WHERE sightings.post_id = posts.id)
  UNION ALL
  SELECT sightings.post_id, sightings.instance, 0
  FROM {which} CROSS JOIN sightings ON sightings.post_id = posts.id
) AS seen CROSS JOIN events CROSS JOIN event_posts
  ON event_posts.event_id = events.id AND event_posts.post_id = seen.post_id
GROUP BY event_id, instance
"""
