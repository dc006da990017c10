"""Plain CSV: columns that bear a field's name map themselves, the operator maps the others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import msgspec

from hashwatch.collect.cells import as_count, as_names, as_word, web_address
from hashwatch.collect.columns import find_origin, map_columns, require
from hashwatch.collect.entities import entities
from hashwatch.collect.importers import ImportSettings
from hashwatch.collect.pages import Outcome, RowError, paginate, refuse, survive_damage
from hashwatch.collect.rows import SAMPLE_ROWS, RowReader
from hashwatch.collect.table import BadRecord, Record, Table, open_table, read_header
from hashwatch.collect.times import TimeError, YearlessError
from hashwatch.model import Page

MOST_EXTRA_CELLS = 20
COUNTS = ("likes", "boosts", "replies", "quotes", "followers")
# Their values never hold a delimiter, so that it must belong to another column.
TIGHT = frozenset(
    ("id", "uri", "url", "created_at", "author", "author_uri", "language", "kind", *COUNTS)
)


class CsvImporter:
    """Reads delimited text with a header line."""

    name = "csv"
    members = None

    def recognise(self, head: bytes) -> float:
        """Sure when the header names a text and a time; a mapping may still make up for less."""
        if head.lstrip().startswith((b"{", b"[")):
            return 0.0
        header = read_header(head)
        layout = map_columns(header)
        if "text" in layout and "created_at" in layout:
            return 0.6
        return 0.3 if len(header) > 1 else 0.0

    def read(self, path: Path, settings: ImportSettings) -> Iterator[Page]:
        """See :class:`~hashwatch.collect.importers.Importer`."""
        with open_table(path, settings.encoding) as (table, position):
            rows = TableRows(path, table, settings)
            yield from paginate(rows.outcomes(), position, rows.warnings)


class TableRows:
    """The rows of one table as posts and rejects."""

    def __init__(self, path: Path, table: Table, settings: ImportSettings) -> None:
        layout = map_columns(table.header, settings.columns)
        require(layout, table.header, path)
        self.table = table
        self.columns = {field: table.header.index(name) for field, name in layout.items()}
        self.reader = RowReader("csv", find_origin(table.header), settings.timezone)
        self.encode = msgspec.json.Encoder().encode

    def warnings(self) -> tuple[str, ...]:
        """What the operator should know once all rows are read."""
        return (*self.table.warnings, *self.reader.warnings())

    def outcomes(self) -> Iterator[Outcome]:
        """A post or a reject for every row."""
        records = survive_damage(self.table.records(self.repair, self.fits), self.table.line)
        sample = list(islice(records, SAMPLE_ROWS))
        self.reader.study([self.fields(row.cells) for row in sample if isinstance(row, Record)])
        for record in chain(sample, records):
            if isinstance(record, Record):
                yield self.outcome(record)
            elif isinstance(record, BadRecord):
                yield refuse(record.reason, record.text, record.place)
            else:
                yield record

    def outcome(self, record: Record) -> Outcome:
        """What becomes of one row."""
        try:
            raw = self.encode(dict(zip(self.table.header, record.cells, strict=True)))
            return self.reader.post(self.fields(record.cells), raw)
        except RowError as error:
            return refuse(str(error), record.text, record.place)

    def fields(self, cells: list[str]) -> dict[str, object]:
        """The mapped cells of a row that hold anything."""
        if self.reader.origin == "own":
            cells = [restore_formula(cell) for cell in cells]
        return {field: cell for field, column in self.columns.items() if (cell := cells[column])}

    def repair(self, cells: list[str]) -> list[str] | None:
        """The cells of a row with too many, when only the text can hold the extra delimiters."""
        extra = len(cells) - len(self.table.header)
        if extra > MOST_EXTRA_CELLS:
            return None
        tight = {column for field, column in self.columns.items() if field in TIGHT}
        fitting: dict[int, list[str]] = {}
        for column in range(len(self.table.header)):
            end = column + extra + 1
            merged = [*cells[:column], self.table.delimiter.join(cells[column:end]), *cells[end:]]
            if column not in tight and self.fits(merged):
                fitting[column] = merged
        text = self.columns["text"]
        return fitting[text] if list(fitting) == [text] else None

    def fits(self, cells: list[str]) -> bool:
        """Whether each cell can be what its column is for."""
        fields = self.fields(cells)
        found = entities(str(fields.get("text", "")))
        try:
            self.reader.times.moment(str(fields.get("created_at", "")))
        except YearlessError:
            pass  # its id may hold the year
        except TimeError:
            return False
        counts = (as_word(fields.get(field)) for field in COUNTS)
        address = as_word(fields.get("url"))
        return (
            all(count == "" or as_count(count) is not None for count in counts)
            and (address == "" or web_address(address) is not None)
            and not any(" " in as_word(fields.get(field)) for field in ("id", "author", "language"))
            and within(as_names(fields.get("hashtags"), "#＃"), found.hashtags)
            and within(as_names(fields.get("mentions"), "@＠"), found.mentions)
        )


def within(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    """Whether every name stands among the others, whatever its case."""
    return {name.casefold() for name in part} <= {name.casefold() for name in whole}


def restore_formula(cell: str) -> str:
    """A cell without the apostrophe that exports put before what a spreadsheet would compute."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t", "\r") else cell


IMPORTER = CsvImporter()
