"""The programme: sessions with what was said about each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from hashwatch.queries.buckets import from_iso, local_text
from hashwatch.queries.counting import ALL, Counting
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import event_href, session_href
from hashwatch.queries.markup import safe_url
from hashwatch.queries.selection import NEVER
from hashwatch.queries.shapes import Counts, Data, SessionRow, Volume
from hashwatch.queries.statements import ask
from hashwatch.wording import full_weekday, say

NO_COUNTS = (0, 0, 0, 0, 0, 0)
ASSUMED = 3600
"""Seconds that a session without an end is taken to last."""


def facet_totals(
    connection: sqlite3.Connection, event: Event, facet: str, counting: Counting = ALL
) -> dict[Any, tuple[int, ...]]:
    """posts, boosts, positive, neutral, negative, unknown of each value of a facet."""
    whole = {"event": event.id, "facet": facet, "from": -NEVER, "to": NEVER}
    rows = ask(connection, "facet_totals", whole)
    return {value: counting.sums(sums) for value, *sums in rows}


def boost_choice(
    connection: sqlite3.Connection, event: Event, page: str, counting: Counting, **kept: str
) -> Data:
    """The boosts among the event's posts, and the address of ``page`` with ``kept`` where they are
    left out or counted again.
    """
    return counting.choice(
        facet_totals(connection, event, "all").get("", NO_COUNTS),
        event_href(event.slug, page, kept),
        event_href(event.slug, page, {**kept, "boosts": "hidden"}),
    )


def tones(sums: Sequence[int]) -> Counts:
    """The last four of a rollup's six sums."""
    return {"positive": sums[2], "neutral": sums[3], "negative": sums[4], "unknown": sums[5]}


def programme(
    connection: sqlite3.Connection, event: Event, now: int, counting: Counting = ALL
) -> list[SessionRow]:
    """Every session in the programme's order, with its counts and where the clock stands to it."""
    totals = facet_totals(connection, event, "session", counting)
    copies = facet_totals(connection, event, "copy session")
    rows = [
        _row(
            event,
            row,
            totals.get(row[0], NO_COUNTS),
            copies.get(row[0], NO_COUNTS)[0],
            now,
            counting,
        )
        for row in ask(connection, "sessions", {"event": event.id})
    ]
    coming = [row["starts_at"] for row in rows if row["state"] == "later" and row["starts_at"]]
    for row in rows:
        if coming and row["starts_at"] == min(coming):
            row["state"] = "next"
    return rows


def session_details(
    connection: sqlite3.Connection, event: Event, code: str
) -> tuple[int, str] | None:
    """The number and abstract of the session ``code``; None when there is none."""
    for row in ask(connection, "sessions", {"event": event.id}):
        if row[1] == code:
            return row[0], row[11]
    return None


def programme_changes(connection: sqlite3.Connection, event: Event, limit: int) -> list[Data]:
    """What became different in the programme, the newest first."""
    rows = ask(connection, "programme_changes", {"event": event.id, "limit": limit})
    return [
        {
            "changed_at": changed_at,
            "local": local_text(from_iso(changed_at), event.zone),
            "kind": kind,
            "code": code,
            "title": title,
            "before": before,
            "after": after,
            "href": session_href(event.slug, code) if is_here else None,
        }
        for changed_at, kind, code, title, before, after, is_here in rows
    ]


def by_day(rows: Sequence[SessionRow]) -> list[Data]:
    """The sessions under their days, in order; those without a day come last."""
    days: dict[str, list[SessionRow]] = {}
    for row in rows:
        days.setdefault(row["date"] or "", []).append(row)
    return [
        {
            "date": day or None,
            "label": day_label(day) if day else say("No day given"),
            "sessions": rows,
        }
        for day, rows in sorted(days.items(), key=lambda item: item[0] or "9999")
    ]


def stage(event: Event, rows: Sequence[SessionRow], now: int) -> tuple[Data, list[SessionRow]]:
    """What is on, what comes next, and the sessions of the day that matters now: today, else the
    next day of the programme, else its last.
    """
    today = datetime.fromtimestamp(now, event.zone).date().isoformat()
    days = sorted({row["date"] for row in rows if row["date"]})
    ahead = [day for day in days if day >= today]
    day = ahead[0] if ahead else days[-1] if days else None
    current = [row for row in rows if row["state"] == "now"]
    coming = [row for row in rows if row["state"] == "next"]
    return {
        "current": current,
        "next": coming,
        "day_label": day_label(day) if day else "",
        "is_today": day == today,
    }, [row for row in rows if row["date"] == day and day]


def day_label(day: str) -> str:
    """``Friday 31 March``."""
    parsed = date.fromisoformat(day)
    return full_weekday(parsed)


def volume(sums: Sequence[int], copies: int) -> Volume:
    """A rollup's sums as posts, and what of them are boosts, copies and messages."""
    posts, boosts = sums[0], sums[1]
    return {
        "posts": posts,
        "boosts": boosts,
        "boost_share": round(boosts / posts, 4) if posts else None,
        "copies": copies,
        "messages": posts - boosts - copies,
    }


def _row(
    event: Event,
    row: tuple[Any, ...],
    sums: Sequence[int],
    copies: int,
    now: int,
    counting: Counting,
) -> SessionRow:
    _, code, title, day, starts_at, ends_at, room, track, theme, speakers, url, _ = row
    start = from_iso(starts_at) if starts_at else None
    end = from_iso(ends_at) if ends_at else None
    if day is None and start is not None:
        day = datetime.fromtimestamp(start, event.zone).date().isoformat()
    return {
        "code": code,
        "title": title,
        "date": day,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "local": _times(event, start, end),
        "room": room,
        "track": track,
        "theme": theme,
        "speakers": [s["name"] if isinstance(s, dict) else s for s in json.loads(speakers)],
        "url": safe_url(url),
        **volume(sums, copies),
        "tone": tones(sums),
        "href": session_href(event.slug, code, counting.filters),
        "state": _state(start, end, now),
    }


def _times(event: Event, start: int | None, end: int | None) -> str:
    if start is None:
        return ""
    first = local_text(start, event.zone).rsplit(" ", 1)[1]
    return f"{first}–{local_text(end, event.zone).rsplit(' ', 1)[1]}" if end else first


def _state(start: int | None, end: int | None, now: int) -> str:
    if start is None:
        return "open"
    if now < start:
        return "later"
    return "now" if now < (end or start + ASSUMED) else "past"
