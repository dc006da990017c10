"""Lemmy: posts and comments that carry a hashtag, found by the search of its servers.

Lemmy has no hashtags of its own; its search finds words, of which those answers are kept that hold
the hashtag. Pages are numbered, the newest first, and move while new ones come: that gives some
twice and loses none. Written from the API's documentation (``/api/v3/search``, Lemmy 0.18 and 0.19)
and tested against a server of that shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hashwatch.collect import hosts
from hashwatch.collect.body import excerpt
from hashwatch.collect.entities import entities
from hashwatch.collect.jetstream import decode_leniently
from hashwatch.collect.source import UNREAD_FROM, Pace, Place, Query
from hashwatch.collect.times import iso_time
from hashwatch.collect.tokens import read_token
from hashwatch.errors import BadAnswerError
from hashwatch.model import (
    Author,
    Cursor,
    Engagement,
    Page,
    Post,
    Reject,
    Tombstone,
    fold_hashtag,
)

if TYPE_CHECKING:
    # Reading the configuration asks every source for its settings, and needs no HTTP client.
    from hashwatch.collect.http import Http

NAME = "lemmy"
PACE = Pace(busy=120.0, idle=600.0, requests_a_minute=10.0)
PAGE_SIZE = 50


class Settings(BaseModel):
    """``[sources.lemmy]``.

    ``servers``: names (``"lemmy.world"``), or tables with ``host`` and one of ``token_env`` and
    ``token_file``. ``overlap_minutes``: how far each run reads again what it has.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    servers: tuple[hosts.Server, ...] = Field(min_length=1)
    overlap_minutes: int = Field(default=60, ge=0, le=1_440)

    @field_validator("servers", mode="before")
    @classmethod
    def _names_are_servers(cls, value: object) -> object:
        return hosts.names_as_servers(value, "lemmy.world")

    @model_validator(mode="after")
    def _are_different(self) -> Settings:
        hosts.all_different(self.servers)
        return self


def connect(settings: Settings, http: Http) -> Lemmy:
    """Lemmy as a source; raises ``ConfigError`` for a token that is not there."""
    return Lemmy(settings, http)


class _Person(msgspec.Struct):
    name: str
    uri: str = msgspec.field(name="actor_id")
    shown: str | None = msgspec.field(name="display_name", default=None)
    bot: bool | None = msgspec.field(name="bot_account", default=None)


class _Content(msgspec.Struct):
    """A post (with a ``name``) or a comment (with a ``content``)."""

    uri: str = msgspec.field(name="ap_id")
    published: str
    name: str = ""
    body: str | None = None
    content: str = ""
    link: str | None = msgspec.field(name="url", default=None)
    updated: str | None = None
    nsfw: bool = False
    deleted: bool = False
    removed: bool = False


class _Counts(msgspec.Struct):
    upvotes: int | None = None
    comments: int | None = None
    answers: int | None = msgspec.field(name="child_count", default=None)


class _View(msgspec.Struct):
    post: _Content
    creator: _Person
    comment: _Content | None = None
    counts: _Counts = msgspec.field(default_factory=_Counts)


class _Answer(msgspec.Struct):
    posts: list[msgspec.Raw]
    comments: list[msgspec.Raw]


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_view = msgspec.json.Decoder(_View).decode


def parse_page(payload: bytes, instance: str) -> Page:
    """The posts, deletions and rejects of an answer. ``more`` says that a list was full, and
    ``reached`` (UTC seconds) how far back everything is in it.

    Raises :class:`~hashwatch.errors.BadAnswerError` for what is no answer of the search.
    """
    try:
        answer = decode_leniently(_decode_answer, payload)
    except ValueError as error:
        raise BadAnswerError(
            f"{instance} answers with something else: {error}", excerpt(payload)
        ) from None
    posts: list[Post] = []
    tombstones: list[Tombstone] = []
    rejects: list[Reject] = []
    reached = []
    for items in (answer.posts, answer.comments):
        times = []
        for raw in items:
            try:
                view = decode_leniently(_decode_view, bytes(raw))
                its = view.comment or view.post
                times.append(_seconds(its.published))
                if its.deleted or its.removed:
                    at = _seconds(its.updated) if its.updated else times[-1]
                    tombstones.append(Tombstone(at, "deleted at its server", uri=its.uri))
                else:
                    posts.append(_post(view, bytes(raw), instance))
            except ValueError as error:
                rejects.append(Reject(f"not a post: {error}", bytes(raw)[:2_000], instance))
        if len(items) >= PAGE_SIZE and times:
            reached.append(min(times))
    return Page(
        posts=tuple(posts), tombstones=tuple(tombstones), rejects=tuple(rejects),
        more=max(len(answer.posts), len(answer.comments)) >= PAGE_SIZE,
        reached=max(reached, default=None),
    )  # fmt: skip


