"""Posts worth amplifying: those that get more than their authors are used to, early."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from hashwatch.queries.events import Event
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask

HOURS = 3
FEWEST = 3
"""Reactions that a post must have."""
TIMES = 2.0
"""How many times the usual makes a post stand out."""
PRIOR_POSTS = 3
"""An author's norm begins at that of all, and is their own after some posts."""
LOOKED_AT = 500


class Reacted(msgspec.Struct, frozen=True):
    """A post, its reactions, and how many its author's earlier posts there got together."""

    id: int
    reactions: int
    earlier_posts: int
    earlier_reactions: int


class Standout(msgspec.Struct, frozen=True):
    """A post that stands out; ``usual`` is what its author is used to."""

    id: int
    reactions: int
    usual: float
    times: float


def standouts(posts: Iterable[Reacted], usual_of_all: float, most: int) -> list[Standout]:
    """Those that got several times their author's usual, the most outstanding first. Pure."""
    found = []
    for post in posts:
        usual = (post.earlier_reactions + PRIOR_POSTS * usual_of_all) / (
            post.earlier_posts + PRIOR_POSTS
        )
        times = (post.reactions + 1) / (usual + 1)
        if times >= TIMES:
            found.append(Standout(post.id, post.reactions, usual, times))
    return sorted(found, key=lambda one: (-one.times, -one.id))[:most]


def worth_amplifying(
    connection: sqlite3.Connection, event: Event, now: int, start: int | None, end: int | None,
    most: int,
) -> list[Data]:  # fmt: skip
    """The posts of the last hours, or of a chosen time, that stand out, and why. Negative and
    sensitive ones are left out.
    """
    low = (now - HOURS * 3600 if start is None else start) << 20
    high = (now + 1 if end is None else end) << 20
    asked = {"event": event.id, "low": low, "high": high, "fewest": FEWEST, "limit": LOOKED_AT}
    posts = [Reacted(*row) for row in ask(connection, "amplify", asked)]
    (sums,) = ask(connection, "engagement_mean", {"event": event.id, "before": high})
    found = standouts(posts, sums[0] or 0.0, most)
    return [
        {
            "id": one.id,
            "reactions": one.reactions,
            "usual": round(one.usual, 1),
            "times": round(one.times, 1),
            "age_seconds": max(0, now - (one.id >> 20)),
        }
        for one in found
    ]
