"""The platforms of a simulated world: what they answer, out of what is true there.

The shapes of the answers are those of ``fake_platform``.
"""

from __future__ import annotations

import json
import random
from bisect import bisect_left, insort
from html import escape

from fake_platform.bluesky import FakeBluesky
from fake_platform.jetstream import V2, as_second_version, info, time_of
from fake_platform.mastodon import Asked, FakeMastodon
from fake_platform.statuses import iso
from simulator.lives import Life, Shown, named
from simulator.network import Line, Network, Reply, Request

JETSTREAM = "jetstream.example"
PDS = "pds.example"
FEED = "feed.example"
FEED_LENGTH = 20


class Closed:
    """A host without WebSockets."""

    def open(self, line: Line, path: str, every: dict[str, list[str]]) -> int:  # noqa: ARG002
        """There is none."""
        return 404


class MastodonHost(Closed):
    """A server with the API of Mastodon."""

    def __init__(self, network: Network, host: str) -> None:
        self.network, self.host = network, host
        self.fake = FakeMastodon()
        self.fake.home = f"https://{host}"
        self.token: str | None = None
        self.listening: dict[Line, str] = {}

    def answer(self, request: Request) -> Reply:
        """Out of the timeline; a list of posts is taken down as shown."""
        parameters = {name: values[-1] for name, values in request.every.items()}
        self.fake.asked = [Asked(request.path, parameters, request.headers, request.every)]
        status, found = self.fake.find(request.path, parameters, request.headers, request.body)
        body = json.dumps(found, ensure_ascii=False).encode("utf-8", "surrogatepass")
        statuses = found if isinstance(found, list) else [found] if "content" in found else []
        shown = [name for one in statuses if (name := named(one["content"] or ""))]
        return Reply(status, body, {"Content-Type": "application/json"}, shows=shown)

    def open(self, line: Line, path: str, every: dict[str, list[str]]) -> int:
        """The stream of a hashtag."""
        if path != "/api/v1/streaming" or self.token is None:
            return 404
        if self.network.fault(self.host, "stream refused", "token expired"):
            return 401
        self.listening[line] = every["tag"][0].casefold()
        return 0

    def say(self, event: str, payload: str, hashtags: tuple[str, ...]) -> None:
        """To everybody who listens to one of the hashtags."""
        for line, hashtag in list(self.listening.items()):
            if line.is_closing():
                del self.listening[line]
            elif hashtag in hashtags:
                if self.network.fault(self.host, "stream cut"):
                    line.cut()
                    continue
                frame = {"stream": ["hashtag", hashtag], "event": event, "payload": payload}
                line.send(json.dumps(frame).encode())
                name = named(json.loads(payload).get("content", "")) if event != "delete" else None
                if name:
                    self.network.shown.append(Shown(self.network.clock.true(), self.host, *name))


