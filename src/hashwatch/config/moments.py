"""Days, times of day and moments as an operator writes them → UTC seconds in an event's zone."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def read_moment(value: object) -> Date | datetime:
    """A TOML date or date-time, or ISO text of one; raises ``ValueError``."""
    if isinstance(value, Date):  # a datetime is one too
        return value
    if isinstance(value, str):
        text = value.strip()
        try:
            return Date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError(
        f"{value!r} is not a date; write 2017-03-28, or 2017-03-28T09:00:00 with a time"
    )


def read_day(value: object) -> Date:
    """A TOML date or ISO text of one; raises ``ValueError``."""
    moment = read_moment(value)
    if isinstance(moment, datetime):
        raise ValueError(f"{value!s} has a time of day; write the day alone, as in 2017-03-31")
    return moment


def read_time_or_moment(value: object) -> time | datetime:
    """A session's start or end: a time of day or a date-time, or its ISO text.

    Raises ``ValueError``.
    """
    if isinstance(value, (time, datetime)):
        return value
    if isinstance(value, str):
        text = value.strip()
        for parse in (time.fromisoformat, datetime.fromisoformat):
            try:
                if ":" in text:
                    return parse(text)
            except ValueError:
                continue
    raise ValueError(
        f"{value!s} is not a time; write 11:00:00, or 2017-10-17T11:00:00 with the day"
    )


def start_of(moment: Date | datetime, zone: ZoneInfo) -> int:
    """UTC seconds at which a day begins in ``zone``, or of a moment, local without a zone."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())


def end_of(moment: Date | datetime, zone: ZoneInfo) -> int:
    """UTC seconds just after a day in ``zone``, or of a moment, local without a zone."""
    if not isinstance(moment, datetime):
        moment += timedelta(days=1)
    return start_of(moment, zone)


def on_day(day: Date | None, at: time | datetime | None, zone: ZoneInfo) -> int | None:
    """UTC seconds of a session's start or end; ``None`` where the programme leaves it open.

    Raises ``ValueError`` for a time of day without a day.
    """
    if at is None:
        return None
    if isinstance(at, time):
        if day is None:
            raise ValueError("a time of day needs the date beside it")
        at = datetime.combine(day, at)
    return start_of(at, zone)
