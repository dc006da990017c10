"""What was collected, and what was not."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

from hashwatch.queries.buckets import (
    buckets_between,
    from_iso,
    local_text,
    next_bucket,
    to_iso,
)
from hashwatch.queries.events import PROGRAMME, Event, source_lamps
from hashwatch.queries.gaps import find_gaps
from hashwatch.queries.hrefs import posts_href
from hashwatch.queries.lag import DAY, lag_within
from hashwatch.queries.ranges import range_parameters
from hashwatch.queries.servers import homes_of, servers_of
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask, run, statement
from hashwatch.wording import number, plural, say

HOURS = 48
MICRO = 1_000_000


def coverage_page(connection: sqlite3.Connection, event: Event, now: int, wall: float) -> Data:
    """Places, the last 48 hours of the event's clock by source, gaps and the latest runs."""
    places = _places(connection, event, wall)
    hours = buckets_between(now - (HOURS - 1) * 3600, now + 1, "hour", event.zone)
    gaps = find_gaps(connection, event, event.collect_from, max(now, event.collect_until))
    return {
        "summary": _summary(places, gaps),
        "places": places,
        "servers": servers_of(connection, event, places),
        "homes": homes_of(connection, event, places),
        "spending": _spending(connection, wall),
        "hours": [{"bucket": hour, "local": local_text(hour, event.zone)} for hour in hours],
        "rows": _rows(connection, event, places, hours, gaps),
        "gaps": gaps,
        "runs": _runs(connection, event),
        "rejects": sum(place["rejected"] for place in places),
    }


def _places(connection: sqlite3.Connection, event: Event, wall: float) -> list[Data]:
    """Every place that is set up or has posts, with what came of its runs."""
    totals = {
        (s, i): sums for s, i, *sums in ask(connection, "coverage_totals", {"slug": event.slug})
    }
    lamps = {
        (lamp["source"], lamp["instance"]): lamp
        for lamp in source_lamps(connection, event, wall)
        if lamp["source"] != PROGRAMME  # no post comes from there
    }
    late = _lags(connection, int(wall) - DAY, int(wall) + 3600)
    unknown = {"state": "finished", "detail": "", "checked_at": None, "age_seconds": None}
    places = []
    for source, instance in sorted(lamps.keys() | totals.keys()):
        lamp = lamps.get((source, instance), unknown)
        runs, failed, received, new, rejected = totals.get((source, instance), [0] * 5)
        checked = lamp["checked_at"]
        places.append(
            {
                "source": source,
                "instance": instance,
                "state": lamp["state"],
                "detail": lamp["detail"],
                "checked_at": checked,
                "checked_local": local_text(from_iso(checked), event.zone) if checked else None,
                "age_seconds": lamp["age_seconds"],
                "runs": runs,
                "failed": failed,
                "received": received,
                "new": new,
                "rejected": rejected,
                "lag": _lag(late, source, instance),
            }
        )
    return places


def _spending(connection: sqlite3.Connection, wall: float) -> list[Data]:
    """What sources spent by month, in US dollars; ``left`` of this month's budget, else None.

    ``part`` names what a part of it was for; empty for all of it.
    """
    this_month = to_iso(int(wall))[:7]
    return [
        {
            "source": name.partition(" ")[0],
            "part": name.partition(" ")[2],
            "month": month,
            "spent": spent / MICRO,
            "held": held / MICRO,
            "budget": budget / MICRO,
            "share": min(1.0, (spent + held) / budget) if budget else 1.0,
            "left": max(0, budget - spent - held) / MICRO if month == this_month else None,
        }
        for name, month, spent, held, budget in ask(connection, "spending", {})
    ]


Lags = dict[tuple[str, str, int], dict[int, int]]


def _lags(connection: sqlite3.Connection, start: int, end: int) -> Lags:
    """By place and hour of collection, posts by the class of their lag."""
    found: Lags = {}
    for source, instance, bucket, lag, posts in ask(connection, "lags", {"from": start, "to": end}):
        found.setdefault((source, instance, bucket), {})[lag] = posts
    return found


def _lag(late: Lags, source: str, instance: str, hour: int | None = None) -> Data | None:
    """Within how many seconds half of a place's posts came, and 95%; None without such posts."""
    classes = Counter(late.get((source, instance, hour), {})) if hour is not None else Counter()
    if hour is None:
        for (of_source, of_instance, _), counts in late.items():
            if (of_source, of_instance) == (source, instance):
                classes.update(counts)
    half = lag_within(classes, 0.5)
    if half is None:
        return None
    return {"half": half, "most": lag_within(classes, 0.95), "posts": sum(classes.values())}


