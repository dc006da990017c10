"""What of a day's quota is spent. Pure.

Searches have a bucket of their own, everything else shares units; both are filled at midnight
Pacific time. https://developers.google.com/youtube/v3/determine_quota_cost
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.model import Cursor

PACIFIC = ZoneInfo("America/Los_Angeles")
_STATE = "spent"


class Spent(msgspec.Struct, frozen=True):
    """What was asked on ``day`` (``2027-05-11``, Pacific time)."""

    day: str = ""
    searches: int = 0
    units: int = 0

    def at(self, now: int) -> Spent:
        """The same as it stands at ``now`` (UTC seconds): a new day begins with nothing."""
        day = pacific_day(now)
        return self if self.day == day else Spent(day)

    def more(self, *, searches: int = 0, units: int = 0) -> Spent:
        """After further requests."""
        return Spent(self.day, self.searches + searches, self.units + units)

    def together(self, other: Spent) -> Spent:
        """What is spent at least, by two accounts of it; of two days the later one's counts."""
        if self.day != other.day:
            return max(self, other, key=lambda spent: spent.day)
        return Spent(self.day, max(self.searches, other.searches), max(self.units, other.units))


def pacific_day(now: int) -> str:
    """The day of the quota at ``now`` (UTC seconds)."""
    return datetime.fromtimestamp(now, PACIFIC).date().isoformat()


def next_day(now: int) -> int:
    """When the quota is filled the next time, in UTC seconds; days of 23 and 25 hours included."""
    tomorrow = datetime.fromtimestamp(now, PACIFIC).date() + timedelta(days=1)
    return int(datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=PACIFIC).timestamp())


def search_interval(hashtags: int, searches_a_day: int) -> float:
    """Seconds from one search for a hashtag to the next, so that the searches last the day.

    A tenth is kept for pages after the first, and for ``check --live``.
    """
    return 86_400 * max(hashtags, 1) / (0.9 * searches_a_day)


def read(cursor: Cursor | None) -> Spent:
    """What a cursor remembers of it."""
    return msgspec.json.decode(cursor.state.get(_STATE, "{}") if cursor else "{}", type=Spent)


def state_of(spent: Spent) -> dict[str, str]:
    """As it is remembered in a cursor."""
    return {_STATE: msgspec.json.encode(spent).decode()}
