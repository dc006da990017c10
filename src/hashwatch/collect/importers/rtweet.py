"""CSV as R's rtweet (up to 0.7) saves it: X's posts, 90 columns, ids behind an ``x``.

Times are UTC, whether they say so or not. A boost's row holds its original too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from itertools import chain, islice
from pathlib import Path

import msgspec

from hashwatch.collect import x_posts
from hashwatch.collect.cells import (
    are_rounded,
    as_count,
    as_flag,
    as_identifier,
    as_language,
    as_links,
    as_names,
    as_text,
    as_word,
    refuse_rounded,
    web_address,
)
from hashwatch.collect.encoding import unescape
from hashwatch.collect.entities import entities
from hashwatch.collect.importers import ImportSettings
from hashwatch.collect.pages import Companion, Outcome, RowError, paginate, refuse, survive_damage
from hashwatch.collect.rows import INSTANCE, SAMPLE_ROWS, unite
from hashwatch.collect.snowflakes import OffsetFinder
from hashwatch.collect.table import BadRecord, Record, Table, open_table, read_header
from hashwatch.collect.times import TimeError, TimeReader, date_order, find_zone
from hashwatch.errors import ImportFormatError
from hashwatch.model import Author, Engagement, Media, Page, Post

REQUIRED = ("status_id", "created_at", "screen_name", "text")
TELLING = ("is_retweet", "retweet_status_id", "display_text_width", "mentions_screen_name")

Row = Mapping[str, str]


class RtweetImporter:
    """Reads what ``rtweet::write_as_csv`` wrote."""

    name = "rtweet"
    members = None

    def recognise(self, head: bytes) -> float:
        """Sure when the header has rtweet's own names."""
        columns = set(read_header(head))
        telling = columns.intersection(TELLING)
        return 0.95 if columns.issuperset(REQUIRED) and len(telling) >= 2 else 0.0

    def read(self, path: Path, settings: ImportSettings) -> Iterator[Page]:
        """See :class:`~hashwatch.collect.importers.Importer`."""
        with open_table(path, settings.encoding) as (table, position):
            rows = RtweetRows(path, table, settings)
            yield from paginate(rows.outcomes(), position, rows.warnings)


