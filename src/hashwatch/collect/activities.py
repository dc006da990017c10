"""Activities of an ActivityPub outbox → posts. Pure.

Written from https://www.w3.org/TR/activitystreams-vocabulary/ and what Mastodon puts into the
archive that an account can ask for. An outbox holds everything that the account has sent, to its
followers and to single people too: only what is addressed to the public becomes a post.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from hashwatch.collect.pages import RowError
from hashwatch.collect.text import html_to_text, safe_text
from hashwatch.collect.times import TimeError, iso_time
from hashwatch.model import Author, Engagement, Kind, Media, Post

SOURCE = "mastodon"
INSTANCE = "import"
RAW_FORMAT = "activity"

PUBLIC = frozenset(("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"))
ACTOR_NAME = re.compile(r"/(?:users/|@|u/|accounts/)([^/@?#]+)/?$")
AUTOMATED = frozenset(("Service", "Application"))


class Marked(msgspec.Struct, gc=False):
    """A hashtag or a mention, by its ``type``."""

    type: str = ""
    name: str = ""
    href: str | None = None


class Attached(msgspec.Struct, gc=False, rename="camel"):
    media_type: str | None = None
    url: str | None = None
    name: str | None = None


class Choice(msgspec.Struct, gc=False):
    name: str = ""


class Counted(msgspec.Struct, gc=False, rename="camel"):
    total_items: int | None = None


Addressed = str | list[str] | None


class Note(msgspec.Struct, rename="camel"):
    """What was written: a note, or a question with its choices."""

    id: str
    type: str = "Note"
    content: str | None = None
    published: str | None = None
    updated: str | None = None
    url: str | None = None
    attributed_to: str | None = None
    to: Addressed = None
    cc: Addressed = None
    summary: str | None = None
    sensitive: bool | None = None
    in_reply_to: str | None = None
    quote: str | None = None
    quote_uri: str | None = None
    content_map: dict[str, str] | None = None
    attachment: list[Attached] | None = None
    tag: list[Marked] | None = None
    one_of: list[Choice] | None = None
    any_of: list[Choice] | None = None
    likes: Counted | str | None = None
    shares: Counted | str | None = None


class Activity(msgspec.Struct):
    """What the account did. Its object is an address or the thing itself."""

    id: str
    type: str
    actor: str
    object: msgspec.Raw
    published: str | None = None
    to: Addressed = None
    cc: Addressed = None


class Addresses(msgspec.Struct):
    """To whom something goes, and nothing else of it."""

    to: Addressed = None
    cc: Addressed = None
    object: msgspec.Raw = msgspec.Raw(b"null")


class Actor(msgspec.Struct, rename="camel"):
    """The account, as ``actor.json`` describes it."""

    id: str
    preferred_username: str
    type: str = "Person"
    name: str | None = None
    summary: str | None = None
    url: str | None = None
    indexable: bool | None = None
    discoverable: bool | None = None


decode_activity = msgspec.json.Decoder(Activity).decode
decode_addresses = msgspec.json.Decoder(Addresses).decode
decode_note = msgspec.json.Decoder(Note).decode
decode_actor = msgspec.json.Decoder(Actor).decode


def is_public(raw: bytes) -> bool:
    """Whether an activity, and what it holds, say that they are for everybody.

    What does not say so, or cannot be read, is not. A note without addresses has its activity's.
    """
    try:
        outer = decode_addresses(raw)
        whole = bytes(outer.object)
        inner = decode_addresses(whole) if whole.startswith(b"{") else Addresses()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    addressed = inner.to is not None or inner.cc is not None
    return _names_public(outer) and (_names_public(inner) or not addressed)


def parse_activity(raw: bytes, actor: Actor | None = None) -> Post:
    """The post in a public activity; ``actor`` describes the account where it is known.

    Raises ``RowError`` for an activity that is no post, or what ``msgspec`` raises.
    """
    activity = decode_activity(raw)
    author = _author(activity.actor, actor if actor and actor.id == activity.actor else None)
    if activity.type == "Announce":
        return _boost(activity, author, raw)
    if activity.type != "Create":
        raise RowError(f"it is no post: its type is {activity.type[:40]!r}")
    note = decode_note(bytes(activity.object))
    if note.type not in ("Note", "Question", "Article", "Page"):
        raise RowError(f"it is no post: its object's type is {note.type[:40]!r}")
    if note.attributed_to not in (None, activity.actor):
        raise RowError("it was written by somebody else than the account")
    return _post(note, activity, author, raw)


def _names_public(addresses: Addresses) -> bool:
    for addressed in (addresses.to, addresses.cc):
        names = [addressed] if isinstance(addressed, str) else addressed or []
        if not PUBLIC.isdisjoint(names):
            return True
    return False


def _boost(activity: Activity, author: Author, raw: bytes) -> Post:
    """A boost: its object is the address of the original, whose words are not in the archive."""
    original = msgspec.json.decode(bytes(activity.object))
    if isinstance(original, dict):
        original = original.get("id")
    if not isinstance(original, str) or ":" not in original:
        raise RowError("it does not say what it boosts")
    return Post(
        uri=_uri(activity.id),
        source=SOURCE,
        instance=INSTANCE,
        author=author,
        created_at=_seconds(activity.published),
        text="",
        raw=raw,
        raw_format=RAW_FORMAT,
        kind="boost",
        boost_of=_uri(original),
    )


def _post(note: Note, activity: Activity, author: Author, raw: bytes) -> Post:
    tags = note.tag or []
    mentions = {tag.href or tag.name: _handle(tag) for tag in tags if tag.type == "Mention"}
    quoted = note.quote or note.quote_uri
    plain = html_to_text(note.content or "", mentions, drop_quote=bool(quoted))
    media = tuple(_media(attached) for attached in note.attachment or ())
    choices = note.one_of or note.any_of or ()
    if not (plain.text or media or choices):
        raise RowError("its text is empty")
    kind: Kind = "quote" if quoted else "reply" if note.in_reply_to else "post"
    warning = safe_text(note.summary) if note.summary else None
    return Post(
        uri=_uri(note.id),
        source=SOURCE,
        instance=INSTANCE,
        author=author,
        created_at=_seconds(note.published or activity.published),
        text=plain.text,
        raw=raw,
        raw_format=RAW_FORMAT,
        url=safe_text(note.url) if note.url else None,
        kind=kind,
        language=_language(note.content_map),
        reply_to=safe_text(note.in_reply_to) if note.in_reply_to else None,
        quote_of=safe_text(quoted) if quoted else None,
        hashtags=tuple(_hashtags(plain.hashtags, tags)),
        mentions=tuple(dict.fromkeys(mentions.values())),
        links=plain.links,
        media=media,
        poll=tuple(safe_text(choice.name) for choice in choices),
        content_warning=warning,
        sensitive=bool(note.sensitive),
        edited_at=_seconds(note.updated) if note.updated else None,
        engagement=Engagement(boosts=_count(note.shares), likes=_count(note.likes)),
    )


@lru_cache(maxsize=16)
def _author_of(uri: str) -> Author:
    """An account of which only the address is known, which holds its name and its server."""
    name = ACTOR_NAME.search(uri)
    host = urlsplit(uri).hostname
    if not host:
        raise RowError("its author has no address")
    return Author(uri=uri, handle=f"{name[1]}@{host}" if name else host, url=uri)


def _author(uri: str, actor: Actor | None) -> Author:
    uri = _uri(uri)
    if actor is None:
        return _author_of(uri)
    return Author(
        uri=uri,
        handle=f"{safe_text(actor.preferred_username)}@{urlsplit(uri).hostname or ''}",
        name=safe_text(actor.name or ""),
        url=safe_text(actor.url) if actor.url else None,
        bot=actor.type in AUTOMATED,
        indexable=actor.indexable,
        discoverable=actor.discoverable,
        bio=html_to_text(actor.summary).text if actor.summary else "",
    )


def _uri(text: str) -> str:
    uri = safe_text(text).strip()
    if ":" not in uri:
        raise RowError("its address is none")
    return uri


def _handle(tag: Marked) -> str:
    name = safe_text(tag.name).lstrip("@")
    host = urlsplit(tag.href or "").hostname if "@" not in name else None
    return f"{name}@{host}" if host else name


def _hashtags(in_text: tuple[str, ...], tags: list[Marked]) -> Iterator[str]:
    """As written where they stand in the text, else as the server lists them (in lower case)."""
    yield from in_text
    written = {hashtag.casefold() for hashtag in in_text}
    for tag in tags:
        name = safe_text(tag.name).lstrip("#")
        if tag.type == "Hashtag" and name and name.casefold() not in written:
            written.add(name.casefold())
            yield name


def _media(attached: Attached) -> Media:
    kind = (attached.media_type or "").partition("/")[0]
    # In an archive the file lies beside the outbox, and its address leads nowhere else.
    url = attached.url if (attached.url or "").startswith(("https://", "http://")) else None
    return Media(
        kind=kind if kind in ("image", "video", "audio") else "other",
        url=url,
        alt=safe_text(attached.name or ""),
    )


def _language(content_map: dict[str, str] | None) -> str | None:
    """The language of the text where it is said to be in one only."""
    languages = list(content_map or ())
    return safe_text(languages[0]) if len(languages) == 1 else None


def _count(counted: Counted | str | None) -> int | None:
    return counted.total_items if isinstance(counted, Counted) else None


def _seconds(text: str | None) -> int:
    try:
        return iso_time(text or "")
    except TimeError as error:
        raise RowError(str(error)) from error
