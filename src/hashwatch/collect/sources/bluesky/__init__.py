"""Bluesky: every new post of the network by Jetstream, of which the wanted ones are kept.

The server cannot filter by hashtag, so all posts come here and most are passed over unread
(:mod:`hashwatch.collect.jetstream`). It needs no account and no token; with
an app password there is a search beside it (:mod:`.search`). The cursor is the time of
the newest event in microseconds, which holds for both versions and for every endpoint.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from hashwatch.collect.guard import is_this_machine
from hashwatch.collect.jetstream import (
    MICROSECONDS,
    Event,
    Handles,
    Wanted,
    parse_event,
    read_event,
)
from hashwatch.collect.source import STREAM_DOWN, STREAMED, Place, Query
from hashwatch.collect.sources.bluesky.search import INSTANCE, PUBLIC, SearchedBluesky, searchable
from hashwatch.collect.sources.bluesky.session import Session
from hashwatch.collect.times import LAST_SECOND
from hashwatch.collect.tokens import TokenFile, read_token
from hashwatch.errors import BadAnswerError, NotFoundError, SourceError, UnreachableError
from hashwatch.model import Cursor, Gap, Page, Post, Reject, Tombstone

if TYPE_CHECKING:
    # Reading the configuration asks every source for its settings, and needs no connection.
    from websockets.asyncio.client import ClientConnection

    from hashwatch.collect.http import Http

HANDLES = "https://public.api.bsky.app/xrpc/com.atproto.identity.resolveHandle"

# Events are nearly in order of time, endpoints nearly agree: so much is read again, in seconds.
OVERLAP = 5
# Above the first event after a cursor lying so much later than it, something is missing.
TOLERANCE = 30
# Version 2 reads this as a time long ago and starts with the oldest event it has.
OLDEST = 10**15

PAUSE = 0.25  # seconds after which a page with posts is handed on
BEAT = 5.0  # seconds after which a page is handed on whatever it holds
SILENCE = 60.0  # seconds without an event after which the connection counts as dead
POSTS = 200
TOMBSTONES = 1_000
FRAMES = 2_000


class Settings(BaseModel):
    """``[sources.bluesky]``.

    ``version`` of the protocol; ``endpoints``, tried in turn; ``look_back``: hours before the first
    start from which posts are fetched, 36 at most; ``allow_loopback``: permits ``ws://`` endpoints
    on this machine. ``handle`` and its app password (``token_env`` or ``token_file``) add the
    search, asked at ``pds``; ``overlap_minutes``: how far each search reads again what it has.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1, 2] = 1
    endpoints: tuple[str, ...] = Field(
        default=(
            "wss://jetstream2.us-east.bsky.network",
            "wss://jetstream1.us-west.bsky.network",
            "wss://jetstream1.us-east.bsky.network",
            "wss://jetstream2.us-west.bsky.network",
        ),
        min_length=1,
    )
    look_back: float = Field(default=0.5, ge=0, le=36)
    allow_loopback: bool = False
    handle: str = ""
    token_env: str | None = None
    token_file: TokenFile | None = None
    pds: str = "https://bsky.social"
    overlap_minutes: int = Field(default=10, ge=0, le=1_440)

    @model_validator(mode="after")
    def _are_addresses(self) -> Settings:
        for endpoint in self.endpoints:
            parts = urlsplit(endpoint)
            local = self.allow_loopback and parts.hostname in ("localhost", "127.0.0.1", "::1")
            if parts.hostname is None or parts.scheme not in (("wss", "ws") if local else ("wss",)):
                raise ValueError(f"endpoints: {endpoint!r} is not an address that begins wss://")
        return self

    @model_validator(mode="after")
    def _can_search(self) -> Settings:
        parts = urlsplit(self.pds)
        local = parts.scheme == "http" and is_this_machine(parts.hostname or "")
        if not parts.hostname or "@" in parts.netloc or not (parts.scheme == "https" or local):
            raise ValueError(f"pds: {self.pds!r} is not an address that begins https://")
        if bool(self.handle) != bool(self.token_env or self.token_file):
            raise ValueError(
                "the search needs both handle and its app password, by token_env or token_file"
            )
        return self


