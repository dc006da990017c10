"""Who takes care of which post: appended by the server. What stands follows from all of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from hashwatch.archive.connection import has_table, open_reading, write_once
from hashwatch.errors import ConflictError

ACTIONS = ("assign", "snooze", "resolve", "answer", "reopen")
NOTE_LENGTH = 500


class Step(msgspec.Struct, frozen=True, gc=False):
    """One thing that somebody did with a post. Times are UTC seconds; ``event_at`` the event's."""

    id: int
    at: int
    actor: str
    post_id: int
    event_at: int
    action: str
    value: str
    note: str = ""


class Care(msgspec.Struct, frozen=True, gc=False):
    """How a post stands: who has it, until when it rests, whether it is done, and the answer.

    ``seen`` is the number of the last step; ``answered_at`` the event's time of the first answer.
    """

    assigned: str = ""
    snoozed_until: int = 0
    is_done: bool = False
    answer: str = ""
    answered_at: int | None = None
    seen: int = 0
    by: str = ""

    def state(self, now: int) -> str:
        """``open``, ``snoozed`` or ``done`` at the event's time ``now``."""
        return "done" if self.is_done else "snoozed" if self.snoozed_until > now else "open"


NOBODY_YET = Care()


def stand(steps: Iterable[Step]) -> dict[int, Care]:
    """How each post stands after these steps, the first first. Pure."""
    found: dict[int, Care] = {}
    for step in steps:
        care = found.get(step.post_id, NOBODY_YET)
        change: dict[str, object] = {"seen": step.id, "by": step.actor}
        match step.action:
            case "assign":
                change["assigned"] = step.value
            case "snooze":
                change["snoozed_until"] = int(step.value)
            case "resolve":
                change["is_done"] = True
            case "answer":
                change |= {"is_done": True, "answer": step.value}
                if care.answered_at is None:
                    change["answered_at"] = step.event_at
            case "reopen":
                change |= {"is_done": False, "snoozed_until": 0}
        found[step.post_id] = msgspec.structs.replace(care, **change)
    return found


class Triage:
    """The steps in the archive at ``path``; each call opens the file for itself, shortly.

    Calls raise ``ArchiveError`` when the archive cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(
        self, actor: str, event: str, post_id: int, action: str, value: str, *,
        now: int, event_at: int, seen: int, note: str = "",
    ) -> int:  # fmt: skip
        """Records a step; its number. ``seen`` is the last that its author had before their eyes:
        ``ConflictError`` says who has taken another since.
        """
        if action not in ACTIONS:
            raise ValueError(f"nobody can {action!r} a post")

        def write(connection: sqlite3.Connection) -> int:
            last = connection.execute(
                "SELECT id, actor, action FROM triage WHERE event = ? AND post_id = ?"
                " ORDER BY id DESC LIMIT 1",
                (event, post_id),
            ).fetchone()
            if last is not None and last[0] != seen:
                raise ConflictError(
                    f"{last[1]} did something with this post in the meantime ({last[2]}); look"
                    " again, then decide."
                )
            connection.execute(
                "INSERT INTO triage (at, actor, event, post_id, event_at, action, value, note)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (now, actor, event, post_id, event_at, action, value, note[:NOTE_LENGTH]),
            )
            (number,) = connection.execute("SELECT last_insert_rowid()").fetchone()
            return int(number)

        return write_once(self._path, "the decision", write)

    def standing(self, event: str) -> Mapping[int, Care]:
        """How the posts of an event stand with which anybody did anything."""
        with closing(open_reading(self._path)) as connection:
            if not has_table(connection, "triage"):
                return {}
            rows = connection.execute(
                "SELECT id, at, actor, post_id, event_at, action, value, note FROM triage"
                " WHERE event = ? ORDER BY id",
                (event,),
            )
            return stand(Step(*row) for row in rows)
