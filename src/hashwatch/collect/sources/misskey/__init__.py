"""Misskey and its forks (Sharkey, Iceshrimp, Firefish …): notes by hashtag, over their own API.

Written from the API's documentation and its source (``notes/search-by-tag``, ``notes/show``): with
``sinceId`` alone the answer goes upwards from there, with ``untilId`` downwards. A note is mostly
known by the address on the server that it was written on, so that it is one post with Mastodon's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hashwatch.collect import hosts
from hashwatch.collect.body import excerpt
from hashwatch.collect.source import Pace, Place, Query, Refreshed
from hashwatch.collect.sources.misskey.notes import NAME, read_notes
from hashwatch.collect.tokens import read_token
from hashwatch.collect.walk import Request, advance, next_request
from hashwatch.errors import BadAnswerError, NotFoundError
from hashwatch.model import Cursor, Gap, KnownPost, Page, fold_hashtag

if TYPE_CHECKING:
    # Reading the configuration asks every source for its settings, and needs no HTTP client.
    from hashwatch.collect.http import Http

PACE = Pace(busy=20.0, idle=120.0, requests_a_minute=15.0)
PAGE_SIZE = 100


class Settings(BaseModel):
    """``[sources.misskey]``.

    ``servers``: names (``"misskey.io"``), or tables with ``host`` and one of ``token_env`` and
    ``token_file``. ``overlap_minutes``: how far each run reads again what it has.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    servers: tuple[hosts.Server, ...] = Field(min_length=1)
    overlap_minutes: int = Field(default=10, ge=0, le=1_440)

    @field_validator("servers", mode="before")
    @classmethod
    def _names_are_servers(cls, value: object) -> object:
        return hosts.names_as_servers(value, "misskey.io")

    @model_validator(mode="after")
    def _are_different(self) -> Settings:
        hosts.all_different(self.servers)
        return self


def connect(settings: Settings, http: Http) -> Misskey:
    """Misskey as a source; raises ``ConfigError`` for a token that is not there."""
    return Misskey(settings, http)


def parse_page(payload: bytes, instance: str) -> Page:
    """The posts and rejects of one answer from ``instance``.

    Raises :class:`~hashwatch.errors.BadAnswerError` when it is no list of notes.
    """
    posts, rejects, _ = read_notes(payload, instance)
    return Page(posts=tuple(posts), rejects=tuple(rejects))


class Misskey:
    """A polling source: a place is a hashtag on a server."""

    name = NAME
    pace = PACE

    def __init__(self, settings: Settings, http: Http) -> None:
        self._http = http
        self._overlap = settings.overlap_minutes * 60
        self._servers = {server.instance: server for server in settings.servers}
        self._tokens = {
            server.instance: read_token(
                f"sources.misskey.servers.{server.instance}", server.token_env, server.token_file
            )
            for server in settings.servers
        }
        for server in settings.servers:
            if server.is_here:
                http.permit_loopback(server.host)

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every hashtag on every server; accounts are not asked for."""
        return tuple(
            Place(self.name, instance, hashtag)
            for instance in self._servers
            for hashtag in query.hashtags
        )

    async def fetch(
        self, place: Place, cursor: Cursor | None, query: Query, run_start: bool
    ) -> Page:
        """The next page of the hashtag's notes, as :mod:`hashwatch.collect.walk` decides."""
        request = next_request(cursor, query, run_start, self._overlap)
        body = asked_for(place.hashtag, query, request)
        payload = await self._post(place.instance, "notes/search-by-tag", body)
        posts, rejects, seen = read_notes(payload, place.instance)
        if request.direction == "forward":
            seen = seen[::-1]  # upwards from the mark; a walk expects the newest first
        step = advance(cursor, query, request, tuple(seen), self._overlap)
        hole = step.hole
        gaps = () if hole is None else (
            Gap(self.name, place.instance, hole.start, max(hole.start, hole.end), hole.reason,
                place.hashtag),
        )  # fmt: skip
        return Page(
            posts=tuple(posts), rejects=tuple(rejects), gaps=gaps,
            cursor=step.cursor, more=step.more,
        )  # fmt: skip

    def refresh_size(self, instance: str) -> int:  # noqa: ARG002 - the same everywhere
        """There is no call for several notes."""
        return 1

    async def refresh(self, instance: str, posts: Sequence[KnownPost]) -> Refreshed:
        """``notes/show``; a note that is not there is told by the code of the error."""
        (post,) = posts
        try:
            payload = await self._post(instance, "notes/show", {"noteId": post.local_id})
        except (BadAnswerError, NotFoundError) as error:
            if b"NO_SUCH_NOTE" in getattr(error, "excerpt", b"") or "NO_SUCH_NOTE" in str(error):
                return Refreshed(missing=(post.uri,))
            raise
        page = parse_page(b"[" + payload + b"]", instance)
        found = tuple(each for each in page.posts if each.uri == post.uri)
        return Refreshed(Page(posts=found, rejects=page.rejects), answered=(post.uri,))

    def is_home(self, instance: str, uri: str) -> bool:
        """Whether a note was written on ``instance``: its URI is an address there."""
        return uri.partition("://")[2].partition("/")[0].lower() == instance

    async def check(self, place: Place) -> str:
        """What the server says of itself; raises a :class:`~hashwatch.errors.SourceError`."""
        payload = await self._post(place.instance, "meta", {"detail": False})
        try:
            about = msgspec.json.decode(payload, type=_Meta)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise BadAnswerError(
                f"{place.instance} is no server with Misskey's API", excerpt(payload)
            ) from None
        return f"{place.instance}: version {about.version[:40]}"

    async def _post(self, instance: str, path: str, body: dict[str, Any]) -> bytes:
        url = f"{self._servers[instance].host}/api/{path}"
        answer = await self._http.post(url, json=body, token=self._tokens[instance])
        return answer.body


def asked_for(hashtag: str, query: Query, request: Request) -> dict[str, Any]:
    """The body of a request. Pure.

    Misskey folds case and width, but not accents: each spelling of the configuration is asked for.
    """
    spellings = {
        unicodedata.normalize("NFKC", written).lower()
        for written in query.written
        if fold_hashtag(written) == hashtag
    }
    body: dict[str, Any] = {
        "query": [[spelling] for spelling in sorted({hashtag, *spellings})],
        "limit": PAGE_SIZE,
    }
    if request.mark is not None:
        body["sinceId" if request.direction == "forward" else "untilId"] = request.mark
    return body


class _Meta(msgspec.Struct):
    version: str