def connect(settings: Settings, http: Http) -> Bluesky | SearchedBluesky:
    """Bluesky as a source; raises ``ConfigError`` for an app password that is not there."""
    password = read_token("sources.bluesky", settings.token_env, settings.token_file)
    if password is None:
        return Bluesky(settings, http)
    server = settings.pds.rstrip("/")
    public = PUBLIC
    if is_this_machine(urlsplit(server).hostname or ""):
        http.permit_loopback(server)
        public = server  # a network of one's own
    session = Session(http, server, settings.handle.lstrip("@"), password)
    beside = Bluesky(settings, http, is_beside=True)
    return SearchedBluesky(session, beside, settings.overlap_minutes * 60, http, public)


class Bluesky:
    """A streaming source: one connection carries everything.

    ``http`` is only asked for the accounts that belong to handles. A stream that ``is_beside`` the
    search leaves gaps by hashtag, which the search can fill.
    """

    name = "bluesky"

    def __init__(
        self,
        settings: Settings,
        http: Http,
        *,
        silence: float = SILENCE,
        is_beside: bool = False,
    ) -> None:
        self._settings = settings
        self._http = http
        self._silence = silence
        self._handles = Handles()
        self._dids: dict[str, str] = {}
        self._turn = 0
        self._is_beside = is_beside
        self.is_open = False

    def places(self, query: Query) -> tuple[Place, ...]:
        """The one stream, if anything is asked for."""
        if not self._is_beside:
            return (Place("bluesky", INSTANCE),) if query.hashtags or query.accounts else ()
        names = [*query.hashtags, *(f"@{each}" for each in searchable(query.accounts))]
        return (Place("bluesky", INSTANCE, STREAMED + " ".join(names)),) if names else ()

    async def stream(
        self, place: Place, cursor: Cursor | None, query: Query
    ) -> AsyncIterator[Page]:
        """Pages of wanted posts and of all deletions, until the connection fails.

        The next call goes to the next endpoint.
        """
        wanted = Wanted(query.hashtags, query.accounts)
        await self._find_accounts(wanted)
        batch = _Batch(place, wanted, self._handles, _reached(cursor), query.since)
        endpoint = self._settings.endpoints[self._turn % len(self._settings.endpoints)]
        self._turn += 1
        socket = await self._open(endpoint, self._start(cursor, query))
        failure: SourceError | None = None
        heard = told = time.monotonic()
        try:
            while failure is None:
                frames = batch.frames
                failure = await _fill(socket, batch)
                now = time.monotonic()
                heard = now if batch.frames > frames else heard
                if now - heard > self._silence and failure is None:
                    failure = UnreachableError(
                        f"{endpoint} has sent nothing for {now - heard:.0f} s"
                    )
                self.is_open = batch.frames > 0 and failure is None
                if batch.is_due or failure is not None or now - told >= BEAT:
                    told = now
                    yield batch.page()
        finally:
            self.is_open = False
            await socket.close()
        raise failure

    def _start(self, cursor: Cursor | None, query: Query) -> int | None:
        reached = _reached(cursor)
        if reached:
            return reached - OVERLAP * MICROSECONDS
        if not self._settings.look_back:
            return None
        return max(query.since, query.now - int(self._settings.look_back * 3600)) * MICROSECONDS

    async def _open(self, endpoint: str, cursor: int | None) -> ClientConnection:
        from hashwatch.collect.jetstream_socket import CursorTooOldError, open_socket

        version, loopback = self._settings.version, self._settings.allow_loopback
        try:
            return await open_socket(endpoint, version, cursor, allow_loopback=loopback)
        except CursorTooOldError:
            return await open_socket(endpoint, version, OLDEST, allow_loopback=loopback)

    async def _find_accounts(self, wanted: Wanted) -> None:
        """Ask whose the wanted handles are. Where that fails, mentions are still found."""
        for account in sorted(wanted.accounts):
            if account.startswith("did:") or "." not in account:
                continue
            try:
                did = self._dids.get(account) or await self._did_of(account)
            except (NotFoundError, BadAnswerError, msgspec.MsgspecError):
                continue  # nobody has this handle
            except SourceError:
                return
            self._dids[account] = did
            self._handles.learn(did, account)
            wanted.learn(did, account)

    async def _did_of(self, account: str) -> str:
        answer = await self._http.get(HANDLES, params={"handle": account})
        return msgspec.json.decode(answer.body, type=_Resolved).did


class _Resolved(msgspec.Struct):
    did: str


