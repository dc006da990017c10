"""Threads: public posts with a topic tag, by the keyword search of Meta's API.

It wants the token of an app that was approved for ``threads_keyword_search``, and allows 2,200
searches in 24 hours, which are spread and remembered (:mod:`.quota`). Pages are read by time, so
that what is left over can be read at any later one. Written from the API's documentation and tested
against a server of that shape.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec
from pydantic import Field

from hashwatch.collect.keyed import KeyedSettings
from hashwatch.collect.source import UNREAD_FROM, Pace, Place, Query
from hashwatch.collect.sources.threads import quota
from hashwatch.collect.sources.threads.posts import (
    FIELDS,
    INSTANCE,
    NAME,
    PAGE_SIZE,
    Found,
    about,
    read_search,
)
from hashwatch.collect.times import iso_of
from hashwatch.errors import (
    BadAnswerError,
    DeniedError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Cursor, Gap, Page, fold_hashtag

if TYPE_CHECKING:
    # Reading the configuration asks every source for its settings, and needs no HTTP client.
    from hashwatch.collect.http import Http

QUICKEST, IDLE = 60.0, 300.0
REQUESTS_A_MINUTE = 30.0
# Threads began then, and refuses a search from before.
BEGINNING = 1_688_540_400
# https://developers.facebook.com/docs/graph-api/guides/error-handling
_TOKEN_ENDED, _NO_PERMISSION = 190, 10
_TOO_MANY = (4, 17, 32, 613)
_HOUR = 3_600.0


class Settings(KeyedSettings):
    """``[sources.threads]``.

    ``token_env`` or ``token_file``: the access token. ``searches_a_day``: how many may be made in
    24 hours. ``overlap_minutes``: how far each search reads again what it has. ``address``: where
    the API is.
    """

    KEY = "an access token"

    searches_a_day: int = Field(default=2_200, ge=1, le=1_000_000)
    overlap_minutes: int = Field(default=30, ge=0, le=1_440)
    address: str = "https://graph.threads.net/v1.0"


def connect(settings: Settings, http: Http) -> Threads:
    """Threads as a source; raises ``ConfigError`` for a token that is not there."""
    return Threads(settings, http, settings.key("sources.threads"))


def parse_page(payload: bytes) -> Page:
    """The posts and rejects of an answer of the search."""
    return read_search(payload).page


class _Look(msgspec.Struct, frozen=True):
    """A look back, begun at ``began``: what was written from ``until`` to ``before`` is still to be
    read, and then everything since ``read_from`` is. All in UTC seconds."""

    began: int
    until: int
    before: int
    read_from: int


class Threads:
    """A polling source: a place is a hashtag."""

    name = NAME

    def __init__(
        self, settings: Settings, http: Http, token: str, *, now: Callable[[], float] = time.time
    ) -> None:
        self._settings, self._http, self._token, self._now = settings, http, token, now
        self._address = settings.reached_by(http)
        self._spent = self._remembered = quota.Spent()
        self._hashtags = 1
        self._authors: frozenset[str] = frozenset()

    @property
    def pace(self) -> Pace:
        """As quick as the searches allow for so many hashtags."""
        interval = quota.search_interval(self._hashtags, self._settings.searches_a_day)
        return Pace(max(QUICKEST, interval), max(IDLE, interval), REQUESTS_A_MINUTE)

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every hashtag; accounts are not asked for."""
        self._hashtags = max(len(query.hashtags), 1)
        return tuple(Place(self.name, INSTANCE, hashtag) for hashtag in query.hashtags)

    def remember(self, instance: str, learnt: Cursor | None) -> None:  # noqa: ARG002 - but one
        """What was spent before the start."""
        self._spent = self._remembered = self._spent.together(quota.read(learnt))

    async def measure(
        self,
        instance: str,  # noqa: ARG002 - there is but one
        query: Query,  # noqa: ARG002 - the protocol's
        turn: Callable[[], Awaitable[None]],  # noqa: ARG002 - nothing is asked
    ) -> Cursor | None:
        """What is spent, where that has grown since it was remembered. Nothing is asked for it."""
        if self._spent == self._remembered:
            return None
        self._remembered = self._spent
        return Cursor(state=quota.state_of(self._spent))

    async def fetch(
        self,
        place: Place,
        cursor: Cursor | None,
        query: Query,
        run_start: bool,  # noqa: ARG002 - what a run left, the next one goes on with
    ) -> Page:
        """The next page, by time. A whole look back goes on over as many runs as it takes."""
        # A page is durable with the count of what it cost; a crash forgets failures at most.
        self._spent = self._spent.together(quota.read(cursor)).at(self._clock())
        look = _look(cursor, query, self._settings.overlap_minutes * 60)
        spelling = _written(place, query)
        found = await self._search(spelling, look)
        onward = _onward(look, found)
        posts = (about(post, topic, place.hashtag, spelling) for post, topic in found.posts)
        gaps: tuple[Gap, ...] = ()
        if onward is not None and found.oldest is not None and onward.before <= found.oldest:
            why = "the search gives no more of one second"
            gaps = (Gap(NAME, INSTANCE, found.oldest, found.oldest, why, place.hashtag),)
        return Page(
            posts=tuple(post for post in posts if post is not None),
            rejects=found.rejects,
            gaps=gaps,
            cursor=_cursor(cursor, look, onward, self._spent),
            more=onward is not None,
        )

    async def check(self, place: Place) -> str:  # noqa: ARG002 - the token is the same everywhere
        """Whose token it is."""
        return f"signed in as @{await self._own_name()}"

    async def kept_back(self, place: Place) -> str:  # noqa: ARG002 - as above
        """An app without approval is shown nothing but its user's own posts, without a word."""
        if self._authors == {await self._own_name()}:
            return (
                "only the token's own posts are shown: the app is not approved for"
                " threads_keyword_search"
            )
        return ""

    async def _own_name(self) -> str:
        body = await self._get("me", {"fields": "id,username"})
        try:
            return msgspec.json.decode(body, type=_Me).username
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise BadAnswerError("Threads does not say whose token it is", body) from None

    async def _search(self, hashtag: str, look: _Look) -> Found:
        now, most = self._clock(), self._settings.searches_a_day
        if self._spent.count >= most:
            raise self._exhausted()
        # Counted before it is known whether it finds anything; what finds nothing is free.
        before, self._spent = self._spent, self._spent.more(now)
        found = read_search(await self._get("keyword_search", {
            "q": hashtag, "search_type": "RECENT", "search_mode": "TAG", "fields": FIELDS,
            "limit": PAGE_SIZE, "since": max(look.until, BEGINNING), "until": look.before,
        }))  # fmt: skip
        if not found.count:
            self._spent = before
        self._authors = frozenset(post.author.handle for post, _ in found.posts)
        return found

    async def _get(self, method: str, asked: dict[str, str | int]) -> bytes:
        try:
            answer = await self._http.get(
                f"{self._address}/{method}", params=asked, token=self._token
            )
        except (BadAnswerError, DeniedError, UnreachableError) as error:
            raise self._meant(error) from None
        return answer.body

    def _meant(self, error: BadAnswerError | DeniedError | UnreachableError) -> SourceError:
        """What Meta means; its statuses say little, its codes do."""
        excerpt = getattr(error, "excerpt", b"")
        code = _code(excerpt)
        if code in _TOO_MANY:
            # Others ask in the same person's name; when theirs count no more is not said.
            return RateLimitedError("Threads limits the number of searches", _HOUR)
        if code == _TOKEN_ENDED:
            return DeniedError(
                "Threads refuses the token: it has run out (after 60 days) or was taken back; make"
                " a new one", wants_token=True,
            )  # fmt: skip
        if code == _NO_PERMISSION or "does not have permission" in str(error):
            return DeniedError(
                "Threads refuses the search: the app needs the approved permission"
                " threads_keyword_search, and its user's consent"
            )
        return error

    def _exhausted(self) -> RateLimitedError:
        now = self._clock()
        again = self._spent.free_again(now)
        return RateLimitedError(
            f"{self._spent.count} searches were made at Threads in 24 hours, which is all; the next"
            f" is at {iso_of(again * 1_000)}", max(float(again - now), 1.0),
        )  # fmt: skip

    def _clock(self) -> int:
        return int(self._now())


