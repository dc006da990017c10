"""The page loop for one polled place: durable page by page, and every hole told."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect import OUTAGE, RunReport, collect, next_step, unread
from hashwatch.collect.source import Pace, Place, Query
from hashwatch.errors import (
    ArchiveError,
    BadAnswerError,
    DeniedError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Author, Cursor, Gap, Page, Post, RunState

NOW = 1_490_950_800
PLACE = Place("fake", "town.example", "natsec17")
KEY = PlaceKey("fake", "town.example", "natsec17")
QUERY = Query(("natsec17",), (), NOW - 10_000, NOW + 10_000, NOW)


def post(number: int, at: int = NOW) -> Post:
    """An invented post."""
    return Post(
        uri=f"https://town.example/users/ada/statuses/{number}",
        source="fake",
        instance="town.example",
        author=Author(uri="https://town.example/users/ada", handle="ada@town.example"),
        created_at=at,
        text="A post about oversight",
        raw=b"{}",
        raw_format="mastodon",
        hashtags=("NATSEC17",),
    )


def page(
    *numbers: int, at: int = NOW, forward: str = "1", more: bool = False, backward: str = ""
) -> Page:
    """A page with these posts and cursor."""
    return Page(
        posts=tuple(post(number, at) for number in numbers),
        cursor=Cursor(forward=forward, backward=backward or None, complete=not backward),
        more=more,
    )


class Platform:
    """Gives what the test prepared, and remembers what it was asked."""

    name = "fake"
    pace = Pace(10, 60, 60)

    def __init__(self, answers: Sequence[Page | SourceError]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Cursor | None, bool]] = []

    def places(self, query: Query) -> tuple[Place, ...]:  # noqa: ARG002 - the protocol's signature
        """The one place."""
        return (PLACE,)

    async def fetch(
        self,
        place: Place,  # noqa: ARG002 - the protocol's signature
        cursor: Cursor | None,
        query: Query,  # noqa: ARG002 - the protocol's signature
        run_start: bool,
    ) -> Page:
        """The next answer."""
        self.asked.append((cursor, run_start))
        answer = self.answers.pop(0)
        if isinstance(answer, SourceError):
            raise answer
        return answer


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


def run(
    archive: Archive, *answers: Page | SourceError, now: int = NOW, cap: int = 50
) -> tuple[RunReport, Platform]:
    """One run against these answers."""
    platform = Platform(answers)
    report = asyncio.run(collect(platform, PLACE, archive, QUERY, now=lambda: now, page_cap=cap))
    return report, platform


def rows(archive: Archive, sql: str) -> list[tuple[object, ...]]:
    """What another connection sees."""
    with sqlite3.connect(archive.path) as connection:
        found = connection.execute(sql).fetchall()
    connection.close()
    return found


def gaps(archive: Archive) -> list[tuple[object, ...]]:
    """Start, end, reason and whether filled, of every gap."""
    return rows(archive, "SELECT start, end, reason, filled_at IS NOT NULL FROM gaps ORDER BY id")


def runs(archive: Archive) -> list[tuple[object, ...]]:
    """State, pages, new and reason of every run."""
    return rows(archive, "SELECT state, pages, new, reason FROM runs ORDER BY id")


def test_pages_are_read_until_there_are_no_more(archive: Archive) -> None:
    """Each with the cursor of the one before, the first marked as the run's start."""
    report, platform = run(archive, page(1, forward="a", more=True), page(2, 1, forward="b"))
    assert (report.state, report.pages, report.stored.new) == (RunState.OK, 2, 2)
    assert platform.asked == [(None, True), (Cursor("a", complete=True), False)]
    assert archive.cursor(KEY) == Cursor("b", complete=True)
    assert runs(archive) == [("ok", 2, 2, "")]


def test_a_page_is_durable_before_the_next_is_asked_for(archive: Archive) -> None:
    """A failure later in the run costs nothing that came before it."""
    report, _ = run(archive, page(1, forward="a", more=True), UnreachableError("no answer"))
    assert report.state is RunState.PARTIAL
    assert isinstance(report.error, UnreachableError)
    assert archive.cursor(KEY) == Cursor("a", complete=True)
    assert rows(archive, "SELECT count(*) FROM posts") == [(1,)]
    assert runs(archive) == [("partial", 1, 1, "no answer")]


@pytest.mark.parametrize(
    "error", [UnreachableError("x"), DeniedError("x"), RateLimitedError("x", 60)]
)
def test_a_platform_that_fails_at_once_leaves_a_failed_run(
    archive: Archive, error: SourceError
) -> None:
    """The error is in the report, the cursor where it was."""
    run(archive, page(1, forward="a"))
    report, _ = run(archive, error)
    assert (report.state, report.error) == (RunState.FAILED, error)
    assert archive.cursor(KEY) == Cursor("a", complete=True)
    assert runs(archive)[1] == ("failed", 0, 0, "x")


def test_a_piece_of_an_unreadable_answer_is_kept(archive: Archive) -> None:
    """As a reject of the run."""
    report, _ = run(archive, BadAnswerError("no JSON", b"<html>"))
    assert report.state is RunState.FAILED
    assert rows(archive, "SELECT run_id, reason FROM rejects") == [(1, "no JSON")]


