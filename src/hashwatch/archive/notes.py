"""What people write beside the chart: appended by the server, read by the publisher.

A note stands at a moment of the event ("keynote began"), or words a spike, which is then held on
the page. The latest wording stands.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from hashwatch.archive.connection import has_table, open_reading, write_once
from hashwatch.archive.reading import last_change
from hashwatch.archive.runs import changed
from hashwatch.errors import ConflictError, MissingError

WORDS_LENGTH = 120


class Note(msgspec.Struct, frozen=True, gc=False):
    """A note as it stands. ``seen`` is the number of its last row, ``at`` when that was written
    (UTC seconds), ``moment`` the event's time that it is about: of a spike, its beginning.
    """

    note: int
    seen: int
    at: int
    actor: str
    event: str
    is_spike: bool
    moment: int
    words: str


class Notes:
    """The notes in the archive at ``path``; each call opens the file for itself, shortly.

    Calls raise ``ArchiveError`` when the archive cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(
        self, actor: str, event: str, moment: int, words: str | None, *,
        now: int, note: int = 0, is_spike: bool = False, seen: int = 0,
    ) -> int:  # fmt: skip
        """Adds a note, words ``note`` anew, or takes it back (None); the change's number.

        A spike has one note: its moment finds it. ``seen`` is the row that its author had before
        their eyes: ``ConflictError`` says who has written since. ``MissingError`` where there is no
        such note.
        """

        def append(connection: sqlite3.Connection) -> int:
            number = _spike_note(connection, event, moment) if is_spike else note
            last = connection.execute(
                "SELECT id, actor FROM notes WHERE event = ? AND note = ? ORDER BY id DESC LIMIT 1",
                (event, number),
            ).fetchone()
            if last is None and (note or words is None):
                raise MissingError(f"There is no such note in {event}.")
            if last is not None and last[0] != seen:
                raise ConflictError(
                    f"{last[1]} wrote on this note in the meantime; look again, then decide."
                )
            row = (now, actor, event, number, is_spike, moment, words and words[:WORDS_LENGTH])
            connection.execute(
                "INSERT INTO notes (at, actor, event, note, is_spike, moment, words)"
                " VALUES (?, ?, ?, coalesce(nullif(?, 0), (SELECT coalesce(max(id), 0) + 1"
                " FROM notes)), ?, ?, ?)",
                row,
            )
            changed(connection, "note", connection.execute(_LAST).fetchone()[0])
            return last_change(connection)

        return write_once(self._path, "the note", append)

    def standing(self, event: str) -> list[Note]:
        """The notes of an event that stand, in the order of their moments."""
        with closing(open_reading(self._path)) as connection:
            return [one for one in standing_notes(connection) if one.event == event]


def standing_notes(connection: sqlite3.Connection) -> list[Note]:
    """The notes of all events that stand, in the order of their moments."""
    if not has_table(connection, "notes"):
        return []  # the file is from before there were notes
    rows = connection.execute(
        "SELECT note, max(id), at, actor, event, is_spike, moment, words FROM notes"
        " GROUP BY event, note"
    )
    found = [
        Note(note, seen, at, actor, event, bool(is_spike), moment, words)
        for note, seen, at, actor, event, is_spike, moment, words in rows
        if words is not None
    ]
    return sorted(found, key=lambda one: (one.moment, one.note))


def _spike_note(connection: sqlite3.Connection, event: str, moment: int) -> int:
    row = connection.execute(
        "SELECT note FROM notes WHERE event = ? AND is_spike AND moment = ? LIMIT 1",
        (event, moment),
    ).fetchone()
    return int(row[0]) if row else 0


_LAST = "SELECT last_insert_rowid()"