def _post(view: _View, raw: bytes, instance: str) -> Post:
    comment, post = view.comment, view.post
    its = comment or post
    text = comment.content if comment else f"{post.name}\n\n{post.body or ''}".strip()
    found = entities(text)
    link = () if comment or not post.link or post.link in found.links else (post.link,)
    home = view.creator.uri.partition("://")[2].partition("/")[0]
    if not home or "://" not in its.uri or "\0" in its.uri:
        raise ValueError(f"its address is {its.uri[:100]!r}")
    return Post(
        uri=its.uri,
        url=its.uri,
        source=NAME,
        instance=instance,
        author=Author(
            uri=view.creator.uri,
            handle=f"{view.creator.name}@{home}",
            name=view.creator.shown or "",
            url=view.creator.uri,
            bot=view.creator.bot,
        ),
        created_at=_seconds(its.published),
        text=text,
        raw=raw,
        raw_format=NAME,
        kind="reply" if comment else "post",
        reply_to=post.uri if comment else None,
        hashtags=found.hashtags,
        mentions=found.mentions,
        links=(*found.links, *link),
        sensitive=post.nsfw,
        edited_at=_seconds(its.updated) if its.updated else None,
        engagement=Engagement(
            likes=view.counts.upvotes,
            replies=view.counts.answers if comment else view.counts.comments,
        ),
    )


def _seconds(time: str) -> int:
    """Versions before 0.19 write UTC without saying so."""
    stated = time.endswith("Z") or "+" in time
    return iso_time(time if stated else f"{time}Z")


class Lemmy:
    """A polling source: a place is a hashtag on a server."""

    name = NAME
    pace = PACE

    def __init__(self, settings: Settings, http: Http) -> None:
        self._http = http
        self._overlap = settings.overlap_minutes * 60
        self._servers = {server.instance: server for server in settings.servers}
        self._tokens = {
            server.instance: read_token(
                f"sources.lemmy.servers.{server.instance}", server.token_env, server.token_file
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
        self,
        place: Place,
        cursor: Cursor | None,
        query: Query,
        run_start: bool,  # noqa: ARG002 - what a run left, the next one goes on with
    ) -> Page:
        """The next page of the search. A whole look back goes on over as many runs as it takes."""
        look = _look(cursor, query, self._overlap)
        answer = await self._http.get(
            f"{self._servers[place.instance].host}/api/v3/search",
            params={
                "q": place.hashtag, "type_": "All", "listing_type": "All", "sort": "New",
                "limit": PAGE_SIZE, "page": look.page,
            },
            token=self._tokens[place.instance],
        )  # fmt: skip
        page = parse_page(answer.body, place.instance)
        more = page.more and (page.reached is None or page.reached > look.until)
        onward = msgspec.structs.replace(look, page=look.page + 1)
        wanted = tuple(
            post
            for post in page.posts
            if place.hashtag in {fold_hashtag(each) for each in post.hashtags}
        )
        return msgspec.structs.replace(
            page, posts=wanted, reached=None, more=more,
            cursor=_going_on(cursor, onward) if more else _done(look),
        )  # fmt: skip


class _Look(msgspec.Struct, frozen=True):
    """A look back, begun at ``began`` and to go back to ``until`` (UTC seconds), by pages from 1;
    ``read_from`` is since when everything is then read."""

    began: int
    until: int
    read_from: int
    page: int = 1


def _look(cursor: Cursor | None, query: Query, overlap: int) -> _Look:
    """The look under way, or a new one: to the window's start if that is not read yet."""
    state = cursor.state if cursor else {}
    if "look" in state:
        return msgspec.json.decode(state["look"], type=_Look)
    if cursor is None or int(state.get("read_from", query.since + 1)) > query.since:
        return _Look(query.now, query.since, query.since)
    until = max(query.since, min(int(cursor.forward or 0), query.now) - overlap)
    return _Look(query.now, until, int(state["read_from"]))


def _going_on(cursor: Cursor | None, look: _Look) -> Cursor:
    state = dict(cursor.state) if cursor else {}
    state |= {"look": msgspec.json.encode(look).decode(), UNREAD_FROM: str(look.until)}
    return Cursor(cursor.forward if cursor else None, str(look.page), False, state)


def _done(look: _Look) -> Cursor:
    return Cursor(str(look.began), None, True, {"read_from": str(look.read_from)})
