"""YouTube's Data API on loop-back, with the Mastodon server's faults: search, videos, comments.

Written from the documentation: numbers as text, the newest first, refusals with Google's reasons,
and a quota for searches and for everything else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fake_platform.mastodon import FakeMastodon
from fake_platform.statuses import iso
from hashwatch.model import fold_hashtag

KEY = "an-invented-key"
API = "/youtube/v3"


def refused(status: int, reason: str, message: str = "No.") -> tuple[int, Any]:
    """Google's way to refuse."""
    problem = {"message": message, "domain": "youtube.quota", "reason": reason}
    return status, {"error": {"code": status, "message": message, "errors": [problem]}}


class FakeYouTube(FakeMastodon):
    """``videos`` by number, ``threads`` of comments by video; ``quota`` is what is left today.

    ``page`` caps what a page holds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.videos: dict[str, dict[str, Any]] = {}
        self.threads: dict[str, list[dict[str, Any]]] = {}
        self.disabled: set[str] = set()
        self.quota = {"search": 100, "other": 10_000}
        self.page_size = 50
        self._count = 0

    @property
    def address(self) -> str:
        """The API's address."""
        return f"{self.url}{API}"

    def calls(self, method: str) -> list[dict[str, str]]:
        """The parameters of the requests for a method."""
        return [each.parameters for each in self.asked if each.path == f"{API}/{method}"]

    def video(self, title: str, at: float, description: str = "", **fields: Any) -> str:
        """A new video by an invented channel."""
        self._count += 1
        number = f"vid_{self._count:07}"
        self.videos[number] = {
            "kind": "youtube#video", "id": number,
            "snippet": {
                "publishedAt": iso(at), "channelId": "UCinvented-ana", "title": title,
                "description": description, "channelTitle": "Ana's channel", "tags": [],
            } | fields,
            "statistics": {"viewCount": "90", "likeCount": "7", "commentCount": "2"},
            "status": {"privacyStatus": "public"},
        }  # fmt: skip
        self.threads[number] = []
        return number

    def comment(
        self, video: str, text: str, at: float, *, replies: tuple[tuple[str, float], ...] = ()
    ) -> str:
        """A comment by somebody invented, and answers to it."""
        self._count += 1
        number = f"Ugx{self._count:07}"
        inner = [
            self._comment(f"{number}.r{place}", video, words, when, parentId=number)
            for place, (words, when) in enumerate(replies)
        ]
        thread = {
            "kind": "youtube#commentThread", "id": number,
            "snippet": {"videoId": video, "totalReplyCount": len(inner),
                        "topLevelComment": self._comment(number, video, text, at)},
        }  # fmt: skip
        if inner:
            thread["replies"] = {"comments": inner}
        self.threads[video].append(thread)
        return number

    def _comment(
        self, number: str, video: str, text: str, at: float, **fields: Any
    ) -> dict[str, Any]:
        snippet = {
            "textDisplay": text, "authorDisplayName": "@bo-example", "videoId": video,
            "authorChannelId": {"value": "UCinvented-bo"}, "likeCount": 3,
            "publishedAt": iso(at), "updatedAt": iso(at),
        }  # fmt: skip
        return {"kind": "youtube#comment", "id": number, "snippet": snippet | fields}

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:  # noqa: ARG002
        """As YouTube does."""
        asked, method = self.asked[-1].parameters, path.removeprefix(f"{API}/")
        assert "key" not in asked, "the key is not part of the address"
        if self.asked[-1].headers.get("x-goog-api-key") != KEY:
            return refused(400, "badRequest", "API key not valid. Please pass a valid API key.")
        bucket = "search" if method == "search" else "other"
        if self.quota[bucket] <= 0:
            self.fired["quota"] += 1
            return refused(403, "quotaExceeded", "The request exceeds your quota.")
        self.quota[bucket] -= 1
        return {
            "search": self._search, "videos": self._videos,
            "commentThreads": self._threads, "comments": self._comments,
        }[method](asked)  # fmt: skip

    def _search(self, asked: dict[str, str]) -> tuple[int, Any]:
        assert (asked["type"], asked["order"]) == ("video", "date")
        after, before = _at(asked["publishedAfter"]), _at(asked["publishedBefore"])
        word = fold_hashtag(asked["q"])
        found = [
            video
            for video in self.videos.values()
            if after <= _at(video["snippet"]["publishedAt"]) <= before
            and word[:5] in fold_hashtag(str(video["snippet"]))  # it finds what is alike, too
        ]
        found.sort(key=lambda video: str(video["snippet"]["publishedAt"]), reverse=True)
        shown = [
            {"kind": "youtube#searchResult", "id": {"kind": "youtube#video", "videoId": each["id"]},
             "snippet": {**each["snippet"], "description": each["snippet"]["description"][:20]}}
            for each in found[: self.page_size]
        ]  # fmt: skip
        answer = {"kind": "youtube#searchListResponse", "items": shown}
        if len(found) > self.page_size:
            answer["nextPageToken"] = "CDIQAA"
        return 200, answer

    def _videos(self, asked: dict[str, str]) -> tuple[int, Any]:
        numbers = asked["id"].split(",")
        assert len(numbers) <= 50
        items = [self.videos[number] for number in numbers if number in self.videos]
        return 200, {"kind": "youtube#videoListResponse", "items": items}

    def _threads(self, asked: dict[str, str]) -> tuple[int, Any]:
        video = asked["videoId"]
        if video in self.disabled:
            self.fired["disabled"] += 1
            words = (
                "The video identified by the <code>videoId</code> parameter has disabled comments."
            )
            return refused(403, "commentsDisabled", words * 3)
        if video not in self.videos:
            return refused(404, "videoNotFound")
        threads = sorted(
            self.threads[video],
            key=lambda each: str(each["snippet"]["topLevelComment"]["snippet"]["publishedAt"]),
            reverse=True,
        )
        start = int(asked.get("pageToken", 0))
        answer = {
            "kind": "youtube#commentThreadListResponse",
            "items": threads[start : start + self.page_size],
        }
        if start + self.page_size < len(threads):
            answer["nextPageToken"] = str(start + self.page_size)
        return 200, answer

    def _comments(self, asked: dict[str, str]) -> tuple[int, Any]:
        numbers = asked["id"].split(",")
        assert len(numbers) <= 50
        every = {
            comment["id"]: comment
            for threads in self.threads.values()
            for thread in threads
            for comment in (
                thread["snippet"]["topLevelComment"],
                *thread.get("replies", {}).get("comments", []),
            )
        }
        items = [every[number] for number in numbers if number in every]
        return 200, {"kind": "youtube#commentListResponse", "items": items}


def _at(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
