"""X API v1.1 payloads (twarc 1, rtweet, streaming) → posts.

The shapes are those of https://developer.x.com/en/docs/x-api/v1/data-dictionary. What is not read
is left to the raw payload.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from hashwatch.collect import x_posts
from hashwatch.collect.encoding import clean, unescape
from hashwatch.collect.pages import Companion, Outcome, RowError
from hashwatch.collect.times import TimeError, x_time
from hashwatch.model import Author, Engagement, Media, Post, Tombstone

RAW_FORMAT = "x1"
ABSENT = msgspec.Raw(b"null")


class Hashtag(msgspec.Struct, gc=False):
    text: str


class Mention(msgspec.Struct, gc=False):
    screen_name: str | None = None


class Link(msgspec.Struct, gc=False):
    url: str | None = None
    expanded_url: str | None = None


class Medium(msgspec.Struct, gc=False):
    type: str = ""
    media_url_https: str | None = None
    ext_alt_text: str | None = None


class Entities(msgspec.Struct):
    hashtags: list[Hashtag] = []
    user_mentions: list[Mention] = []
    urls: list[Link] = []
    media: list[Medium] = []


class User(msgspec.Struct, gc=False):
    id_str: str
    screen_name: str
    name: str | None = None
    description: str | None = None
    followers_count: int | None = None
    protected: bool | None = None


class LongText(msgspec.Struct):
    """``extended_tweet``: the whole text, where the outer one is cut (streaming)."""

    full_text: str
    entities: Entities | None = None
    extended_entities: Entities | None = None


class Payload(msgspec.Struct):
    """One post."""

    id_str: str
    created_at: str
    user: User
    full_text: str | None = None
    text: str | None = None
    extended_tweet: LongText | None = None
    entities: Entities | None = None
    extended_entities: Entities | None = None
    retweeted_status: msgspec.Raw = ABSENT
    quoted_status_id_str: str | None = None
    in_reply_to_status_id_str: str | None = None
    lang: str | None = None
    possibly_sensitive: bool | None = None
    retweet_count: int | None = None
    favorite_count: int | None = None
    reply_count: int | None = None
    quote_count: int | None = None
    withheld_copyright: bool | None = None
    withheld_in_countries: list[str] | str | None = None


class DeletedPost(msgspec.Struct):
    id_str: str


class Deletion(msgspec.Struct):
    status: DeletedPost
    timestamp_ms: str | None = None


class DeletionMessage(msgspec.Struct):
    """What the streaming interface says when a post is deleted."""

    delete: Deletion


class Content(NamedTuple):
    """What a text holds, in the model's terms."""

    hashtags: tuple[str, ...]
    mentions: tuple[str, ...]
    links: tuple[str, ...]
    media: tuple[Media, ...]


decode = msgspec.json.Decoder(Payload).decode
decode_entities = msgspec.json.Decoder(Entities).decode
decode_deletion = msgspec.json.Decoder(DeletionMessage).decode


def parse_post(line: bytes) -> list[Outcome]:
    """A post and, for a boost, its original; raises ``RowError`` or ``msgspec.MsgspecError``."""
    payload = decode(line)
    nested = bytes(payload.retweeted_status)
    if nested == b"null":
        return [post(payload, line)]
    original = post(decode(nested), nested)
    return [boost(payload, original, line), Companion(original)]


def parse_deletion(line: bytes) -> list[Outcome]:
    """A deletion notice of the streaming interface, dated like its post where it has no time."""
    deletion = decode_deletion(line).delete
    identifier = deletion.status.id_str
    if deletion.timestamp_ms and deletion.timestamp_ms.isdigit():
        at = int(deletion.timestamp_ms) // 1000
    else:
        at = x_posts.written_at(identifier)
    return [Tombstone(at=at, reason="deleted on X", uri=x_posts.post_uri(identifier))]


def post(payload: Payload, raw: bytes) -> Post:
    """A post that is no boost."""
    long = payload.extended_tweet or payload
    text = long.full_text or payload.text
    if text is None:
        raise RowError("it has no text")
    found = long.entities or payload.entities or Entities()
    media = long.extended_entities or payload.extended_entities or found
    content = read_content(found, media, payload.id_str)
    reply_to, quote_of = payload.in_reply_to_status_id_str, payload.quoted_status_id_str
    return Post(
        uri=x_posts.post_uri(payload.id_str),
        source=x_posts.SOURCE,
        instance=x_posts.INSTANCE,
        author=read_author(payload.user),
        created_at=read_time(payload.created_at),
        text=unescape(clean(text)),
        raw=raw,
        raw_format=RAW_FORMAT,
        url=x_posts.post_url(payload.user.screen_name, payload.id_str),
        kind="reply" if reply_to else "quote" if quote_of else "post",
        language=x_posts.language(payload.lang),
        reply_to=x_posts.post_uri(reply_to) if reply_to else None,
        quote_of=x_posts.post_uri(quote_of) if quote_of else None,
        hashtags=content.hashtags,
        mentions=content.mentions,
        links=content.links,
        media=content.media,
        sensitive=bool(payload.possibly_sensitive),
        engagement=Engagement(
            boosts=payload.retweet_count,
            likes=payload.favorite_count,
            replies=payload.reply_count,
            quotes=payload.quote_count,
        ),
        labels=withheld_labels(payload),
    )


def boost(payload: Payload, original: Post, raw: bytes) -> Post:
    """A boost: the original's content by another author at another time, with no counts."""
    return msgspec.structs.replace(
        original,
        uri=x_posts.post_uri(payload.id_str),
        url=x_posts.post_url(payload.user.screen_name, payload.id_str),
        author=read_author(payload.user),
        created_at=read_time(payload.created_at),
        raw=raw,
        kind="boost",
        boost_of=original.uri,
        reply_to=None,
        quote_of=None,
        engagement=Engagement(),
    )


def read_content(found: Entities, media: Entities, identifier: str) -> Content:
    """The entities of the post with this id; ``media`` is where its attachments are complete."""
    return Content(
        hashtags=x_posts.names(hashtag.text for hashtag in found.hashtags),
        mentions=x_posts.names(one.screen_name for one in found.user_mentions if one.screen_name),
        links=x_posts.links((link.expanded_url or link.url for link in found.urls), identifier),
        media=tuple(map(read_medium, media.media)),
    )


def read_author(user: User) -> Author:
    """The author; raises ``RowError`` for one who writes for followers only."""
    if user.protected:
        raise RowError("its author's posts are protected: only public ones are kept")
    return x_posts.author(
        user.id_str, user.screen_name, user.name, user.description, user.followers_count
    )


def read_time(text: str) -> int:
    """UTC seconds; raises ``RowError``."""
    try:
        return x_time(text)
    except TimeError as error:
        raise RowError(str(error)) from error


def read_medium(medium: Medium) -> Media:
    """An attachment."""
    return Media(
        kind=x_posts.MEDIA_KINDS.get(medium.type, "other"),
        url=medium.media_url_https,
        alt=clean(medium.ext_alt_text or ""),
    )


def withheld_labels(payload: Payload) -> tuple[str, ...]:
    """Where X does not show the post: ``withheld:IN``, ``withheld:copyright``."""
    countries = payload.withheld_in_countries or []
    if isinstance(countries, str):
        countries = [country for country in countries.replace(",", " ").split() if country]
    labels = [f"withheld:{country}" for country in countries]
    return (*labels, "withheld:copyright") if payload.withheld_copyright else tuple(labels)
