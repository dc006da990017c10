"""The outside world → pages → the archive: the page loop for one polled place.

Streams have a loop of their own, :mod:`hashwatch.collect.streaming`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from hashwatch.archive.runs import PlaceKey, PlaceState
from hashwatch.archive.store import Archive, Stored
from hashwatch.collect.source import (
    STREAM_DOWN,
    UNAFFORDED,
    UNREAD_FROM,
    Place,
    PollingSource,
    Query,
)
from hashwatch.errors import (
    BadAnswerError,
    BudgetError,
    DeniedError,
    RateLimitedError,
    SourceError,
)
from hashwatch.model import Cursor, Gap, Page, Reject, RunState

PAGE_CAP = 50
# How long (seconds) a place may stay unread before that is called a gap.
OUTAGE = 300
POLL_CAP = "poll cap"

_log = logging.getLogger(__name__)

Now = Callable[[], int]
Step = Literal["more", "done", "no progress", "poll cap"]


class RunReport(msgspec.Struct, frozen=True):
    """What came of one run at one place."""

    place: Place
    state: RunState
    reason: str = ""
    pages: int = 0
    stored: Stored = Stored()
    error: SourceError | None = None


async def no_wait() -> None:
    """For a caller without a budget of requests."""


async def collect(
    source: PollingSource,
    place: Place,
    archive: Archive,
    query: Query,
    *,
    now: Now,
    page_cap: int = PAGE_CAP,
    turn: Callable[[], Awaitable[None]] = no_wait,
) -> RunReport:
    """Reads a place until it has nothing more, each page durable before the next is asked for.

    ``now`` gives UTC seconds, ``turn`` waits until the platform's budget allows a request. A
    platform's failure ends the run and is in the report; only the archive's own errors are raised.
    """
    run = _Run(archive, place, query, now)
    try:
        step: Step = "more"
        while step == "more":
            await turn()
            page = await source.fetch(place, run.cursor, query, run.pages == 0)
            step = next_step(page, run.cursor if run.pages else None, run.pages + 1, page_cap)
            run.take(page)
        return run.end_well() if step == "done" else run.end_early(step)
    except SourceError as error:
        return run.end_badly(error)
    finally:
        run.abandon()


def next_step(page: Page, previous: Cursor | None, pages: int, cap: int) -> Step:
    """What to do after the run's ``pages``-th page; ``previous`` is the cursor before it.

    A place that says it has more and stays where it was would be asked for ever.
    """
    if not page.more:
        return "done"
    if page.cursor is None or page.cursor == previous:
        return "no progress"
    return "poll cap" if pages >= cap else "more"


def unread(page: Page, oldest: int | None, query: Query, now: int) -> tuple[int, int]:
    """The time (UTC seconds) left unread by a run that stops after ``page``, although it has more.

    A run that filled back reached ``oldest``: what lies before it is unread, up to the window's
    start. One that only went forward (``oldest`` is ``None``) lacks what came after ``page``.
    """
    if oldest is not None:
        stated = page.cursor.state.get(UNREAD_FROM) if page.cursor else None
        start = query.since if stated is None else int(stated)
        return start, max(oldest, start)
    return min(max((post.created_at for post in page.posts), default=query.since), now), now


def went_back(cursor: Cursor | None, previous: Cursor | None) -> bool:
    """Whether a page filled back, and there is still more to fill."""
    if cursor is None or cursor.complete:
        return False
    return cursor.backward != (previous.backward if previous else None)


def state_after(error: SourceError) -> PlaceState:
    """How the lamp of a place shows that ``error`` was the platform's answer."""
    if isinstance(error, RateLimitedError):
        return "rate-limited"
    return "denied" if isinstance(error, DeniedError) else "unreachable"


def reason_of(error: SourceError) -> str:
    """Why a stretch is missing after ``error``."""
    return UNAFFORDED if isinstance(error, BudgetError) else state_after(error)


def key_of(place: Place) -> PlaceKey:
    """The archive's name for a place."""
    return PlaceKey(place.source, place.instance, place.hashtag)


