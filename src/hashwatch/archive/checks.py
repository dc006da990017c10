"""Checks of the sources: asked for by people through the server, carried out by the collector.

What a check finds holds a few words of strangers: it goes with the next check, after a day, and
when anybody is erased.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from hashwatch.archive.connection import has_table, open_reading, write_once
from hashwatch.errors import ConflictError

KEPT_SECONDS = 86_400
PAUSE_SECONDS = 60
"""So long after a check nobody can ask for another: platforms count every question."""
GIVEN_UP_SECONDS = 900
"""A check that did not end within this time was interrupted."""


class SamplePost(msgspec.Struct, frozen=True, gc=False):
    """A post that a place showed: who wrote it, its words, its page."""

    handle: str
    text: str
    url: str


class Checked(msgspec.Struct, frozen=True, gc=False):
    """What asking one source for one hashtag of one event (``what``, as people say it) came to.

    ``would`` is what the collector does there, ``verdict`` and ``answer`` what asking brought.
    """

    event: str
    source: str
    instance: str
    what: str
    would: str
    ok: bool
    verdict: str
    answer: str
    samples: tuple[SamplePost, ...] = ()


class Check(msgspec.Struct, frozen=True, gc=False):
    """The newest check. Times are UTC seconds; ``ended_at`` is None while it is under way."""

    id: int
    asked_at: int
    actor: str
    began_at: int | None
    ended_at: int | None
    problem: str
    checked: tuple[Checked, ...] = ()


class Checks:
    """The checks in the archive at ``path``; each call opens the file for itself, shortly.

    Calls raise ``ArchiveError`` when the archive cannot be opened or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, actor: str, *, now: int) -> int:
        """Asks for a check; its number. ``ConflictError`` while one is under way or just over."""

        def write(connection: sqlite3.Connection) -> int:
            last = _latest(connection)
            if last is not None and is_under_way(last, now):
                raise ConflictError(
                    f"{last.actor} has asked already; the answers are on their way."
                )
            if last is not None and last.ended_at and now - last.ended_at < PAUSE_SECONDS:
                raise ConflictError(
                    "The sources were asked less than a minute ago; platforms count every question."
                )
            connection.execute("INSERT INTO checks (asked_at, actor) VALUES (?, ?)", (now, actor))
            return int(connection.execute("SELECT last_insert_rowid()").fetchone()[0])

        return write_once(self._path, "the question", write)

    def latest(self, event: str) -> Check | None:
        """The newest check with what it found for an event; None where there was none."""
        with closing(open_reading(self._path)) as connection:
            check = _latest(connection)
            if check is None:
                return None
            # While one is under way, what the one before it found still stands.
            rows = connection.execute(
                "SELECT event, source, instance, what, would, ok, verdict, answer, samples"
                " FROM checked WHERE event = ? ORDER BY check_id, place",
                (event,),
            )
            return msgspec.structs.replace(check, checked=tuple(_checked(row) for row in rows))

    def begin(self, *, now: int) -> int | None:
        """Takes up the newest check that nobody has taken up; its number, None for none."""
        with closing(open_reading(self._path)) as connection:
            last = _latest(connection)
        if last is None or last.began_at is not None or last.ended_at is not None:
            return None

        def write(connection: sqlite3.Connection) -> int:
            connection.execute("UPDATE checks SET began_at = ? WHERE id = ?", (now, last.id))
            return last.id

        return write_once(self._path, "the check", write)

    def end(self, number: int, found: tuple[Checked, ...], *, now: int, problem: str = "") -> None:
        """Keeps what a check found, in place of what earlier ones did."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE checks SET ended_at = ?, problem = ? WHERE id = ?", (now, problem, number)
            )
            connection.execute("DELETE FROM checked")
            connection.executemany(
                f"INSERT INTO checked VALUES ({', '.join('?' * 11)})",
                [
                    (number, place, *msgspec.structs.astuple(one)[:-1],
                     msgspec.json.encode(one.samples).decode())
                    for place, one in enumerate(found)
                ],
            )  # fmt: skip

        write_once(self._path, "what the check found", write)

    def forget_old(self, *, now: int) -> bool:
        """Drops what a check found over a day ago; whether there was any."""
        with closing(open_reading(self._path)) as connection:
            last = _latest(connection)
            held = last and connection.execute("SELECT 1 FROM checked LIMIT 1").fetchone()
        if last is None or not held or (last.ended_at or now) > now - KEPT_SECONDS:
            return False
        write_once(
            self._path, "the clearing", lambda connection: connection.execute("DELETE FROM checked")
        )
        return True


def is_under_way(check: Check, now: int) -> bool:
    """Whether a check will still be answered."""
    return check.ended_at is None and now - check.asked_at < GIVEN_UP_SECONDS


def _latest(connection: sqlite3.Connection) -> Check | None:
    if not has_table(connection, "checks"):
        return None  # the file is from before there were checks
    row = connection.execute(
        "SELECT id, asked_at, actor, began_at, ended_at, problem FROM checks"
        " ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return Check(*row) if row else None


def _checked(row: tuple[object, ...]) -> Checked:
    *facts, samples = row
    event, source, instance, what, would, ok, verdict, answer = map(str, facts)
    return Checked(
        event, source, instance, what, would, ok == "1", verdict, answer,
        msgspec.json.decode(str(samples), type=tuple[SamplePost, ...]),
    )  # fmt: skip
