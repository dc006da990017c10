"""What the rules have said, read from alerts.db, which the alerter writes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from hashwatch.queries.buckets import local_text, to_iso
from hashwatch.queries.events import Event
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask

RECENT = 50


def alerts_page(path: Path, event: Event) -> Data:
    """The rules that concern an event, where each stands, and what they have said of it."""
    if not path.exists():
        return {"rules": [], "alerts": []}
    with closing(_open(path)) as connection:
        rules = [
            {"name": name, "kind": kind, "words": words, "to": json.loads(to),
             "active": bool(active)}
            for name, kind, words, to, active in ask(
                connection, "alert_rules", {"event": event.slug}
            )
        ]  # fmt: skip
        return {"rules": rules, "alerts": _recent(connection, event)}


def destinations(path: Path) -> list[str]:
    """Where alerts can be sent, by name; none where there is no file, or one from before."""
    if not path.exists():
        return []
    with closing(_open(path)) as connection:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'destinations'")
        if known.fetchone() is None:
            return []
        return [row[0] for row in ask(connection, "destinations", {})]


def recent_alerts(path: Path, event: Event | None = None) -> list[Data]:
    """The latest alerts of an event, or of all, the newest first; none where there is no file."""
    if not path.exists():
        return []
    with closing(_open(path)) as connection:
        return _recent(connection, event)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)


def _recent(connection: sqlite3.Connection, event: Event | None) -> list[Data]:
    wanted = {"event": event.slug if event else "", "limit": RECENT}
    alerts = {row[0]: _alert(row, event) for row in ask(connection, "alerts", wanted)}
    for alert, destination, state, attempts, sent_at, problem in ask(
        connection, "deliveries", {"first": min(alerts, default=0)}
    ):
        if alert in alerts:
            alerts[alert]["deliveries"].append(
                {
                    "destination": destination,
                    "state": state,
                    "attempts": attempts,
                    "sent_at": None if sent_at is None else to_iso(sent_at),
                    "problem": problem,
                }
            )
    return list(alerts.values())


def _alert(row: tuple[object, ...], event: Event | None) -> Data:
    _, rule, kind, slug, title, words, href, event_at, made_at = row
    return {
        "rule": rule,
        "kind": kind,
        "event": slug,
        "title": title,
        "words": words,
        "href": href,
        "event_at": to_iso(int(str(event_at))),
        "local": local_text(int(str(event_at)), event.zone) if event else "",
        "made_at": to_iso(int(str(made_at))),
        "deliveries": [],
    }