class _Batch:
    """What came since the last page, and how far the stream has been read."""

    def __init__(
        self, place: Place, wanted: Wanted, handles: Handles, reached: int, since: int
    ) -> None:
        self._place, self._wanted, self._handles = place, wanted, handles
        self._reached = reached
        self._since = since
        self._started = False
        self._clamped = False
        self._passed = b""
        self.frames = 0
        self._clear()

    def _clear(self) -> None:
        self._posts: list[Post] = []
        self._tombstones: list[Tombstone] = []
        self._rejects: list[Reject] = []
        self._gaps: list[Gap] = []
        self._warnings: list[str] = []

    @property
    def is_full(self) -> bool:
        return len(self._posts) >= POSTS or len(self._tombstones) >= TOMBSTONES

    @property
    def is_due(self) -> bool:
        # Deletions of other people's posts come all the time; they wait for company or the beat.
        return bool(self._posts or self._rejects or self._gaps) or self.is_full

    def take(self, frame: bytes) -> None:
        """Take one frame in; raises ``UnreachableError`` when the server ends the stream."""
        self.frames += 1
        if self._started and not self._wanted.may_match(frame):
            self._passed = frame
            return
        try:
            event = read_event(frame)
        except ValueError as error:
            self._rejects.append(Reject(str(error), frame[:2000], "jetstream"))
            return
        if event.kind == "error":
            raise UnreachableError(f"Bluesky ended the stream: {event.notice} {event.message}")
        if event.kind == "info":
            self._clamped = self._clamped or event.notice == "OutdatedCursor"
            self._warnings.append(f"Bluesky: {event.notice}: {event.message}"[:500])
            return
        self._begin(event)
        self._reached = max(self._reached, event.time_us)
        found = parse_event(event, self._wanted, self._handles, self._place.instance)
        if isinstance(found, Post):
            self._posts.append(found)
        elif isinstance(found, Tombstone):
            self._tombstones.append(found)
        elif found is not None:
            self._rejects.append(found)

    def _begin(self, event: Event) -> None:
        """At the first event: is there a hole between where we were and where this begins?"""
        if self._started:
            return
        self._started = True
        first = event.time_us // MICROSECONDS
        if self._reached:
            # Events come late: what is asked for twice was not surely whole the first time.
            start = self._reached // MICROSECONDS - OVERLAP
            reason = "the stream no longer reached back to where it was left"
            missing = first > start + (0 if self._clamped else OVERLAP + TOLERANCE)
        else:
            start = self._since
            reason = "before the stream was first opened; it reaches back 36 hours at most"
            missing = first > start
        searched = self._place.hashtags
        if searched:
            # The search brings what was before the stream, and leaves gaps of its own.
            missing, reason = missing and bool(self._reached), STREAM_DOWN
        if missing:
            self._gaps += [
                Gap("bluesky", self._place.instance, start, first, reason, hashtag)
                for hashtag in searched or ("",)
            ]

    def page(self) -> Page:
        """Everything taken since the last page, with the cursor after it."""
        if self._passed:
            # Passed over unread, but it tells how far the stream has come.
            try:
                self._reached = max(self._reached, read_event(self._passed).time_us)
            except ValueError as error:
                self._rejects.append(Reject(str(error), self._passed[:2000], "jetstream"))
            self._passed = b""
        page = Page(
            posts=tuple(self._posts),
            tombstones=tuple(self._tombstones),
            rejects=tuple(self._rejects),
            gaps=tuple(self._gaps),
            cursor=Cursor(forward=str(self._reached)) if self._reached else None,
            # Events may come a little out of order.
            reached=self._reached // MICROSECONDS - OVERLAP if self._started else None,
            warnings=tuple(self._warnings),
        )
        self._clear()
        return page


def parse_page(frames: Iterable[bytes], wanted: Wanted, handles: Handles) -> Page:
    """What is wanted of some frames, of either version; ``wanted`` and ``handles`` learn."""
    batch = _Batch(Place("bluesky", INSTANCE), wanted, handles, 0, LAST_SECOND)
    for frame in frames:
        batch.take(frame)
    return batch.page()


async def _fill(socket: ClientConnection, batch: _Batch) -> SourceError | None:
    """Read until the batch is full or a moment has passed; the error if the stream broke off."""
    from websockets.exceptions import ConnectionClosed

    enough = batch.frames + FRAMES
    try:
        async with asyncio.timeout(PAUSE):
            while not batch.is_full and batch.frames < enough:
                frame = await socket.recv(decode=False)
                batch.take(frame)
    except TimeoutError:
        return None
    except ConnectionClosed as error:
        return UnreachableError(f"Bluesky's stream broke off: {error}")
    except UnreachableError as error:
        return error
    return None


def _reached(cursor: Cursor | None) -> int:
    return int(cursor.forward) if cursor and cursor.forward else 0
