"""The replay: an invented conversation of the package, played as if it were happening now.

It needs neither network nor credentials. Everything up to a starting moment comes at once; from
there the conversation runs on ``speed`` times as fast as the clock on the wall.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator

from hashwatch.collect.conversation import Bundle, bundled, iso, load_bundle, seconds
from hashwatch.collect.source import Place, Query
from hashwatch.collect.timeline import Action, timeline
from hashwatch.model import Clock, Cursor, Gap, Page, Post, Tombstone, fold_hashtag

LIVE = False
PAGE = 400
# Seconds on the wall: the shortest wait between two pages, and the longest without a clock.
BREATH = 0.25
CLOCK_EVERY = 30.0


class Settings(BaseModel):
    """``[sources.replay]``.

    ``speed``: event seconds in one second on the wall. ``events``: slugs of the conversations to
    play; those whose hashtags an event has, if left out. ``start``: for a slug, the moment from
    which it is played, in the conversation's own time zone unless it names another.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    speed: float = Field(default=60, ge=1, le=3600)
    events: tuple[str, ...] | None = None
    start: dict[str, datetime] = {}

    @field_validator("events", "start")
    @classmethod
    def _exist(
        cls, slugs: tuple[str, ...] | dict[str, datetime] | None
    ) -> tuple[str, ...] | dict[str, datetime] | None:
        known = bundled()
        for slug in slugs or ():
            if slug not in known:
                raise ValueError(
                    f"there is no conversation {slug!r} to replay, only {', '.join(known)}"
                )
        return slugs


def connect(settings: Settings, http: object) -> Replay:  # noqa: ARG001 (every source's signature)
    """The replay as a source; it asks nothing of the network."""
    return Replay(settings)


class Replay:
    """A streaming source of invented posts."""

    name = "replay"

    def __init__(
        self,
        settings: Settings,
        *,
        load: Callable[[str], Bundle] = load_bundle,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._load = load
        self._monotonic = monotonic
        self._sleep = sleep

    def places(self, query: Query) -> tuple[Place, ...]:
        """One place a conversation that shares a hashtag with the query."""
        chosen = []
        for slug, hashtags in bundled().items():
            if self._settings.events is not None and slug not in self._settings.events:
                continue
            wanted = [tag for tag in map(fold_hashtag, hashtags) if tag in query.hashtags]
            if wanted:
                chosen.append(Place("replay", slug, wanted[0]))
        return tuple(chosen)

    async def stream(
        self,
        place: Place,
        cursor: Cursor | None,
        query: Query,  # noqa: ARG002 (every source's signature)
    ) -> AsyncIterator[Page]:
        """Play one conversation to its end, from the cursor if there is one."""
        bundle = await asyncio.to_thread(self._load, place.instance)
        actions = await asyncio.to_thread(timeline, bundle)
        times = [action.at for action in actions]
        end = times[-1]
        reached = reached_by(cursor)
        begin = min(end, max(reached if reached is not None else 0, self._start(bundle)))
        done = bisect_right(times, reached) if reached is not None else 0
        loaded = bisect_right(times, begin)
        for first in range(done, loaded, PAGE):
            last = min(first + PAGE, loaded)
            if last < loaded:
                # The cursor says that everything up to it was sent; the next action was not.
                yield parse_page(actions[first:last], place, times[last] - 1)
            else:
                done = first
        speed = self._settings.speed if begin < end else 0.0
        yield parse_page(actions[done:loaded], place, begin, Clock(begin, speed))
        async for page in self._play(actions[loaded:], place, begin):
            yield page

    def _start(self, bundle: Bundle) -> int:
        chosen = self._settings.start.get(bundle.slug)
        return bundle.start if chosen is None else seconds(chosen, ZoneInfo(bundle.timezone))

    async def _play(self, actions: list[Action], place: Place, begin: int) -> AsyncIterator[Page]:
        speed = self._settings.speed
        times = [action.at for action in actions]
        started = told = self._monotonic()
        sent = 0
        while sent < len(actions):
            due = started + (times[sent] - begin) / speed
            now = self._monotonic()
            wait = min(due, told + CLOCK_EVERY) - now
            if wait > 0:
                await self._sleep(max(wait, BREATH))
                now = self._monotonic()
            at = begin + int((now - started) * speed)
            if now >= due:  # whatever rounding says
                at = max(at, times[sent])
            at = min(at, times[-1])
            last = min(bisect_right(times, at), sent + PAGE)
            if last < len(actions):
                at = min(at, times[last] - 1)
            clock = None
            if last == len(actions):
                clock = Clock(times[-1], 0.0)
            elif now - told >= CLOCK_EVERY:
                clock, told = Clock(at, speed), now
            if clock or last > sent:
                yield parse_page(actions[sent:last], place, at, clock)
            sent = last


def reached_by(cursor: Cursor | None) -> int | None:
    """The event time up to which everything was sent, in UTC seconds."""
    if cursor is None or cursor.forward is None:
        return None
    return int(datetime.fromisoformat(cursor.forward).timestamp())


def parse_page(
    actions: list[Action], place: Place, reached: int, clock: Clock | None = None
) -> Page:
    """The actions as one page whose cursor says that everything up to ``reached`` was sent."""
    happened = [action.what for action in actions]
    return Page(
        posts=tuple(what for what in happened if isinstance(what, Post)),
        tombstones=tuple(what for what in happened if isinstance(what, Tombstone)),
        gaps=tuple(
            msgspec.structs.replace(what, hashtag=place.hashtag)
            for what in happened
            if isinstance(what, Gap)
        ),
        cursor=Cursor(forward=iso(reached)),
        clock=clock,
    )
