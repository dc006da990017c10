"""Opens a connection to a Jetstream server, and turns its refusals into errors, once, here."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from hashwatch.collect.bluesky_record import POST
from hashwatch.collect.sockets import open_guarded, refused
from hashwatch.errors import SourceError

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
    body = bytes(error.response.body or b"")
    if error.response.status_code == 400 and b"CursorTooOld" in body:
        return CursorTooOldError(f"{host}: {body[:200].decode('utf-8', 'replace')}")
    return refused(host, error, "has no Jetstream of this version")
