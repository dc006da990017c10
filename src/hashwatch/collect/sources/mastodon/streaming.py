"""Mastodon's streams of hashtags, for servers with a person's token: WebSocket, or SSE.

Each hashtag has a stream of its own. What it brings is what the poll would bring later; the poll
goes on beside it and makes good what is missed while a stream is down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import msgspec

from hashwatch.collect.body import without
from hashwatch.collect.source import STREAMED, Place, Query
from hashwatch.collect.sources.mastodon.posts import FORMAT, parse_timeline
from hashwatch.collect.sources.mastodon.settings import Transport
from hashwatch.errors import (
    BadAnswerError,
    DeniedError,
    NotFoundError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Cursor, Page, Post, Reject

if TYPE_CHECKING:
    from hashwatch.collect.http import Http

LARGEST = 4_000_000
# A page at least so often (seconds), to show that the stream is alive: Mastodon itself sends a sign
# of life every 15 s, and one that is silent for longer than SILENCE is dead.
BEAT = 15.0
SILENCE = 60.0
# Events of one page at most, and of what waits for being stored.
BATCH = 100
WAITING = 1_000


class Streamed(msgspec.Struct, frozen=True):
    """One server: its address, its token, how to connect."""

    host: str
    token: str
    transport: Transport
    allow_loopback: bool


class Event(msgspec.Struct, frozen=True):
    """What a stream says: ``update``, ``status.update``, ``delete`` or something else."""

    event: str = ""
    payload: str = ""
    error: str = ""
    status: int = 0


# Not only Mastodon's own names.
_POSTS = ("update", "status.update", "status_update")
_FRAME = msgspec.json.Decoder(Event)


def read_frame(frame: bytes) -> Event:
    """A WebSocket's frame; raises ``ValueError`` for what is none."""
    try:
        return _FRAME.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"no event of a stream: {error}") from None


def page_of(events: list[Event], instance: str) -> Page:
    """What some events bring. Pure. A post that changed meanwhile is there in each of its states,
    in order: the archive keeps them as versions."""
    posts: list[Post] = []
    rejects: list[Reject] = []
    gone: list[str] = []
    for event in events:
        if event.event == "delete":
            gone.append(event.payload.strip())
        elif event.event in _POSTS:
            try:
                parsed = parse_timeline(f"[{event.payload}]".encode("utf-8", "replace"), instance)
            except BadAnswerError as error:
                rejects.append(Reject(str(error), error.excerpt, f"{instance} stream"))
                continue
            rejects += parsed.rejects
            posts += parsed.posts
    return Page(posts=tuple(posts), rejects=tuple(rejects), gone=tuple(gone))


class MastodonStream:
    """A streaming source: a place is a hashtag (``~natsec17``) on a server with a token."""

    name = FORMAT

    def __init__(
        self,
        http: Http,
        servers: Mapping[str, Streamed],
        address: Callable[[str], Awaitable[str]],
    ) -> None:
        """``address`` gives the streaming address that a server advertises, empty for none."""
        self._http, self._servers, self._address = http, servers, address
        self._wanted: dict[str, int] = {}
        self._open: dict[str, int] = {}

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every hashtag on every server that pushes."""
        self._wanted = dict.fromkeys(self._servers, len(query.hashtags))
        return tuple(
            Place(self.name, instance, STREAMED + hashtag)
            for instance in self._servers
            for hashtag in query.hashtags
        )

    def is_pushed(self, instance: str) -> bool:
        """Whether all streams of ``instance`` are open."""
        wanted = self._wanted.get(instance, 0)
        return 0 < wanted <= self._open.get(instance, 0)

    async def stream(
        self,
        place: Place,
        cursor: Cursor | None,  # noqa: ARG002 - the protocol's; these streams begin with now
        query: Query,  # noqa: ARG002 - the protocol's; the place says it all
    ) -> AsyncIterator[Page]:
        """Pages of what comes, an empty one when nothing does for a while."""
        server = self._servers[place.instance]
        base = await self._base(place.instance, server)
        waiting: asyncio.Queue[Event | SourceError] = asyncio.Queue(WAITING)
        opened = asyncio.Event()
        (hashtag,) = place.hashtags
        reading = asyncio.create_task(self._read(server, base, hashtag, waiting, opened))
        try:
            await _first_of(opened.wait(), reading)
            self._open[place.instance] = self._open.get(place.instance, 0) + 1
            try:
                yield Page()
                async for page in _pages(waiting, place.instance):
                    yield page
            finally:
                self._open[place.instance] -= 1
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError, SourceError):
                await reading

    async def _base(self, instance: str, server: Streamed) -> str:
        """The address to stream from, as ``wss://host``: what is advertised, else the server's."""
        advertised = await self._address(instance)
        parts = urlsplit(advertised or server.host)
        scheme = {"https": "wss", "http": "ws"}.get(parts.scheme, parts.scheme)
        if scheme != "wss" and not (scheme == "ws" and server.allow_loopback):
            raise BadAnswerError(f"{instance} advertises a stream that is not secure: {advertised}")
        return f"{scheme}://{parts.netloc}"

    async def _read(
        self,
        server: Streamed,
        base: str,
        hashtag: str,
        waiting: asyncio.Queue[Event | SourceError],
        opened: asyncio.Event,
    ) -> None:
        """Puts events in the queue until the connection ends, and then why it did."""
        try:
            if server.transport != "sse":
                try:
                    await _read_socket(server, base, hashtag, waiting, opened)
                except (NotFoundError, BadAnswerError):
                    if server.transport != "auto" or opened.is_set():
                        raise
            await _read_lines(self._http, server, base, hashtag, waiting, opened)
        except SourceError as error:
            if not opened.is_set():
                raise
            await waiting.put(error)