def gap_keys(place: Place) -> tuple[PlaceKey, ...]:
    """The archive's names for what a gap of a place is one of: each hashtag has its own.

    Those asked for together now may be asked for by themselves when the gap is filled.
    """
    alone = [PlaceKey(place.source, place.instance, hashtag) for hashtag in place.hashtags]
    return tuple(alone) or (key_of(place),)


def evidence(error: SourceError, place: Place) -> tuple[Reject, ...]:
    """The piece of an answer that could not be read, to be kept with the run."""
    if isinstance(error, BadAnswerError) and error.excerpt:
        return (Reject(str(error), error.excerpt, f"{place.instance} #{place.hashtag}"),)
    return ()


class _Run:
    """One row of ``runs``, from its beginning to its end."""

    def __init__(self, archive: Archive, place: Place, query: Query, now: Now) -> None:
        self._archive, self._place, self._query, self._now = archive, place, query, now
        self._key = key_of(place)
        self._read_until = archive.last_good_run(self._key)
        self._started = now()
        self._number: int | None = archive.begin_run(self._key, self._started)
        self._last = Page()
        self._oldest: int | None = None
        self._told_of_gaps = False
        self._stored = Stored()
        self.cursor = archive.cursor(self._key)
        self.pages = 0

    def take(self, page: Page) -> None:
        """Makes a page durable."""
        assert self._number is not None
        self._stored += self._archive.store(page, self._number, self._key, self._now())
        self._last = page
        self._told_of_gaps |= bool(page.gaps)
        if went_back(page.cursor, self.cursor):
            times = [post.created_at for post in page.posts]
            self._oldest = min([*times, self._oldest or self._now()])
        self.cursor = page.cursor or self.cursor
        self.pages += 1
        for warning in page.warnings:
            _log.warning("%s %s: %s", self._place.source, self._place.instance, warning)

    def end_well(self) -> RunReport:
        """Everything up to the run's beginning has been read: holes before it are filled."""
        if not self._told_of_gaps:
            known = self._query.since if self._read_until is None else self._read_until
            for key in gap_keys(self._place):
                self._archive.fill_gaps(key, known, self._started, self._now())
                # Polls went on while the stream was down, each from where the last one ended.
                whole = (self._query.since, self._started)
                self._archive.fill_gaps(key, *whole, self._now(), reason=STREAM_DOWN)
                # Nothing is left of where an earlier run stopped.
                self._archive.fill_gaps(key, *whole, self._now(), reason=POLL_CAP)
                if self.cursor is not None and self.cursor.complete:
                    # What was too dear then has been read since.
                    self._archive.fill_gaps(key, *whole, self._now(), reason=UNAFFORDED)
        return self._end(RunState.OK, "")

    def end_early(self, step: Step) -> RunReport:
        """The place has more, but the run stops: what it leaves is a gap."""
        now = self._now()
        start, end = unread(self._last, self._oldest, self._query, now)
        self._leave_gap(start, end, step)
        return self._end(RunState.PARTIAL, f"{step} after {self.pages} pages")

    def end_badly(self, error: SourceError) -> RunReport:
        """The platform failed; once that has lasted, what is missing is a gap."""
        now = self._now()
        rejects = evidence(error, self._place)
        if rejects:
            assert self._number is not None
            self._archive.store(Page(rejects=rejects), self._number, self._key, now)
        known = self._query.since if self._read_until is None else self._read_until
        if now - known > OUTAGE:
            self._leave_gap(known, now, reason_of(error))
        state = RunState.PARTIAL if self.pages else RunState.FAILED
        return self._end(state, str(error), error)

    def abandon(self) -> None:
        """Closes the row when something else than the platform ended the run."""
        if self._number is not None:
            self._end(RunState.PARTIAL if self.pages else RunState.FAILED, "stopped")

    def _leave_gap(self, start: int, end: int, reason: str) -> None:
        for key in gap_keys(self._place):
            gap = Gap(key.source, key.instance, start, end, reason, key.hashtag)
            self._archive.open_gap(gap, self._now())

    def _end(self, state: RunState, reason: str, error: SourceError | None = None) -> RunReport:
        assert self._number is not None
        self._archive.end_run(self._number, state, reason, self._now())
        self._number = None
        return RunReport(self._place, state, reason, self.pages, self._stored, error)
