"""The shapes that pages and their JSON share; docs/pages.md says what each key means.

Times are ISO 8601 UTC with Z, buckets and the marks of a chart Unix seconds, ``local`` a time in
the event's zone for people, ``href`` a path on this server.
"""

from __future__ import annotations

from typing import Any, TypedDict

Data = dict[str, Any]


class Figure(TypedDict):
    """A number and the posts that it counts."""

    value: int
    href: str


class Counts(TypedDict):
    """Posts by tone, boosts left out; ``unknown`` were not scored."""

    positive: int
    neutral: int
    negative: int
    unknown: int


class ToneSide(TypedDict):
    """One tone: its share of the scored posts and half its 95% Wilson interval (0..1)."""

    posts: int
    share: float | None
    margin: float | None
    href: str


class Interval(TypedDict):
    """A share with its 95% interval (0..1)."""

    share: float
    low: float
    high: float


class LanguageAccuracy(TypedDict):
    """The share of tags in a language that are right, its 95% interval, from how many labels."""

    language: str
    value: float
    low: float
    high: float
    n: int


class Accuracy(TypedDict):
    """The share of an event's tones that are right, as measured by a person's labels.

    ``n`` labels say a tone; ``unclear`` more say that the person could not tell.
    """

    value: float
    low: float
    high: float
    n: int
    unclear: int
    languages: list[LanguageAccuracy]


class Tone(TypedDict):
    """How posts sound: ``n`` were scored, ``unknown`` not; ``window`` says over what time.

    ``accuracy`` is the event's, ``None`` while nobody has measured it; ``adjusted`` are the shares
    by tone, corrected for the known error, ``None`` while too few labels say how.
    """

    n: int
    unknown: int
    positive: ToneSide
    neutral: ToneSide
    negative: ToneSide
    window: str
    accuracy: Accuracy | None
    adjusted: dict[str, Interval] | None
    measure_href: str


class Point(TypedDict):
    """One bucket of a series."""

    bucket: int
    local: str
    posts: int
    boosts: int
    positive: int
    neutral: int
    negative: int
    unknown: int
    href: str


class Volume(TypedDict):
    """Posts, and what of them are boosts, copies of a message on another network, and messages:
    ``messages = posts - boosts - copies``. ``boost_share`` is ``None`` without posts.
    """

    posts: int
    boosts: int
    boost_share: float | None
    copies: int
    messages: int


class SessionRow(Volume):
    """A session as lists show it; ``state`` is past, now, next, later or open (no times known)."""

    code: str
    title: str
    date: str | None
    starts_at: str | None
    ends_at: str | None
    local: str
    room: str
    track: str
    theme: str
    speakers: list[str]
    url: str | None
    tone: Counts
    href: str
    state: str


class ThemeRow(Volume):
    """A theme: its posts, its share of all, and how the last 30 minutes compare with the usual.

    ``recent`` are the posts of those, ``before`` of the 30 minutes before; ``moves`` is ``up``
    or ``down`` where they differ by more than chance brings.
    """

    name: str
    href: str
    share: float | None
    change: float | None
    recent: int
    before: int
    moves: str
    recent_href: str
    tone: Counts


class PostCard(TypedDict):
    """A post as every list shows it."""

    id: int
    href: str
    url: str | None
    source: str
    instance: str
    author: Data
    created_at: str
    local: str
    text: str
    markup: str
    language: str
    sentiment: str | None
    polarity: float | None
    confidence: float | None
    kind: str
    boosts: int
    likes: int
    replies: int
    quotes: int
    themes: list[Data]
    session: Data | None
    content_warning: str | None
    sensitive: bool
    media: list[Data]
    poll: list[Any]
    edited: bool
    invented: bool
    folded: int
    copies: list[Data]
    copy_of: Data | None
    alike: Data | None
    parent: Data | None
