"""Writing what was done: runs, rejects, gaps, cursors, where each source stands, replay clocks.

All functions work inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal

import msgspec
import zstandard

from hashwatch.model import Clock, Cursor, Gap, Reject, RunState

PlaceState = Literal[
    "collecting", "replaying", "rate-limited", "unreachable", "denied", "outside", "finished", "off"
]
REJECT_BYTES = 20_000


class PlaceKey(msgspec.Struct, frozen=True):
    """What a cursor, a run or a gap belongs to."""

    source: str
    instance: str
    hashtag: str = ""


def begin_run(connection: sqlite3.Connection, place: PlaceKey, now: int) -> int:
    """A new run; its number. One of the same place whose end could not be written (a full disk)
    ends here."""
    left = connection.execute(
        "SELECT id FROM runs WHERE state = 'running' AND source = ? AND instance = ?"
        " AND hashtag = ?",
        (place.source, place.instance, place.hashtag),
    ).fetchall()
    for (run,) in left:
        end_run(connection, run, RunState.FAILED, "the archive refused to keep how it ended", now)
    cursor = connection.execute(
        "INSERT INTO runs (source, instance, hashtag, started_at, state) VALUES (?, ?, ?, ?, ?)",
        (place.source, place.instance, place.hashtag, now, RunState.RUNNING),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def count_run(
    connection: sqlite3.Connection,
    run: int,
    *,
    received: int,
    new: int,
    changed: int,
    rejected: int,
) -> None:
    """Adds one page's counts to a run."""
    connection.execute(
        "UPDATE runs SET pages = pages + 1, received = received + ?, new = new + ?,"
        " changed = changed + ?, rejected = rejected + ? WHERE id = ?",
        (received, new, changed, rejected, run),
    )


def end_run(
    connection: sqlite3.Connection, run: int, state: RunState, reason: str, now: int
) -> None:
    """Says how a run ended, and why when it was not plainly well."""
    connection.execute(
        "UPDATE runs SET ended_at = ?, state = ?, reason = ? WHERE id = ?",
        (now, state, reason, run),
    )
    changed(connection, "run", run)


def close_abandoned_runs(connection: sqlite3.Connection, now: int) -> int:
    """Marks runs that a killed process left open as failed; how many there were."""
    abandoned = connection.execute("SELECT id FROM runs WHERE state = 'running'").fetchall()
    for (run,) in abandoned:
        end_run(connection, run, RunState.FAILED, "the collector stopped before the run ended", now)
    return len(abandoned)


def keep_rejects(
    connection: sqlite3.Connection, run: int, rejects: Sequence[Reject], now: int
) -> None:
    """Keeps what could not become a post, bounded, with the reason."""
    connection.executemany(
        "INSERT INTO rejects (run_id, at, place, reason, raw) VALUES (?, ?, ?, ?, ?)",
        [
            (run, now, reject.where, reject.reason, zstandard.compress(reject.raw[:REJECT_BYTES]))
            for reject in rejects
        ],
    )


def open_gaps(connection: sqlite3.Connection, gaps: Sequence[Gap], now: int) -> None:
    """Records known holes; the same hole found again is one row."""
    for gap in gaps:
        held = connection.execute(
            "SELECT id FROM gaps WHERE source = ? AND instance = ? AND hashtag = ? AND start = ?"
            " AND reason = ?",
            (gap.source, gap.instance, gap.hashtag, gap.start, gap.reason),
        ).fetchone()
        if held:
            connection.execute("UPDATE gaps SET end = ? WHERE id = ?", (gap.end, held[0]))
            changed(connection, "gap", held[0])
            continue
        number = connection.execute(
            "INSERT INTO gaps (source, instance, hashtag, start, end, reason, found_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (gap.source, gap.instance, gap.hashtag, gap.start, gap.end, gap.reason, now),
        ).lastrowid
        assert number is not None
        changed(connection, "gap", number)


