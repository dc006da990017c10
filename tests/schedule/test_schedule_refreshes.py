"""Known posts are asked for again beside the polls, within the budget of their server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_platform.mastodon import FakeMastodon, Fault
from hashwatch.archive.store import Archive
from hashwatch.collect.http import Http
from hashwatch.collect.sources.mastodon import Settings, connect
from hashwatch.model import Event, RunState
from hashwatch.schedule import Collector, Connected
from hashwatch.schedule.intervals import LONGEST_BACKOFF, Budget
from hashwatch.schedule.refreshes import ROUND_SECONDS, Refresher

NOW = 1_490_950_800
DAY = 86_400
EVENT = Event(
    "natsec17", "NATSEC17", ("NATSEC17",), "Europe/London", NOW - DAY, NOW + DAY,
    NOW - 2 * DAY, NOW + 2 * DAY,
)  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


@pytest.fixture
def mastodon() -> Iterator[FakeMastodon]:
    """A server that posts are written on."""
    with FakeMastodon() as server:
        server.home = server.url
        yield server


def test_a_round_asks_again_within_its_window(archive: Archive, mastodon: FakeMastodon) -> None:
    """``collect --once`` brings what is new, then what is due; outside the window nothing."""
    wall = [float(NOW)]
    gone = mastodon.post("goes", NOW - 50)

    async def rounds() -> None:
        http = Http(deadline=5)
        source = connect(Settings.model_validate({"servers": [mastodon.url]}), http)
        collector = Collector(
            [EVENT], {"mastodon": Connected(source)}, archive, now=lambda: wall[0]
        )
        try:
            (report,) = await collector.once()
            assert (report.place.what, report.stored.new) == ("#natsec17", 1)
            mastodon.delete(gone)
            wall[0] += 600
            polled, refreshed = await collector.once()
            assert (polled.state, refreshed.state) == (RunState.OK, RunState.OK)
            assert (refreshed.place.what, refreshed.stored.deleted) == ("known posts", 1)
            asked = len(mastodon.asked)
            wall[0] += 5 * DAY
            (report,) = await collector.once()
            assert report.state is RunState.SKIPPED
            assert len(mastodon.asked) == asked
        finally:
            await http.close()

    asyncio.run(rounds())


def test_the_collector_asks_again_by_itself(archive: Archive, mastodon: FakeMastodon) -> None:
    """A job of its own beside the polls."""
    wall = [float(NOW)]
    gone = mastodon.post("goes", NOW - 50)

    async def until(condition: str) -> None:
        async with asyncio.timeout(10):
            while not archive._connection.execute(condition).fetchone()[0]:
                await asyncio.sleep(0.01)

    async def job() -> None:
        http = Http(deadline=5)
        source = connect(Settings.model_validate({"servers": [mastodon.url]}), http)
        try:
            connected = {"mastodon": Connected(source)}
            await Collector([EVENT], connected, archive, now=lambda: wall[0]).once()
            mastodon.delete(gone)
            wall[0] += 700
            stop = asyncio.Event()
            collector = Collector([EVENT], connected, archive, now=lambda: wall[0])
            running = asyncio.create_task(collector.run(stop))
            await until("SELECT count(*) FROM tombstones")
            stop.set()
            await running
        finally:
            await http.close()

    asyncio.run(job())


def test_new_posts_come_first(archive: Archive, mastodon: FakeMastodon) -> None:
    """A quarter of a server's requests at most, and each of them out of the common budget."""
    wall, slept = [float(NOW)], [0.0]
    for number in range(200):
        mastodon.post(f"{number}", NOW - 300 + number)

    async def sleep(seconds: float) -> None:
        slept[0] += seconds

    async def job() -> None:
        http = Http(deadline=5)
        source = connect(Settings.model_validate({"servers": [mastodon.url]}), http)
        budget = Budget(20, monotonic=lambda: slept[0], sleep=sleep)
        refresher = Refresher(source, mastodon.instance, archive, budget, lambda: wall[0])
        try:
            connected = {"mastodon": Connected(source)}
            await Collector([EVENT], connected, archive, now=lambda: wall[0]).once()
            wall[0] += 600
            for _ in range(18):
                await budget.take()  # a poll has spent almost all
            (report,) = await refresher.refresh([EVENT])
            assert (report.pages, report.stored.received) == (5, 100)
            assert slept[0] == pytest.approx(3 * 3.0)
            assert refresher.interval == ROUND_SECONDS
        finally:
            await http.close()

    asyncio.run(job())


def test_a_server_that_fails_is_left_alone_longer(archive: Archive, mastodon: FakeMastodon) -> None:
    """Twice as long each time, up to a limit; as long as it says where it says so."""
    wall = [float(NOW)]
    mastodon.post("stays", NOW - 50)

    async def job() -> None:
        http = Http(deadline=5)
        source = connect(Settings.model_validate({"servers": [mastodon.url]}), http)
        refresher = Refresher(source, mastodon.instance, archive, Budget(600), lambda: wall[0])
        try:
            connected = {"mastodon": Connected(source)}
            await Collector([EVENT], connected, archive, now=lambda: wall[0]).once()
            wall[0] += 600
            mastodon.faults = [Fault(status=503, times=6)]
            intervals = []
            for _ in range(6):
                await refresher.refresh([EVENT])
                intervals.append(refresher.interval)
            assert intervals == [120, 240, 480, 900, 900, LONGEST_BACKOFF]
            (report,) = await refresher.refresh([EVENT])
            assert (report.state, refresher.interval) == (RunState.OK, ROUND_SECONDS)
            wall[0] += 600
            mastodon.faults = [Fault(status=429, headers={"Retry-After": "500"})]
            await refresher.refresh([EVENT])
            assert refresher.interval == pytest.approx(500, abs=2)
            assert mastodon.fired["answer"] == 7
        finally:
            await http.close()

    asyncio.run(job())
