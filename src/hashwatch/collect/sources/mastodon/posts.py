"""Mastodon's statuses → posts. Pure. The wire's shapes end here.

Written from https://docs.joinmastodon.org/entities/Status/ and recorded answers from 2022 to 2026;
GoToSocial, Pleroma, Akkoma and Takahē send the same shape with fewer fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from hashwatch.collect.body import excerpt
from hashwatch.collect.text import html_to_text, safe_text
from hashwatch.collect.walk import Seen
from hashwatch.errors import BadAnswerError
from hashwatch.model import Author, Engagement, Kind, Media, Post, Reject

FORMAT = "mastodon"

_REJECT_BYTES = 20_000
_MEDIA_KINDS = {"image": "image", "video": "video", "audio": "audio", "gifv": "gif"}
_PUBLIC = (None, "public", "unlisted")
_UNQUOTED = ("rejected", "revoked", "unauthorized")
# Escapes of a JSON text in their order: a proper pair, half a pair, any other.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


class Parsed(msgspec.Struct, frozen=True):
    """What one timeline page held; ``seen`` is in the server's order, newest first."""

    posts: tuple[Post, ...] = ()
    rejects: tuple[Reject, ...] = ()
    seen: tuple[Seen, ...] = ()


class _Account(msgspec.Struct, frozen=True, gc=False):
    id: str | int
    acct: str
    url: str | None = None
    uri: str | None = None
    display_name: str | None = None
    note: str | None = None
    bot: bool | None = None
    followers_count: int | None = None
    noindex: bool | None = None
    indexable: bool | None = None
    discoverable: bool | None = None


class _Tag(msgspec.Struct, gc=False):
    name: str


class _Mention(msgspec.Struct, gc=False):
    acct: str
    url: str | None = None


class _Attachment(msgspec.Struct, gc=False):
    type: str | None = None
    url: str | None = None
    remote_url: str | None = None
    description: str | None = None


class _Option(msgspec.Struct, gc=False):
    title: str


class _Poll(msgspec.Struct, gc=False):
    options: list[_Option] = []


class _Quoted(msgspec.Struct, gc=False):
    uri: str | None = None


class _Quote(msgspec.Struct, gc=False):
    state: str | None = None
    quoted_status: _Quoted | None = None
    # Before Mastodon had quotes, other servers put the quoted status itself here.
    uri: str | None = None


class _Status(msgspec.Struct, gc=False):
    id: str | int
    uri: str
    created_at: str
    account: _Account
    content: str
    url: str | None = None
    visibility: str | None = None
    language: str | None = None
    spoiler_text: str | None = None
    sensitive: bool | None = None
    edited_at: str | None = None
    in_reply_to_id: str | int | None = None
    in_reply_to_account_id: str | int | None = None
    reblog: msgspec.Raw = msgspec.Raw(b"null")
    quote: _Quote | None = None
    poll: _Poll | None = None
    tags: list[_Tag] | None = None
    mentions: list[_Mention] | None = None
    media_attachments: list[_Attachment] | None = None
    replies_count: int | None = None
    reblogs_count: int | None = None
    favourites_count: int | None = None
    quotes_count: int | None = None


class _Mark(msgspec.Struct, gc=False):
    """The least that paging needs, from an item that is otherwise unreadable."""

    id: str | int
    created_at: object = None


_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_STATUS = msgspec.json.Decoder(_Status)
_MARK = msgspec.json.Decoder(_Mark)


def parse_timeline(payload: bytes, instance: str) -> Parsed:
    """The posts of a timeline's answer, boosted originals among them.

    A status that cannot be read becomes a reject and the others go on; raises
    :class:`~hashwatch.errors.BadAnswerError` when the answer as a whole is no list.
    """
    posts: list[Post] = []
    rejects: list[Reject] = []
    seen: list[Seen] = []
    uris: dict[str, str] = {}
    parents: dict[str, str] = {}
    for raw in _split(payload, instance):
        try:
            status = _decode(raw)
            found = _posts(status, raw, instance)
            seen.append(Seen(str(status.id), found[0].created_at))
            uris[str(status.id)] = found[0].uri
            if status.in_reply_to_id is not None:
                parents[found[0].uri] = str(status.in_reply_to_id)
            posts += found
        except _UnreadableError as error:
            mark = _mark(raw)
            where = f"{instance} {mark.id}" if mark else instance
            rejects.append(Reject(str(error), raw[: error.evidence], where))
            seen += [mark] if mark else []
    return Parsed(tuple(_with_parents(posts, parents, uris)), tuple(rejects), tuple(seen))


