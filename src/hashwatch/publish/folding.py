"""Under which post a boost is shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from hashwatch.publish.batch import Tagged
from hashwatch.publish.entries import Held
from hashwatch.publish.rows import boosts_by_wording, wording

UNNAMED_BOOSTS = frozenset({"csv", "jsonl", "x"})
"""Sources whose boosts may come as text alone."""


def fold_by_wording(connection: sqlite3.Connection, tagged: Sequence[Tagged]) -> dict[int, int]:
    """The post that each boost of a batch is shown under, where that is known.

    A boost that names its original goes under it. One that only repeats its words goes under the
    earliest post with those words, which is the first boost where the original never came.
    """
    folds = {
        one.post.id: one.post.original_id
        for one in tagged
        if one.post.boost_of is not None and one.post.original_id is not None
    }
    worded = [one for one in tagged if one.post.source in UNNAMED_BOOSTS]
    if worded:
        folds |= _by_wording(connection, worded)
    return folds


def forget_wordings(connection: sqlite3.Connection, gone: Iterable[Held]) -> None:
    """Lets go of the words of posts; the next with them takes the place of the first."""
    left = [
        (number, one.id)
        for one in gone
        if one.source in UNNAMED_BOOSTS and (number := wording(one.text)) is not None
    ]
    if not left:
        return
    before = _first(connection, [number for number, _ in left])
    connection.executemany("DELETE FROM wordings WHERE fingerprint = ? AND post_id = ?", left)
    after = _first(connection, list(before))
    for number, old in before.items():
        new = after.get(number)
        if new is not None and new != old:
            connection.execute(f"{_MOVE} folds_into = ?", (new, old))
            connection.execute("UPDATE posts SET folds_into = NULL WHERE id = ?", (new,))


def _by_wording(connection: sqlite3.Connection, tagged: Sequence[Tagged]) -> dict[int, int]:
    worded = [
        (number, one.post)
        for one in tagged
        if one.post.boost_of is None and (number := wording(one.post.text or "")) is not None
    ]
    before = _first(connection, [number for number, _ in worded])
    first = dict(before)
    for number, post in worded:
        first[number] = min(post.id, first.get(number, post.id))
    connection.executemany(
        "INSERT OR IGNORE INTO wordings VALUES (?, ?)",
        [(number, post.id) for number, post in worded],
    )
    for number, old in before.items():
        if first[number] != old:
            # An older post with these words arrived late: what was shown in its place gives way.
            connection.execute(
                f"{_MOVE} (folds_into = ? OR (id = ? AND kind = 'boost'))",
                (first[number], old, old),
            )
    return {
        post.id: first[number]
        for number, post in worded
        if boosts_by_wording(post) and post.id != first[number]
    }


def _first(connection: sqlite3.Connection, fingerprints: Sequence[int]) -> dict[int, int]:
    """The earliest post with each of these wordings, where there is any."""
    wanted = msgspec.json.encode(list(dict.fromkeys(fingerprints))).decode()
    return dict(connection.execute(_FIRST, (wanted,)).fetchall())


_FIRST = """SELECT value, (SELECT min(post_id) FROM wordings WHERE fingerprint = value) AS first
FROM json_each(?) WHERE first IS NOT NULL"""
_MOVE = "UPDATE posts SET folds_into = ? WHERE boost_of IS NULL AND"
