"""The ways in which archives write times → whole UTC seconds.

Nothing is invented: a time without a year (where the post's own id does not hold it), without an
hour or without a zone (where none was stated), and a date whose day and month cannot be told apart,
are refused with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from hashwatch.errors import ImportFormatError

LAST_SECOND = 253_402_214_400  # a day before year 10,000, so that every zone can show it

DateOrder = Literal["day", "month"]

MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip

# RFC 2822, section 4.3; every other abbreviation means different zones to different people.
ZONE_HOURS = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0,
    "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip

EPOCH = re.compile(r"(\d{9,10})(?:\.\d*)?|(\d{12,13})(?:\.0*)?|(\d{15,16})")
CLOCK = re.compile(
    r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)?\s*([ap])?\.?(?:m\b\.?)?", re.IGNORECASE
)
ZONE = re.compile(r"(?:utc|gmt)?\s*([+-])(\d{1,2}):?(\d{2})?$|\b([a-z]{1,5})$", re.IGNORECASE)
YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
YEAR_LAST = re.compile(r"\b(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})\b")
NAMED_MONTH = re.compile(
    r"\b(?:(\d{1,2})(?:st|nd|rd|th)?[ .-]*)?"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
    r"(?:[ -]*(\d{1,2})(?:st|nd|rd|th)?\b(?!:))?",
    re.IGNORECASE,
)
YEAR = re.compile(r"(?<![\d:+-])(\d{4})(?![\d:])")
YEARLESS = re.compile(r"^\s*(\d{1,2})[-/.](\d{1,2})[ ,T]")
# No zone is further from UTC, whichever way it was applied.
FURTHEST = 15 * 3600


class TimeError(ValueError):
    """A time cannot be read; the message says why."""


class YearlessError(TimeError):
    """A time has no year; ``dates`` are the months and days that it may name."""

    def __init__(self, text: str, dates: tuple[tuple[int, int], ...]) -> None:
        self.dates = dates
        super().__init__(f"{text[:40]!r} has no year")


@lru_cache(maxsize=4096)
def day_start(day: str, month: str, year: str) -> int:
    """UTC seconds of a midnight, from the parts of X's date."""
    return int(datetime(int(year), MONTHS[month.lower()], int(day), tzinfo=UTC).timestamp())


def is_x_time(text: str) -> bool:
    """Whether a time is laid out as X does."""
    return text[19:26] == " +0000 " and len(text) == 30


def x_time(text: str) -> int:
    """X's ``Mon Nov 07 20:00:00 +0000 2022`` in UTC seconds; raises ``TimeError``."""
    try:
        if not is_x_time(text):
            raise TimeError(f"{text[:40]!r} is not a time as X writes it")
        midnight = day_start(text[8:10], text[4:7], text[26:30])
        return midnight + int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])
    except (ValueError, KeyError) as error:
        raise TimeError(f"{text[:40]!r} is not a time as X writes it") from error


def iso_time(text: str) -> int:
    """An ISO 8601 time with its zone in UTC seconds, rounded down; raises ``TimeError``."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimeError(f"{text[:40]!r} is not an ISO time") from error
    if moment.tzinfo is None:
        raise TimeError(f"{text[:40]!r} has no zone")
    return seconds(moment)


def iso_of(milliseconds: int) -> str:
    """Milliseconds since 1970 as an ISO time of UTC, with three decimals."""
    moment = datetime.fromtimestamp(milliseconds // 1_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1_000:03}Z"


def seconds(moment: datetime) -> int:
    """UTC seconds of an aware moment, rounded down; raises ``TimeError`` before 1970."""
    try:
        found = int(moment.timestamp() // 1)
    except (OverflowError, ValueError) as error:
        raise TimeError(f"{moment.isoformat()} is outside the calendar") from error
    if not 0 <= found <= LAST_SECOND:
        raise TimeError(f"{moment.isoformat()} is outside the years 1970 to 9999")
    return found


def find_zone(name: str | None) -> tzinfo | None:
    """The stated zone; raises ``ImportFormatError`` when there is none of this name."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ImportFormatError(
            f"no time zone is called {name!r}; one looks like Europe/London"
        ) from error


def date_order(samples: Iterable[str]) -> DateOrder | None:
    """Whether dates such as 03/04/2017 begin with the day or the month, where the file shows it.

    One with a first part over 12 begins with the day, one with a second part over 12 with the
    month; ``None`` when no sample tells, or when they contradict each other.
    """
    orders: set[DateOrder] = set()
    for sample in samples:
        match = YEAR_LAST.search(sample)
        if match and match[2] != ".":
            if int(match[1]) > 12:
                orders.add("day")
            elif int(match[3]) > 12:
                orders.add("month")
    return orders.pop() if len(orders) == 1 else None


class TimeReader:
    """Reads the times of one file. ``zone`` is that of times which carry none.

    ``order`` tells 3 April from 4 March in ``03/04/2017``; see :func:`date_order`.
    """

    def __init__(self, zone: tzinfo | None = None, order: DateOrder | None = None) -> None:
        self.zone = zone
        self.order = order

    def read(self, text: str, near: int | None = None) -> int:
        """UTC seconds; raises :class:`TimeError` with the reason. ``near`` as for :meth:`moment`"""
        return seconds(self.aware(self.moment(text, near), text))

    def moment(self, text: str, near: int | None = None) -> datetime:
        """The time as written, with a zone only where the text has one.

        ``near`` is when the post was written by its own id, in UTC seconds: a time without a year
        takes it from there, if it is of that day. Without it, it raises :class:`YearlessError`.
        """
        text = text.strip()
        if text[:9].isdigit():  # fromisoformat() would find a date in some epoch milliseconds
            return read_other(text, self.order, near)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return read_other(text, self.order, near)
        if ":" not in text and "T" not in text:
            raise TimeError(f"{text!r} is a date without a time of day")
        return moment

    def aware(self, moment: datetime, text: str) -> datetime:
        """The moment in its zone, which is the stated one where it carries none."""
        if moment.tzinfo is not None:
            return moment
        if self.zone is None:
            raise TimeError(
                f"the time {text[:40]!r} has no zone: state the one it is in with --timezone"
            )
        return moment.replace(tzinfo=self.zone)


