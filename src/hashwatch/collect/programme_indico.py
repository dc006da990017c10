"""Indico's JSON exports → sessions: ``/export/event`` (contributions, sessions) and
``/export/timetable``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
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
from hashwatch.collect.programme_json import JsonObject
from hashwatch.collect.programme_schedule import title_of, zone_called
from hashwatch.model import Speaker

PEOPLE = ("speakers", "presenters", "conveners")
KINDS = {"c": "contribution", "s": "session", "l": "session", "b": "break"}


def is_indico(value: JsonObject) -> bool:
    """Whether this JSON is an answer of Indico's export API."""
    return value.get("_type") == "HTTPAPIResult" or any(
        one.get("_type") in ("Conference", "Contribution", "Session")
        for one in value.objects("results")
    )


def parse_indico(value: JsonObject, zone: ZoneInfo, name: str) -> list[Draft]:
    """Contributions, and sessions that hold none. Raises ``ConfigError`` with all that is wrong."""
    problems, drafts = Problems(name), []
    for item, session in _items(value):
        try:
            drafts.append(_draft(item, session, zone))
        except ValueError as error:
            problems.add(item.line, error)
    problems.check()
    return drafts


def _items(value: JsonObject) -> Iterator[tuple[JsonObject, JsonObject]]:
    """Each item of the programme, with the session around it (empty where there is none)."""
    for event in value.objects("results"):
        if event.get("_type") == "Contribution":
            yield event, JsonObject()
        elif "contributions" in event or "sessions" in event or "_type" in event:
            yield from _of_event(event)
        else:
            for day in event.values():
                if isinstance(day, JsonObject):
                    yield from _of_entries(day)


def _of_event(event: JsonObject) -> Iterator[tuple[JsonObject, JsonObject]]:
    for session in event.objects("sessions"):
        inside = session.objects("contributions")
        # A session's own title and conveners may stand in an inner object.
        around = JsonObject({**session, **session.object("session")})
        around.line = session.line
        if not inside:
            yield around, JsonObject()
        for contribution in inside:
            yield contribution, around
    for contribution in event.objects("contributions"):
        yield contribution, JsonObject()


def _of_entries(day: JsonObject) -> Iterator[tuple[JsonObject, JsonObject]]:
    for key, entry in day.items():
        if not isinstance(entry, JsonObject):
            continue
        kind = entry.text("entryType").lower() or KINDS.get(key[:1], "")
        inside = [one for one in entry.objects("entries") if _is_content(one)]
        if inside:
            for one in inside:
                yield one, entry
        elif kind != "break":
            yield entry, JsonObject()


def _is_content(entry: JsonObject) -> bool:
    return entry.text("entryType").lower() != "break"


def _draft(item: JsonObject, session: JsonObject, zone: ZoneInfo) -> Draft:
    title = title_of(item.text("title", "sessionTitle", "slotTitle"), "")
    draft = Draft(
        line=item.line,
        title=title,
        code=safe_code(item.text("friendly_id", "contributionId", "id", "uniqueId")),
        room=one_line(item.text("room", "roomFullname", "location")),
        track=one_line(
            item.text("track") or item.text("session") or session.text("title", "slotTitle")
        ),
        abstract=abstract_of(item.text("description")),
        url=item.text("url"),
        speakers=people(_speaker(one) for key in PEOPLE for one in item.objects(key)),
    )
    zone = zone_called(item.text("timezone"), zone)
    minutes = item.text("duration")
    length = timedelta(minutes=float(minutes)) if minutes.replace(".", "", 1).isdigit() else None
    set_times(draft, _moment(item, "startDate"), _moment(item, "endDate"), zone, length)
    return draft


def _speaker(person: JsonObject) -> Speaker | None:
    given = person.text("first_name", "firstName")
    family = person.text("last_name", "familyName")
    name = f"{given} {family}".strip() or person.text("fullName", "name")
    if "," in name and not given:
        last, _, first = name.partition(",")
        name = f"{first} {last}"
    return speaker(name)


def _moment(item: JsonObject, key: str) -> datetime | None:
    """``{"date": "2013-04-29", "time": "11:00:00", "tz": "Europe/Zurich"}`` or an ISO time."""
    value = item.get(key)
    if isinstance(value, JsonObject):
        text = f"{value.text('date')}T{value.text('time')}"
        tz = value.text("tz")
    else:
        text, tz = item.text(key), ""
    if text in ("", "T"):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=ZoneInfo(tz)) if tz and not moment.tzinfo else moment
    except (ValueError, OSError, KeyError):
        raise ValueError(f"{key}: {text[:40]!r} {tz!r} is not a time in a zone") from None
