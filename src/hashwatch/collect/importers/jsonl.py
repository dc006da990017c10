"""JSON Lines or a JSON array of objects: keys that bear a field's name map themselves.

Nested keys are named with dots: ``author.handle``, ``public_metrics.like_count``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from pathlib import Path

import msgspec

from hashwatch.collect.columns import Layout, find_origin, map_columns, require, resolve_field
from hashwatch.collect.encoding import SAMPLE_SIZE, choose_encoding, guess_warnings
from hashwatch.collect.files import open_source, read_head
from hashwatch.collect.importers import ImportSettings
from hashwatch.collect.objects import Item, mend_json, read_items, utf8_head
from hashwatch.collect.pages import Outcome, RowError, paginate, refuse, survive_damage
from hashwatch.collect.rows import SAMPLE_ROWS, RowReader
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page, Reject

KNOWN_LAYOUTS = 1_000

Row = tuple[Item, dict[str, object]]


class JsonlImporter:
    """Reads one JSON object a line, or an array of them."""

    name = "jsonl"
    members = None

    def recognise(self, head: bytes) -> float:
        """Anything that begins like JSON; the formats that know their payloads are surer."""
        head = utf8_head(head)
        return 0.5 if head.startswith(b"{") or head[:2].rstrip() in (b"[", b"[{") else 0.0

    def read(self, path: Path, settings: ImportSettings) -> Iterator[Page]:
        """See :class:`~hashwatch.collect.importers.Importer`."""
        sample = read_head(path, SAMPLE_SIZE)
        encoding = choose_encoding(settings.encoding, sample)
        with open_source(path) as source:
            rows = JsonRows(path, read_items(source.stream, encoding, sample), settings)
            guesses = guess_warnings(settings.encoding, encoding)
            yield from paginate(
                rows.outcomes(), source.position, lambda: (*guesses, *rows.reader.warnings())
            )


class JsonRows:
    """The objects of one file as posts and rejects. ``line`` is where the last one began."""

    def __init__(self, path: Path, items: Iterator[Item], settings: ImportSettings) -> None:
        self.path = path
        self.items = items
        self.settings = settings
        self.line = 0
        self.reader = RowReader("jsonl", "other", settings.timezone)
        self.stated: Layout = {}
        self.layouts: dict[tuple[str, ...], Layout] = {}

    def outcomes(self) -> Iterator[Outcome]:
        """A post or a reject for every object."""
        rows = survive_damage(self.rows(), lambda: self.line)
        sample = list(islice(rows, SAMPLE_ROWS))
        self.study([row[1] for row in sample if not isinstance(row, Reject)])
        for row in chain(sample, rows):
            yield row if isinstance(row, Reject) else self.outcome(*row)

    def rows(self) -> Iterator[Row | Reject]:
        """Every object, flat, or why it is none."""
        for item in self.items:
            self.line = item.line
            try:
                yield item, decode_object(item.octets)
            except RowError as error:
                yield refuse(str(error), item.octets, item.place)
            except (ValueError, RecursionError) as error:
                yield item.refuse(error)

    def study(self, sample: list[dict[str, object]]) -> None:
        """Learn from the first objects; raises ``ImportFormatError`` when they cannot be mapped."""
        columns = list(dict.fromkeys(chain.from_iterable(sample)))
        if not columns:
            raise ImportFormatError(f"{self.path}: holds no JSON objects")
        layout = map_columns(columns, self.settings.columns)
        require(layout, columns, self.path)
        self.stated = {field: layout[field] for field in map(resolve_field, self.settings.columns)}
        self.reader.origin = find_origin(columns)
        self.reader.study([pick(flat, layout) for flat in sample])

    def outcome(self, item: Item, flat: dict[str, object]) -> Outcome:
        """What becomes of one object."""
        try:
            return self.reader.post(pick(flat, self.layout(flat)), item.octets)
        except RowError as error:
            return refuse(str(error), item.octets, item.place)

    def layout(self, flat: Mapping[str, object]) -> Layout:
        """Which key holds which field in objects with just these keys."""
        keys = tuple(flat)
        layout = self.layouts.get(keys)
        if layout is None:
            if len(self.layouts) >= KNOWN_LAYOUTS:
                self.layouts.clear()
            present = {field: key for field, key in self.stated.items() if key in flat}
            mapped = map_columns(keys, present)
            missing = self.stated.keys() - present.keys()
            layout = {field: key for field, key in mapped.items() if field not in missing}
            self.layouts[keys] = layout
        return layout


def decode_object(octets: bytes) -> dict[str, object]:
    """A JSON object with its nested keys joined by dots.

    Raises ``RowError`` for another value, ``ValueError`` or ``RecursionError`` for what is no JSON.
    """
    try:
        value = msgspec.json.decode(octets)
    except ValueError:
        value = msgspec.json.decode(mend_json(octets))
    if not isinstance(value, dict):
        raise RowError("it is no JSON object")
    return flatten(value)


def flatten(value: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """The object with nested keys joined by dots; lists stay whole."""
    flat: dict[str, object] = {}
    for key, member in value.items():
        if isinstance(member, dict):
            flat.update(flatten(member, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = member
    return flat


def pick(flat: Mapping[str, object], layout: Layout) -> dict[str, object]:
    """The mapped values that hold anything."""
    fields = ((field, flat.get(key)) for field, key in layout.items())
    return {field: value for field, value in fields if value is not None}


IMPORTER = JsonlImporter()
