"""People's decisions on what is shown: appended by the server, read by the publisher.

The latest decision on a subject stands. Each brings change rows for the posts that it touches, so
that the publisher shows or hides them at once; a term's posts are found by the publisher, which
knows how terms match.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from hashwatch.archive.connection import has_table, open_reading, write_once
from hashwatch.archive.reading import last_change
from hashwatch.archive.runs import changed
from hashwatch.errors import ConflictError, MissingError

VERDICTS: Mapping[str, tuple[str, ...]] = {
    "post": ("approve", "reject", "hide"),
    "pin": ("pin",),
    "author": ("allow", "reject", "hide"),
    "term": ("reject", "hide"),
    "surface": ("stop",),
}
"""What may be decided on each kind of subject. ``approve`` and ``allow`` let posts onto public
surfaces, ``reject`` keeps them off those, ``hide`` takes them off every page."""
SURFACES = ("wall", "page", "feed", "export")
NOTE_LENGTH = 500
TERM_LENGTH = 100


class Ruling(msgspec.Struct, frozen=True, gc=False):
    """A decision that stands: what it is about, what it says, who took it and when (UTC)."""

    id: int
    at: int
    actor: str
    event: str
    subject: str
    ref: str
    verdict: str | None
    note: str = ""


class Ruled(msgspec.Struct, frozen=True):
    """What was recorded: the decisions' numbers, and the last change that they brought."""

    ids: tuple[int, ...]
    seq: int


class Standing(msgspec.Struct, frozen=True):
    """All decisions that stand in one event, by subject and ref; none that was taken back."""

    rulings: Mapping[tuple[str, str], Ruling] = {}

    def of(self, subject: str, ref: str | int) -> str | None:
        """The verdict on something."""
        ruling = self.rulings.get((subject, str(ref)))
        return ruling.verdict if ruling else None

    def all(self, subject: str) -> list[Ruling]:
        """Those on one kind of subject, the latest first."""
        found = [one for one in self.rulings.values() if one.subject == subject]
        return sorted(found, key=lambda one: -one.id)


