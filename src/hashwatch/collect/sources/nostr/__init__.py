"""Nostr: notes with a hashtag from several relays, as they come and as far back as each has them.

A relay is asked by hashtag and pushes what is new over the same WebSocket. It is trusted with
nothing: every event's signature is checked (:mod:`.events`). What is said to a relay is in
:mod:`.talk`; the cursor holds from when until when each hashtag has been read.
"""

from __future__ import annotations

import asyncio
import time
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hashwatch.bech32 import key_of
from hashwatch.collect.guard import is_this_machine
from hashwatch.collect.source import Place, Query
from hashwatch.collect.sources.nostr.events import NAME, Verify, find_verify
from hashwatch.collect.sources.nostr.talk import Talk, read_page
from hashwatch.collect.sources.nostr.wanted import Profiles, Wanted, read_progress
from hashwatch.errors import ConfigError, SourceError, UnreachableError
from hashwatch.model import Cursor, Page, fold_hashtag

if TYPE_CHECKING:
    # Reading the configuration asks every source for its settings, and needs no connection.
    from websockets.asyncio.client import ClientConnection

    from hashwatch.collect.http import Http

LARGEST = 1_000_000  # bytes of one message; relays take events of some 100 kB at most
PAUSE = 0.25  # seconds after which it is looked at whether a page is due
BEAT = 5.0  # seconds after which a page is handed on whatever it holds
PAST = 60.0  # seconds without a message in which a relay has not yet given all of its past
FRAMES = 500


class Settings(BaseModel):
    """``[sources.nostr]``.

    ``relays``: names (``"nos.lol"``) or addresses (``"wss://relay.example/inbox"``).
    ``overlap_minutes``: how far each new connection reads again what it has. ``allow_loopback``:
    permits ``ws://`` relays on this machine.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    relays: tuple[str, ...] = Field(min_length=1)
    overlap_minutes: int = Field(default=60, ge=0, le=1_440)
    allow_loopback: bool = False

    @field_validator("relays")
    @classmethod
    def _names_are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(each if "://" in each else f"wss://{each}" for each in value)

    @model_validator(mode="after")
    def _are_addresses(self) -> Settings:
        for relay in self.relays:
            parts = urlsplit(relay)
            local = self.allow_loopback and is_this_machine(parts.hostname or "")
            fits = parts.scheme in (("wss", "ws") if local else ("wss",))
            if not fits or not parts.hostname or "@" in parts.netloc:
                raise ValueError(f"relays: {relay!r} is not an address that begins wss://")
        if len({instance_of(relay) for relay in self.relays}) < len(self.relays):
            raise ValueError("relays names a relay twice")
        return self


def instance_of(relay: str) -> str:
    """A relay's name in posts, runs and gaps."""
    parts = urlsplit(relay)
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}"


def connect(settings: Settings, http: Http) -> Nostr:
    """Nostr as a source; raises ``ConfigError`` where signatures cannot be checked."""
    try:
        verify = find_verify()
    except ImportError:
        reason = (
            "the package coincurve, which checks signatures, is not installed (it is there for"
            " Python 3.11 to 3.13); install it, or take this source out"
        )
        raise ConfigError([f"sources.nostr: {reason}"]) from None
    return Nostr(settings, http, verify)


def parse_page(payload: Iterable[bytes], instance: str, query: Query, verify: Verify) -> Page:
    """What some messages of one relay hold that ``query`` wants."""
    return read_page(payload, instance, wanted_of(query), verify)


def wanted_of(query: Query) -> Wanted:
    """What to ask for. Relays fold nothing, and most clients write hashtags in lower case.

    Of the accounts, those that are keys (``npub1…``).
    """
    spellings: dict[str, None] = {}
    for hashtag in query.hashtags:
        written = [each for each in query.written if fold_hashtag(each) == hashtag]
        plain = [unicodedata.normalize("NFC", each).strip().lstrip("#") for each in written]
        spellings |= dict.fromkeys([hashtag, *(each.lower() for each in plain), *plain])
    keys = []
    for account in query.accounts:
        try:
            keys.append(key_of(account))
        except ValueError:
            continue
    return Wanted(tuple(spellings), frozenset(query.hashtags), tuple(dict.fromkeys(keys)))


