"""The programme against what was said: all sessions, and one."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from hashwatch.errors import MissingError
from hashwatch.queries.buckets import from_iso, local_text, next_bucket
from hashwatch.queries.cards import post_cards
from hashwatch.queries.counting import Counting, chosen_counting
from hashwatch.queries.events import Event, programme_lamps
from hashwatch.queries.filters import Filters
from hashwatch.queries.hrefs import event_href, posts_href
from hashwatch.queries.measured import measure
from hashwatch.queries.programme import (
    boost_choice,
    by_day,
    programme,
    programme_changes,
    session_details,
)
from hashwatch.queries.ranges import (
    Range,
    chosen_range,
    finest,
    range_parameters,
    whole_buckets,
    whole_event,
)
from hashwatch.queries.search import find_posts
from hashwatch.queries.selection import select
from hashwatch.queries.series import Subject, series
from hashwatch.queries.shapes import Data, SessionRow
from hashwatch.queries.statements import ask, run, statement
from hashwatch.queries.tone import tone
from hashwatch.wording import say

PARAMETERS = ("grain", "from", "to", "boosts")
ALL_PARAMETERS = ("boosts",)
HEAT_HOURS = 48
HEAT_ROWS = 60
CARDS = 20
CHANGES = 30
AROUND = 2 * 3600
"""What is shown before and after a session whose times are known."""


def sessions_page(
    connection: sqlite3.Connection,
    event: Event,
    params: Mapping[str, str],
    now: int,
    wall: float,
) -> Data:
    """The programme by day, when each session was spoken of, and what changed in it last.
    ``params`` are `ALL_PARAMETERS`.
    """
    counting = chosen_counting(params)
    rows = programme(connection, event, now, counting)
    return {
        "days": by_day(rows),
        "heat": _heat(connection, event, rows, now, counting),
        "boosts": boost_choice(connection, event, "sessions", counting),
        "reading": programme_lamps(connection, event, wall),
        "changes": programme_changes(connection, event, CHANGES),
    }


def session_page(
    connection: sqlite3.Connection, event: Event, code: str, params: Mapping[str, str], now: int
) -> Data:
    """One session: volume and tone, themes, posts. ``params`` are `PARAMETERS`."""
    counting = chosen_counting(params)
    rows = programme(connection, event, now, counting)
    row = next((row for row in rows if row["code"] == code), None)
    details = session_details(connection, event, code)
    if row is None or details is None:
        raise MissingError(
            say("There is no session “%(code)s” in %(slug)s.", code=code[:80], slug=event.slug)
        )
    identity, abstract = details
    subject = Subject("session", identity, {"session": code}, f"sessions/{code}")
    span = _span(connection, event, row, params, now)
    selection = select(connection, event, Filters(session=code, boosts=counting.boosts))
    found = find_posts(connection, selection, size=CARDS)
    more = event_href(
        event.slug, "posts", {"session": code, **counting.filters, "after": found.after or ""}
    )
    return {
        "session": {**row, "abstract": abstract},
        "tone": tone(
            event.slug,
            row["tone"],
            say("whole event"),
            {"session": code},
            measure(connection, event),
        ),
        "series": series(connection, event, subject, span, now, [row], counting=counting),
        "themes": _themes(connection, event, code, identity),
        "posts": post_cards(connection, event, found.ids),
        "next": more if found.after else None,
    }


def _span(
    connection: sqlite3.Connection,
    event: Event,
    row: SessionRow,
    params: Mapping[str, str],
    now: int,
) -> Range:
    """The time chosen, else that around the session, else the whole event."""
    if any(params.get(name) for name in PARAMETERS if name != "boosts"):
        return chosen_range(connection, event, params, now)
    if row["starts_at"]:
        start = from_iso(row["starts_at"])
        end = from_iso(row["ends_at"]) if row["ends_at"] else start + 3600
        return whole_buckets(event, "minute", start - AROUND, end + AROUND, zoomed=False)
    start, end = whole_event(connection, event, now)
    grain = "hour" if finest(start, end) == "minute" else finest(start, end)
    return whole_buckets(event, grain, start, end, zoomed=False)


def _themes(connection: sqlite3.Connection, event: Event, code: str, identity: int) -> list[Data]:
    """The themes of the session's latest posts, the most used first."""
    counted = ask(connection, "session_themes", {"event": event.id, "session": identity})
    return [
        {
            "name": name,
            "posts": posts,
            "href": posts_href(event.slug, session=code, theme=name),
        }
        for name, posts in counted
    ]


def _heat(
    connection: sqlite3.Connection,
    event: Event,
    rows: list[SessionRow],
    now: int,
    counting: Counting,
) -> Data:
    """Posts by session and hour: the latest hours that hold any, the sessions spoken of most."""
    sql = statement("facet_buckets").replace("rollup_:grain", "rollup_hour")
    window = {"event": event.id, "facet": "session", "from": 0, "to": now + 1}
    counts: dict[tuple[int, int], int] = {}
    for value, bucket, *sums in run(connection, sql, window):
        counts[value, bucket] = counting.sums(sums)[0]
    ids = dict(ask(connection, "session_ids", {"event": event.id}))
    shown = sorted((row for row in rows if row["posts"]), key=lambda row: -row["posts"])
    codes = {row["code"] for row in shown[:HEAT_ROWS]}
    hours = sorted({bucket for _, bucket in counts})[-HEAT_HOURS:]
    spans = [range_parameters(event, hour, next_bucket(hour, "hour", event.zone)) for hour in hours]
    heat_rows = []
    for row in rows:
        if row["code"] not in codes:
            continue
        cells = [
            {
                "posts": counts.get((ids[row["code"]], hour), 0),
                "href": posts_href(event.slug, session=row["code"], **span, **counting.filters),
            }
            for hour, span in zip(hours, spans, strict=True)
        ]
        heat_rows.append(
            {"code": row["code"], "title": row["title"], "href": row["href"], "cells": cells}
        )
    return {
        "hours": [{"bucket": hour, "local": local_text(hour, event.zone)} for hour in hours],
        "rows": heat_rows,
        "max": max((posts for (_, hour), posts in counts.items() if hour in hours), default=0),
    }
