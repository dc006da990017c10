"""Misskey's notes → posts. Pure. The wire's shapes end here."""

from __future__ import annotations

from datetime import datetime

import msgspec

from hashwatch.collect.body import excerpt
from hashwatch.collect.entities import entities
from hashwatch.collect.text import safe_text
from hashwatch.collect.walk import Seen
from hashwatch.errors import BadAnswerError
from hashwatch.model import Author, Engagement, Media, Post, Reject, fold_hashtag

NAME = "misskey"

_PUBLIC = ("public", "home")
_REJECT_BYTES = 20_000


class _User(msgspec.Struct):
    id: str
    username: str
    host: str | None = None
    name: str | None = None
    isBot: bool | None = None


class _File(msgspec.Struct):
    type: str = ""
    url: str | None = None
    comment: str | None = None
    isSensitive: bool = False


class _Choice(msgspec.Struct):
    text: str


class _Poll(msgspec.Struct):
    choices: list[_Choice] = []


class _Note(msgspec.Struct):
    id: str
    createdAt: str
    user: _User
    text: str | None = None
    cw: str | None = None
    visibility: str | None = None
    updatedAt: str | None = None
    uri: str | None = None
    url: str | None = None
    replyId: str | None = None
    reply: msgspec.Raw = msgspec.Raw(b"null")
    renoteId: str | None = None
    renote: msgspec.Raw = msgspec.Raw(b"null")
    tags: list[str] | None = None
    files: list[_File] | None = None
    poll: _Poll | None = None
    repliesCount: int | None = None
    renoteCount: int | None = None
    reactionCount: int | None = None
    reactions: dict[str, int] | None = None


class _Least(msgspec.Struct):
    """What paging needs of a note that is otherwise unreadable."""

    id: str
    createdAt: object = None


class _UnreadableError(Exception):
    """A note cannot become a post; of a private one nothing is kept."""

    evidence = _REJECT_BYTES


class _PrivateError(_UnreadableError):
    evidence = 0


def read_notes(payload: bytes, instance: str) -> tuple[list[Post], list[Reject], list[Seen]]:
    """The posts of an answer, renoted originals among them, the rejects, and all that was seen in
    the server's order.

    Raises :class:`~hashwatch.errors.BadAnswerError` when the answer as a whole is no list.
    """
    try:
        raws = [bytes(raw) for raw in msgspec.json.decode(payload, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadAnswerError(
            f"{instance} answered with something that is not a list of notes", excerpt(payload)
        ) from None
    posts: list[Post] = []
    rejects: list[Reject] = []
    seen: list[Seen] = []
    for raw in raws:
        try:
            note = _decode(raw)
            found = _posts(note, raw, instance)
            seen.append(Seen(note.id, found[0].created_at))
            posts += found
        except _UnreadableError as error:
            rejects.append(Reject(str(error), raw[: error.evidence], instance))
            seen += _least(raw)
    return posts, rejects, seen


def _decode(raw: bytes) -> _Note:
    try:
        return msgspec.json.decode(raw, type=_Note)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _UnreadableError(f"not as documented: {error}") from None


def _least(raw: bytes) -> list[Seen]:
    try:
        least = msgspec.json.decode(raw, type=_Least)
        return [Seen(least.id, _seconds(str(least.createdAt)))]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    except _UnreadableError:
        return [Seen(least.id, None)]


def _posts(note: _Note, raw: bytes, instance: str) -> list[Post]:
    """The note as a post, and behind a bare renote its original."""
    renoted = bytes(note.renote)
    own = note.text is not None or note.cw is not None or note.files or note.poll
    if not own and note.renoteId and renoted == b"null":
        raise _UnreadableError("a renote of a note that is gone")
    if own or renoted == b"null":
        return [_post(note, raw, instance)]
    original = _post(_decode(renoted), renoted, instance)
    boost = _post(note, raw, instance)
    boost = msgspec.structs.replace(
        boost, uri=note.uri or f"{_at_home(note, instance)}/activity", kind="boost",
        boost_of=original.uri, quote_of=None, text=original.text, engagement=Engagement(),
    )  # fmt: skip
    return [boost, original]


def _post(note: _Note, raw: bytes, instance: str) -> Post:
    if note.visibility not in _PUBLIC:
        raise _PrivateError(f"its visibility is {str(note.visibility)[:20]!r}")
    text = safe_text(note.text or "")
    found = entities(text)
    listed = [tag for tag in note.tags or () if fold_hashtag(tag)]
    written = {fold_hashtag(tag) for tag in found.hashtags}
    local = note.user.host or instance
    return Post(
        uri=safe_text(note.uri or _at_home(note, instance)).strip(),
        source=NAME,
        instance=instance,
        author=_author(note, instance),
        created_at=_seconds(note.createdAt),
        text=text,
        raw=raw,
        raw_format=NAME,
        url=safe_text(note.url or note.uri or _at_home(note, instance)),
        kind="quote" if note.renoteId else "reply" if note.replyId else "post",
        reply_to=_uri_of(note.reply, instance),
        quote_of=_uri_of(note.renote, instance),
        hashtags=(
            *found.hashtags,
            *(safe_text(tag) for tag in listed if fold_hashtag(tag) not in written),
        ),
        mentions=tuple(name if "@" in name else f"{name}@{local}" for name in found.mentions),
        links=found.links,
        media=tuple(
            Media(_kind(file.type), file.url, safe_text(file.comment or ""))
            for file in note.files or ()
        ),
        poll=tuple(safe_text(choice.text) for choice in note.poll.choices) if note.poll else (),
        content_warning=safe_text(note.cw) if note.cw else None,
        sensitive=any(file.isSensitive for file in note.files or ()),
        edited_at=_seconds(note.updatedAt) if note.updatedAt else None,
        engagement=Engagement(
            boosts=note.renoteCount, likes=_likes(note), replies=note.repliesCount
        ),
        local_id=note.id,
    )


def _at_home(note: _Note, instance: str) -> str:
    """The address of a note of this server itself: only those of others carry theirs."""
    return f"https://{instance}/notes/{note.id}"


def _author(note: _Note, instance: str) -> Author:
    """A remote author's own address is not told; where it begins the note's, it is taken there."""
    user, host = note.user, note.user.host or instance
    actor = f"https://{instance}/users/{user.id}"
    if user.host:
        before, inside, _ = (note.uri or "").partition("/statuses/")
        actor = before if inside else f"https://{host}/@{user.username}"
    return Author(
        uri=safe_text(actor),
        handle=safe_text(f"{user.username}@{host}"),
        name=safe_text(user.name or ""),
        url=safe_text(f"https://{host}/@{user.username}"),
        bot=user.isBot,
    )


def _likes(note: _Note) -> int | None:
    if note.reactionCount is not None:
        return note.reactionCount
    return sum(note.reactions.values()) if note.reactions is not None else None


def _uri_of(raw: msgspec.Raw, instance: str) -> str | None:
    """The address of a note that stands inside another."""
    if bytes(raw) == b"null":
        return None
    try:
        inner = msgspec.json.decode(raw, type=_Inner)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return inner.uri or f"https://{instance}/notes/{inner.id}"


class _Inner(msgspec.Struct):
    id: str
    uri: str | None = None


def _kind(mime: str) -> str:
    kind = mime.partition("/")[0]
    return kind if kind in ("image", "video", "audio") else "other"


def _seconds(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        raise _UnreadableError(f"no time: {text[:40]!r}") from None
