"""Archived posts as rows of the dashboard's tables. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from hashlib import blake2b

import msgspec

from hashwatch.archive.reading import ArchivedPost
from hashwatch.enrich.message import copied_from, page_address
from hashwatch.enrich.wording import wording_key
from hashwatch.model import Media, Reason, fold_hashtag
from hashwatch.publish.corrections import Tone

INVENTED_SOURCE = "replay"
BOOST_MARK = re.compile(r"RT @\w+:?\s*")
FEWEST_WORDS = 4
LETTERS_COMPARED = 50


def post_row(
    post: ArchivedPost, language: str, tone: Tone, folds_into: int | None
) -> tuple[object, ...]:
    """A row of ``posts``, in the order of the schema."""
    detail, uri = post.detail, post.uri
    boosts, likes = post.boosts or 0, post.likes or 0
    replies, quotes = post.replies or 0, post.quotes or 0
    return (
        post.id, uri, post.url, post.source, post.instance, post.author_id,
        iso(post.created_at), post.text or "", post.language, language,
        tone.label, tone.polarity, tone.confidence,
        post.kind, post.reply_to, post.boost_of, post.quote_of, post.parent_id,
        post.quoted_id, folds_into,
        boosts, likes, replies, quotes, boosts + likes + replies + quotes,
        1 if detail.media else 0, 1 if detail.links else 0,
        media_json(detail.media) if detail.media else None,
        options_json(detail.poll) if detail.poll else None,
        post.content_warning, post.sensitive, 1 if post.source == INVENTED_SOURCE else 0,
        iso(post.edited_at) if post.edited_at else None, _of_page(post.collected_at),
        copied_from(uri, post.url, detail.copy_of), page_address(uri, post.url, post.source),
        wording_key(post.text or "") if post.kind != "boost" else None,
    )  # fmt: skip


INSERT_POST = f"INSERT INTO posts VALUES ({', '.join('?' * 37)})"


def iso(at: int) -> str:
    """UTC seconds as ISO 8601 with seconds and Z."""
    minute, second = divmod(at, 60)
    return f"{_minute(minute)}:{second:02}Z"


@lru_cache(maxsize=1_024)
def _of_page(at: int) -> str:
    """`iso`, remembered: the posts of a page are collected in one second."""
    return iso(at)


def reasons_json(reasons: Sequence[Reason]) -> str:
    """Reasons as a JSON list of {kind, text, weight, start, end}."""
    return msgspec.json.encode(reasons).decode()


@lru_cache(maxsize=8192)
def media_json(media: tuple[Media, ...]) -> str:
    """Attachments as a JSON list of {kind, url, alt}."""
    return msgspec.json.encode(
        [{"kind": item.kind, "url": item.url, "alt": item.alt} for item in media]
    ).decode()


def options_json(options: tuple[str, ...]) -> str:
    """A poll's options as a JSON list."""
    return msgspec.json.encode(options).decode()


@lru_cache(maxsize=65_536)
def folded(hashtag: str) -> str:
    """`hashwatch.model.fold_hashtag`, remembered: the same few hashtags come again and again."""
    return fold_hashtag(hashtag)


def boosts_by_wording(post: ArchivedPost) -> bool:
    """Whether a post is a boost that only its words tie to the original."""
    return post.kind == "boost" and post.boost_of is None


def wording(text: str) -> int | None:
    """A number shared by texts whose first words agree; ``None`` when there are too few words.

    Boost marks, links, hashtags, mentions and the cut end of an old export do not count.
    """
    words = [
        word
        for word in BOOST_MARK.sub("", text, count=1).casefold().split()
        if not word.startswith(("http", "#", "@"))
    ]
    if len(words) < FEWEST_WORDS:
        return None
    letters = _NOT_LETTERS.sub("", "".join(words))[:LETTERS_COMPARED]
    return int.from_bytes(blake2b(letters.encode(), digest_size=8).digest(), signed=True)


def target(uri: str) -> int:
    """A number that stands for a URI which is not here."""
    return int.from_bytes(blake2b(uri.encode(), digest_size=8).digest(), signed=True)


_NOT_LETTERS = re.compile(r"[\W_]+")


@lru_cache(maxsize=65_536)
def _minute(minutes: int) -> str:
    day, minute = divmod(minutes, 1440)
    return f"{date.fromordinal(day + 719_163)}T{minute // 60:02}:{minute % 60:02}"