def test_the_cap_leaves_a_gap_that_the_next_whole_run_fills(archive: Archive) -> None:
    """What came after the newest post read, until now; the next run goes on from there."""
    first = [page(n, at=NOW - 100 + n, forward=str(n), more=True) for n in range(3)]
    report, _ = run(archive, *first, cap=3)
    assert (report.state, report.reason) == (RunState.PARTIAL, "poll cap after 3 pages")
    assert gaps(archive) == [(NOW - 98, NOW, "poll cap", 0)]
    report, platform = run(archive, page(4, forward="4"), now=NOW + 60)
    assert platform.asked == [(Cursor("2", complete=True), True)]
    assert gaps(archive) == [(NOW - 98, NOW, "poll cap", 1)]


def test_the_cap_while_filling_back_leaves_the_time_before_the_oldest(archive: Archive) -> None:
    """From the window's start to the oldest post reached; it shrinks with each run."""
    back = [
        page(n, at=NOW - 1000 * n, forward="9", backward=str(n), more=True) for n in range(1, 5)
    ]
    run(archive, *back[:2], cap=2)
    assert gaps(archive) == [(QUERY.since, NOW - 2000, "poll cap", 0)]
    run(archive, *back[2:], cap=2)
    assert gaps(archive) == [(QUERY.since, NOW - 4000, "poll cap", 0)]
    run(archive, page(9, at=NOW - 9000, forward="9"))
    assert gaps(archive) == [(QUERY.since, NOW - 4000, "poll cap", 1)]


def test_a_place_that_stays_where_it_is_is_left(archive: Archive) -> None:
    """The same cursor twice, with more promised, ends the run."""
    same = page(1, forward="a", more=True)
    report, platform = run(archive, same, same, same)
    assert (report.state, len(platform.asked)) == (RunState.PARTIAL, 2)
    assert report.reason == "no progress after 2 pages"
    assert gaps(archive) == [(NOW, NOW, "no progress", 0)]


def test_a_short_failure_is_no_gap_but_a_long_one_is(archive: Archive) -> None:
    """From the last whole run on, growing while it lasts, filled by the next whole run."""
    run(archive, page(1))
    run(archive, UnreachableError("x"), now=NOW + OUTAGE)
    assert gaps(archive) == []
    run(archive, UnreachableError("x"), now=NOW + OUTAGE + 1)
    run(archive, UnreachableError("y"), now=NOW + OUTAGE + 90)
    assert gaps(archive) == [(NOW, NOW + OUTAGE + 90, "unreachable", 0)]
    run(archive, page(2), now=NOW + OUTAGE + 120)
    assert gaps(archive) == [(NOW, NOW + OUTAGE + 90, "unreachable", 1)]


def test_a_gap_that_the_platform_tells_of_is_not_filled_by_the_same_run(archive: Archive) -> None:
    """Nor by a later one that read only what came after."""
    gone = Gap("fake", "town.example", NOW - 900, NOW - 800, "no longer there", "natsec17")
    told = Page(posts=(post(1),), gaps=(gone,), cursor=Cursor("a"))
    run(archive, told)
    run(archive, page(2, forward="b"), now=NOW + 60)
    assert gaps(archive) == [(NOW - 900, NOW - 800, "no longer there", 0)]


def test_a_run_that_is_cancelled_is_closed(archive: Archive) -> None:
    """Its row says that it was stopped, and what it stored stays."""

    class Stuck(Platform):
        async def fetch(
            self, place: Place, cursor: Cursor | None, query: Query, run_start: bool
        ) -> Page:
            if not run_start:
                await asyncio.Event().wait()
            return await super().fetch(place, cursor, query, run_start)

    async def stop_midway() -> None:
        stuck = Stuck([page(1, more=True)])
        task = asyncio.create_task(collect(stuck, PLACE, archive, QUERY, now=lambda: NOW))
        while not stuck.asked:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stop_midway())
    assert runs(archive) == [("partial", 1, 1, "stopped")]


def test_the_archives_own_failure_is_raised(archive: Archive) -> None:
    """It is no fault of the platform's; the page will be fetched again."""

    class Full(Archive):
        def store(self, *_: object, **__: object):  # type: ignore[no-untyped-def]
            raise ArchiveError("the disk is full")

    full = Full(archive.path)
    with pytest.raises(ArchiveError, match="the disk is full"):
        run(full, page(1))
    full.close()
    assert runs(archive) == [("failed", 0, 0, "stopped")]
    assert archive.cursor(KEY) is None


@given(st.booleans(), st.booleans(), st.booleans(), st.integers(1, 9), st.integers(1, 9))
def test_the_decision_always_ends_a_run(
    more: bool, has_cursor: bool, moved: bool, pages: int, cap: int
) -> None:
    """It goes on only with more to come, a cursor that moved, and below the cap."""
    cursor = Cursor("b" if moved else "a") if has_cursor else None
    step = next_step(Page(cursor=cursor, more=more), Cursor("a"), pages, cap)
    assert (step == "more") == (more and has_cursor and moved and pages < cap)
    assert (step == "done") == (not more)


@given(
    st.lists(st.integers(NOW - 20_000, NOW + 1_000)),
    st.none() | st.integers(NOW - 20_000, NOW),
)
def test_what_is_unread_is_a_span_of_the_past(times: list[int], oldest: int | None) -> None:
    """It never ends before it begins, nor lies in the future."""
    read = Page(posts=tuple(post(number, at) for number, at in enumerate(times)))
    start, end = unread(read, oldest, QUERY, NOW)
    assert start <= end <= NOW
