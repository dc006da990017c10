"""Which events a source is asked about now, and what it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from hashwatch.collect.source import Place, Query
from hashwatch.model import Event, fold_account, fold_hashtag


def inside(events: Iterable[Event], now: int) -> tuple[Event, ...]:
    """The events whose collection window holds ``now`` (wall clock, UTC seconds)."""
    return tuple(event for event in events if event.collect_from <= now < event.collect_until)


def query_for(events: Sequence[Event], now: int) -> Query:
    """What to ask for all these events together; there must be at least one."""
    hashtags = dict.fromkeys(fold_hashtag(tag) for event in events for tag in event.hashtags)
    accounts = dict.fromkeys(fold_account(one) for event in events for one in event.accounts)
    return Query(
        hashtags=tuple(hashtags),
        accounts=tuple(accounts),
        since=min(event.collect_from for event in events),
        until=max(event.collect_until for event in events),
        now=now,
        written=tuple(dict.fromkeys(tag for event in events for tag in event.hashtags)),
    )


def same_question(one: Query, other: Query) -> bool:
    """Whether two queries differ in nothing but the moment."""
    return (one.hashtags, one.accounts, one.since, one.until) == (
        other.hashtags, other.accounts, other.since, other.until,
    )  # fmt: skip


def why_outside(event: Event, now: int) -> str:
    """Why nothing is asked for the event at ``now``: ``collection window ended 29 Apr 2017``."""
    zone = ZoneInfo(event.timezone)
    if now < event.collect_from:
        return f"the collection window begins {_day(event.collect_from, zone)}"
    return f"the collection window ended {_day(event.collect_until - 1, zone)}"


def events_of(place: Place, events: Iterable[Event]) -> tuple[Event, ...]:
    """The events that a place collects for: those with one of its hashtags or its account, all
    without one."""
    asked = tuple(events)
    if place.hashtag.startswith("@"):
        name = fold_account(place.hashtag)
        wanting = [event for event in asked if name in map(fold_account, event.accounts)]
    else:
        names = set(map(fold_hashtag, place.hashtags))
        wanting = [event for event in asked if names & set(map(fold_hashtag, event.hashtags))]
    return tuple(wanting) or asked


def _day(at: int, zone: ZoneInfo) -> str:
    local = datetime.fromtimestamp(at, zone)
    return f"{local.day} {local:%b %Y}"
