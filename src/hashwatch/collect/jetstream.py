"""Jetstream's events → posts and tombstones. Pure: bytes in, records out.

Jetstream sends every post of Bluesky; what is wanted is picked out here. Most events are passed
over by a look at their bytes, without parsing (:meth:`Wanted.may_match`).

Version 1 sends the event itself, version 2 wraps it (``{"$type": "message", "payload": …}``) and
names its parts differently. https://github.com/bluesky-social/jetstream (lexicons, specs)
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from hashwatch.collect.bluesky_record import POST, Record, post_of, tags_and_mentions
from hashwatch.collect.encoding import clean
from hashwatch.collect.times import LAST_SECOND, iso_time
from hashwatch.model import Post, Reject, Tombstone, fold_account, fold_hashtag

T = TypeVar("T")

MICROSECONDS = 1_000_000
# An event that says one of these is not a new post and is always read.
_OTHERS = (b'"delete"', b'"account"', b'"identity"', b'"error"', b'#info"')
_GONE = {"deleted": "the account was deleted", "takendown": "the account was taken down"}


class Commit(msgspec.Struct, frozen=True):
    """A change of one record of an account."""

    operation: str
    collection: str
    rkey: str
    record: msgspec.Raw = msgspec.Raw()


class Event(msgspec.Struct, frozen=True):
    """One event of either version. ``time_us`` (microseconds since 1970) is its cursor.

    ``kind`` is commit, account, identity, info or error; ``notice`` and ``message`` belong to the
    last two, ``status`` to an account that is not active.
    """

    kind: str
    raw: bytes
    did: str = ""
    time_us: int = 0
    commit: Commit | None = None
    status: str = ""
    handle: str = ""
    notice: str = ""
    message: str = ""


class Wanted:
    """Which posts are wanted: by hashtag, by who is mentioned, by who wrote them.

    ``hashtags`` are folded; ``accounts`` are handles or DIDs. The DID of a wanted handle is learnt
    from :meth:`learn`.
    """

    def __init__(self, hashtags: Iterable[str], accounts: Iterable[str]) -> None:
        self.hashtags = frozenset(hashtags)
        self.accounts = frozenset(map(fold_account, accounts))
        self._dids = {name for name in self.accounts if name.startswith("did:")}
        self._needles: tuple[bytes, ...] | None = None
        self._make_needles()

    def learn(self, did: str, handle: str) -> None:
        """Remember the DID of a handle, if it is a wanted one."""
        if fold_account(handle) in self.accounts and fold_account(did) not in self._dids:
            self._dids.add(fold_account(did))
            self._make_needles()

    def may_match(self, frame: bytes) -> bool:
        """Whether an event must be read; never false for one that matters.

        In a frame of plain ASCII without escapes, a hashtag that folds to a wanted one stands
        letter by letter, in upper or lower case. Any other frame is read.
        """
        if self._needles is None or not frame.isascii() or b"\\u" in frame or b"\0" in frame:
            return True
        lower = frame.lower()
        return any(needle in lower for needle in self._needles)

    def matches(self, did: str, record: Record) -> bool:
        """Whether a post is wanted."""
        if fold_account(did) in self._dids:
            return True
        tags, mentions, mentioned = tags_and_mentions(record)
        return (
            any(fold_hashtag(tag) in self.hashtags for tag in tags)
            or any(fold_account(mention) in self.accounts for mention in mentions)
            or any(fold_account(who) in self._dids for who in mentioned)
        )

    def appear_in(self, text: str) -> bool:
        """Whether something wanted stands anywhere in a text that could not be read."""
        folded, lower = fold_hashtag(text), text.casefold()
        return any(tag in folded for tag in self.hashtags) or any(
            name in lower for name in self.accounts | self._dids
        )

    def _make_needles(self) -> None:
        words = self.hashtags | self.accounts | self._dids
        ascii_words = [word.encode() for word in words if word.isascii()]
        # JSON may write these characters in two ways, so that their bytes prove nothing.
        ambiguous = any(
            set(word) & set(b'"\\/\x7f') or min(word, default=0) < 0x21 for word in ascii_words
        )
        self._needles = None if ambiguous else (*ascii_words, *_OTHERS)


class Handles:
    """The handles of accounts as identity events told them; forgets the oldest."""

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._handles: OrderedDict[str, str] = OrderedDict()

    def learn(self, did: str, handle: str) -> None:
        """Remember that ``did`` is now called ``handle``."""
        self._handles.pop(did, None)
        if handle and handle != "handle.invalid":
            self._handles[did] = handle
            if len(self._handles) > self._most:
                self._handles.popitem(last=False)

    def of(self, did: str) -> str:
        """The handle of ``did``, or the DID itself until it is known."""
        return self._handles.get(did, did)


def parse_event(
    event: Event, wanted: Wanted, handles: Handles, instance: str
) -> Post | Tombstone | Reject | None:
    """What one event means: a wanted post, a deletion, something unreadable, or nothing.

    ``wanted`` and ``handles`` learn from identity events.
    """
    at = event.time_us // MICROSECONDS
    if event.kind == "identity" and event.handle:
        handles.learn(event.did, event.handle)
        wanted.learn(event.did, event.handle)
        return None
    if event.kind == "account":
        reason = _GONE.get(event.status)
        return Tombstone(at, reason, author_uri=event.did) if reason else None
    if event.commit is None or event.commit.collection != POST:
        return None
    uri = f"at://{event.did}/{POST}/{event.commit.rkey}"
    if event.commit.operation == "delete":
        return Tombstone(at, "deleted by its author", uri=uri)
    try:
        record = _record(event.commit.record)
    except ValueError as error:
        if not wanted.appear_in(_readable(event.raw)):
            return None
        return Reject(f"the record of {uri} is not a post: {error}", event.raw[:2000], "jetstream")
    if not wanted.matches(event.did, record):
        return None
    post = post_of(
        record,
        did=event.did,
        handle=handles.of(event.did),
        rkey=event.commit.rkey,
        seen=at,
        raw=event.raw,
        instance=instance,
    )
    return replace(post, edited_at=at) if event.commit.operation == "update" else post


class _Account(msgspec.Struct):
    active: bool = True
    status: str | None = None


class _Identity(msgspec.Struct):
    handle: str | None = None


class _Frame(msgspec.Struct):
    """Everything that either version may send, in its envelope or without one."""

    type: str = msgspec.field(name="$type", default="")
    payload: msgspec.Raw = msgspec.Raw()
    kind: str = ""
    did: str = ""
    time_us: int = 0
    time: str = ""
    witnessed: str = msgspec.field(name="witnessedAt", default="")
    commit: Commit | None = None
    account: _Account | None = None
    identity: _Identity | None = None
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    record: msgspec.Raw = msgspec.Raw()
    error: str = ""
    name: str = ""
    message: str = ""


_decode_frame = msgspec.json.Decoder(_Frame).decode
_decode_record = msgspec.json.Decoder(Record).decode


def read_event(frame: bytes) -> Event:
    """A frame of either version as an event; raises ``ValueError`` when it is none."""
    read = decode_leniently(_decode_frame, frame)
    if read.type == "error":
        return Event("error", frame, notice=read.error, message=read.message)
    if read.payload:
        return _second_version(bytes(read.payload))
    if not read.kind:
        raise ValueError("the event has no kind")
    return _event(read, read.kind, frame, read.time_us, read.commit)


def _second_version(payload: bytes) -> Event:
    read = decode_leniently(_decode_frame, payload)
    kind = read.type.rpartition("#")[2]
    if kind == "info":
        return Event("info", payload, notice=read.name, message=read.message)
    commit = None
    if kind == "commit":
        commit = Commit(read.operation, read.collection, read.rkey, read.record)
    # The time of witnessing is what a cursor is compared with; an import may change the other.
    return _event(read, kind, payload, microseconds(read.witnessed or read.time), commit)


def _event(read: _Frame, kind: str, raw: bytes, time_us: int, commit: Commit | None) -> Event:
    if not read.did or not 0 < time_us <= LAST_SECOND * MICROSECONDS:
        raise ValueError("the event has no account or no time")
    if "\0" in read.did or (commit and "\0" in commit.rkey):
        raise ValueError("the event's account or key holds a NUL")
    account = read.account
    return Event(
        kind=kind,
        raw=raw,
        did=read.did,
        time_us=time_us,
        commit=commit,
        status=(account.status or "") if account and not account.active else "",
        handle=clean(read.identity.handle or "") if read.identity else "",
    )


def microseconds(time: str) -> int:
    """An ISO time in microseconds since 1970; raises ``ValueError``."""
    whole = iso_time(time)
    _, _, rest = time.partition(".")
    digits = ""
    for character in rest:
        if not character.isdecimal():
            break
        digits += character
    return whole * MICROSECONDS + int((digits + "000000")[:6])


def _record(raw: msgspec.Raw) -> Record:
    return decode_leniently(_decode_record, bytes(raw))


def decode_leniently(decode: Callable[[bytes], T], octets: bytes) -> T:
    """``octets`` as ``decode`` reads them, mended first where they hold what no text may.

    Raises ``ValueError`` when they cannot be read even so.
    """
    if b"\\u0000" in octets:
        octets = _mended(octets)
    try:
        try:
            return decode(octets)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError):
            return decode(_mended(octets))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _mended(octets: bytes) -> bytes:
    """JSON again, with NUL left out and lone surrogates and broken UTF-8 replaced."""
    value = json.loads(octets.decode("utf-8", "replace"), strict=False)
    return msgspec.json.encode(_cleaned(value))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, Mapping):
        return {clean(key): _cleaned(item) for key, item in value.items()}
    return value


def _readable(raw: bytes) -> str:
    try:
        return json.dumps(json.loads(raw), ensure_ascii=False)
    except (ValueError, RecursionError):
        return raw.decode("utf-8", "replace")