def _rows(
    connection: sqlite3.Connection,
    event: Event,
    places: list[Data],
    hours: list[int],
    gaps: list[Data],
) -> list[Data]:
    if not hours:
        return []
    window = {"from": hours[0] - 3600, "to": hours[-1] + 3600}
    ran: dict[tuple[str, str, int], list[int]] = {}
    for source, instance, bucket, *sums in ask(connection, "coverage_hours", window):
        ran[source, instance, bucket] = sums
    posts = _posts_by_source(connection, event, hours)
    late = _lags(connection, window["from"], window["to"])
    instances: dict[str, int] = {}
    for place in places:
        instances[place["source"]] = instances.get(place["source"], 0) + 1
    rows = []
    for place in places:
        source, instance = place["source"], place["instance"]
        own = [gap for gap in gaps if (gap["source"], gap["instance"]) == (source, instance)]
        cells = []
        for hour in hours:
            runs, failed, _, new, rejected = ran.get(
                (source, instance, hour - hour % 3600), [0] * 5
            )
            # One place's posts are all its source's; of several, what each brought first.
            count = posts.get((source, hour), 0) if instances[source] == 1 else new
            lag = _lag(late, source, instance, hour - hour % 3600)
            cell = _cell(event, source, hour, count, runs, failed, own)
            cells.append({**cell, "rejected": rejected, "lag": lag})
        has_lag = any(cell["lag"] for cell in cells)
        rows.append({"source": source, "instance": instance, "has_lag": has_lag, "cells": cells})
    return rows


def _cell(
    event: Event, source: str, hour: int, posts: int, runs: int, failed: int, gaps: list[Data]
) -> Data:
    end = next_bucket(hour, "hour", event.zone)
    in_gap = any(
        not gap["filled"] and gap["from"] < end and (gap["to"] is None or gap["to"] > hour)
        for gap in gaps
    )
    if in_gap:
        state = "gap"
    elif posts or runs > failed:
        state = "ok"
    elif failed:
        state = "failed"
    elif end <= event.collect_from or hour >= event.collect_until:
        state = "outside"
    else:
        state = "none"
    span = range_parameters(event, hour, end)
    return {
        "posts": posts,
        "runs": runs,
        "failed": failed,
        "gap": in_gap,
        "state": state,
        "href": posts_href(event.slug, source=source, **span),
    }


def _posts_by_source(
    connection: sqlite3.Connection, event: Event, hours: list[int]
) -> dict[tuple[str, int], int]:
    sql = statement("facet_buckets").replace("rollup_:grain", "rollup_hour")
    window = {"event": event.id, "facet": "source", "from": hours[0], "to": hours[-1] + 3600}
    return {(row[0], row[1]): row[2] for row in run(connection, sql, window)}


def _runs(connection: sqlite3.Connection, event: Event) -> list[Data]:
    names = (
        "id", "source", "instance", "hashtag", "started_at", "ended_at", "state", "pages",
        "received", "new", "changed", "rejected", "reason",
    )  # fmt: skip
    runs = []
    for values in ask(connection, "runs_latest", {}):
        run_: dict[str, Any] = dict(zip(names, values, strict=True))
        ended_at = run_.pop("ended_at")
        started = from_iso(run_["started_at"])
        run_["local"] = local_text(started, event.zone)
        run_["seconds"] = from_iso(ended_at) - started if ended_at else None
        runs.append(run_)
    return runs


def _summary(places: list[Data], gaps: list[Data]) -> str:
    """What works and what does not, in a sentence."""
    if not places:
        return say("No source is set up.")
    working = [p for p in places if p["state"] in ("collecting", "replaying")]
    failing = [p for p in places if p["state"] in ("unreachable", "denied", "rate-limited")]
    parts = [
        plural(
            len(places),
            "%(working)s of %(count)s place is being collected from",
            "%(working)s of %(count)s places are being collected from",
            working=number(len(working)),
        )
    ]
    if failing:
        listed = ", ".join(
            say("%(place)s is %(state)s", place=p["instance"] or p["source"], state=say(p["state"]))
            for p in failing[:3]
        )
        more = plural(len(failing) - 3, " and %(count)s more", " and %(count)s more")
        parts.append(listed + (more if len(failing) > 3 else ""))
    unfilled = sum(1 for gap in gaps if not gap["filled"])
    gaps_left = plural(unfilled, "%(count)s gap is not filled", "%(count)s gaps are not filled")
    parts.append(gaps_left if unfilled else say("no gap is open"))
    return say("; ").join(parts) + "."
