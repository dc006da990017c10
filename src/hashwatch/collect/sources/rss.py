"""Feeds: RSS and Atom of blogs, news and hashtags, asked again only for what is new.

An entry that carries one of the event's hashtags is a post of the event; of a feed that is about
the event altogether, every entry is, or every one with certain words. ``{hashtag}`` in an address
stands for each of the events' hashtags.
"""

from __future__ import annotations

import calendar
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from time import struct_time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator

from hashwatch.collect.body import excerpt
from hashwatch.collect.entities import entities
from hashwatch.collect.guard import is_this_machine
from hashwatch.collect.source import Pace, Place, Query
from hashwatch.collect.text import html_to_text
from hashwatch.errors import BadAnswerError
from hashwatch.model import Author, Cursor, Gap, Media, Page, Post, Reject, fold_hashtag

if TYPE_CHECKING:
    # Reading the configuration asks every source for its settings, and needs no HTTP client.
    from hashwatch.collect.http import Http

NAME = "rss"
FORMAT = "feed"
PACE = Pace(busy=300.0, idle=1800.0, requests_a_minute=30.0)
LONGEST = 5_000
"""Characters that are kept of an entry's text: an article is quoted, not republished."""
RAW_BYTES = 200_000
_DECLARES = re.compile(rb"<!\s*(?:ENTITY|ELEMENT|ATTLIST)", re.IGNORECASE)
# RSS 2.0: an address, and the name in brackets.
_MAIL_AND_NAME = re.compile(r"\S+@\S+ \((.+)\)")
_HASHTAG_PLACE = "{hashtag}"
# In a cursor's state: the entries of the last answer, at most so many, and when that was.
_ENTRIES, _READ = "entries", "read"
_NAMES = 100
# Below so many entries it proves nothing that all are new.
_FEW = 5
# https://docs.joinmastodon.org/spec/activitypub: the page of a status and what identifies it.
_STATUS_PAGE = re.compile(r"(https://[^/]+)/@([\w.]+)/(\d+)")


class Feed(BaseModel):
    """One feed. With ``hashtag``, its entries count as carrying that hashtag: all of them, or those
    with one of ``words``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    hashtag: str = ""
    words: tuple[str, ...] = ()

    @field_validator("url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        is_local = parts.scheme == "http" and is_this_machine(parts.hostname or "")
        if not parts.hostname or "@" in parts.netloc or not (parts.scheme == "https" or is_local):
            raise ValueError(f"{value!r} is no feed's address; write https://…")
        return value

    @field_validator("hashtag")
    @classmethod
    def _is_hashtag(cls, value: str) -> str:
        if value and not fold_hashtag(value.lstrip("#")):
            raise ValueError(f"{value!r} is no hashtag")
        return value.lstrip("#")


class Settings(BaseModel):
    """``[sources.rss]``: the feeds, as addresses or as tables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feeds: tuple[Feed, ...] = Field(min_length=1)

    @field_validator("feeds", mode="before")
    @classmethod
    def _take_addresses(cls, value: object) -> object:
        if not isinstance(value, (list, tuple)):
            return value
        return [{"url": one} if isinstance(one, str) else one for one in value]


def connect(settings: Settings, http: Http) -> Rss:
    """The feeds as a source."""
    return Rss(settings, http)


def parse_page(payload: bytes, feed: Feed, instance: str, wanted: Sequence[str] = ()) -> Page:
    """The posts of a feed's answer. ``wanted`` are the events' hashtags, folded.

    Entries that are about none of them are left out; one without a date or an address is rejected.
    Raises :class:`~hashwatch.errors.BadAnswerError` for what is no feed.
    """
    return _read(payload, feed, instance, wanted).page


class _Answer(msgspec.Struct, frozen=True):
    """A feed's answer: what is wanted of it, and of all its entries their names (short) and the
    time (UTC seconds) of the oldest."""

    page: Page
    names: tuple[str, ...] = ()
    oldest: int | None = None


