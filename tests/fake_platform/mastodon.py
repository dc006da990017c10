"""A Mastodon server on loop-back, in a thread, with a plan of faults that counts what fired.

It serves real bytes over real sockets: snowflake ids (milliseconds << 16), ``min_id``, ``max_id``
and ``since_id`` as Mastodon means them, edits, deletions, boosts, and posts that arrive late under
an id dated back.
"""

from __future__ import annotations

import gzip
import json
import threading
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from fake_platform.statuses import account, instance_document, iso, status

HUGE = 1_000_000_000
_CHUNK = b"x" * 65_536


@dataclass
class Fault:
    """One thing that goes wrong with the next ``times`` requests.

    ``kind``: ``answer`` (this status, headers and body), ``cut`` (the true body without its last
    ``cut`` bytes), ``drip`` (a byte a second), ``half-open`` (silence), ``drop`` (the connection
    ends within the body), ``huge`` (a gigabyte), ``bomb`` (a gigabyte, as a megabyte of gzip).
    """

    kind: str = "answer"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int = 1
    times: int = 1


@dataclass
class Asked:
    """A request that came."""

    path: str
    parameters: dict[str, str]
    headers: dict[str, str]
    every: dict[str, list[str]] = field(default_factory=dict)


class Timeline:
    """The posts of a server. ``ignores`` holds the parameters that it does not know,
    ``largest_page`` caps ``limit``, ``home`` is the address that its people's posts begin with."""

    def __init__(self) -> None:
        self.home = "https://social.example"
        self.statuses: dict[int, dict[str, Any]] = {}
        self.ignores: set[str] = set()
        self.largest_page = 40
        self._sequence = 0
        self._sorted: dict[str, list[int]] = {}
        self.no_accounts: set[str] = set()

    def post(
        self,
        text: str,
        at: float,
        *,
        tags: tuple[str, ...] = ("natsec17",),
        id_at: float | None = None,
        author: str = "ana",
        **fields: Any,
    ) -> str:
        """A new post by an invented person, claimed to be of ``at`` (UTC seconds); gives its id.

        ``id_at`` is the time in its id where that differs, as for a post that was fetched late.
        """
        self._sequence += 1
        number = (int((at if id_at is None else id_at) * 1_000) << 16) + self._sequence
        self._sorted.clear()
        shown = self.shown(number)
        self.statuses[number] = status(shown, text, at, tags, author, self.home) | fields
        return shown

    def shown(self, number: int) -> str:
        """A number as this kind of server writes it."""
        return str(number)

    def number(self, shown: str) -> int:
        """Back again."""
        return int(shown)

    def receive(self, other: dict[str, Any], at: float) -> str:
        """A post of another server comes in at ``at``; gives the id that it gets here."""
        self._sequence += 1
        number = (int(at * 1_000) << 16) + self._sequence
        self._sorted.clear()
        self.statuses[number] = {**other, "id": self.shown(number)}
        return self.shown(number)

    def boost(self, of: str, at: float, *, author: str = "bo") -> str:
        """A boost of the post ``of``."""
        original = self.statuses[self.number(of)]
        tags = tuple(tag["name"] for tag in original["tags"])
        number = self.post("", at, tags=tags, author=author, reblog=original)
        made = self.statuses[self.number(number)]
        made |= {"content": original["content"], "uri": f"{made['uri']}/activity"}
        return number

    def edit(self, of: str, text: str, at: float) -> None:
        """A new text for the post ``of``."""
        self.statuses[self.number(of)] |= {
            "content": f"<p>{escape(text)}</p>",
            "edited_at": iso(at),
        }

    def delete(self, of: str) -> None:
        """The post ``of`` is gone."""
        self._sorted.clear()
        del self.statuses[self.number(of)]

    def name_of(self, account_id: str) -> str:
        """Whose id that is."""
        return next(
            (
                each["account"]["username"]
                for each in self.statuses.values()
                if each["account"]["id"] == account_id
            ),
            "",
        )

    def by_ids(self, ids: list[str]) -> list[dict[str, Any]]:
        """Those of these that there are."""
        numbers = map(self.number, ids)
        return [self.statuses[number] for number in numbers if number in self.statuses]

    def page(
        self, tag: str, parameters: dict[str, str], others: tuple[str, ...] = ()
    ) -> list[dict[str, Any]]:
        """The timeline of ``tag``, or of any of the others too, as Mastodon would page it.

        Nothing where ``tag`` itself was never used.
        """
        marks = {
            name: self.number(parameters[name])
            for name in ("min_id", "max_id", "since_id")
            if name in parameters and name not in self.ignores
        }
        low = max(marks.get("min_id", 0), marks.get("since_id", 0))
        every = self._numbers(tag.casefold())
        if every and others and "any[]" not in self.ignores:
            more = (self._numbers(other.casefold()) for other in others[:3])
            every = sorted({*every, *(number for numbers in more for number in numbers)})
        numbers = every[bisect_right(every, low) : bisect_left(every, marks.get("max_id", 1 << 80))]
        limit = min(int(parameters.get("limit", 20)), self.largest_page)
        chosen = numbers[:limit] if "min_id" in marks else numbers[-limit:]
        return [self.statuses[number] for number in reversed(chosen)]

    def _numbers(self, tag: str) -> list[int]:
        if tag not in self._sorted:
            self._sorted[tag] = sorted(
                number
                for number, each in self.statuses.items()
                if tag in (t["name"].casefold() for t in each["tags"])
                or tag == f"@{each['account']['username']}"
            )
        return self._sorted[tag]


