"""The themes: how much, how it changes, in what tone, day by day."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from hashwatch.queries.buckets import Grain, bucket_label, next_bucket
from hashwatch.queries.emerging import MINUTES, emerging_rows
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import posts_href
from hashwatch.queries.now import Usual, moves, recent_by_theme, usual_rates, window
from hashwatch.queries.programme import NO_COUNTS, facet_totals, tones, volume
from hashwatch.queries.ranges import range_parameters, whole_event
from hashwatch.queries.series import zero_filled
from hashwatch.queries.shapes import Data, ThemeRow
from hashwatch.queries.statements import ask, run, statement

HOURLY_DAYS = 4
"""Events up to this long show their themes by hour, longer ones by day."""


def theme_rows(
    connection: sqlite3.Connection,
    event: Event,
    now: int,
    usual: Usual,
    recent: Mapping[int, int],
) -> list[ThemeRow]:
    """Every theme, the most used first; shares are of all the event's posts, ``recent`` are the
    last half hour's by theme.
    """
    totals = facet_totals(connection, event, "theme")
    copies = facet_totals(connection, event, "copy theme")
    posts = facet_totals(connection, event, "all").get("", NO_COUNTS)[0]
    before = recent_by_theme(connection, event, now - 1800)
    last = range_parameters(event, *window(now, 30))
    rows: list[ThemeRow] = []
    for identity, name, _ in ask(connection, "themes", {"event": event.id}):
        sums = totals.get(identity, NO_COUNTS)
        rows.append(
            {
                "name": name,
                "href": posts_href(event.slug, theme=name),
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


def themes_page(connection: sqlite3.Connection, event: Event, now: int) -> Data:
    """The themes with their terms and series, and the heat map of theme and day."""
    usual = usual_rates(connection, event, now)
    rows = theme_rows(connection, event, now, usual, recent_by_theme(connection, event, now))
    start, end = whole_event(connection, event, now)
    grain: Grain = "hour" if end - start <= HOURLY_DAYS * 86400 + 7200 else "day"
    themes = ask(connection, "themes", {"event": event.id})
    ids = {name: identity for identity, name, _ in themes}
    terms = {name: json.loads(listed) for _, name, listed in themes}
    steps = _counts(connection, event, grain, start, end)
    days = _counts(connection, event, "day", start, end)
    full = []
    for row in rows:
        counts = steps.get(ids[row["name"]], {})
        posts = {bucket: sums[0] for bucket, sums in counts.items()}
        points = zero_filled(event, grain, start, end, posts, {"theme": row["name"]})
        full.append({**row, "terms": terms[row["name"]], "points": points})
    by_name = {row["name"]: days.get(ids[row["name"]], {}) for row in rows}
    busy = [day for day, _ in ask(connection, "busy_days", {"event": event.id})]
    return {
        "grain": grain,
        "themes": full,
        "heat": _heat(event, busy, by_name),
        "emerging": emerging_rows(connection, event),
        "emerging_minutes": MINUTES,
    }


def _counts(
    connection: sqlite3.Connection, event: Event, grain: Grain, start: int, end: int
) -> dict[int, dict[int, tuple[int, ...]]]:
    sql = statement("facet_buckets").replace("rollup_:grain", f"rollup_{grain}")
    window = {"event": event.id, "facet": "theme", "from": start, "to": end}
    counts: dict[int, dict[int, tuple[int, ...]]] = {}
    for identity, bucket, *sums in run(connection, sql, window):
        counts.setdefault(identity, {})[bucket] = tuple(sums)
    return counts


def _heat(
    event: Event, days: list[int], by_name: Mapping[str, Mapping[int, tuple[int, ...]]]
) -> Data:
    rows: list[Data] = []
    for name, counts in by_name.items():
        cells = []
        for day in days:
            sums = counts.get(day, NO_COUNTS)
            span = range_parameters(event, day, next_bucket(day, "day", event.zone))
            href = posts_href(event.slug, theme=name, **span)
            cells.append({"posts": sums[0], **tones(sums), "href": href})
        rows.append({"name": name, "href": posts_href(event.slug, theme=name), "cells": cells})
    return {
        "columns": [{"key": day, "local": bucket_label(day, "day", event.zone)} for day in days],
        "rows": rows,
        "max": max((cell["posts"] for row in rows for cell in row["cells"]), default=0),
    }
