"""The process that looks at the dashboard by the rules, and sends what they say."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from hashwatch.alert.outbox import Alert, Delivery, Outbox
from hashwatch.alert.rules import Rule, decide
from hashwatch.alert.sending import NotSentError
from hashwatch.alert.set_rules import set_rules
from hashwatch.alert.sights import look
from hashwatch.archive.connection import sole
from hashwatch.queries.connection import open_dashboard
from hashwatch.queries.events import Event, has_invented, list_events

LOOK_SECONDS = 5.0
SEND_SECONDS = 1.0

Send = Callable[[str, str, str], None]
"""Sends to a destination (its name) a title and a text; raises ``NotSentError``."""

_log = logging.getLogger(__name__)


class Alerter:
    """Rules over the dashboard at ``dashboard_path``, and those that people have set there;
    alerts.db stands beside it. ``destinations`` are all that ``send`` knows.

    ``address`` is where the dashboard is for those who are told (``https://…``), empty for none.
    Raises ``InUseError`` when another alerter is at work there.
    """

    def __init__(
        self,
        dashboard_path: Path,
        rules: Sequence[Rule],
        send: Send,
        address: str = "",
        clock: Callable[[], float] = time.time,
        destinations: Sequence[str] | None = None,
    ) -> None:
        self._dashboard_path, self._configured = dashboard_path, tuple(rules)
        self._rules: tuple[Rule, ...] | None = None
        self._send, self._address, self._clock = send, address.rstrip("/"), clock
        self._sole = sole(dashboard_path, "alerter")
        self._sole.__enter__()
        self._outbox = Outbox(dashboard_path.with_name("alerts.db"))
        self._outbox.recover()
        told = [name for rule in rules for name in rule.to]
        self._outbox.note_destinations(told if destinations is None else destinations)

    def __enter__(self) -> Alerter:
        return self

    def __exit__(self, *_: object) -> None:
        self._outbox.close()
        self._sole.__exit__(None, None, None)

    def run(self, stop: threading.Event) -> None:
        """Looks and sends until ``stop`` is set."""
        looked_at = 0.0
        while not stop.is_set():
            if time.monotonic() - looked_at >= LOOK_SECONDS:
                looked_at = time.monotonic()
                self.look()
            self.send_due()
            stop.wait(SEND_SECONDS)

    def look(self) -> list[Alert]:
        """One look by every rule at every event that goes on; what they said."""
        said: list[Alert] = []
        try:
            with closing(open_dashboard(self._dashboard_path)) as connection:
                self._take_rules(connection)
                for event in list_events(connection):
                    if event.clock_mode != "over":
                        said += self._look_at(connection, event)
        except sqlite3.Error as error:
            _log.warning("the dashboard cannot be read at the moment: %s", error)
        return said

    def send_due(self) -> None:
        """Tries what is due, once each."""
        for delivery in self._outbox.due(self._clock()):
            self._outbox.begin(delivery)
            try:
                self._send(delivery.destination, delivery.alert.title, self._text(delivery))
            except NotSentError as error:
                self._outbox.failed(delivery, str(error), self._clock())
                _log.warning("not sent to %s: %s", delivery.destination, error)
            else:
                self._outbox.succeeded(delivery, self._clock())

    def _take_rules(self, connection: sqlite3.Connection) -> None:
        """The rules as they are now: the configuration's, then those of the page.

        Of two with one name the configuration's counts.
        """
        names = {rule.name for rule in self._configured}
        rules = (
            *self._configured,
            *(rule for rule in set_rules(connection) if rule.name not in names),
        )
        if rules != self._rules:
            self._outbox.describe(rules)
            self._rules = rules

    def _look_at(self, connection: sqlite3.Connection, event: Event) -> list[Alert]:
        wall = self._clock()
        now = event.now(wall)
        said = []
        for rule in self._rules or ():
            if not rule.concerns(event.slug):
                continue
            standing = self._outbox.standing(rule.name, event.slug)
            sight = look(connection, event, rule, now, wall)
            after, speaks = decide(rule, standing, sight, now)
            alert = None
            if speaks:
                invented = " (invented posts)" if has_invented(connection, event) else ""
                title = f"{rule.name}: {event.slug}{invented}"
                alert = Alert(
                    rule.name, rule.kind, event.slug, title, sight.words, sight.href, now, int(wall)
                )
                said.append(alert)
            if after != standing:
                self._outbox.put(rule, event.slug, after, alert, wall)
        return said

    def _text(self, delivery: Delivery) -> str:
        """What is sent: the words, where the posts are, and that it may be a repeat."""
        lines = [delivery.alert.words]
        if self._address and delivery.alert.href:
            lines.append(f"{self._address}{delivery.alert.href}")
        if delivery.again:
            lines.append("(This may be a repeat.)")
        return "\n".join(lines)
