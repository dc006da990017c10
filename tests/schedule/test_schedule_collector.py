"""The collector as a whole: windows, lamps, absences, and one source's failure beside others."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect.source import Pace, Place, Query
from hashwatch.errors import (
    ArchiveError,
    DamagedError,
    DeniedError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Cursor, Event, Page
from hashwatch.schedule import Collector, Connected
from hashwatch.schedule.absence import ABSENT
from hashwatch.schedule.windows import events_of, query_for, why_outside

NOW = 1_490_950_800  # 31 March 2017, 09:00 UTC
DAY = 86_400


def event(slug: str = "natsec17", shift: int = 0) -> Event:
    """An event around now, or some days away."""
    middle = NOW + shift * DAY
    return Event(
        slug, slug.upper(), (slug.upper(),), "Europe/London", middle - DAY, middle + DAY,
        middle - 2 * DAY, middle + 2 * DAY, accounts=("Ada@town.example",),
    )  # fmt: skip


class Polled:
    """Servers that answer with an empty page, or fail as told."""

    name = "polled"
    pace = Pace(15, 120, 6_000)

    def __init__(self, *hosts: str, **errors: SourceError) -> None:
        self.hosts, self.errors = hosts or ("town",), errors
        self.asked: list[Place] = []

    def places(self, query: Query) -> tuple[Place, ...]:
        """Every hashtag on every host."""
        return tuple(Place(self.name, host, tag) for host in self.hosts for tag in query.hashtags)

    async def fetch(
        self,
        place: Place,
        cursor: Cursor | None,  # noqa: ARG002 - the protocol's signature
        query: Query,  # noqa: ARG002 - the protocol's signature
        run_start: bool,  # noqa: ARG002 - the protocol's signature
    ) -> Page:
        """Nothing new, or the host's error."""
        self.asked.append(place)
        if place.instance in self.errors:
            raise self.errors[place.instance]
        return Page(cursor=Cursor("1", complete=True))


class Pushed:
    """A stream that shows signs of life until it is closed."""

    def __init__(self, name: str = "pushed") -> None:
        self.name = name
        self.open = 0
        self.opened = 0

    def places(self, query: Query) -> tuple[Place, ...]:  # noqa: ARG002 - the protocol's signature
        """One for everything."""
        return (Place(self.name, "hose"),)

    async def stream(
        self,
        place: Place,  # noqa: ARG002 - the protocol's signature
        cursor: Cursor | None,  # noqa: ARG002 - the protocol's signature
        query: Query,  # noqa: ARG002 - the protocol's signature
    ) -> AsyncIterator[Page]:
        """One page, then silence."""
        self.open += 1
        self.opened += 1
        try:
            yield Page(cursor=Cursor("1"))
            await asyncio.Event().wait()
        finally:
            self.open -= 1


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


def rows(archive: Archive, sql: str) -> list[tuple[object, ...]]:
    """What another connection sees."""
    connection = sqlite3.connect(archive.path)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def lamps(archive: Archive) -> dict[tuple[object, ...], object]:
    """The state of each source, instance and event."""
    return {
        row[:3]: row[3]
        for row in rows(archive, "SELECT source, instance, event, state FROM places")
    }


