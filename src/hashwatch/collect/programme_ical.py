"""iCalendar (RFC 5545) → sessions: each VEVENT that has not been cancelled.

A repeated event (RRULE) counts once, at its first date: conference systems write out each one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hashwatch.collect.programme_draft import (
    Draft,
    Problems,
    abstract_of,
    one_line,
    people,
    safe_code,
    set_times,
    speaker,
)
from hashwatch.collect.programme_schedule import language_of, title_of, zone_called
from hashwatch.errors import ConfigError
from hashwatch.model import Speaker

ESCAPE = re.compile(r"\\([\\;,nN])")
PARAMETER = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:,]*)((?:,(?:"[^"]*"|[^";:,]*))*)')
LENGTH = re.compile(r"\+?P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
UNSPLIT_COMMA = re.compile(r"(?<!\\),")
# What Outlook and Exchange call the zones in which most conferences take place (CLDR).
WINDOWS_ZONES = {
    "UTC": "UTC", "GMT Standard Time": "Europe/London",
    "Greenwich Standard Time": "Atlantic/Reykjavik", "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest", "Romance Standard Time": "Europe/Paris",
    "Central European Standard Time": "Europe/Warsaw", "FLE Standard Time": "Europe/Kiev",
    "GTB Standard Time": "Europe/Bucharest", "E. Europe Standard Time": "Europe/Chisinau",
    "Russian Standard Time": "Europe/Moscow", "Turkey Standard Time": "Europe/Istanbul",
    "Israel Standard Time": "Asia/Jerusalem", "Egypt Standard Time": "Africa/Cairo",
    "South Africa Standard Time": "Africa/Johannesburg", "Arabian Standard Time": "Asia/Dubai",
    "India Standard Time": "Asia/Calcutta", "China Standard Time": "Asia/Shanghai",
    "Singapore Standard Time": "Asia/Singapore", "Tokyo Standard Time": "Asia/Tokyo",
    "Korea Standard Time": "Asia/Seoul", "AUS Eastern Standard Time": "Australia/Sydney",
    "E. Australia Standard Time": "Australia/Brisbane",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Eastern Standard Time": "America/New_York", "Central Standard Time": "America/Chicago",
    "Mountain Standard Time": "America/Denver", "Pacific Standard Time": "America/Los_Angeles",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Argentina Standard Time": "America/Buenos_Aires",
}  # fmt: skip


class Property(NamedTuple):
    """A content line: its number, upper-case name, parameters and raw value."""

    line: int
    name: str
    parameters: dict[str, str]
    value: str

    @property
    def text(self) -> str:
        """The value as people read it."""
        return ESCAPE.sub(lambda m: "\n" if m[1] in "nN" else m[1], self.value).strip()


def parse_ical(text: str, zone: ZoneInfo, name: str) -> list[Draft]:
    """The events of a calendar. Raises ``ConfigError`` with all that is wrong, line by line."""
    problems = Problems(name)
    drafts: list[Draft] = []
    stack: list[str] = []
    event: list[Property] = []
    for one in content_lines(text):
        if one.name == "BEGIN":
            stack.append(one.value.strip().upper())
            if stack[-1] == "VEVENT":
                event = [one]
        elif one.name == "END":
            kind = one.value.strip().upper()
            if not stack or stack.pop() != kind:
                raise ConfigError([f"{name}:{one.line}: END:{kind} closes nothing that is open"])
            if kind == "VEVENT":
                _add(event, zone, drafts, problems)
        elif stack == ["VCALENDAR"] and one.name == "X-WR-TIMEZONE":
            zone = zone_called(one.text, zone)
        elif stack[-1:] == ["VEVENT"]:
            event.append(one)
    if stack:
        last = text.count("\n") + 1
        problems.add(last, f"BEGIN:{stack[-1]} is never closed: the file is cut off")
    problems.check()
    return drafts


def content_lines(text: str) -> Iterator[Property]:
    """The properties of a calendar, folded lines joined."""
    waiting, number = "", 0
    for line, row in enumerate(text.splitlines() if "\x0b" not in text else text.split("\n"), 1):
        if row[:1] in (" ", "\t") and waiting:
            waiting += row[1:]
            continue
        if waiting:
            yield _property(waiting, number)
        waiting, number = row.rstrip("\r"), line
    if waiting:
        yield _property(waiting, number)


def _property(row: str, line: int) -> Property:
    end = len(re.match(r"[A-Za-z0-9-]*", row)[0])  # type: ignore[index]  # it always matches
    name, parameters = row[:end].upper(), {}
    while match := PARAMETER.match(row, end):
        parameters[match[1].upper()] = match[2].strip('"')
        end = match.end()
    return Property(line, name, parameters, row[end + 1 :] if row[end : end + 1] == ":" else "")


def _add(event: list[Property], zone: ZoneInfo, drafts: list[Draft], problems: Problems) -> None:
    held = {one.name: one for one in reversed(event)}
    if "STATUS" in held and held["STATUS"].value.strip().upper() == "CANCELLED":
        return
    try:
        drafts.append(_draft(event, held, zone))
    except ValueError as error:
        problems.add(event[0].line, error)


def _draft(event: list[Property], held: dict[str, Property], zone: ZoneInfo) -> Draft:
    def text(name: str) -> str:
        return held[name].text if name in held else ""

    categories = UNSPLIT_COMMA.split(held["CATEGORIES"].value) if "CATEGORIES" in held else [""]
    summary = held.get("SUMMARY")
    draft = Draft(
        line=event[0].line,
        title=title_of(text("SUMMARY"), ""),
        code=safe_code(text("UID").partition("@")[0]),
        room=one_line(text("LOCATION")),
        track=one_line(ESCAPE.sub(r"\1", categories[0])),
        abstract=abstract_of(text("DESCRIPTION")),
        language=language_of(summary.parameters.get("LANGUAGE", "") if summary else ""),
        url=text("URL"),
        speakers=people(_speaker(one) for one in event if one.name == "ATTENDEE"),
    )
    start = _moment(held.get("DTSTART"), zone)
    end = _moment(held.get("DTEND"), zone)
    if isinstance(start, datetime):
        length = _length(held.get("DURATION"))
        set_times(draft, start, end if isinstance(end, datetime) else None, zone, length)
    else:
        draft.date = start
    return draft


def _speaker(attendee: Property) -> Speaker | None:
    return speaker(attendee.parameters.get("CN", ""), attendee.value)


def _moment(given: Property | None, zone: ZoneInfo) -> datetime | Date | None:
    if given is None or not given.value.strip():
        return None
    value = given.value.strip()
    try:
        if "T" not in value:
            return Date.fromisoformat(value)
        moment = datetime.strptime(value.rstrip("Zz"), "%Y%m%dT%H%M%S")  # noqa: DTZ007 - set below
    except ValueError:
        raise ValueError(f"{given.name}: {value[:40]!r} is not a time") from None
    if value[-1] in "Zz":
        return moment.replace(tzinfo=UTC)
    return moment.replace(tzinfo=_zone(given.parameters.get("TZID", ""), zone))


def _zone(identifier: str, zone: ZoneInfo) -> ZoneInfo:
    """The IANA zone that a TZID means; vendors put their own prefixes before it."""
    if not identifier:
        return zone
    for candidate in (identifier, WINDOWS_ZONES.get(identifier, ""), *_suffixes(identifier)):
        try:
            return ZoneInfo(candidate)
        except (ValueError, OSError, KeyError):
            continue
    raise ValueError(f"no time zone is called {identifier!r}; one looks like Europe/London")


def _suffixes(identifier: str) -> list[str]:
    """``/mozilla.org/20050126_1/Europe/Berlin`` → ``Europe/Berlin``."""
    parts = identifier.strip("/").split("/")
    return ["/".join(parts[-2:]), "/".join(parts[-3:])]


def _length(given: Property | None) -> timedelta | None:
    if given is None:
        return None
    match = LENGTH.fullmatch(given.value.strip())
    if match is None:
        raise ValueError(f"DURATION: {given.value[:40]!r} is not a length of time")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
