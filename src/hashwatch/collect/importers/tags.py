"""TAGS archives: the CSV of Google Sheets' collector of X's posts, 18 columns.

``created_at`` is UTC as X writes it; ``time`` is in the spreadsheet's zone and is not read. The
texts of boosts are cut with an ellipsis, and their originals are not named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path

import msgspec

from hashwatch.collect import x_posts
from hashwatch.collect.cells import (
    are_rounded,
    as_count,
    as_identifier,
    as_text,
    as_word,
    refuse_rounded,
    web_address,
)
from hashwatch.collect.encoding import unescape
from hashwatch.collect.entities import entities
from hashwatch.collect.importers import ImportSettings
from hashwatch.collect.pages import Outcome, RowError, paginate, refuse, survive_damage
from hashwatch.collect.rows import BOOST_TEXT, SAMPLE_ROWS, years_told
from hashwatch.collect.snowflakes import OffsetFinder, snowflake_time
from hashwatch.collect.table import BadRecord, Record, Table, open_table, read_header
from hashwatch.collect.times import (
    TimeError,
    TimeReader,
    YearlessError,
    find_zone,
    is_x_time,
    x_time,
)
from hashwatch.collect.x1 import Content, decode_entities, read_content
from hashwatch.errors import ImportFormatError
from hashwatch.model import Author, Page, Post

REQUIRED = ("id_str", "from_user", "text", "created_at")
TELLING = ("status_url", "entities_str", "profile_image_url", "from_user_id_str")

Row = Mapping[str, str]


class TagsImporter:
    """Reads the ``Archive`` sheet of TAGS, saved as CSV."""

    name = "tags"
    members = None

    def recognise(self, head: bytes) -> float:
        """Sure when the header has TAGS' own names."""
        columns = {name.lower() for name in read_header(head)}
        if not columns.issuperset(REQUIRED):
            return 0.0
        return 0.95 if columns.intersection(TELLING) else 0.7

    def read(self, path: Path, settings: ImportSettings) -> Iterator[Page]:
        """See :class:`~hashwatch.collect.importers.Importer`."""
        with open_table(path, settings.encoding) as (table, position):
            rows = TagsRows(path, table, settings)
            yield from paginate(rows.outcomes(), position, rows.warnings)


class TagsRows:
    """The rows of one archive as posts and rejects."""

    def __init__(self, path: Path, table: Table, settings: ImportSettings) -> None:
        self.table = table
        self.names = [name.lower() for name in table.header]
        missing = [name for name in REQUIRED if name not in self.names]
        if missing:
            raise ImportFormatError(f"{path}: a TAGS archive has a column {', '.join(missing)}")
        self.times = TimeReader(find_zone(settings.timezone))
        self.offsets = OffsetFinder()
        self.ids_are_rounded = False
        self.years_told = 0
        self.encode = msgspec.json.Encoder().encode

    def warnings(self) -> tuple[str, ...]:
        """What the operator should know once all rows are read."""
        found = [finding] if (finding := self.offsets.finding()) else []
        if self.years_told:
            found.append(years_told(self.years_told))
        return (*self.table.warnings, *found)

    def outcomes(self) -> Iterator[Outcome]:
        """A post or a reject for every row."""
        identifier = self.names.index("id_str")
        whole = self.table.records(lambda _: None, lambda cells: cells[identifier].isdigit())
        records = survive_damage(whole, self.table.line)
        sample = list(islice(records, SAMPLE_ROWS))
        self.ids_are_rounded = are_rounded(
            record.cells[identifier].strip() for record in sample if isinstance(record, Record)
        )
        for record in chain(sample, records):
            if isinstance(record, Record):
                yield self.outcome(record)
            elif isinstance(record, BadRecord):
                yield refuse(record.reason, record.text, record.place)
            else:
                yield record

    def outcome(self, record: Record) -> Outcome:
        """What becomes of one row."""
        row = dict(zip(self.names, record.cells, strict=True))
        raw = self.encode(dict(zip(self.table.header, record.cells, strict=True)))
        try:
            return self.post(row, raw)
        except RowError as error:
            return refuse(str(error), record.text, record.place)

    def post(self, row: Row, raw: bytes) -> Post:
        """The post in a row; raises ``RowError``."""
        identifier = self.read_identifier(row)
        text = as_text(row["text"])
        handle = as_word(row["from_user"]).lstrip("@")
        if not text.strip() or not handle:
            raise RowError("its text is empty" if handle else "it does not say who wrote it")
        text = unescape(text)
        found = read_entities(row, text, identifier)
        replied = as_reference(row.get("in_reply_to_status_id_str"))
        boosted = BOOST_TEXT.match(text) is not None
        return Post(
            uri=x_posts.post_uri(identifier),
            source=x_posts.SOURCE,
            instance=x_posts.INSTANCE,
            author=read_author(row, handle),
            created_at=self.read_time(row, identifier),
            text=text,
            raw=raw,
            raw_format="row",
            url=web_address(row.get("status_url")) or x_posts.post_url(handle, identifier),
            kind="boost" if boosted else "reply" if replied else "post",
            reply_to=x_posts.post_uri(replied) if replied and not boosted else None,
            hashtags=found.hashtags,
            mentions=found.mentions,
            links=found.links,
            media=found.media,
        )

    def read_identifier(self, row: Row) -> str:
        """The post's id; raises ``RowError`` where it is missing or ruined."""
        identifier = as_identifier(row["id_str"])
        if not identifier.isdigit():
            raise RowError(f"{identifier[:40]!r} is no id of a post")
        if self.ids_are_rounded:
            refuse_rounded(identifier)
        return identifier

    def read_time(self, row: Row, identifier: str) -> int:
        """UTC seconds; raises ``RowError``."""
        stated = row["created_at"]
        try:
            created_at = self.read_stated(stated, identifier)
        except TimeError as error:
            raise RowError(str(error)) from error
        self.offsets.compare(identifier, created_at)
        return created_at

    def read_stated(self, stated: str, identifier: str) -> int:
        """The time as it is stated; one without a year takes that from the id."""
        if is_x_time(stated):
            return x_time(stated)
        try:
            return self.times.read(stated)
        except YearlessError:
            created_at = self.times.read(stated, snowflake_time(identifier))
            self.years_told += 1
            return created_at


def read_author(row: Row, handle: str) -> Author:
    """The author; the id is left out where a spreadsheet ruined it."""
    return x_posts.author(
        as_reference(row.get("from_user_id_str")),
        handle,
        None,
        None,
        as_count(row.get("user_followers_count")),
    )


def read_entities(row: Row, text: str, identifier: str) -> Content:
    """What X found in the text, or what stands in it where the column is missing or cut."""
    try:
        found = decode_entities(row.get("entities_str", "").encode())
    except msgspec.DecodeError:
        hashtags, mentions, links = entities(text)
        return Content(hashtags, mentions, links, ())
    return read_content(found, found, identifier)


def as_reference(cell: str | None) -> str | None:
    """An id that may be missing or ruined."""
    try:
        identifier = as_identifier(cell)
    except RowError:
        return None
    return identifier if identifier.isdigit() else None


IMPORTER = TagsImporter()
