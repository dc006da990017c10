"""PeerTube's videos by tag as a source of hashwatch: ``[sources.peertube] server = "https://…"``."""

from datetime import datetime
from typing import Any

import msgspec
from pydantic import BaseModel

from hashwatch.collect.http import Http
from hashwatch.collect.source import Pace, Place, Query
from hashwatch.errors import BadAnswerError
from hashwatch.model import Author, Cursor, Engagement, Page, Post, Reject

PAGE_SIZE, OVERLAP = 100, 86_400  # seconds: a video of another server may come a day late


class Settings(BaseModel, extra="forbid"):
    server: str


def connect(settings: Settings, http: Http) -> "PeerTube":
    return PeerTube(settings.server.rstrip("/"), http)


def parse_page(payload: bytes, instance: str, hashtag: str) -> Page:
    posts, rejects = [], []
    try:
        videos = msgspec.json.decode(payload)["data"]
        for video in videos:
            try:
                posts.append(read_video(video, instance, hashtag))
            except (KeyError, TypeError, ValueError) as error:
                raw = msgspec.json.encode(video)[:2_000]
                rejects.append(Reject(f"not a video: {error!r}", raw, instance))
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswerError(f"{instance} answers with something else: {error!r}") from None
    return Page(posts=tuple(posts), rejects=tuple(rejects), more=len(videos) == PAGE_SIZE)


def read_video(video: dict[str, Any], instance: str, hashtag: str) -> Post:
    its, likes = video["account"], msgspec.convert(video.get("likes"), int | None)
    author = Author(its["url"], f"{its['name']}@{its['host']}", its.get("displayName") or "")
    at = int(datetime.fromisoformat(video["publishedAt"]).timestamp())
    text = f"{video['name']}\n\n{video.get('truncatedDescription') or ''}".strip()
    return Post(
        uri=video["url"], url=video["url"], source="peertube", instance=instance, author=author,
        created_at=at, text=text, hashtags=(hashtag,), engagement=Engagement(likes=likes),
        raw=msgspec.json.encode(video), raw_format="peertube",
    )  # fmt: skip


class PeerTube:
    name, pace = "peertube", Pace(busy=300, idle=1_800, requests_a_minute=20)

    def __init__(self, server: str, http: Http) -> None:
        self.server, self.http = server, http

    def places(self, query: Query) -> tuple[Place, ...]:
        host = self.server.partition("://")[2]
        return tuple(Place(self.name, host, hashtag) for hashtag in query.hashtags)

    async def fetch(
        self, place: Place, cursor: Cursor | None, query: Query, run_start: bool
    ) -> Page:
        read_until = int(cursor.forward or 0) if cursor else 0
        state = cursor.state if cursor and not run_start else {}
        start, began = int(state.get("start", 0)), int(state.get("began", query.now))
        asked = {"tagsOneOf": place.hashtag, "sort": "-publishedAt",
                 "start": start, "count": PAGE_SIZE}  # fmt: skip
        answer = await self.http.get(f"{self.server}/api/v1/search/videos", params=asked)
        page = parse_page(answer.body, place.instance, place.hashtag)
        oldest = min((post.created_at for post in page.posts), default=query.now)
        if page.more and oldest > max(query.since, read_until - OVERLAP):
            state = {"start": str(start + PAGE_SIZE), "began": str(began)}
            onward = Cursor(str(read_until), complete=False, state=state)
            return msgspec.structs.replace(page, cursor=onward)
        done = Cursor(str(began), complete=True)
        return msgspec.structs.replace(page, cursor=done, more=False)
