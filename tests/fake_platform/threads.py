"""Threads' API on loop-back, with the Mastodon server's faults: search by topic tag, and ``me``.

Written from the documentation: the newest first, bounded by time, a rolling limit of searches that
counts those that find something, Meta's errors with their codes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fake_platform.mastodon import FakeMastodon
from hashwatch.model import fold_hashtag

TOKEN = "an-invented-token"


def refused(code: int, message: str = "No.", kind: str = "OAuthException") -> Any:
    """Meta's way to refuse."""
    return {"error": {"message": message, "type": kind, "code": code, "fbtrace_id": "Ax"}}


class FakeThreads(FakeMastodon):
    """``media`` are all posts; ``left`` the searches that are left, ``approved`` whether the app
    may see those of others."""

    def __init__(self) -> None:
        super().__init__()
        self.media: list[dict[str, Any]] = []
        self.left = 2_200
        self.approved = True
        self.page_size = 100

    @property
    def address(self) -> str:
        """The API's address."""
        return f"{self.url}/v1.0"

    @property
    def searches(self) -> list[dict[str, str]]:
        """The parameters of every search."""
        return [each.parameters for each in self.asked if each.path == "/v1.0/keyword_search"]

    def write(self, text: str, at: float, *, by: str = "bo.example", **fields: Any) -> str:
        """A post by somebody invented; gives its short code."""
        code = f"C{len(self.media):07}"
        self.media.append({
            "id": f"1790{len(self.media):013}", "text": text, "media_type": "TEXT_POST",
            "permalink": f"https://www.threads.com/@{by}/post/{code}", "username": by,
            "timestamp": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "has_replies": False, "is_quote_post": False, "is_reply": False,
            "topic_tag": "NatSec17",
        } | fields)  # fmt: skip
        return code

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:  # noqa: ARG002
        """As Threads does."""
        request = self.asked[-1]
        assert "access_token" not in request.parameters, "the token is not part of the address"
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 400, refused(190, "Error validating access token: Session has expired.")
        if path == "/v1.0/me":
            return 200, {"id": "1", "username": "ana.example"}
        assert path == "/v1.0/keyword_search"
        return self._search(request.parameters)

    def _search(self, asked: dict[str, str]) -> tuple[int, Any]:
        assert (asked["search_type"], asked["search_mode"]) == ("RECENT", "TAG")
        if self.left <= 0:
            self.fired["limit"] += 1
            return 403, refused(4, "Application request limit reached")
        found = [
            media
            for media in self.media
            if int(asked["since"]) <= _at(media) <= int(asked["until"])
            and fold_hashtag(media["topic_tag"] or "natsec17")[:5] == fold_hashtag(asked["q"])[:5]
            and (self.approved or media["username"] == "ana.example")
        ]
        self.left -= bool(found)
        found.sort(key=_at, reverse=True)
        shown = found[: min(int(asked["limit"]), self.page_size)]
        answer: dict[str, Any] = {
            "data": shown,
            "paging": {"cursors": {"before": "a", "after": "b"}},
        }
        if len(shown) < len(found):
            answer["paging"]["next"] = f"{self.address}/keyword_search?after=b"
        return 200, answer


def _at(media: dict[str, Any]) -> float:
    return datetime.fromisoformat(media["timestamp"]).timestamp()
