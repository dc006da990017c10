"""Mastodon and servers with its API: the public timeline of each hashtag, asked over REST, and
the posts of the event's accounts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec

from hashwatch.collect.accounts import (
    MARK,
    asked_where,
    local_name,
    read_account,
)
from hashwatch.collect.body import excerpt
from hashwatch.collect.guard import is_this_machine
from hashwatch.collect.source import Pace, Place, Query, Refreshed
from hashwatch.collect.sources.mastodon.about import Instance, read_about
from hashwatch.collect.sources.mastodon.posts import FORMAT, Parsed, parse_timeline
from hashwatch.collect.sources.mastodon.refreshing import Batches, read_refreshed
from hashwatch.collect.sources.mastodon.settings import Settings
from hashwatch.collect.sources.mastodon.streaming import MastodonStream, Streamed
from hashwatch.collect.sources.mastodon.together import (
    Learnt,
    groups,
    learn,
    led,
    read_learnt,
    shows,
    telling_pair,
    to_ask,
    to_remember,
)
from hashwatch.collect.tokens import read_token
from hashwatch.collect.walk import Hole, Request, advance, next_request
from hashwatch.errors import BadAnswerError, DeniedError, NotFoundError
from hashwatch.model import Cursor, Gap, KnownPost, Page, Post

if TYPE_CHECKING:
    # Reading the configuration asks every source for its settings, and needs no HTTP client.
    from hashwatch.collect.http import Http

PAGE_SIZE = 40
# Without a token the server's cache answers for 15 s; 300 paged requests are free in 15 minutes.
PACE = Pace(busy=15.0, idle=120.0, requests_a_minute=20.0)


def connect(settings: Settings, http: Http) -> Mastodon:
    """Mastodon as a source; raises ``ConfigError`` for a token that is not there."""
    return Mastodon(settings, http)


def parse_page(payload: bytes, instance: str) -> Page:
    """The posts and rejects of one timeline answer from ``instance``.

    Raises :class:`~hashwatch.errors.BadAnswerError` when it is no list of statuses.
    """
    parsed = parse_timeline(payload, instance)
    return Page(posts=parsed.posts, rejects=parsed.rejects)


class Mastodon:
    """A polling source: a place is a hashtag or an account (``@ana@b.example``) on a server."""

    name = FORMAT
    pace = PACE

    def __init__(self, settings: Settings, http: Http) -> None:
        self._http = http
        self._overlap = settings.overlap_minutes * 60
        self._servers = {server.instance: server for server in settings.servers}
        self._tokens = {
            server.instance: read_token(
                f"sources.mastodon.servers.{server.instance}", server.token_env, server.token_file
            )
            for server in settings.servers
        }
        self._proven: set[str] = set()
        self._accounts: dict[Place, str] = {}
        self._batches = Batches()
        self._learnt: dict[str, Learnt] = {}
        self._stream = MastodonStream(http, self._streamed(), self._stream_address)
        for server in settings.servers:
            if is_this_machine(urlsplit(server.host).hostname or ""):
                http.permit_loopback(server.host)

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every hashtag on every server, together where that is known to work, then every account
        where it is asked for."""
        hashtags = [
            Place(self.name, instance, " ".join(group))
            for instance in self._servers
            for group in groups(query.hashtags, self._learnt_of(instance))
        ]
        accounts = asked_where(query.accounts, tuple(self._servers))
        return (
            *hashtags,
            *(Place(self.name, instance, MARK + account) for instance, account in accounts),
        )

    async def fetch(
        self, place: Place, cursor: Cursor | None, query: Query, run_start: bool
    ) -> Page:
        """The next page of the hashtag's timeline, as :mod:`hashwatch.collect.walk` decides."""
        request = next_request(cursor, query, run_start, self._overlap)
        leader, others = led(place.hashtags, self._learnt_of(place.instance))
        parameters = [
            *paging_parameters(request),
            *(("any[]", other) for other in others),
        ]
        parsed = await self._timeline(Place(self.name, place.instance, leader), parameters)
        step = advance(cursor, query, request, parsed.seen, self._overlap)
        hole = step.hole
        return Page(
            posts=parsed.posts,
            rejects=parsed.rejects,
            gaps=() if hole is None else _gaps(place, hole),
            cursor=step.cursor,
            more=step.more,
        )

    async def check(self, place: Place) -> str:
        """What the server says and does about this hashtag, in a sentence.

        Raises a :class:`~hashwatch.errors.SourceError` when it cannot be asked at all.
        """
        found = await self._about(place.instance)
        about = f"{place.instance}: {found.words() if found else 'it does not describe itself'}"
        try:
            parsed = await self._timeline(place, [("limit", "1")])
        except DeniedError as error:
            return f"{about}; {error}"
        newest = "a post" if parsed.seen else "no post yet"
        what = place.hashtag if place.hashtag.startswith(MARK) else f"#{place.hashtag}"
        return f"{about}; {what} answers with {newest}"

    @property
    def beside(self) -> MastodonStream | None:
        """The streams of the servers with a token, unless they are switched off."""
        return self._stream if self._streamed() else None

    def is_pushed(self, instance: str) -> bool:
        """Whether the server's streams are open, so that polling may be slower."""
        return self._stream.is_pushed(instance)

    def _streamed(self) -> dict[str, Streamed]:
        return {
            instance: Streamed(
                server.host, token, server.stream,
                is_this_machine(urlsplit(server.host).hostname or ""),
            )
            for instance, server in self._servers.items()
            if (token := self._tokens[instance]) and server.stream != "off"
        }  # fmt: skip

    def remember(self, instance: str, learnt: Cursor | None) -> None:
        """Whether the server is known to honour ``any[]``."""
        self._learnt[instance] = read_learnt(learnt)

    async def measure(
        self, instance: str, query: Query, turn: Callable[[], Awaitable[None]]
    ) -> Cursor | None:
        """Asks for two hashtags at once, where one has posts that the other has not."""
        hashtags = to_ask(self._learnt_of(instance), query)
        if not hashtags:
            return None
        pages: dict[str, tuple[Post, ...]] = {}
        for hashtag in hashtags:
            await turn()
            pages[hashtag] = (await self._newest(instance, hashtag)).posts
        pair, honours = telling_pair(pages), None
        if pair is not None:
            await turn()
            honours = shows((await self._newest(instance, *pair)).posts, pair[0])
        self._learnt[instance] = learn(pages, honours, query.now)
        return to_remember(self._learnt[instance])

    def _learnt_of(self, instance: str) -> Learnt:
        return self._learnt.get(instance, Learnt())

    async def _newest(self, instance: str, leader: str, *others: str) -> Parsed:
        place = Place(self.name, instance, leader)
        parameters = [("limit", str(PAGE_SIZE)), *(("any[]", other) for other in others)]
        return await self._timeline(place, parameters)

    async def kept_back(self, place: Place) -> str:
        """What the server says (since 4.5) that it does not show to those who ask as we do."""
        about = await self._about(place.instance)
        return about.kept_back(bool(self._tokens[place.instance])) if about else ""

    def refresh_size(self, instance: str) -> int:
        """How many statuses one request to ``instance`` takes."""
        return self._batches.size(instance)

    async def refresh(self, instance: str, posts: Sequence[KnownPost]) -> Refreshed:
        """``/api/v1/statuses?id[]=…`` for several, ``/api/v1/statuses/:id`` for one."""
        if len(posts) == 1:
            return await self._refresh_one(instance, posts[0])
        url = f"{self._servers[instance].host}/api/v1/statuses"
        token = self._tokens[instance]
        asked = [("id[]", post.local_id) for post in posts]
        try:
            answer = await self._http.get(url, params=asked, token=token)
        except (NotFoundError, DeniedError, BadAnswerError):
            # Before Mastodon 4.3, and elsewhere: no such page, 405, or nothing without a token.
            return Refreshed(page=Page(warnings=(self._batches.have_failed(instance),)))
        refreshed = read_refreshed(answer.body, instance, posts)
        self._batches.have_answered(instance, bool(refreshed.page.posts))
        return refreshed

    def is_home(self, instance: str, uri: str) -> bool:
        """Whether a status was written on ``instance``: its URI is an address there."""
        return urlsplit(uri).netloc.lower() == instance

    async def _refresh_one(self, instance: str, post: KnownPost) -> Refreshed:
        url = f"{self._servers[instance].host}/api/v1/statuses/{quote(post.local_id, safe='')}"
        try:
            answer = await self._http.get(url, token=self._tokens[instance])
        except NotFoundError as error:
            # A server that was taken down for a website knows no page at all: ask each time.
            self._proven.discard(instance)
            await self._prove_api(instance, error)
            return Refreshed(missing=(post.uri,))
        refreshed = read_refreshed(b"[" + answer.body + b"]", instance, (post,))
        warning = self._batches.one_was_found(instance)
        page = msgspec.structs.replace(refreshed.page, warnings=(warning,) if warning else ())
        return Refreshed(page, answered=(post.uri,))  # only a 404 says that there is none

    async def _timeline(self, place: Place, parameters: Sequence[tuple[str, str]]) -> Parsed:
        instance, token = place.instance, self._tokens[place.instance]
        path = f"/api/v1/timelines/tag/{quote(place.hashtag, safe='')}"
        if place.hashtag.startswith(MARK):
            account = await self._account(place)
            if account is None:
                return Parsed()
            path = f"/api/v1/accounts/{quote(account, safe='')}/statuses"
        url = self._servers[instance].host + path
        try:
            answer = await self._http.get(url, params=parameters, token=token)
        except NotFoundError as error:
            # GoToSocial's and others' word for a hashtag that nobody has used yet; an account that
            # has gone is looked up again.
            self._accounts.pop(place, None)
            await self._prove_api(instance, error)
            return Parsed()
        self._proven.add(instance)
        return parse_timeline(answer.body, instance)

    async def _account(self, place: Place) -> str | None:
        """The server's id for a place's account, asked once; ``None`` where it knows none."""
        if place not in self._accounts:
            instance, name = place.instance, place.hashtag.removeprefix(MARK)
            try:
                answer = await self._http.get(
                    f"{self._servers[instance].host}/api/v1/accounts/lookup",
                    params={"acct": local_name(name, instance)},
                    token=self._tokens[instance],
                )
            except NotFoundError as error:
                await self._prove_api(instance, error)
                return None
            self._accounts[place] = read_account(answer.body, instance)
        return self._accounts[place]

    async def _prove_api(self, instance: str, missing: NotFoundError) -> None:
        """Once a server: that it is one at all, not a website without such pages."""
        if instance in self._proven:
            return
        try:
            answer = await self._http.get(f"{self._servers[instance].host}/api/v1/instance")
            msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])
        except (NotFoundError, BadAnswerError, msgspec.DecodeError, UnicodeDecodeError):
            raise BadAnswerError(
                f"{instance} is no server with Mastodon's API: {missing}"
            ) from None
        except DeniedError:
            pass  # It knows the page, so it has the API.
        self._proven.add(instance)

    async def _about(self, instance: str) -> Instance | None:
        """What the server says of itself; ``None`` where it does not."""
        url = f"{self._servers[instance].host}/api/v2/instance"
        try:
            answer = await self._http.get(url, token=self._tokens[instance])
            return read_about(answer.body)
        except (NotFoundError, DeniedError):
            return None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise BadAnswerError(
                f"{instance} is no server with Mastodon's API", excerpt(answer.body)
            ) from None

    async def _stream_address(self, instance: str) -> str:
        about = await self._about(instance)
        return about.configuration.urls.streaming if about else ""


def paging_parameters(request: Request) -> list[tuple[str, str]]:
    """The query of a page. The ``Link`` header is not trusted: it drops ``any[]``."""
    limit = ("limit", str(PAGE_SIZE))
    if request.mark is None:
        return [limit]
    return [limit, ("min_id" if request.direction == "forward" else "max_id", request.mark)]


def _gaps(place: Place, hole: Hole) -> tuple[Gap, ...]:
    end = max(hole.start, hole.end)
    return tuple(
        Gap(place.source, place.instance, hole.start, end, hole.reason, hashtag)
        for hashtag in place.hashtags
    )
