"""The events, and what every page of one shows around its own: clock, age, sources."""

from __future__ import annotations

import json
import sqlite3
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.errors import MissingError
from hashwatch.queries.buckets import from_iso, local_day, local_text, to_iso
from hashwatch.queries.clock import event_now
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask


class Event(msgspec.Struct, frozen=True):
    """An event as dashboard.db has it; times are Unix seconds, ``ends`` is exclusive."""

    id: int
    slug: str
    title: str
    description: str
    place: str
    url: str
    zone: ZoneInfo
    starts: int
    ends: int
    collect_from: int
    collect_until: int
    hashtags: tuple[str, ...]
    accounts: tuple[str, ...]
    languages: tuple[str, ...]
    clock_mode: str
    clock_at: int
    clock_set_at: float
    clock_speed: float

    def now(self, wall: float) -> int:
        """The event's time when the wall clock shows ``wall``."""
        return event_now(self.clock_mode, self.clock_at, self.clock_set_at, self.clock_speed, wall)


def list_events(connection: sqlite3.Connection) -> list[Event]:
    """All events, the one that began last first."""
    return [_event(row) for row in ask(connection, "events", {})]


def find_event(connection: sqlite3.Connection, slug: str) -> Event:
    """The event of that slug; `MissingError` names those that exist."""
    events = list_events(connection)
    for event in events:
        if event.slug == slug:
            return event
    known = ", ".join(event.slug for event in events) or "none yet"
    raise MissingError(f"There is no event “{slug[:80]}”; there is {known}.")


def published(connection: sqlite3.Connection) -> tuple[int, float | None]:
    """The dashboard's version and the wall time (Unix seconds) of the last publication."""
    meta = dict(ask(connection, "meta", {}))
    at = meta.get("published_at")
    return int(meta.get("version", 0)), float(at) if at is not None else None


def shell(connection: sqlite3.Connection, event: Event, wall: float) -> Data:
    """What stands around every page of ``event``."""
    version, published_at = published(connection)
    now = event.now(wall)
    return {
        "event": {
            "slug": event.slug,
            "title": event.title,
            "description": event.description,
            "hashtags": list(event.hashtags),
            "timezone": event.zone.key,
            "place": event.place,
            "starts": to_iso(event.starts),
            "ends": to_iso(event.ends),
            "days": _days(event),
            "url": event.url,
            "href": event_href(event.slug),
        },
        "clock": {
            "mode": event.clock_mode,
            "now": to_iso(now),
            "local": local_text(now, event.zone),
            "speed": event.clock_speed,
        },
        "age_seconds": _age(published_at, wall),
        "invented": bool(ask(connection, "has_invented", {"event": event.id})[0][0]),
        "events": [
            {"slug": other.slug, "title": other.title, "href": event_href(other.slug)}
            for other in list_events(connection)
        ],
        "sources": source_lamps(connection, event, wall),
        "version": version,
    }


def source_lamps(connection: sqlite3.Connection, event: Event, wall: float) -> list[Data]:
    """Where each source stands, and how many seconds ago it was looked at."""
    return [
        {
            "source": source,
            "instance": instance,
            "state": state,
            "detail": detail,
            "checked_at": checked_at,
            "age_seconds": _age(from_iso(checked_at) if checked_at else None, wall),
            "next_attempt_at": next_attempt_at,
        }
        for source, instance, state, detail, checked_at, next_attempt_at in ask(
            connection, "places", {"slug": event.slug}
        )
    ]


def events_page(connection: sqlite3.Connection, wall: float) -> Data:
    """The first page: a card for each event."""
    version, published_at = published(connection)
    return {
        "events": [_card(connection, event, wall) for event in list_events(connection)],
        "built_at": to_iso(published_at) if published_at is not None else None,
        "age_seconds": _age(published_at, wall),
        "version": version,
    }


def _card(connection: sqlite3.Connection, event: Event, wall: float) -> Data:
    posts, boosts, _, _ = ask(connection, "event_totals", {"event": event.id})[0]
    now = event.now(wall)
    return {
        "slug": event.slug,
        "title": event.title,
        "description": event.description,
        "hashtags": list(event.hashtags),
        "place": event.place,
        "url": event.url,
        "timezone": event.zone.key,
        "starts": to_iso(event.starts),
        "ends": to_iso(event.ends),
        "days": _days(event),
        "clock": {
            "mode": event.clock_mode,
            "now": to_iso(now),
            "local": local_text(now, event.zone),
            "speed": event.clock_speed,
        },
        "posts": posts,
        "boosts": boosts,
        "invented": bool(ask(connection, "has_invented", {"event": event.id})[0][0]),
        "href": event_href(event.slug),
    }


def _days(event: Event) -> str:
    """``28 Mar – 1 Apr 2017``."""
    first, last = local_day(event.starts, event.zone), local_day(event.ends - 1, event.zone)
    year = to_iso(event.ends - 1)[:4]
    return f"{first} {year}" if first == last else f"{first} – {last} {year}"


def _age(at: float | None, wall: float) -> int | None:
    return None if at is None else max(0, int(wall - at))


def _event(row: tuple[Any, ...]) -> Event:
    (
        identity, slug, title, description, place, url, timezone, starts, ends, collect_from,
        collect_until, hashtags, accounts, languages, *clock,
    ) = row  # fmt: skip
    return Event(
        identity, slug, title, description, place, url, ZoneInfo(timezone),
        from_iso(starts), from_iso(ends), from_iso(collect_from), from_iso(collect_until),
        tuple(json.loads(hashtags)), tuple(json.loads(accounts)), tuple(json.loads(languages)),
        *clock,
    )  # fmt: skip
