"""Programmes in CSV → sessions: one session a row, under a header in any order.

Columns are ``title`` and, where known, ``code, date, start, end, duration, speakers, handles, room,
track, theme, abstract, language, url, hashtags, timezone``; whatever the programme leaves open
stays empty. The names that other systems give them are understood as well. Several speakers,
handles and hashtags are separated by ``;``, and the handles belong to the speakers in turn. A
session without a code gets one made of its title.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date as Date
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.collect.programme_columns import SCHED_MARKS, map_programme_columns, normal
from hashwatch.collect.programme_draft import (
    Draft,
    Problems,
    abstract_of,
    handle_of_field,
    one_line,
    people,
    safe_code,
    stamp,
)
from hashwatch.collect.programme_schedule import language_of, length_of
from hashwatch.collect.table import find_delimiter
from hashwatch.collect.times import DateOrder, TimeError, TimeReader, date_order
from hashwatch.errors import ConfigError
from hashwatch.model import Speaker, fold_account

SEVERAL = re.compile(r"\s*[;|\n]\s*")
SCHED_SEVERAL = re.compile(r"\s*[;|\n,]\s*")
CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?(?::(\d{2}))?\s*(?:([ap])\.?m\.?)?", re.IGNORECASE)
OFF = frozenset({"n", "no", "0", "false", "inactive", "cancelled", "canceled"})
LATE, EARLY = time(18), time(9)


class Row(msgspec.Struct):
    """The cells of a row by field, and the line on which it begins."""

    line: int
    cells: Mapping[str, str]

    def cell(self, field: str) -> str:
        """The field's cell, empty where there is none."""
        return self.cells.get(field, "")


def is_sched(text: str) -> bool:
    """Whether the header is that of a Sched export."""
    header = text.lstrip().partition("\n")[0]
    names = {normal(column) for column in header.replace(";", ",").split(",")}
    return len(names & SCHED_MARKS) > 1


def parse_csv(
    text: str, zone: ZoneInfo, name: str, mapping: Mapping[str, str], *, sched: bool = False
) -> list[Draft]:
    """The sessions of a CSV text; ``name`` is the file's in what goes wrong.

    ``mapping`` names the column of a field. Sched parts speakers by commas. Raises ``ConfigError``
    with all that is wrong, line by line.
    """
    rows = list(_rows(text, name, mapping))
    reader = Reader(zone, _order(rows), SCHED_SEVERAL if sched else SEVERAL)
    problems, drafts = Problems(name), []
    for row in rows:
        if row.cell("active").casefold() in OFF:
            continue
        try:
            drafts.append(reader.draft(row))
        except ValueError as error:
            problems.add(row.line, error)
    problems.check()
    return drafts


def _rows(text: str, name: str, mapping: Mapping[str, str]) -> Iterator[Row]:
    """Each row that holds anything, with the line that it begins on."""
    lines = text.splitlines(keepends=True) if "\x0b" not in text else text.split("\n")
    delimiter = find_delimiter(lines[0]) if lines else ","
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1
    try:
        header = next(reader, [])
        places, wrong = map_programme_columns(header, mapping)
        if wrong:
            raise ConfigError([f"{name}:1: {problem}" for problem in wrong])
        line = reader.line_num + 1
        begun: list[str] = []
        for cells in reader:
            if any(cell.strip() for cell in cells):
                whole = _joined(begun, cells)
                if len(whole) > len(header):
                    width = len(begun or cells)
                    raise ConfigError([f"{name}:{line}: {_width(width, len(header))}"])
                begun = whole
                if len(whole) < len(header):
                    continue  # perhaps a line break outside quotation marks: the rest may follow
                yield Row(line, {field: whole[place].strip() for field, place in places.items()})
                begun = []
            line = reader.line_num + 1 if not begun else line
        if begun:
            raise ConfigError([f"{name}:{line}: {_width(len(begun), len(header))}"])
    except csv.Error as error:
        raise ConfigError([f"{name}:{line}: cannot be split into columns: {error}"]) from error


def _joined(begun: list[str], cells: list[str]) -> list[str]:
    """A row and what follows the line break in it."""
    return [*begun[:-1], f"{begun[-1]}\n{cells[0]}", *cells[1:]] if begun else cells


def _width(cells: int, columns: int) -> str:
    return (
        f"it has {cells} columns where the header has {columns};"
        " put text that holds commas in quotation marks"
    )


def _order(rows: list[Row]) -> DateOrder | None:
    """Whether 03/04/2017 begins with the day, where any row of the file shows it."""
    return date_order(row.cell(field) for row in rows for field in ("date", "start", "end"))


