"""X's API v2 on loop-back, in a thread: search, counts, look-up, stream, rules, and a bill.

It serves real bytes, refuses what X refuses, and charges on its own account for every post, user
and medium that it has sent, once a UTC day each, by a clock that the test sets.
"""

from __future__ import annotations

import json
import queue
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fake_platform.mastodon import Asked, Fault
from fake_platform.statuses import iso

TOKEN = "a-bearer-token"
EPOCH = 1_288_834_974_657
WEEK = 7 * 86_400
PRICES = {"post": 5_000, "user": 10_000, "media": 5_000, "count": 5_000, "archive_count": 10_000}
_GONE = "https://api.twitter.com/2/problems/resource-not-found"


def snowflake(at: float, sequence: int = 0) -> int:
    """The id of a post written at ``at`` (UTC seconds)."""
    return (int(at * 1_000) - EPOCH << 22) + sequence


def time_of(identifier: int) -> float:
    """When the post with this id was written."""
    return ((identifier >> 22) + EPOCH) / 1_000


class RefusedError(Exception):
    """X's refusal of a request: its status and what it says."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass
class Bill:
    """What X charges. ``by_month`` is in millionths of a dollar."""

    by_month: Counter[str] = field(default_factory=Counter)
    posts: int = 0
    _charged: set[tuple[int, str]] = field(default_factory=set)

    def charge(self, thing: str, price: int, now: float) -> None:
        """A thing that was sent."""
        key = (int(now // 86_400), thing)
        if key not in self._charged:
            self._charged.add(key)
            self.flat(price, now)
            self.posts += thing.startswith("post")

    def flat(self, price: int, now: float) -> None:
        """A question."""
        self.by_month[datetime.fromtimestamp(now, UTC).strftime("%Y-%m")] += price

    @property
    def total(self) -> int:
        """All of it."""
        return self.by_month.total()


class FakeX:
    """The server; ``with`` runs it. ``fired`` counts faults, ``asked`` keeps the requests.

    ``now`` is its clock. ``endless`` makes every search find a post of every second, each a boost
    of its own original, all by different people: the most that a post can cost.
    """

    def __init__(self, now: float) -> None:
        self.now = now
        self.posts: dict[int, dict[str, Any]] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.media: dict[str, dict[str, Any]] = {}
        self.hidden: set[str] = set()
        self.faults: list[Fault] = []
        self.fired: Counter[str] = Counter()
        self.asked: list[Asked] = []
        self.bill = Bill()
        self.endless = False
        self.rules: dict[str, dict[str, str]] = {}
        self.listeners: list[queue.Queue[bytes | None]] = []
        self.flood: int | None = None
        self.sent = 0
        self.limits = {"x-rate-limit-remaining": "440"}
        self._tokens: dict[str, tuple[Any, int]] = {}
        self._sequence = 0
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> FakeX:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self.cut()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The address to configure."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    # What people do.

    def write(
        self,
        text: str,
        at: float,
        *,
        author: str = "ana",
        tags: tuple[str, ...] = ("natsec17",),
        refers: tuple[tuple[str, str], ...] = (),
        **fields: Any,
    ) -> str:
        """A new post by an invented person; gives its id. ``refers`` are pairs of kind and id."""
        self._sequence += 1
        number = snowflake(at, self._sequence % 4_096)
        self.posts[number] = self._post(number, text, author, tags, refers) | fields
        return str(number)

    def boost(self, of: str, at: float, *, author: str = "bo") -> str:
        """A repost, whose text X cuts."""
        original = self.posts[int(of)]
        name = self.users[original["author_id"]]["username"]
        tags = tuple(each["tag"] for each in original["entities"]["hashtags"])
        text = f"RT @{name}: {original['text'][:40]}…"
        return self.write(text, at, author=author, tags=tags, refers=(("retweeted", of),))

    def edit(self, of: str, text: str, at: float) -> str:
        """A new version; gives its id. A search shows only that one."""
        old = self.posts[int(of)]
        history = old["edit_history_tweet_ids"]
        made = self.write(text, at, author=self.users[old["author_id"]]["username"])
        self.posts[int(made)]["edit_history_tweet_ids"] = [*history, made]
        for version in history:
            self.posts[int(version)]["edit_history_tweet_ids"] = [*history, made]
        return made

    def delete(self, of: str) -> None:
        """The post is gone, in all its versions."""
        for version in self.posts[int(of)]["edit_history_tweet_ids"]:
            self.posts.pop(int(version), None)

    def _post(
        self,
        number: int,
        text: str,
        author: str,
        tags: tuple[str, ...],
        refers: tuple[tuple[str, str], ...],
    ) -> dict[str, Any]:
        identifier = str(9_000_000 + sum(n * c for n, c in enumerate(author.encode(), 1)))
        self.users.setdefault(
            identifier,
            {
                "id": identifier,
                "username": author,
                "name": author.title(),
                "description": f"{author.title()} is invented.",
                "protected": False,
                "public_metrics": {"followers_count": 12},
            },
        )
        said = f"{text} {' '.join('#' + tag for tag in tags)}".strip()
        made: dict[str, Any] = {
            "id": str(number),
            "text": said,
            "author_id": identifier,
            "created_at": iso(time_of(number)),
            "lang": "en",
            "edit_history_tweet_ids": [str(number)],
            "public_metrics": {
                "retweet_count": 0, "reply_count": 0, "like_count": 0, "quote_count": 0,
            },
            "entities": {"hashtags": [{"start": 0, "end": 1, "tag": tag} for tag in tags]},
        }  # fmt: skip
        if refers:
            made["referenced_tweets"] = [{"type": kind, "id": of} for kind, of in refers]
        return made

    # What it answers.

    def search(self, asked: dict[str, str], *, whole: bool) -> dict[str, Any]:
        """A page of a search, charged for."""
        size = int(asked.get("max_results", "10"))
        if not 10 <= size <= (500 if whole else 100):
            raise RefusedError(400, "max_results is out of range")
        low, high = self._bounds(asked, whole=whole)
        same = tuple(sorted((k, v) for k, v in asked.items() if k in _SAME))
        if "next_token" in asked:
            first, high = self._tokens.get(asked["next_token"], (None, 0))
            if first != same:
                raise RefusedError(400, "next_token does not belong to this search")
        found = []
        for number in self._numbers(asked["query"], low, high):
            found.append(number)
            if len(found) > size:
                break
        more, found = len(found) > size, found[:size]
        meta: dict[str, Any] = {"result_count": len(found)}
        if found:
            meta |= {"newest_id": str(found[0]), "oldest_id": str(found[-1])}
        if more:
            token = f"t{len(self._tokens)}"
            self._tokens[token] = (same, found[-1])
            meta["next_token"] = token
        return self._answer([self._at(number) for number in found], asked) | {"meta": meta}

    def count(self, asked: dict[str, str], *, whole: bool) -> dict[str, Any]:
        """How many there are."""
        low, high = self._bounds(asked, whole=whole)
        if self.endless:
            total = int(time_of(min(high, snowflake(self.now))) - time_of(max(low, 1)))
        else:
            total = sum(1 for _ in self._numbers(asked["query"], low, high))
        self.bill.flat(PRICES["archive_count" if whole else "count"], self.now)
        return {"data": [], "meta": {"total_tweet_count": total}}

    def known(self, asked: dict[str, str]) -> dict[str, Any]:
        """Posts by their ids."""
        ids = asked["ids"].split(",")
        if len(ids) > 100:
            raise RefusedError(400, "ids: too many")
        there = [self.posts[int(each)] for each in ids if self._is_shown(each)]
        errors = [
            {"value": each, "detail": f"Could not find tweet with ids: [{each}].",
             "title": "Not Found Error", "resource_type": "tweet", "parameter": "ids",
             "resource_id": each, "type": _GONE}
            for each in ids
            if not self._is_shown(each)
        ]  # fmt: skip
        answer = self._answer(there, asked)
        return answer | ({"errors": errors} if errors else {})

    def change_rules(self, change: dict[str, Any]) -> dict[str, Any]:
        """Adds or deletes."""
        for each in change.get("delete", {}).get("ids", ()):
            del self.rules[each]
        for rule in change.get("add", ()):
            if len(rule["value"]) > 1_024:
                raise RefusedError(400, "a rule is too long")
            self._sequence += 1
            number = str(7_000 + self._sequence)
            self.rules[number] = {"id": number, **rule}
        return {"meta": {"sent": iso(self.now)}}

    def line(self, identifier: str, asked: dict[str, str]) -> bytes | None:
        """A post as the stream sends it, charged for; ``None`` where no rule matches it."""
        post = self.posts[int(identifier)]
        matching = [
            {"id": rule["id"], "tag": rule.get("tag", "")}
            for rule in self.rules.values()
            if self._matches(rule["value"], post)
        ]
        if not matching:
            return None
        answer = self._answer([post], asked)
        (answer["data"],) = answer["data"]
        return json.dumps(answer | {"matching_rules": matching}).encode() + b"\r\n"

    def push(self, identifier: str) -> None:
        """Says it to whoever listens."""
        for listener in list(self.listeners):
            listener.put(identifier.encode())

    def say(self, raw: bytes) -> None:
        """Says just this on every stream."""
        for listener in list(self.listeners):
            listener.put(b"\x00" + raw)

    def cut(self) -> None:
        """Ends every stream."""
        for listener in list(self.listeners):
            self.fired["cut"] += 1
            listener.put(None)

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

    def _bounds(self, asked: dict[str, str], *, whole: bool) -> tuple[int, int]:
        """The ids between which the posts lie, both excluded."""
        if (not whole and len(asked["query"]) > 512) or len(asked["query"]) > 1_024:
            raise RefusedError(400, "query is too long")
        low, high = 0, snowflake(self.now + 1)
        oldest = 0 if whole else snowflake(self.now - WEEK)
        if "since_id" in asked:
            low = int(asked["since_id"])
        elif "start_time" in asked:
            begins = datetime.fromisoformat(asked["start_time"]).timestamp()
            if begins >= self.now - 30:
                raise RefusedError(400, "start_time must be before end_time")
            low = snowflake(begins) - 1
        elif not whole:
            low = oldest
        if low < oldest:
            raise RefusedError(400, "'since_id' or 'start_time' is older than seven days")
        if "until_id" in asked:
            high = int(asked["until_id"])
            if high <= low + 1:
                raise RefusedError(400, "'until_id' is not after 'since_id' or 'start_time'")
        return low, high

    def _numbers(self, query: str, low: int, high: int) -> Iterator[int]:
        """The ids of what is found, the newest first."""
        if self.endless:
            second = int(time_of(high)) if high else 0
            while second and (number := snowflake(second)) > low:
                if number < high:
                    yield number
                second -= 1
            return
        for number in sorted(self.posts, reverse=True):
            post = self.posts[number]
            newest = post["edit_history_tweet_ids"][-1] == post["id"]
            if low < number < high and newest and self._matches(query, post):
                yield number

    def _matches(self, query: str, post: dict[str, Any]) -> bool:
        if self.endless:
            return True
        kinds = {each["type"] for each in post.get("referenced_tweets", ())}
        if "-is:retweet" in query and "retweeted" in kinds:
            return False
        author = self.users[post["author_id"]]["username"].casefold()
        tags = {each["tag"].casefold() for each in post["entities"]["hashtags"]}
        words = re.sub(r"[()]|-is:retweet", " ", query).replace(" OR ", " ").split()
        return self._is_shown(post["id"]) and any(
            (word[0] == "#" and word[1:].casefold() in tags)
            or word.casefold() == f"from:{author}"
            or (word[0] == "@" and word.casefold() in post["text"].casefold())
            for word in words
        )

    def _is_shown(self, identifier: str) -> bool:
        return int(identifier) in self.posts and identifier not in self.hidden

    def _at(self, number: int) -> dict[str, Any]:
        if self.endless and number not in self.posts:
            original = number - (1 << 40)
            self.posts[original] = self._post(original, "said", f"o{original}", ("natsec17",), ())
            refers = (("retweeted", str(original)),)
            self.posts[number] = self._post(number, "RT", f"a{number}", ("natsec17",), refers)
            for each, name in ((original, "o"), (number, "a")):
                identifier = f"{name}{each}"
                self.users[identifier] = {"id": identifier, "username": identifier[:15]}
                self.posts[each]["author_id"] = identifier
        return self.posts[number]

    def _answer(self, posts: list[dict[str, Any]], asked: dict[str, str]) -> dict[str, Any]:
        """Posts with what the expansions ask for, all charged."""
        expansions = asked.get("expansions", "").split(",")
        included: dict[str, dict[str, Any]] = {}
        users: dict[str, dict[str, Any]] = {}
        media: dict[str, dict[str, Any]] = {}
        errors = []
        for post in posts:
            for reference in post.get("referenced_tweets", ()):
                if "referenced_tweets.id" not in expansions:
                    continue
                if self._is_shown(reference["id"]):
                    included[reference["id"]] = self.posts[int(reference["id"])]
                else:
                    errors.append({"value": reference["id"], "title": "Not Found Error",
                                   "parameter": "referenced_tweets.id", "type": _GONE})  # fmt: skip
            if "attachments.media_keys" in expansions:
                for key in post.get("attachments", {}).get("media_keys", ()):
                    media[key] = self.media[key]
            if "author_id" in expansions:
                users[post["author_id"]] = self.users[post["author_id"]]
        if "referenced_tweets.id.author_id" in expansions:
            for post in included.values():
                users[post["author_id"]] = self.users[post["author_id"]]
        for kind, things in (
            ("post", [*(post["id"] for post in posts), *included]),
            ("user", [*users]),
            ("media", [*media]),
        ):
            for each in things:
                self.bill.charge(f"{kind} {each}", PRICES[kind], self.now)
        parts = {"users": users, "tweets": included, "media": media}
        includes = {name: [*things.values()] for name, things in parts.items() if things}
        answer: dict[str, Any] = {"data": posts} if posts else {}
        answer |= {"includes": includes} if includes else {}
        return answer | ({"errors": errors} if errors else {})


_SAME = ("query", "since_id", "until_id", "start_time")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what some faults are for."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    fake: FakeX
    protocol_version = "HTTP/1.1"
    wbufsize = 0

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self._note()
        try:
            self._send(201, self.fake.change_rules(body))
        except RefusedError as error:
            self._refuse(error)

    def do_GET(self) -> None:
        asked = self._note()
        fault = self.fake.next_fault()
        if fault is not None and fault.kind == "answer":
            self._send_raw(fault.status, fault.body, fault.headers)
            return
        try:
            if asked.headers.get("authorization") != f"Bearer {TOKEN}":
                raise RefusedError(401, "Unauthorized")
            if asked.path == "/2/tweets/search/stream":
                self._stream(asked.parameters)
                return
            self._send(200, self._find(asked.path, asked.parameters), fault)
        except RefusedError as error:
            self._refuse(error)

    def _note(self) -> Asked:
        parts = urlsplit(self.path)
        parameters = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.fake.asked.append(Asked(parts.path, parameters, headers))
        return self.fake.asked[-1]

    def _find(self, path: str, asked: dict[str, str]) -> dict[str, Any]:
        fake = self.fake
        if path.startswith("/2/tweets/search/") and path.endswith(("recent", "all")):
            return fake.search(asked, whole=path.endswith("all"))
        if path.startswith("/2/tweets/counts/"):
            return fake.count(asked, whole=path.endswith("all"))
        if path == "/2/tweets/search/stream/rules":
            return {"data": [*fake.rules.values()]} if fake.rules else {"meta": {}}
        if path == "/2/tweets":
            return fake.known(asked)
        raise RefusedError(404, "no such page")

    def _stream(self, asked: dict[str, str]) -> None:
        fake = self.fake
        if fake.listeners:
            self._refuse(RefusedError(429, "ConnectionException: TooManyConnections"))
            return
        mine: queue.Queue[bytes | None] = queue.Queue()
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"\r\n")
        fake.listeners.append(mine)
        try:
            if fake.flood is not None:
                self._flood(asked)
            while (said := mine.get()) is not None:
                raw = said[1:] if said[:1] == b"\x00" else fake.line(said.decode(), asked)
                if raw is not None:
                    self.wfile.write(raw)
                    fake.sent += 1
        except OSError:
            fake.fired["hung up"] += 1
        finally:
            fake.listeners.remove(mine)

    def _flood(self, asked: dict[str, str]) -> None:
        """``flood`` posts a second until the client hangs up, each as dear as can be."""
        fake = self.fake
        assert fake.flood is not None
        number = snowflake(fake.now)
        while fake.wait(1 / fake.flood):
            number += 1 << 22
            post = fake._at(number)
            line = fake.line(post["id"], asked)
            assert line is not None
            self.wfile.write(line)
            fake.sent += 1

    def _refuse(self, error: RefusedError) -> None:
        headers = {"x-rate-limit-reset": str(int(time.time()) + 2)}
        said = {"title": "Refused", "detail": str(error), "status": error.status}
        self.fake.fired[f"refused with {error.status}"] += 1
        self._send_raw(error.status, json.dumps(said).encode(), headers)

    def _send(self, code: int, answer: dict[str, Any], fault: Fault | None = None) -> None:
        body = json.dumps(answer, ensure_ascii=False).encode()
        if fault is None:
            self._send_raw(code, body, self.fake.limits)
            return
        self.send_response(code)
        if fault.kind == "cut":  # a body that ends too soon, and says that it is whole
            body = body[: -fault.cut]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault.kind == "drop":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif fault.kind == "cut":
            self.wfile.write(body)

    def _send_raw(self, code: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
