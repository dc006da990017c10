"""YouTube's videos and comments, and what they become. Pure.

https://developers.google.com/youtube/v3/docs/videos and …/comments
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hashwatch.collect.body import excerpt
from hashwatch.collect.encoding import clean
from hashwatch.collect.entities import entities
from hashwatch.collect.jetstream import decode_leniently
from hashwatch.collect.times import iso_time
from hashwatch.errors import BadAnswerError
from hashwatch.model import Author, Engagement, Page, Post, Reject, fold_hashtag

NAME = "youtube"
INSTANCE = "youtube.com"
SITE = "https://www.youtube.com"
_REJECT_BYTES = 2_000


class _Answer(msgspec.Struct):
    kind: str
    items: list[msgspec.Raw]
    next_page: str | None = msgspec.field(name="nextPageToken", default=None)


class _FoundId(msgspec.Struct):
    video: str = msgspec.field(name="videoId")


class _FoundSnippet(msgspec.Struct):
    published: str = msgspec.field(name="publishedAt")


class _Found(msgspec.Struct):
    id: _FoundId
    snippet: _FoundSnippet


class _VideoSnippet(msgspec.Struct):
    published: str = msgspec.field(name="publishedAt")
    channel: str = msgspec.field(name="channelId")
    title: str
    description: str = ""
    channel_title: str = msgspec.field(name="channelTitle", default="")
    tags: list[str] = []
    language: str | None = msgspec.field(name="defaultAudioLanguage", default=None)
    text_language: str | None = msgspec.field(name="defaultLanguage", default=None)


class _Statistics(msgspec.Struct):
    likes: str | None = msgspec.field(name="likeCount", default=None)
    comments: str | None = msgspec.field(name="commentCount", default=None)


class _Status(msgspec.Struct):
    privacy: str = msgspec.field(name="privacyStatus", default="public")


class _Video(msgspec.Struct):
    id: str
    snippet: _VideoSnippet
    statistics: _Statistics = msgspec.field(default_factory=_Statistics)
    status: _Status = msgspec.field(default_factory=_Status)


class _Channel(msgspec.Struct):
    value: str


class _CommentSnippet(msgspec.Struct):
    text: str = msgspec.field(name="textDisplay")
    published: str = msgspec.field(name="publishedAt")
    author: str = msgspec.field(name="authorDisplayName", default="")
    channel: _Channel | None = msgspec.field(name="authorChannelId", default=None)
    updated: str | None = msgspec.field(name="updatedAt", default=None)
    likes: int | None = msgspec.field(name="likeCount", default=None)
    video: str = msgspec.field(name="videoId", default="")
    parent: str | None = msgspec.field(name="parentId", default=None)


class _Comment(msgspec.Struct):
    id: str
    snippet: _CommentSnippet


class _Replies(msgspec.Struct):
    comments: list[msgspec.Raw] = []


class _ThreadSnippet(msgspec.Struct):
    top: msgspec.Raw = msgspec.field(name="topLevelComment")
    video: str = msgspec.field(name="videoId")
    replies: int | None = msgspec.field(name="totalReplyCount", default=None)


class _Thread(msgspec.Struct):
    snippet: _ThreadSnippet
    replies: _Replies = msgspec.field(default_factory=_Replies)


class Found(msgspec.Struct, frozen=True):
    """What a search found: numbers of videos with when they were published (UTC seconds)."""

    videos: tuple[tuple[str, int], ...] = ()
    rejects: tuple[Reject, ...] = ()
    more: bool = False


class Listed(msgspec.Struct, frozen=True):
    """Videos or comments: posts with their numbers and keywords, and the token of what follows.

    ``oldest`` is when the oldest thread of comments was begun (UTC seconds).
    """

    posts: tuple[tuple[str, Post, tuple[str, ...]], ...] = ()
    rejects: tuple[Reject, ...] = ()
    next_page: str | None = None
    oldest: int | None = None

    @property
    def page(self) -> Page:
        """The posts and rejects alone."""
        return Page(posts=tuple(post for _, post, _ in self.posts), rejects=self.rejects)


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_found = msgspec.json.Decoder(_Found).decode
_decode_video = msgspec.json.Decoder(_Video).decode
_decode_comment = msgspec.json.Decoder(_Comment).decode
_decode_thread = msgspec.json.Decoder(_Thread).decode


def _answer(payload: bytes, kind: str) -> _Answer:
    try:
        answer = decode_leniently(_decode_answer, payload)
    except ValueError as error:
        raise BadAnswerError(
            f"YouTube answers with something else: {error}", excerpt(payload)
        ) from None
    if kind and answer.kind != f"youtube#{kind}":
        words = f"YouTube answers with {answer.kind[:60]!r}, not with {kind}"
        raise BadAnswerError(words, excerpt(payload))
    return answer


def read_search(payload: bytes) -> Found:
    """What ``search.list`` found; raises :class:`~hashwatch.errors.BadAnswerError`."""
    answer = _answer(payload, "searchListResponse")
    videos, rejects = [], []
    for raw in answer.items:
        try:
            found = decode_leniently(_decode_found, bytes(raw))
            videos.append((_number(found.id.video), iso_time(found.snippet.published)))
        except ValueError as error:
            rejects.append(_reject(f"not a video: {error}", raw, "search.list"))
    return Found(tuple(videos), tuple(rejects), answer.next_page is not None)


def read_videos(payload: bytes) -> Listed:
    """What ``videos.list`` gives; raises :class:`~hashwatch.errors.BadAnswerError`."""
    answer = _answer(payload, "videoListResponse")
    posts, rejects = [], []
    for raw in answer.items:
        try:
            video = decode_leniently(_decode_video, bytes(raw))
            if video.status.privacy not in ("public", "unlisted"):
                raise ValueError(f"it is {video.status.privacy[:20]}")
            keywords = tuple(clean(each) for each in video.snippet.tags)
            posts.append((video.id, _video(video, bytes(raw)), keywords))
        except ValueError as error:
            rejects.append(_reject(f"not a public video: {error}", raw, "videos.list"))
    return Listed(tuple(posts), tuple(rejects))


def read_threads(payload: bytes) -> Listed:
    """What ``commentThreads.list`` gives, the replies that come with it included."""
    answer = _answer(payload, "commentThreadListResponse")
    posts: list[tuple[str, Post, tuple[str, ...]]] = []
    rejects: list[Reject] = []
    begun = []
    for raw in answer.items:
        try:
            thread = decode_leniently(_decode_thread, bytes(raw))
            video = _number(thread.snippet.video)
            number, top = _comment(bytes(thread.snippet.top), video, thread.snippet.replies)
        except ValueError as error:
            rejects.append(_reject(f"not a comment: {error}", raw, "commentThreads.list"))
            continue
        begun.append(top.created_at)
        posts.append((number, top, ()))
        for inner in thread.replies.comments:
            try:
                posts.append((*_comment(bytes(inner), video, None), ()))
            except ValueError as error:
                rejects.append(_reject(f"not a comment: {error}", inner, "commentThreads.list"))
    return Listed(tuple(posts), tuple(rejects), answer.next_page, min(begun, default=None))


def read_comments(payload: bytes, videos: Mapping[str, str]) -> Listed:
    """What ``comments.list`` gives of known comments; ``videos`` says what each is on."""
    answer = _answer(payload, "commentListResponse")
    posts, rejects = [], []
    for raw in answer.items:
        try:
            number = decode_leniently(_decode_comment, bytes(raw)).id
            posts.append((*_comment(bytes(raw), videos.get(number, ""), None), ()))
        except ValueError as error:
            rejects.append(_reject(f"not a comment: {error}", raw, "comments.list"))
    return Listed(tuple(posts), tuple(rejects))


def read_any(payload: bytes) -> Page:
    """The posts and rejects of an answer of whichever kind."""
    kind = _answer(payload, "").kind.removeprefix("youtube#")
    if kind == "searchListResponse":
        return Page(rejects=read_search(payload).rejects)
    if kind == "commentThreadListResponse":
        return read_threads(payload).page
    return read_videos(payload).page


def video_uri(number: str) -> str:
    """A video's address."""
    return f"{SITE}/watch?v={number}"


