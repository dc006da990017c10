"""Answers as gzip for those who take it (uvicorn does not do it)."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

LEVEL = 5
SMALLEST = 700
TYPES = ("text/html", "text/css", "text/csv", "text/plain", "text/javascript", "application/json",
         "application/x-ndjson", "image/svg+xml")  # fmt: skip


def accepts_gzip(headers: dict[bytes, bytes]) -> bool:
    """Whether a request's ``Accept-Encoding`` takes gzip."""
    for part in headers.get(b"accept-encoding", b"").lower().split(b","):
        name, _, quality = part.strip().partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return quality.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def compressed(body: bytes) -> bytes:
    """``body`` as gzip."""
    return gzip.compress(body, LEVEL, mtime=0)


class Compressor:
    """Turns the messages of one answer into gzip where its type and size are worth it."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._start: dict[str, Any] | None = None
        self._stream: Any = None

    async def send(self, message: dict[str, Any]) -> None:
        """An ASGI ``send``."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            await self._begin(self._start, body, more)
        if self._stream is not None:
            body = self._stream.compress(body)
            body += self._stream.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)
        await self._send({**message, "body": body})

    async def _begin(self, start: dict[str, Any], body: bytes, more: bool) -> None:
        self._start = None
        headers = {name.lower(): value for name, value in start.get("headers", [])}
        content_type = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0]
        if (
            content_type in TYPES
            and b"content-encoding" not in headers
            and (more or len(body) >= SMALLEST)
            and start["status"] not in (204, 304)
        ):
            self._stream = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)
            kept = [(n, v) for n, v in start["headers"] if n.lower() != b"content-length"]
            kept += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
            start = {**start, "headers": kept}
        await self._send(start)
