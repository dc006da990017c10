"""Themes that people make while an event goes on: appended by the server, read by the publisher.

They stand beside those of the configuration until they are withdrawn. A theme is known by the name
that it was made with (``ref``), whatever it is called later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from hashwatch.archive.connection import has_table, open_reading, write_once
from hashwatch.archive.runs import changed
from hashwatch.errors import ConflictError
from hashwatch.model import Theme

NOTE_LENGTH = 500


class ThemeDecision(msgspec.Struct, frozen=True, gc=False):
    """What was decided on a theme last, by whom and when (UTC seconds).

    ``terms`` are None where it is withdrawn; ``former`` are the other names that it has borne, the
    first first.
    """

    id: int
    at: int
    actor: str
    event: str
    ref: str
    name: str
    terms: tuple[str, ...] | None
    note: str = ""
    former: tuple[str, ...] = ()

    @property
    def theme(self) -> Theme | None:
        """The theme, while it stands."""
        return None if self.terms is None else Theme(self.name, self.terms, former=self.former)


class DecidedTheme(msgspec.Struct, frozen=True):
    """What was recorded: the decision's number, and the last change that it brought."""

    id: int
    seq: int


class Themes:
    """The themes in the archive at ``path``; each call opens the file for itself, shortly.

    Calls raise ``ArchiveError`` when the archive cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def decide(
        self, actor: str, event: str, ref: str, name: str, terms: Sequence[str] | None, *,
        now: int, seen: int, note: str = "",
    ) -> DecidedTheme:  # fmt: skip
        """Makes the theme ``ref``, changes it, or (without terms) withdraws it.

        ``seen`` is the decision on it that its author had before their eyes, 0 for none: when
        another has been taken since, nothing is recorded and ``ConflictError`` says by whom.
        """

        def write(connection: sqlite3.Connection) -> DecidedTheme:
            last = connection.execute(
                "SELECT id, actor, name, terms FROM theme_decisions WHERE event = ? AND ref = ?"
                " ORDER BY id DESC LIMIT 1",
                (event, ref),
            ).fetchone()
            if last is not None and last[0] != seen:
                did = "withdrew it" if last[3] is None else f"made it “{last[2]}”"
                raise ConflictError(
                    f"{last[1]} {did} in the meantime; look at the themes again, then decide."
                )
            number = connection.execute(
                "INSERT INTO theme_decisions (at, actor, event, ref, name, terms, note)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (now, actor, event, ref, name, _json(terms), note[:NOTE_LENGTH]),
            ).lastrowid
            changed(connection, "theme", number or 0)
            (seq,) = connection.execute("SELECT last_insert_rowid()").fetchone()
            return DecidedTheme(number or 0, seq)

        return write_once(self._path, "the decision", write)

    def last(self) -> int:
        """The number of the newest decision on a theme of any event; 0 for none."""
        if not self._path.exists():
            return 0
        with closing(open_reading(self._path)) as connection:
            return last_theme_decision(connection)

    def decided(self, event: str) -> list[ThemeDecision]:
        """What was decided last on each theme of an event, withdrawn ones too, the first first."""
        if not self._path.exists():
            return []
        with closing(open_reading(self._path)) as connection:
            return decided_themes(connection).get(event, [])


def last_theme_decision(connection: sqlite3.Connection) -> int:
    """The number of the newest decision on a theme; 0 for none."""
    if not has_table(connection, "theme_decisions"):
        return 0
    row = connection.execute("SELECT coalesce(max(id), 0) FROM theme_decisions").fetchone()
    return int(row[0])


def decided_themes(connection: sqlite3.Connection) -> dict[str, list[ThemeDecision]]:
    """By event, what was decided last on each theme, in the order in which they were made."""
    if not has_table(connection, "theme_decisions"):
        return {}
    found: dict[str, dict[str, ThemeDecision]] = {}
    for number, at, actor, event, ref, name, terms, note in connection.execute(
        "SELECT id, at, actor, event, ref, name, terms, note FROM theme_decisions ORDER BY id"
    ):
        held = found.setdefault(event, {})
        before = held.get(ref)
        former = dict.fromkeys((*before.former, before.name)) if before else {}
        former.pop(name, None)
        listed = None if terms is None else tuple(msgspec.json.decode(terms))
        held[ref] = ThemeDecision(number, at, actor, event, ref, name, listed, note, tuple(former))
    return {event: list(held.values()) for event, held in found.items()}


def _json(terms: Sequence[str] | None) -> str | None:
    return None if terms is None else msgspec.json.encode(list(terms)).decode()
