"""What sources that cost money have spent, and what they may still spend.

Amounts are millionths of a US dollar, times UTC seconds. All functions work inside the caller's
transaction, or only read. Near midnight it is not known which day the platform counts: a thing read
then is paid for in full, and near the end of a month what is spent counts in both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import msgspec

from hashwatch.archive.connection import open_reading, transaction
from hashwatch.archive.runs import changed
from hashwatch.errors import ArchiveError

DAY = 86_400
SLACK = 600
"""How far (seconds) the platform's clock and ours may differ, an answer's own time included."""


class Spent(msgspec.Struct, frozen=True):
    """A source's month: what was paid for, and what is held for answers not counted (yet)."""

    month: int
    spent: int
    held: int
    budget: int

    @property
    def left(self) -> int:
        """What may still be spent; below zero where more is held than that."""
        return self.budget - self.spent - self.held


def months_at(now: float) -> tuple[int, ...]:
    """The month that it is, and near its end the other that the platform may count."""
    return tuple(dict.fromkeys((_month(now - SLACK), _month(now + SLACK))))


def day_at(now: float) -> int | None:
    """The day that it is without any doubt."""
    before, after = int(now - SLACK) // DAY, int(now + SLACK) // DAY
    return before if before == after else None


def hold(
    connection: sqlite3.Connection, source: str, amount: int, budget: int, now: float
) -> int | None:
    """Holds an amount before it may be spent; its number, or ``None`` where it is not left."""
    months = months_at(now)
    for month in months:
        _make_month(connection, source, month, budget)
    if any(amount > spent_in(connection, source, month, budget).left for month in months):
        return None
    number: int = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM holds").fetchone()[0]
    for month in months:
        connection.execute(
            "INSERT INTO holds VALUES (?, ?, ?, ?, ?)", (number, month, source, amount, int(now))
        )
    return number


def settle(
    connection: sqlite3.Connection,
    number: int,
    source: str,
    things: Mapping[str, int],
    flat: int,
    now: float,
    *,
    keep: int = 0,
) -> int:
    """Puts what was read in the place of what was held for it; what that cost.

    ``things`` are the prices of what came, by its name; ``flat`` is the price of asking. ``keep``
    is held on under the same number, for what is yet to come.
    """
    day = day_at(now)
    paid = set() if day is None else _paid(connection, source, day, things)
    cost = flat + sum(price for thing, price in things.items() if thing not in paid)
    if day is not None:
        connection.executemany(
            "INSERT OR IGNORE INTO paid VALUES (?, ?, ?)",
            [(source, day, _checksum(thing)) for thing in things],
        )
        connection.execute("DELETE FROM paid WHERE source = ? AND day < ?", (source, day - 1))
    held = connection.execute("SELECT month, at FROM holds WHERE id = ?", (number,)).fetchall()
    began = min((at for _, at in held), default=int(now))
    connection.execute("DELETE FROM holds WHERE id = ?", (number,))
    for month in {*(month for month, _ in held), *months_at(now)}:
        _make_month(connection, source, month)
        connection.execute(
            "UPDATE spending SET spent = spent + ? WHERE source = ? AND month = ?",
            (cost, source, month),
        )
    for month in months_at(now) if keep else ():
        connection.execute(
            "INSERT INTO holds VALUES (?, ?, ?, ?, ?)", (number, month, source, keep, began)
        )
    if cost:
        changed(connection, "spending", 0)
    return cost


def release(connection: sqlite3.Connection, number: int) -> None:
    """Gives back what was held: nothing was read."""
    connection.execute("DELETE FROM holds WHERE id = ?", (number,))


def spent_in(connection: sqlite3.Connection, source: str, month: int, budget: int) -> Spent:
    """What a source spent in a month, and what of ``budget`` is left."""
    row = connection.execute(
        "SELECT spent FROM spending WHERE source = ? AND month = ?", (source, month)
    ).fetchone()
    (held,) = connection.execute(
        "SELECT coalesce(sum(amount), 0) FROM holds WHERE source = ? AND month = ?",
        (source, month),
    ).fetchone()
    return Spent(month, row[0] if row else 0, held, budget)


def carry_over(connection: sqlite3.Connection, path: Path) -> None:
    """Takes what was spent from the archive at ``path``, whose place this one is to take: an older
    copy knows less of it. Does nothing where that one cannot be read."""
    try:
        with closing(open_reading(path)) as former:
            months = former.execute("SELECT source, month, spent, budget FROM spending").fetchall()
            holds = former.execute("SELECT id, month, source, amount, at FROM holds").fetchall()
            paid = former.execute("SELECT source, day, thing FROM paid").fetchall()
    except (sqlite3.Error, ArchiveError):
        return
    with transaction(connection):
        connection.executemany(
            "INSERT INTO spending VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET spent = max(spent, excluded.spent)",
            months,
        )
        connection.executemany("INSERT OR REPLACE INTO holds VALUES (?, ?, ?, ?, ?)", holds)
        connection.executemany("INSERT OR IGNORE INTO paid VALUES (?, ?, ?)", paid)


def _paid(connection: sqlite3.Connection, source: str, day: int, things: Iterable[str]) -> set[str]:
    """Those of ``things`` that were paid for on this day."""
    named = {_checksum(thing): thing for thing in things}
    rows = connection.execute(
        "SELECT thing FROM json_each(?) CROSS JOIN paid"
        " ON source = ? AND day = ? AND thing = json_each.value",
        (msgspec.json.encode(list(named)).decode(), source, day),
    )
    return {named[row[0]] for row in rows}


def _make_month(
    connection: sqlite3.Connection, source: str, month: int, budget: int | None = None
) -> None:
    """Makes sure of the month's row, with the budget of now where one is given."""
    new = connection.execute(
        "INSERT INTO spending VALUES (?1, ?2, 0, coalesce(?3, 0))"
        " ON CONFLICT DO UPDATE SET budget = ?3 WHERE ?3 IS NOT NULL AND budget <> ?3",
        (source, month, budget),
    ).rowcount
    if new:
        changed(connection, "spending", 0)


def _checksum(thing: str) -> int:
    return int.from_bytes(blake2b(thing.encode(), digest_size=8).digest(), "big", signed=True)


def _month(at: float) -> int:
    moment = datetime.fromtimestamp(at, UTC)
    return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp())
