"""The tables of config.toml, checked one by one.

pydantic rather than msgspec, which the rest of the package uses: msgspec stops at the first
problem, pydantic finds all of them in one go, each with its path. Unknown keys are refused.
"""

from __future__ import annotations

import re
from datetime import date as Date
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from hashwatch.alert.rules import Kind
from hashwatch.collect.tokens import TokenFile
from hashwatch.config.moments import read_day, read_moment, read_time_or_moment
from hashwatch.enrich.sentiment import require_annotator
from hashwatch.model import fold_account, fold_hashtag
from hashwatch.wording import LANGUAGES

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# What Mastodon takes for a hashtag: letters, digits and these separators, not digits alone.
_HASHTAG = re.compile(r"(?=.*[^\W\d])[\w·・\u200c]+")
_ACCOUNT = re.compile(r"[\w.\-:]+(?:@[\w.\-]+)?")
_WEB_ADDRESS = re.compile(r"https?://[^\s/@]+(?:/\S*)?")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def _slug(value: str) -> str:
    if len(value) > 60 or not _SLUG.fullmatch(value):
        raise ValueError(
            f"{value!r} cannot stand in an address; use lower-case letters, digits and single"
            ' hyphens, as in "natsec17"'
        )
    return value


def read_hashtag(value: str) -> str:
    """``value`` without its ``#``; raises ``ValueError`` for what no platform takes for one."""
    hashtag = value.strip().lstrip("#＃")
    if not _HASHTAG.fullmatch(hashtag) or not fold_hashtag(hashtag):
        raise ValueError(f"{value!r} is no hashtag; use letters, digits and _, at least one letter")
    return hashtag


def _account(value: str) -> str:
    account = value.strip().lstrip("@")
    if not _ACCOUNT.fullmatch(account):
        raise ValueError(f'{value!r} is no account; write "@name" or "@name@server.example"')
    return account


def _optional_account(value: str) -> str:
    return fold_account(_account(value)) if value else ""


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError(f'{value!r} is no language code; write ISO 639-1, as in "en"')
    return value


def _spoken(value: str) -> str:
    if value not in LANGUAGES:
        raise ValueError(f"{value!r} is no language of the pages; there are {', '.join(LANGUAGES)}")
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(
            f'no time zone is called {value!r}; write an IANA name, as in "Europe/London"'
        ) from None
    return value


def _annotator(value: str) -> str:
    require_annotator(value)
    return value


def _programme(value: str) -> str:
    if "://" in value and not _WEB_ADDRESS.fullmatch(value):
        raise ValueError(f"{value!r} is neither a path nor an http(s) address")
    return value


def _distinct_hashtags(values: tuple[str, ...]) -> tuple[str, ...]:
    return _distinct(values, fold_hashtag)


def _distinct_accounts(values: tuple[str, ...]) -> tuple[str, ...]:
    return _distinct(values, fold_account)


def _distinct(values: tuple[str, ...], fold: Any) -> tuple[str, ...]:
    """Keeps the first of those that mean the same, as the platforms do."""
    return tuple({fold(value): value for value in reversed(values)}.values())[::-1]


