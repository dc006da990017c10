"""The records that pass between rooms: immutable, typed, without I/O.

A *post* is identified by its URI (ActivityPub ``uri``, ``at://`` URI or permalink), never by a
server's own id. Times are whole seconds since 1970-01-01 UTC. Text is Unicode without NUL and
without lone surrogates; what arrived is kept byte for byte in ``raw``.
"""

from __future__ import annotations

import unicodedata
from datetime import date as Date
from enum import StrEnum
from typing import Literal

import msgspec

Kind = Literal["post", "reply", "quote", "boost"]
Label = Literal["positive", "neutral", "negative"]


class Author(msgspec.Struct, frozen=True, gc=False):
    """Who wrote a post, as the platform named them when it was seen.

    ``uri`` is the stable identity (actor URI, DID or profile URL); ``handle`` is what people type,
    without a leading ``@``. The flags are the author's own wishes and are ``None`` when the
    platform did not say.
    """

    uri: str
    handle: str
    name: str = ""
    url: str | None = None
    bot: bool | None = None
    followers: int | None = None
    noindex: bool | None = None
    indexable: bool | None = None
    discoverable: bool | None = None
    bio: str = ""


class Media(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An attachment: its kind (image, video, audio, gif, other), address and description."""

    kind: str
    url: str | None = None
    alt: str = ""


class Engagement(msgspec.Struct, frozen=True, gc=False):
    """Counts as one server gave them; ``None`` where it gave none."""

    boosts: int | None = None
    likes: int | None = None
    replies: int | None = None
    quotes: int | None = None


class Post(msgspec.Struct, frozen=True, gc=False):
    """One post as received from one place.

    ``source`` is the platform or format it came by (``mastodon``, ``bluesky``, ``x``, ``replay``,
    ``csv`` …), ``instance`` the server that gave it. ``hashtags`` stand without ``#``, as written;
    ``mentions`` are handles without ``@``. ``language`` is what the platform declared. ``raw`` is
    the payload and ``raw_format`` names its shape (``mastodon``, ``jetstream``, ``x1``, ``x2``,
    ``row``), which chooses the compression dictionary. A boost names its original in ``boost_of``
    when the payload did, and then carries that original's text. ``local_id`` is what ``instance``
    calls the post, where it can be asked for by that. ``copy_of`` is the address of another
    network's post that a bridge says to have made this one of.
    """

    uri: str
    source: str
    instance: str
    author: Author
    created_at: int
    text: str
    raw: bytes
    raw_format: str
    url: str | None = None
    kind: Kind = "post"
    language: str | None = None
    reply_to: str | None = None
    boost_of: str | None = None
    quote_of: str | None = None
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    poll: tuple[str, ...] = ()
    content_warning: str | None = None
    sensitive: bool = False
    edited_at: int | None = None
    engagement: Engagement = Engagement()
    labels: tuple[str, ...] = ()
    local_id: str | None = None
    copy_of: str | None = None


class KnownPost(msgspec.Struct, frozen=True, gc=False):
    """A post of the archive as one server knows it: by ``local_id``. Times are UTC seconds.

    ``checked_at`` is when that server last told of it.
    """

    uri: str
    local_id: str
    created_at: int
    checked_at: int


class Tombstone(msgspec.Struct, frozen=True, gc=False):
    """A deletion: of one post (``uri``) or of everything by one author (``author_uri``)."""

    at: int
    reason: str
    uri: str | None = None
    author_uri: str | None = None


class Reject(msgspec.Struct, frozen=True, gc=False):
    """Something received that could not become a post: why, where, and a bounded piece of it."""

    reason: str
    raw: bytes
    where: str = ""


class Gap(msgspec.Struct, frozen=True, gc=False):
    """A known hole: nothing is known of ``hashtag`` at ``instance`` from ``start`` to ``end``."""

    source: str
    instance: str
    start: int
    end: int | None
    reason: str
    hashtag: str = ""


class Cursor(msgspec.Struct, frozen=True):
    """Where a source goes on. ``forward`` and ``backward`` are the platform's opaque marks.

    ``forward`` is the newest mark that is durable, ``backward`` the oldest one reached by
    back-fill; ``complete`` says that back-fill came to the window's start. ``state`` holds what
    else one platform needs.
    """

    forward: str | None = None
    backward: str | None = None
    complete: bool = False
    state: dict[str, str] = {}


class Clock(msgspec.Struct, frozen=True):
    """The time that a replay shows: ``at`` (UTC seconds) now, running ``speed`` times as fast.

    ``speed`` is 0 when the replay has come to its end and stands.
    """

    at: int
    speed: float


class Page(msgspec.Struct, frozen=True):
    """What one answer, one stream batch or one slice of a file held.

    ``cursor`` is what becomes durable together with the posts; ``None`` leaves it alone. ``more``
    says that the place has further pages right now. ``gone`` are posts that the place's server has
    deleted, by what it calls them. ``progress`` is a position for people: rows
    or bytes read so far. ``reached`` is what a stream says of itself: everything up to that moment
    (UTC seconds) has been received. ``warnings`` are sentences that a person should read.
    """

    posts: tuple[Post, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    gone: tuple[str, ...] = ()
    rejects: tuple[Reject, ...] = ()
    gaps: tuple[Gap, ...] = ()
    cursor: Cursor | None = None
    more: bool = False
    progress: int = 0
    clock: Clock | None = None
    reached: int | None = None
    warnings: tuple[str, ...] = ()


class RunState(StrEnum):
    """How a run ended."""

    RUNNING = "running"
    OK = "ok"
    SKIPPED = "skipped"
    PARTIAL = "partial"
    FAILED = "failed"


class Speaker(msgspec.Struct, frozen=True, gc=False):
    """A person on the programme, with the handles the programme gives (without ``@``)."""

    name: str
    handles: tuple[str, ...] = ()


class Session(msgspec.Struct, frozen=True, gc=False):
    """An item of the programme. ``start`` and ``end`` are UTC seconds, ``None`` where left open.

    ``date`` is the day in the event's zone when it is known without a time.
    """

    code: str
    title: str
    date: Date | None = None
    start: int | None = None
    end: int | None = None
    room: str = ""
    track: str = ""
    theme: str = ""
    abstract: str = ""
    language: str = ""
    url: str = ""
    speakers: tuple[Speaker, ...] = ()
    hashtags: tuple[str, ...] = ()


class Theme(msgspec.Struct, frozen=True, gc=False):
    """A subject that the event follows; a post that uses one of ``terms`` belongs to it.

    ``from_track`` marks one that nobody configured: a track of the programme. ``former`` are names
    that it has borne, which corrections by people may still give.
    """

    name: str
    terms: tuple[str, ...] = ()
    from_track: bool = False
    former: tuple[str, ...] = ()


class Member(msgspec.Struct, frozen=True, gc=False):
    """Somebody on an event's roster: a group, and the handle (without ``@``) on a network.

    ``network`` is mastodon, bluesky or x, empty for any.
    """

    group: str
    name: str
    network: str
    handle: str


class Event(msgspec.Struct, frozen=True, gc=False):
    """A conference, resolved: UTC seconds, programme loaded, hashtags as people write them.

    ``starts`` and ``ends`` bound the event's days in its own zone (``ends`` is exclusive);
    ``collect_from`` and ``collect_until`` bound the collection window. ``programme`` is the whole
    path or address that the programme is read from, empty for none; ``stated`` are those of
    ``sessions`` that stand in the configuration itself. ``programme_interval`` is the time in
    seconds between two looks at an address; ``track_themes`` makes themes of tracks.
    ``post_moderated`` are the public surfaces that show what nobody has taken off; the others show
    what somebody has let on. From ``keep_until`` (UTC seconds) on its posts are let go.
    ``language`` is what its wall and public pages speak, empty for each visitor's own.
    """

    slug: str
    title: str
    hashtags: tuple[str, ...]
    timezone: str
    starts: int
    ends: int
    collect_from: int
    collect_until: int
    accounts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    themes: tuple[Theme, ...] = ()
    sessions: tuple[Session, ...] = ()
    roster: tuple[Member, ...] = ()
    description: str = ""
    url: str = ""
    place: str = ""
    programme: str = ""
    stated: tuple[Session, ...] = ()
    programme_interval: int = 300
    track_themes: bool = True
    post_moderated: tuple[str, ...] = ()
    keep_until: int | None = None
    language: str = ""

    def programme_sessions(self) -> tuple[Session, ...]:
        """The sessions that come from the programme, not from the configuration itself."""
        stated = {session.code for session in self.stated}
        return tuple(session for session in self.sessions if session.code not in stated)


class Driver(msgspec.Struct, frozen=True, gc=False):
    """A stretch of text (``start:end`` in code points) that moved a decision, and by how much.

    ``weight`` is positive towards *positive*, negative towards *negative*.
    """

    start: int
    end: int
    text: str
    weight: float


class Sentiment(msgspec.Struct, frozen=True, gc=False):
    """The tone of a text. An unsupported or empty text has none at all, never *neutral*.

    ``polarity`` runs from −1 to 1; ``confidence`` is the calibrated chance that ``label`` is right.
    """

    label: Label
    polarity: float
    confidence: float


class Reason(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Why a post was given a theme or session.

    ``kind`` is one of rule, hashtag, speaker, phrase, parent, slot, similarity; ``text`` is what
    matched; ``start:end`` are its code points in the post's text where it stands there.
    """

    kind: str
    text: str
    weight: float
    start: int | None = None
    end: int | None = None


class Assignment(msgspec.Struct, frozen=True, gc=False):
    """A post belongs to the theme or session ``key`` with this confidence, for these reasons."""

    key: str
    confidence: float
    reasons: tuple[Reason, ...] = ()


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What a person decided about a post: ``kind`` is label or correct.

    ``field`` is sentiment, theme or session, and ``value`` the label, the theme's name or the
    session's code; empty for none (for a label: cannot tell), ``None`` to take back what stood
    before. ``id`` and ``at`` (UTC seconds) are given by the archive and its caller.
    """

    id: int
    at: int
    actor: str
    event: str
    kind: str
    post_id: int
    field: str
    value: str | None
    note: str = ""


class Said(msgspec.Struct, frozen=True, gc=False):
    """A post as far as it counts for what emerges: who wrote it (a number), and what."""

    author: int
    text: str


class Emerging(msgspec.Struct, frozen=True):
    """A word or pair as it is mostly written, with the posts and authors that used it.

    ``before`` are the posts of the background, ``surprise`` the standard deviations.
    """

    phrase: str
    posts: int
    authors: int
    before: int
    surprise: float


class Sampled(msgspec.Struct, frozen=True, gc=False):
    """A post of a sample. ``label``, ``confidence`` and ``language`` are those at the drawing.

    ``stratum`` is the part of the event that it was drawn from, which held ``stratum_posts`` posts;
    ``weight`` is how many of those it stands for.
    """

    post_id: int
    stratum: str
    stratum_posts: int
    label: str
    confidence: float | None
    language: str
    weight: float


class Sample(msgspec.Struct, frozen=True, gc=False):
    """Posts of an event to be labelled, in the order in which they are shown.

    ``annotator`` names what had tagged the event when it was drawn, ``at`` in UTC seconds.
    """

    event: str
    at: int
    seed: int
    size: int
    annotator: str
    posts: tuple[Sampled, ...] = ()


def fold_hashtag(hashtag: str) -> str:
    """A hashtag as Mastodon matches it: NFKC, lower case, accents folded, without ``#``."""
    text = unicodedata.normalize("NFKC", hashtag).casefold()
    decomposed = unicodedata.normalize("NFD", text)
    letters = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    # Last, as folding may bring blanks to light: a cedilla by itself becomes one.
    return unicodedata.normalize("NFC", letters).strip().lstrip("#").strip()


def fold_account(account: str) -> str:
    """A handle for comparison: without ``@`` in front, lower case."""
    return account.strip().lstrip("@").casefold()
