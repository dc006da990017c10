"""One row of a table or one JSON object, its fields mapped → a post.

A field holds a cell's text or any JSON value; an empty one may be missing. A row that lacks what a
post needs is refused with a :class:`~hashwatch.collect.pages.RowError` that says what and why.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC

from hashwatch.collect.cells import (
    are_rounded,
    as_count,
    as_flag,
    as_identifier,
    as_language,
    as_links,
    as_media,
    as_names,
    as_text,
    as_word,
    as_words,
    refuse_rounded,
    web_address,
)
from hashwatch.collect.columns import CLOCK_FIELD, Origin
from hashwatch.collect.encoding import unescape
from hashwatch.collect.entities import entities
from hashwatch.collect.pages import RowError
from hashwatch.collect.snowflakes import OffsetFinder, snowflake_time
from hashwatch.collect.times import (
    TimeError,
    TimeReader,
    YearlessError,
    date_order,
    find_zone,
    seconds,
)
from hashwatch.model import Author, Engagement, Kind, Post, fold_account

SAMPLE_ROWS = 2_000
INSTANCE = "import"
# Of rows without a year so many must be of the day in their ids, before those are believed.
AGREEING = 0.9
BOOST_TEXT = re.compile(r"RT @\w{1,30}\b")
ADDRESSES = ("at://", "http://", "https://")
PLACE_NAME = re.compile(r"[a-z0-9][a-z0-9._:-]{0,99}")

KINDS: Mapping[str, Kind] = {
    "post": "post", "reply": "reply", "comment": "reply", "replied_to": "reply",
    "quote": "quote", "quoted": "quote",
    "boost": "boost", "retweet": "boost", "retweeted": "boost", "reblog": "boost",
    "repost": "boost",
}  # fmt: skip

Fields = Mapping[str, object]


class RowReader:
    """Turns the rows of one file into posts, and compares their times with their ids.

    ``form`` is the format's name, which stands as the source and in the URIs of rows that have
    none of their own. ``timezone`` is the zone of times that carry none.
    """

    def __init__(self, form: str, origin: Origin, timezone: str | None) -> None:
        self.form = form
        self.origin = origin
        self.times = TimeReader(find_zone(timezone))
        self.offsets = OffsetFinder()
        self.ids_are_rounded = False
        self.ids_tell_years = False
        self.years_told = 0

    def study(self, sample: Sequence[Fields]) -> None:
        """Learn from the first rows what one row alone does not show."""
        self.ids_tell_years = self.tell_years(sample)
        self.times.order = date_order(as_text(fields.get("created_at")) for fields in sample)
        self.ids_are_rounded = are_rounded(as_word(fields.get("id")) for fields in sample)

    def warnings(self) -> tuple[str, ...]:
        """What the operator should know once all rows are read."""
        finding = self.offsets.finding()
        findings = [finding] if finding else []
        if self.years_told:
            findings.append(years_told(self.years_told))
        return tuple(findings)

    def tell_years(self, sample: Sequence[Fields]) -> bool:
        """Whether ids are X's, of the days that their rows name: not by chance, but nearly all."""
        fitting = others = 0
        for fields in sample:
            stated = self.stated_time(fields)
            near = snowflake_time(as_word(fields.get("id")))
            try:
                self.times.moment(stated)
            except YearlessError:
                try:
                    self.times.moment(stated, near)
                    fitting += 1
                except TimeError:
                    others += 1
            except TimeError:
                continue
        return fitting > 0 and fitting >= AGREEING * (fitting + others)

    def post(self, fields: Fields, raw: bytes) -> Post:
        """The post in a row; raises ``RowError``."""
        identifier = self.read_identifier(fields)
        created_at, fits_x = self.read_time(fields, identifier)
        text = as_text(fields.get("text"))
        if not text.strip():
            raise RowError("its text is empty")
        if self.origin != "own" and (fits_x or self.origin == "x"):
            text = unescape(text)
        author = self.read_author(fields)
        uri, url = self.identify(fields, identifier, f"{created_at}\n{author.handle}\n{text}")
        reply_to, boost_of, quote_of = (
            self.reference(fields.get(field)) for field in ("reply_to", "boost_of", "quote_of")
        )
        kind = self.read_kind(fields, text, reply_to, boost_of, quote_of)
        found = entities(text)
        source, instance = self.read_place(fields)
        return Post(
            uri=uri,
            source=source,
            instance=instance,
            author=author,
            created_at=created_at,
            text=text,
            raw=raw,
            raw_format="row",
            url=url,
            kind=kind,
            language=as_language(fields.get("language")),
            reply_to=reply_to,
            boost_of=boost_of if kind == "boost" else None,
            quote_of=quote_of,
            hashtags=unite(found.hashtags, as_names(fields.get("hashtags"), "#＃")),
            mentions=unite(found.mentions, as_names(fields.get("mentions"), "@＠")),
            links=unite(found.links, as_links(fields.get("links"))),
            media=as_media(fields.get("media")),
            poll=as_words(fields.get("poll")),
            content_warning=as_text(fields.get("content_warning")) or None,
            sensitive=as_flag(fields.get("sensitive")) or False,
            edited_at=self.read_edit_time(fields),
            engagement=self.read_engagement(fields, kind),
        )

    def read_identifier(self, fields: Fields) -> str:
        """The row's id, empty where it has none; raises ``RowError`` where it is ruined."""
        identifier = as_identifier(fields.get("id"))
        if self.ids_are_rounded:
            refuse_rounded(identifier)
        return identifier

    def read_time(self, fields: Fields, identifier: str) -> tuple[int, bool]:
        """UTC seconds, and whether the id is one of X's of that time; raises ``RowError``."""
        stated = self.stated_time(fields)
        near = snowflake_time(identifier) if self.ids_tell_years else None
        try:
            try:
                moment = self.times.moment(stated)
            except YearlessError:
                if near is None:
                    raise
                moment = self.times.moment(stated, near)
                self.years_told += 1
            if moment.tzinfo is None and self.times.zone is None:
                self.offsets.compare(identifier, seconds(moment.replace(tzinfo=UTC)))
            created_at = seconds(self.times.aware(moment, stated))
        except TimeError as error:
            raise RowError(str(error)) from error
        return created_at, self.offsets.compare(identifier, created_at)

    def stated_time(self, fields: Fields) -> str:
        """The time as the row states it, in one cell or two."""
        stated = as_text(fields.get("created_at")).strip()
        clock = as_text(fields.get(CLOCK_FIELD)).strip()
        return f"{stated} {clock}" if clock and ":" not in stated else stated

    def read_edit_time(self, fields: Fields) -> int | None:
        """When the post was last edited, where the row says so."""
        stated = as_word(fields.get("edited_at"))
        if not stated:
            return None
        try:
            return self.times.read(stated)
        except TimeError:
            return None

    def read_author(self, fields: Fields) -> Author:
        """Who wrote it; ``unknown``, with an address that no handle has, when it does not say."""
        name = as_word(fields.get("name"))
        handle = as_word(fields.get("author")).lstrip("@") or name
        uri = as_word(fields.get("author_uri"))
        return Author(
            # A mere number, as some call the author's id, is not the same everywhere.
            uri=uri if ":" in uri else f"{self.form}:author/{fold_account(handle)}",
            handle=handle or "unknown",
            name=name,
            url=web_address(fields.get("author_url")),
            bot=as_flag(fields.get("bot")),
            followers=as_count(fields.get("followers")),
            bio=as_text(fields.get("bio")),
        )

    def identify(self, fields: Fields, identifier: str, content: str) -> tuple[str, str | None]:
        """The post's URI and address; raises ``RowError`` when nothing tells it from others."""
        url = web_address(fields.get("url"))
        uri = as_word(fields.get("uri"))
        if not uri and identifier.startswith(ADDRESSES):
            uri = identifier
        if ":" in uri:
            return uri, url or web_address(uri)
        if uri or identifier:
            return f"{self.form}:post/{uri or identifier}", url
        if url:
            return url, url
        if not (as_word(fields.get("author")) or as_word(fields.get("name"))):
            raise RowError("it has no id, no URL and no author: nothing tells it from others")
        digest = hashlib.sha256(content.encode()).hexdigest()[:24]
        return f"{self.form}:post/{digest}", None

    def reference(self, value: object) -> str | None:
        """The URI of another post that the row names."""
        if value is None:
            return None
        try:
            word = as_identifier(value)
        except RowError:
            return None  # a ruined id names no post
        if not word or ":" in word:
            return word or None
        return None if word == "0" else f"{self.form}:post/{word}"

    def read_kind(
        self,
        fields: Fields,
        text: str,
        reply_to: str | None,
        boost_of: str | None,
        quote_of: str | None,
    ) -> Kind:
        """What the row says it is, else what its text and references make of it."""
        stated = KINDS.get(as_word(fields.get("kind")).lower())
        if stated and (stated != "post" or self.origin == "own"):
            return stated
        if boost_of or BOOST_TEXT.match(text):
            return "boost"
        if reply_to:
            return "reply"
        return "quote" if quote_of else "post"

    def read_place(self, fields: Fields) -> tuple[str, str]:
        """Source and instance: as an own export names them, else this format and ``import``.

        Elsewhere a column called ``source`` holds anything, on X the program used for writing.
        """
        if self.origin != "own":
            return self.form, INSTANCE
        source = as_word(fields.get("source")).lower()
        instance = as_word(fields.get("instance")).lower()
        return (
            source if PLACE_NAME.fullmatch(source) else self.form,
            instance if PLACE_NAME.fullmatch(instance) else INSTANCE,
        )

    def read_engagement(self, fields: Fields, kind: Kind) -> Engagement:
        """The counts; a boost's are those of its original, so it has none of its own."""
        if kind == "boost" and self.origin != "own":
            return Engagement()
        return Engagement(
            boosts=as_count(fields.get("boosts")),
            likes=as_count(fields.get("likes")),
            replies=as_count(fields.get("replies")),
            quotes=as_count(fields.get("quotes")),
        )


def years_told(rows: int) -> str:
    """A sentence on times that were not whole."""
    return f"{rows:,} {'row states' if rows == 1 else 'rows state'} no year; it is that in the id"


def unite(written: tuple[str, ...], given: tuple[str, ...]) -> tuple[str, ...]:
    """What stands in the text and what a column adds; case alone makes no difference."""
    if set(given).issubset(written):
        return written
    found = {item.casefold(): item for item in reversed(written + given)}
    return tuple(dict.fromkeys(found[item.casefold()] for item in written + given))
