"""A Nostr relay on loop-back, with a plan of faults that counts what fired; and invented people.

It speaks NIP-01: filters by kind, author, hashtag, mention and time, the newest first and no more
than it likes, ``EOSE``, then what :meth:`FakeRelay.publish` adds.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from types import TracebackType
from typing import Any

from coincurve import PrivateKey
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Signed = dict[str, Any]


class Person:
    """Somebody invented, with a key made from the name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._secret = PrivateKey(sha256(f"invented {name}".encode()).digest())
        self.key = self._secret.public_key.format()[1:].hex()

    def sign(self, kind: int, content: str, at: int, *tags: Sequence[str]) -> Signed:
        """An event."""
        listed = [list(tag) for tag in tags]
        parts = [0, self.key, at, kind, listed, content]
        digest = sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode())
        return {
            "id": digest.hexdigest(), "pubkey": self.key, "created_at": at, "kind": kind,
            "tags": listed, "content": content,
            "sig": self._secret.sign_schnorr(digest.digest(), bytes(32)).hex(),
        }  # fmt: skip

    def note(self, text: str, at: int, *tags: Sequence[str]) -> Signed:
        """A note whose hashtags stand in its tags too, as clients do it."""
        words = [word[1:].lower() for word in text.split() if word.startswith("#")]
        return self.sign(1, text, at, *(["t", word] for word in words), *tags)

    def profile(self, at: int, **said: Any) -> Signed:
        """What they say of themselves."""
        return self.sign(0, json.dumps({"name": self.name, **said}), at)

    def delete(self, event: Signed, at: int, *tags: Sequence[str]) -> Signed:
        """They want it gone."""
        return self.sign(5, "a mistake", at, ["e", event["id"]], *tags)


@dataclass
class Faults:
    """What goes wrong. ``refuse`` and ``cut_after`` are used up from the front, one a connection.

    ``refuse``: a status in place of a connection. ``cut_after``: the connection ends within the
    frame after so many. ``close``: a subscription whose name begins so is ended with these words.
    ``no_end``: no EOSE for such. ``greeting``: this frame comes first. ``most``: no more events an
    answer. ``twice``: each event is sent twice. ``ignores``: parts of filters that are not known.
    """

    refuse: list[int | None] = field(default_factory=list)
    cut_after: list[int | None] = field(default_factory=list)
    close: dict[str, str] = field(default_factory=dict)
    no_end: tuple[str, ...] = ()
    greeting: bytes = b""
    most: int = 500
    twice: bool = False
    ignores: set[str] = field(default_factory=set)


class FakeRelay:
    """The relay; ``async with`` runs it. ``asked`` keeps the questions, ``fired`` counts faults."""

    def __init__(self, events: Sequence[Signed] = (), faults: Faults | None = None) -> None:
        self.events = list(events)
        self.faults = faults or Faults()
        self.fired: Counter[str] = Counter()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.closed: list[str] = []
        self.url = ""
        self._server: Server | None = None
        self._open: dict[ServerConnection, dict[str, list[dict[str, Any]]]] = {}
        self._left: dict[ServerConnection, int | None] = {}
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> FakeRelay:
        self._server = await serve(
            self._serve, "127.0.0.1", 0, process_request=self._receive, close_timeout=0.2
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
        await self._server.wait_closed()

    @property
    def instance(self) -> str:
        """Host and port."""
        return self.url.removeprefix("ws://")

    async def publish(self, *events: Signed) -> None:
        """To whoever asks for such, and whoever will."""
        self.events += events
        for event in events:
            for connection, subscriptions in list(self._open.items()):
                for name, filters in list(subscriptions.items()):
                    if any(self._fits(event, each) for each in filters):
                        with suppress(ConnectionClosed):
                            await self._send(connection, ["EVENT", name, event])

    async def say(self, frame: bytes) -> None:
        """Just this, to everybody."""
        for connection in list(self._open):
            await connection.send(frame, text=True)

    async def cut(self) -> None:
        """Ends every connection without a word."""
        for connection in list(self._open):
            self.fired["cut"] += 1
            connection.transport.abort()

    async def listening(self, name: str) -> None:
        """Waits until a subscription of this name is open."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: any(name in each for each in self._open.values()))

    def _receive(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Accept") == "application/nostr+json":
            about = {"software": "https://code.example/relays/fake", "version": "1.0"}
            return connection.respond(HTTPStatus.OK, json.dumps(about))
        status = self.faults.refuse.pop(0) if self.faults.refuse else None
        if status is None:
            return None
        self.fired[f"refused with {status}"] += 1
        return connection.respond(HTTPStatus(status), "no")

    async def _serve(self, connection: ServerConnection) -> None:
        self._open[connection] = {}
        self._left[connection] = self.faults.cut_after.pop(0) if self.faults.cut_after else None
        try:
            if self.faults.greeting:
                self.fired["greeted"] += 1
                await connection.send(self.faults.greeting, text=True)
            async for message in connection:
                kind, name, *filters = json.loads(message)
                if kind == "CLOSE":
                    self.closed.append(name)
                    self._open[connection].pop(name, None)
                    continue
                assert kind == "REQ"
                self.asked += [(name, each) for each in filters]
                await self._answer(connection, name, filters)
                async with self._changed:
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            del self._open[connection]

    async def _answer(
        self, connection: ServerConnection, name: str, filters: list[dict[str, Any]]
    ) -> None:
        for beginning, words in self.faults.close.items():
            if name.startswith(beginning):
                self.fired["closed"] += 1
                await self._send(connection, ["CLOSED", name, words])
                return
        self._open[connection][name] = filters
        for each in filters:
            found = [event for event in self.events if self._fits(event, each)]
            found.sort(key=lambda event: event["created_at"], reverse=True)
            if len(found) > self.faults.most:
                self.fired["clipped"] += 1
            for event in found[: min(self.faults.most, each.get("limit", 10**9))]:
                for _ in range(2 if self.faults.twice else 1):
                    await self._send(connection, ["EVENT", name, event])
                    self.fired["twice"] += self.faults.twice
        if any(name.startswith(each) for each in self.faults.no_end):
            self.fired["no end"] += 1
            return
        await self._send(connection, ["EOSE", name])

    async def _send(self, connection: ServerConnection, message: list[Any]) -> None:
        frame = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
        left = self._left[connection]
        if left == 0:
            self.fired["cut"] += 1
            header = b"\x81\x7e" + len(frame).to_bytes(2, "big")
            connection.transport.write(header + frame[: len(frame) // 2])
            connection.transport.close()
            raise ConnectionClosed(None, None)
        self._left[connection] = None if left is None else left - 1
        await connection.send(frame, text=True)

    def _fits(self, event: Signed, wanted: dict[str, Any]) -> bool:
        checks = {
            "kinds": lambda kinds: event["kind"] in kinds,
            "authors": lambda keys: event["pubkey"] in keys,
            "since": lambda at: event["created_at"] >= at,
            "until": lambda at: event["created_at"] <= at,
            "#t": lambda values: _has(event, "t", values),
            "#p": lambda values: _has(event, "p", values),
        }
        return all(
            check(wanted[name])
            for name, check in checks.items()
            if name in wanted and name not in self.faults.ignores
        )


def _has(event: Signed, name: str, values: list[str]) -> bool:
    return any(tag[0] == name and tag[1] in values for tag in event["tags"])
