"""One sheet of an Excel workbook (XLSX) → a table, row by row, with the rows' own numbers.

A workbook is a zip file of XML. Its texts are kept once in a list of their own, which must be in
memory as a whole; everything that a hostile one could make endless is bounded before it is read.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from io import BufferedReader
from pathlib import Path
from typing import Any, Protocol, cast
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from hashwatch.collect.columns import map_columns
from hashwatch.collect.containers import UNREADABLE, open_zip
from hashwatch.collect.files import open_stored, refuse_bomb
from hashwatch.collect.table import BadRecord, IsRow, Record, Repair, join_cells, name_columns
from hashwatch.errors import ImportFormatError

MOST_SHEETS = 100
MOST_ROWS = 1_048_576  # Excel's own limits
MOST_COLUMNS = 1_000
HEADER_ROWS = 50
STRINGS_BYTES = 256 * 1024 * 1024
OTHER_BYTES = 32 * 1024 * 1024
ROW_BYTES = 16 * 1024 * 1024
CHUNK = 1 << 20
EXACT_INTEGER = 1 << 53
ROW_END = b"row>"

SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml")
STRINGS_PART = re.compile(r"xl/sharedStrings\.xml", re.IGNORECASE)
CLOCK = re.compile(r"h|s|AM/PM", re.IGNORECASE)

BROKEN = (
    *UNREADABLE, ParseError, DefusedXmlException, InvalidFileException, KeyError, IndexError,
    TypeError, AttributeError,
)  # fmt: skip
"""What openpyxl raises for workbooks that are none: it takes their parts for granted."""


class Grid(Protocol):
    """What openpyxl gives for a sheet that is only read; its published types do not fit."""

    def reset_dimensions(self) -> None:
        """Forget the size that the sheet states, which need not be true."""
        ...

    def iter_rows(self, *, max_col: int) -> Iterator[tuple[Any, ...]]:
        """Every row's first cells."""
        ...


class Sheet:
    """A sheet's ``header``, read at once, and its rows. A row's line is its number."""

    delimiter = ","

    def __init__(self, path: Path, grid: Grid) -> None:
        self.path = path
        grid.reset_dimensions()
        self.grid = grid
        self.header: list[str] = []
        self.begins = 0
        self.last = 0
        self.warnings: tuple[str, ...] = ()
        for number, cells in enumerate(self.rows(MOST_COLUMNS), 1):
            if number > HEADER_ROWS:
                break
            if any(cells):
                while cells[-1] == "":
                    cells.pop()
                self.header, self.begins = name_columns(cells), number
                break

    def line(self) -> int:
        """The number of the last row read."""
        return self.last

    def records(self, repair: Repair, is_row: IsRow) -> Iterator[Record | BadRecord]:  # noqa: ARG002 - rows are parted already
        """See :class:`~hashwatch.collect.table.Table`."""
        width = len(self.header)
        for number, cells in enumerate(self.rows(width + 1), 1):
            self.last = number
            if number > MOST_ROWS:
                raise ImportFormatError(f"{self.path}: has more than {MOST_ROWS:,} rows")
            if number <= self.begins or not any(cells):
                continue
            beyond = cells.pop() if len(cells) > width else ""
            cells += [""] * (width - len(cells))
            text = join_cells(cells)
            if beyond:
                yield BadRecord(f"line {number}", text, "it has more columns than the header")
            else:
                yield Record(cells, [(number, text)])

    def rows(self, columns: int) -> Iterator[list[str]]:
        """The texts of every row's first ``columns`` cells."""
        rows = self.grid.iter_rows(max_col=columns)
        while True:
            with whole(self.path):
                cells = next(rows, None)
                if cells is None:
                    return
                texts = [cell_text(cell) for cell in cells]
            yield texts


@contextmanager
def open_sheet(path: Path) -> Iterator[tuple[Sheet, Callable[[], int]]]:
    """The sheet of a workbook that holds posts, and the bytes of the file read so far.

    That is the one whose header names most of what a post has. Raises ``ImportFormatError`` where
    the workbook is broken or hostile, or no sheet has a header.
    """
    with open_stored(path) as stored, warnings.catch_warnings():
        # It warns of styles, validations and the like that it does not know.
        warnings.filterwarnings("ignore", module=r"openpyxl\.")
        with whole(path):
            refuse_hostile(path, stored)
            stored.seek(0)
            workbook = load_workbook(stored, read_only=True, data_only=True)
            sheets = [Sheet(path, cast(Grid, one)) for one in workbook.worksheets[:MOST_SHEETS]]
            best = max(sheets, key=lambda sheet: len(map_columns(sheet.header)), default=None)
            if best is None or not best.header:
                raise ImportFormatError(f"{path}: no sheet has a row with the names of columns")
        try:
            yield best, stored.tell
        finally:
            workbook.close()


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Turns what openpyxl raises for a broken workbook into a sentence."""
    try:
        yield
    except BROKEN as error:
        # openpyxl puts a ValueError without the reason around what it meets first.
        first = error.__context__ or error
        what = f"{type(first).__name__}: {str(first)[:200]}"
        raise ImportFormatError(
            f"{path}: is a broken workbook ({what}); save it anew, or as CSV"
        ) from error


def refuse_hostile(path: Path, stored: BufferedReader) -> None:
    """Raises ``ImportFormatError`` for a workbook that would not fit in memory."""
    with open_zip(path, stored) as archive:
        for info in archive.infolist():
            if not info.filename.endswith((".xml", ".rels")):
                continue
            refuse_bomb(f"{path}: {info.filename}", info.file_size, info.compress_size)
            if SHEET_PART.fullmatch(info.filename):
                refuse_endless_row(path, archive, info)
                continue
            strings = STRINGS_PART.fullmatch(info.filename)
            if info.file_size > (STRINGS_BYTES if strings else OTHER_BYTES):
                size = f"{info.filename} in it has {info.file_size >> 20:,} MB"
                raise ImportFormatError(
                    f"{path}: {size}, more than is read into memory; save the sheet as CSV"
                )


def refuse_endless_row(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Raises ``ImportFormatError`` where one row alone would not fit in memory."""
    since = 0
    tail = b""
    with archive.open(info) as part:
        while chunk := part.read(CHUNK):
            data = tail + chunk
            end = data.rfind(ROW_END)
            since = len(data) - end if end >= 0 else since + len(chunk)
            if since > ROW_BYTES:
                raise ImportFormatError(
                    f"{path}: a row of {info.filename} in it has more than {ROW_BYTES >> 20} MB"
                )
            tail = data[-len(ROW_END) :]


def cell_text(cell: Any) -> str:
    """What a cell holds, as a CSV file would have it."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, datetime):
        return time_text(value, str(getattr(cell, "number_format", "")))
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def number_text(value: float) -> str:
    """A number with a point, which may once have been an id.

    One that is too great for its digits to be true is written with its exponent, so that nobody
    takes it for an id.
    """
    if value.is_integer() and abs(value) < EXACT_INTEGER:
        return str(int(value))
    return repr(value).upper()


def time_text(moment: datetime, shown: str) -> str:
    """A time to the second; a date alone where the sheet shows no time of day."""
    rounded = (moment + timedelta(milliseconds=500)).replace(microsecond=0)
    if rounded.time() == time() and not CLOCK.search(shown):
        return rounded.date().isoformat()
    return rounded.isoformat(sep=" ")