def comment_uri(video: str, number: str) -> str:
    """A comment's address, at its video."""
    return f"{video_uri(video)}&lc={number}"


def video_of(uri: str) -> str:
    """The number of the video that an address is of, also of a comment on it."""
    return uri.partition("?v=")[2].partition("&")[0]


def is_comment(uri: str) -> bool:
    """Whether an address is a comment's."""
    return "&lc=" in uri


def _video(video: _Video, raw: bytes) -> Post:
    number, its = _number(video.id), video.snippet
    text = clean(f"{its.title}\n\n{its.description}".strip())
    found = entities(text)
    language = its.language or its.text_language
    return Post(
        uri=video_uri(number),
        url=video_uri(number),
        source=NAME,
        instance=INSTANCE,
        author=_channel(its.channel, its.channel, its.channel_title),
        created_at=iso_time(its.published),
        text=text,
        raw=raw,
        raw_format=NAME,
        language=language.partition("-")[0].lower() if language else None,
        hashtags=found.hashtags,
        links=found.links,
        engagement=Engagement(
            likes=_count(video.statistics.likes), replies=_count(video.statistics.comments)
        ),
        local_id=number,
    )


def _comment(raw: bytes, video: str, replies: int | None) -> tuple[str, Post]:
    comment = decode_leniently(_decode_comment, raw)
    its, number = comment.snippet, _number(comment.id)
    video = _number(its.video or video)
    if its.channel is None:
        raise ValueError("it does not say by whom it is")
    text = clean(its.text)
    found = entities(text)
    written = iso_time(its.published)
    updated = iso_time(its.updated) if its.updated else written
    shown = its.author.removeprefix("@")
    handle = shown if its.author.startswith("@") else its.channel.value
    parent = _number(its.parent) if its.parent else None
    return number, Post(
        uri=comment_uri(video, number),
        url=comment_uri(video, number),
        source=NAME,
        instance=INSTANCE,
        author=_channel(its.channel.value, handle, shown),
        created_at=written,
        text=text,
        raw=raw,
        raw_format=NAME,
        kind="reply",
        reply_to=comment_uri(video, parent) if parent else video_uri(video),
        hashtags=found.hashtags,
        mentions=found.mentions,
        links=found.links,
        edited_at=updated if updated > written else None,
        engagement=Engagement(likes=its.likes, replies=replies),
        local_id=number,
    )


