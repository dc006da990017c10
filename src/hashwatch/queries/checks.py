"""What asking every source once came to."""

from __future__ import annotations

import sqlite3
from collections import Counter

from hashwatch.archive.checks import Check, is_under_way
from hashwatch.queries.buckets import local_text, to_iso
from hashwatch.queries.events import Event
from hashwatch.queries.markup import plain_name, safe_url
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.wording import N_

SILENT_SECONDS = 30
"""A collector that is up gives a sign of life more often than that."""


def check_page(
    connection: sqlite3.Connection, event: Event, check: Check | None, wall: float
) -> Data:
    """The newest check, and what is known of an event's places. ``wall`` is in Unix seconds.

    While a check is under way, ``places`` are those of the one before.
    """
    beat = dict(ask(connection, "meta", {})).get("collector_at")
    checked = check.checked if check else ()
    return {
        "collector_is_up": beat is not None and wall - float(beat) < SILENT_SECONDS,
        "check": check
        and {
            "asked_at": to_iso(check.asked_at),
            "local": local_text(check.asked_at, event.zone),
            "actor": check.actor,
            "is_under_way": is_under_way(check, int(wall)),
            "ended_at": None if check.ended_at is None else to_iso(check.ended_at),
            "problem": check.problem,
        },
        "counts": dict(Counter(one.verdict or N_("not asked") for one in checked).most_common()),
        "places": [
            {
                **{name: getattr(one, name) for name in _SHOWN},
                "samples": [
                    {
                        "handle": plain_name(post.handle),
                        "text": post.text,
                        "url": safe_url(post.url),
                    }
                    for post in one.samples
                ],
            }
            for one in checked
        ],
    }


_SHOWN = ("source", "instance", "what", "would", "ok", "verdict", "answer")