class _UnreadableError(Exception):
    """This one status cannot become a post; ``evidence`` bytes of it are kept."""

    evidence = _REJECT_BYTES


class _PrivateError(_UnreadableError):
    """This status was not meant for everyone: nothing of it is kept."""

    evidence = 0


def _split(payload: bytes, instance: str) -> list[bytes]:
    """The items of a JSON list as they arrived, byte for byte."""
    try:
        return [bytes(raw) for raw in _LIST.decode(payload)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    # Half a surrogate pair makes the whole page undecodable. Its replacement has the same length,
    # so that the items' places in what arrived stay known.
    mended = _ESCAPE.sub(_mend, payload)
    try:
        pieces = [bytes(raw) for raw in _LIST.decode(mended)] if mended != payload else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        pieces = None
    if pieces is None:
        raise BadAnswerError(
            f"{instance} answered with something that is not a list of posts", excerpt(payload)
        )
    items, position = [], 0
    for piece in pieces:
        position = mended.index(piece, position)
        items.append(payload[position : position + len(piece)])
        position += len(piece)
    return items


def _mend(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]


def _decode(raw: bytes) -> _Status:
    try:
        return _STATUS.decode(raw)
    except UnicodeDecodeError:
        mended = raw.decode("utf-8", "replace").encode()
    except msgspec.ValidationError as error:
        raise _UnreadableError(f"not as documented: {error}") from None
    except msgspec.DecodeError:
        mended = raw
    try:
        return _STATUS.decode(_ESCAPE.sub(_mend, mended))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _UnreadableError(f"not as documented: {error}") from None


def _mark(raw: bytes) -> Seen | None:
    try:
        mark = _MARK.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    try:
        return Seen(str(mark.id), _seconds(str(mark.created_at)))
    except _UnreadableError:
        return Seen(str(mark.id), None)


def _posts(status: _Status, raw: bytes, instance: str) -> list[Post]:
    """The post, and behind a boost its original."""
    if status.visibility not in _PUBLIC:
        raise _PrivateError(f"its visibility is {str(status.visibility)[:20]!r}")
    if bytes(status.reblog) == b"null":
        return [_post(status, raw, instance)]
    whole = bytes(status.reblog)
    boosted = _decode(whole)
    if boosted.visibility not in _PUBLIC:
        raise _PrivateError(f"what it boosts is {str(boosted.visibility)[:20]!r}")
    original = _post(boosted, whole, instance)
    boost = msgspec.structs.replace(
        original,
        uri=_identity(status.uri),
        url=safe_text(status.url) if status.url else None,
        author=_author(status.account, _actor(status), instance),
        created_at=_seconds(status.created_at),
        kind="boost",
        boost_of=original.uri,
        reply_to=None,
        quote_of=None,
        edited_at=None,
        engagement=Engagement(),
        raw=raw,
        local_id=str(status.id),
    )
    return [boost, original]


def _post(status: _Status, raw: bytes, instance: str) -> Post:
    quoted = status.quote is not None and status.quote.state not in _UNQUOTED
    mentions = status.mentions or []
    handles = {m.url: _handle(m.acct, instance) for m in mentions if m.url}
    plain = html_to_text(status.content, handles, drop_quote=quoted)
    kind: Kind = "post"
    if quoted:
        kind = "quote"
    elif status.in_reply_to_id is not None:
        kind = "reply"
    return Post(
        uri=_identity(status.uri),
        source=FORMAT,
        instance=instance,
        author=_author(status.account, _actor(status), instance),
        created_at=_seconds(status.created_at),
        text=plain.text,
        raw=raw,
        raw_format=FORMAT,
        url=safe_text(status.url) if status.url else None,
        kind=kind,
        language=safe_text(status.language) if status.language else None,
        reply_to=_own_parent(status),
        quote_of=_quoted_uri(status.quote) if quoted else None,
        hashtags=_hashtags(plain.hashtags, tuple([tag.name for tag in status.tags or ()])),
        mentions=tuple(_handle(m.acct, instance) for m in mentions),
        links=plain.links,
        media=tuple(_media(attachment) for attachment in status.media_attachments or ()),
        poll=tuple(safe_text(o.title) for o in status.poll.options) if status.poll else (),
        content_warning=safe_text(status.spoiler_text) if status.spoiler_text else None,
        sensitive=bool(status.sensitive),
        edited_at=_seconds(status.edited_at) if status.edited_at else None,
        engagement=Engagement(
            boosts=status.reblogs_count,
            likes=status.favourites_count,
            replies=status.replies_count,
            quotes=status.quotes_count,
        ),
        local_id=str(status.id),
    )


def _actor(status: _Status) -> str:
    """Servers before 4.2 do not give the actor's address: it begins that of the status."""
    account, (before, inside, _) = status.account, status.uri.partition("/statuses/")
    actor = account.uri or (before if inside else account.url)
    if not actor:
        raise _UnreadableError("its author has no address")
    return actor


@lru_cache(maxsize=2_048)
def _author(account: _Account, actor: str, instance: str) -> Author:
    """Remembered: at a conference the same people speak again and again."""
    return Author(
        uri=safe_text(actor),
        handle=_handle(account.acct, instance),
        name=safe_text(account.display_name or ""),
        url=safe_text(account.url) if account.url else None,
        bot=account.bot,
        followers=account.followers_count,
        noindex=account.noindex,
        indexable=account.indexable,
        discoverable=account.discoverable,
        bio=_bio(account.note) if account.note else "",
    )


@lru_cache(maxsize=2_048)
def _bio(note: str) -> str:
    return html_to_text(note).text


def _handle(acct: str, instance: str) -> str:
    """``user@host``; a server's own accounts come without their host."""
    return safe_text(acct if "@" in acct else f"{acct}@{instance}")


def _identity(uri: str) -> str:
    if safe := safe_text(uri).strip():
        return safe
    raise _UnreadableError("its uri is empty")


def _own_parent(status: _Status) -> str | None:
    """The parent's URI where it follows from this one's: an author answering themselves at home.

    The answer names a parent only by the server's own id. That is the last part of a URI made by
    the same server for the same author, which this status' own URI gives away.
    """
    author = status.uri.removesuffix(f"/statuses/{status.id}")
    if (
        author == status.uri
        or status.in_reply_to_id is None
        or status.in_reply_to_account_id != status.account.id
    ):
        return None
    return f"{author}/statuses/{status.in_reply_to_id}"


def _with_parents(
    posts: list[Post], parents: Mapping[str, str], uris: Mapping[str, str]
) -> Iterator[Post]:
    """Answers to posts of the same page get their parent's URI."""
    for post in posts:
        parent = uris.get(parents.get(post.uri, ""))
        if parent and post.reply_to is None:
            yield msgspec.structs.replace(post, reply_to=parent)
        else:
            yield post


def _quoted_uri(quote: _Quote | None) -> str | None:
    if quote is None:
        return None
    return quote.quoted_status.uri if quote.quoted_status else quote.uri


@lru_cache(maxsize=4_096)
def _hashtags(in_text: tuple[str, ...], listed: tuple[str, ...]) -> tuple[str, ...]:
    """As written where they stand in the text, else as the server lists them (in lower case)."""
    written = {hashtag.casefold() for hashtag in in_text}
    names = (safe_text(name.lstrip("#")) for name in listed)
    return (*in_text, *(name for name in names if name and name.casefold() not in written))


def _media(attachment: _Attachment) -> Media:
    return Media(
        kind=_MEDIA_KINDS.get(attachment.type or "", "other"),
        url=attachment.url or attachment.remote_url,
        alt=safe_text(attachment.description or ""),
    )


def _seconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise _UnreadableError(f"no time: {text[:40]!r}") from None