class JetstreamHost(Closed):
    """Every event of Bluesky, kept for ``kept`` seconds, from a cursor on."""

    def __init__(self, network: Network, kept: float) -> None:
        self.network, self.kept = network, kept
        self.events: list[tuple[int, bytes]] = []
        self.random = random.Random(17)
        self._asked: dict[Line, tuple[str, dict[str, list[str]]]] = {}
        self._second: set[Line] = set()
        self.clamped: list[tuple[float, float]] = []

    def answer(self, request: Request) -> Reply:  # noqa: ARG002 - there are no pages here
        """There is nothing."""
        return Reply(404, b"{}")

    def open(self, line: Line, path: str, every: dict[str, list[str]]) -> int:
        """Unless the server refuses. A cursor that is too old is refused by some of version 2."""
        fault = self.network.fault(JETSTREAM, "stream refused", "stream busy")
        if fault is not None:
            return 429 if fault.kind == "stream busy" else 503
        self._asked[line] = path, every
        return 0

    def opened(self, line: Line) -> None:
        """What there is from the cursor on."""
        path, every = self._asked.pop(line)
        cursor = int(every["cursor"][0]) if "cursor" in every else None
        if path == V2:
            self._second.add(line)
        if self.network.fault(JETSTREAM, "broken frame"):
            line.send(b'{"kind": "commit", "did":')
        if cursor is None:
            return
        floor = int((self.network.clock.true() - self.kept) * 1e6)
        if cursor < floor:
            self.network.fired["clamped cursor"] += 1
            self.clamped.append((cursor / 1e6, floor / 1e6))
            cursor = floor
            if path == V2:
                line.send(info("OutdatedCursor", "clamped to the oldest event"))
        for _, frame in self.events[bisect_left(self.events, (cursor, b"")) :]:
            self._send(line, frame)

    def publish(self, frames: list[bytes]) -> None:
        """To everybody; events a little out of order, twice, or not to the end."""
        for frame in frames:
            insort(self.events, (time_of(frame), frame))
        if len(frames) > 1 and self.network.fault(JETSTREAM, "out of order"):
            self.random.shuffle(frames)
        if self.network.fault(JETSTREAM, "events twice"):
            frames = [frame for frame in frames for _ in range(2)]
        for line in list(self.network.lines):
            if line.host != JETSTREAM or line in self._asked:
                continue
            for frame in frames:
                self._send(line, frame)

    def _send(self, line: Line, frame: bytes) -> None:
        if line.is_closing():
            return
        wire = as_second_version(frame, time_of(frame)) if line in self._second else frame
        if self.network.fault(JETSTREAM, "half a frame"):
            line.cut(wire)
        elif self.network.fault(JETSTREAM, "stream cut"):
            line.cut()
        elif not self.network.fault(JETSTREAM, "silent stream"):
            line.send(wire)
        else:
            # A connection that says nothing once it said nothing says nothing any more.
            line.send = lambda _: None  # type: ignore[method-assign]


class PdsHost(Closed):
    """A person's own server on Bluesky, with the search."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.fake = FakeBluesky()

    def answer(self, request: Request) -> Reply:
        """Sessions, search, known posts."""
        parameters = {name: values[-1] for name, values in request.every.items()}
        self.fake.asked = [Asked(request.path, parameters, request.headers, request.every)]
        if self.network.fault(PDS, "session spent"):
            self.fake.expire()
        status, found = self.fake.answer(request.path, request.body)
        shown = [name for one in found.get("posts", ()) if (name := named(one["record"]["text"]))]
        body = json.dumps(found, ensure_ascii=False).encode()
        return Reply(status, body, {"Content-Type": "application/json"}, shows=shown)

    def show(self, life: Life, rkey: str, text: str, indexed: float, claimed: float) -> None:
        """A post in the search's index."""
        self.fake.posts[rkey] = {
            "uri": life.uri, "cid": f"bafy{life.newest}",
            "author": {"did": life.author, "handle": f"{life.author[8:]}.example", "labels": []},
            "record": {"$type": "app.bsky.feed.post", "text": text, "createdAt": iso(claimed)},
            "replyCount": 0, "repostCount": 0, "likeCount": life.likes, "quoteCount": 0,
            "indexedAt": iso(indexed), "labels": [],
        }  # fmt: skip


class FeedHost(Closed):
    """A feed of the newest entries, which knows its entity tag."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.lives: list[Life] = []
        self.pushed_out: list[tuple[float, Life]] = []

    def put(self, life: Life) -> None:
        """A new entry; the oldest one leaves."""
        self.lives.append(life)
        if len(self.lives) > FEED_LENGTH:
            self.pushed_out.append((self.network.clock.true(), self.lives.pop(0)))

    def answer(self, request: Request) -> Reply:
        """The feed, or that it is the one known already."""
        items = "".join(
            f"<item><guid>{life.uri}</guid><link>{life.uri}</link>"
            f"<title>{escape(life.text(life.newest))} #natsec17</title>"
            f"<pubDate>{_rfc822(life.written)}</pubDate></item>"
            for life in reversed(self.lives)
        )
        body = (
            '<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>'
            f"<link>https://{FEED}/</link>{items}</channel></rss>"
        ).encode()
        tag = f'"{hash(body)}"'
        if request.headers.get("if-none-match") == tag:
            self.network.fired["not modified"] += 1
            return Reply(304, b"", {"ETag": tag})
        shown = [(life.index, life.newest) for life in self.lives]
        return Reply(200, body, {"ETag": tag, "Content-Type": "text/xml"}, shows=shown)


def _rfc822(at: float) -> str:
    from email.utils import formatdate

    return formatdate(at, usegmt=True)
