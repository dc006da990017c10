"""The events, and what every page of one shows around its own: clock, age, sources."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.errors import MissingError
from hashwatch.queries.buckets import from_iso, local_text, to_iso
from hashwatch.queries.clock import event_now
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.markup import safe_url
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.wording import days_between, say

PROGRAMME = "programme"
"""The name under which reading a programme has its lamp, beside the sources of posts."""
STALE_SECONDS = 120
"""Figures this old are shown as stale while the event goes on."""


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
    known = ", ".join(event.slug for event in events) or say("none yet")
    raise MissingError(
        say("There is no event “%(slug)s”; there is %(known)s.", slug=slug[:80], known=known)
    )


def published(connection: sqlite3.Connection) -> tuple[int, float | None]:
    """The last change published (the version), and when (wall time, Unix seconds)."""
    meta = dict(ask(connection, "meta", {}))
    at = meta.get("published_at")
    return int(meta.get("published_seq", 0)), float(at) if at is not None else None


def revision(connection: sqlite3.Connection) -> int:
    """public.db: how often what it shows has changed."""
    return int(dict(ask(connection, "meta", {})).get("revision", 0))


def shell(connection: sqlite3.Connection, event: Event, wall: float) -> Data:
    """What stands around every page of ``event``."""
    version, published_at = published(connection)
    facts = event_facts(event, wall)
    clock = facts.pop("clock")
    age = age_seconds(published_at, wall)
    return {
        "event": facts,
        "clock": clock,
        "age_seconds": age,
        "stale": event.clock_mode != "over" and (age is None or age > STALE_SECONDS),
        "invented": has_invented(connection, event),
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
            "age_seconds": age_seconds(from_iso(checked_at) if checked_at else None, wall),
            "next_attempt_at": next_attempt_at,
        }
        for source, instance, state, detail, checked_at, next_attempt_at in ask(
            connection, "places", {"slug": event.slug}
        )
    ]


def programme_lamps(connection: sqlite3.Connection, event: Event, wall: float) -> list[Data]:
    """How reading the event's programme stands, where an address is read or a file cannot be."""
    lamps = source_lamps(connection, event, wall)
    return [lamp for lamp in lamps if lamp["source"] == PROGRAMME and lamp["state"] != "off"]


def event_facts(event: Event, wall: float) -> Data:
    """The event in words, and its clock."""
    now = event.now(wall)
    return {
        "slug": event.slug,
        "title": event.title,
        "description": event.description,
        "hashtags": list(event.hashtags),
        "timezone": event.zone.key,
        "place": event.place,
        "url": safe_url(event.url),
        "starts": to_iso(event.starts),
        "ends": to_iso(event.ends),
        "dates": _dates(event),
        "href": event_href(event.slug),
        "clock": {
            "mode": event.clock_mode,
            "now": to_iso(now),
            "local": local_text(now, event.zone),
            "speed": event.clock_speed,
        },
    }


def has_invented(connection: sqlite3.Connection, event: Event) -> bool:
    """Whether the event holds posts that were written for a demonstration."""
    return bool(ask(connection, "has_invented", {"event": event.id})[0][0])


def _dates(event: Event) -> str:
    """``28 March – 1 April 2017``."""
    first = datetime.fromtimestamp(event.starts, event.zone)
    last = datetime.fromtimestamp(event.ends - 1, event.zone)
    return days_between(first.date(), last.date())


def age_seconds(at: float | None, wall: float) -> int | None:
    """Whole seconds since the wall time ``at``."""
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