class Reader:
    """Rows of one file → sessions. ``zone`` is the event's, ``several`` parts lists of people."""

    def __init__(self, zone: ZoneInfo, order: DateOrder | None, several: re.Pattern[str]) -> None:
        self.zone = zone
        self.times = TimeReader(None, order)
        self.several = several

    def draft(self, row: Row) -> Draft:
        """The session of a row; raises ``ValueError`` with the field and the reason."""
        title = one_line(row.cell("title"))
        if not title:
            raise ValueError("title: is empty")
        if "code" in row.cells and not row.cell("code"):
            raise ValueError("code: is empty")
        moderators = [Speaker(name) for name in self.names(row.cell("moderators"))]
        draft = Draft(
            line=row.line, title=title, code=safe_code(row.cell("code")),
            stated="code" in row.cells, room=one_line(row.cell("room")),
            track=one_line(row.cell("track")), theme=row.cell("theme"),
            abstract=abstract_of(row.cell("subtitle"), row.cell("abstract")),
            language=language_of(row.cell("language")), url=row.cell("url"),
            speakers=people([*self.speakers(row), *moderators]),
            hashtags=tuple(tag.lstrip("#") for tag in _several(row.cell("hashtags"))),
        )  # fmt: skip
        self.fill_times(draft, row)
        return draft

    def names(self, cell: str) -> list[str]:
        """The people in a cell."""
        parts = [one_line(part) for part in self.several.split(cell) if part.strip()]
        if len(parts) == 1 and "," in parts[0]:
            # A comma parts people unless it stands within one name: "Lee, Ann".
            named = [part.strip() for part in parts[0].split(",")]
            if all(len(part.split()) > 1 for part in named):
                return named
        return parts

    def speakers(self, row: Row) -> list[Speaker]:
        """The handles belong to the names in turn; an empty place between two ``;`` skips one."""
        names, cell = self.names(row.cell("speakers")), row.cell("handles")
        accounts = cell.split(";") if cell else []
        if len(accounts) > len(names):
            raise ValueError(f"handles: {len(accounts)} of them for {len(names)} speakers")
        accounts += [""] * (len(names) - len(accounts))
        return [
            Speaker(name, tuple(dict.fromkeys(map(fold_account, handle_of_field(account)))))
            for name, account in zip(names, accounts, strict=True)
        ]

    def fill_times(self, draft: Draft, row: Row) -> None:
        """Date, start and end. An end after midnight belongs to the next day."""
        zone = self.row_zone(row.cell("timezone"))
        draft.date = self.day(row.cell("date"))
        start = self.moment("start", row.cell("start"), draft.date)
        end = self.moment("end", row.cell("end"), start.date() if start else draft.date)
        if start is None and end is None:
            return
        if start is not None:
            draft.start = stamp(start, zone)
            draft.date = draft.date or start.date()
            length = length_of(row.cell("duration"))
            if end is None and length:
                draft.end = draft.start + int(length.total_seconds())
        if end is not None:
            if start and end <= start and start.time() >= LATE and end.time() <= EARLY:
                end += timedelta(days=1)
            draft.end = stamp(end, zone)
        if draft.start is not None and draft.end is not None and draft.end <= draft.start:
            raise ValueError(f"end: {row.cell('end')} is not after the start, {row.cell('start')}")

    def row_zone(self, zone_name: str) -> ZoneInfo:
        """The zone that a row states, else the event's."""
        try:
            return ZoneInfo(zone_name) if zone_name else self.zone
        except (ValueError, OSError, KeyError):
            raise ValueError(
                f"timezone: no time zone is called {zone_name!r}; one looks like Europe/London"
            ) from None

    def day(self, cell: str) -> Date | None:
        """A date in any form that is clear."""
        if not cell:
            return None
        try:
            return Date.fromisoformat(cell)
        except ValueError:
            pass
        try:
            return self.times.moment(f"{cell} 00:00").date()
        except (TimeError, ValueError):
            raise ValueError(f"date: {cell!r} is not a date; write 2017-03-31") from None

    def moment(self, field: str, cell: str, day: Date | None) -> datetime | None:
        """A time of day on ``day``, or a whole moment, which may carry a zone."""
        if not cell:
            return None
        if clock := CLOCK.fullmatch(cell):
            if day is None:
                raise ValueError(f"{field}: {cell} needs the date beside it")
            return datetime.combine(day, _clock(field, cell, clock))
        try:
            return self.times.moment(cell)
        except (TimeError, ValueError):
            raise ValueError(f"{field}: {cell!r} is not a time; write 11:00") from None


def _clock(field: str, cell: str, match: re.Match[str]) -> time:
    hour = int(match[1])
    if match[4]:
        hour = hour % 12 + (12 if match[4] in "pP" else 0) if 1 <= hour <= 12 else 99
    elif match[2] is None:
        hour = 99  # a lone number is no time of day
    try:
        return time(hour, int(match[2] or 0), int(match[3] or 0))
    except ValueError:
        raise ValueError(f"{field}: {cell!r} is not a time; write 11:00") from None


def _several(cell: str) -> list[str]:
    return [part for part in SEVERAL.split(cell) if part]
