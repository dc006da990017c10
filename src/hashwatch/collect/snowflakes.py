"""Times inside X's ids: 64-bit "snowflakes" since November 2010 hold their own milliseconds."""

from __future__ import annotations

from collections import Counter

from hashwatch.collect.times import FURTHEST as DAY_OFFSET

EPOCH_MILLISECONDS = 1_288_834_974_657
FIRST_SNOWFLAKE = 29_700_859_247
STEP = 900  # zones lie whole quarters of an hour apart
SLACK = 120  # stated times may be cut to the minute


def snowflake_time(identifier: str) -> int | None:
    """UTC seconds at which the post with this id was written; ``None`` for any other id."""
    if not (11 <= len(identifier) <= 19 and identifier.isascii() and identifier.isdigit()):
        return None
    number = int(identifier)
    if number < FIRST_SNOWFLAKE or number >= 1 << 63:
        return None
    return ((number >> 22) + EPOCH_MILLISECONDS) // 1000


class OffsetFinder:
    """Compares stated times with those in the ids, row by row, in constant memory."""

    def __init__(self) -> None:
        self.rows = 0
        self.offsets: Counter[int] = Counter()

    def compare(self, identifier: str, stated: int) -> bool:
        """Take one row in; true when its id and time fit each other, so that it is X's."""
        actual = snowflake_time(identifier)
        if actual is None:
            return False
        self.rows += 1
        difference = stated - actual
        if abs(difference) > DAY_OFFSET:
            return False
        offset = round(difference / STEP) * STEP
        if abs(difference - offset) <= SLACK:
            self.offsets[offset] += 1
        return True

    def finding(self) -> str | None:
        """A sentence on times that are consistently off, ``None`` when all is well."""
        if self.offsets.total() < 3 or self.offsets.total() < 0.8 * self.rows:
            return None
        common = {
            offset: rows
            for offset, rows in self.offsets.most_common(3)
            if rows >= 0.05 * self.rows and offset
        }
        if not common:
            return None
        found = ", ".join(f"{name_offset(o)} in {n:,} rows" for o, n in common.items())
        return (
            f"the post ids tell other times than the file does: the stated times run ahead of UTC"
            f" by {found} of {self.rows:,}; --timezone should name the zone they are in"
        )


def name_offset(seconds: int) -> str:
    """An offset from UTC as people write it: ``+01:00``."""
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3600)
    return f"{sign}{hours:02}:{rest // 60:02}"
