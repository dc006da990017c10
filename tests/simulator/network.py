"""A network in memory: names, HTTP/1.1 and WebSockets as bytes, and what can go wrong with them.

The product's own clients speak to it: httpx by way of httpcore's network backend, websockets by way
of the event loop. TLS is left out, but for its failures.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import httpcore
import httpx
from websockets.http11 import Request as Opening
from websockets.server import ServerProtocol

from simulator.clock import Clock
from simulator.lives import Shown


@dataclass
class Request:
    """What came to a host."""

    host: str
    method: str
    path: str
    every: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What a host answers. ``how`` it goes wrong: drop, drip, hang, or empty. ``shows`` the posts,
    by number and version, that are in it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    how: str = ""
    cut: float = 0.5
    shows: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Fault:
    """Something that is wrong with ``host`` from ``start`` to ``end`` (true time), at most
    ``times`` times. ``fired`` counts how often."""

    kind: str
    host: str
    start: float
    end: float
    times: int = 1_000_000
    detail: Any = None
    fired: int = 0


class Server(Protocol):
    """What a host is."""

    def answer(self, request: Request) -> Reply:
        """To a request."""
        ...

    def open(self, line: Line, path: str, every: dict[str, list[str]]) -> int:
        """A WebSocket; the status with which it is refused, else 0."""
        ...


class Network:
    """``hosts`` by name; ``fired`` counts faults by kind."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.hosts: dict[str, Server] = {}
        self.faults: list[Fault] = []
        self.fired: Counter[str] = Counter()
        self.lines: set[Line] = set()
        self.shown: list[Shown] = []
        self.disturb: Callable[[Fault, Request, Reply], Reply] = lambda _, __, reply: reply

    def fault(self, host: str, *kinds: str) -> Fault | None:
        """What of these is wrong with a host now, counted as fired."""
        now = self.clock.true()
        for fault in self.faults:
            if (
                fault.host == host
                and fault.start <= now < fault.end
                and fault.fired < fault.times
                and (not kinds or fault.kind in kinds)
            ):
                fault.fired += 1
                self.fired[fault.kind] += 1
                return fault
        return None

    def look_up(self, host: str, port: int) -> list[Any]:
        """The addresses of a host; they are public ones."""
        if host not in self.hosts or self.fault(host, "no such name"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        number = sorted(self.hosts).index(host) + 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"93.184.215.{number}", port))]

    def name_of(self, address: str) -> str:
        """Whose address that is."""
        return sorted(self.hosts)[int(address.rpartition(".")[2]) - 1]

    def reply(self, request: Request) -> Reply:
        """A host's answer, or what becomes of it."""
        fault = self.fault(request.host, *ANSWERING)
        reply = self.hosts[request.host].answer(request)
        if fault is not None:
            return self.disturb(fault, request, reply)
        self.shown += [Shown(self.clock.true(), request.host, *each) for each in reply.shows]
        return reply

    async def connect(self, factory: Any, address: str) -> Any:
        """A connection for a WebSocket."""
        await asyncio.sleep(0.05)
        host = self.name_of(address)
        if self.fault(host, "refused"):
            raise ConnectionRefusedError("refused")
        protocol = factory()
        line = Line(self, host, protocol)
        protocol.connection_made(line)
        return line, protocol

    @contextmanager
    def as_the_internet(self) -> Iterator[None]:
        """Every HTTP client that is made meanwhile uses this network."""
        with (
            mock.patch("httpcore.AnyIOBackend", return_value=Backend(self)),
            mock.patch("httpx.create_ssl_context", return_value=_CONTEXT),
        ):
            yield


# It takes long to make, and encrypts nothing here.
_CONTEXT = httpx.create_ssl_context()

# Faults of connections are met before anything is asked; these when something is.
CONNECTING = ("no such name", "refused", "bad certificate")
ANSWERING = (
    "500", "503", "half-open", "a byte a second", "cut JSON", "cut connection", "website",
    "429 with seconds", "429 with a date", "429 with ISO time", "429 with epoch time",
    "429 of the past", "429 in ten years", "429 with garbage", "429 without a word",
    "budget spent", "token expired", "forbidden", "huge body", "gzip bomb", "broken gzip",
    "page for ever",
)  # fmt: skip


