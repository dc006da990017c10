"""What a platform must offer to be collected, and how one is found by name.

A platform is one module in ``hashwatch.collect.sources`` (or a package's entry point in the group
``hashwatch.sources``) with three things: ``Settings``, a pydantic model of its table
``[sources.NAME]``; ``connect(settings, http) -> PollingSource | StreamingSource``; and a pure
``parse_page(payload, …) -> Page``. There is no list of platforms to edit.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from types import ModuleType
from typing import Protocol, runtime_checkable

import msgspec

from hashwatch.errors import ConfigError
from hashwatch.model import Cursor, KnownPost, Page

KNOWN_POSTS = "*"
STREAMED = "~"
ABILITIES = "?"
"""What stands for a hashtag where the archive keeps what was measured of a server."""
STREAM_DOWN = "the stream is down, and nothing was polled since"
"""Why a stretch is missing of a place that is both streamed and polled."""
UNAFFORDED = "reading it would pass the budget"
"""Why a stretch is missing of a place whose platform wants money for it."""
UNREAD_FROM = "unread_from"
"""In a cursor's state: from when (UTC seconds) a run that stops now leaves posts unread."""


class Query(msgspec.Struct, frozen=True):
    """What is wanted: the hashtags and accounts of all events being collected, and since when.

    Hashtags stand without ``#``, folded (see :func:`hashwatch.model.fold_hashtag`); accounts
    without ``@``. ``since`` and ``until`` are UTC seconds, the union of the events' collection
    windows; ``now`` is the event's clock. ``written`` are the hashtags as the configuration spells
    them, for platforms that fold less.
    """

    hashtags: tuple[str, ...]
    accounts: tuple[str, ...]
    since: int
    until: int
    now: int
    written: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True):
    """One thing that is polled or streamed by itself, with a cursor, runs and gaps of its own.

    ``hashtag`` is empty where one stream carries everything; several that are asked for together
    stand there with a blank between them, an account as ``@name``, one that is streamed beside
    being polled as ``~name``, and :data:`KNOWN_POSTS` where a server is asked again about posts
    that it gave.
    """

    source: str
    instance: str
    hashtag: str = ""

    @property
    def what(self) -> str:
        """What is asked for there, for people."""
        if self.hashtag == KNOWN_POSTS:
            return "known posts"
        names = " ".join(each if each[0] == "@" else f"#{each}" for each in self.hashtags)
        return f"stream of {names}" if self.hashtag.startswith(STREAMED) else names

    @property
    def hashtags(self) -> tuple[str, ...]:
        """Each hashtag or account by itself."""
        return tuple(self.hashtag.removeprefix(STREAMED).split())


class Pace(msgspec.Struct, frozen=True):
    """Seconds between two polls of one place, and the platform's budget of requests a minute.

    After a pause a minute's worth is asked at once, or ``at_once`` where that is given.
    """

    busy: float
    idle: float
    requests_a_minute: float
    at_once: float | None = None


@runtime_checkable
class PollingSource(Protocol):
    """A platform that is asked. One fetch is one request; nothing in here waits or sleeps."""

    name: str
    pace: Pace

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every place to poll for this query."""
        ...

    async def fetch(
        self, place: Place, cursor: Cursor | None, query: Query, run_start: bool
    ) -> Page:
        """One page. ``cursor`` is the last durable one, ``None`` the first time.

        ``run_start`` is true for the first request of a run: the source then re-reads its overlap.
        The page's ``cursor`` becomes durable with its posts; ``more`` asks for another fetch now.
        Raises a :class:`~hashwatch.errors.SourceError`.
        """
        ...


@runtime_checkable
class StreamingSource(Protocol):
    """A platform that pushes. The supervisor opens the stream again when it ends or fails."""

    name: str

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every place to stream for this query."""
        ...

    def stream(self, place: Place, cursor: Cursor | None, query: Query) -> AsyncIterator[Page]:
        """Pages as they come, each with the cursor that is durable once it is stored.

        An empty page with a cursor now and then shows that the stream is alive. Raises a
        :class:`~hashwatch.errors.SourceError` when the connection fails.
        """
        ...


@runtime_checkable
class StreamedSource(Protocol):
    """A polling source some of whose servers push as well; polling goes on beside, more slowly."""

    @property
    def beside(self) -> StreamingSource | None:
        """The streams, where any are set up."""
        ...

    def is_pushed(self, instance: str) -> bool:
        """Whether streams of all that is wanted of a server are open now."""
        ...


def stands_once(source: Source) -> bool:
    """Whether a platform lets a stream be open only once, as its class says (``stands_once``)."""
    return bool(getattr(source, "stands_once", False))


@runtime_checkable
class MeasuringSource(Protocol):
    """A platform whose servers differ in what they can do, which is found out by asking."""

    name: str

    def remember(self, instance: str, learnt: Cursor | None) -> None:
        """What an earlier measurement showed, before anything else is asked of a server."""
        ...

    async def measure(
        self, instance: str, query: Query, turn: Callable[[], Awaitable[None]]
    ) -> Cursor | None:
        """Finds out what is not known yet, or not any more; what to remember, if there is anything.

        ``turn`` waits until the platform's budget allows a request. Raises a
        :class:`~hashwatch.errors.SourceError`.
        """
        ...


