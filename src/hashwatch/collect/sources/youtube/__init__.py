"""YouTube: videos that carry a hashtag, found by search, and the comments on them.

The Data API, version 3, with a key. Searches are few (100 a day), so they are spread over the day
and what they find is read by cheaper calls (:mod:`.planning`); what is spent is remembered
(:mod:`.quota`). Written from the documentation and tested against a server of that shape.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from pydantic import Field

from hashwatch.collect.keyed import KeyedSettings
from hashwatch.collect.source import Pace, Place, Query, Refreshed
from hashwatch.collect.sources.youtube import planning, quota
from hashwatch.collect.sources.youtube.items import (
    INSTANCE,
    NAME,
    SITE,
    Listed,
    carried,
    carrying,
    is_comment,
    number_and_hashtags,
    read_any,
    read_comments,
    read_search,
    read_threads,
    read_videos,
    video_of,
)
from hashwatch.collect.times import iso_of
from hashwatch.errors import BadAnswerError, DeniedError, NotFoundError, RateLimitedError
from hashwatch.model import Cursor, Gap, KnownPost, Page, fold_hashtag

if TYPE_CHECKING:
    # Reading the configuration asks every source for its settings, and needs no HTTP client.
    from hashwatch.collect.http import Http

QUICKEST = 600.0
REQUESTS_A_MINUTE = 60.0
# More searches in a run than its first are made while so large a share of the day's is left.
FURTHER = 0.5
AT_ONCE = 50
# This share of the day's units is kept from known posts, for new ones.
KEPT = 0.3
PUT_OFF = "poll cap"
# What is rate-limited for a moment only is tried again after so many seconds.
MOMENT = 60.0


class Settings(KeyedSettings):
    """``[sources.youtube]``.

    ``token_env`` or ``token_file``: the API key. ``searches_a_day`` and ``units_a_day``: the
    project's quota. ``comments``: whether those on the videos are read. ``overlap_minutes``: how
    far each search reads again what it has. ``address``: where the API is.
    """

    KEY = "the API key"

    searches_a_day: int = Field(default=100, ge=1, le=1_000_000)
    units_a_day: int = Field(default=10_000, ge=1, le=100_000_000)
    comments: bool = True
    overlap_minutes: int = Field(default=180, ge=0, le=1_440)
    address: str = "https://www.googleapis.com/youtube/v3"


def connect(settings: Settings, http: Http) -> YouTube:
    """YouTube as a source; raises ``ConfigError`` for a key that is not there."""
    return YouTube(settings, http, settings.key("sources.youtube"))


def parse_page(payload: bytes) -> Page:
    """The posts and rejects of an answer: of videos, or of threads of comments."""
    return read_any(payload)


class YouTube:
    """A polling source: a place is a hashtag."""

    name = NAME

    def __init__(
        self, settings: Settings, http: Http, key: str, *, now: Callable[[], float] = time.time
    ) -> None:
        self._settings, self._http, self._key, self._now = settings, http, key, now
        self._address = settings.reached_by(http)
        self._spent = self._remembered = quota.Spent()
        self._hashtags = 1

    @property
    def pace(self) -> Pace:
        """As quick as the day's searches allow for so many hashtags."""
        interval = quota.search_interval(self._hashtags, self._settings.searches_a_day)
        return Pace(max(QUICKEST, interval), max(QUICKEST, interval), REQUESTS_A_MINUTE)

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every hashtag; accounts are not asked for."""
        self._hashtags = max(len(query.hashtags), 1)
        return tuple(Place(self.name, INSTANCE, hashtag) for hashtag in query.hashtags)

    def remember(self, instance: str, learnt: Cursor | None) -> None:  # noqa: ARG002 - there is but one
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
        self, place: Place, cursor: Cursor | None, query: Query, run_start: bool
    ) -> Page:
        """The next step of :mod:`.planning`."""
        # A page is durable with the count of what it cost; a crash forgets failures at most.
        self._spent = self._spent.together(quota.read(cursor)).at(self._clock())
        state = planning.read_state(cursor)
        if run_start:
            state = planning.begin_run(state, query, self._settings.overlap_minutes * 60)
        step = self._next(state)
        page = Page()
        if isinstance(step, planning.Search):
            found = read_search(await self._search(wanted_of(query)[place.hashtag], step))
            state, page = planning.searched(state, found), Page(rejects=found.rejects)
        elif isinstance(step, planning.Details):
            state, page = await self._details(place, query, state, step)
        elif isinstance(step, planning.Comments):
            state, page = await self._comments(state, step)
        more = self._next(state) is not None
        gaps: tuple[Gap, ...] = ()
        if not more:
            state = planning.put_off(state)
            if state.back is not None:
                start, end = state.back.until, max(state.back.until, state.back.before)
                gaps = (Gap(self.name, INSTANCE, start, end, PUT_OFF, place.hashtag),)
        return msgspec.structs.replace(
            page, gaps=gaps, more=more,
            cursor=planning.cursor_of(state, quota.state_of(self._spent)),
        )  # fmt: skip

    def _next(self, state: planning.State) -> planning.Step | None:
        further = self._spent.searches < FURTHER * self._settings.searches_a_day
        return planning.next_step(
            state, self._clock(), comments=self._settings.comments, further=further
        )

    async def _details(
        self, place: Place, query: Query, state: planning.State, step: planning.Details
    ) -> tuple[planning.State, Page]:
        listed = read_videos(await self._videos(step.videos))
        posts, videos = [], []
        for number, post, keywords in listed.posts:
            hashtags = carried(post, keywords, wanted_of(query))
            if place.hashtag in map(fold_hashtag, hashtags):
                posts.append(carrying(post, hashtags))
                videos.append(planning.Video(number, post.created_at, hashtags))
        state = planning.detailed(state, step.videos, videos)
        return state, Page(posts=tuple(posts), rejects=listed.rejects)

    async def _comments(
        self, state: planning.State, step: planning.Comments
    ) -> tuple[planning.State, Page]:
        asked: dict[str, str | int] = {
            "part": "snippet,replies", "videoId": step.video, "order": "time",
            "maxResults": 100, "textFormat": "plainText",
        }  # fmt: skip
        if step.token:
            asked["pageToken"] = step.token
        try:
            listed = read_threads(await self._ask("commentThreads", asked))
        except NotFoundError:
            return planning.without(state, step.video), Page()
        except DeniedError as error:
            if _reason(error.excerpt) not in ("commentsDisabled", "forbidden"):
                raise
            return planning.without(state, step.video), Page()
        # Comments belong to the event because the video does.
        hashtags = next((each.hashtags for each in state.videos if each.id == step.video), ())
        posts = tuple(carrying(post, hashtags) for post in listed.page.posts)
        state = planning.commented(state, step, listed, self._clock())
        return state, Page(posts=posts, rejects=listed.rejects)

    def refresh_size(self, instance: str) -> int:  # noqa: ARG002 - there is but one
        """As many as one call takes."""
        return AT_ONCE

    async def refresh(self, instance: str, posts: Sequence[KnownPost]) -> Refreshed:  # noqa: ARG002
        """``videos.list`` or ``comments.list``, a unit: for whichever kind the first post is."""
        self._spent = self._spent.at(self._clock())
        if self._spent.units >= (1 - KEPT) * self._settings.units_a_day:
            raise self._exhausted("units for known posts")
        kind = is_comment(posts[0].uri)
        known = {
            number_and_hashtags(post.local_id)[0]: post
            for post in posts
            if is_comment(post.uri) == kind
        }
        try:
            listed = await self._known({each: post.uri for each, post in known.items()}, kind)
        except NotFoundError:
            if len(known) > 1:
                raise
            listed = Listed()
        there = {number for number, _, _ in listed.posts}
        told = tuple(
            carrying(post, number_and_hashtags(known[number].local_id)[1])
            for number, post, _ in listed.posts
            if number in known and known[number].uri == post.uri
        )
        if listed.rejects:
            there = set(known)  # which of them it was that could not be read is not known
        return Refreshed(
            Page(posts=told, rejects=listed.rejects),
            answered=tuple(post.uri for number, post in known.items() if number in there),
            missing=tuple(post.uri for number, post in known.items() if number not in there),
        )

    async def _known(self, asked: Mapping[str, str], comments: bool) -> Listed:
        if not comments:
            return read_videos(await self._videos(tuple(asked)))
        body = await self._ask(
            "comments", {"part": "snippet", "id": ",".join(asked), "textFormat": "plainText"}
        )
        return read_comments(body, {number: video_of(uri) for number, uri in asked.items()})

    def is_home(self, instance: str, uri: str) -> bool:  # noqa: ARG002 - there is but one
        """There is no other YouTube."""
        return uri.startswith(f"{SITE}/")

    async def check(self, place: Place) -> str:  # noqa: ARG002 - the key is the same everywhere
        """That the search answered, and how often there is one."""
        minutes = self.pace.busy / 60
        return f"the search answers; each hashtag is searched for every {minutes:.0f} min"

    async def _search(self, hashtag: str, step: planning.Search) -> bytes:
        left = self._settings.searches_a_day - self._spent.searches
        if left <= 0:
            raise self._exhausted("searches")
        self._spent = self._spent.more(searches=1)
        return await self._get("search", {
            "part": "snippet", "type": "video", "order": "date", "q": f"#{hashtag}",
            "publishedAfter": iso_of(step.since * 1_000), "maxResults": AT_ONCE,
            "publishedBefore": iso_of(step.before * 1_000), "safeSearch": "none",
        })  # fmt: skip

    async def _videos(self, numbers: Sequence[str]) -> bytes:
        parts = "snippet,statistics,status"
        return await self._ask("videos", {"part": parts, "id": ",".join(numbers)})

    async def _ask(self, method: str, asked: Mapping[str, str | int]) -> bytes:
        """A call that costs a unit."""
        if self._spent.units >= self._settings.units_a_day:
            raise self._exhausted("units")
        self._spent = self._spent.more(units=1)
        return await self._get(method, asked)

    async def _get(self, method: str, asked: Mapping[str, str | int]) -> bytes:
        try:
            answer = await self._http.get(
                f"{self._address}/{method}",
                params=asked,
                token=self._key,
                token_header="X-Goog-Api-Key",
            )
        except DeniedError as error:
            reason = _reason(error.excerpt)
            if reason in ("quotaExceeded", "dailyLimitExceeded"):
                raise self._used_up("searches" if method == "search" else "units") from None
            if reason in ("rateLimitExceeded", "userRateLimitExceeded"):
                raise RateLimitedError("YouTube limits the rate", MOMENT) from None
            if reason in ("commentsDisabled", "forbidden"):
                raise
            raise DeniedError(
                f"YouTube refuses the key ({reason or 'without a reason'}): it must be one of a"
                " project in which the YouTube Data API v3 is switched on",
                wants_token=True,
            ) from None
        except BadAnswerError as error:
            if b"API key not valid" in error.excerpt or _reason(error.excerpt) == "keyInvalid":
                raise DeniedError("YouTube knows no such key", wants_token=True) from None
            raise
        return answer.body

    def _used_up(self, what: str) -> RateLimitedError:
        """YouTube says that there is nothing left: others use the same key."""
        spent = self._spent
        if what == "searches":
            rest = self._settings.searches_a_day - spent.searches
            self._spent = spent.more(searches=max(rest, 0))
        else:
            self._spent = spent.more(units=max(self._settings.units_a_day - spent.units, 0))
        return self._exhausted(what)

    def _exhausted(self, what: str) -> RateLimitedError:
        now = self._clock()
        again = quota.next_day(now)
        return RateLimitedError(
            f"the day's {what} at YouTube are spent; the next are at {iso_of(again * 1_000)}",
            float(again - now),
        )

    def _clock(self) -> int:
        return int(self._now())


def wanted_of(query: Query) -> dict[str, str]:
    """The hashtags, folded, and as the configuration spells them."""
    spellings = {fold_hashtag(each): each.lstrip("#") for each in reversed(query.written)}
    return {hashtag: spellings.get(hashtag, hashtag) for hashtag in query.hashtags}


class _Problem(msgspec.Struct):
    reason: str = ""


class _Problems(msgspec.Struct):
    errors: list[_Problem] = []


class _Refusal(msgspec.Struct):
    error: _Problems


def _reason(body: bytes) -> str:
    """Google's word for why it refuses; empty where the answer has none.

    The piece of the answer that is kept may be cut; the reason is then found by its name.
    """
    try:
        problems = msgspec.json.decode(body, type=_Refusal).error.errors
        return problems[0].reason if problems else ""
    except (msgspec.MsgspecError, UnicodeDecodeError):
        found = body.partition(b'"reason"')[2].split(b'"')
        return found[1].decode("ascii", "replace")[:60] if len(found) > 2 else ""
