"""The collector's own absence: what no platform can tell of, because nobody asked."""

from __future__ import annotations

from collections.abc import Iterable

from hashwatch.archive.store import Archive
from hashwatch.collect import gap_keys, key_of
from hashwatch.collect.source import Place
from hashwatch.model import Gap

ABSENT = "hashwatch was not running"
# Seconds between two signs of life from which on the collector was away: stopped, killed, asleep,
# or its clock was put forward.
AWAY = 60


def was_away(last_beat: int, now: int) -> bool:
    """Whether the collector was gone between its last sign of life and now."""
    return now - last_beat > AWAY


def leave_gaps(archive: Archive, places: Iterable[Place], since: int, now: int) -> None:
    """A gap from ``since`` to ``now`` for every place that was being collected before.

    The next run that reads past it fills it. What was still read after the last sign of life is
    missing of no place, and no later run would come back to it.
    """
    for place in places:
        if archive.cursor(key_of(place)) is not None:
            read_until = archive.last_good_run(key_of(place)) or since
            start = min(max(since, read_until), now)
            for key in gap_keys(place):
                gap = Gap(key.source, key.instance, start, now, ABSENT, key.hashtag)
                archive.open_gap(gap, now)