class Ledger(Protocol):
    """What one source may spend, durable before it is spent. In millionths of a US dollar."""

    def hold(self, amount: int) -> int:
        """Sets apart the most that an answer can cost, before it is asked for; its number.

        Raises ``BudgetError`` where so much is not left: then nothing may be asked.
        """
        ...

    def settle(
        self, number: int, things: Mapping[str, int], flat: int = 0, *, keep: int = 0
    ) -> int:
        """Counts what came in the place of what was held: the prices of ``things`` by their names,
        those not yet paid for today, and ``flat`` for asking; what that cost in all.

        ``keep`` is held on under the same number, even where no more is left of the budget.
        """
        ...

    def release(self, number: int) -> None:
        """Gives back what was held: nothing came, and nothing can have been charged."""
        ...

    def left(self) -> int:
        """What is neither spent nor held this month; below zero where too much is held."""
        ...

    def part(self, name: str, share: float) -> Ledger:
        """A ledger for one purpose, that may spend so much of the budget; all of it counts here."""
        ...

    def is_one_day(self) -> bool:
        """Whether it is beyond doubt which day it is for the platform: what was paid for on it is
        free."""
        ...

    def words(self) -> str:
        """What is spent and what is left, for people."""
        ...


@runtime_checkable
class SpendingSource(Protocol):
    """A platform that wants money for what is read. Without a ledger it asks for nothing."""

    name: str
    budget: int
    """What it may spend in a calendar month (UTC), in millionths of a US dollar."""

    def spend_from(self, ledger: Ledger) -> None:
        """Where to write down what is spent, before anything else is asked of the source."""
        ...


class Refreshed(msgspec.Struct, frozen=True):
    """What a server said of posts that it was asked about by themselves.

    ``page`` holds those that it told of, as they are now. ``answered`` are the URIs that it
    answered for, and ``missing`` those that it did not give although it gave an answer; the others
    it did not answer for at all.
    """

    page: Page = Page()
    answered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@runtime_checkable
class RefreshingSource(Protocol):
    """A platform that can be asked for known posts: their counts, edits and deletions.

    A polling or streaming source may be this as well. One request a call; nothing waits in here.
    """

    name: str
    pace: Pace

    def refresh_size(self, instance: str) -> int:
        """How many posts one request takes there; 0 where known posts cannot be asked for."""
        ...

    async def refresh(self, instance: str, posts: Sequence[KnownPost]) -> Refreshed:
        """Asks once about at most so many posts.

        A single post that is *missing* must be so beyond doubt; of several, each missing one is
        asked for again by itself. Raises a :class:`~hashwatch.errors.SourceError`.
        """
        ...

    def is_home(self, instance: str, uri: str) -> bool:
        """Whether a post that ``instance`` has no more is deleted, and not merely gone from there.

        Only the server that a post was written on, or the platform itself, can say that.
        """
        ...


@runtime_checkable
class PromptSource(Protocol):
    """A refreshing source whose posts must be asked for again sooner than once a day."""

    recheck: int
    """At the latest after so many seconds."""


Source = PollingSource | StreamingSource


def find_source(name: str) -> ModuleType:
    """The module of the platform ``name``; raises ``ConfigError`` naming those that exist.

    One of another package is found by its entry point, unless a built-in one has that name.
    """
    if name in built_in_sources():
        return import_module(f"hashwatch.collect.sources.{name}")
    for entry in entry_points(group="hashwatch.sources", name=name):
        return _outside(name, entry)
    known = ", ".join(known_sources())
    raise ConfigError([f"sources.{name}: no such source; there are {known}"])


def _outside(name: str, entry: EntryPoint) -> ModuleType:
    """The module of another package; raises ``ConfigError`` when it cannot be used."""
    whose = f"sources.{name}: the package {entry.dist.name if entry.dist else '?'}"
    try:
        module = entry.load()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise ConfigError([f"{whose} cannot be loaded ({reason}); mend or uninstall it"]) from error
    lacks = [part for part in ("Settings", "connect", "parse_page") if not hasattr(module, part)]
    if not isinstance(module, ModuleType) or lacks:
        what = f"lacks {', '.join(lacks)}" if lacks else "is no module"
        raise ConfigError([f"{whose} gives {entry.value}, which {what}"])
    return module


def is_live(name: str) -> bool:
    """Whether a source tells of the present, and so is asked only inside a collection window.

    The replay, whose module says ``LIVE = False``, plays an event's own time at any time.
    """
    return bool(getattr(find_source(name), "LIVE", True))


def is_free(name: str) -> bool:
    """Whether a source asks for nothing: one that costs money says ``FREE = False``."""
    return bool(getattr(find_source(name), "FREE", True))


def known_sources() -> list[str]:
    """The names of every source, built in or installed."""
    outside = {entry.name for entry in entry_points(group="hashwatch.sources")}
    return sorted(built_in_sources() | outside)


def built_in_sources() -> set[str]:
    """The names of the platforms in this package."""
    package = import_module("hashwatch.collect.sources")
    return {module.name for module in iter_modules(package.__path__)}