class Backend(httpcore.AsyncNetworkBackend):
    """Where httpcore gets its connections."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def connect_tcp(self, host: str, *_: Any, **__: Any) -> Wire:
        """A connection to an address."""
        await asyncio.sleep(0.02)
        name = self._network.name_of(host)
        if self._network.fault(name, "refused"):
            raise httpcore.ConnectError("refused")
        return Wire(self._network, name)

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        await asyncio.sleep(seconds)


class Wire(httpcore.AsyncNetworkStream):
    """One connection of an HTTP client, and the server's side of it."""

    def __init__(self, network: Network, host: str) -> None:
        self._network, self._host = network, host
        self._came = b""
        self._steps: list[bytes | float | None] = []
        self._closed = False

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """A request comes, perhaps in pieces."""
        self._came += buffer
        head, found, rest = self._came.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        if len(rest) < int(headers.get("content-length", 0)):
            return
        self._came = b""
        method, target, _ = first.split(" ")
        parts = urlsplit(target)
        request = Request(self._host, method, parts.path, parse_qs(parts.query), headers, rest)
        self._steps += self._said(self._network.reply(request))

    def _said(self, reply: Reply) -> list[bytes | float | None]:
        """Pieces, pauses (seconds), and the end of the connection (``None``)."""
        if reply.how == "hang":
            return [1e9]
        length = len(reply.body)
        head = f"HTTP/1.1 {reply.status} Whatever\r\nContent-Length: {length}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items()) + "\r\n"
        whole = head.encode()
        if reply.how == "drop":
            return [0.1, whole + reply.body[: int(length * reply.cut)], None]
        if reply.how == "drip":
            steps: list[bytes | float | None] = [whole]
            for position in range(min(length, 100)):
                steps += [1.0, reply.body[position : position + 1]]
            return [*steps, 1e9]
        pieces = [reply.body[n : n + 65_536] for n in range(0, length, 65_536)]
        return [0.1, whole, *pieces]

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """What the server sends next."""
        while self._steps:
            step = self._steps.pop(0)
            if isinstance(step, bytes):
                return step
            if step is None:
                break
            if timeout is not None and step > timeout:
                await asyncio.sleep(timeout)
                raise httpcore.ReadTimeout("nothing came")
            await asyncio.sleep(step)
        self._closed = True
        return b""

    async def aclose(self) -> None:
        """The client closes."""
        self._closed = True

    async def start_tls(self, *_: Any, **__: Any) -> Wire:
        """Nothing is encrypted here."""
        if self._network.fault(self._host, "bad certificate"):
            raise httpcore.ConnectError("certificate verify failed: certificate has expired")
        return self

    def get_extra_info(self, info: str) -> Any:
        """Whether the connection has ended."""
        return self._closed if info == "is_readable" else None


class Line(asyncio.Transport):
    """One WebSocket: the client's transport, and the server's side of it."""

    def __init__(self, network: Network, host: str, protocol: Any) -> None:
        super().__init__()
        self._network, self.host, self._protocol = network, host, protocol
        self._server = ServerProtocol()
        self._waiting: list[bytes] = []
        self._paused = self._closing = False
        self._loop = asyncio.get_running_loop()

    def write(self, data: Any) -> None:
        """The client says something."""
        if self._closing:
            return
        self._server.receive_data(bytes(data))
        for event in self._server.events_received():
            if isinstance(event, Opening):
                self._open(event)
        self._flush()

    def _open(self, opening: Opening) -> None:
        parts = urlsplit(opening.path)
        server = self._network.hosts[self.host]
        status = server.open(self, parts.path, parse_qs(parts.query))
        if status:
            self._server.send_response(self._server.reject(status, "refused\n"))
            return
        self._server.send_response(self._server.accept(opening))
        self._flush()
        self._network.lines.add(self)
        opened = getattr(server, "opened", None)
        if opened is not None:
            self._loop.call_soon(opened, self)

    def send(self, text: bytes) -> None:
        """The server says something."""
        if not self._closing:
            self._server.send_text(text)
            self._flush()

    def cut(self, halfway: bytes = b"") -> None:
        """The connection breaks, perhaps in the middle of a frame."""
        if self._closing:
            return
        if halfway:
            header = b"\x81\x7e" + len(halfway).to_bytes(2, "big")
            self._deliver(header + halfway[: len(halfway) // 2])
        self.close()

    def _flush(self) -> None:
        for data in self._server.data_to_send():
            if data:
                self._deliver(data)
            else:
                self.close()

    def _deliver(self, data: bytes) -> None:
        self._waiting.append(data)
        self._loop.call_later(0.02, self._pump)

    def _pump(self) -> None:
        while self._waiting and not self._paused:
            self._protocol.data_received(self._waiting.pop(0))
        if self._closing and not self._waiting and self._protocol is not None:
            protocol, self._protocol = self._protocol, None
            protocol.connection_lost(None)

    def close(self) -> None:
        """Either side ends it."""
        if not self._closing:
            self._closing = True
            self._network.lines.discard(self)
            self._loop.call_later(0.02, self._pump)

    def abort(self) -> None:
        """At once, also where it was closing and the client had enough for the time being."""
        self._waiting.clear()
        self.close()
        self._loop.call_soon(self._pump)

    def write_eof(self) -> None:
        """The client has said everything."""
        self.close()

    def can_write_eof(self) -> bool:
        """It can."""
        return True

    def is_closing(self) -> bool:
        """Whether it is over."""
        return self._closing

    def pause_reading(self) -> None:
        """The client has enough for now."""
        self._paused = True

    def resume_reading(self) -> None:
        """It goes on."""
        self._paused = False
        self._loop.call_soon(self._pump)

    def is_reading(self) -> bool:
        """Whether it does."""
        return not self._paused

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ARG002
        """Nothing is known."""
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no buffer."""

    def get_write_buffer_size(self) -> int:
        """Nothing waits."""
        return 0
