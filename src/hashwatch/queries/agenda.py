"""The agenda: a day's sessions side by side, what was said of each, and one session's replay."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from hashwatch.errors import FilterError, MissingError
from hashwatch.queries.buckets import from_iso, local_text, to_iso
from hashwatch.queries.cards import post_cards
from hashwatch.queries.counting import Counting, chosen_counting
from hashwatch.queries.events import Event
from hashwatch.queries.filters import Filters
from hashwatch.queries.hrefs import event_href, posts_href
from hashwatch.queries.programme import (
    ASSUMED,
    boost_choice,
    by_day,
    day_label,
    programme,
    session_details,
    tones,
)
from hashwatch.queries.ranges import range_parameters
from hashwatch.queries.search import find_posts
from hashwatch.queries.selection import select
from hashwatch.queries.shapes import Data, SessionRow
from hashwatch.queries.statements import ask, run, statement
from hashwatch.wording import say

PARAMETERS = ("day", "boosts")
REPLAY_PARAMETERS = ("at",)
BEFORE, AFTER = 15 * 60, 60 * 60
"""What is shown before a session's beginning and after its end."""
BARS = 40
LONGEST = 8 * 3600
"""A replay goes through so much of a session at most."""
POSTS = 40


def agenda_page(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str], now: int
) -> Data:
    """One day: the sessions that begin at each time, side by side. ``params`` are `PARAMETERS`."""
    counting = chosen_counting(params)
    rows = programme(connection, event, now, counting)
    days = [day["date"] for day in by_day(rows) if day["date"]]
    day = _day(event, params.get("day", ""), days, now)
    today = [row for row in rows if row["date"] == day]
    ids = dict(ask(connection, "session_ids", {"event": event.id}))
    timed = sorted(
        (row for row in today if row["starts_at"]), key=lambda row: (row["starts_at"], row["track"])
    )
    starts = list(dict.fromkeys(row["starts_at"] for row in timed))
    return {
        "days": [
            {
                "date": one,
                "label": day_label(one),
                "href": event_href(event.slug, "agenda", {"day": one, **counting.filters}),
                "selected": one == day,
            }
            for one in days
        ],
        "day_label": day_label(day) if day else "",
        "slots": [
            {
                "starts_at": start,
                "local": local_text(from_iso(start or ""), event.zone).rsplit(" ", 1)[1],
                "sessions": [
                    _with_volume(connection, event, row, ids[row["code"]], counting)
                    for row in timed
                    if row["starts_at"] == start
                ],
            }
            for start in starts
        ],
        "untimed": [row for row in today if not row["starts_at"]],
        "undated": [row for row in rows if not row["date"]],
        "boosts": boost_choice(connection, event, "agenda", counting, day=params.get("day", "")),
        "tracks": len({row["track"] or row["room"] for row in timed}),
    }


def replay_page(
    connection: sqlite3.Connection, event: Event, code: str, params: Mapping[str, str], now: int
) -> Data:
    """One session minute by minute. ``params`` are `REPLAY_PARAMETERS`: a minute, Unix seconds."""
    row = next((one for one in programme(connection, event, now) if one["code"] == code), None)
    details = session_details(connection, event, code)
    if row is None or details is None:
        raise MissingError(
            say("There is no session “%(code)s” in %(slug)s.", code=code[:80], slug=event.slug)
        )
    start, end = _span(event, row, now)
    minutes = _minutes(connection, event, code, details[0], start, end)
    at = params.get("at", "").strip()
    if at and not (at.isdecimal() and start <= int(at) < end):
        raise FilterError(
            "at", say("“%(at)s” is no minute of this session (Unix seconds)", at=at[:40])
        )
    spoken = (minute["at"] for minute in minutes if minute["posts"] > minute["boosts"])
    first = next(spoken, start)
    chosen = int(at) - int(at) % 60 if at else first
    selection = select(
        connection, event, Filters(session=code, start=chosen, end=chosen + 60, kind="original")
    )
    ids = find_posts(connection, selection, size=POSTS).ids
    return {
        "session": row,
        "at": chosen,
        "at_iso": to_iso(chosen),
        "local": local_text(chosen, event.zone),
        "starts": start,
        "ends": end,
        "on_stage": [
            from_iso(row["starts_at"]) if row["starts_at"] else None,
            _end(row) if row["starts_at"] else None,
        ],
        "minutes": minutes,
        "posts": post_cards(connection, event, ids),
        "href": _minute_href(event, code, chosen),
    }


def _day(event: Event, asked: str, days: Sequence[str], now: int) -> str | None:
    """The day asked for, else today or the next with sessions, else the last."""
    if asked:
        if asked not in days:
            raise FilterError(
                "day",
                say(
                    "“%(asked)s” is none of %(days)s",
                    asked=asked[:40],
                    days=", ".join(days) or "no days",
                ),
            )
        return asked
    today = datetime.fromtimestamp(now, event.zone).date().isoformat()
    ahead = [day for day in days if day >= today]
    return ahead[0] if ahead else days[-1] if days else None


def _end(row: SessionRow) -> int:
    return (
        from_iso(row["ends_at"]) if row["ends_at"] else from_iso(row["starts_at"] or "") + ASSUMED
    )


def _with_volume(
    connection: sqlite3.Connection,
    event: Event,
    row: SessionRow,
    identity: int,
    counting: Counting,
) -> Data:
    """A session with its posts around its time, in `BARS` bars of equal width."""
    begins = from_iso(row["starts_at"] or "")
    start, end = begins - BEFORE, _end(row) + AFTER
    bars = [0] * BARS
    for bucket, *sums in _series(connection, event, identity, start, end):
        bars[min(BARS - 1, (bucket - start) * BARS // (end - start))] += counting.sums(sums)[0]
    width = (end - start) / BARS
    return {
        **row,
        "bars": bars,
        "from": start,
        "stage_from": round((begins - start) / width, 2),
        "stage_to": round((_end(row) - start) / width, 2),
        "replay": event_href(event.slug, f"sessions/{row['code']}/replay"),
    }


def _span(event: Event, row: SessionRow, now: int) -> tuple[int, int]:
    """The minutes that a replay goes through: those around the session's time, else its day."""
    if row["starts_at"]:
        begins, ends = from_iso(row["starts_at"]), _end(row)
        return begins - BEFORE, min(ends + AFTER, begins - BEFORE + LONGEST)
    if row["date"]:
        morning = datetime.fromisoformat(row["date"]).replace(hour=8, tzinfo=event.zone)
        return int(morning.timestamp()), int(morning.timestamp()) + LONGEST
    return now - now % 60 + 60 - LONGEST, now - now % 60 + 60


def _minutes(
    connection: sqlite3.Connection, event: Event, code: str, identity: int, start: int, end: int
) -> list[Data]:
    found = {bucket: sums for bucket, *sums in _series(connection, event, identity, start, end)}
    return [
        {
            "at": at,
            "posts": sums[0],
            "boosts": sums[1],
            "tone": tones(sums),
            "href": _minute_href(event, code, at),
        }
        for at in range(start, end, 60)
        for sums in (found.get(at, [0] * 6),)
    ]


def _series(
    connection: sqlite3.Connection, event: Event, identity: int, start: int, end: int
) -> list[tuple[int, ...]]:
    sql = statement("series").replace("rollup_:grain", "rollup_minute")
    asked = {"event": event.id, "facet": "session", "value": identity, "from": start, "to": end}
    return run(connection, sql, asked)


def _minute_href(event: Event, code: str, at: int) -> str:
    return posts_href(event.slug, session=code, **range_parameters(event, at, at + 60))
