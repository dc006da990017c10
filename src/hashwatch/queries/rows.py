"""Posts as exports write them: one row a post, every column documented, oldest first.

CSV cells that a spreadsheet would take for a formula get an apostrophe in front; JSONL holds what
the dashboard holds.
"""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TextIO

import msgspec

from hashwatch.queries.pseudonyms import Pseudonyms
from hashwatch.queries.search import walk_posts
from hashwatch.queries.selection import Selection
from hashwatch.queries.statements import ask

COLUMNS: dict[str, str] = {
    "id": "the post's number here, in the order of time",
    "uri": "what identifies it everywhere",
    "url": "its page on its own network",
    "source": "the platform or format that it came by",
    "instance": "the server that gave it",
    "author": "the author's handle, without @",
    "author_name": "the author's name as shown",
    "created_at": "when it was written, as its author claims: ISO 8601, UTC",
    "text": "its text as received",
    "language": "ISO 639-1, or und",
    "sentiment": "positive, neutral, negative; empty (null) where it is unknown",
    "polarity": "−1 to 1; empty (null) where it is unknown",
    "confidence": "the chance that the sentiment is right, 0 to 1",
    "kind": "post, reply, quote or boost",
    "reply_to": "the URI of the post that it answers",
    "boost_of": "the URI of the post that it boosts",
    "boosts": "times boosted, as last seen",
    "likes": "times liked, as last seen",
    "replies": "times answered, as last seen",
    "quotes": "times quoted, as last seen",
    "themes": "the event's themes that it was given",
    "session": "the code of the session that it was given",
    "hashtags": "its hashtags, without #",
    "links": "the addresses that it links to",
    "has_media": "whether something is attached",
    "has_link": "whether it links to something",
    "content_warning": "the author's warning",
    "invented": "whether it was written for a demonstration",
}
"""The columns of an export, in order, and what each holds."""

LISTS = ("themes", "hashtags", "links")
"""Columns that hold several values: lists in JSONL, parted by spaces (themes: ``; ``) in CSV."""

Row = dict[str, Any]
BATCH = 500

_FLAGS = ("has_media", "has_link", "invented")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_rows(connection: sqlite3.Connection, selection: Selection) -> Iterator[Row]:
    """Every post of the selection, boosts included, in the order of ids."""
    names = tuple(COLUMNS)
    for ids in walk_posts(connection, selection):
        wanted = {"ids": json.dumps(ids), "event": selection.event.id}
        for values in ask(connection, "export_rows", wanted):
            row = dict(zip(names, values, strict=True))
            for name in LISTS:
                row[name] = json.loads(row[name])
            for name in _FLAGS:
                row[name] = bool(row[name])
            yield row


def pseudonymous_rows(
    connection: sqlite3.Connection, rows: Iterable[Row], pseudonyms: Pseudonyms, *, words: bool
) -> Iterator[Row]:
    """The same rows without the names of people; without ``words``, without texts too."""
    for some in batched(rows, BATCH):
        ids = json.dumps([row["id"] for row in some])
        mentions: dict[int, list[str]] = {}
        for post, handle in ask(connection, "export_mentions", {"ids": ids}):
            mentions.setdefault(post, []).append(handle)
        for row in some:
            yield pseudonyms.row(row, mentions.get(row["id"], ()), words=words)


def batched(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """``rows`` in lists of at most ``size``."""
    walk = iter(rows)
    while some := list(islice(walk, size)):
        yield some


def write_csv(rows: Iterable[Row], file: TextIO) -> int:
    """RFC 4180 with a header line; returns the number of rows."""
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    written = 0
    for row in rows:
        writer.writerow(csv_cells(row))
        written += 1
    return written


def write_jsonl(rows: Iterable[Row], file: TextIO) -> int:
    """One JSON object a line, keys as in `COLUMNS`; returns the number of rows."""
    encoder = msgspec.json.Encoder()
    written = 0
    for row in rows:
        file.write(encoder.encode(row).decode("utf-8") + "\n")
        written += 1
    return written


def csv_cells(row: Row) -> list[Any]:
    """The cells of a row: lists joined, flags as 0 and 1, text that no spreadsheet will run."""
    cells: list[Any] = []
    for name in COLUMNS:
        value = row[name]
        if name in LISTS:
            value = ("; " if name == "themes" else " ").join(value)
        cells.append(int(value) if name in _FLAGS else neutral_cell(value))
    return cells


def neutral_cell(value: Any) -> Any:
    """``value``; text that begins like a formula gets an apostrophe in front (CWE-1236)."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def neutral_row(cells: Sequence[Any]) -> list[Any]:
    """`neutral_cell` over a row."""
    return [neutral_cell(cell) for cell in cells]
