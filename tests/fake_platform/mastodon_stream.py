"""The streaming side of a Mastodon server on loop-back: WebSocket on one port, SSE on another.

Whoever connects gets what :meth:`FakeStream.push` says from then on. Connections can be refused,
and cut.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import suppress
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

TOKEN = "a-token-of-a-person"


class FakeStream:
    """The server; ``async with`` runs it. ``asked`` keeps path, tag and authorisation of each
    connection, ``refuse`` statuses for the next ones (``None`` lets one in), ``fired`` counts."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.refuse: list[int | None] = []
        self.fired: Counter[str] = Counter()
        self.socket_url = self.lines_url = ""
        self._queues: dict[asyncio.Queue[bytes | None], tuple[str, bool]] = {}
        self._socket: Server | None = None
        self._lines: asyncio.Server | None = None
        self._opened = asyncio.Condition()

    async def __aenter__(self) -> FakeStream:
        self._socket = await serve(
            self._serve, "127.0.0.1", 0, process_request=self._receive, close_timeout=0.2
        )
        port = next(iter(self._socket.sockets)).getsockname()[1]
        self.socket_url = f"ws://127.0.0.1:{port}"
        self._lines = await asyncio.start_server(self._serve_lines, "127.0.0.1", 0)
        self.lines_url = f"ws://127.0.0.1:{self._lines.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._socket is not None
        assert self._lines is not None
        await self.cut()
        self._socket.close()
        self._lines.close()
        await self._socket.wait_closed()

    async def push(self, event: str, payload: dict[str, Any] | str, tag: str = "natsec17") -> None:
        """Says it to everybody who listens to ``tag``."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        for queue, (wanted, is_socket) in self._queues.items():
            if wanted == tag:
                frame = {"stream": ["hashtag", tag], "event": event, "payload": text}
                said = json.dumps(frame) if is_socket else f"event: {event}\ndata: {text}\n\n"
                await queue.put(said.encode())

    async def send(self, raw: bytes) -> None:
        """Says just this to everybody."""
        for queue in self._queues:
            await queue.put(raw)

    async def listeners(self, number: int) -> None:
        """Waits until so many listen."""
        async with asyncio.timeout(10), self._opened:
            await self._opened.wait_for(lambda: len(self._queues) == number)

    async def cut(self) -> None:
        """Ends every connection."""
        for queue in list(self._queues):
            self.fired["cut"] += 1
            await queue.put(None)

    def _refusal(self) -> int | None:
        status = self.refuse.pop(0) if self.refuse else None
        authorised = self.asked[-1][2] == f"Bearer {TOKEN}"
        status = status if status or authorised else 401
        if status is not None:
            self.fired[f"refused with {status}"] += 1
        return status

    def _receive(self, connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        asked = parse_qs(parts.query)
        authorisation = request.headers.get("Authorization", "")
        self.asked.append((parts.path, asked.get("tag", [""])[0], authorisation))
        status = self._refusal()
        return None if status is None else connection.respond(HTTPStatus(status), "no\n")

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        tag = parse_qs(urlsplit(connection.request.path).query)["tag"][0]
        with suppress(ConnectionClosed):
            async for said in self._said(tag, is_socket=True):
                await connection.send(said, text=True)

    async def _serve_lines(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        parts = urlsplit(head.split()[1])
        lines = (line.partition(": ") for line in head.splitlines())
        headers = {name.lower(): value for name, _, value in lines}
        tag = parse_qs(parts.query).get("tag", [""])[0]
        self.asked.append((parts.path, tag, headers.get("authorization", "")))
        status = self._refusal()
        if status is not None:
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
            writer.write(b"Connection: close\r\n\r\n:)\n")
            await writer.drain()
            with suppress(ConnectionError):
                async for said in self._said(tag, is_socket=False):
                    writer.write(said)
                    await writer.drain()
        writer.close()

    async def _said(self, tag: str, *, is_socket: bool) -> Any:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        async with self._opened:
            self._queues[queue] = (tag, is_socket)
            self._opened.notify_all()
        try:
            while (said := await queue.get()) is not None:
                yield said
        finally:
            async with self._opened:
                self._queues.pop(queue, None)
                self._opened.notify_all()
