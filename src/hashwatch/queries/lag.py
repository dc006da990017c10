"""How long after they were written posts are collected, in classes."""

from __future__ import annotations

from collections.abc import Mapping

DAY = 86_400
LAGS = (5, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800, DAY)
"""The classes' upper bounds in seconds. A post that was older than a day when it came is back-fill,
an import or a replay, and tells nothing of how late posts come."""


def lag_within(classes: Mapping[int, int], share: float) -> int | None:
    """The bound within which at least ``share`` of the posts came; None without any.

    ``classes`` counts posts by the bounds of `LAGS`.
    """
    total = sum(classes.values())
    if not total:
        return None
    reached = 0
    for bound in sorted(classes):
        reached += classes[bound]
        if reached >= share * total:
            return bound
    return max(classes)
