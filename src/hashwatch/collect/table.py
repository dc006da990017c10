"""Tables → records with true line numbers: a spreadsheet, or delimited text with anything in it.

Python's ``csv`` splits the rows; this adds what real files need: the delimiter is found from the
header, a quotation mark that is never closed costs its own row only, and a row with too many or
too few cells is named by its line.
"""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path
from typing import NamedTuple, Protocol

from hashwatch.collect.columns import map_columns
from hashwatch.collect.containers import member_names
from hashwatch.collect.encoding import (
    SAMPLE_SIZE,
    TextLines,
    choose_encoding,
    detect_encoding,
    guess_warnings,
    text_lines,
)
from hashwatch.collect.files import open_source, read_head
from hashwatch.errors import ImportFormatError

WORKBOOK = "xl/workbook.xml"
DELIMITERS = ",;\t|"

NumberedLine = tuple[int, str]
Repair = Callable[[list[str]], list[str] | None]
IsRow = Callable[[list[str]], bool]


class Record(NamedTuple):
    """A row: its cells and the lines that it was read from."""

    cells: list[str]
    lines: list[NumberedLine]

    @property
    def line(self) -> int:
        """The line on which it begins, from 1."""
        return self.lines[0][0]

    @property
    def place(self) -> str:
        """Where it begins, for a reject."""
        return f"line {self.line}"

    @property
    def text(self) -> str:
        """The row as it stands in the file."""
        return "".join(text for _, text in self.lines)


class BadRecord(NamedTuple):
    """A row that is not one: where it begins, its text, and what is wrong."""

    place: str
    text: str
    reason: str


@contextmanager
def open_table(path: Path, encoding: str | None) -> Iterator[tuple[Table, Callable[[], int]]]:
    """The table in a file, and the bytes of the file read so far.

    Raises ``ImportFormatError`` when the file cannot be opened or holds no header.
    """
    if is_spreadsheet(path):
        from hashwatch.collect.spreadsheet import open_sheet  # 150 ms, and it needs this module

        with open_sheet(path) as sheet:
            yield sheet
        return
    sample = read_head(path, SAMPLE_SIZE)
    with open_source(path) as source:
        chosen = choose_encoding(encoding, sample)
        table = DelimitedTable(text_lines(source.stream, chosen, sample))
        table.warnings = guess_warnings(encoding, chosen)
        if not table.header:
            raise ImportFormatError(f"{path}: has no line with the names of the columns")
        yield table, source.position


def read_table_head(path: Path) -> bytes:
    """What a file begins with, the header of a spreadsheet as delimited text."""
    if not is_spreadsheet(path):
        return read_head(path)
    with open_table(path, None) as (table, _):
        return join_cells(table.header).encode("utf-8", "replace")


def is_spreadsheet(path: Path) -> bool:
    """Whether the file is an Excel workbook (XLSX)."""
    return WORKBOOK in (member_names(path) or ())


def join_cells(cells: Iterable[str]) -> str:
    """Cells as one delimited line."""
    buffer = StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def read_header(head: bytes) -> list[str]:
    """The columns that a file beginning with ``head`` names; none where it is no table."""
    lines = text_lines(BytesIO(head), detect_encoding(head), head)
    header = DelimitedTable(lines).header
    return header if all(name.isprintable() for name in header) else []


class Table(Protocol):
    """A header and the rows below it. ``warnings`` are for the operator."""

    header: list[str]
    delimiter: str
    warnings: tuple[str, ...]

    def line(self) -> int:
        """The number of the last line read."""
        ...

    def records(self, repair: Repair, is_row: IsRow) -> Iterator[Record | BadRecord]:
        """The rows below the header, blank ones left out.

        ``repair`` is asked for the cells of a row that has too many, ``is_row`` whether cells can
        be a whole row.
        """
        ...


