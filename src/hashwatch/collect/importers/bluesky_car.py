"""The repository of an account on Bluesky: a CAR file, as *Download account data* gives it.

It holds what the account has now: no deleted posts, no counts, and its DID but not its handle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from hashwatch.collect.bluesky_record import POST, Record, post_of
from hashwatch.collect.encoding import clean
from hashwatch.collect.files import open_source
from hashwatch.collect.importers import ImportSettings
from hashwatch.collect.pages import Outcome, RowError, paginate, refuse, survive_damage
from hashwatch.collect.repository import (
    BROKEN,
    Block,
    Cut,
    Reader,
    Tree,
    as_json,
    decode,
    key_time,
    read_tree,
)
from hashwatch.collect.rows import INSTANCE
from hashwatch.collect.times import LAST_SECOND
from hashwatch.errors import ImportFormatError
from hashwatch.model import Author, Page, Post

RAW_FORMAT = "dag-cbor"
# The header is a map with "roots", a list of content ids, and "version".
HEADER = b"\xa2\x65roots"
OTHER_HEADER = b"\xa2\x67version\x01\x65roots"
HIDDEN = "!no-unauthenticated"


class BlueskyCarImporter:
    """Reads the posts of one repository."""

    name = "bluesky_car"
    members = None

    def recognise(self, head: bytes) -> float:
        """Sure when the file begins with the header of a CAR file."""
        return 0.95 if HEADER in head[:8] or OTHER_HEADER in head[:20] else 0.0

    def read(self, path: Path, settings: ImportSettings) -> Iterator[Page]:
        """See :class:`~hashwatch.collect.importers.Importer`. A place is a number of bytes."""
        try:
            with open_source(path) as source:
                tree = read_tree(source.stream, POST)
        except (ImportFormatError, EOFError, ValueError) as error:
            said = str(error)
            raise ImportFormatError(said if str(path) in said else f"{path}: {said}") from error
        records = Records(tree, settings.author)
        with open_source(path) as source:
            outcomes = survive_damage(records.outcomes(Reader(source.stream)), lambda: 1)
            yield from paginate(outcomes, source.position, records.warnings)


class Records:
    """The posts of a repository, in the order of the file."""

    def __init__(self, tree: Tree, handle: str | None) -> None:
        self.tree = tree
        self.author = read_author(tree, handle)
        self.named = sum(map(len, tree.keys.values()))
        self.found = 0
        self.handle_is_stated = handle is not None

    def warnings(self) -> tuple[str, ...]:
        """What the operator should know once all is read."""
        said = []
        if self.found < self.named:
            said.append(f"{self.named - self.found:,} posts are named but are not in the file")
        if self.tree.lost:
            said.append("parts of the list of its posts are missing: not all are known")
        if not self.handle_is_stated:
            said.append("the file does not say the account's handle: state it with --author")
        return tuple(said)

    def outcomes(self, reader: Reader) -> Iterator[Outcome]:
        """A post or a reject for every record that the tree names."""
        for block in reader.blocks():
            if isinstance(block, Cut):
                yield refuse(block.reason, b"", f"byte {block.at:,}")
                continue
            for rkey in self.tree.keys.pop(block.identity, ()):
                self.found += 1
                yield self.outcome(block, rkey)

    def outcome(self, block: Block, rkey: str) -> Outcome:
        """What becomes of one record."""
        try:
            return self.post(block, rkey)
        except RowError as error:
            return refuse(f"{rkey}: {error}", block.octets, f"byte {block.at:,}")

    def post(self, block: Block, rkey: str) -> Post:
        """The post in a block; raises ``RowError``."""
        if not block.is_whole():
            raise RowError("it is damaged: its content is not what its id stands for")
        value = decode(block.octets)
        if value.get("$type") != POST:
            raise RowError("it is no post")
        try:
            record = msgspec.convert(as_clean(as_json(value)), Record)
        except (msgspec.ValidationError, *BROKEN) as error:
            raise RowError(f"it is not as the protocol has it: {error}") from error
        # When it was written is the author's claim; it cannot be later than the key.
        seen = key_time(rkey) or key_time(self.tree.revision) or LAST_SECOND
        post = post_of(
            record, did=self.tree.did, handle=self.author.handle, rkey=rkey, seen=seen,
            raw=block.octets, instance=INSTANCE,
        )  # fmt: skip
        if post.created_at == LAST_SECOND:
            raise RowError("it has no time")
        return msgspec.structs.replace(post, author=self.author, raw_format=RAW_FORMAT)


def read_author(tree: Tree, handle: str | None) -> Author:
    """The account, as its profile describes it; its DID stands for a handle that is not stated."""
    profile: Mapping[str, Any] = tree.profile or {}
    labels = profile.get("labels")
    values = labels.get("values") if isinstance(labels, dict) else None
    hidden = any(isinstance(one, dict) and one.get("val") == HIDDEN for one in values or ())
    return Author(
        uri=tree.did,
        handle=handle.lstrip("@") if handle else tree.did,
        name=as_words(profile.get("displayName")),
        url=f"https://bsky.app/profile/{tree.did}",
        noindex=True if hidden else None,
        bio=as_words(profile.get("description")),
    )


def as_words(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def as_clean(value: Any) -> Any:
    """The value with text that can be stored."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [as_clean(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): as_clean(item) for key, item in value.items()}
    return value


IMPORTER = BlueskyCarImporter()