class Nostr:
    """A streaming source: a place is a relay."""

    name = NAME

    def __init__(
        self,
        settings: Settings,
        http: Http,
        verify: Verify,
        *,
        now: Callable[[], float] = time.time,
        patience: float = PAST,
    ) -> None:
        self._relays = {instance_of(relay): relay for relay in settings.relays}
        self._overlap = settings.overlap_minutes * 60
        self._allow_loopback = settings.allow_loopback
        self._http, self._verify, self._now = http, verify, now
        self._patience = patience
        self._profiles = Profiles()
        if settings.allow_loopback:
            for relay in settings.relays:
                if is_this_machine(urlsplit(relay).hostname or ""):
                    http.permit_loopback(_page_of(relay))

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every relay, if anything is asked for that it can know."""
        if not wanted_of(query).filters():
            return ()
        return tuple(Place(self.name, instance) for instance in self._relays)

    async def stream(
        self, place: Place, cursor: Cursor | None, query: Query
    ) -> AsyncIterator[Page]:
        """Pages of wanted notes and of all deletions, until the connection fails."""
        now, wanted = int(self._now()), wanted_of(query)
        progress = read_progress(cursor)
        since = progress.since(wanted, query.since, self._overlap)
        # A clock that was put back must not put the past off.
        since = min(since, max(query.since, now - self._overlap))
        # What was deleted before the first connection is not given to us any more.
        deleted_since = max(min(progress.reached or now, now) - self._overlap, 0)
        talk = Talk(place, wanted, since, deleted_since, self._profiles, self._verify, progress)
        socket = await self._open(place.instance)
        heard = told = time.monotonic()
        try:
            failure = await _converse(socket, talk, place.instance, talk.begin())
            while failure is None:
                frames = talk.frames
                failure = await _converse(socket, talk, place.instance)
                clock = time.monotonic()
                heard = clock if talk.frames > frames or talk.is_present else heard
                if clock - heard > self._patience and talk.forgo_deletions():
                    heard = clock
                elif clock - heard > self._patience and failure is None:
                    failure = UnreachableError(
                        f"{place.instance} has said nothing for {clock - heard:.0f} s"
                    )
                if talk.is_due(clock) or failure is not None or clock - told >= BEAT:
                    told = clock
                    yield talk.page(int(self._now()))
        finally:
            await socket.close()
        raise failure

    async def check(self, place: Place) -> str:
        """What the relay says of itself, if it does."""
        accept = {"Accept": "application/nostr+json"}
        try:
            answer = await self._http.get(_page_of(self._relays[place.instance]), headers=accept)
            about = msgspec.json.decode(answer.body, type=_About)
        except (SourceError, msgspec.MsgspecError, UnicodeDecodeError):
            return ""
        words = f"{about.software.rstrip('/').rpartition('/')[2]} {about.version}".split()
        printable = "".join(c for c in " ".join(words) if c.isprintable())[:80]
        return f"{place.instance}: {printable}" if printable else ""

    async def _open(self, instance: str) -> ClientConnection:
        from websockets.exceptions import InvalidStatus

        from hashwatch.collect.sockets import open_guarded, refused

        try:
            return await open_guarded(
                self._relays[instance], allow_loopback=self._allow_loopback, largest=LARGEST
            )
        except InvalidStatus as error:
            raise refused(instance, error, "is no relay of Nostr") from error


def _page_of(relay: str) -> str:
    """https://github.com/nostr-protocol/nips/blob/master/11.md"""
    return relay.replace("ws", "http", 1)


class _About(msgspec.Struct):
    software: str = ""
    version: str = ""


async def _converse(
    socket: ClientConnection, talk: Talk, instance: str, opening: Iterable[bytes] = ()
) -> SourceError | None:
    """Listen and answer for a moment; the error if the relay or the connection ended it."""
    from websockets.exceptions import ConnectionClosed

    enough = talk.frames + FRAMES
    try:
        await _send(socket, opening)
        try:
            async with asyncio.timeout(PAUSE):
                while not talk.is_full and talk.frames < enough:
                    await _send(socket, talk.take(await socket.recv(decode=False)))
        except TimeoutError:
            pass
        await _send(socket, talk.questions())
    except ConnectionClosed as error:
        return UnreachableError(f"{instance}'s stream broke off: {error}")
    except SourceError as error:
        return error
    return None


async def _send(socket: ClientConnection, frames: Iterable[bytes]) -> None:
    for frame in frames:
        await socket.send(frame, text=True)
