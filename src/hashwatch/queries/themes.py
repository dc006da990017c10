"""The themes: how much, how it changes, in what tone, day by day."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from hashwatch.queries.buckets import Grain, bucket_label, next_bucket
from hashwatch.queries.counting import ALL, Counting, chosen_counting
from hashwatch.queries.emerging import MINUTES, emerging_rows
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import posts_href
from hashwatch.queries.now import Usual, moves, recent_by_theme, usual_rates, window
from hashwatch.queries.programme import (
    NO_COUNTS,
    boost_choice,
    facet_totals,
    tones,
    volume,
)
from hashwatch.queries.ranges import range_parameters, whole_event
from hashwatch.queries.series import zero_filled
from hashwatch.queries.shapes import Data, ThemeRow
from hashwatch.queries.statements import ask, run, statement

PARAMETERS = ("boosts",)
HOURLY_DAYS = 4
"""Events up to this long show their themes by hour, longer ones by day."""


def theme_rows(
    connection: sqlite3.Connection,
    event: Event,
    now: int,
    usual: Usual,
    recent: Mapping[int, int],
    counting: Counting = ALL,
) -> list[ThemeRow]:
    """Every theme, the most used first; shares are of all the event's posts, ``recent`` are the
    last half hour's by theme.
    """
    totals = facet_totals(connection, event, "theme", counting)
    copies = facet_totals(connection, event, "copy theme")
    posts = facet_totals(connection, event, "all", counting).get("", NO_COUNTS)[0]
    before = recent_by_theme(connection, event, now - 1800, counting)
    last = {**range_parameters(event, *window(now, 30)), **counting.filters}
    rows: list[ThemeRow] = []
    for identity, name, _ in ask(connection, "themes", {"event": event.id}):
        sums = totals.get(identity, NO_COUNTS)
        rows.append(
            {
                "name": name,
                "href": posts_href(event.slug, theme=name, **counting.filters),
                **volume(sums, copies.get(identity, NO_COUNTS)[0]),
                "share": round(sums[0] / posts, 4) if posts else None,
                "change": usual.ratio("theme", identity, recent.get(identity, 0), now, 30),
                "recent": recent.get(identity, 0),
                "before": before.get(identity, 0),
                "moves": moves(recent.get(identity, 0), before.get(identity, 0)),
                "recent_href": posts_href(event.slug, theme=name, **last),
                "tone": tones(sums),
            }
        )
    return sorted(rows, key=lambda row: -row["posts"])


def themes_page(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str], now: int
) -> Data:
    """The themes with their terms and series, and the heat map of theme and day. ``params`` are
    `PARAMETERS`.
    """
    counting = chosen_counting(params)
    usual = usual_rates(connection, event, now, counting)
    recent = recent_by_theme(connection, event, now, counting)
    rows = theme_rows(connection, event, now, usual, recent, counting)
    start, end = whole_event(connection, event, now)
    grain: Grain = "hour" if end - start <= HOURLY_DAYS * 86400 + 7200 else "day"
    themes = ask(connection, "themes", {"event": event.id})
    ids = {name: identity for identity, name, _ in themes}
    terms = {name: json.loads(listed) for _, name, listed in themes}
    steps = _buckets(connection, event, grain, start, end, counting)
    days = _buckets(connection, event, "day", start, end, counting)
    full = []
    for row in rows:
        posts = {bucket: sums[0] for bucket, sums in steps.get(ids[row["name"]], {}).items()}
        filters = {"theme": row["name"], **counting.filters}
        points = zero_filled(event, grain, start, end, posts, filters)
        full.append({**row, "terms": terms[row["name"]], "points": points})
    by_name = {row["name"]: days.get(ids[row["name"]], {}) for row in rows}
    busy = [day for day, _ in ask(connection, "busy_days", {"event": event.id})]
    return {
        "grain": grain,
        "themes": full,
        "heat": _heat(event, busy, by_name, counting),
        "boosts": boost_choice(connection, event, "themes", counting),
        "emerging": emerging_rows(connection, event),
        "emerging_minutes": MINUTES,
    }


def _buckets(
    connection: sqlite3.Connection,
    event: Event,
    grain: Grain,
    start: int,
    end: int,
    counting: Counting,
) -> dict[int, dict[int, tuple[int, ...]]]:
    sql = statement("facet_buckets").replace("rollup_:grain", f"rollup_{grain}")
    window = {"event": event.id, "facet": "theme", "from": start, "to": end}
    found: dict[int, dict[int, tuple[int, ...]]] = {}
    for identity, bucket, *sums in run(connection, sql, window):
        found.setdefault(identity, {})[bucket] = counting.sums(sums)
    return found


def _heat(
    event: Event,
    days: list[int],
    by_name: Mapping[str, Mapping[int, tuple[int, ...]]],
    counting: Counting,
) -> Data:
    rows: list[Data] = []
    for name, by_day in by_name.items():
        cells = []
        for day in days:
            sums = by_day.get(day, NO_COUNTS)
            span = range_parameters(event, day, next_bucket(day, "day", event.zone))
            href = posts_href(event.slug, theme=name, **span, **counting.filters)
            cells.append({"posts": sums[0], **tones(sums), "href": href})
        href = posts_href(event.slug, theme=name, **counting.filters)
        rows.append({"name": name, "href": href, "cells": cells})
    return {
        "columns": [{"key": day, "local": bucket_label(day, "day", event.zone)} for day in days],
        "rows": rows,
        "max": max((cell["posts"] for row in rows for cell in row["cells"]), default=0),
    }
