"""Conference programmes in files → sessions, whatever system they were exported from.

| format | what it reads |
|---|---|
| frab | ``schedule.xml`` of Pentabarf, frab and pretalx, and its twin ``schedule.json`` |
| pretalx | pretalx: ``schedule.json``, the schedule widget's JSON, answers of its API |
| ical | iCalendar |
| indico | Indico's exports of an event (contributions, sessions) and of a timetable |
| sched | Sched's CSV export |
| csv | one session a row; see :mod:`hashwatch.collect.programme_csv` |

A format is told by the file's content, never by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from hashwatch.collect.encoding import MEND, clean, detect_encoding
from hashwatch.collect.files import DAMAGED, open_source
from hashwatch.collect.programme_csv import is_sched, parse_csv
from hashwatch.collect.programme_draft import Draft, finish
from hashwatch.collect.programme_ical import parse_ical
from hashwatch.collect.programme_indico import is_indico, parse_indico
from hashwatch.collect.programme_json import JsonObject, decode
from hashwatch.collect.programme_pretalx import is_pretalx, parse_pretalx
from hashwatch.collect.programme_schedule import is_schedule, parse_schedule_json
from hashwatch.collect.programme_xml import parse_schedule_xml
from hashwatch.errors import ConfigError, ImportFormatError
from hashwatch.model import Session

FORMATS = ("auto", "frab", "pretalx", "ical", "indico", "sched", "csv")
SIZE_LIMIT = 64 * 1024 * 1024

JsonParser = Callable[[JsonObject, ZoneInfo, str], list[Draft]]


def read_programme(
    path: Path, timezone: str, format: str = "auto", mapping: Mapping[str, str] | None = None
) -> tuple[Session, ...]:
    """The sessions of a programme, in the file's order.

    Times without a zone of their own are local to ``timezone``. ``mapping`` names, for CSV, the
    column that holds a field (``{"title": "Vortrag"}``). Plain and gzip or zstd compressed files
    are read. Raises ``ConfigError`` with a line ``file:line: why`` for everything that is wrong.
    """
    try:
        with open_source(path) as source:
            data = source.stream.read(SIZE_LIMIT + 1)
    except ImportFormatError as error:
        raise ConfigError([str(error)]) from error
    except (OSError, *DAMAGED) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from error
    return parse_programme(data, timezone, str(path), format, mapping)


def parse_programme(
    data: bytes,
    timezone: str,
    name: str,
    format: str = "auto",
    mapping: Mapping[str, str] | None = None,
) -> tuple[Session, ...]:
    """The sessions in a programme's bytes; ``name`` is what errors call it. See `read_programme`.

    Pure; the same bytes always give the same sessions.
    """
    if format not in FORMATS:
        raise ConfigError([f"{name}: no format {format!r}; there are {', '.join(FORMATS)}"])
    if len(data) > SIZE_LIMIT:
        raise ConfigError([f"{name}: is over {SIZE_LIMIT >> 20} MB; no programme is that long"])
    zone = ZoneInfo(timezone)
    text = clean(data.decode(detect_encoding(data[:65_536]), MEND)).removeprefix("\ufeff")
    found = detect_format(text)
    _check_format(format, found, name)
    if found == "xml":
        return finish(parse_schedule_xml(data, zone, name), name)
    if found == "json":
        value = decode(text, name)
        return finish(_json_parser(value, format, name)(value, zone, name), name)
    if found == "ical":
        return finish(parse_ical(text, zone, name), name)
    is_from_sched = format == "sched" or (format == "auto" and is_sched(text))
    return finish(parse_csv(text, zone, name, mapping or {}, sched=is_from_sched), name)


def is_address(location: str) -> bool:
    """Whether a programme's location is a web address rather than a path."""
    return location.startswith(("https://", "http://"))


def check_themes(sessions: Iterable[Session], themes: Collection[str], name: str) -> None:
    """Raises ``ConfigError`` where a session names a theme that is none of the event's ``themes``.

    ``name`` is what the complaint calls the programme.
    """
    problems = [
        f"{name}: session {session.code}: theme: {no_theme(session.theme)}"
        for session in sessions
        if session.theme and session.theme not in themes
    ]
    if problems:
        raise ConfigError(problems)


def no_theme(name: str) -> str:
    """What is wrong with a session that names a theme which the event does not have."""
    return f'the event has no theme {name!r}; add [[event.theme]] with name = "{name}"'


def detect_format(text: str) -> str:
    """The notation of a programme: ``xml``, ``json``, ``ical`` or ``csv``, by its first words."""
    start = text[:4096].lstrip()
    if start.startswith("<"):
        return "xml"
    if start[:1] in ("{", "["):
        return "json"
    return "ical" if start[:15].upper() == "BEGIN:VCALENDAR" else "csv"


def _check_format(format: str, found: str, name: str) -> None:
    notations = {
        "frab": ("xml", "json"), "pretalx": ("json", "xml"), "ical": ("ical",),
        "indico": ("json",), "sched": ("csv",), "csv": ("csv",),
    }  # fmt: skip
    if found not in notations.get(format, (found,)):
        expected = " or ".join(notations[format])
        raise ConfigError(
            [f"{name}:1: it begins like {found}, but {format} is {expected}; try --format auto"]
        )


def _json_parser(value: JsonObject, format: str, name: str) -> JsonParser:
    kinds: tuple[tuple[str, Callable[[JsonObject], bool], JsonParser], ...] = (
        ("frab", is_schedule, parse_schedule_json),
        ("pretalx", is_pretalx, parse_pretalx),
        ("indico", is_indico, parse_indico),
    )
    for kind, is_kind, parser in kinds:
        fits = format in ("auto", kind) or (kind, format) == ("frab", "pretalx")
        if fits and is_kind(value):
            return parser
    wanted = "frab, pretalx or Indico" if format == "auto" else format
    keys = ", ".join(map(repr, list(value)[:6])) or "nothing"
    raise ConfigError([f"{name}:1: this JSON is no programme of {wanted}; it holds {keys}"])
