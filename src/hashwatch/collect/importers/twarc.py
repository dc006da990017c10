"""JSONL as twarc writes it: X's posts, one or one page of them a line, v1.1 or v2, flat or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from hashwatch.collect.encoding import SAMPLE_SIZE, choose_encoding
from hashwatch.collect.files import open_source, read_head
from hashwatch.collect.importers import ImportSettings
from hashwatch.collect.objects import Item, mend_json, read_items, utf8_head
from hashwatch.collect.pages import Outcome, RowError, paginate, refuse, survive_damage
from hashwatch.collect.x1 import parse_deletion, parse_post
from hashwatch.collect.x2 import parse_answer, parse_flattened
from hashwatch.model import Page

# Such names cannot stand inside a JSON string, where their quotation marks are escaped.
V1 = (b'"id_str"', b'"created_at"', b'"screen_name"')
V2 = (b'"text"', b'"author_id"')
V2_ALSO = (b'"__twarc"', b'"includes"', b'"conversation_id"', b'"edit_history_tweet_ids"')


class TwarcImporter:
    """Reads what twarc, twarc2 and the X API itself give, one JSON object a line."""

    name = "twarc"

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
            line = 0

            def outcomes() -> Iterator[Outcome]:
                nonlocal line
                for item in read_items(source.stream, encoding, sample):
                    line = item.line
                    yield from parse_item(item)

            yield from paginate(survive_damage(outcomes(), lambda: line), source.position)


def parse_item(item: Item) -> list[Outcome]:
    """What a line holds: posts, deletions, and rejects for what cannot be read."""
    try:
        try:
            return parse(item.octets, item.line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if isinstance(error, msgspec.ValidationError):
                raise
            return parse(mend_json(item.octets), item.line)
    except RowError as error:
        reason = str(error)
    except msgspec.ValidationError as error:
        reason = f"it is no post of X: {error}"
    except (ValueError, RecursionError) as error:
        reason = "the file is cut off in this line" if item.cut else f"it is not JSON: {error}"
    return [refuse(reason, item.octets, item.line, item.place)]


def parse(octets: bytes, line: int) -> list[Outcome]:
    """Posts in whichever of X's shapes this is."""
    if b'"id_str"' in octets:
        return parse_deletion(octets) if octets.startswith(b'{"delete"') else parse_post(octets)
    if b'"data"' in octets or b'"meta"' in octets or b'"errors"' in octets:
        return parse_answer(octets, line)
    return parse_flattened(octets)


IMPORTER = TwarcImporter()
