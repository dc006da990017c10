"""JSONL as twarc writes it: X's posts, one or one page of them a line, v1.1 or v2, flat or not.

So does 4CAT, with what a post refers to put inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from hashwatch.collect.encoding import SAMPLE_SIZE, choose_encoding, guess_warnings
from hashwatch.collect.files import open_source, read_head
from hashwatch.collect.importers import ImportSettings
from hashwatch.collect.objects import Item, mend_json, read_items, utf8_head
from hashwatch.collect.pages import Outcome, RowError, paginate, refuse, survive_damage
from hashwatch.collect.x1 import parse_deletion, parse_post
from hashwatch.collect.x2 import parse_answer, parse_flattened
from hashwatch.collect.x2_enriched import MARK, parse_enriched
from hashwatch.model import Page, Reject

# Such names cannot stand inside a JSON string, where their quotation marks are escaped.
V1 = (b'"id_str"', b'"created_at"', b'"screen_name"')
V2 = (b'"text"', b'"author_id"')
V2_ALSO = (b'"__twarc"', b'"includes"', b'"conversation_id"', b'"edit_history_tweet_ids"')


Shape = Callable[[bytes], list[Outcome]]


class TwarcImporter:
    """Reads what twarc, twarc2 and the X API itself give, one JSON object a line."""

    name = "twarc"
    members = None

    def recognise(self, head: bytes) -> float:
        """Sure when the file begins with names that only X's payloads have."""
        head = utf8_head(head)
        if not head.startswith((b"{", b"[")):
            return 0.0
        if all(name in head for name in V1) or b'"__twarc"' in head:
            return 0.95
        known = all(name in head for name in V2) and any(name in head for name in V2_ALSO)
        return 0.95 if known else 0.0

    def read(self, path: Path, settings: ImportSettings) -> Iterator[Page]:
        """See :class:`~hashwatch.collect.importers.Importer`."""
        sample = read_head(path, SAMPLE_SIZE)
        encoding = choose_encoding(settings.encoding, sample)
        with open_source(path) as source:
            lines = XLines()

            def outcomes() -> Iterator[Outcome]:
                for item in read_items(source.stream, encoding, sample):
                    yield from lines.outcomes(item)

            yield from paginate(
                survive_damage(outcomes(), lambda: lines.line),
                source.position,
                lambda: guess_warnings(settings.encoding, encoding),
            )


class XLines:
    """Parses line after line, each first in the shape of the one before.

    ``line`` is the number of the last one.
    """

    def __init__(self) -> None:
        self.shape: Shape = parse_answer
        self.line = 0

    def outcomes(self, item: Item) -> list[Outcome]:
        """What a line holds: posts, deletions, and rejects for what cannot be read."""
        self.line = item.line
        try:
            try:
                return placed(self.parse(item.octets), item)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                if isinstance(error, msgspec.ValidationError):
                    raise
                return placed(self.parse(mend_json(item.octets)), item)
        except RowError as error:
            reason = str(error)
        except msgspec.ValidationError as error:
            reason = f"it is no post of X: {error}"
        except (ValueError, RecursionError) as error:
            return [item.refuse(error)]
        return [refuse(reason, item.octets, item.place)]

    def parse(self, octets: bytes) -> list[Outcome]:
        """Posts in whichever of X's shapes this is; raises what its parser raises."""
        try:
            return self.shape(octets)
        except msgspec.ValidationError:
            shape = find_shape(octets)
            if shape is self.shape:
                raise
            self.shape = shape
            return shape(octets)


def placed(outcomes: list[Outcome], item: Item) -> list[Outcome]:
    """The outcomes of a line, with the line put before the place of each reject in it."""
    return [
        msgspec.structs.replace(outcome, where=f"{item.place}, {outcome.where}")
        if isinstance(outcome, Reject)
        else outcome
        for outcome in outcomes
    ]


def find_shape(octets: bytes) -> Shape:
    """The parser for a line, by the names in it."""
    if b'"id_str"' in octets:
        return parse_deletion if octets.startswith(b'{"delete"') else parse_post
    if MARK in octets:
        return parse_enriched
    if b'"data"' in octets or b'"meta"' in octets or b'"errors"' in octets:
        return parse_answer
    return parse_flattened


IMPORTER = TwarcImporter()
