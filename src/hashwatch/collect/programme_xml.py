"""``schedule.xml`` of Pentabarf, frab and pretalx → sessions. No DTD and no entity is read."""

from __future__ import annotations

from datetime import time
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from zoneinfo import ZoneInfo

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from hashwatch.collect.programme_draft import (
    Draft,
    Problems,
    abstract_of,
    one_line,
    people,
    speaker,
)
from hashwatch.collect.programme_schedule import (
    code_of,
    fill_times,
    language_of,
    title_of,
    zone_called,
)
from hashwatch.errors import ConfigError

LINE = " line"  # no attribute of a file can be called that


class _Parser(DefusedXMLParser):
    """Gives each element the line that it begins on, as its attribute ``LINE``."""

    def _start(self, *arguments: Any) -> Any:
        element = super()._start(*arguments)  # type: ignore[misc]  # only Python's parser has it
        element.set(LINE, str(self.parser.CurrentLineNumber))
        return element


def parse_schedule_xml(data: bytes, zone: ZoneInfo, name: str) -> list[Draft]:
    """The events of a schedule. Raises ``ConfigError`` with all that is wrong, line by line."""
    root = _parse(data, name)
    if root.tag != "schedule":
        raise ConfigError(
            [f"{name}:{_line(root)}: <{root.tag}> is no programme; frab's begins with <schedule>"]
        )
    zone = zone_called(_text(root, "conference/time_zone_name"), zone)
    day_change = _day_change(_text(root, "conference/day_change"))
    problems, drafts = Problems(name), []
    for day in root.iter("day"):
        for room in day.iter("room"):
            for event in room.findall("event"):
                try:
                    draft = _draft(event, room.get("name", ""))
                    fill_times(
                        draft, _text(event, "date"), day.get("date", ""), _text(event, "start"),
                        _text(event, "duration"), zone, day_change,
                    )  # fmt: skip
                    drafts.append(draft)
                except ValueError as error:
                    problems.add(_line(event), error)
    problems.check()
    return drafts


def _parse(data: bytes, name: str) -> Element:
    parser = _Parser(forbid_dtd=True)
    try:
        parser.feed(data)
        root: Element = parser.close()
    except ParseError as error:
        reason = str(error).partition(": line")[0]
        raise ConfigError([f"{name}:{error.position[0]}: is no valid XML: {reason}"]) from error
    except DefusedXmlException as error:
        line = parser.parser.CurrentLineNumber
        what = "it declares a document type or an entity, which programmes have no need of"
        raise ConfigError([f"{name}:{line}: {what}"]) from error
    except (ValueError, LookupError) as error:
        raise ConfigError([f"{name}:1: is no XML that can be read: {error}"]) from error
    return root


def _draft(event: Element, room: str) -> Draft:
    subtitle = _text(event, "subtitle")
    return Draft(
        line=_line(event),
        title=title_of(_text(event, "title"), subtitle),
        code=code_of("", _text(event, "slug"), event.get("id") or event.get("guid") or ""),
        room=one_line(_text(event, "room") or room),
        track=one_line(_text(event, "track")),
        abstract=abstract_of(subtitle, _text(event, "abstract"), _text(event, "description")),
        language=language_of(_text(event, "language")),
        url=_text(event, "url"),
        speakers=people(
            speaker("".join(person.itertext()), person.get("url"), person.get("twitter"))
            for person in event.findall("persons/person")
        ),
    )


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else "".join(found.itertext()).strip()


def _line(element: Element) -> int:
    return int(element.get(LINE, "1"))


def _day_change(text: str) -> time:
    try:
        return time.fromisoformat(text.rjust(5, "0")) if text else time(0)
    except ValueError:
        return time(0)