def _speaker(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


Hashtags = Annotated[
    tuple[Annotated[str, AfterValidator(read_hashtag)], ...], AfterValidator(_distinct_hashtags)
]
Accounts = Annotated[
    tuple[Annotated[str, AfterValidator(_account)], ...], AfterValidator(_distinct_accounts)
]
Text = Annotated[str, Field(min_length=1)]
Moment = Annotated[Date | datetime, PlainValidator(read_moment)]
Day = Annotated[Date, PlainValidator(read_day)]
TimeOrMoment = Annotated[time | datetime, PlainValidator(read_time_or_moment)]


def _address(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
        raise ValueError(f'{value!r} is no address; write "https://dashboard.example"')
    return value.rstrip("/")


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d+)?", value.rstrip("/")):
        raise ValueError(f'{value!r} is no site; write "https://www.example.org", without a path')
    return value.rstrip("/")


class Table(BaseModel):
    """A table in which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SpeakerTable(Table):
    """``{ name = "…", handles = ["@…"] }``, or the name alone as text."""

    name: Text
    handles: Accounts = ()


class SessionTable(Table):
    """``[[event.session]]``: an item of the programme; ``start`` and ``end`` only where known."""

    code: Text
    title: Text
    speakers: tuple[Annotated[SpeakerTable, BeforeValidator(_speaker)], ...] = ()
    room: str = ""
    track: str = ""
    theme: str = ""
    abstract: str = ""
    language: str = ""
    url: str = ""
    date: Day | None = None
    start: TimeOrMoment | None = None
    end: TimeOrMoment | None = None
    hashtags: Hashtags = ()


class ThemeTable(Table):
    """``[[event.theme]]``: a subject and the words and phrases, in any language, that show it."""

    name: Text
    terms: tuple[Text, ...] = ()


Mode = Literal["pre", "post"]


class ModerationTable(Table):
    """``[event.moderation]``: whether a public surface shows posts once approved, or until taken
    off.
    """

    wall: Mode = "pre"
    page: Mode = "pre"
    feed: Mode = "pre"
    export: Mode = "pre"


class EventTable(Table):
    """``[[event]]``: a conference. The collection window is two weeks before to four after."""

    slug: Annotated[str, AfterValidator(_slug)]
    title: Text
    description: str = ""
    place: str = ""
    url: str = ""
    hashtags: Annotated[Hashtags, Field(min_length=1)]
    accounts: Accounts = ()
    timezone: Annotated[str, AfterValidator(_timezone)]
    starts: Moment
    ends: Moment
    collect_from: Moment | None = None
    collect_until: Moment | None = None
    collect_before: Annotated[int, Field(ge=0, le=3660)] = 14
    collect_after: Annotated[int, Field(ge=0, le=3660)] = 28
    retention: Annotated[int | None, Field(ge=1, le=36_600)] = None
    languages: tuple[Annotated[str, AfterValidator(_language)], ...] = ()
    language: Annotated[str, AfterValidator(_spoken)] = ""
    programme: Annotated[str, AfterValidator(_programme)] | None = None
    programme_interval: Annotated[int, Field(ge=15, le=86_400)] = 300
    track_themes: bool = True
    roster: Path | None = None
    moderation: ModerationTable = ModerationTable()
    theme: tuple[ThemeTable, ...] = ()
    session: tuple[SessionTable, ...] = ()


class SentimentTable(Table):
    """``[sentiment]``: which annotator gives posts their tone."""

    annotator: Annotated[str, AfterValidator(_annotator)] = "student"


class ServeTable(Table):
    """``[serve]``: where the pages are served."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8001
    address: Annotated[str, AfterValidator(_address)] = ""
    embed: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()


class NotifyTable(Table):
    """``[notify.NAME]``: somewhere to send to. The address is a secret: an Apprise URL."""

    url_env: str | None = None
    url_file: TokenFile | None = None


class AlertTable(Table):
    """``[[alert]]``: something to be told of, and who is told; see `hashwatch.alert.rules.Rule`."""

    kind: Kind
    to: Annotated[tuple[Text, ...], Field(min_length=1)]
    name: str = ""
    events: tuple[Text, ...] = ()
    minutes: Annotated[int | None, Field(ge=1, le=1440)] = None
    posts: Annotated[int | None, Field(ge=1)] = None
    share: Annotated[float, Field(gt=0, le=1)] = 0.4
    cool_down: Annotated[int | None, Field(ge=0, le=1440)] = None
    terms: str = ""
    account: Annotated[str, AfterValidator(_optional_account)] = ""
    group: str = ""


class EventlessTables(Table):
    """A config.toml that may do without events, as further settings for ``watch`` and ``demo``."""

    event: tuple[EventTable, ...] = ()
    sources: dict[str, dict[str, Any]] = {}
    sentiment: SentimentTable = SentimentTable()
    serve: ServeTable = ServeTable()
    notify: dict[str, NotifyTable] = {}
    alert: tuple[AlertTable, ...] = ()


class FileTables(EventlessTables):
    """The whole of config.toml; each of ``sources`` is checked by that source."""

    event: Annotated[tuple[EventTable, ...], Field(min_length=1)]
