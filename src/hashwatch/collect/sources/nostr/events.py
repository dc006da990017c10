"""Nostr's events: read, proven to be their author's, and what they become. Pure.

An event's id is the SHA-256 of its contents, its signature a Schnorr signature (BIP 340) of the id:
a relay can keep events back, but it cannot write any.
https://github.com/nostr-protocol/nips/blob/master/01.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256

import msgspec

from hashwatch.bech32 import key_of, nevent, note, npub
from hashwatch.collect.encoding import clean
from hashwatch.collect.entities import entities
from hashwatch.collect.jetstream import decode_leniently
from hashwatch.collect.times import LAST_SECOND
from hashwatch.model import Author, Kind, Media, Post, fold_hashtag

NAME = "nostr"
PROFILE, NOTE, DELETION = 0, 1, 5
# Where people can look at it: Nostr itself has no pages.
PAGES = "https://njump.me"

_HEX = re.compile(r"[0-9a-f]{64}")
_KEY_IN_TEXT = re.compile(r"nostr:((?:npub|nprofile)1[02-9ac-hj-np-z]+)")

Verify = Callable[[bytes, bytes, bytes], bool]


class ForgedError(ValueError):
    """An event is not what it says, or not of whom it says."""


class Event(msgspec.Struct, frozen=True):
    """An event as it is on the wire; times in UTC seconds."""

    id: str
    pubkey: str
    created_at: int
    kind: int
    tags: tuple[tuple[str, ...], ...]
    content: str
    sig: str

    def values(self, name: str) -> Iterator[str]:
        """What stands first in each tag of this name."""
        return (tag[1] for tag in self.tags if len(tag) > 1 and tag[0] == name)

    def value(self, name: str) -> str | None:
        """The first of these; ``None`` where there is none."""
        return next(self.values(name), None)


class Profile(msgspec.Struct, frozen=True):
    """What somebody says of themselves."""

    name: str = ""
    display_name: str = ""
    about: str = ""
    bot: bool | None = None

    @property
    def shown(self) -> str:
        """Their name for people."""
        return self.display_name or self.name


_decode_event = msgspec.json.Decoder(Event).decode
_decode_profile = msgspec.json.Decoder(dict[str, object]).decode
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def find_verify() -> Verify:
    """``(key, signature, id) -> bool``; raises ``ImportError`` without coincurve."""
    from coincurve import PublicKeyXOnly

    def verify(key: bytes, signature: bytes, message: bytes) -> bool:
        try:
            return PublicKeyXOnly(key).verify(signature, message)
        except ValueError:  # not a point of the curve, or not 64 bytes
            return False

    return verify


def read_event(raw: bytes) -> Event:
    """An event that is still to be proven; raises ``ValueError`` for what is none."""
    try:
        event = _decode_event(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not an event: {error}") from None
    if not _HEX.fullmatch(event.id) or not _HEX.fullmatch(event.pubkey):
        raise ValueError("not an event: its id or its key is not 64 hexadecimal digits")
    if not 0 < event.created_at <= LAST_SECOND:
        raise ValueError(f"not an event: it is of {event.created_at}")
    return event


def prove(event: Event, verify: Verify) -> None:
    """Raises :class:`ForgedError` unless the id fits what is in it, and the signature the id."""
    if event.id not in (_id_of(event), _id_of(event, verbatim=True)):
        raise ForgedError("forged: the id does not fit what is in it")
    try:
        signature = bytes.fromhex(event.sig)
    except ValueError:
        signature = b""
    if not verify(bytes.fromhex(event.pubkey), signature, bytes.fromhex(event.id)):
        raise ForgedError("forged: the signature does not fit")


def _id_of(event: Event, verbatim: bool = False) -> str:
    """The id that these contents have.

    The specification wants all but seven characters ``verbatim``; what most clients write escapes
    the other control characters as well, as JSON demands.
    """
    parts = [0, event.pubkey, event.created_at, event.kind, event.tags, event.content]
    text = _encode(parts)
    if verbatim:
        text = re.sub(r"(?<!\\)((?:\\\\)*)\\u00([01][0-9a-f])", _unescaped, text)
    return sha256(text.encode()).hexdigest()


def _unescaped(match: re.Match[str]) -> str:
    return match[1] + chr(int(match[2], 16))


def uri_of(event: str, author: str) -> str:
    """A post's identity. The author's key is in it: a stranger's deletion names another post."""
    return f"nostr:{nevent(event, author)}"


def deleted_by(event: Event) -> tuple[str, ...]:
    """The URIs of the posts that a deletion names, as its author's own.

    One that says (``k``) that it is about other kinds of events only names none.
    """
    kinds = set(event.values("k"))
    if kinds and str(NOTE) not in kinds:
        return ()
    ids = dict.fromkeys(each for each in event.values("e") if _HEX.fullmatch(each))
    return tuple(uri_of(each, event.pubkey) for each in ids)


