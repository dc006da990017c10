"""Streams beside polls: one archive, nothing twice, nothing missing, and who is believed."""

from __future__ import annotations

import asyncio
import json

import pytest

from collect.rounds import rows
from collect.streams import AT, DAY, EVENT, QUERY, pages_of, streaming
from fake_platform.mastodon import FakeMastodon
from fake_platform.mastodon_stream import FakeStream
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect import OUTAGE
from hashwatch.collect.source import STREAM_DOWN, Pace
from hashwatch.collect.sources.mastodon import Mastodon
from hashwatch.collect.sources.mastodon.streaming import Event, page_of
from hashwatch.collect.streaming import REFUSED_DELAY, supervise
from hashwatch.errors import UnreachableError
from hashwatch.model import Page
from hashwatch.schedule import Collector, Connected
from hashwatch.schedule.lamps import Lamps
from hashwatch.schedule.polls import Poller


async def until(archive: Archive, condition: str) -> None:
    """Waits until a question is answered with something that is not nothing."""
    async with asyncio.timeout(20):
        while not rows(archive, condition)[0]:
            await asyncio.sleep(0.02)


def test_stream_and_polls_make_one_archive(
    mastodon: FakeMastodon, archive: Archive, token: str
) -> None:
    """Nothing twice, whichever brings it first; what the stream missed the poll brings."""
    assert token
    before = mastodon.post("before", AT - 100)

    async def job(stream: FakeStream, source: Mastodon) -> None:
        collector = Collector(
            [EVENT], {"mastodon": Connected(source)}, archive, now=lambda: float(AT)
        )
        stop = asyncio.Event()
        running = asyncio.create_task(collector.run(stop))
        await stream.listeners(1)
        await until(archive, "SELECT count(*) FROM posts")
        await stream.push("update", mastodon.statuses[int(before)])
        streamed = mastodon.post("streamed", AT)
        await stream.push("update", mastodon.statuses[int(streamed)])
        await until(archive, "SELECT count(*) = 2 FROM posts")
        mastodon.post("missed by the stream", AT + 1)
        stop.set()
        await running
        await collector.once()

    streaming(mastodon, job)
    assert rows(archive, "SELECT text FROM posts ORDER BY id") == [
        "before #natsec17", "streamed #natsec17", "missed by the stream #natsec17",
    ]  # fmt: skip
    assert rows(archive, "SELECT count(*) FROM sightings") == [3]
    assert "~natsec17" in rows(archive, "SELECT hashtag FROM runs")


def test_polls_are_slower_while_the_stream_is_open(
    mastodon: FakeMastodon, archive: Archive, token: str
) -> None:
    """Even while sessions run; as quick as ever once it is down."""
    assert token

    async def job(stream: FakeStream, source: Mastodon) -> None:
        source.pace = Pace(15, 120, 6_000)
        lamps = Lamps(archive, [EVENT], lambda: float(AT))
        poller = Poller(source, mastodon.instance, archive, lamps, lambda: float(AT))
        await poller.poll([EVENT])
        assert poller.interval == 15
        pages = pages_of(source, mastodon.instance)
        await anext(pages)
        await poller.poll([EVENT])
        assert poller.interval == 120
        await stream.cut()
        with pytest.raises(UnreachableError):
            await anext(pages)
        await poller.poll([EVENT])
        assert poller.interval == 15

    streaming(mastodon, job)


def test_an_outage_of_the_stream_is_a_gap_until_it_is_polled(
    mastodon: FakeMastodon, archive: Archive, token: str
) -> None:
    """The lamp says that the server is polled only, and nothing stays missing."""
    assert token
    wall = [float(AT)]
    waits: list[float] = []

    async def job(stream: FakeStream, source: Mastodon) -> None:
        assert source.beside is not None
        (place,) = source.beside.places(QUERY)
        told: list[str] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            wall[0] += OUTAGE + 1
            if len(waits) == 3:
                raise asyncio.CancelledError

        stream.refuse = [None, 503, 403]
        keeping = asyncio.create_task(
            supervise(
                source.beside, place, archive, QUERY,
                now=lambda: wall[0], tell=lambda _, standing: told.append(standing.state),
                gap_reason=STREAM_DOWN, sleep=sleep, random_share=lambda: 1.0,
            )
        )  # fmt: skip
        await stream.listeners(1)
        await until(archive, "SELECT count(*) FROM runs")
        await asyncio.sleep(0.05)
        await stream.cut()
        with pytest.raises(asyncio.CancelledError):
            await keeping
        assert (stream.fired["refused with 503"], stream.fired["refused with 403"]) == (1, 1)
        assert told == ["collecting", "unreachable", "unreachable", "denied"]
        gap = "SELECT hashtag, reason, filled_at IS NULL FROM gaps"
        assert rows(archive, gap) == [("natsec17", STREAM_DOWN, 1)]
        mastodon.post("meanwhile", AT + 30)
        wall[0] += 60
        collector = Collector(
            [EVENT], {"mastodon": Connected(source)}, archive, now=lambda: wall[0]
        )
        await collector.once()
        assert rows(archive, gap) == [("natsec17", STREAM_DOWN, 0)]
        assert rows(archive, "SELECT text FROM posts") == ["meanwhile #natsec17"]

    streaming(mastodon, job)
    assert waits[2] == REFUSED_DELAY  # a refusal is not asked about every minute
    assert waits[1] <= 2


# --- deletions by what a server calls a post


def stored(archive: Archive, server: FakeMastodon, at: int = AT) -> PlaceKey:
    """Everything that a server has."""
    key = PlaceKey("mastodon", server.instance, "natsec17")
    page = page_of(
        [Event("update", json.dumps(each)) for each in server.statuses.values()], server.instance
    )
    archive.store(page, archive.begin_run(key, at), key, at)
    return key


def test_another_server_is_believed_unless_the_authors_own_is_asked(archive: Archive) -> None:
    """Its moderators delete what lives on; the author's own server is asked next, and decides."""
    with FakeMastodon() as home, FakeMastodon() as elsewhere:
        home.home = home.url
        both = home.post("on both", AT)
        single = home.post("not shown by its own", AT + 1)
        copies = [elsewhere.receive(home.statuses[int(one)], AT + 5) for one in (both, single)]
        at_home = dict(home.statuses)
        del home.statuses[int(single)]
        home_key, key = stored(archive, home), stored(archive, elsewhere)
        home.statuses = at_home
        run = archive.begin_run(key, AT + 9)
        done = archive.store(Page(gone=tuple(copies)), run, key, AT + 9)
        assert done.deleted == 1
        assert rows(archive, "SELECT text FROM posts") == ["on both #natsec17"]
        asked = {"since": 0, "recent": AT + DAY, "checked_before": 1, "most": 9}
        (due,) = archive.known_posts(home_key, **asked)
        assert due.local_id == both
        assert archive.known_posts(key, **asked) == []
