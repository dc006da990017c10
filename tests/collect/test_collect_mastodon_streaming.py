"""Mastodon's streams: what they bring, and how they end."""

from __future__ import annotations

import asyncio
import json
import logging

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collect.rounds import rows
from collect.streams import AT, pages_of, streaming
from fake_platform.mastodon import FakeMastodon
from fake_platform.mastodon_stream import TOKEN, FakeStream
from fake_platform.statuses import status
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect.http import Http
from hashwatch.collect.source import Place
from hashwatch.collect.sources.mastodon import Mastodon, Settings, connect
from hashwatch.collect.sources.mastodon.streaming import Event, page_of, read_frame
from hashwatch.errors import BadAnswerError, DeniedError, NotFoundError, UnreachableError
from hashwatch.model import Page

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


def test_every_state_of_a_post_is_there() -> None:
    """Of one that came and was edited within the same moment: the archive keeps both."""
    first = status("7", "Helo", AT, ("natsec17",))
    page = page_of(
        [
            Event("update", json.dumps(first)),
            Event("status.update", json.dumps(first | {"content": "<p>Hello</p>"})),
            Event("delete", " 9 "),
        ],
        "social.example",
    )
    assert [post.text for post in page.posts] == ["Helo #natsec17", "Hello"]
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