class RtweetRows:
    """The rows of one file as posts and rejects."""

    def __init__(self, path: Path, table: Table, settings: ImportSettings) -> None:
        missing = [name for name in REQUIRED if name not in table.header]
        if missing:
            raise ImportFormatError(f"{path}: a file of rtweet has a column {', '.join(missing)}")
        self.table = table
        self.times = TimeReader(find_zone(settings.timezone) or UTC)
        self.offsets = OffsetFinder()
        self.ids_are_rounded = False
        self.encode = msgspec.json.Encoder().encode

    def warnings(self) -> tuple[str, ...]:
        """What the operator should know once all rows are read."""
        finding = self.offsets.finding()
        return (*self.table.warnings, finding) if finding else self.table.warnings

    def outcomes(self) -> Iterator[Outcome]:
        """A post or a reject for every row, and the originals of boosts."""
        identifier = self.table.header.index("status_id")
        whole = self.table.records(
            lambda _: None, lambda cells: cells[identifier].removeprefix("x").isdigit()
        )
        records = survive_damage(whole, self.table.line)
        sample = list(islice(records, SAMPLE_ROWS))
        read = [record.cells for record in sample if isinstance(record, Record)]
        self.ids_are_rounded = are_rounded(cells[identifier].removeprefix("x") for cells in read)
        written = self.table.header.index("created_at")
        self.times.order = date_order(cells[written] for cells in read)
        for record in chain(sample, records):
            if isinstance(record, Record):
                yield from self.of_row(record)
            elif isinstance(record, BadRecord):
                yield refuse(record.reason, record.text, record.place)
            else:
                yield record

    def of_row(self, record: Record) -> list[Outcome]:
        """What becomes of one row."""
        row = dict(zip(self.table.header, record.cells, strict=True))
        raw = self.encode(row)
        try:
            post = self.post(row, raw)
        except RowError as error:
            return [refuse(str(error), record.text, record.place)]
        original = self.original(row, raw) if post.kind == "boost" else None
        return [post] if original is None else [post, Companion(original)]

    def post(self, row: Row, raw: bytes) -> Post:
        """The post in a row; raises ``RowError``."""
        if as_flag(row.get("protected")):
            raise RowError("its author's posts are protected: only public ones are kept")
        identifier = self.read_identifier(row)
        text, handle = as_text(row["text"]), as_word(row["screen_name"]).lstrip("@")
        if not text.strip() or not handle:
            raise RowError("its text is empty" if handle else "it does not say who wrote it")
        created_at = self.read_time(row["created_at"])
        self.offsets.compare(identifier, created_at)
        boosted, replied, quoted = (
            as_reference(row.get(f"{what}_status_id")) for what in ("retweet", "reply_to", "quoted")
        )
        boosts = bool(boosted or as_flag(row.get("is_retweet")))
        text = unescape(text)
        found = entities(text)
        post = Post(
            uri=x_posts.post_uri(identifier),
            source=x_posts.SOURCE,
            instance=INSTANCE,
            author=read_author(row),
            created_at=created_at,
            text=text,
            raw=raw,
            raw_format="row",
            url=web_address(row.get("status_url")) or x_posts.post_url(handle, identifier),
            kind="boost" if boosts else "reply" if replied else "quote" if quoted else "post",
            language=as_language(row.get("lang")),
            boost_of=x_posts.post_uri(boosted) if boosted else None,
            hashtags=unite(found.hashtags, as_names(row.get("hashtags"), "#")),
            mentions=unite(found.mentions, as_names(row.get("mentions_screen_name"), "@")),
            links=x_posts.links(as_links(row.get("urls_expanded_url")), identifier) or found.links,
            media=tuple(read_media(row)),
        )
        if boosts:
            return post
        return msgspec.structs.replace(
            post,
            reply_to=x_posts.post_uri(replied) if replied else None,
            quote_of=x_posts.post_uri(quoted) if quoted else None,
            engagement=read_engagement(row, ""),
        )

    def original(self, row: Row, raw: bytes) -> Post | None:
        """What a boost's row says of its original, where that is enough for a post."""
        identifier = as_reference(row.get("retweet_status_id"))
        handle, text = as_word(row.get("retweet_screen_name")), as_text(row.get("retweet_text"))
        if identifier is None or not handle or not as_word(text):
            return None
        try:
            created_at = self.read_time(row.get("retweet_created_at", ""))
        except RowError:
            return None
        text = unescape(text)
        found = entities(text)
        return Post(
            uri=x_posts.post_uri(identifier),
            source=x_posts.SOURCE,
            instance=INSTANCE,
            author=read_author(row, "retweet_"),
            created_at=created_at,
            text=text,
            raw=raw,
            raw_format="row",
            url=x_posts.post_url(handle, identifier),
            language=as_language(row.get("lang")),
            hashtags=unite(found.hashtags, as_names(row.get("hashtags"), "#")),
            mentions=found.mentions,
            links=found.links,
            engagement=read_engagement(row, "retweet_"),
        )

    def read_identifier(self, row: Row) -> str:
        """The post's id; raises ``RowError`` where it is missing or ruined."""
        identifier = as_identifier(row["status_id"].removeprefix("x"))
        if not identifier.isdigit():
            raise RowError(f"{identifier[:40]!r} is no id of a post")
        if self.ids_are_rounded:
            refuse_rounded(identifier)
        return identifier

    def read_time(self, stated: str) -> int:
        """UTC seconds; raises ``RowError``."""
        try:
            return self.times.read(stated)
        except TimeError as error:
            raise RowError(str(error)) from error


def read_author(row: Row, before: str = "") -> Author:
    """The author; ``before`` is what the columns of another than the row's own begin with."""
    return x_posts.author(
        as_reference(row.get(f"{before}user_id")),
        as_word(row.get(f"{before}screen_name")).lstrip("@"),
        as_word(row.get(f"{before}name")),
        as_word(row.get(f"{before}description")),
        as_count(row.get(f"{before}followers_count")),
    )


def read_engagement(row: Row, before: str) -> Engagement:
    """The counts of the post itself or, with ``before``, of its original."""
    return Engagement(
        boosts=as_count(row.get(f"{before}retweet_count")),
        likes=as_count(row.get(f"{before}favorite_count")),
        replies=as_count(row.get(f"{before}reply_count")),
        quotes=as_count(row.get(f"{before}quote_count")),
    )


def read_media(row: Row) -> Iterator[Media]:
    """Attachments: the extended columns name them all, the others the first only."""
    addresses = as_links(row.get("ext_media_url")) or as_links(row.get("media_url"))
    kind = as_word(row.get("ext_media_type")) or as_word(row.get("media_type"))
    for address in addresses:
        yield Media(x_posts.MEDIA_KINDS.get(kind.partition(" ")[0], "image"), address)


def as_reference(cell: str | None) -> str | None:
    """An id that may be missing or ruined."""
    try:
        identifier = as_identifier((cell or "").removeprefix("x"))
    except RowError:
        return None
    return identifier if identifier.isdigit() else None


IMPORTER = RtweetImporter()
