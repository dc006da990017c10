"""The loop for one streamed place: pages as they come, and the connection opened again."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import cast

import msgspec

from hashwatch.archive.runs import PlaceState
from hashwatch.archive.store import Archive, Stored
from hashwatch.collect import OUTAGE, RunReport, evidence, gap_keys, key_of, state_after
from hashwatch.collect.source import Place, Query, StreamingSource
from hashwatch.errors import (
    DeniedError,
    NotFoundError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Clock, Gap, Page, RunState

FIRST_DELAY = 1.0
LONGEST_DELAY = 120.0
# A platform that refuses will hardly change its mind within a minute.
REFUSED_DELAY = 900.0
# Seconds. A connection that lasted this long counts as sound: the next delay is short again.
SOUND = 60
# A run row of a stream is closed and another begun this often, so that its counts are seen.
RUN_LENGTH = 600
# How often the lamp says that the stream is alive.
LAMP_EVERY = 10
# Seconds. A stream that has come so near to the present has nothing more to read for now.
PRESENT = 15

_log = logging.getLogger(__name__)


class Standing(msgspec.Struct, frozen=True):
    """Where a place stands now, for its lamp. ``next_attempt`` is in seconds from now."""

    state: PlaceState
    detail: str = ""
    next_attempt: float | None = None


Now = Callable[[], float]
Tell = Callable[[Place, Standing], None]


def delay_before(attempt: int, random_share: float) -> float:
    """Seconds to wait before the ``attempt``-th reconnection in a row (from 1), jittered.

    ``random_share`` is between 0 and 1; the delay doubles each time, up to a limit.
    """
    longest = min(FIRST_DELAY * 2.0 ** min(attempt - 1, 20), LONGEST_DELAY)
    return longest * (0.5 + random_share / 2)


async def supervise(
    source: StreamingSource,
    place: Place,
    archive: Archive,
    query: Query,
    *,
    now: Now,
    tell: Tell,
    endless: bool = True,
    missing_since: int | None = None,
    gap_reason: str | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    random_share: Callable[[], float] = random.random,
) -> None:
    """Keeps a place's stream open until it is cancelled; one that is not ``endless`` may finish.

    ``now`` gives UTC seconds with their fractions, ``tell`` hears where the place stands.
    ``missing_since`` is the start of a hole left by the collector's own absence, which the stream
    may make good; ``gap_reason`` is said of holes in place of the place's state. Raises only the
    archive's errors.
    """
    attempt = 0
    working: PlaceState = "collecting" if endless else "replaying"
    hole = _Hole(archive, place, now, missing_since)
    while True:
        connection = _Connection(archive, place, now, tell, hole, working)
        stream = source.stream(place, archive.cursor(key_of(place)), query)
        try:
            async with aclosing(cast(AsyncGenerator[Page, None], stream)) as pages:
                async for page in pages:
                    connection.take(page)
            if not endless:
                connection.end(RunState.OK, "")
                tell(place, Standing("finished", "the replay has come to its end"))
                return
            raise UnreachableError(f"{place.instance} closed the stream")
        except SourceError as error:
            attempt = 1 if connection.was_sound() else attempt + 1
            delay = delay_before(attempt, random_share())
            if isinstance(error, RateLimitedError):
                delay = max(delay, error.retry_after)
            if isinstance(error, (DeniedError, NotFoundError)):
                delay = max(delay, REFUSED_DELAY * (0.5 + random_share() / 2))
            connection.fail(error)
            hole.grow(gap_reason or state_after(error))
            tell(place, Standing(state_after(error), str(error), delay))
            _log.warning("%s: %s; again in %.0f s", place.source, error, delay)
        finally:
            connection.end(RunState.OK, "stopped")
        await sleep(delay)


async def read_once(
    source: StreamingSource,
    place: Place,
    archive: Archive,
    query: Query,
    *,
    now: Now,
    tell: Tell,
    seconds: float,
    endless: bool = True,
    missing_since: int | None = None,
) -> RunReport:
    """Reads a place's stream up to the present, for so many ``seconds`` at most, and closes it.

    The present of one that is not ``endless`` is that of its own clock, which then stands. What is
    left unread is read the next time. Otherwise as :func:`supervise`.
    """
    working: PlaceState = "collecting" if endless else "replaying"
    hole = _Hole(archive, place, now, missing_since)
    connection = _Connection(archive, place, now, tell, hole, working)
    opened = int(now())
    stream = source.stream(place, archive.cursor(key_of(place)), query)
    state, reason = RunState.OK, ""
    try:
        async with (
            asyncio.timeout(seconds),
            aclosing(cast(AsyncGenerator[Page, None], stream)) as pages,
        ):
            async for page in pages:
                connection.take(page)
                if page.clock is not None:
                    standing = Page(clock=Clock(page.clock.at, 0.0))
                    archive.set_clock(key_of(place), standing, now())
                if _is_present(page, opened):
                    break
            else:
                if endless:
                    raise UnreachableError(f"{place.instance} closed the stream")
    except TimeoutError:
        if not connection.pages:
            error = UnreachableError(f"{place.instance} sent nothing within {seconds:g} s")
            return _failed(connection, place, tell, error)
        state, reason = RunState.PARTIAL, "there is more; the next run goes on from here"
    except SourceError as error:
        return _failed(connection, place, tell, error)
    finally:
        connection.end(state, reason)
    return RunReport(place, state, reason, connection.pages, connection.stored)


def _is_present(page: Page, opened: int) -> bool:
    """Whether a stream opened at ``opened`` has caught up with the present, or a replay with its
    clock."""
    if page.clock is not None:
        return True
    return page.reached is not None and page.reached >= opened - PRESENT


def _failed(connection: _Connection, place: Place, tell: Tell, error: SourceError) -> RunReport:
    tell(place, Standing(state_after(error), str(error)))
    state = connection.fail(error)
    return RunReport(place, state, str(error), connection.pages, connection.stored, error)


class _Hole:
    """What is missing of a place between two connections."""

    def __init__(self, archive: Archive, place: Place, now: Now, since: int | None) -> None:
        self._archive, self._place, self._now = archive, place, now
        self._since = since
        self._until = int(now()) if since is not None else 0
        self._contact: int | None = None

    def contact(self, page: Page) -> None:
        """A page came. What it says to be read is missing no longer."""
        self._contact = int(self._now())
        if page.gaps:
            # The platform says itself what it has no more; our hole stays open.
            self._since = None
        if self._since is not None and page.reached is not None and page.reached >= self._until:
            for key in gap_keys(self._place):
                self._archive.fill_gaps(key, self._since, self._until, self._contact)
            self._since = None

    def grow(self, reason: str) -> None:
        """The connection failed; once that has lasted, what is missing is a gap."""
        now, place = int(self._now()), self._place
        since = self._contact
        if since is None or now - since <= OUTAGE:
            return
        self._since = since if self._since is None else min(since, self._since)
        self._until = now
        for key in gap_keys(place):
            gap = Gap(key.source, key.instance, since, now, reason, key.hashtag)
            self._archive.open_gap(gap, now)


class _Connection:
    """One opening of the stream, and the run rows that tell of it."""

    def __init__(
        self,
        archive: Archive,
        place: Place,
        now: Now,
        tell: Tell,
        hole: _Hole,
        working: PlaceState,
    ) -> None:
        self._archive, self._place, self._now, self._tell = archive, place, now, tell
        self._hole, self._working = hole, working
        self._key = key_of(place)
        self._opened = self._began = int(now())
        self._run: int | None = archive.begin_run(self._key, self._began)
        self._lit: int | None = None
        self._last_page: int | None = None
        self.pages, self.stored = 0, Stored()

    def take(self, page: Page) -> None:
        """Makes a page durable."""
        wall = self._now()
        now = int(wall)
        if now - self._began >= RUN_LENGTH:
            self.end(RunState.OK, "")
            self._began, self._run = now, self._archive.begin_run(self._key, now)
        assert self._run is not None
        self.stored += self._archive.store(page, self._run, self._key, now)
        self.pages += 1
        self._archive.set_clock(self._key, page, wall)
        self._last_page = now
        self._hole.contact(page)
        for warning in page.warnings:
            _log.warning("%s %s: %s", self._place.source, self._place.instance, warning)
        if self._lit is None or now - self._lit >= LAMP_EVERY:
            self._tell(self._place, Standing(self._working))
            self._lit = now

    def was_sound(self) -> bool:
        """Whether the connection brought pages for a while."""
        return self._last_page is not None and self._last_page - self._opened >= SOUND

    def fail(self, error: SourceError) -> RunState:
        """Closes the run with the platform's failure; in what state."""
        rejects = evidence(error, self._place)
        if rejects and self._run is not None:
            self._archive.store(Page(rejects=rejects), self._run, self._key, int(self._now()))
        state = RunState.FAILED if self._last_page is None else RunState.PARTIAL
        self.end(state, str(error))
        return state

    def end(self, state: RunState, reason: str) -> None:
        """Closes the run's row if it is still open."""
        if self._run is not None:
            self._archive.end_run(self._run, state, reason, int(self._now()))
            self._run = None