def _read(payload: bytes, feed: Feed, instance: str, wanted: Sequence[str]) -> _Answer:
    import feedparser

    # feedparser expands what a document declares: a few bytes could become gigabytes. Without its
    # zero bytes a document in UTF-16 shows it too.
    if _DECLARES.search(payload.replace(b"\0", b"")):
        raise BadAnswerError(f"{instance} declares entities, which no feed needs", excerpt(payload))
    document = feedparser.parse(payload, sanitize_html=False, resolve_relative_uris=True)
    if not document.get("version"):
        raise BadAnswerError(
            f"{instance} answers with something else than a feed", excerpt(payload)
        )
    about = document.feed
    posts, rejects = [], []
    for entry in document.entries:
        try:
            post = _post(entry, about, feed, instance)
        except ValueError as error:
            rejects.append(Reject(str(error), _raw(entry)[:2_000], instance))
            continue
        if feed.hashtag or {fold_hashtag(one) for one in post.hashtags} & set(wanted):
            posts.append(post)
    chosen = [post for post in posts if not feed.words or _has_word(post.text, feed.words)]
    page = Page(posts=tuple(chosen if feed.hashtag else posts), rejects=tuple(rejects))
    named = [str(entry.get("id") or entry.get("link") or "") for entry in document.entries]
    times = [
        at
        for entry in document.entries
        if (at := _seconds(dict.get(entry, "published_parsed"))) is not None
    ]
    names = tuple(f"{zlib.crc32(name.encode('utf-8', 'replace')):08x}" for name in named if name)
    return _Answer(page, names[:_NAMES], min(times, default=None))


