"""The archive that an account on Mastodon can ask for: ``outbox.json``, alone or in zip or tar.gz.

It holds what the account wrote to its followers and to single people. Nothing of that is kept
anywhere: it is counted, and a refused item leaves its reason behind but none of its words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hashwatch.collect.activities import Actor, decode_actor, is_public, parse_activity
from hashwatch.collect.containers import find_members, member_names, open_part, read_beside
from hashwatch.collect.encoding import choose_encoding
from hashwatch.collect.importers import ImportSettings
from hashwatch.collect.objects import Item, mend_json, read_array_after, utf8_head
from hashwatch.collect.pages import Outcome, RowError, paginate, refuse, survive_damage
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page

ITEMS = re.compile(rb'"orderedItems"\s*:\s*(?=\[)')


class MastodonArchiveImporter:
    """Reads the public posts and boosts of one account."""

    name = "mastodon_archive"
    members = re.compile(r"outbox\.json")

    def recognise(self, head: bytes) -> float:
        """Sure when the file is a collection of activities."""
        head = utf8_head(head)
        return 0.95 if head.startswith(b"{") and ITEMS.search(head) else 0.0

    def read(self, path: Path, settings: ImportSettings) -> Iterator[Page]:
        """See :class:`~hashwatch.collect.importers.Importer`."""
        member = find_outbox(path)
        outbox = Outbox(read_actor(path, member))
        with open_part(path, member) as source:
            encoding = choose_encoding(settings.encoding, source.stream.peek())
            items = read_array_after(ITEMS, source.stream, encoding)
            outcomes = survive_damage(outbox.outcomes(items), lambda: outbox.line)
            yield from paginate(outcomes, source.position, outbox.warnings)
        if not outbox.items:
            raise ImportFormatError(f"{path}: holds no list of activities")


class Outbox:
    """What an account sent, item by item. ``line`` is where the last one began."""

    def __init__(self, actor: Actor | None) -> None:
        self.actor = actor
        self.items = 0
        self.private = 0
        self.line = 0

    def outcomes(self, items: Iterator[Item]) -> Iterator[Outcome]:
        """A post or a reject for every public item."""
        for item in items:
            self.items += 1
            self.line = item.line
            octets = mended(item.octets)
            if octets is None:
                yield refuse("it cannot be read, nor whom it was for", b"", item.place)
            elif is_public(octets):
                yield self.outcome(octets, item.place)
            else:
                self.private += 1

    def outcome(self, octets: bytes, place: str) -> Outcome:
        """What becomes of one public item."""
        try:
            return parse_activity(octets, self.actor)
        except RowError as error:
            return refuse(str(error), octets, place)
        except (ValueError, RecursionError) as error:
            return refuse(f"it is not as ActivityPub has it: {error}", octets, place)

    def warnings(self) -> tuple[str, ...]:
        """How much was left where it was."""
        if not self.private:
            return ()
        were = "post was" if self.private == 1 else "posts were"
        whom = "but to followers or to those mentioned"
        return (f"{self.private:,} {were} not addressed to the public, {whom}: not imported",)


def mended(octets: bytes) -> bytes | None:
    """The item as proper JSON, ``None`` where it cannot be made so."""
    try:
        msgspec.json.decode(octets)
        return octets
    except (ValueError, RecursionError):
        pass
    try:
        return mend_json(octets)
    except (ValueError, RecursionError):
        return None


def find_outbox(path: Path) -> str | None:
    """The outbox inside a zip or tar file, ``None`` where the file itself is one."""
    if member_names(path) is None:
        return None
    found = find_members(path, MastodonArchiveImporter.members)
    if not found:
        raise ImportFormatError(f"{path}: holds no outbox.json")
    return found[0]


def read_actor(path: Path, member: str | None) -> Actor | None:
    """What ``actor.json`` beside the outbox says of the account, where it is there and readable."""
    octets = read_beside(path, member, "actor.json")
    try:
        return decode_actor(octets) if octets is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


IMPORTER = MastodonArchiveImporter()