def fill_gaps(
    connection: sqlite3.Connection,
    place: PlaceKey,
    start: int,
    end: int,
    now: int,
    reason: str | None = None,
) -> None:
    """Closes the open gaps of a place that lie wholly within ``start``–``end``; with a ``reason``
    only those left for it."""
    filled = connection.execute(
        "UPDATE gaps SET filled_at = ?1 WHERE source = ?2 AND instance = ?3 AND hashtag = ?4"
        " AND filled_at IS NULL AND start >= ?5 AND end IS NOT NULL AND end <= ?6"
        " AND (?7 IS NULL OR reason = ?7) RETURNING id",
        (now, place.source, place.instance, place.hashtag, start, end, reason),
    ).fetchall()
    for (number,) in filled:
        changed(connection, "gap", number)


def read_cursor(connection: sqlite3.Connection, place: PlaceKey) -> Cursor | None:
    """The last durable cursor of a place."""
    row = connection.execute(
        "SELECT cursor FROM cursors WHERE source = ? AND instance = ? AND hashtag = ?",
        (place.source, place.instance, place.hashtag),
    ).fetchone()
    return msgspec.json.decode(row[0], type=Cursor) if row else None


def write_cursor(connection: sqlite3.Connection, place: PlaceKey, cursor: Cursor, now: int) -> None:
    """Makes ``cursor`` the durable one, with whatever else the transaction holds."""
    connection.execute(
        "INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?, ?)",
        (place.source, place.instance, place.hashtag, msgspec.json.encode(cursor).decode(), now),
    )


def set_place(
    connection: sqlite3.Connection,
    source: str,
    instance: str,
    event: str,
    state: PlaceState,
    detail: str,
    now: int,
    *,
    checked: bool,
    next_attempt_at: int | None = None,
) -> None:
    """Says where a source stands; ``checked`` when the platform itself was asked just now."""
    connection.execute(
        """
        INSERT INTO places VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET
          since = CASE WHEN state = excluded.state THEN since ELSE excluded.since END,
          state = excluded.state, detail = excluded.detail,
          checked_at = coalesce(excluded.checked_at, checked_at),
          next_attempt_at = excluded.next_attempt_at
        """,
        (source, instance, event, state, detail, now, now if checked else None, next_attempt_at),
    )
    changed(connection, "place", 0)


def places(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Source, instance and event of every place that something was said of."""
    return connection.execute("SELECT source, instance, event FROM places").fetchall()


def set_clock(connection: sqlite3.Connection, place: PlaceKey, clock: Clock, wall: float) -> None:
    """Says what a replay's clock showed at the wall time ``wall``."""
    connection.execute(
        "INSERT OR REPLACE INTO clocks VALUES (?, ?, ?, ?, ?, ?)",
        (place.source, place.instance, place.hashtag, clock.at, clock.speed, wall),
    )
    changed(connection, "clock", 0)


def beat(connection: sqlite3.Connection, process: str, now: int) -> None:
    """A sign of life of a process."""
    connection.execute("INSERT OR REPLACE INTO heartbeats VALUES (?, ?)", (process, now))


def last_beat(connection: sqlite3.Connection, process: str) -> int | None:
    """When a process last gave a sign of life."""
    row = connection.execute("SELECT at FROM heartbeats WHERE process = ?", (process,)).fetchone()
    return row[0] if row else None


def last_good_run(connection: sqlite3.Connection, place: PlaceKey) -> int | None:
    """When the newest run that read everything of a place began."""
    at: int | None = connection.execute(
        "SELECT max(started_at) FROM runs"
        " WHERE source = ? AND instance = ? AND hashtag = ? AND state = 'ok'",
        (place.source, place.instance, place.hashtag),
    ).fetchone()[0]
    return at


def open_gap_since(connection: sqlite3.Connection, place: PlaceKey, reason: str) -> int | None:
    """Where the oldest unfilled gap of a place begins that was left for ``reason``."""
    start: int | None = connection.execute(
        "SELECT min(start) FROM gaps WHERE source = ? AND instance = ? AND hashtag = ?"
        " AND reason = ? AND filled_at IS NULL",
        (place.source, place.instance, place.hashtag, reason),
    ).fetchone()[0]
    return start


def changed(connection: sqlite3.Connection, kind: str, ref: int) -> None:
    """Numbers a change for the publisher."""
    connection.execute("INSERT INTO changes (kind, ref) VALUES (?, ?)", (kind, ref))
