"""How many searches were made in the last 24 hours. Pure.

Threads counts each for 24 hours from when it was made, and not those that find nothing.
https://developers.facebook.com/docs/threads/keyword-search
"""

from __future__ import annotations

import msgspec

from hashwatch.model import Cursor

WINDOW = 86_400
# Searches are counted by so many seconds, and each counts until all of its stretch is past.
STRETCH = 600
_STATE = "spent"


class Spent(msgspec.Struct, frozen=True):
    """Searches by the stretch in which they were made, which is named by its beginning (UTC
    seconds)."""

    made: dict[int, int] = {}

    def at(self, now: int) -> Spent:
        """What still counts at ``now``. A stretch in the future (the clock was put back) is now."""
        kept: dict[int, int] = {}
        for start, count in sorted(self.made.items()):
            if start + STRETCH + WINDOW > now:
                here = min(start, _start(now))
                kept[here] = kept.get(here, 0) + count
        return Spent(kept)

    def more(self, now: int) -> Spent:
        """After one more search."""
        start = _start(now)
        return Spent({**self.made, start: self.made.get(start, 0) + 1})

    def together(self, other: Spent) -> Spent:
        """What was spent at least, by two accounts of it."""
        starts = {*self.made, *other.made}
        return Spent(
            {start: max(self.made.get(start, 0), other.made.get(start, 0)) for start in starts}
        )

    @property
    def count(self) -> int:
        """How many searches."""
        return sum(self.made.values())

    def free_again(self, now: int) -> int:
        """When (UTC seconds) the oldest of them counts no more."""
        return min(self.made, default=now) + STRETCH + WINDOW


def _start(now: int) -> int:
    return now - now % STRETCH


def search_interval(hashtags: int, searches_a_day: int) -> float:
    """Seconds from one search for a hashtag to the next, so that they last; a tenth is kept for
    further pages."""
    return WINDOW * max(hashtags, 1) / (0.9 * searches_a_day)


def read(cursor: Cursor | None) -> Spent:
    """What a cursor remembers of it."""
    return msgspec.json.decode(cursor.state.get(_STATE, "{}") if cursor else "{}", type=Spent)


def state_of(spent: Spent) -> dict[str, str]:
    """As it is remembered in a cursor."""
    return {_STATE: msgspec.json.encode(spent).decode()}
