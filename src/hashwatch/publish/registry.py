"""Small tables of names (hashtags, links) and the numbers that stand for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable

import msgspec

REMEMBERED = 200_000


class Registry:
    """Numbers names in one table; new names are inserted, known ones remembered.

    ``complete`` makes a name's remaining columns from the name and how it was first written.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        table: str,
        column: str,
        complete: Callable[[str, str], tuple[str, ...]],
    ) -> None:
        self._connection = connection
        self._table, self._column = table, column
        self._complete = complete
        self._numbers: dict[str, int] = {}

    def forget(self) -> None:
        """Drops what is remembered, as a rolled-back transaction may have undone it."""
        self._numbers.clear()

    def learn(self, names: Iterable[tuple[str, str]]) -> None:
        """Makes sure that each ``(name, as written)`` has a number."""
        if len(self._numbers) > REMEMBERED:
            self.forget()
        fresh = {name: shown for name, shown in names if name not in self._numbers}
        if not fresh:
            return
        self._numbers.update(
            self._connection.execute(
                f"SELECT {self._column}, {self._table}.id FROM json_each(?)"
                f" CROSS JOIN {self._table} ON {self._column} = value",
                (msgspec.json.encode(list(fresh)).decode(),),
            ).fetchall()
        )
        (last,) = self._connection.execute(
            f"SELECT coalesce(max(id), 0) FROM {self._table}"
        ).fetchone()
        rows = []
        for name, shown in fresh.items():
            if name not in self._numbers:
                last += 1
                self._numbers[name] = last
                rows.append((last, name, *self._complete(name, shown)))
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._connection.executemany(f"INSERT INTO {self._table} VALUES ({marks})", rows)

    def number(self, name: str) -> int:
        """The number of a name that has been learnt."""
        return self._numbers[name]
