"""alerts.db: where each rule stands and what is to be sent, in one transaction.

An alert and the standing that goes with it are durable together, so a rule speaks once whatever is
killed when. A delivery is marked before it is tried: one that was under way when the process ended
is tried again with a mark that it may be a repeat.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec

from hashwatch.alert.rules import Rule, Standing

ATTEMPTS = 8
FIRST_WAIT = 15.0
"""Seconds before the second attempt; each wait is twice the one before it."""


class Alert(msgspec.Struct, frozen=True):
    """Something that a rule said of an event. ``event_at`` is the event's time."""

    rule: str
    kind: str
    event: str
    title: str
    words: str
    href: str
    event_at: int
    made_at: int


class Delivery(msgspec.Struct, frozen=True):
    """An alert on its way to one destination; ``again`` when it may have arrived before."""

    alert_id: int
    destination: str
    attempts: int
    again: bool
    alert: Alert


class Outbox:
    """The file at ``path``; one process writes it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        script = files("hashwatch.alert").joinpath("outbox.sql").read_text(encoding="utf-8")
        self._connection.executescript(script)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def standing(self, rule: str, event: str) -> Standing:
        """Where a rule stands with an event."""
        row = self._connection.execute(
            "SELECT active, key, spoke_at FROM standings WHERE rule = ? AND event = ?",
            (rule, event),
        ).fetchone()
        return Standing(bool(row[0]), row[1], row[2]) if row else Standing()

    def put(
        self, rule: Rule, event: str, standing: Standing, alert: Alert | None, now: float
    ) -> None:
        """Notes where ``rule`` stands, and with it what it says, if it says anything."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(
                "INSERT INTO standings VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " active = excluded.active, key = excluded.key, spoke_at = excluded.spoke_at",
                (rule.name, event, standing.active, standing.key, standing.spoke_at),
            )
            if alert is not None:
                self._insert(alert, rule.to, now)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def recover(self) -> None:
        """After a start: what was under way when the last process ended waits again."""
        self._connection.execute(
            "UPDATE deliveries SET state = 'waiting', problem = 'interrupted while it was sent'"
            " WHERE state = 'sending'"
        )

    def due(self, now: float) -> list[Delivery]:
        """What is to be sent now, the oldest first."""
        rows = self._connection.execute(
            "SELECT alert_id, destination, attempts, problem = 'interrupted while it was sent',"
            " rule, kind, event, title, words, href, event_at, made_at"
            " FROM deliveries JOIN alerts ON alerts.id = alert_id"
            " WHERE state = 'waiting' AND next_at <= ? ORDER BY alert_id, destination",
            (now,),
        )
        return [Delivery(row[0], row[1], row[2], bool(row[3]), Alert(*row[4:])) for row in rows]

    def begin(self, delivery: Delivery) -> None:
        """Marks a delivery as under way, before it is."""
        self._set(delivery, "state = 'sending', attempts = attempts + 1", ())

    def succeeded(self, delivery: Delivery, now: float) -> None:
        """It has arrived."""
        self._set(delivery, "state = 'sent', sent_at = ?, problem = ''", (int(now),))

    def failed(self, delivery: Delivery, problem: str, now: float) -> None:
        """It did not arrive: again later, or never once it was tried often enough."""
        attempts = delivery.attempts + 1
        state = "given_up" if attempts >= ATTEMPTS else "waiting"
        self._set(
            delivery, "state = ?, problem = ?, next_at = ?",
            (state, problem[:300], now + FIRST_WAIT * 2.0 ** (attempts - 1)),
        )  # fmt: skip

    def note_destinations(self, names: Sequence[str]) -> None:
        """Notes where alerts can be sent."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM destinations")
        connection.executemany(
            "INSERT INTO destinations VALUES (?)", [(name,) for name in dict.fromkeys(names)]
        )
        connection.execute("COMMIT")

    def describe(self, rules: Sequence[Rule]) -> None:
        """Notes which rules there are, and drops where others stood."""
        connection = self._connection
        names = [rule.name for rule in rules]
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM rules")
        connection.executemany(
            "INSERT INTO rules VALUES (?, ?, ?, ?, ?, ?)",
            [
                (place, rule.name, rule.kind, rule.words(), json.dumps(rule.events),
                 json.dumps(rule.to))
                for place, rule in enumerate(rules)
            ],
        )  # fmt: skip
        marks = ", ".join("?" * len(names))
        connection.execute(f"DELETE FROM standings WHERE rule NOT IN ({marks})", names)
        connection.execute("COMMIT")

    def put_test(self, event: str, event_at: int, now: float) -> int:
        """Puts a test on its way to every destination; to how many."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        names = [row[0] for row in connection.execute("SELECT name FROM destinations")]
        if names:
            test = Alert(
                "Test", "test", event, f"Test: {event}",
                "Alerts arrive here. Nothing has happened.", "", event_at, int(now),
            )  # fmt: skip
            self._insert(test, names, now)
        connection.execute("COMMIT")
        return len(names)

    def _insert(self, alert: Alert, destinations: Iterable[str], now: float) -> None:
        number = self._connection.execute(
            "INSERT INTO alerts (rule, kind, event, title, words, href, event_at, made_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            msgspec.structs.astuple(alert),
        ).lastrowid
        self._connection.executemany(
            "INSERT INTO deliveries (alert_id, destination, state, next_at)"
            " VALUES (?, ?, 'waiting', ?)",
            [(number, destination, now) for destination in dict.fromkeys(destinations)],
        )

    def _set(self, delivery: Delivery, assignments: str, values: tuple[object, ...]) -> None:
        self._connection.execute(
            f"UPDATE deliveries SET {assignments} WHERE alert_id = ? AND destination = ?",
            (*values, delivery.alert_id, delivery.destination),
        )
