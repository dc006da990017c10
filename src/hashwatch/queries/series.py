"""Posts over time, from rollups: a series with its gaps, sessions, peak and a sentence."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hashwatch.queries.buckets import (
    GRAINS,
    SECONDS,
    Grain,
    bucket_label,
    buckets_between,
    from_iso,
    local_parameter,
    next_bucket,
    to_iso,
)
from hashwatch.queries.counting import ALL, Counting, Sums
from hashwatch.queries.events import Event
from hashwatch.queries.gaps import find_gaps
from hashwatch.queries.hrefs import event_href, posts_href
from hashwatch.queries.notes import chart_notes
from hashwatch.queries.ranges import MAX_POINTS, Range, range_parameters
from hashwatch.queries.shapes import Data, Point, SessionRow
from hashwatch.queries.statements import run, statement
from hashwatch.wording import N_, number, plural, say

_NONE = (0, 0, 0, 0, 0, 0)


class Subject(msgspec.Struct, frozen=True):
    """What a series is of: a value of a facet, the filters that lead to its posts, its page."""

    facet: str
    value: Any
    filters: dict[str, str]
    page: str


WHOLE = Subject("all", "", {}, "")


def series(
    connection: sqlite3.Connection,
    event: Event,
    subject: Subject,
    span: Range,
    now: int,
    sessions: Sequence[SessionRow] = (),
    spikes: Sequence[Data] = (),
    counting: Counting = ALL,
) -> Data:
    """The subject's posts in ``span``, a point a bucket, empty ones too."""
    sums = {bucket: counts for bucket, *counts in _rows(connection, event, subject, span)}
    choice = _boosts(event, subject, span, sums, counting)
    counted = {bucket: counting.sums(counts) for bucket, counts in sums.items()}
    filters = {**subject.filters, **counting.filters}
    subject = msgspec.structs.replace(subject, filters=filters)
    points = [
        _point(event, subject, span.grain, bucket, counted.get(bucket, _NONE))
        for bucket in buckets_between(span.start, span.end, span.grain, event.zone)
    ]
    peak = max(points, key=lambda point: point["posts"], default=None)
    peak = peak if peak and peak["posts"] else None
    return {
        "grain": span.grain,
        "from": to_iso(span.start),
        "to": to_iso(span.end),
        "from_local": local_parameter(span.start, event.zone).rstrip("Z"),
        "to_local": local_parameter(span.end - 60, event.zone).rstrip("Z"),
        "now": now if span.start <= now < span.end else None,
        "seconds": SECONDS[span.grain],
        "points": points,
        "gaps": find_gaps(connection, event, span.start, span.end, unfilled=True),
        "sessions": _bands(sessions, span),
        "spikes": list(spikes),
        "notes": chart_notes(connection, event, span.start, span.end, spikes),
        "summary": _summary(event, span, points, peak),
        "peak": peak and {key: peak[key] for key in ("bucket", "posts", "local", "href")},
        "boosts": choice,
        "grains": _grains(event, subject, span, counting),
        "whole": event_href(event.slug, subject.page, counting.filters) if span.zoomed else None,
    }


def _boosts(
    event: Event, subject: Subject, span: Range, sums: Mapping[int, Sums], counting: Counting
) -> Data:
    """The share of boosts among the posts drawn, and where they are left out or drawn again."""
    drawn = [sum(counts[column] for counts in sums.values()) for column in (0, 1)]
    kept = {"grain": span.grain, **_kept(event, span)} if span.zoomed else {}
    return counting.choice(
        drawn,
        event_href(event.slug, subject.page, kept),
        event_href(event.slug, subject.page, {**kept, "boosts": "hidden"}),
    )


def _kept(event: Event, span: Range) -> dict[str, str]:
    chosen = span.parameters(event)
    return {"from": chosen["from_"], "to": chosen["to"]}


def zero_filled(
    event: Event, grain: Grain, start: int, end: int, posts: dict[int, int], filters: dict[str, str]
) -> list[Data]:
    """Points that carry posts only, for small series."""
    return [
        {
            "bucket": bucket,
            "local": bucket_label(bucket, grain, event.zone),
            "posts": posts.get(bucket, 0),
            "href": posts_href(event.slug, **filters, **_bucket_range(event, grain, bucket)),
        }
        for bucket in buckets_between(start, end, grain, event.zone)
    ]


def _rows(
    connection: sqlite3.Connection, event: Event, subject: Subject, span: Range
) -> list[tuple[Any, ...]]:
    return run(
        connection,
        statement("series").replace("rollup_:grain", f"rollup_{span.grain}"),
        {
            "event": event.id,
            "facet": subject.facet,
            "value": subject.value,
            "from": span.start,
            "to": span.end,
        },
    )


def _point(event: Event, subject: Subject, grain: Grain, bucket: int, sums: Sequence[int]) -> Point:
    posts, boosts, positive, neutral, negative, unknown = sums
    return {
        "bucket": bucket,
        "local": bucket_label(bucket, grain, event.zone),
        "posts": posts,
        "boosts": boosts,
        "positive": positive,
        "neutral": neutral,
        "negative": negative,
        "unknown": unknown,
        "href": posts_href(event.slug, **subject.filters, **_bucket_range(event, grain, bucket)),
    }


def _bucket_range(event: Event, grain: Grain, bucket: int) -> dict[str, str]:
    return range_parameters(event, bucket, next_bucket(bucket, grain, event.zone))


def _bands(sessions: Sequence[SessionRow], span: Range) -> list[Data]:
    """Sessions with known times that touch the span."""
    bands = []
    for row in sessions:
        if row["starts_at"] and row["ends_at"]:
            first, last = from_iso(row["starts_at"]), from_iso(row["ends_at"])
            if first < span.end and last > span.start:
                named = {"code": row["code"], "title": row["title"], "href": row["href"]}
                bands.append({**named, "from": first, "to": last})
    return bands


_ONE = {"minute": N_("a minute"), "hour": N_("an hour"), "day": N_("a day")}


def _summary(event: Event, span: Range, points: Sequence[Point], peak: Point | None) -> str:
    first = bucket_label(span.start, span.grain, event.zone)
    last = bucket_label(span.end - 60, span.grain, event.zone)
    posts = sum(point["posts"] for point in points)
    if peak is None:
        return say("No posts from %(first)s to %(last)s.", first=first, last=last)
    return plural(
        posts,
        "%(count)s post from %(first)s to %(last)s; most at %(peak)s, %(most)s in %(grain)s.",
        "%(count)s posts from %(first)s to %(last)s; most at %(peak)s, %(most)s in %(grain)s.",
        first=first, last=last, peak=peak["local"], most=number(peak["posts"]),
        grain=say(_ONE[span.grain]),
    )  # fmt: skip


def _grains(event: Event, subject: Subject, span: Range, counting: Counting) -> list[Data]:
    """The grains in which the reader may see the same span; without a span of their own, any."""
    kept = _kept(event, span) if span.zoomed else {}
    return [
        {
            "key": grain,
            "label": say(grain),
            "href": event_href(
                event.slug, subject.page, {"grain": grain, **kept, **counting.filters}
            ),
            "selected": grain == span.grain,
        }
        for grain in GRAINS
        if not kept or (span.end - span.start) / SECONDS[grain] <= MAX_POINTS
    ]
