"""Rules of alerts that people set on a page: appended by the server, read by the publisher."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from hashwatch.archive.connection import has_table, open_reading, write_once
from hashwatch.archive.reading import last_change
from hashwatch.archive.runs import changed
from hashwatch.errors import ConflictError, MissingError


class SetRule(msgspec.Struct, frozen=True, gc=False):
    """A rule as it stands: ``rule`` is JSON, ``at`` when it was set (UTC seconds)."""

    id: int
    at: int
    actor: str
    event: str
    name: str
    rule: str


class AlertRules:
    """The rules in the archive at ``path``; each call opens the file for itself, shortly.

    Calls raise ``ArchiveError`` when the archive cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, actor: str, event: str, name: str, rule: str, *, now: int) -> int:
        """Sets a rule; the change's number. ``ConflictError`` when one of that name stands."""

        def append(connection: sqlite3.Connection) -> int:
            if any(one.event == event and one.name == name for one in standing_rules(connection)):
                raise ConflictError(f"There is a rule “{name}” already; give this another name.")
            return _append(connection, (now, actor, event, name, rule))

        return self._write(append)

    def take_back(self, actor: str, event: str, name: str, *, now: int) -> int:
        """Takes a rule back; the change's number. ``MissingError`` when none of that name stands:
        somebody took it back before.
        """

        def append(connection: sqlite3.Connection) -> int:
            if all(one.event != event or one.name != name for one in standing_rules(connection)):
                raise MissingError(f"There is no rule “{name[:80]}” (any more).")
            return _append(connection, (now, actor, event, name, None))

        return self._write(append)

    def _write(self, append: Callable[[sqlite3.Connection], int]) -> int:
        return write_once(self._path, "the rule", append)

    def standing(self, event: str) -> list[SetRule]:
        """The rules of an event that stand, the first first."""
        with closing(open_reading(self._path)) as connection:
            return [one for one in standing_rules(connection) if one.event == event]


def standing_rules(connection: sqlite3.Connection) -> list[SetRule]:
    """The rules of all events that stand, the first first."""
    if not has_table(connection, "alert_rules"):
        return []  # the file is from before there were any
    rows = connection.execute(
        "SELECT max(id), at, actor, event, name, rule FROM alert_rules GROUP BY event, name"
        " ORDER BY 1"
    )
    return [SetRule(*row) for row in rows if row[5] is not None]


def _append(connection: sqlite3.Connection, row: tuple[int | str | None, ...]) -> int:
    connection.execute(
        "INSERT INTO alert_rules (at, actor, event, name, rule) VALUES (?, ?, ?, ?, ?)", row
    )
    changed(
        connection, "alert_rule", connection.execute("SELECT last_insert_rowid()").fetchone()[0]
    )
    return last_change(connection)
