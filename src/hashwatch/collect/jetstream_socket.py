"""Opens a connection to a Jetstream server, and turns its refusals into errors, once, here."""

from __future__ import annotations

import time
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from hashwatch.collect.bluesky_record import POST
from hashwatch.collect.rates import DEFAULT_WAIT, requested_wait
from hashwatch.collect.sockets import open_guarded
from hashwatch.errors import (
    BadAnswerError,
    DeniedError,
    NotFoundError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)

# A post is a few kilobytes. The server is asked to skip what is larger, so that one huge record
# cannot end the connection again and again at the same cursor.
LARGEST = 1_000_000
FRAME = 2 * LARGEST


class CursorTooOldError(SourceError):
    """The server no longer has what comes after the cursor, and did not begin later by itself."""


async def open_socket(
    endpoint: str, version: int, cursor: int | None, *, allow_loopback: bool
) -> ClientConnection:
    """A connection on which events arrive from ``cursor`` (microseconds) on, or from now.

    Raises a :class:`~hashwatch.errors.SourceError`. Only public addresses are connected to, and
    loop-back where it is allowed; no proxy and no redirect to another host is followed.
    """
    try:
        return await open_guarded(
            f"{endpoint.rstrip('/')}{_path(version, cursor)}",
            allow_loopback=allow_loopback,
            largest=FRAME,
            subprotocols=("xrpc.v1.json",) if version == 2 else (),
        )
    except InvalidStatus as error:
        raise _refusal(urlsplit(endpoint).hostname or "", error) from error


def _path(version: int, cursor: int | None) -> str:
    mark = [] if cursor is None else [("cursor", str(cursor))]
    if version == 1:
        query = [("wantedCollections", POST), ("maxMessageSizeBytes", str(LARGEST)), *mark]
        return f"/subscribe?{urlencode(query)}"
    kinds = [("kinds", kind) for kind in ("commit", "identity", "account")]
    query = [*kinds, ("collections", POST), ("maxMessageSizeBytes", str(LARGEST)), *mark]
    return f"/xrpc/network.bsky.jetstream.subscribeEvents?{urlencode(query)}"


def _refusal(host: str, error: InvalidStatus) -> SourceError:
    status, body = error.response.status_code, bytes(error.response.body or b"")
    said = body[:200].decode("utf-8", "replace")
    if status == 429:
        headers = {name.lower(): value for name, value in error.response.headers.raw_items()}
        wait = requested_wait(headers, time.time())
        seconds = wait.seconds if wait else DEFAULT_WAIT
        return RateLimitedError(f"{host} limits the rate; trying again in {seconds:.0f} s", seconds)
    if status == 400 and b"CursorTooOld" in body:
        return CursorTooOldError(f"{host}: {said}")
    if status in (401, 403):
        return DeniedError(f"{host} refused the connection ({status}): {said}")
    if status in (404, 410):
        return NotFoundError(f"{host} has no Jetstream of this version ({status})")
    if status >= 500:
        return UnreachableError(f"{host} does not answer now ({status})")
    return BadAnswerError(f"{host} refused the connection ({status}): {said}", body)
