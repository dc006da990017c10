"""Shares of tone with their uncertainty."""

from __future__ import annotations

from math import sqrt
from typing import Literal

from hashwatch.queries.hrefs import event_href, posts_href
from hashwatch.queries.measured import Measured, adjusted_shares, measured_accuracy
from hashwatch.queries.shapes import Counts, Tone, ToneSide

SIDES: tuple[Literal["positive", "neutral", "negative"], ...] = ("positive", "neutral", "negative")
_Z = 1.959963984540054


def wilson_margin(posts: int, n: int) -> float | None:
    """Half the width of the 95% Wilson interval of ``posts`` out of ``n``; None when n is 0."""
    if n == 0:
        return None
    share = posts / n
    square = _Z * _Z
    return _Z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)


def tone(
    slug: str, counts: Counts, window: str, filters: dict[str, str], measured: Measured
) -> Tone:
    """The tone of the originals that ``counts`` counts; ``filters`` lead to those posts.

    ``measured`` is the event's known error.
    """
    n = sum(counts[side] for side in SIDES)

    def side(name: Literal["positive", "neutral", "negative"]) -> ToneSide:
        posts = counts[name]
        margin = wilson_margin(posts, n)
        return {
            "posts": posts,
            "share": round(posts / n, 4) if n else None,
            "margin": None if margin is None else round(margin, 4),
            "href": posts_href(slug, **filters, sentiment=name, kind="original"),
        }

    return {
        "n": n,
        "unknown": counts["unknown"],
        "positive": side("positive"),
        "neutral": side("neutral"),
        "negative": side("negative"),
        "window": window,
        "accuracy": measured_accuracy(measured),
        "adjusted": adjusted_shares(measured, counts),
        "measure_href": event_href(slug, "evaluate"),
    }
