"""Which posts a selection holds: a page of them, all of them, or how many.

A driver's candidates are read in the order of ids and the other filters are put to them. A page
looks at a bounded number of candidates, so that no combination of filters can make it slow: where
filters that are common alone hardly ever meet, a page may hold fewer posts than asked for, even
none, and still have a next one. The cursor is an id (newest first) or an engagement and an id (most
engaged first), so the thousandth page costs what the first does.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hashwatch.errors import FilterError
from hashwatch.queries.once import GROUPS, shown_once
from hashwatch.queries.selection import NEVER, Driver, Selection
from hashwatch.queries.statements import run
from hashwatch.queries.totals import rollup_total
from hashwatch.wording import say

PAGE = 40
BUDGET = 10_000
"""Candidates that a page or a count looks at when only indexes are needed for that …"""
ROW_BUDGET = 4_000
"""… when their rows are …"""
TEXT_BUDGET = 400
"""… and when each must be looked up in the full-text index by itself."""
DENSE = 20_000
"""Posts of the event in a stretch of ids up to which its full-text hits are fetched at once."""

_FOLDED = "p.folds_into IS NULL"
_FOLDED_SINCE = (
    "(p.folds_into IS NULL OR (p.folds_into < :low AND NOT EXISTS (SELECT 1 FROM posts AS earlier "
    "WHERE earlier.folds_into = p.folds_into AND earlier.id >= :low AND earlier.id < p.id)))"
)


class Found(msgspec.Struct, frozen=True):
    """The ids of a page, in its order, and the cursor of the next one (None: there is none)."""

    ids: list[int]
    after: str | None


class Total(msgspec.Struct, frozen=True):
    """How many posts a selection holds, boosts included; at least ``posts`` when not exact."""

    posts: int
    is_exact: bool


def find_posts(
    connection: sqlite3.Connection, selection: Selection, after: str = "", size: int = PAGE
) -> Found:
    """A page in the order that the filters ask for.

    Boosts stand folded under their original, unless the filters name a kind or an author: then
    they are what is looked for. Where a range begins after the original, the first boost in the
    range stands for it. Copies of one message, and posts worded alike, are shown once.
    """
    engagement, identity = _cursor(after)
    filters = selection.filters
    if not filters.kind and not filters.author and filters.boosts not in ("shown", "hidden"):
        fold = _FOLDED if filters.start is None else _FOLDED_SINCE
        conditions = {**selection.conditions, "fold": fold}
        selection = msgspec.structs.replace(selection, conditions=conditions)
    if filters.sort == "engaged":
        return _engaged(connection, selection, (engagement, identity), size)
    return _newest(connection, selection, identity, size)


def count_posts(connection: sqlite3.Connection, selection: Selection) -> Total:
    """The size of the selection: what an export of it would hold."""
    exact = rollup_total(connection, selection)
    if exact is not None:
        return Total(exact, True)
    driver = selection.best_driver(connection)
    conditions = selection.remaining(driver)
    limit = ROW_BUDGET if _needs_rows(conditions) else BUDGET
    walk = _Walk(connection, selection, driver)
    if "q" not in conditions:
        return walk.count(conditions, limit)
    ids = walk.ids(selection.parameters["low"], selection.parameters["high"], limit)
    return Total(len(walk.keep(ids, conditions)), is_exact=len(ids) < limit)


def walk_posts(
    connection: sqlite3.Connection, selection: Selection, size: int = 1000
) -> Iterator[list[int]]:
    """Every post of the selection, boosts included, in the order of ids, in lists of them."""
    driver = selection.best_driver(connection)
    conditions = selection.remaining(driver)
    walk = _Walk(connection, selection, driver)
    low = selection.parameters["low"]
    while True:
        ids = walk.ids(low, selection.parameters["high"], size, "ASC")
        kept = sorted(row[0] for row in walk.keep(ids, conditions))
        if kept:
            yield kept
        if len(ids) < size:
            return
        low = ids[-1] + 1


def _newest(connection: sqlite3.Connection, selection: Selection, before: int, size: int) -> Found:
    driver = selection.best_driver(connection)
    conditions = selection.remaining(driver)
    walk = _Walk(connection, selection, driver)
    high = min(selection.parameters["high"], before)
    found: list[int] = []
    scan, left = 4 * size, ROW_BUDGET if _needs_rows(conditions) else BUDGET
    while True:
        ids = walk.ids(selection.parameters["low"], high, scan)
        found += sorted(walk.once(row[0] for row in walk.keep(ids, conditions)), reverse=True)
        if len(found) > size:
            return Found(found[:size], str(found[size - 1]))
        if len(ids) < scan:
            return Found(found, None)
        high = ids[-1]
        left -= scan
        if left <= 0:
            return Found(found, str(high))
        scan = min(4 * scan, left)


def _engaged(
    connection: sqlite3.Connection, selection: Selection, cursor: tuple[int, int], size: int
) -> Found:
    """Few posts are gathered and sorted; many are walked from the most engaged down."""
    driver = selection.best_driver(connection)
    walk = _Walk(connection, selection, driver)
    ids = walk.ids(selection.parameters["low"], selection.parameters["high"], ROW_BUDGET)
    if len(ids) == ROW_BUDGET:
        return _engaged_walk(connection, selection, cursor, size)
    rows = sorted(
        (
            row
            for row in walk.keep(ids, selection.remaining(driver), "p.engagement, c.id")
            if row < cursor
        ),
        reverse=True,
    )
    once = walk.once(row[1] for row in rows)
    rows = [row for row in rows if row[1] in once]
    more = len(rows) > size
    return Found([row[1] for row in rows[:size]], _pair(rows[size - 1]) if more else None)


def _engaged_walk(
    connection: sqlite3.Connection, selection: Selection, cursor: tuple[int, int], size: int
) -> Found:
    sql = (
        "SELECT engagement, id FROM posts WHERE (engagement, id) < (:engagement, :id) "
        "ORDER BY engagement DESC, id DESC LIMIT :limit"
    )
    in_range = {"range": "c.id >= :low AND c.id < :high"}
    conditions = {**in_range, **selection.conditions}
    walk = _Walk(connection, selection, None)
    found: list[tuple[int, int]] = []
    scan, left = 4 * size, TEXT_BUDGET if "q" in conditions else ROW_BUDGET
    while True:
        at = {"engagement": cursor[0], "id": cursor[1], "limit": scan}
        candidates = run(connection, sql, at)
        engagement = {identity: value for value, identity in candidates}
        kept = walk.once(row[0] for row in walk.keep(list(engagement), conditions))
        found += sorted(((engagement[post], post) for post in kept), reverse=True)
        if len(found) > size:
            return Found([row[1] for row in found[:size]], _pair(found[size - 1]))
        if len(candidates) < scan:
            return Found([row[1] for row in found], None)
        cursor = candidates[-1]
        left -= scan
        if left <= 0:
            return Found([row[1] for row in found], _pair(cursor))
        scan = min(4 * scan, left)


class _Walk:
    """A driver's candidates, and which of them satisfy the other conditions."""

    def __init__(
        self, connection: sqlite3.Connection, selection: Selection, driver: Driver | None
    ) -> None:
        self.connection = connection
        self.selection = selection
        self.driver = driver

    def ids(self, low: int, high: int, limit: int, direction: str = "DESC") -> list[int]:
        """The next candidates in ``[low, high)``; fewer than ``limit`` are all there are."""
        at = {**self.selection.parameters, "low": low, "high": high, "limit": limit}
        return [row[0] for row in run(self.connection, self._candidates(direction), at)]

    def count(self, conditions: Mapping[str, str], limit: int) -> Total:
        """How many of the first ``limit`` candidates satisfy all ``conditions``, in one query."""
        join = "JOIN posts AS p ON p.id = c.id" if _needs_rows(conditions) else ""
        satisfied = " AND ".join(conditions.values()) or "TRUE"
        sql = (
            f"SELECT count(*), coalesce(sum({satisfied}), 0) "
            f"FROM ({self._candidates('DESC')}) AS c {join}"
        )
        at = {**self.selection.parameters, "limit": limit}
        candidates, counted = run(self.connection, sql, at)[0]
        return Total(counted, is_exact=candidates < limit)

    def _candidates(self, direction: str) -> str:
        driver = self.driver
        assert driver is not None
        distinct = "DISTINCT " if driver.filter == "link" else ""
        return (
            f"SELECT {distinct}{driver.column} AS id FROM {driver.source} "
            f"AND {driver.column} >= :low AND {driver.column} < :high "
            f"ORDER BY {driver.column} {direction} LIMIT :limit"
        )

    def keep(
        self, ids: Sequence[int], conditions: Mapping[str, str], columns: str = "c.id"
    ) -> list[tuple[Any, ...]]:
        """``columns`` of those of ``ids`` that satisfy all ``conditions``, in no order."""
        if not ids:
            return []
        if "q" in conditions and self._is_dense(ids):
            text = self.selection.text_conditions["at once"]
            conditions = {**conditions, "q": text}
        sql = f"SELECT {columns} FROM (SELECT value AS id FROM json_each(:ids)) AS c"
        if _needs_rows(conditions) or "p." in columns:
            sql += " JOIN posts AS p ON p.id = c.id"
        if conditions:
            sql += f" WHERE {' AND '.join(conditions.values())}"
        stretch = {"ids": json.dumps(ids), "first": min(ids), "last": max(ids)}
        return run(self.connection, sql, {**self.selection.parameters, **stretch})

    def once(self, ids: Iterable[int]) -> set[int]:
        """Those of ``ids`` that are shown; what they stand for is folded under them."""
        filters = self.selection.filters
        kinds = [
            name for name in GROUPS
            if not getattr(filters, name) or getattr(filters, name) == "folded"
        ]  # fmt: skip
        within = {"range": "c.id >= :low AND c.id < :high", **self.selection.conditions}
        return shown_once(
            self.connection, self.selection.event.id, list(ids), kinds,
            lambda posts: {row[0] for row in self.keep(posts, within)},
        )  # fmt: skip

    def _is_dense(self, ids: Sequence[int]) -> bool:
        """Whether the stretch of ``ids`` holds few enough posts to fetch its text hits at once."""
        if "at once" not in self.selection.text_conditions:
            return False
        sql = (
            "SELECT count(*) FROM (SELECT 1 FROM event_posts WHERE event_id = :event "
            "AND post_id BETWEEN :first AND :last LIMIT :limit)"
        )
        stretch = {"first": min(ids), "last": max(ids), "limit": DENSE}
        counted = run(self.connection, sql, {"event": self.selection.event.id, **stretch})
        return bool(counted[0][0] < DENSE)


def _needs_rows(conditions: Mapping[str, str]) -> bool:
    return any("p." in sql for sql in conditions.values())


def _cursor(after: str) -> tuple[int, int]:
    """``id`` or ``engagement-id`` as a page's ``next`` wrote it."""
    if not after:
        return NEVER, NEVER
    if not re.fullmatch(r"\d{1,18}(-\d{1,18})?", after, re.ASCII):
        raise FilterError("after", say("not a place in this list; take it from “next”"))
    engagement, _, identity = after.rpartition("-")
    return int(engagement or 0), int(identity)


def _pair(row: tuple[int, int]) -> str:
    return f"{row[0]}-{row[1]}"
