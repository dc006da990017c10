"""Conference programmes in files → sessions.

Plain CSV: one session a row, with a header of the columns below in any order. ``code`` and
``title`` must be there; whatever the programme leaves open stays empty. Several speakers and
handles are separated by ``;``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date as Date
from datetime import datetime, time
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from hashwatch.errors import ConfigError
from hashwatch.model import Session, Speaker, fold_account

COLUMNS = (
    "code", "date", "start", "end", "title", "speakers", "handles", "room", "track", "theme",
    "abstract", "language", "url", "hashtags",
)  # fmt: skip
REQUIRED = ("code", "title")
FORMATS = ("auto", "csv")


def read_programme(path: Path, timezone: str, format: str = "auto") -> tuple[Session, ...]:
    """The sessions of a programme, in the file's order; its times are local to ``timezone``.

    Raises ``ConfigError`` with a line ``file:line: why`` for everything that is wrong.
    """
    if format not in FORMATS:
        raise ConfigError([f"{path}: no format {format!r}; there are {', '.join(FORMATS)}"])
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 text: save it as UTF-8"]) from error
    return parse_csv(text, timezone, str(path))


def parse_csv(text: str, timezone: str, name: str) -> tuple[Session, ...]:
    """The sessions of a plain CSV programme; ``name`` is the file's in what goes wrong."""
    zone = ZoneInfo(timezone)
    problems: list[str] = []
    sessions: dict[str, Session] = {}
    for line, row in _rows(text, name):
        try:
            session = _session(row, zone)
            if session.code in sessions:
                raise ValueError(f"code: {session.code!r} stands in the file twice")
            sessions[session.code] = session
        except ValueError as error:
            problems.append(f"{name}:{line}: {error}")
    if problems:
        raise ConfigError(problems)
    return tuple(sessions.values())


def _rows(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row that holds anything, with the line that it begins on."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    line = 1
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        _check_header(header, name)
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) != len(header):
                    raise ConfigError([f"{name}:{line}: {_width(len(cells), len(header))}"])
                yield line, dict(zip(header, (cell.strip() for cell in cells), strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ConfigError([f"{name}:{line}: cannot be split into columns: {error}"]) from error


def _width(cells: int, columns: int) -> str:
    return (
        f"it has {cells} columns where the header has {columns};"
        " put text that holds commas in quotation marks"
    )


def _check_header(header: list[str], name: str) -> None:
    problems = [
        f"{name}:1: there is no column {wanted!r}" for wanted in REQUIRED if wanted not in header
    ]
    for column in header:
        if column not in COLUMNS:
            near = get_close_matches(column, COLUMNS, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(COLUMNS)}"
            problems.append(f"{name}:1: no column is called {column!r}{meant}")
    if problems:
        raise ConfigError(problems)


def _session(row: Mapping[str, str], zone: ZoneInfo) -> Session:
    for wanted in REQUIRED:
        if not row[wanted]:
            raise ValueError(f"{wanted}: is empty")
    day = _day(row.get("date", ""))
    start = _moment("start", row.get("start", ""), day, zone)
    end = _moment("end", row.get("end", ""), day, zone)
    if start is not None and end is not None and end <= start:
        raise ValueError(f"end: {row['end']} is not after the start, {row['start']}")
    return Session(
        code=row["code"], title=row["title"], date=day, start=start, end=end,
        room=row.get("room", ""), track=row.get("track", ""), theme=row.get("theme", ""),
        abstract=row.get("abstract", ""), language=row.get("language", ""),
        url=row.get("url", ""),
        speakers=_speakers(_several(row.get("speakers", "")), row.get("handles", "")),
        hashtags=tuple(tag.lstrip("#") for tag in _several(row.get("hashtags", ""))),
    )  # fmt: skip


def _speakers(names: list[str], handles: str) -> tuple[Speaker, ...]:
    """The handles belong to the names in turn; an empty place between two ``;`` skips one."""
    accounts = [handle.strip().lstrip("@") for handle in handles.split(";")] if handles else []
    if len(accounts) > len(names):
        raise ValueError(f"handles: {len(accounts)} of them for {len(names)} speakers")
    accounts += [""] * (len(names) - len(accounts))
    return tuple(
        Speaker(name, tuple(dict.fromkeys(fold_account(one) for one in account.split())))
        for name, account in zip(names, accounts, strict=True)
    )


def _several(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _day(cell: str) -> Date | None:
    try:
        return Date.fromisoformat(cell) if cell else None
    except ValueError:
        raise ValueError(f"date: {cell!r} is not a date; write 2017-03-31") from None


def _moment(column: str, cell: str, day: Date | None, zone: ZoneInfo) -> int | None:
    if not cell:
        return None
    try:
        if len(cell) > 8:
            moment = datetime.fromisoformat(cell)
        else:
            if day is None:
                raise ValueError(f"{column}: {cell} needs the date beside it")
            moment = datetime.combine(day, time.fromisoformat(cell.rjust(5, "0")))
    except ValueError as error:
        if str(error).startswith(column):
            raise
        raise ValueError(f"{column}: {cell!r} is not a time; write 11:00") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
