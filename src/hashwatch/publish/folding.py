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
    """Lets go of the words that posts stood for."""
    connection.executemany(
        "DELETE FROM wordings WHERE fingerprint = ? AND post_id = ?",
        [(wording(one.text), one.id) for one in gone if one.source in UNNAMED_BOOSTS],
    )


def _by_wording(connection: sqlite3.Connection, tagged: Sequence[Tagged]) -> dict[int, int]:
    folds: dict[int, int] = {}
    worded = [
        (number, one)
        for one in tagged
        if one.post.boost_of is None and (number := wording(one.post.text or "")) is not None
    ]
    first = dict(
        connection.execute(
            "SELECT fingerprint, post_id FROM json_each(?) CROSS JOIN wordings"
            " ON fingerprint = value",
            (msgspec.json.encode([number for number, _ in worded]).decode(),),
        ).fetchall()
    )
    boosts = {one.post.id for _, one in worded if boosts_by_wording(one.post)}
    fresh: dict[int, int] = {}
    moved: dict[int, int] = {}
    for number, one in worded:
        post_id, held = one.post.id, first.get(number)
        if held is None or held == post_id:
            first[number] = fresh[number] = post_id
        elif post_id in boosts and post_id > held:
            folds[post_id] = held
        elif post_id < held:
            # An older post with these words arrived late: what was shown in its place gives way.
            moved[held] = first[number] = fresh[number] = post_id
    connection.executemany("INSERT OR REPLACE INTO wordings VALUES (?, ?)", list(fresh.items()))
    for old, new in moved.items():
        for boost, under in folds.items():
            if under == old:
                folds[boost] = new
        if old in boosts:
            folds[old] = new
        connection.execute(
            "UPDATE posts SET folds_into = ? WHERE folds_into = ? OR (id = ? AND kind = 'boost')",
            (new, old, old),
        )
    return folds
