"""Mastodon's streams: what they bring, how they end, and that they and polls make one archive."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_platform.mastodon import FakeMastodon
from fake_platform.mastodon_stream import TOKEN, FakeStream
from fake_platform.statuses import status
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect import OUTAGE, STREAM_DOWN
from hashwatch.collect.http import Http
from hashwatch.collect.source import Pace, Place, Query, StreamedSource
from hashwatch.collect.sources.mastodon import Mastodon, Settings, connect
from hashwatch.collect.sources.mastodon.streaming import Event, page_of, read_frame
from hashwatch.collect.streaming import REFUSED_DELAY, supervise
from hashwatch.errors import BadAnswerError, DeniedError, NotFoundError, UnreachableError
from hashwatch.model import Event as Conference
from hashwatch.model import Page
from hashwatch.schedule import Collector, Connected
from hashwatch.schedule.lamps import Lamps
from hashwatch.schedule.polls import Poller

AT = 1_490_961_600
DAY = 86_400
QUERY = Query(("natsec17",), (), AT - DAY, AT + DAY, AT)
EVENT = Conference(
    "natsec17", "NATSEC17", ("natsec17",), "Europe/London", AT - DAY, AT + DAY, AT - DAY, AT + DAY
)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


def rows(archive: Archive, sql: str) -> list[Any]:
    """What another connection sees; single columns bare."""
    with closing(sqlite3.connect(archive.path)) as connection:
        found = connection.execute(sql).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    """The token, in the environment."""
    monkeypatch.setenv("HOME_TOKEN", TOKEN)
    return "HOME_TOKEN"


@asynccontextmanager
async def connected(mastodon: FakeMastodon, how: str = "auto") -> AsyncIterator[Mastodon]:
    """The source, with streams."""
    http = Http(deadline=5)
    mastodon.home = mastodon.url
    table = {"host": mastodon.url, "token_env": "HOME_TOKEN", "stream": how}
    try:
        source = connect(Settings.model_validate({"servers": [table]}), http)
        assert isinstance(source, StreamedSource)
        yield source
    finally:
        await http.close()


def streaming(
    mastodon: FakeMastodon,
    job: Callable[[FakeStream, Mastodon], Awaitable[None]],
    how: str = "auto",
) -> None:
    """Runs ``job`` beside a streaming server that ``mastodon`` advertises."""

    async def run() -> None:
        async with FakeStream() as stream, connected(mastodon, how) as source:
            mastodon.streaming = stream.lines_url if how == "sse" else stream.socket_url
            await job(stream, source)

    asyncio.run(run())


def pages_of(source: Mastodon, instance: str) -> AsyncGenerator[Page, None]:
    """What the hashtag's stream brings."""
    assert source.beside is not None
    (place,) = source.beside.places(QUERY)
    assert place == Place("mastodon", instance, "~natsec17")
    return cast(AsyncGenerator[Page, None], source.beside.stream(place, None, QUERY))


# --- what events say


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_a_frame_is_an_event_or_refused(frame: bytes) -> None:
    """Whatever comes: nothing else is raised."""
    try:
        event = read_frame(frame)
    except ValueError:
        return
    assert isinstance(page_of([event], "town.example"), Page)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["update", "status.update", "delete", "filters_changed"]),
            st.text(max_size=40),
        )
    )
)
def test_no_payload_breaks_a_page(events: list[tuple[str, str]]) -> None:
    """What cannot be read is rejected, the rest goes on."""
    good = Event("update", json.dumps(status("7", "Hello", AT, ("natsec17",))))
    page = page_of([Event(*each) for each in events] + [good], "social.example")
    assert [post.text for post in page.posts if post.local_id == "7"] == ["Hello #natsec17"]


def test_the_last_state_of_a_post_stands() -> None:
    """Of one that came and was edited within the same moment."""
    first = status("7", "Helo", AT, ("natsec17",))
    page = page_of(
        [
            Event("update", json.dumps(first)),
            Event("status.update", json.dumps(first | {"content": "<p>Hello</p>"})),
            Event("delete", " 9 "),
        ],
        "social.example",
    )
    assert [post.text for post in page.posts] == ["Hello"]
    assert page.gone == ("9",)


# --- against a server