async def _first_of(opening: Awaitable[object], reading: asyncio.Task[None]) -> None:
    """Waits until the connection stands; raises what kept it from that."""
    wait = asyncio.ensure_future(opening)
    try:
        await asyncio.wait({wait, reading}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            reading.result()
    finally:
        wait.cancel()


async def _pages(waiting: asyncio.Queue[Event | SourceError], instance: str) -> AsyncIterator[Page]:
    """What has come, a page at a time; raises what ended the stream once all before is given."""
    while True:
        events: list[Event] = []
        try:
            async with asyncio.timeout(BEAT):
                first = await waiting.get()
        except TimeoutError:
            yield Page()
            continue
        ended = first if isinstance(first, SourceError) else None
        if isinstance(first, Event):
            events.append(first)
        while ended is None and len(events) < BATCH and not waiting.empty():
            following = waiting.get_nowait()
            if isinstance(following, Event):
                events.append(following)
            else:
                ended = following
        if events:
            yield page_of(events, instance)
        if ended is not None:
            raise ended


async def _read_socket(
    server: Streamed,
    base: str,
    hashtag: str,
    waiting: asyncio.Queue[Event | SourceError],
    opened: asyncio.Event,
) -> None:
    from websockets.exceptions import ConnectionClosed, InvalidStatus

    from hashwatch.collect.sockets import open_guarded

    host = urlsplit(base).hostname or ""
    query = urlencode({"stream": "hashtag", "tag": hashtag})
    try:
        socket = await open_guarded(
            f"{base}/api/v1/streaming?{query}",
            allow_loopback=server.allow_loopback,
            largest=LARGEST,
            headers={"Authorization": f"Bearer {server.token}"},
        )
    except InvalidStatus as error:
        raise refusal(host, error.response.status_code) from None
    async with socket:
        opened.set()
        try:
            while True:
                try:
                    frame = await socket.recv(decode=False)
                    event = read_frame(without(frame, server.token))
                except ValueError as error:
                    raise BadAnswerError(f"{host}: {error}") from None
                if event.error:
                    raise refusal(host, event.status or 401)
                await waiting.put(event)
        except ConnectionClosed as error:
            raise UnreachableError(f"{host}'s stream broke off: {error}") from None


async def _read_lines(
    http: Http,
    server: Streamed,
    base: str,
    hashtag: str,
    waiting: asyncio.Queue[Event | SourceError],
    opened: asyncio.Event,
) -> None:
    """Server-sent events: ``event:`` and ``data:`` lines, an empty one after each event."""
    url = f"{base.replace('ws', 'http', 1)}/api/v1/streaming/hashtag"
    if server.allow_loopback:
        http.permit_loopback(url)
    name, data = "", b""
    asked = {"tag": hashtag}
    async for line in http.lines(url, params=asked, token=server.token, silence=SILENCE):
        opened.set()
        field, _, value = line.partition(b":")
        if field == b"event":
            name = value.strip().decode("utf-8", "replace")
        elif field == b"data":
            data += value.strip()
        elif not line and name:
            await waiting.put(Event(name, data.decode("utf-8", "replace")))
            name, data = "", b""


def refusal(host: str, status: int) -> SourceError:
    """What a stream's refusal means."""
    if status in (401, 403):
        return DeniedError(
            f"{host} streams for people only ({status}): give it a token of an account, not of an"
            " application",
            wants_token=True,
        )
    if status == 429:
        return RateLimitedError(f"{host} limits the rate of connections", 300.0)
    if status >= 500:
        return UnreachableError(f"{host} does not answer now ({status})")
    return NotFoundError(f"{host} has no stream of hashtags ({status})")
