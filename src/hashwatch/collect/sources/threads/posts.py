"""Threads' media objects, and what they become. Pure.

https://developers.facebook.com/docs/threads/reference/media-retrieval
"""

from __future__ import annotations

import re

import msgspec

from hashwatch.collect.body import excerpt
from hashwatch.collect.encoding import clean
from hashwatch.collect.entities import entities
from hashwatch.collect.jetstream import decode_leniently
from hashwatch.collect.times import iso_time
from hashwatch.errors import BadAnswerError
from hashwatch.model import Author, Kind, Media, Page, Post, Reject, fold_hashtag

NAME = "threads"
INSTANCE = "threads.com"
SITE = "https://www.threads.com"
FIELDS = (
    "id,text,media_type,media_url,permalink,timestamp,username,is_quote_post,is_reply,topic_tag,"
    "alt_text,link_attachment_url"
)
PAGE_SIZE = 100
_REPOST = "REPOST_FACADE"
_KINDS = {"IMAGE": "image", "VIDEO": "video", "AUDIO": "audio", "CAROUSEL_ALBUM": "image"}
_PERMALINK = re.compile(
    r"https://(?:www\.)?threads\.(?:com|net)/(?:@[\w.]+/post|t)/([A-Za-z0-9_-]{1,40})/?(?:\?.*)?"
)
_NAME = re.compile(r"[A-Za-z0-9_.]{1,60}")
_REJECT_BYTES = 2_000


class _Media(msgspec.Struct):
    id: str
    permalink: str
    timestamp: str
    username: str
    text: str | None = None
    media_type: str = ""
    media_url: str | None = None
    is_quote_post: bool = False
    is_reply: bool = False
    topic_tag: str | None = None
    alt_text: str | None = None
    link_attachment_url: str | None = None


class _Cursors(msgspec.Struct):
    after: str | None = None


class _Paging(msgspec.Struct):
    cursors: _Cursors = msgspec.field(default_factory=_Cursors)
    next: str | None = None


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw]
    paging: _Paging = msgspec.field(default_factory=_Paging)


class Found(msgspec.Struct, frozen=True):
    """What a search found: each post with its topic, how many items there were, whether there are
    more, and when (UTC seconds) the oldest was written."""

    posts: tuple[tuple[Post, str | None], ...] = ()
    rejects: tuple[Reject, ...] = ()
    count: int = 0
    more: bool = False
    oldest: int | None = None

    @property
    def page(self) -> Page:
        """The posts and rejects alone."""
        return Page(posts=tuple(post for post, _ in self.posts), rejects=self.rejects)


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_media = msgspec.json.Decoder(_Media).decode


def read_search(payload: bytes) -> Found:
    """What a search found; one item that cannot be read is rejected, the others go on.

    Raises :class:`~hashwatch.errors.BadAnswerError` for what is no answer of the search.
    """
    try:
        answer = decode_leniently(_decode_answer, payload)
    except ValueError as error:
        raise BadAnswerError(
            f"Threads answers with something else: {error}", excerpt(payload)
        ) from None
    posts: list[tuple[Post, str | None]] = []
    rejects: list[Reject] = []
    times = []
    for raw in answer.data:
        try:
            media = decode_leniently(_decode_media, bytes(raw))
            times.append(iso_time(media.timestamp))
            # A repost does not say of what.
            if media.media_type != _REPOST:
                posts.append((_post(media, bytes(raw)), media.topic_tag))
        except ValueError as error:
            rejects.append(Reject(f"not a post: {error}", bytes(raw)[:_REJECT_BYTES], INSTANCE))
    # A cursor stands on the last page, too, and what is not for everybody is taken out of pages.
    is_full = len(answer.data) >= PAGE_SIZE // 2 and answer.paging.cursors.after is not None
    more = answer.paging.next is not None or is_full
    oldest = min(times, default=None)
    return Found(tuple(posts), tuple(rejects), len(answer.data), more, oldest)


def _post(media: _Media, raw: bytes) -> Post:
    link = _PERMALINK.fullmatch(media.permalink)
    if link is None or not _NAME.fullmatch(media.username):
        raise ValueError(f"its address is {media.permalink[:100]!r}")
    text = clean(media.text or "")
    found = entities(text)
    topic = clean(media.topic_tag or "").strip().lstrip("#")
    hashtags = found.hashtags
    if topic and not any(c.isspace() for c in topic):
        folded = {fold_hashtag(each) for each in hashtags}
        hashtags = hashtags if fold_hashtag(topic) in folded else (*hashtags, topic)
    attached = () if not media.link_attachment_url else (clean(media.link_attachment_url),)
    links = tuple(dict.fromkeys([*found.links, *attached]))
    profile = f"{SITE}/@{media.username}"
    kind: Kind = "reply" if media.is_reply else "quote" if media.is_quote_post else "post"
    shown = _KINDS.get(media.media_type)
    return Post(
        # The short code alone: names change, and so has the site's.
        uri=f"{SITE}/t/{link[1]}",
        url=f"{profile}/post/{link[1]}",
        source=NAME,
        instance=INSTANCE,
        author=Author(uri=profile, handle=media.username, url=profile),
        created_at=iso_time(media.timestamp),
        text=text,
        raw=raw,
        raw_format=NAME,
        kind=kind,
        hashtags=hashtags,
        mentions=found.mentions,
        links=links,
        media=() if shown is None else (
            Media(shown, clean(media.media_url or "") or None, clean(media.alt_text or "")),
        ),
        local_id=media.id,
    )  # fmt: skip


def about(post: Post, topic: str | None, hashtag: str, written: str) -> Post | None:
    """The post if it is about ``hashtag`` (folded); ``None`` for what is merely like it.

    Where the answer names no topic, the search's word is taken: it was asked for this one.
    """
    if hashtag in map(fold_hashtag, post.hashtags):
        return post
    if topic is not None:
        return None
    return msgspec.structs.replace(post, hashtags=(*post.hashtags, written))
