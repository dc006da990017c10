"""The log of an event: everything that people decided, in one order. Nothing in it changes."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec

from hashwatch.archive.connection import open_reading

Kind = Literal["shown", "tag", "care", "note", "rule", "theme"]
_TABLES = {
    "moderation": "SELECT 'shown', id, at, actor, subject, ref, verdict, note FROM moderation"
    " WHERE event = :event",
    "decisions": "SELECT 'tag', id, at, actor, field, post_id, value, note FROM decisions"
    " WHERE event = :event AND kind = 'correct'",
    "triage": "SELECT 'care', id, at, actor, action, post_id, value, note FROM triage"
    " WHERE event = :event",
    "notes": "SELECT 'note', id, at, actor, iif(is_spike, 'spike', 'note'), moment, words, ''"
    " FROM notes WHERE event = :event",
    "alert_rules": "SELECT 'rule', id, at, actor, 'rule', name, rule, '' FROM alert_rules"
    " WHERE event = :event",
    "theme_decisions": "SELECT 'theme', id, at, actor, CASE WHEN terms IS NULL THEN 'withdrawn'"
    " WHEN EXISTS (SELECT 1 FROM theme_decisions AS old WHERE old.event = new.event"
    " AND old.ref = new.ref AND old.id < new.id) THEN 'changed' ELSE 'added' END,"
    " name, terms, note FROM theme_decisions AS new WHERE event = :event",
}


class Logged(msgspec.Struct, frozen=True, gc=False):
    """One decision: on what is shown, a tag, who takes care of a post, a theme; a note; a rule.

    ``about`` is what it decides (post, author, term …; sentiment, theme …; assign, resolve …;
    note, spike; for a theme added, changed, withdrawn), ``ref`` on what (for tags and care a post's
    number, for notes their moment, for rules and themes their name), ``value`` how (for a theme its
    terms, a JSON list); ``at`` is UTC seconds.
    """

    kind: Kind
    id: int
    at: int
    actor: str
    about: str
    ref: str
    value: str | None
    note: str


def read_log(path: Path, event: str, limit: int, skip: int = 0) -> list[Logged]:
    """Decisions of an event, the latest first, without the labels that only measure."""
    with closing(open_reading(path)) as connection:
        there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        parts = [sql for table, sql in _TABLES.items() if table in there]
        if not parts:
            return []
        rows = connection.execute(
            f"{' UNION ALL '.join(parts)} ORDER BY 3 DESC, 1, 2 DESC LIMIT :limit OFFSET :skip",
            {"event": event, "limit": limit, "skip": skip},
        )
        return [
            Logged(kind, number, at, actor, about, str(ref), value, note)
            for kind, number, at, actor, about, ref, value, note in rows
        ]