def _look(cursor: Cursor | None, query: Query, overlap: int) -> _Look:
    """The look under way, or a new one: to the window's start if that is not read yet."""
    state = cursor.state if cursor else {}
    if "look" in state:
        return msgspec.json.decode(state["look"], type=_Look)
    now = query.now
    if cursor is None or int(state.get("read_from", query.since + 1)) > query.since:
        return _Look(now, query.since, now, query.since)
    until = max(query.since, min(int(cursor.forward or 0), now) - overlap)
    return _Look(now, until, now, int(state["read_from"]))


def _onward(look: _Look, found: Found) -> _Look | None:
    """Where the look goes on; ``None`` at its end."""
    if not found.more or found.oldest is None or found.oldest <= look.until:
        return None
    # That second is asked for again, unless the whole page was of it.
    before = found.oldest + 1 if found.oldest + 1 < look.before else look.before - 1
    return msgspec.structs.replace(look, before=before) if before > look.until else None


def _cursor(cursor: Cursor | None, look: _Look, onward: _Look | None, spent: quota.Spent) -> Cursor:
    if onward is None:
        state = {"read_from": str(look.read_from), **quota.state_of(spent)}
        return Cursor(str(look.began), None, True, state)
    state = (
        {key: value for key, value in cursor.state.items() if key == "read_from"} if cursor else {}
    )
    state |= {"look": msgspec.json.encode(onward).decode(), UNREAD_FROM: str(look.until)}
    forward = cursor.forward if cursor else None
    return Cursor(forward, str(onward.before), False, {**state, **quota.state_of(spent)})


def _written(place: Place, query: Query) -> str:
    """The hashtag as the configuration spells it."""
    spellings = [each for each in query.written if fold_hashtag(each) == place.hashtag]
    return (spellings or [place.hashtag])[0].lstrip("#")


class _Me(msgspec.Struct):
    username: str


class _Problem(msgspec.Struct):
    code: int = 0


class _Refusal(msgspec.Struct):
    error: _Problem


def _code(body: bytes) -> int:
    try:
        return msgspec.json.decode(body, type=_Refusal).error.code
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return 0
