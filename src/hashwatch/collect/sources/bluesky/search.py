"""Bluesky's search: what the stream did not bring, and the counts that are not in it.

``app.bsky.feed.searchPosts``, asked of the operator's own server, which hands the question on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from hashwatch.collect.bluesky_record import Record, post_of
from hashwatch.collect.body import excerpt
from hashwatch.collect.encoding import clean
from hashwatch.collect.jetstream import decode_leniently, microseconds
from hashwatch.collect.source import Pace, Place, Query, Refreshed
from hashwatch.collect.sources.bluesky import splitting
from hashwatch.collect.sources.bluesky.session import Session
from hashwatch.collect.times import TimeError
from hashwatch.errors import BadAnswerError, NotFoundError
from hashwatch.model import (
    Author,
    Cursor,
    Engagement,
    Gap,
    KnownPost,
    Page,
    Post,
    Reject,
    fold_account,
    fold_hashtag,
)

if TYPE_CHECKING:
    from hashwatch.collect.http import Http
    from hashwatch.collect.sources.bluesky import Bluesky

NAME = "bluesky"
INSTANCE = "bsky.network"
FORMAT = "bluesky"
METHOD = "app.bsky.feed.searchPosts"
KNOWN = "app.bsky.feed.getPosts"
# https://docs.bsky.app/docs/api/app-bsky-feed-get-posts
MOST_KNOWN = 25
PROFILE = "app.bsky.actor.getProfile"
# Answers everybody, so that nobody's blocks leave anything out.
PUBLIC = "https://public.api.bsky.app"
PACE = Pace(busy=60.0, idle=300.0, requests_a_minute=60.0)
# https://docs.bsky.app/docs/advanced-guides/moderation: shown to people who are signed in only.
_SIGNED_IN = "!no-unauthenticated"


class _Label(msgspec.Struct, frozen=True):
    val: str = ""


class _Profile(msgspec.Struct, frozen=True):
    did: str
    handle: str = ""
    name: str | None = msgspec.field(name="displayName", default=None)
    labels: tuple[_Label, ...] | None = None


class _View(msgspec.Struct, frozen=True):
    """A post as the search shows it: the record, its author, and counts."""

    uri: str
    author: _Profile
    record: Record
    indexed: str = msgspec.field(name="indexedAt")
    replies: int | None = msgspec.field(name="replyCount", default=None)
    reposts: int | None = msgspec.field(name="repostCount", default=None)
    likes: int | None = msgspec.field(name="likeCount", default=None)
    quotes: int | None = msgspec.field(name="quoteCount", default=None)


class Found(msgspec.Struct, frozen=True):
    """An answer: its posts with their times in milliseconds, how many there were, what is next."""

    posts: tuple[Post, ...] = ()
    rejects: tuple[Reject, ...] = ()
    times: tuple[int, ...] = ()
    count: int = 0
    cursor: str | None = None


class _Answer(msgspec.Struct, frozen=True):
    posts: tuple[msgspec.Raw, ...]
    cursor: str | None = None


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_view = msgspec.json.Decoder(_View).decode


def read_answer(payload: bytes) -> Found:
    """The posts of an answer. One that cannot be read is rejected; the others go on.

    Raises :class:`~hashwatch.errors.BadAnswerError` for what is no answer of the search.
    """
    try:
        answer = decode_leniently(_decode_answer, payload)
    except ValueError as error:
        raise BadAnswerError(
            f"Bluesky's search answers with something else: {error}", excerpt(payload)
        ) from None
    posts, rejects, times = [], [], []
    for raw in answer.posts:
        try:
            post, at = _post(bytes(raw))
        except ValueError as error:
            rejects.append(Reject(f"not a post: {error}", bytes(raw)[:2_000], METHOD))
            continue
        posts.append(post)
        times.append(at)
    return Found(tuple(posts), tuple(rejects), tuple(times), len(answer.posts), answer.cursor)


def read_known(payload: bytes, asked: Sequence[KnownPost]) -> Refreshed:
    """What an answer says of the posts asked for; raises as :func:`read_answer` does.

    One that cannot be read is answered for: it is there.
    """
    found = read_answer(payload)
    wanted = {post.uri for post in asked}
    posts = tuple(post for post in found.posts if post.uri in wanted)
    there = {post.uri for post in posts}
    if found.rejects:
        there = wanted
    return Refreshed(
        page=Page(posts=posts, rejects=found.rejects),
        answered=tuple(post.uri for post in asked if post.uri in there),
        missing=tuple(post.uri for post in asked if post.uri not in there),
    )


def _post(raw: bytes) -> tuple[Post, int]:
    view = decode_leniently(_decode_view, raw)
    did, _, rkey = view.uri.removeprefix("at://").partition("/app.bsky.feed.post/")
    if not rkey or did != view.author.did or "\0" in view.uri:
        raise ValueError(f"its address is {view.uri[:100]!r}")
    indexed = microseconds(view.indexed)
    handle = view.author.handle if view.author.handle != "handle.invalid" else ""
    post = post_of(
        view.record,
        did=did,
        handle=handle or did,
        rkey=rkey,
        seen=indexed // 1_000_000,
        raw=raw,
        instance=INSTANCE,
    )
    try:
        at = min(microseconds(view.record.created), indexed)
    except TimeError:
        at = indexed
    author = Author(
        uri=did,
        handle=post.author.handle,
        name=clean(view.author.name or ""),
        url=post.author.url,
        noindex=any(label.val == _SIGNED_IN for label in view.author.labels or ()),
    )
    counts = Engagement(view.reposts, view.likes, view.replies, view.quotes)
    return (
        msgspec.structs.replace(post, author=author, engagement=counts, raw_format=FORMAT),
        at // 1_000,
    )


def words_for(place: Place, query: Query) -> str:
    """What to search for: the hashtag as the configuration spells it, or an account's posts."""
    if place.hashtag.startswith("@"):
        return f"from:{place.hashtag[1:]}"
    spellings = [each for each in query.written if fold_hashtag(each) == place.hashtag]
    return f"#{(spellings or [place.hashtag])[0]}"