class Moderation:
    """The decisions in the archive at ``path``; each call opens the file for itself, shortly.

    Calls raise ``ArchiveError`` when the archive cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def decide(
        self, actor: str, event: str, subject: str, refs: Sequence[str], verdict: str | None, *,
        now: int, note: str = "", seen: Mapping[str, int] | None = None,
    ) -> Ruled:  # fmt: skip
        """Records a decision on each of ``refs``.

        ``seen`` says by ref which decision its author had before their eyes (0 for none): when
        another has been taken since, nothing is recorded and ``ConflictError`` says by whom.
        ``ValueError`` for a verdict that the subject does not take.
        """
        if subject not in VERDICTS or (verdict is not None and verdict not in VERDICTS[subject]):
            raise ValueError(f"nobody can decide {verdict!r} on {subject!r}")

        def write(connection: sqlite3.Connection) -> Ruled:
            ids = []
            for ref in dict.fromkeys(refs):
                _refuse_unseen(connection, event, subject, ref, seen)
                ids.append(_append(connection, (now, actor, event, subject, ref, verdict, note)))
            return Ruled(tuple(ids), last_change(connection))

        return write_once(self._path, "the decision", write)

    def undo(self, actor: str, event: str, ids: Sequence[int], *, now: int) -> Ruled:
        """Puts what stood before each of these decisions in its place again.

        ``ConflictError`` when another has been taken since, ``MissingError`` for one that is not
        there; nothing is recorded then.
        """

        def write(connection: sqlite3.Connection) -> Ruled:
            made = []
            for number in ids:
                row = connection.execute(
                    "SELECT subject, ref FROM moderation WHERE id = ? AND event = ?",
                    (number, event),
                ).fetchone()
                if row is None:
                    raise MissingError(f"There is no decision {number} in {event}.")
                subject, ref = row
                _refuse_unseen(connection, event, subject, ref, {ref: number})
                before = connection.execute(
                    "SELECT verdict FROM moderation WHERE event = ? AND subject = ? AND ref = ?"
                    " AND id < ? ORDER BY id DESC LIMIT 1",
                    (event, *row, number),
                ).fetchone()
                verdict = before[0] if before else None
                made.append(
                    _append(connection, (now, actor, event, *row, verdict, f"undoes {number}"))
                )
            return Ruled(tuple(made), last_change(connection))

        return write_once(self._path, "the decision", write)

    def standing(self, event: str) -> Standing:
        """What stands in an event."""
        with closing(open_reading(self._path)) as connection:
            return standing(connection).get(event, Standing())

    def log(self, event: str, limit: int, before: int | None = None) -> list[Ruling]:
        """Decisions on what is shown, taken back or not, the latest first."""
        with closing(open_reading(self._path)) as connection:
            if not has_table(connection, "moderation"):
                return []
            rows = connection.execute(
                f"SELECT {_RULING} FROM moderation WHERE event = ? AND id < ?"
                " ORDER BY id DESC LIMIT ?",
                (event, before or 2**62, limit),
            )
            return [Ruling(*row) for row in rows]


def _append(connection: sqlite3.Connection, row: tuple[int | str | None, ...]) -> int:
    """A decision (the columns of `_RULING` but its number) with the changes that it brings."""
    *head, note = row
    subject, ref = str(row[3]), str(row[4])
    connection.execute(
        "INSERT INTO moderation (at, actor, event, subject, ref, verdict, note)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*head, str(note)[:NOTE_LENGTH]),
    )
    (number,) = connection.execute("SELECT last_insert_rowid()").fetchone()
    if subject in ("post", "pin"):
        changed(connection, "post", int(ref))
    elif subject == "author":
        connection.execute(
            "INSERT INTO changes (kind, ref) SELECT 'post', id FROM posts WHERE author_id = ?",
            (int(ref),),
        )
    changed(connection, "moderation", number)
    return int(number)


def last_ruling(connection: sqlite3.Connection) -> int:
    """The number of the newest decision on what is shown; 0 for none."""
    if not has_table(connection, "moderation"):
        return 0
    (number,) = connection.execute("SELECT coalesce(max(id), 0) FROM moderation").fetchone()
    return int(number)


def standing(connection: sqlite3.Connection) -> dict[str, Standing]:
    """What stands, by event."""
    if not has_table(connection, "moderation"):
        return {}
    found: dict[str, dict[tuple[str, str], Ruling]] = {}
    for row in connection.execute(f"SELECT {_RULING} FROM moderation ORDER BY id"):
        ruling = Ruling(*row)
        held = found.setdefault(ruling.event, {})
        held.pop((ruling.subject, ruling.ref), None)
        if ruling.verdict is not None:
            held[ruling.subject, ruling.ref] = ruling
    return {event: Standing(rulings) for event, rulings in found.items()}


def rulings_after(connection: sqlite3.Connection, ids: Sequence[int]) -> list[Ruling]:
    """The decisions with these numbers."""
    if not ids:
        return []
    rows = connection.execute(
        f"SELECT {_RULING} FROM moderation WHERE id IN (SELECT value FROM json_each(?))"
        " ORDER BY id",
        (msgspec.json.encode(list(ids)).decode(),),
    )
    return [Ruling(*row) for row in rows]


def _refuse_unseen(
    connection: sqlite3.Connection, event: str, subject: str, ref: str,
    seen: Mapping[str, int] | None,
) -> None:  # fmt: skip
    if seen is None or ref not in seen:
        return
    row = connection.execute(
        "SELECT id, actor, verdict FROM moderation WHERE event = ? AND subject = ? AND ref = ?"
        " ORDER BY id DESC LIMIT 1",
        (event, subject, ref),
    ).fetchone()
    if row is not None and row[0] != seen[ref]:
        what = {None: "took the last decision back"}.get(row[2], f"decided “{row[2]}”")
        raise ConflictError(f"{row[1]} {what} in the meantime; look again, then decide.")


_RULING = "id, at, actor, event, subject, ref, verdict, note"
