"""Misskey and its forks (Sharkey, Iceshrimp, Firefish …): notes by hashtag and by account, over
their own API.

Written from the API's documentation and its source (``notes/search-by-tag``, ``users/notes``): with
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
from hashwatch.collect.accounts import MARK, asked_where, read_account
from hashwatch.collect.body import excerpt
from hashwatch.collect.source import Pace, Place, Query, Refreshed
from hashwatch.collect.sources.misskey.notes import NAME, read_notes
from hashwatch.collect.tokens import read_token
from hashwatch.collect.walk import Request, advance, next_request
from hashwatch.errors import BadAnswerError, NotFoundError, SourceError, UnreachableError
from hashwatch.model import Cursor, Gap, KnownPost, Page, fold_hashtag

if TYPE_CHECKING:
    # Reading the configuration asks every source for its settings, and needs no HTTP client.
    from hashwatch.collect.http import Http

PACE = Pace(busy=20.0, idle=120.0, requests_a_minute=15.0)
PAGE_SIZE = 100
# What servers say of an account that they do not know and cannot find.
_NOBODY = ("NO_SUCH_USER", "No such user", "RESOLVE_REMOTE_USER", "resolve remote user")
_NO_NOTE = ("NO_SUCH_NOTE", "No such note")


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
    """A polling source: a place is a hashtag or an account (``@ana@b.example``) on a server."""

    name = NAME
    pace = PACE

    def __init__(self, settings: Settings, http: Http) -> None:
        self._http = http
        self._overlap = settings.overlap_minutes * 60
        self._users: dict[Place, str] = {}
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
        """Every hashtag on every server, then every account on one of them."""
        accounts = asked_where(query.accounts, tuple(self._servers))
        return (
            *(
                Place(self.name, instance, hashtag)
                for instance in self._servers
                for hashtag in query.hashtags
            ),
            *(Place(self.name, instance, MARK + account) for instance, account in accounts),
        )

    async def fetch(
        self, place: Place, cursor: Cursor | None, query: Query, run_start: bool
    ) -> Page:
        """The next page of the place's notes, as :mod:`hashwatch.collect.walk` decides."""
        request = next_request(cursor, query, run_start, self._overlap)
        if place.hashtag.startswith(MARK):
            payload = await self._notes_of(place, request)
        else:
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

    async def _notes_of(self, place: Place, request: Request) -> bytes:
        """An account's notes; none where the server does not know it (yet, or any more)."""
        try:
            user = self._users.get(place) or await self._look_up(place)
            self._users[place] = user
            return await self._post(place.instance, "users/notes", by_account(user, request))
        except (BadAnswerError, NotFoundError, UnreachableError) as error:
            if not _says(error, _NOBODY):
                raise
            self._users.pop(place, None)
            return b"[]"

    async def _look_up(self, place: Place) -> str:
        """The server's id for a place's account."""
        name, _, host = place.hashtag.removeprefix(MARK).partition("@")
        away = {} if host == place.instance else {"host": host}
        payload = await self._post(place.instance, "users/show", {"username": name, **away})
        return read_account(payload, place.instance)

    def refresh_size(self, instance: str) -> int:  # noqa: ARG002 - the same everywhere
        """There is no call for several notes."""
        return 1

    async def refresh(self, instance: str, posts: Sequence[KnownPost]) -> Refreshed:
        """``notes/show``; a note that is not there is told by the code of the error."""
        (post,) = posts
        try:
            payload = await self._post(instance, "notes/show", {"noteId": post.local_id})
        except (BadAnswerError, NotFoundError) as error:
            if _says(error, _NO_NOTE):
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
    return {"query": [[spelling] for spelling in sorted({hashtag, *spellings})], **_page(request)}


def by_account(user: str, request: Request) -> dict[str, Any]:
    """The body of a request for an account's notes, replies and renotes among them. Pure.

    Both names of each wish stand there: those of before and since Misskey 2023.10.
    """
    wishes = ("withReplies", "includeReplies", "withRenotes", "includeMyRenotes")
    return {"userId": user, **dict.fromkeys(wishes, True), **_page(request)}


def _page(request: Request) -> dict[str, Any]:
    marks = {} if request.mark is None else {
        "sinceId" if request.direction == "forward" else "untilId": request.mark
    }  # fmt: skip
    return {"limit": PAGE_SIZE, **marks}


def _says(error: SourceError, words: tuple[str, ...]) -> bool:
    """Whether a refusal holds one of these; forks answer with different statuses."""
    said = getattr(error, "excerpt", b"").decode("utf-8", "replace") + str(error)
    return any(word in said for word in words)


class _Meta(msgspec.Struct):
    version: str
