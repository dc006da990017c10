"""The loop for one streamed place: durable pages, reconnection, holes made good."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect import OUTAGE, RunReport
from hashwatch.collect.source import Place, Query
from hashwatch.collect.streaming import (
    FIRST_DELAY,
    LONGEST_DELAY,
    PRESENT,
    RUN_LENGTH,
    SOUND,
    Standing,
    delay_before,
    read_once,
    supervise,
)
from hashwatch.errors import BadAnswerError, RateLimitedError, SourceError, UnreachableError
from hashwatch.model import Author, Clock, Cursor, Gap, Page, Post, RunState

NOW = 1_490_950_800
PLACE = Place("fake", "town.example", "")
KEY = PlaceKey("fake", "town.example", "")
QUERY = Query(("natsec17",), (), NOW - 10_000, NOW + 10_000, NOW)


def page(number: int, **more: object) -> Page:
    """A page with one invented post."""
    post = Post(
        uri=f"https://town.example/users/ada/statuses/{number}",
        source="fake",
        instance="town.example",
        author=Author(uri="https://town.example/users/ada", handle="ada@town.example"),
        created_at=NOW,
        text="A post about oversight",
        raw=b"{}",
        raw_format="mastodon",
    )
    return Page(posts=(post,), cursor=Cursor(str(number)), **more)  # type: ignore[arg-type]


class Stage:
    """A platform, a clock and everything that the supervisor does to the outside.

    Each connection is a list of pages, seconds that pass, and an error that ends it or none.
    """

    name = "fake"

    def __init__(self, connections: Sequence[Sequence[Page | float | SourceError]]) -> None:
        self.connections = [list(connection) for connection in connections]
        self.at = float(NOW)
        self.cursors: list[Cursor | None] = []
        self.slept: list[float] = []
        self.told: list[Standing] = []

    def places(self, query: Query) -> tuple[Place, ...]:  # noqa: ARG002 - the protocol's signature
        """The one place."""
        return (PLACE,)

    async def stream(
        self,
        place: Place,  # noqa: ARG002 - the protocol's signature
        cursor: Cursor | None,
        query: Query,  # noqa: ARG002 - the protocol's signature
    ) -> AsyncIterator[Page]:
        """The next connection."""
        self.cursors.append(cursor)
        for step in self.connections.pop(0):
            if isinstance(step, SourceError):
                raise step
            if isinstance(step, Page):
                yield step
            else:
                self.at += step

    async def sleep(self, seconds: float) -> None:
        """Passes time; when the connections are used up, the test is over."""
        self.slept.append(seconds)
        self.at += seconds
        if not self.connections:
            raise asyncio.CancelledError


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


def play(
    archive: Archive,
    *connections: Sequence[Page | float | SourceError],
    endless: bool = True,
    missing_since: int | None = None,
) -> Stage:
    """Supervises these connections one after another."""
    stage = Stage(connections)

    async def until_over() -> None:
        await supervise(
            stage, PLACE, archive, QUERY, now=lambda: stage.at,
            tell=lambda _, standing: stage.told.append(standing), endless=endless,
            missing_since=missing_since, sleep=stage.sleep, random_share=lambda: 1.0,
        )  # fmt: skip

    try:
        asyncio.run(until_over())
    except asyncio.CancelledError:
        assert endless
    return stage


def rows(archive: Archive, sql: str) -> list[tuple[object, ...]]:
    """What another connection sees."""
    connection = sqlite3.connect(archive.path)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def gaps(archive: Archive) -> list[tuple[object, ...]]:
    """Start, end, reason and whether filled, of every gap."""
    return rows(archive, "SELECT start, end, reason, filled_at IS NOT NULL FROM gaps ORDER BY id")


def runs(archive: Archive) -> list[tuple[object, ...]]:
    """State, pages and reason of every run."""
    return rows(archive, "SELECT state, pages, reason FROM runs ORDER BY id")


def test_each_connection_goes_on_from_the_durable_cursor(archive: Archive) -> None:
    """A run row each, and the lamp says what happened."""
    lost = UnreachableError("the connection was lost")
    stage = play(archive, [page(1), page(2), lost], [page(3), lost])
    assert stage.cursors == [None, Cursor("2")]
    assert archive.cursor(KEY) == Cursor("3")
    assert runs(archive) == [("partial", 2, str(lost)), ("partial", 1, str(lost))]
    assert [standing.state for standing in stage.told] == ["collecting", "unreachable"] * 2
    assert stage.told[1].next_attempt == stage.slept[0]


def test_the_delay_doubles_until_a_connection_was_sound(archive: Archive) -> None:
    """One that brought pages for a while starts it again from the shortest."""
    lost = UnreachableError("x")
    stage = play(archive, [lost], [page(1), lost], [lost], [page(2), SOUND, page(3), lost], [lost])
    assert stage.slept == [FIRST_DELAY, 2 * FIRST_DELAY, 4 * FIRST_DELAY, FIRST_DELAY, 2.0]


def test_a_rate_limit_is_waited_for(archive: Archive) -> None:
    """Its own time, where that is longer."""
    stage = play(archive, [RateLimitedError("wait", 300.0)])
    assert stage.slept == [300.0]
    assert stage.told[-1].state == "rate-limited"


def test_a_stream_that_ends_is_opened_again(archive: Archive) -> None:
    """A live platform has no end; that it closed the stream is a failure."""
    stage = play(archive, [page(1)], [page(2)])
    assert [run[0] for run in runs(archive)] == ["partial", "partial"]
    assert "closed the stream" in stage.told[1].detail


def test_a_replay_ends_and_is_finished(archive: Archive) -> None:
    """Its clock is kept as it came, and nothing is opened again."""
    stage = play(archive, [page(1, clock=Clock(NOW - 100, 60.0))], endless=False)
    assert [standing.state for standing in stage.told] == ["replaying", "finished"]
    assert runs(archive) == [("ok", 1, "")]
    assert rows(archive, "SELECT at, speed, set_at FROM clocks") == [(NOW - 100, 60.0, NOW)]


def test_a_long_connection_has_several_run_rows(archive: Archive) -> None:
    """So that its counts are seen while it lasts."""
    play(archive, [page(1), RUN_LENGTH, page(2), page(3), UnreachableError("x")])
    assert [run[:2] for run in runs(archive)] == [("ok", 1), ("partial", 2)]


def test_the_lamp_is_lit_now_and_then_not_for_each_page(archive: Archive) -> None:
    """Every ten seconds will do."""
    stage = play(archive, [page(1), page(2), 9.0, page(3), 1.0, page(4), UnreachableError("x")])
    assert [standing.state for standing in stage.told].count("collecting") == 2


def test_a_long_outage_is_a_gap_that_the_stream_itself_makes_good(archive: Archive) -> None:
    """Filled once the platform says that it has told everything up to the end of the gap."""
    lost = UnreachableError("x")
    start, back = NOW, NOW + OUTAGE + 200
    play(
        archive,
        [page(1), lost],
        [OUTAGE + 100.0, lost],
        [page(2, reached=start + 10), page(3, reached=back), page(4, reached=back), lost],
    )
    ((gap_start, gap_end, reason, filled),) = gaps(archive)
    assert (gap_start, reason, filled) == (start, "unreachable", 1)
    assert isinstance(gap_end, int)
    assert start + OUTAGE < gap_end <= back


def test_the_collectors_absence_is_made_good_too(archive: Archive) -> None:
    """The gap that it left is filled once the stream has passed it."""
    absence = Gap("fake", "town.example", NOW - 500, NOW, "hashwatch was not running")
    archive.open_gap(absence, NOW)
    lost = UnreachableError("x")
    play(archive, [page(1, reached=NOW - 1), lost], missing_since=NOW - 500)
    assert [gap[3] for gap in gaps(archive)] == [0]
    play(archive, [page(2, reached=NOW), lost], missing_since=NOW - 500)
    assert [gap[3] for gap in gaps(archive)] == [1]


def test_what_the_platform_no_longer_has_stays_a_gap(archive: Archive) -> None:
    """A stream that says itself what is missing fills nothing."""
    absence = Gap("fake", "town.example", NOW - 500, NOW, "hashwatch was not running")
    archive.open_gap(absence, NOW)
    clamped = Gap("fake", "town.example", NOW - 500, NOW - 400, "too old")
    pages = [page(1, gaps=(clamped,), reached=NOW - 400), page(2, reached=NOW + 60)]
    play(archive, [*pages, UnreachableError("x")], missing_since=NOW - 500)
    assert [gap[3] for gap in gaps(archive)] == [0, 0]


def test_a_piece_of_an_unreadable_answer_is_kept(archive: Archive) -> None:
    """As a reject of the run."""
    play(archive, [BadAnswerError("no frame", b"???")])
    assert rows(archive, "SELECT run_id, reason FROM rejects") == [(1, "no frame")]


@given(st.integers(1, 200), st.floats(0, 1))
def test_delays_are_jittered_and_bounded(attempt: int, share: float) -> None:
    """Between half and all of a doubling span, never beyond the limit."""
    longest = min(FIRST_DELAY * 2.0 ** (attempt - 1), LONGEST_DELAY)
    assert longest / 2 <= delay_before(attempt, share) <= longest


def read(
    archive: Archive,
    connection: Sequence[Page | float | SourceError],
    *,
    endless: bool = True,
    seconds: float = 5.0,
    hang: bool = False,
) -> tuple[RunReport, Stage]:
    """Reads one connection up to the present; one that hangs never ends by itself."""
    stage = Stage([connection])
    stream = stage.stream

    async def hanging(place: Place, cursor: Cursor | None, query: Query) -> AsyncIterator[Page]:
        async for each in stream(place, cursor, query):
            yield each
        await asyncio.Event().wait()

    if hang:
        stage.stream = hanging  # type: ignore[method-assign]
    report = asyncio.run(
        read_once(
            stage, PLACE, archive, QUERY,
            now=lambda: stage.at, tell=lambda _, standing: stage.told.append(standing),
            seconds=seconds, endless=endless,
        )
    )  # fmt: skip
    return report, stage


def test_once_a_stream_is_read_until_it_has_caught_up(archive: Archive) -> None:
    """The rest is left to the next time, from the durable cursor."""
    report, _ = read(archive, [page(1, reached=NOW - 600), page(2, reached=NOW - PRESENT), page(3)])
    assert (report.state, report.pages, report.stored.new) == (RunState.OK, 2, 2)
    assert archive.cursor(KEY) == Cursor("2")
    assert [state for state, *_ in runs(archive)] == ["ok"]


def test_once_a_replay_is_read_up_to_its_clock_which_then_stands(archive: Archive) -> None:
    """Nobody plays on, so the event's time does not pass either."""
    report, _ = read(archive, [page(1), page(2, clock=Clock(NOW, 60.0)), page(3)], endless=False)
    assert (report.state, report.stored.new) == (RunState.OK, 2)
    assert rows(archive, "SELECT at, speed FROM clocks") == [(NOW, 0.0)]


def test_once_is_bounded_whatever_the_stream_does(archive: Archive) -> None:
    """What came is kept and reported; with nothing at all it counts as unreachable."""
    report, _ = read(archive, [page(1, reached=NOW - 600)], seconds=0.2, hang=True)
    assert (report.state, report.stored.new, report.error) == (RunState.PARTIAL, 1, None)
    report, stage = read(archive, [], seconds=0.2, hang=True)
    assert report.state is RunState.FAILED
    assert isinstance(report.error, UnreachableError)
    assert stage.told[-1].state == "unreachable"
    assert [state for state, *_ in runs(archive)] == ["partial", "failed"]


def test_once_a_failure_is_in_the_report(archive: Archive) -> None:
    """With what came before it."""
    error = UnreachableError("gone")
    report, stage = read(archive, [page(1), error])
    assert (report.state, report.error, report.stored.new) == (RunState.PARTIAL, error, 1)
    assert stage.told[-1] == Standing("unreachable", "gone")
