"""The words that drove a post's tone, worked out when its page is asked for.

They are not kept: for most posts nobody looks, and the annotator gives the same answer any time.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from hashwatch.queries.shapes import Data

if TYPE_CHECKING:
    from hashwatch.enrich.annotator import SentimentAnnotator

MOST_DRIVERS = 8

_loading = Lock()


def explain_tone(connection: sqlite3.Connection, data: Data) -> Data:
    """A post's page with the annotator, its version and the words that moved it.

    Left as it is where a person decided, where there is no tone, and where the annotator that
    tagged the post is not the one that is installed now.
    """
    tone = data["tags"]["sentiment"]
    row = connection.execute("SELECT value FROM meta WHERE key = 'sentiment'").fetchone()
    if row is None or tone["label"] is None or tone["annotator"] is not None:
        return data
    name, _, version = row[0].partition(" ")
    tone["annotator"], tone["version"] = name, version
    with _loading:  # an annotator is loaded once, however many pages are asked for at once
        annotator = _annotator(name)
    if annotator is None or annotator.version != version:
        return data
    post = data["post"]
    drivers = annotator.explain(post["text"], post["language"])[:MOST_DRIVERS]
    tone["drivers"] = [
        {
            "start": driver.start,
            "end": driver.end,
            "text": driver.text,
            "weight": round(driver.weight, 3),
        }
        for driver in drivers
    ]
    return data


@cache
def _annotator(name: str) -> SentimentAnnotator | None:
    from hashwatch.enrich.sentiment import load_annotator

    try:
        return load_annotator(name)
    except ValueError:
        return None
