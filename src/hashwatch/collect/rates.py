"""What a platform's headers say about waiting. Pure: headers and the time in, seconds out.

Seen in the wild: ``Retry-After`` in seconds or as an HTTP date (RFC 9110, 10.2.3), Mastodon's
``X-RateLimit-Reset`` as ISO-8601 with microseconds, and resets in epoch seconds, in epoch
milliseconds or in seconds from now.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

DEFAULT_WAIT = 60.0
LEAST_WAIT = 1.0
LONGEST_WAIT = 3_600.0

_RESETS = ("retry-after", "x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset")
_REMAINING = ("x-ratelimit-remaining", "x-rate-limit-remaining", "ratelimit-remaining")

# Below this a number is a span, above it a point in time: 1e8 seconds are three years.
_EPOCH_SECONDS_FROM = 1e8
_EPOCH_MILLISECONDS_FROM = 1e11
# How far a reset may lie in the past before it is called absurd: rounding and a slow answer.
_TOLERATED_PAST = 5.0


class Wait(msgspec.Struct, frozen=True):
    """Seconds from now, within ``LEAST_WAIT`` and ``LONGEST_WAIT``, and what was wrong if any."""

    seconds: float
    warning: str = ""


def requested_wait(headers: Mapping[str, str], now: float) -> Wait | None:
    """How long the headers (names in lower case) ask to wait; ``None`` when they say nothing.

    Points in time are compared with the answer's own ``Date``, so that a clock that is wrong here
    does no harm; without one with ``now`` (epoch seconds).
    """
    given = [(name, headers[name]) for name in _RESETS if headers.get(name, "").strip()]
    if not given:
        return None
    server_now = _instant(headers.get("date", ""))
    for name, value in given:
        seconds = _seconds_until(value, now if server_now is None else server_now)
        if seconds is not None:
            return _within_reason(seconds, f"{name}: {value[:60]!r}")
    name, value = given[0]
    return Wait(DEFAULT_WAIT, f"{name}: {value[:60]!r} is no time; waiting {DEFAULT_WAIT:.0f} s")


def budget_is_spent(headers: Mapping[str, str]) -> bool:
    """Whether the headers say that no request is left before the reset."""
    return any(headers.get(name, "").strip() == "0" for name in _REMAINING)


def _within_reason(seconds: float, what: str) -> Wait:
    if seconds > LONGEST_WAIT:
        return Wait(LONGEST_WAIT, f"{what} is too far ahead; waiting {LONGEST_WAIT:.0f} s")
    if seconds < -_TOLERATED_PAST:
        return Wait(DEFAULT_WAIT, f"{what} is in the past; waiting {DEFAULT_WAIT:.0f} s")
    return Wait(max(seconds, LEAST_WAIT))


def _seconds_until(value: str, server_now: float) -> float | None:
    try:
        number = float(value)
    except ValueError:
        instant = _instant(value)
        return None if instant is None else instant - server_now
    if math.isnan(number):
        return None
    if number >= _EPOCH_MILLISECONDS_FROM:
        return number / 1_000 - server_now
    if number >= _EPOCH_SECONDS_FROM:
        return number - server_now
    return number


def _instant(value: str) -> float | None:
    """Epoch seconds of an ISO-8601 or HTTP date; one without a zone is in UTC."""
    text = value.strip()
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
