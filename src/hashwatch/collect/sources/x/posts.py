"""Answers of X's API v2 → pages, and what they say of the posts that were asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from hashwatch.collect.body import excerpt
from hashwatch.collect.pages import Basket, Outcome
from hashwatch.collect.source import Refreshed
from hashwatch.collect.x2 import parse_answer
from hashwatch.collect.x_posts import post_uri
from hashwatch.errors import BadAnswerError
from hashwatch.model import KnownPost, Page, Post, Reject

# What X says of posts that nobody can see any more: deleted, protected, of a suspended account.
# https://docs.x.com/x-api/fundamentals/response-codes-and-errors
_GONE = ("resource-not-found", "not-authorized-for-resource")
_LEFT_OUT = "errors"


class Meta(msgspec.Struct, frozen=True):
    """What a search says of a page of its results."""

    newest_id: str | None = None
    oldest_id: str | None = None
    next_token: str | None = None
    result_count: int = 0


class Found(msgspec.Struct, frozen=True):
    """A page of results."""

    page: Page
    meta: Meta


class _Version(msgspec.Struct):
    id: str = ""
    edit_history_tweet_ids: list[str] = []


class _Results(msgspec.Struct):
    meta: Meta


class _Count(msgspec.Struct):
    total_tweet_count: int
    next_token: str | None = None


class _Counted(msgspec.Struct):
    meta: _Count


class _Problem(msgspec.Struct):
    value: str = ""
    type: str = ""


class _Known(msgspec.Struct):
    data: list[_Version] = []
    errors: list[_Problem] = []


class _Versions(msgspec.Struct):
    data: list[_Version] | _Version | None = None


_results = msgspec.json.Decoder(_Results).decode
_counted = msgspec.json.Decoder(_Counted).decode
_known = msgspec.json.Decoder(_Known).decode
_versions = msgspec.json.Decoder(_Versions).decode
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def parse_page(payload: bytes) -> Page:
    """The posts and rejects of an answer, which may be one of the stream.

    The originals of boosts come with them. What X could not include is no post and passed over.
    Raises :class:`~hashwatch.errors.BadAnswerError` for what is no answer of X's.
    """
    try:
        outcomes = parse_answer(payload)
        newest = _newest_versions(payload)
    except _BROKEN as error:
        raise BadAnswerError(f"X answers with something else: {error}", excerpt(payload)) from None
    basket = Basket()
    for outcome in _posts_only(outcomes):
        basket.put(outcome)
    posts = tuple(_numbered(post, newest) for post in basket.posts)
    return Page(posts=posts, rejects=tuple(basket.rejects))


def read_results(payload: bytes) -> Found:
    """A page of a search; raises as :func:`parse_page` does."""
    try:
        meta = _results(payload).meta
    except _BROKEN as error:
        raise BadAnswerError(
            f"X's search answers with something else: {error}", excerpt(payload)
        ) from None
    if not all(each is None or each.isdecimal() for each in (meta.newest_id, meta.oldest_id)):
        raise BadAnswerError("X's search names ids that are none", excerpt(payload))
    return Found(parse_page(payload), meta)


def read_count(payload: bytes) -> tuple[int, str | None]:
    """How many posts there are, and X's mark of the next page of counts."""
    try:
        meta = _counted(payload).meta
    except _BROKEN as error:
        raise BadAnswerError(f"X's counts are none: {error}", excerpt(payload)) from None
    return meta.total_tweet_count, meta.next_token


def read_known(payload: bytes, asked: Sequence[KnownPost]) -> Refreshed:
    """What an answer says of the posts asked for by their ids; raises as :func:`parse_page` does.

    A post is missing where X says so; one that is neither there nor said to be missing may come the
    next time. Authors are not asked for, as they cost more than the posts: their names stay.
    """
    page = parse_page(payload)
    answer = _known(payload)
    there = {version.id for version in answer.data}
    gone = {problem.value for problem in answer.errors if problem.type.rpartition("/")[2] in _GONE}
    wanted = {post.uri for post in asked}
    posts = tuple(_unnamed(post) for post in page.posts if post.uri in wanted)
    return Refreshed(
        page=Page(posts=posts, rejects=page.rejects),
        answered=tuple(post.uri for post in asked if post.local_id in there),
        missing=tuple(post.uri for post in asked if post.local_id in gone - there),
    )


def _posts_only(outcomes: Iterable[Outcome]) -> Iterable[Outcome]:
    for outcome in outcomes:
        if not (isinstance(outcome, Reject) and outcome.where == _LEFT_OUT):
            yield outcome


def _newest_versions(payload: bytes) -> dict[str, str]:
    """The id of the newest version of each post that was edited."""
    data = _versions(payload).data
    versions = data if isinstance(data, list) else [data] if data else []
    return {
        each: version.edit_history_tweet_ids[-1]
        for version in versions
        if len(version.edit_history_tweet_ids) > 1
        for each in version.edit_history_tweet_ids
    }


def _numbered(post: Post, newest: dict[str, str]) -> Post:
    """With the id by which X is asked for it again: that of its newest version."""
    identifier = (post.url or "").rpartition("/")[2]
    return msgspec.structs.replace(post, local_id=newest.get(identifier, identifier))


def _unnamed(post: Post) -> Post:
    """Of an author known by a number only, whose name in the archive stays as it is."""
    if not post.author.uri.endswith(f"/{post.author.handle}"):
        return post
    identifier = (post.url or "").rpartition("/")[2]
    author = msgspec.structs.replace(post.author, handle="", url=None)
    return msgspec.structs.replace(post, author=author, url=post_uri(identifier))