@pytest.mark.parametrize("how", ["websocket", "sse"])
def test_what_is_posted_edited_and_deleted_comes_at_once(
    mastodon: FakeMastodon, archive: Archive, token: str, how: str
) -> None:
    """By either way; what is deleted there goes here, with all that was kept of it."""
    assert token

    async def job(stream: FakeStream, source: Mastodon) -> None:
        place = Place("mastodon", mastodon.instance, "~natsec17")
        key = PlaceKey("mastodon", mastodon.instance, place.hashtag)
        run = archive.begin_run(key, AT)
        pages = pages_of(source, mastodon.instance)
        assert await anext(pages) == Page()  # it stands
        assert source.is_pushed(mastodon.instance)
        ((path, tag, authorisation),) = stream.asked
        assert path == f"/api/v1/streaming{'/hashtag' if how == 'sse' else ''}"
        assert (tag, authorisation) == ("natsec17", f"Bearer {TOKEN}")
        one, two = mastodon.post("one", AT), mastodon.post("two", AT + 1)
        await stream.push("update", mastodon.statuses[int(one)])
        archive.store(await anext(pages), run, key, AT + 2)
        mastodon.edit(one, "one, better", AT + 3)
        await stream.push("status.update", mastodon.statuses[int(one)])
        archive.store(await anext(pages), run, key, AT + 4)
        await stream.push("update", mastodon.statuses[int(two)])
        archive.store(await anext(pages), run, key, AT + 5)
        assert rows(archive, "SELECT text FROM posts ORDER BY id") == [
            "one, better", "two #natsec17",
        ]  # fmt: skip
        assert rows(archive, "SELECT text FROM versions") == ["one #natsec17"]
        await stream.push("delete", one)
        await stream.push("delete", "404")  # of a post that never came
        stored = archive.store(await anext(pages), run, key, AT + 6)
        assert stored.deleted == 1
        assert rows(archive, "SELECT text FROM posts") == ["two #natsec17"]
        assert rows(archive, "SELECT count(*) FROM versions") == [0]
        await pages.aclose()
        assert not source.is_pushed(mastodon.instance)

    streaming(mastodon, job, how)


def test_a_stream_that_ends_says_so(mastodon: FakeMastodon, token: str) -> None:
    """After all that came before has been given."""
    assert token

    async def job(stream: FakeStream, source: Mastodon) -> None:
        pages = pages_of(source, mastodon.instance)
        await anext(pages)
        await stream.push("update", status("7", "last words", AT, ("natsec17",)))
        await stream.cut()
        page = await anext(pages)
        assert [post.local_id for post in page.posts] == ["7"]
        with pytest.raises(UnreachableError, match="stream"):
            await anext(pages)
        assert stream.fired["cut"] == 1
        assert not source.is_pushed(mastodon.instance)

    for how in ("websocket", "sse"):
        streaming(mastodon, job, how)


@pytest.mark.parametrize(
    ("statuses", "how", "error"),
    [
        ([401], "auto", DeniedError),
        ([403], "websocket", DeniedError),
        ([404], "websocket", NotFoundError),
        ([503], "auto", UnreachableError),
        ([403], "sse", DeniedError),
        ([503], "sse", UnreachableError),
    ],
)
def test_refusals(
    mastodon: FakeMastodon, token: str, statuses: list[int], how: str, error: type[Exception]
) -> None:
    """Each is what it says; a token that streams nothing is told from a server that is down."""
    assert token

    async def job(stream: FakeStream, source: Mastodon) -> None:
        stream.refuse = [*statuses]
        with pytest.raises(error):
            await anext(pages_of(source, mastodon.instance))
        assert stream.fired[f"refused with {statuses[0]}"] == 1

    streaming(mastodon, job, how)


def test_a_server_without_websockets_is_read_by_lines(mastodon: FakeMastodon, token: str) -> None:
    """Unless it was told otherwise."""
    assert token

    async def job(stream: FakeStream, source: Mastodon) -> None:
        mastodon.streaming = stream.lines_url
        stream.refuse = [404]
        pages = pages_of(source, mastodon.instance)
        assert await anext(pages) == Page()
        assert [path for path, *_ in stream.asked] == [
            "/api/v1/streaming", "/api/v1/streaming/hashtag",
        ]  # fmt: skip
        await pages.aclose()

    streaming(mastodon, job)


@pytest.mark.parametrize("said", [b"not json", b"[]", b'{"event": 5}', b"\xff\xfe"])
def test_rubbish_ends_the_stream(mastodon: FakeMastodon, token: str, said: bytes) -> None:
    """And it is opened again."""
    assert token

    async def job(stream: FakeStream, source: Mastodon) -> None:
        pages = pages_of(source, mastodon.instance)
        await anext(pages)
        await stream.send(said)
        with pytest.raises((BadAnswerError, UnreachableError)):
            await anext(pages)

    streaming(mastodon, job, "websocket")


def test_the_token_goes_nowhere_else(
    mastodon: FakeMastodon, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not to an address without TLS, and into no log or error."""
    assert token
    caplog.set_level(logging.DEBUG)

    async def job(stream: FakeStream, source: Mastodon) -> None:
        mastodon.streaming = "http://streams.example"
        servers = source._stream._servers
        assert isinstance(servers, dict)
        servers[mastodon.instance] = msgspec.structs.replace(
            servers[mastodon.instance], allow_loopback=False
        )
        with pytest.raises(BadAnswerError, match="not secure"):
            await anext(pages_of(source, mastodon.instance))
        assert stream.asked == []

    streaming(mastodon, job)
    assert TOKEN not in caplog.text


def test_a_server_without_a_token_is_polled_only(mastodon: FakeMastodon) -> None:
    """Mastodon streams to people only."""
    http = Http()
    source = connect(Settings.model_validate({"servers": [mastodon.url]}), http)
    assert source.beside is None
    assert not source.is_pushed(mastodon.instance)
    asyncio.run(http.close())


# --- beside polls


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