class FakeMastodon(Timeline):
    """The server; ``with`` runs it. ``fired`` counts faults, ``asked`` keeps the requests.

    ``token`` is demanded where it is set, ``access`` is what it says of its hashtag feeds.
    ``streaming`` is the address that it advertises for streams,
    ``most_ids`` is how many known posts may be asked for at once; 0 where the call is not there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Fault] = []
        self.fired: Counter[str] = Counter()
        self.asked: list[Asked] = []
        self.token: str | None = None
        self.access: dict[str, str] | None = None
        self.unknown_tag_is_missing = False
        self.is_website = False
        self.most_ids = 20
        self.streaming = ""
        self.sent = 0
        self._stopping = threading.Event()

    @cached_property
    def _server(self) -> _Server:
        # Not before it is wanted: its answers are of use without a socket, too.
        return _Server(("127.0.0.1", 0), _handler_of(self))

    @cached_property
    def _thread(self) -> threading.Thread:
        return threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> FakeMastodon:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def instance(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """The address to configure."""
        return f"http://{self.instance}"

    def answer(
        self,
        path: str,  # noqa: ARG002 - for servers with an API of their own
        body: bytes,  # noqa: ARG002 - for servers with an API of their own
    ) -> tuple[int, Any] | None:
        """What another kind of server answers; ``None`` for what Mastodon does."""
        return None

    def find(
        self, path: str, parameters: dict[str, str], headers: dict[str, str], body: bytes
    ) -> tuple[int, Any]:
        """Status and answer of the request that was ``asked`` last."""
        special = self.answer(path, body)
        if special is not None:
            return special
        if self.is_website:
            return 404, "<html>no such page</html>"
        if path == "/api/v2/instance":
            return 200, instance_document(self.access, self.streaming)
        if path == "/api/v1/instance":
            return 200, {"uri": "fake.example", "version": "4.5.0"}
        if self.token and headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"error": "Der Zugriffstoken ist ungültig"}
        if path == "/api/v1/accounts/lookup":
            name = parameters["acct"].partition("@")[0]
            if name in self.no_accounts:
                return 404, {"error": "Record not found"}
            return 200, account(name)
        if path.startswith("/api/v1/accounts/"):
            number = path.split("/")[4]
            return 200, self.page(f"@{self.name_of(number)}", parameters)
        if path.startswith("/api/v1/statuses"):
            return self._known(path)
        tag = unquote(path.removeprefix("/api/v1/timelines/tag/"))
        found = self.page(tag, parameters, tuple(self.asked[-1].every.get("any[]", ())))
        if not found and self.unknown_tag_is_missing:
            return 404, {"error": "Not Found"}
        return 200, found

    def _known(self, path: str) -> tuple[int, Any]:
        """Posts asked for by their ids, as Mastodon 4.3 and later answer."""
        one = path.removeprefix("/api/v1/statuses").strip("/")
        if one:
            found = self.by_ids([one])
            return (200, found[0]) if found else (404, {"error": "Record not found"})
        if not self.most_ids:
            return 404, {"error": "Not Found"}
        ids = [] if "id[]" in self.ignores else self.asked[-1].every.get("id[]", [])
        if len(set(ids)) > self.most_ids:
            return 422, {"error": "Validation failed"}
        return 200, self.by_ids(ids)

    def next_fault(self) -> Fault | None:
        """The fault for this request, counted as fired."""
        if not self.faults:
            return None
        fault = self.faults[0]
        fault.times -= 1
        if fault.times <= 0:
            del self.faults[0]
        self.fired[fault.kind] += 1
        return fault

    def wait(self, seconds: float) -> bool:
        """Whether the server goes on after so long a time."""
        return not self._stopping.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what some faults are for."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    fake: FakeMastodon
    protocol_version = "HTTP/1.1"
    wbufsize = 0

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet."""

    body = b""

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        every = parse_qs(parts.query)
        parameters = {name: values[-1] for name, values in every.items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.fake.asked.append(Asked(parts.path, parameters, headers, every))
        fault = self.fake.next_fault()
        if fault is not None and fault.kind == "answer":
            self._answer(fault.status, fault.body, fault.headers)
        elif fault is not None and fault.kind in ("huge", "bomb", "half-open"):
            self._never_end(fault)
        else:
            self._serve(parts.path, parameters, headers, fault)

    def _serve(
        self, path: str, parameters: dict[str, str], headers: dict[str, str], fault: Fault | None
    ) -> None:
        code, answer = self.fake.find(path, parameters, headers, self.body)
        body = json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")
        if fault is None:
            self._answer(code, body, {"Content-Type": "application/json; charset=utf-8"})
        elif fault.kind == "cut":
            self._answer(code, body[: -fault.cut], {"Content-Type": "application/json"})
        else:
            self._begin(code, {"Content-Length": str(len(body))})
            if fault.kind == "drop":
                self.wfile.write(body[: len(body) // 2])
            else:
                for position in range(len(body)):
                    self.wfile.write(body[position : position + 1])
                    if not self.fake.wait(1):
                        break
            self.close_connection = True

    def _never_end(self, fault: Fault) -> None:
        self.close_connection = True
        if fault.kind == "half-open":
            while self.fake.wait(1):
                pass
            return
        piece, total = _CHUNK, HUGE
        headers = {"Content-Type": "application/json", "Connection": "close"}
        if fault.kind == "bomb":
            piece = gzip.compress(b"[" + b" " * 10_000_000)
            total = 100 * len(piece)
            headers["Content-Encoding"] = "gzip"
        self._begin(200, headers)
        for _ in range(total // len(piece)):
            self.wfile.write(piece)
            self.fake.sent += len(piece)

    def _answer(self, code: int, body: bytes, headers: dict[str, str]) -> None:
        self._begin(code, {**headers, "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _begin(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _handler_of(fake: FakeMastodon) -> type[_Handler]:
    return type("Handler", (_Handler,), {"fake": fake})
