"""The filters of pages, JSON, search and export: the same words, read by the same code.

====== =========================================================================
q         words; ``"a phrase"``, ``OR``, ``NOT``, ``word*``
theme     a theme's name
session   a session's code
question  speaker, organiser, rhetorical; any for what is asked of speakers or organisers
sentiment positive, neutral, negative, unknown
language  an ISO 639 code, or ``und``
source    the platform or format that a post came by
instance  a server that had the post
only_on   a server that had the post when no other had
home      the server that its author is at home on
author    a handle
group     a group of the event's roster; inside for all of them, public for everybody else
hashtag   with or without ``#``; case and accents do not matter
kind      post, reply, quote, boost; original for all but boosts
media     yes, no
link      yes, no; a host (``example.org``) or a whole address
boosts    folded under their original (as a rule), shown, hidden
copies    of one message on other networks: folded (as a rule), shown, hidden
alike     posts in nearly the words of others: shown, or the number of the first of them
from, to  a date, or a time, in the event's zone; both are part of the range
sort      newest, engaged
====== =========================================================================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.errors import FilterError
from hashwatch.model import fold_account, fold_hashtag
from hashwatch.wording import say

MAX_LENGTH = 500
CHOICES: dict[str, tuple[str, ...]] = {
    "sentiment": ("positive", "neutral", "negative", "unknown"),
    "question": ("any", "speaker", "organiser", "rhetorical"),
    "kind": ("post", "reply", "quote", "boost", "original"),
    "media": ("yes", "no"),
    "boosts": ("folded", "shown", "hidden"),
    "copies": ("folded", "shown", "hidden"),
    "sort": ("newest", "engaged"),
}
NAMES = (
    "q", "theme", "session", "question", "sentiment", "language", "source", "instance",
    "only_on", "home", "author", "group",
    "hashtag", "kind", "media", "link", "boosts", "copies", "alike", "from", "to", "sort",
)  # fmt: skip

_AS_A_RULE = (("sort", "newest"), ("boosts", "folded"), ("copies", "folded"))

_SPACED_OFFSET = re.compile(r"(T\d\d:\d\d(?::\d\d)?) (\d\d:\d\d)$")

_TO_THE_SECOND = re.compile(r"[^T ]+[T ]\d\d:?\d\d:?\d\d")


class Filters(msgspec.Struct, frozen=True):
    """What to show. An empty string filters nothing.

    ``from_`` and ``to`` are as given; ``start`` and ``end`` are what they mean: Unix seconds,
    the end exclusive.
    """

    q: str = ""
    theme: str = ""
    session: str = ""
    question: str = ""
    sentiment: str = ""
    language: str = ""
    source: str = ""
    instance: str = ""
    only_on: str = ""
    home: str = ""
    author: str = ""
    group: str = ""
    hashtag: str = ""
    kind: str = ""
    media: str = ""
    link: str = ""
    boosts: str = ""
    copies: str = ""
    alike: str = ""
    from_: str = ""
    to: str = ""
    sort: str = "newest"
    start: int | None = None
    end: int | None = None

    def parameters(self) -> dict[str, str]:
        """The filters by their names in a URL, without those that filter nothing."""
        values = {name: getattr(self, "from_" if name == "from" else name) for name in NAMES}
        return {
            name: value
            for name, value in values.items()
            if value and (name, value) not in _AS_A_RULE
        }

    def without(self, name: str) -> dict[str, str]:
        """`parameters` less one."""
        return {key: value for key, value in self.parameters().items() if key != name}

    def restricting(self) -> frozenset[str]:
        """The names of those that leave posts out."""
        shown = {name for name in ("boosts", "copies", "alike") if getattr(self, name) == "shown"}
        return frozenset(self.parameters()) - {"sort"} - shown


def parse_filters(params: Mapping[str, str], timezone: ZoneInfo | str) -> Filters:
    """The filters that ``params`` name; times without an offset are local to ``timezone``.

    Raises `FilterError`, which names the first wrong one and says what is allowed.
    """
    zone = ZoneInfo(timezone) if isinstance(timezone, str) else timezone
    for name in params:
        if name not in NAMES:
            raise FilterError(
                name, say("no such filter; there are %(names)s", names=", ".join(NAMES))
            )
    values = {name: _clean(name, params.get(name, "")) for name in NAMES}
    for name, allowed in CHOICES.items():
        if values[name] and values[name] not in allowed:
            raise FilterError(
                name,
                say(
                    "“%(values)s” is not one of %(allowed)s",
                    values=values[name],
                    allowed=", ".join(allowed),
                ),
            )
    if values["language"] and not re.fullmatch("[a-z]{2,3}", values["language"]):
        raise FilterError(
            "language", say("give a code of two or three letters, such as en, or und")
        )
    if not re.fullmatch(r"|shown|\d{1,18}", values["alike"], re.ASCII):
        raise FilterError("alike", say("give shown, or the number of the first of such posts"))
    start, end = parse_range(values["from"], values["to"], zone)
    values["from_"] = values.pop("from")
    values["sort"] = values["sort"] or "newest"
    values["author"] = fold_account(values["author"])
    for name in ("instance", "only_on", "home"):
        values[name] = values[name].lower()
    values["hashtag"] = fold_hashtag(values["hashtag"])
    return Filters(**values, start=start, end=end)


def parse_range(from_: str, to: str, zone: ZoneInfo) -> tuple[int | None, int | None]:
    """The Unix seconds from ``from_`` up to the end of the day, minute or second ``to``."""
    start = parse_moment("from", from_, zone)[0] if from_ else None
    end = parse_moment("to", to, zone)[1] if to else None
    if start is not None and end is not None and end <= start:
        raise FilterError("to", say("“%(to)s” lies before from, “%(first)s”", to=to, first=from_))
    return start, end


def _clean(name: str, value: str) -> str:
    value = value.strip()
    if len(value) > MAX_LENGTH:
        raise FilterError(name, say("longer than %(max_length)s characters", max_length=MAX_LENGTH))
    if any("\ud800" <= c <= "\udfff" or c == "\x00" for c in value):
        raise FilterError(name, say("holds a character that no text can hold"))
    return value.casefold() if name in ("language", "source", *CHOICES) else value


def parse_moment(name: str, value: str, zone: ZoneInfo) -> tuple[int, int]:
    """The first second of what ``value`` names and the first one after it."""
    # A plus in a query string arrives as a space.
    text = _SPACED_OFFSET.sub(r"\1+\2", value)
    try:
        moment = datetime.fromisoformat(text)
        if len(text) <= 10 and ":" not in text:
            following = (moment + timedelta(days=1)).replace(tzinfo=zone)
            return int(moment.replace(tzinfo=zone).timestamp()), int(following.timestamp())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        width = 1 if _TO_THE_SECOND.match(text) else 60
        first = int(moment.astimezone(UTC).timestamp())
        return first, first + width
    except (ValueError, OverflowError):
        raise FilterError(
            name,
            say("“%(value)s” is no date (2017-03-31) and no time (2017-03-31T10:45)", value=value),
        ) from None