def collect_for_a_moment(
    collector: Collector,
    until: Callable[[], bool],
    then: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Runs the collector until something holds, does one thing more, and stops it."""

    async def moment() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(collector.run(stop))
        async with asyncio.timeout(20):
            while not until() and not running.done():
                await asyncio.sleep(0.01)
        if then is not None:
            await then()
        stop.set()
        await running

    asyncio.run(moment())


def test_every_source_is_asked_and_its_lamp_lit(archive: Archive) -> None:
    """Polls and streams alike; stopping closes everything in order."""
    polled, pushed = Polled("one", "two"), Pushed()
    sources = {"polled": Connected(polled), "pushed": Connected(pushed)}
    collector = Collector([event()], sources, archive, now=lambda: float(NOW))
    collect_for_a_moment(
        collector,
        lambda: (
            len(polled.asked) == 2
            and rows(archive, "SELECT count(*) FROM places WHERE checked_at IS NOT NULL") == [(3,)]
        ),
    )
    assert set(lamps(archive).values()) == {"collecting"}
    assert pushed.open == 0
    assert rows(archive, "SELECT count(*) FROM runs WHERE state = 'running'") == [(0,)]
    assert archive.last_beat("collector") == NOW


def test_a_source_outside_its_window_is_not_asked_and_says_so(archive: Archive) -> None:
    """By the wall clock, event by event; a replay is played whatever the day."""
    polled, pushed, replay = Polled(), Pushed(), Pushed("replay")
    sources = {
        "polled": Connected(polled),
        "pushed": Connected(pushed),
        "replay": Connected(replay, live=False),
    }
    events = [event("over", -30), event("coming", 30)]
    collector = Collector(events, sources, archive, now=lambda: float(NOW))
    collect_for_a_moment(collector, lambda: replay.opened == 1)
    assert polled.asked == []
    assert pushed.opened == 0
    details = dict(rows(archive, "SELECT event, detail FROM places WHERE source = 'polled'"))
    assert details == {
        "over": "the collection window ended 3 Mar 2017",
        "coming": "the collection window begins 28 Apr 2017",
    }
    assert lamps(archive)["pushed", "hose", "over"] == "outside"


def test_only_events_inside_their_window_are_asked_for(archive: Archive) -> None:
    """One source serves two events, of which one is over."""
    polled = Polled()
    events = [event(), event("over", -30)]
    collector = Collector(events, {"polled": Connected(polled)}, archive, now=lambda: float(NOW))
    asyncio.run(collector.once())
    assert [place.hashtag for place in polled.asked] == ["natsec17"]
    assert lamps(archive) == {
        ("polled", "town", "natsec17"): "collecting",
        ("polled", "town", "over"): "outside",
    }


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (UnreachableError("no answer"), "unreachable"),
        (DeniedError("a token is needed"), "denied"),
        (RateLimitedError("slow down", 600.0), "rate-limited"),
    ],
)
def test_one_servers_failure_leaves_the_others_alone(
    archive: Archive, error: SourceError, state: str
) -> None:
    """Its lamp says why and when it is tried again."""
    polled = Polled("good", "bad", bad=error)
    collector = Collector([event()], {"polled": Connected(polled)}, archive, now=lambda: float(NOW))
    reports = asyncio.run(collector.once())
    assert {report.place.instance: report.state for report in reports} == {
        "good": "ok", "bad": "failed",
    }  # fmt: skip
    assert lamps(archive) == {
        ("polled", "good", "natsec17"): "collecting",
        ("polled", "bad", "natsec17"): state,
    }
    ((detail, attempt),) = rows(
        archive, "SELECT detail, next_attempt_at FROM places WHERE instance = 'bad'"
    )
    assert detail == str(error)
    wait = error.retry_after if isinstance(error, RateLimitedError) else 30
    assert attempt == NOW + wait


def test_a_failing_server_is_asked_for_one_hashtag_only(archive: Archive) -> None:
    """The others would meet the same failure."""
    polled = Polled("bad", bad=UnreachableError("no answer"))
    events = [event("one"), event("two")]
    collector = Collector(events, {"polled": Connected(polled)}, archive, now=lambda: float(NOW))
    asyncio.run(collector.once())
    assert len(polled.asked) == 1
    assert set(lamps(archive).values()) == {"unreachable"}


def test_a_source_that_cannot_be_set_up_says_why(archive: Archive) -> None:
    """A missing token is one source's matter."""
    polled = Polled()
    collector = Collector(
        [event()], {"polled": Connected(polled)}, archive,
        failed={"other": "sources.other: the variable TOKEN is empty"}, now=lambda: float(NOW),
    )  # fmt: skip
    asyncio.run(collector.once())
    assert lamps(archive)["other", "", "natsec17"] == "denied"
    assert len(polled.asked) == 1


def test_lamps_of_what_is_gone_from_the_configuration_go_off(archive: Archive) -> None:
    """A server taken away, or an event."""
    for source in (Polled("old", "kept"), Polled("kept")):
        collector = Collector(
            [event()], {"polled": Connected(source)}, archive, now=lambda: float(NOW)
        )
        asyncio.run(collector.once())
    assert lamps(archive) == {
        ("polled", "old", "natsec17"): "off",
        ("polled", "kept", "natsec17"): "collecting",
    }


def test_the_collectors_absence_is_a_gap_until_it_is_made_good(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For live places that were collected before; the next whole run fills it."""
    monkeypatch.setattr("hashwatch.schedule.STREAM_ONCE", 0.05)
    polled, replay = Polled(), Pushed("replay")
    sources = {"polled": Connected(polled), "replay": Connected(replay, live=False)}
    asyncio.run(Collector([event()], sources, archive, now=lambda: float(NOW)).once())
    sql = "SELECT source, start, end, reason, filled_at FROM gaps"
    assert rows(archive, sql) == []
    later = NOW + 7_200
    asyncio.run(Collector([event()], sources, archive, now=lambda: float(later)).once())
    assert rows(archive, sql) == [("polled", NOW, later, ABSENT, later)]


def test_an_absence_after_a_poll_is_filled_by_the_next_one(archive: Archive) -> None:
    """Though the poll came after the last sign of life: what it read is missing of nothing."""
    clock = [float(NOW)]
    collector = Collector([event()], {"polled": Connected(Polled())}, archive, now=lambda: clock[0])

    async def be_away() -> None:
        await collector.once()
        clock[0] += 4
        await collector.once()
        archive.beat("collector", NOW)
        collector._last_beat = NOW
        clock[0] += 3_600
        await collector._beat()
        await collector.once()

    asyncio.run(be_away())
    found = rows(archive, "SELECT start, end, reason, filled_at IS NOT NULL FROM gaps")
    assert found == [(NOW + 4, NOW + 3_604, ABSENT, 1)]


def test_a_short_absence_is_none(archive: Archive) -> None:
    """A restart loses nothing."""
    for now in (NOW, NOW + 50):
        collector = Collector(
            [event()], {"polled": Connected(Polled())}, archive, now=lambda now=now: float(now)
        )
        asyncio.run(collector.once())
    assert rows(archive, "SELECT count(*) FROM gaps") == [(0,)]


def test_a_machine_that_slept_leaves_a_gap_and_opens_its_streams_anew(archive: Archive) -> None:
    """The heartbeat finds that the wall clock has gone on without it."""
    pushed, clock = Pushed(), [float(NOW)]
    collector = Collector([event()], {"pushed": Connected(pushed)}, archive, now=lambda: clock[0])

    async def sleep_and_wake() -> None:
        clock[0] += 3_600
        await collector._beat()
        assert pushed.open == 0

    collect_for_a_moment(
        collector, lambda: archive.cursor(PlaceKey("pushed", "hose")) is not None, sleep_and_wake
    )
    assert rows(archive, "SELECT start, end, reason FROM gaps") == [(NOW, NOW + 3_600, ABSENT)]


def test_runs_that_a_killed_collector_left_open_are_closed(archive: Archive) -> None:
    """As failed."""
    archive.begin_run(PlaceKey("polled", "town", "natsec17"), NOW - 100)
    asyncio.run(
        Collector(
            [event()], {"polled": Connected(Polled())}, archive, now=lambda: float(NOW)
        ).once()
    )
    assert rows(archive, "SELECT state FROM runs ORDER BY id") == [("failed",), ("ok",)]


def test_an_archive_that_cannot_be_written_is_tried_again(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The collector goes on; a damaged one ends it."""

    def refuse(*_: object, **__: object) -> None:
        raise ArchiveError("the disk is full")

    polled = Polled()
    collector = Collector([event()], {"polled": Connected(polled)}, archive, now=lambda: float(NOW))
    monkeypatch.setattr(archive, "store", refuse)
    collect_for_a_moment(collector, lambda: "the disk is full" in caplog.text)

    def damaged(*_: object, **__: object) -> None:
        raise DamagedError("the file is damaged")

    monkeypatch.setattr(archive, "store", damaged)
    collector = Collector([event()], {"polled": Connected(polled)}, archive, now=lambda: float(NOW))
    with pytest.raises(DamagedError):
        collect_for_a_moment(collector, lambda: False)


def test_the_question_is_the_union_of_the_events() -> None:
    """Hashtags and accounts folded and taken once, the window from first to last."""
    query = query_for([event("one"), event("two", 5)], NOW)
    assert query.hashtags == ("one", "two")
    assert query.accounts == ("ada@town.example",)
    assert (query.since, query.until) == (NOW - 2 * DAY, NOW + 7 * DAY)


def test_a_place_is_for_the_events_that_name_it() -> None:
    """By hashtag or by account; one that carries everything is for all."""
    one = event("one")
    two = msgspec.structs.replace(event("two"), accounts=("@Bo@town.example",))
    of = {
        hashtag: [e.slug for e in events_of(Place("mastodon", "town.example", hashtag), (one, two))]
        for hashtag in ("two", "@bo@town.example", "@ada@town.example", "")
    }
    assert of == {
        "two": [two.slug],
        "@bo@town.example": [two.slug],
        "@ada@town.example": [one.slug],
        "": [one.slug, two.slug],
    }


def test_the_last_day_of_a_window_is_named_in_the_events_zone() -> None:
    """The window's end is exclusive."""
    assert why_outside(event(), NOW + 10 * DAY) == "the collection window ended 2 Apr 2017"


@pytest.mark.parametrize("jump", [7_200, -7_200])
def test_after_a_jump_of_the_clock_everything_is_asked_at_once(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    """Forward or back, summer time or a sleep; no job waits for an hour that will not come."""
    monkeypatch.setattr("hashwatch.schedule.BEAT_SECONDS", 0.02)
    polled, clock = Polled(), [float(NOW)]
    collector = Collector([event()], {"polled": Connected(polled)}, archive, now=lambda: clock[0])

    async def jump_and_wait() -> None:
        clock[0] += jump
        async with asyncio.timeout(10):  # the interval would be 15 s
            while len(polled.asked) < 2:
                await asyncio.sleep(0.01)

    collect_for_a_moment(collector, lambda: len(polled.asked) == 1, jump_and_wait)