def read_other(text: str, order: DateOrder | None, near: int | None = None) -> datetime:
    """A time that is not ISO: epoch seconds and milliseconds, X's, e-mail's and local forms."""
    if not text:
        raise TimeError("the time is empty")
    if epoch := EPOCH.fullmatch(text):
        if epoch[1]:
            return datetime.fromtimestamp(int(epoch[1]), UTC)
        digits = int(epoch[2] or epoch[3])
        return datetime.fromtimestamp(digits // (1_000 if epoch[2] else 1_000_000), UTC)
    clock = CLOCK.search(text)
    if clock is None:
        raise TimeError(f"{text[:40]!r} cannot be read as a time")
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if clock[4]:
        if not 1 <= hour <= 12:
            raise TimeError(f"{text[:40]!r} has an impossible hour")
        hour = hour % 12 + (12 if clock[4] in "pP" else 0)
    zone, rest = split_zone(text, clock)
    clocked = (hour, minute, second)
    try:
        year, month, day = read_date(rest, text, order)
        return datetime(year, month, day, *clocked, tzinfo=zone)
    except YearlessError as error:
        if near is None:
            raise
        return in_its_year(error, clocked, zone, near)
    except TimeError:
        raise
    except ValueError as error:
        raise TimeError(f"{text[:40]!r} is no time of the calendar: {error}") from error


def in_its_year(
    yearless: YearlessError, clocked: tuple[int, int, int], zone: tzinfo | None, near: int
) -> datetime:
    """The moment without a year that is of the day of ``near``; raises ``TimeError`` for none."""
    found: list[tuple[float, datetime]] = []
    this = datetime.fromtimestamp(near, UTC).year
    for month, day in yearless.dates:
        for year in (this - 1, this, this + 1):
            try:
                moment = datetime(year, month, day, *clocked, tzinfo=zone)
            except ValueError:
                continue  # the 29th of February
            there = moment if zone else moment.replace(tzinfo=UTC)
            found.append((abs(there.timestamp() - near), moment))
    fitting = [each for each in found if each[0] <= FURTHEST]
    if not fitting:
        raise TimeError(f"{yearless}, and its day is not the one in the post's id") from None
    return min(fitting, key=lambda each: each[0])[1]


def split_zone(text: str, clock: re.Match[str]) -> tuple[tzinfo | None, str]:
    """The zone that follows the time of day, if any, and the text that holds the date."""
    before, after = text[: clock.start()], text[clock.end() :].strip()
    words = re.split(r"\s+", after, maxsplit=1) if after else []
    first = words[0] if words else ""
    found = ZONE.fullmatch(first)
    if found is None or (found[4] and not is_zone_name(found[4])):
        return None, f"{before} {after}"
    rest = " ".join([before, *words[1:]])
    if found[4]:
        hours = ZONE_HOURS.get(found[4].lower())
        if hours is None:
            raise TimeError(f"{text[:40]!r}: the zone {found[4]} has more than one meaning")
        return (UTC if hours == 0 else timezone(timedelta(hours=hours))), rest
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if offset >= timedelta(hours=24):
        raise TimeError(f"{text[:40]!r} has an impossible zone")
    return timezone(-offset if found[1] == "-" else offset), rest


def is_zone_name(word: str) -> bool:
    """Whether a word behind a time of day names a zone: ``GMT``, ``BST``, not ``Mar``, ``Uhr``."""
    known = word.lower() in ZONE_HOURS
    return known or (word.isupper() and word.lower()[:3] not in MONTHS)


def read_date(rest: str, text: str, order: DateOrder | None) -> tuple[int, int, int]:
    """Year, month and day from what stands around the time of day."""
    if match := YEAR_FIRST.search(rest):
        return int(match[1]), int(match[2]), int(match[3])
    if match := YEAR_LAST.search(rest):
        first, second = int(match[1]), int(match[3])
        written = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
        if match[2] == "." or first > 12 or first == second:
            return written, second, first
        if second > 12:
            return written, first, second
        if order is None:
            raise TimeError(
                f"{text[:40]!r}: no row shows whether the day or the month comes first;"
                " write the dates as 2017-04-03"
            )
        return (written, second, first) if order == "day" else (written, first, second)
    if match := NAMED_MONTH.search(rest):
        whole_year = YEAR.search(rest)
        short_year = f"20{match[3]}" if match[1] and match[3] else None  # 31 Mar 17
        year = whole_year[1] if whole_year else short_year
        day = match[1] or match[3]
        if day is None:
            raise TimeError(f"{text[:40]!r} has no day")
        if year is None:
            raise YearlessError(text, ((MONTHS[match[2].lower()], int(day)),))
        return int(year), MONTHS[match[2].lower()], int(day)
    if match := YEARLESS.match(rest):
        one, other = int(match[1]), int(match[2])
        raise YearlessError(text, ((one, other), (other, one)))
    raise TimeError(f"{text[:40]!r} cannot be read as a time")