def hashtags_of(event: Event) -> tuple[str, ...]:
    """The hashtags as written in the text, then those that stand beside it only."""
    found = {fold_hashtag(each): each for each in reversed(entities(clean(event.content)).hashtags)}
    written = dict(reversed(found.items()))
    for value in event.values("t"):
        hashtag = clean(value).strip().lstrip("#")
        if hashtag and not any(c.isspace() for c in hashtag):
            written.setdefault(fold_hashtag(hashtag), hashtag)
    return tuple(each for folded, each in written.items() if folded)


def mentions_of(event: Event) -> tuple[str, ...]:
    """The keys that the text names."""
    keys = []
    for match in _KEY_IN_TEXT.finditer(event.content):
        try:
            keys.append(key_of(match[1]))
        except ValueError:
            continue
    return tuple(dict.fromkeys(keys))


def expires(event: Event) -> bool:
    """Whether its author wants it to be gone some day: it is then not taken in at all."""
    return event.value("expiration") is not None


def post_of(event: Event, raw: bytes, instance: str, profile: Profile | None) -> Post:
    """The post that a note is; ``raw`` is the event as it came."""
    text = clean(event.content)
    warning = event.value("content-warning")
    reply_to, quote_of = _reply_to(event), _quote_of(event)
    kind: Kind = "reply" if reply_to else "quote" if quote_of else "post"
    media = tuple(_media(event))
    attached = {item.url for item in media}
    shown = npub(event.pubkey)
    about = profile or Profile()
    uri = uri_of(event.id, event.pubkey)
    return Post(
        uri=uri,
        url=f"{PAGES}/{uri.removeprefix('nostr:')}",
        source=NAME,
        instance=instance,
        author=Author(
            uri=f"nostr:{shown}",
            handle=shown,
            # Of a key that nobody has named, what people look at: its ends.
            name=clean(about.shown) or f"{shown[:10]}…{shown[-5:]}",
            url=f"{PAGES}/{shown}",
            bot=about.bot,
            bio=clean(about.about),
        ),
        created_at=event.created_at,
        text=text,
        raw=raw,
        raw_format=NAME,
        kind=kind,
        language=_language(event),
        reply_to=reply_to,
        quote_of=quote_of,
        hashtags=hashtags_of(event),
        mentions=tuple(npub(key) for key in mentions_of(event)),
        links=tuple(link for link in entities(text).links if link not in attached),
        media=media,
        content_warning=None if warning is None else clean(warning),
        sensitive=warning is not None,
    )


def _reply_to(event: Event) -> str | None:
    """The post that is answered: marked so, or the last one named, as it was done before marks.

    https://github.com/nostr-protocol/nips/blob/master/10.md
    """
    named = [tag for tag in event.tags if tag[:1] == ("e",) and len(tag) > 1]
    marked = {tag[3]: tag for tag in named if len(tag) > 3 and tag[3]}
    answered = marked.get("reply") or marked.get("root")
    if answered is None and named and not marked:
        answered = named[-1]
    if answered is None or not _HEX.fullmatch(answered[1]):
        return None
    people = dict.fromkeys(each for each in event.values("p") if _HEX.fullmatch(each))
    stated = answered[4] if len(answered) > 4 else ""
    if not _HEX.fullmatch(stated):
        stated = next(iter(people)) if len(people) == 1 else ""
    return uri_of(answered[1], stated) if stated else f"nostr:{note(answered[1])}"


def _quote_of(event: Event) -> str | None:
    for tag in event.tags:
        if tag[:1] == ("q",) and len(tag) > 1 and _HEX.fullmatch(tag[1]):
            known = len(tag) > 3 and _HEX.fullmatch(tag[3])
            return uri_of(tag[1], tag[3]) if known else f"nostr:{note(tag[1])}"
    return None


def _media(event: Event) -> Iterator[Media]:
    """https://github.com/nostr-protocol/nips/blob/master/92.md"""
    for tag in event.tags:
        if tag[:1] != ("imeta",):
            continue
        parts = dict(reversed([entry.partition(" ")[::2] for entry in tag[1:]]))
        if parts.get("url", "").startswith("https://"):
            kind = parts.get("m", "").partition("/")[0]
            yield Media(
                kind=kind if kind in ("image", "video", "audio") else "other",
                url=clean(parts["url"]),
                alt=clean(parts.get("alt", "")),
            )


def _language(event: Event) -> str | None:
    for tag in event.tags:
        if tag[:1] == ("l",) and tag[2:3] == ("ISO-639-1",) and re.fullmatch("[a-z]{2}", tag[1]):
            return tag[1]
    return None


def read_profile(event: Event) -> Profile:
    """What a profile's event says; each part that is not as it should be is left out."""
    try:
        said = decode_leniently(_decode_profile, event.content.encode("utf-8", "replace"))
    except ValueError:
        return Profile()
    words = {
        name: value
        for name in ("name", "display_name", "about")
        if isinstance(value := said.get(name), str)
    }
    bot = said.get("bot")
    return Profile(**words, bot=bot if isinstance(bot, bool) else None)
