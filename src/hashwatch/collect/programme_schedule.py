"""The schedule family (Pentabarf, frab, pretalx): what its XML and its JSON have in common."""

from __future__ import annotations

import re
from datetime import date as Date
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hashwatch.collect.programme_draft import (
    Draft,
    Problems,
    abstract_of,
    handle_of_field,
    one_line,
    people,
    safe_code,
    set_times,
    speaker,
)
from hashwatch.collect.programme_json import JsonObject, objects_in
from hashwatch.model import Speaker

DURATION = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2})")
PRETALX_CODE = re.compile(r"([A-Z0-9]{6})(?=-|$)")
ABOUT_HANDLES = re.compile(
    r"twitter|mastodon|fedi|bluesky|bsky|handle|social|account|\bx\b", re.IGNORECASE
)


def is_schedule(value: JsonObject) -> bool:
    """Whether this JSON is a ``schedule.json``."""
    schedule = value.object("schedule") or value
    return "days" in schedule.object("conference")


def parse_schedule_json(value: JsonObject, zone: ZoneInfo, name: str) -> list[Draft]:
    """The events of a ``schedule.json``. Raises ``ConfigError`` with all that is wrong."""
    conference = (value.object("schedule") or value).object("conference")
    zone = zone_called(conference.text("time_zone_name"), zone)
    problems, drafts = Problems(name), []
    for day in conference.objects("days"):
        rooms = day.get("rooms")
        for room, events in rooms.items() if isinstance(rooms, dict) else ():
            for event in objects_in(events):
                try:
                    drafts.append(_draft(event, room, day.text("date"), zone))
                except ValueError as error:
                    problems.add(event.line, error)
    problems.check()
    return drafts


def _draft(event: JsonObject, room: str, day: str, zone: ZoneInfo) -> Draft:
    draft = Draft(
        line=event.line,
        title=title_of(event.text("title"), event.text("subtitle")),
        code=code_of(event.text("code"), event.text("slug"), event.text("id", "guid")),
        room=one_line(event.text("room") or room),
        track=one_line(event.text("track")),
        abstract=abstract_of(
            event.text("subtitle"), event.text("abstract"), event.text("description")
        ),
        language=language_of(event.text("language")),
        url=event.text("url"),
        speakers=people(_speaker(one) for one in event.objects("persons")),
    )
    fill_times(draft, event.text("date"), day, event.text("start"), event.text("duration"), zone)
    return draft


def _speaker(person: JsonObject) -> Speaker | None:
    told = [person.text("biography"), person.text("url")]
    told += [link.text("url", "href") for link in person.objects("links")]
    found = speaker(person.text("public_name", "name", "full_public_name"), *told)
    answers = [
        handle
        for answer in person.objects("answers")
        if ABOUT_HANDLES.search(
            answer.text("question") or answer.object("question").text("question")
        )
        for handle in handle_of_field(answer.text("answer"))
    ]
    fields = [
        handle
        for field in ("twitter", "mastodon", "bluesky", "fediverse")
        for handle in handle_of_field(person.text(field))
    ]
    if found is None:
        return None
    return Speaker(found.name, tuple(dict.fromkeys((*found.handles, *answers, *fields))))


def title_of(title: str, subtitle: str) -> str:
    """The title in one line; a title must be there. Raises ``ValueError``."""
    shown = one_line(title) or one_line(subtitle)
    if not shown:
        raise ValueError("title: is empty")
    return shown


def code_of(code: str, slug: str, identifier: str) -> str:
    """pretalx's code where the export carries it, else the system's id, else the slug."""
    if code:
        return safe_code(code)
    match = PRETALX_CODE.match(slug)
    return match[1] if match else safe_code(identifier or slug)


def language_of(text: str) -> str:
    """``de-formal`` and ``DE`` → ``de``; anything that is no code is left out."""
    code = re.split(r"[-_]", text.strip().lower())[0]
    return code if re.fullmatch("[a-z]{2,3}", code) else ""


def zone_called(zone_name: str, zone: ZoneInfo) -> ZoneInfo:
    """The zone that a file names for itself, or ``zone`` where it names none that is known."""
    try:
        return ZoneInfo(zone_name) if zone_name else zone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return zone


def fill_times(
    draft: Draft, moment: str, day: str, start: str, duration: str, zone: ZoneInfo,
    day_change: time = time(0),
) -> None:  # fmt: skip
    """Times from an event's ISO ``moment``, or its ``day`` and ``start``; and its duration.

    A start before ``day_change`` belongs to the next calendar day. Raises ``ValueError``.
    """
    begins = _iso(moment)
    if begins is None and day:
        date = _day(day)
        clock = _clock(start)
        draft.date = date
        if clock is not None:
            begins = datetime.combine(date, clock, tzinfo=zone)
            if clock < day_change:
                begins += timedelta(days=1)
    set_times(draft, begins, None, zone, length_of(duration))


def _iso(text: str) -> datetime | None:
    if not text or "T" not in text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"date: {text[:40]!r} is not an ISO time") from None


def _day(text: str) -> Date:
    try:
        return Date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(f"date: {text[:40]!r} is not a date") from None


def _clock(text: str) -> time | None:
    if not text:
        return None
    try:
        return time.fromisoformat(text.strip().rjust(5, "0"))
    except ValueError:
        raise ValueError(f"start: {text[:40]!r} is not a time of day") from None


def length_of(text: str) -> timedelta | None:
    """``00:50``, ``1:00:00`` (days first, as frab does) or minutes. Raises ``ValueError``."""
    text = text.strip()
    if not text:
        return None
    if text.isdigit() and len(text) < 5:
        return timedelta(minutes=int(text))
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"duration: {text[:40]!r} is not hours:minutes")
    return timedelta(days=int(match[1] or 0), hours=int(match[2]), minutes=int(match[3]))