def _channel(number: str, handle: str, name: str) -> Author:
    uri = f"{SITE}/channel/{_number(number)}"
    return Author(uri=uri, handle=clean(handle), name=clean(name), url=uri)


def carried(post: Post, keywords: Sequence[str], wanted: Mapping[str, str]) -> tuple[str, ...]:
    """Which of the hashtags ``wanted`` (folded → as written) a video carries, as written: in its
    words, or among its keywords."""
    there = {fold_hashtag(each) for each in (*post.hashtags, *keywords)}
    return tuple(written for folded, written in wanted.items() if folded in there)


def carrying(post: Post, hashtags: Sequence[str]) -> Post:
    """The post with these hashtags as well; they stay with what it is called at YouTube, so that
    it gets them again when it is asked for again."""
    there = {fold_hashtag(each) for each in post.hashtags}
    more = tuple(each for each in hashtags if fold_hashtag(each) not in there)
    if not more:
        return post
    local_id = "#".join((post.local_id or "", *more))
    return msgspec.structs.replace(post, hashtags=(*post.hashtags, *more), local_id=local_id)


def number_and_hashtags(local_id: str) -> tuple[str, tuple[str, ...]]:
    """A number at YouTube, and the hashtags that :func:`carrying` added."""
    number, *hashtags = local_id.split("#")
    return number, tuple(hashtags)


def _number(number: str) -> str:
    """YouTube's number of something, when it can stand in an address."""
    plain = number.replace("-", "").replace("_", "").replace(".", "")
    if not plain.isascii() or not plain.isalnum() or len(number) > 100:
        raise ValueError(f"its number is {number[:40]!r}")
    return number


def _count(written: str | None) -> int | None:
    return int(written) if written and written.isascii() and written.isdecimal() else None


def _reject(reason: str, raw: msgspec.Raw, where: str) -> Reject:
    return Reject(reason, bytes(raw)[:_REJECT_BYTES], where)
