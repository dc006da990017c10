"""A Bluesky server (PDS) on loop-back, with the faults of the Mastodon one: sessions and search.

Tokens are spent by the server's word (:meth:`FakeBluesky.expire`); a search gives the newest first
by offsets that die at ``deepest``, as the real one does near 10,000.
"""

from __future__ import annotations

import json
from typing import Any

from fake_platform.mastodon import FakeMastodon
from fake_platform.statuses import iso

PASSWORD = "abcd-efgh-ijkl-mnop"


class FakeBluesky(FakeMastodon):
    """``posts`` by key; ``opened`` and ``renewed`` count sessions, ``loops`` makes the search give
    the same cursor for ever, ``short`` leaves so many posts out of each page's length."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, dict[str, Any]] = {}
        self.deepest = 10_000
        self.dies_silently = False
        self.loops = False
        self.short = 0
        self.password = PASSWORD
        self.opened = self.renewed = 0
        self.refreshable = True
        self.blocking: set[str] = set()
        self.deactivated = False
        self._count = 0
        self._access = ""
        self._refresh = ""

    def write(
        self, text: str, at: float, *, indexed: float | None = None, labels: tuple[str, ...] = ()
    ) -> str:
        """A new post by an invented person; gives its key."""
        self._count += 1
        key = f"k{self._count:06}"
        shown = at if indexed is None else indexed
        self.posts[key] = {
            "uri": f"at://did:plc:ana/app.bsky.feed.post/{key}", "cid": "bafy",
            "author": {
                "did": "did:plc:ana", "handle": "ana.example", "displayName": "Ana",
                "labels": [{"src": "did:plc:ana", "val": label} for label in labels],
            },
            "record": {"$type": "app.bsky.feed.post", "text": text, "createdAt": iso(at)},
            "replyCount": 1, "repostCount": 2, "likeCount": 3, "quoteCount": 0,
            "indexedAt": iso(shown), "labels": [],
        }  # fmt: skip
        return key

    def expire(self) -> None:
        """The access token of now is good no more."""
        self._access = "gone"

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        """As a PDS does."""
        token = self.asked[-1].headers.get("authorization", "").removeprefix("Bearer ")
        method = path.removeprefix("/xrpc/")
        if method == "com.atproto.server.createSession":
            return self._open(json.loads(body))
        if method == "com.atproto.server.refreshSession":
            if token != self._refresh or not self.refreshable:
                return 400, {"error": "ExpiredToken", "message": "Token has been revoked"}
            self.renewed += 1
            return 200, self._tokens()
        if method == "app.bsky.actor.getProfile":
            if self.deactivated:
                return 400, {"error": "AccountDeactivated", "message": "Account is deactivated"}
            return 200, {"did": self.asked[-1].parameters["actor"], "handle": "ana.example"}
        if method == "app.bsky.feed.getPosts":
            return self._known(token)
        if method != "app.bsky.feed.searchPosts":
            return 404, {"error": "MethodNotImplemented"}
        if not token:
            return 401, {"error": "AuthMissing", "message": "Authentication Required"}
        if token != self._access:
            return 400, {"error": "ExpiredToken", "message": "Token has expired"}
        return self._search(self.asked[-1].parameters)

    def _known(self, token: str) -> tuple[int, Any]:
        """Posts by their addresses; those of the author's who blocks the person only in nobody's
        name."""
        if token and token != self._access:
            return 400, {"error": "ExpiredToken"}
        asked = self.asked[-1].every["uris"]
        hidden = self.blocking if token else set()
        there = (
            [] if self.deactivated else [self.posts.get(uri.rpartition("/")[2]) for uri in asked]
        )
        return 200, {"posts": [each for each in there if each and each["uri"] not in hidden]}

    def _open(self, who: dict[str, str]) -> tuple[int, Any]:
        if who["password"] != self.password:
            # A careless server: it says what it was sent.
            return 401, {"error": f"not {who['password']}"}
        self.opened += 1
        return 200, self._tokens()

    def _tokens(self) -> dict[str, str]:
        turn = self.opened + self.renewed
        self._access, self._refresh = f"access-{turn}", f"refresh-{turn}"
        return {
            "accessJwt": self._access, "refreshJwt": self._refresh, "did": "did:plc:op",
            "handle": "op.example",
        }  # fmt: skip

    def _search(self, asked: dict[str, str]) -> tuple[int, Any]:
        since, until = asked.get("since", ""), asked.get("until", "~")
        words = asked["q"].casefold()
        found = sorted(
            (
                post
                for post in self.posts.values()
                if words in post["record"]["text"].casefold() and since <= _sorted_by(post) < until
            ),
            key=lambda post: (_sorted_by(post), post["uri"]),
            reverse=True,
        )
        start, limit = int(asked.get("cursor", 0)), int(asked.get("limit", 25))
        if start >= self.deepest:
            return 400, {"error": "InvalidRequest", "message": "cursor is out of bounds"}
        end = min(start + limit - self.short, self.deepest)
        answer: dict[str, Any] = {"posts": found[start:end]}
        if end < len(found) and not (self.dies_silently and end >= self.deepest):
            answer["cursor"] = "0" if self.loops else str(end)
        return 200, answer


def _sorted_by(post: dict[str, Any]) -> str:
    times: list[str] = [post["record"]["createdAt"], post["indexedAt"]]
    return min(times)
