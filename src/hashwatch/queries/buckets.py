"""Minutes, hours and days as the rollups keep them: they begin in the event's time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from hashwatch import wording

Grain = Literal["minute", "hour", "day"]
GRAINS: tuple[Grain, ...] = get_args(Grain)
SECONDS: dict[Grain, int] = {"minute": 60, "hour": 3600, "day": 86400}

_DAY = timedelta(days=1)


def bucket_start(at: int, grain: Grain, zone: ZoneInfo) -> int:
    """Unix seconds at which the bucket that holds ``at`` begins. A day may have 23 or 25 hours."""
    if grain == "minute":
        return at - at % 60
    local = datetime.fromtimestamp(at, zone)
    if grain == "hour":
        # Counting back from the moment itself keeps the repeated hour of autumn apart.
        return at - local.minute * 60 - local.second
    return day_start(at, zone)


def day_start(at: int, zone: ZoneInfo, days: int = 0) -> int:
    """Unix seconds of the local midnight before ``at``, moved by ``days``."""
    local = datetime.fromtimestamp(at, zone).replace(hour=0, minute=0, second=0) + _DAY * days
    return int(local.replace(fold=0).timestamp())


def next_bucket(bucket: int, grain: Grain, zone: ZoneInfo) -> int:
    """The beginning of the bucket after the one that begins at ``bucket``."""
    if grain == "day":
        return day_start(bucket, zone, 1)
    following = bucket_start(bucket + SECONDS[grain], grain, zone)
    return following if following > bucket else bucket + SECONDS[grain]


def buckets_between(start: int, end: int, grain: Grain, zone: ZoneInfo) -> list[int]:
    """The beginnings of all buckets that touch ``[start, end)``, in order."""
    bucket = bucket_start(start, grain, zone)
    if grain == "minute":
        return list(range(bucket, end, 60))
    buckets = []
    while bucket < end:
        buckets.append(bucket)
        bucket = next_bucket(bucket, grain, zone)
    return buckets


def from_iso(text: str) -> int:
    """Unix seconds of an ISO 8601 time as the tables hold it (UTC, Z)."""
    return int(datetime.fromisoformat(text).timestamp())


def to_iso(at: float) -> str:
    """ISO 8601, UTC, whole seconds, Z."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_text(at: int, zone: ZoneInfo) -> str:
    """A time for people: ``31 Mar 10:45`` in the event's zone."""
    return wording.moment(datetime.fromtimestamp(at, zone))


def local_day(at: int, zone: ZoneInfo) -> str:
    """A day for people: ``31 Mar``."""
    return wording.day(datetime.fromtimestamp(at, zone))


def bucket_label(bucket: int, grain: Grain, zone: ZoneInfo) -> str:
    """A bucket for people: the day alone, or the day and time at which it begins."""
    return _bucket_label(bucket, grain, zone, wording.spoken())


@lru_cache(maxsize=16384)
def _bucket_label(bucket: int, grain: Grain, zone: ZoneInfo, _language: str) -> str:
    return local_day(bucket, zone) if grain == "day" else local_text(bucket, zone)


def local_parameter(at: int, zone: ZoneInfo) -> str:
    """A time as ``from`` and ``to`` take it: local to the minute, UTC where local is ambiguous."""
    local = datetime.fromtimestamp(at, zone)
    if local.fold:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%MZ}"
    return f"{local:%Y-%m-%dT%H:%M}"
