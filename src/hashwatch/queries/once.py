"""Posts that say the same, shown once in a list: copies of one message, and posts worded alike.

What stands for the others is the post that is shown for all of them, where the list's own filters
leave it in; else the earliest of them that the filters leave. So a list of one network has the copy
that stands there, and a post is never left out for one that is not in the list.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

from hashwatch.queries.statements import run

MEMBERS = 50
"""So many posts of a group are asked whether the filters leave them."""

Keep = Callable[[Sequence[int]], set[int]]
"""Those of some posts that the filters leave."""


def shown_once(
    connection: sqlite3.Connection, event: int, ids: Sequence[int], kinds: Sequence[str], keep: Keep
) -> set[int]:
    """Those of ``ids`` that stand for themselves; ``kinds`` are of `GROUPS`, in their order."""
    left = set(ids)
    for kind in kinds:
        left = _without_others(connection, event, left, kind, keep)
    return left


def _without_others(
    connection: sqlite3.Connection, event: int, ids: set[int], kind: str, keep: Keep
) -> set[int]:
    known = {"event": event, "ids": json.dumps(sorted(ids))}
    of = dict(run(connection, _LEADERS[kind], known))
    if not of:
        return ids
    leaders = sorted(set(of.values()))
    kept = keep(leaders)
    left = {post for post in ids if of.get(post) not in kept}
    for leader in leaders:
        if leader in kept:
            continue
        members = [
            row[0]
            for row in run(
                connection, _MEMBERS[kind], {"event": event, "leader": leader, "limit": MEMBERS}
            )
        ]
        remaining = keep(members)
        stands = next((post for post in members if post in remaining), None)
        if stands is not None:
            left -= {post for post in left if of.get(post) == leader and post != stands}
    return left


GROUPS = {"copies": "shown_id", "alike": "first_id"}
_LEADERS = {
    table: f"SELECT post_id, {column} FROM json_each(:ids)"
    f" CROSS JOIN {table} ON event_id = :event AND post_id = value"
    for table, column in GROUPS.items()
}
_MEMBERS = {
    table: f"SELECT post_id FROM {table} WHERE event_id = :event AND {column} = :leader"
    " ORDER BY post_id LIMIT :limit"
    for table, column in GROUPS.items()
}
