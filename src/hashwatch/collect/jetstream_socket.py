"""Opens a connection to a Jetstream server, and turns its refusals into errors, once, here."""

from __future__ import annotations

import time
from urllib.parse import urlencode, urlsplit

import httpcore
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

from hashwatch.collect.bluesky_record import POST
from hashwatch.collect.guard import is_loopback, is_public, resolve_name
from hashwatch.collect.http import USER_AGENT
from hashwatch.collect.rates import DEFAULT_WAIT, requested_wait
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
OPENING = 10.0


class CursorTooOldError(SourceError):
    """The server no longer has what comes after the cursor, and did not begin later by itself."""


async def open_socket(
    endpoint: str, version: int, cursor: int | None, *, allow_loopback: bool
) -> ClientConnection:
    """A connection on which events arrive from ``cursor`` (microseconds) on, or from now.

    Raises a :class:`~hashwatch.errors.SourceError`. Only public addresses are connected to, and
    loop-back where it is allowed; no proxy and no redirect to another host is followed.
    """
    parts = urlsplit(endpoint)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80)
    failure: Exception = UnreachableError(f"{host} has no address")
    for address in await _addresses(host, port, allow_loopback):
        try:
            return await connect(
                f"{endpoint.rstrip('/')}{_path(version, cursor)}",
                host=address,
                port=port,
                subprotocols=[Subprotocol("xrpc.v1.json")] if version == 2 else None,
                compression=None,
                user_agent_header=USER_AGENT,
                proxy=None,
                open_timeout=OPENING,
                close_timeout=1,
                max_size=FRAME,
            )
        except InvalidStatus as error:
            raise _refusal(host, error) from error
        except (OSError, WebSocketException, ValueError) as error:
            failure = error
    reason = str(failure) or type(failure).__name__
    raise UnreachableError(f"{host} cannot be reached: {reason[:200]}") from failure


def _path(version: int, cursor: int | None) -> str:
    mark = [] if cursor is None else [("cursor", str(cursor))]
    if version == 1:
        query = [("wantedCollections", POST), ("maxMessageSizeBytes", str(LARGEST)), *mark]
        return f"/subscribe?{urlencode(query)}"
    kinds = [("kinds", kind) for kind in ("commit", "identity", "account")]
    query = [*kinds, ("collections", POST), ("maxMessageSizeBytes", str(LARGEST)), *mark]
    return f"/xrpc/network.bsky.jetstream.subscribeEvents?{urlencode(query)}"


async def _addresses(host: str, port: int, allow_loopback: bool) -> list[str]:
    try:
        found = await resolve_name(host, port)
    except httpcore.ConnectError as error:
        raise UnreachableError(str(error)) from error
    allowed = [
        address
        for address in found
        if is_public(address) or (allow_loopback and is_loopback(address))
    ]
    if not allowed:
        raise UnreachableError(
            f"{host} is at {', '.join(found) or 'no address'}, which is not on the public internet;"
            " hashwatch does not connect there"
        )
    return allowed


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
