"""A written conversation: its posts, a line each, and its people.

The format of both files, what the package bundles, and how they are read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from hashwatch import demo


class Edit(msgspec.Struct, frozen=True):
    """The text that a post was changed to, and when."""

    after_minutes: float
    text: str


class LineMedia(msgspec.Struct, frozen=True):
    """An attachment of a written post."""

    kind: str
    alt: str = ""


class Line(msgspec.Struct, frozen=True):
    """One written post. ``declared`` is the platform's language, the text's own if it is unset."""

    id: str
    at: datetime
    who: str
    text: str
    lang: str
    declared: str | msgspec.UnsetType | None = msgspec.UNSET
    reply_to: str | None = None
    quote_of: str | None = None
    cw: str | None = None
    media: tuple[LineMedia, ...] = ()
    poll: tuple[str, ...] = ()
    boosts: int = 0
    likes: int = 0
    replies: int = 0
    quotes: int = 0
    edit: Edit | None = None
    delete_after_minutes: float | None = None


class Person(msgspec.Struct, frozen=True):
    """Somebody invented. ``home`` is a host, ``net`` the kind of network it belongs to."""

    who: str
    name: str
    home: str
    net: str = ""
    bio: str = ""
    bot: bool = False
    followers: int = 0
    noindex: bool | None = None


class Hole(msgspec.Struct, frozen=True):
    """A stretch of time (UTC seconds) in which nothing was collected."""

    start: int
    end: int
    reason: str


class Bundle(msgspec.Struct, frozen=True):
    """One conversation. ``start`` (UTC seconds) is the moment from which it is played."""

    slug: str
    hashtags: tuple[str, ...]
    start: int
    timezone: str
    holes: tuple[Hole, ...]
    people: dict[str, Person]
    lines: tuple[tuple[Line, bytes], ...]


class OutlineHole(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """A hole in the collection, from and to, and the reason that is given for it."""

    start: datetime
    end: datetime
    reason: str


class Outline(msgspec.Struct, frozen=True):
    """What ``bundles.toml`` says of one conversation; its times are local to its zone."""

    slug: str
    hashtags: tuple[str, ...]
    timezone: str
    start: datetime
    gap: tuple[OutlineHole, ...] = ()


class _Outlines(msgspec.Struct, frozen=True):
    bundle: tuple[Outline, ...]


def bundled() -> Mapping[str, tuple[str, ...]]:
    """The slugs of the conversations in the package, each with its hashtags."""
    return {known.slug: known.hashtags for known in _known()}


def load_bundle(slug: str) -> Bundle:
    """The conversation ``slug`` of the package; raises ``KeyError`` if there is none."""
    described = {known.slug: known for known in _known()}[slug]
    return read_bundle(described, demo.read(f"{slug}.jsonl"), demo.read(f"{slug}_people.jsonl"))


def read_bundle(described: Outline, posts: bytes, people: bytes) -> Bundle:
    """A conversation from its two files; raises ``msgspec.ValidationError`` at a wrong line."""
    zone = ZoneInfo(described.timezone)
    decode_line = msgspec.json.Decoder(Line).decode
    decode_person = msgspec.json.Decoder(Person).decode
    persons = [decode_person(line) for line in people.splitlines() if line.strip()]
    return Bundle(
        slug=described.slug,
        hashtags=described.hashtags,
        start=seconds(described.start, zone),
        timezone=described.timezone,
        holes=tuple(
            Hole(seconds(hole.start, zone), seconds(hole.end, zone), hole.reason)
            for hole in described.gap
        ),
        people={person.who: person for person in persons},
        lines=tuple((decode_line(line), line) for line in posts.splitlines() if line.strip()),
    )


def seconds(moment: datetime, zone: ZoneInfo) -> int:
    """UTC seconds of a moment, taken as local to ``zone`` when it names no zone of its own."""
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())


def iso(at: int) -> str:
    """UTC seconds as ``2017-03-31T09:30:00Z``."""
    return datetime.fromtimestamp(at, ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%SZ")


def _known() -> tuple[Outline, ...]:
    text = demo.read("bundles.toml").decode()
    return msgspec.convert(tomllib.loads(text), _Outlines).bundle