def is_about(place: Place, post: Post) -> bool:
    """Whether a post is what was searched for; a search finds what is like it, too."""
    if place.hashtag.startswith("@"):
        wanted = fold_account(place.hashtag)
        return wanted in (fold_account(post.author.handle), fold_account(post.author.uri))
    return place.hashtag in {fold_hashtag(each) for each in post.hashtags}


def searchable(accounts: tuple[str, ...]) -> tuple[str, ...]:
    """Those accounts that can be Bluesky's: a domain name, or a DID."""
    return tuple(
        each for each in accounts if each.startswith("did:") or ("." in each and "@" not in each)
    )


class SearchedBluesky:
    """A polling source: each hashtag is searched for, with the stream of all posts ``beside``."""

    name = NAME
    pace = PACE

    def __init__(
        self, session: Session, beside: Bluesky, overlap: int, http: Http, public: str = PUBLIC
    ) -> None:
        self.beside = beside
        self._session, self._overlap = session, overlap
        self._http, self._public = http, public
        self._readings: dict[Place, splitting.Reading] = {}

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every hashtag, and every account that can be Bluesky's."""
        accounts = (f"@{each}" for each in searchable(query.accounts))
        return tuple(Place(self.name, INSTANCE, each) for each in (*query.hashtags, *accounts))

    def is_pushed(self, instance: str) -> bool:  # noqa: ARG002 - there is but one
        """Whether the stream is open."""
        return self.beside.is_open

    async def fetch(
        self, place: Place, cursor: Cursor | None, query: Query, run_start: bool
    ) -> Page:
        """The next page of the search, as :mod:`.splitting` decides."""
        reading = None if run_start else self._readings.get(place)
        if reading is None:
            reading = splitting.begin(cursor, query, self._overlap)
        asked = splitting.parameters(reading, words_for(place, query))
        found = Found()
        try:
            found = read_answer(await self._session.get(METHOD, asked))
            reading, hole = splitting.advance(reading, found.times, found.count, found.cursor)
        except BadAnswerError:
            onward = splitting.refused(reading)
            if onward is None:
                raise
            reading, hole = onward
        self._readings[place] = reading
        gaps = () if hole is None else (
            Gap(self.name, INSTANCE, hole.start, hole.end, hole.reason, place.hashtag),
        )  # fmt: skip
        return Page(
            posts=tuple(post for post in found.posts if is_about(place, post)),
            rejects=found.rejects,
            gaps=gaps,
            cursor=splitting.durable(reading),
            more=bool(reading.stretches),
        )

    def refresh_size(self, instance: str) -> int:  # noqa: ARG002 - there is but one
        """As many as the platform gives at once."""
        return MOST_KNOWN

    async def refresh(self, instance: str, posts: Sequence[KnownPost]) -> Refreshed:  # noqa: ARG002
        """``app.bsky.feed.getPosts``, several in the person's name, a single one in nobody's.

        In a person's name, posts are missing whose authors have blocked that person.
        """
        if len(posts) > 1:
            asked = [("uris", post.uri) for post in posts]
            return read_known(await self._session.get(KNOWN, asked), posts)
        (post,) = posts
        answer = await self._http.get(f"{self._public}/xrpc/{KNOWN}", params={"uris": post.uri})
        refreshed = read_known(answer.body, posts)
        if refreshed.missing and await self._is_deactivated(post.uri):
            return Refreshed(answered=(post.uri,))
        return refreshed

    async def _is_deactivated(self, uri: str) -> bool:
        """Whether the author's account rests for now: it may come back with all its posts."""
        did = uri.removeprefix("at://").partition("/")[0]
        try:
            await self._http.get(f"{self._public}/xrpc/{PROFILE}", params={"actor": did})
        except BadAnswerError as error:
            return b"AccountDeactivated" in error.excerpt
        except NotFoundError:
            return False
        return False

    def is_home(self, instance: str, uri: str) -> bool:  # noqa: ARG002 - there is but one
        """The network's own word; it has no posts of accounts that were deleted either."""
        return uri.startswith("at://")
