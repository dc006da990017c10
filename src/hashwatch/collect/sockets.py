"""Opens WebSockets where it may: to public addresses, checked where the connection is made."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpcore
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.typing import Subprotocol

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

OPENING = 10.0


async def open_guarded(
    url: str,
    *,
    allow_loopback: bool,
    largest: int,
    headers: Mapping[str, str] | None = None,
    subprotocols: tuple[str, ...] = (),
) -> ClientConnection:
    """A connection to ``url`` (``wss://``), with frames of at most ``largest`` bytes.

    No proxy is used and no redirect to another host followed. Raises ``UnreachableError``, and
    websockets' ``InvalidStatus`` where the server answers with something else than a WebSocket.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80)
    failure: Exception = UnreachableError(f"{host} has no address")
    for address in await _addresses(host, port, allow_loopback):
        try:
            return await connect(
                url,
                host=address,
                port=port,
                additional_headers=headers,
                subprotocols=[Subprotocol(name) for name in subprotocols] or None,
                compression=None,
                user_agent_header=USER_AGENT,
                proxy=None,
                open_timeout=OPENING,
                close_timeout=1,
                max_size=largest,
            )
        except InvalidStatus:
            raise
        except (OSError, WebSocketException, ValueError) as error:
            failure = error
    reason = str(failure) or type(failure).__name__
    raise UnreachableError(f"{host} cannot be reached: {reason[:200]}") from failure


def refused(host: str, error: InvalidStatus, lacks: str) -> SourceError:
    """What a server means that answers with a status in place of a WebSocket.

    ``lacks`` says what is not there where it knows no such address: "has no …".
    """
    status, body = error.response.status_code, bytes(error.response.body or b"")
    said = body[:200].decode("utf-8", "replace")
    if status == 429:
        headers = {name.lower(): value for name, value in error.response.headers.raw_items()}
        wait = requested_wait(headers, time.time())
        seconds = wait.seconds if wait else DEFAULT_WAIT
        return RateLimitedError(f"{host} limits the rate; trying again in {seconds:.0f} s", seconds)
    if status in (401, 403):
        return DeniedError(f"{host} refused the connection ({status}): {said}")
    if status in (404, 410):
        return NotFoundError(f"{host} {lacks} ({status})")
    if status >= 500:
        return UnreachableError(f"{host} does not answer now ({status})")
    return BadAnswerError(f"{host} refused the connection ({status}): {said}", body)


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