class DelimitedTable:
    """A delimited file: its ``header``, read at once, and its rows.

    ``header`` is empty when no line holds anything. ``warnings`` are for the operator.
    """

    def __init__(self, lines: TextLines) -> None:
        self.lines = Lines(lines)
        self.delimiter = ","
        self.warnings: tuple[str, ...] = ()
        for text in self.lines:
            if is_separator_note(text) or not text.strip():
                self.lines.take()
                continue
            self.delimiter = find_delimiter(text)
            self.lines.give_back(self.lines.take())
            break
        first = next(self.split(), None)
        self.header = name_columns(first.cells) if isinstance(first, Record) else []

    def line(self) -> int:
        """The number of the last line read."""
        return self.lines.number()

    def records(self, repair: Repair, is_row: IsRow) -> Iterator[Record | BadRecord]:
        """See :class:`Table`."""
        width = len(self.header)
        for record in self.split():
            if isinstance(record, BadRecord):
                yield record
            elif not any(record.cells):
                continue
            elif len(record.lines) > 1 and (
                len(record.cells) != width or self.swallows(record, is_row)
            ):
                # A stray quotation mark joined several rows: only the first is beyond reading.
                yield self.drop_first_line(record.lines, "a quotation mark in it is never closed")
            elif len(record.cells) == width:
                yield record
            else:
                cells = repair(record.cells) if len(record.cells) > width else None
                if cells is not None:
                    yield Record(cells, record.lines)
                else:
                    yield BadRecord(record.place, record.text, self.describe_width(record))

    def swallows(self, record: Record, is_row: IsRow) -> bool:
        """Whether a line inside a row is a row itself, which no text looks like by accident."""
        width = len(self.header)
        for _, text in record.lines[1:]:
            if text.count(self.delimiter) >= width - 1:
                try:
                    cells = next(csv.reader([text], delimiter=self.delimiter), [])
                except csv.Error:
                    continue  # the rest of a text, with a stray carriage return in it
                if len(cells) == width and is_row(cells):
                    return True
        return False

    def split(self) -> Iterator[Record | BadRecord]:
        """Rows as the ``csv`` module splits them; a new reader takes over after each error."""
        while not self.lines.ran_out():
            reader = csv.reader(self.lines, delimiter=self.delimiter)
            try:
                for cells in reader:
                    record = Record(cells, self.lines.take())
                    if self.lines.ran_out():  # it wanted more: a quotation mark is still open
                        yield self.drop_first_line(record.lines, describe_unclosed(record))
                        break
                    yield record
            except csv.Error as error:
                reason = str(error).partition(" - ")[0]
                yield self.drop_first_line(self.lines.take(), f"it cannot be split: {reason}")

    def drop_first_line(self, lines: list[NumberedLine], reason: str) -> BadRecord:
        """Refuse the first line of what was taken for one row; the others are read again."""
        self.lines.give_back(lines[1:])
        number, text = lines[0]
        return BadRecord(f"line {number}", text, reason)

    def describe_width(self, record: Record) -> str:
        """What is wrong with a row's number of cells."""
        cells, width = len(record.cells), len(self.header)
        reason = f"it has {cells} columns where the header has {width}"
        if cells > width:
            return f"{reason}: a {self.delimiter!r} in its text is not quoted"
        if not record.text.endswith(("\n", "\r")):
            return f"{reason}: the file is cut off here"
        return reason


class Lines:
    """The text of numbered lines in turn, for ``csv.reader``; some can be given back."""

    def __init__(self, lines: TextLines) -> None:
        self.fresh = lines
        self.waiting: deque[NumberedLine] = deque()
        self.taken: list[NumberedLine] = []
        self.ended = False
        self.last = 0

    def ran_out(self) -> bool:
        """Whether a line was asked for and there was none."""
        return self.ended

    def number(self) -> int:
        """The number of the line handed out last."""
        return self.last

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else next(self.fresh, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self.taken.append(line)
        self.last = line[0]
        return line[1]

    def take(self) -> list[NumberedLine]:
        """The lines handed out since the last call."""
        taken, self.taken = self.taken, []
        return taken

    def give_back(self, lines: list[NumberedLine]) -> None:
        """Let these lines come next."""
        self.waiting.extendleft(reversed(lines))
        self.ended = self.ended and not lines


def describe_unclosed(record: Record) -> str:
    """Why a row that the file's end cut short cannot be read."""
    if len(record.lines) > 1:
        return "a quotation mark in it is never closed"
    return "the file is cut off in this row: a quotation mark is still open"


def is_separator_note(text: str) -> bool:
    """Whether a first line is ``sep=;``, Excel's note to itself."""
    return text.lower().startswith("sep=") and len(text.strip("\r\n")) <= 5


def find_delimiter(header: str) -> str:
    """The delimiter that makes most of a header line: known columns first, then columns."""

    def worth(delimiter: str) -> tuple[int, int]:
        try:
            cells = next(csv.reader([header], delimiter=delimiter))
        except (csv.Error, StopIteration):
            return (0, 0)
        return len(map_columns(cells)), len(cells)

    return max(DELIMITERS, key=worth)


def name_columns(cells: list[str]) -> list[str]:
    """The header's names, each once: a second ``text`` becomes ``text_2``."""
    seen: Counter[str] = Counter()
    names = []
    for position, cell in enumerate(cells, 1):
        name = cell.replace("\0", "").strip() or f"column_{position}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names