class Rss:
    """A polling source: a place is a feed, or a feed and a hashtag."""

    name = NAME
    pace = PACE

    def __init__(self, settings: Settings, http: Http) -> None:
        self._http = http
        self._feeds = {_instance(feed): feed for feed in settings.feeds}
        for feed in settings.feeds:
            if is_this_machine(urlsplit(feed.url).hostname or ""):
                http.permit_loopback(feed.url)

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every feed, and where its address has a hashtag in it, every hashtag."""
        return tuple(
            Place(self.name, instance, hashtag)
            for instance, feed in self._feeds.items()
            for hashtag in (query.hashtags if _HASHTAG_PLACE in feed.url else ("",))
        )

    async def fetch(
        self,
        place: Place,
        cursor: Cursor | None,
        query: Query,
        run_start: bool,  # noqa: ARG002
    ) -> Page:
        """The feed, unless the server says that it is the one known already."""
        feed = self._feeds[place.instance]
        known = cursor.state if cursor else {}
        asked = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("modified")}
        answer = await self._http.get(
            feed.url.replace(_HASHTAG_PLACE, quote(place.hashtag)),
            headers={name: value for name, value in asked.items() if value},
        )
        if answer.status == 304 and cursor is not None:
            state = {**known, _READ: str(query.now)}
            return Page(cursor=msgspec.structs.replace(cursor, state=state))
        state = {
            name: value
            for name, header in (("etag", "etag"), ("modified", "last-modified"))
            if (value := answer.headers.get(header))
        }
        found = _read(answer.body, feed, place.instance, query.hashtags)
        state |= {_ENTRIES: " ".join(found.names), _READ: str(query.now)}
        return msgspec.structs.replace(
            found.page,
            cursor=Cursor(forward="read", complete=True, state=state),
            gaps=_passed_by(place, known, found, query.now),
        )

    async def check(self, place: Place) -> str:
        """What the feed is, in a sentence. Raises a :class:`~hashwatch.errors.SourceError`."""
        import feedparser

        feed = self._feeds[place.instance]
        answer = await self._http.get(feed.url.replace(_HASHTAG_PLACE, quote(place.hashtag)))
        document = feedparser.parse(answer.body)
        if not document.get("version"):
            raise BadAnswerError(f"{place.instance} answers with something else than a feed")
        title = document.feed.get("title") or "without a title"
        return f"{place.instance}: {title}, {len(document.entries)} entries"


def _passed_by(place: Place, known: Mapping[str, str], found: _Answer, now: int) -> tuple[Gap, ...]:
    """The gap that is left when a feed holds none of the entries that it held when last read.

    More may have been in it meanwhile than it holds. Of a feed of a few entries that is nothing
    out of the common, nor of one that reaches back to when it was read.
    """
    before = set(known.get(_ENTRIES, "").split())
    if not before or len(found.names) < _FEW or before & set(found.names):
        return ()
    # Not later than now: the clock may have been put back.
    read = min(int(known[_READ]), now)
    end = min(now if found.oldest is None else found.oldest, now)
    if end <= read < now:
        return ()
    reason = "the feed holds none of the entries any more that were there before"
    return (Gap(NAME, place.instance, min(read, end), end, reason, place.hashtag),)


def _instance(feed: Feed) -> str:
    parts = urlsplit(feed.url)
    return f"{parts.netloc}{parts.path}".rstrip("/") + (f"?{parts.query}" if parts.query else "")


def _post(entry: Any, about: Any, feed: Feed, instance: str) -> Post:
    """An entry as a post; raises ``ValueError`` with the reason why it is none."""
    url = _web(entry.get("link")) or _web(entry.get("id"))
    identity = entry.get("id") or url
    if not identity or not url:
        raise ValueError("it has no address")
    # feedparser's own get() gives the one for the other, and warns.
    updated = _seconds(dict.get(entry, "updated_parsed"))
    created = _seconds(dict.get(entry, "published_parsed")) or updated
    if created is None:
        raise ValueError("it has no date that can be read")
    html = max((one.get("value", "") for one in entry.get("content", ())), key=len, default="")
    body = html_to_text(_safe(html or entry.get("summary", "")))
    title = html_to_text(_safe(entry.get("title", ""))).text.strip()
    text = body.text.strip()
    if title and not text.startswith(title.rstrip("….")):
        text = f"{title}\n\n{text}".strip()
    if not text:
        raise ValueError("it has no words")
    found = entities(text)
    categories = [str(one.get("term") or "").lstrip("#") for one in entry.get("tags", ())]
    extra = [feed.hashtag] if feed.hashtag else []
    names = {
        fold_hashtag(one): one for one in (*extra, *categories, *body.hashtags, *found.hashtags)
    }
    names.pop("", None)
    return Post(
        uri=_uri(identity, instance),
        source=NAME,
        instance=instance,
        author=_author(entry, about, url),
        created_at=created,
        text=text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…",
        raw=_raw(entry),
        raw_format=FORMAT,
        url=url,
        language=_language(entry, about),
        hashtags=tuple(names.values()),
        mentions=found.mentions,
        links=tuple(dict.fromkeys((*body.links, *found.links))),
        media=_media(entry),
        edited_at=updated if updated is not None and updated > created else None,
    )  # fmt: skip


def _uri(identity: str, instance: str) -> str:
    """What identifies an entry: on Mastodon what the post is called everywhere."""
    page = _STATUS_PAGE.fullmatch(identity)
    if page:
        return f"{page[1]}/users/{page[2]}/statuses/{page[3]}"
    return identity if ":" in identity else f"rss:{instance}/{quote(identity, safe='')}"


def _author(entry: Any, about: Any, url: str) -> Author:
    """Who wrote it, else the feed itself."""
    page = _STATUS_PAGE.fullmatch(url)
    host = urlsplit(url).hostname or ""
    if page:
        return Author(uri=f"{page[1]}/users/{page[2]}", handle=f"{page[2]}@{host}")
    detail = entry.get("author_detail") or {}
    stated = str(entry.get("author") or "")
    bracketed = _MAIL_AND_NAME.fullmatch(stated)
    written = bracketed[1] if bracketed else str(detail.get("name") or stated)
    name = html_to_text(_safe(written)).text.strip()
    title = html_to_text(_safe(about.get("title", ""))).text.strip()
    shown = name or title or host
    address = _web(detail.get("href"))
    return Author(
        uri=address or f"https://{host}/#{quote(shown.casefold())}",
        handle=f"{re.sub(r'[^a-z0-9]+', '-', shown.casefold()).strip('-') or 'feed'}@{host}",
        name=shown,
        url=address or _web(about.get("link")),
    )


def _media(entry: Any) -> tuple[Media, ...]:
    found = []
    for one in (*entry.get("media_content", ()), *entry.get("enclosures", ())):
        url = _web(one.get("url") or one.get("href"))
        kind = str(one.get("medium") or one.get("type") or "").partition("/")[0]
        if url:
            found.append(Media(kind if kind in ("image", "video", "audio") else "other", url))
    return tuple(dict.fromkeys(found))


def _language(entry: Any, about: Any) -> str | None:
    detail = entry.get("title_detail") or {}
    stated = str(detail.get("language") or about.get("language") or "")
    code = stated.partition("-")[0].lower()
    return code if re.fullmatch("[a-z]{2,3}", code) else None


def _has_word(text: str, words: Sequence[str]) -> bool:
    folded = text.casefold()
    return any(word.casefold() in folded for word in words)


def _safe(html: str) -> str:
    """Markup without scripts, styles and handlers: only what says how a text is laid out."""
    import nh3

    cleaned: Callable[[str], str] = nh3.clean
    return cleaned(html) if "<" in html or "&" in html else html


def _web(address: object) -> str | None:
    if isinstance(address, str) and address.startswith(("https://", "http://")):
        return address.strip()
    return None


def _seconds(moment: struct_time | None) -> int | None:
    try:
        return calendar.timegm(moment) if moment else None
    except (OverflowError, ValueError):
        return None


def _raw(entry: Any) -> bytes:
    """The entry as JSON: what feedparser made of it."""
    plain = {name: value for name, value in entry.items() if not name.endswith("_parsed")}
    return msgspec.json.encode(plain, enc_hook=str)[:RAW_BYTES]
