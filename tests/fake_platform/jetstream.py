"""A Jetstream server on loop-back, of either version, with a plan of faults that counts what fired.

It holds a list of events as version 1 sends them; whoever connects gets those from its cursor on,
and then what :meth:`FakeJetstream.publish` adds. Version 2 is made from the same events.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

V2 = "/xrpc/network.bsky.jetstream.subscribeEvents"


@dataclass
class Faults:
    """What goes wrong. Lists are used up from the front, an entry a connection.

    ``drop_after``: cut the connection in the middle of the frame after so many. ``stall_after``:
    send nothing more after so many. ``refuse``: status, body and headers in place of a connection.
    ``clamp_to``: the oldest time (microseconds) that is served. ``duplicate``: send each event
    twice. ``reorder``: shuffle events among so many neighbours. ``garbage``: send this frame first.
    """

    drop_after: list[int | None] = field(default_factory=list)
    stall_after: list[int | None] = field(default_factory=list)
    refuse: list[tuple[int, bytes, dict[str, str]] | None] = field(default_factory=list)
    clamp_to: int | None = None
    duplicate: bool = False
    reorder: int = 0
    garbage: bytes | None = None


class FakeJetstream:
    """The server; ``async with`` runs it. ``fired`` counts faults, ``asked`` keeps the requests."""

    def __init__(self, events: Sequence[bytes] = (), faults: Faults | None = None) -> None:
        self.events = list(events)
        self.faults = faults or Faults()
        self.fired: Counter[str] = Counter()
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.url = ""
        self._server: Server | None = None
        self._more = asyncio.Condition()
        self._closing = False

    async def __aenter__(self) -> FakeJetstream:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._receive,
            compression=None,
            subprotocols=None,
            ping_interval=None,
            close_timeout=0.2,
        )
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        async with self._more:
            self._closing = True
            self._more.notify_all()
        await self._server.wait_closed()

    async def publish(self, events: Iterable[bytes]) -> None:
        """Send further events to whoever is connected, and to whoever comes later."""
        async with self._more:
            self.events += events
            self._more.notify_all()

    def _receive(self, connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        query = parse_qs(parts.query)
        self.asked.append((parts.path, query))
        refusal = self.faults.refuse.pop(0) if self.faults.refuse else None
        if parts.path == V2 and {"wantedCollections", "wantedDids"} & set(query):
            refusal = (400, b'{"error":"InvalidRequest","message":"use collections"}', {})
        if refusal is None:
            return None
        status, body, headers = refusal
        self.fired[f"refused with {status}"] += 1
        response = connection.respond(HTTPStatus(status), body.decode())
        for name, value in headers.items():
            response.headers[name] = value
        return response

    async def _serve(self, connection: ServerConnection) -> None:
        path, query = self.asked[-1]
        second = path == V2
        cursor = int(query["cursor"][0]) if "cursor" in query else None
        drop = self.faults.drop_after.pop(0) if self.faults.drop_after else None
        stall = self.faults.stall_after.pop(0) if self.faults.stall_after else None
        if self.faults.garbage is not None:
            self.fired["garbage"] += 1
            await connection.send(self.faults.garbage, text=True)
        if self.faults.clamp_to and cursor is not None and cursor < self.faults.clamp_to:
            self.fired["clamped"] += 1
            cursor = self.faults.clamp_to
            if second:
                await connection.send(info("OutdatedCursor", "clamped to the oldest event"))
        sent = 0
        position = 0 if cursor is not None else len(self.events)
        while True:
            ready = self.events[position:]
            position = len(self.events)
            for frame in self._disturbed(ready):
                if cursor is not None and time_of(frame) < cursor:
                    continue
                wire = as_second_version(frame, sent + 1) if second else frame
                if drop is not None and sent >= drop:
                    self._cut(connection, wire)
                    return
                if stall is not None and sent >= stall:
                    self.fired["stalled"] += 1
                    await connection.wait_closed()
                    return
                await connection.send(wire, text=True)
                sent += 1
            async with self._more:
                if position == len(self.events) and not self._closing:
                    await self._more.wait()
                if self._closing:
                    return

    def _disturbed(self, frames: list[bytes]) -> list[bytes]:
        if self.faults.duplicate:
            frames = [frame for frame in frames for _ in range(2)]
            self.fired["duplicated"] += len(frames) // 2
        if self.faults.reorder and len(frames) > 1:
            shuffle = random.Random(17).shuffle
            chunks = [
                frames[n : n + self.faults.reorder]
                for n in range(0, len(frames), self.faults.reorder)
            ]
            for chunk in chunks:
                shuffle(chunk)
            frames = [frame for chunk in chunks for frame in chunk]
            self.fired["reordered"] += 1
        return frames

    def _cut(self, connection: ServerConnection, wire: bytes) -> None:
        self.fired["dropped"] += 1
        header = b"\x81\x7e" + len(wire).to_bytes(2, "big")
        connection.transport.write(header + wire[: len(wire) // 2])
        connection.transport.close()


def time_of(frame: bytes) -> int:
    """The time of an event of version 1, in microseconds."""
    _, _, rest = frame.partition(b'"time_us":')
    return int(rest.split(b",", 1)[0].strip(b"} "))


def info(name: str, message: str) -> bytes:
    """A notice of version 2."""
    kind = "network.bsky.jetstream.subscribeEvents#info"
    payload = {"$type": kind, "name": name, "message": message}
    return msgspec.json.encode({"$type": "message", "payload": payload})


def as_second_version(frame: bytes, seq: int) -> bytes:
    """An event of version 1 as version 2 sends it."""
    event = msgspec.json.decode(frame)
    kind = event["kind"]
    moment = datetime.fromtimestamp(event["time_us"] // 10**6, UTC)
    micro = event["time_us"] % 10**6
    payload = {
        "$type": f"network.bsky.jetstream.subscribeEvents#{kind}",
        "seq": seq,
        "did": event["did"],
        "time": f"{moment:%Y-%m-%dT%H:%M:%S}.{micro:06d}Z",
    }
    payload |= event["commit"] if kind == "commit" else {kind: event[kind]}
    return msgspec.json.encode({"$type": "message", "payload": payload})


def post_event(
    number: int, text: str, *, time_us: int, did: str = "did:plc:inventedada", **record: object
) -> bytes:
    """An event of version 1: somebody creates a post."""
    rkey = f"3k{number:011d}"
    made = datetime.fromtimestamp(time_us // 10**6, UTC).isoformat().replace("+00:00", "Z")
    body = {"$type": "app.bsky.feed.post", "createdAt": made, "text": text, **record}
    commit = {
        "rev": rkey,
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": rkey,
        "record": body,
        "cid": "bafyinvented",
    }
    return msgspec.json.encode({"did": did, "time_us": time_us, "kind": "commit", "commit": commit})


def delete_event(number: int, *, time_us: int, did: str = "did:plc:inventedada") -> bytes:
    """An event of version 1: somebody deletes the post of that number."""
    commit = {
        "rev": "3k",
        "operation": "delete",
        "collection": "app.bsky.feed.post",
        "rkey": f"3k{number:011d}",
    }
    return msgspec.json.encode({"did": did, "time_us": time_us, "kind": "commit", "commit": commit})


def account_event(status: str | None, *, time_us: int, did: str = "did:plc:inventedada") -> bytes:
    """An event of version 1: an account is deleted, taken down, … or active again (``None``)."""
    account: dict[str, object] = {"active": status is None, "did": did, "seq": 1}
    if status is not None:
        account["status"] = status
    return msgspec.json.encode(
        {"did": did, "time_us": time_us, "kind": "account", "account": account}
    )


def identity_event(handle: str, *, time_us: int, did: str = "did:plc:inventedada") -> bytes:
    """An event of version 1: an account has this handle now."""
    identity = {"did": did, "handle": handle, "seq": 1}
    return msgspec.json.encode(
        {"did": did, "time_us": time_us, "kind": "identity", "identity": identity}
    )
