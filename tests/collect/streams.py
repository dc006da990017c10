"""A Mastodon source with streams, beside a server that streams what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

from fake_platform.mastodon import FakeMastodon
from fake_platform.mastodon_stream import FakeStream
from hashwatch.collect.http import Http
from hashwatch.collect.source import Place, Query, StreamedSource
from hashwatch.collect.sources.mastodon import Mastodon, Settings, connect
from hashwatch.model import Event, Page

AT = 1_490_961_600
DAY = 86_400
QUERY = Query(("natsec17",), (), AT - DAY, AT + DAY, AT)
EVENT = Event(
    "natsec17", "NATSEC17", ("natsec17",), "Europe/London", AT - DAY, AT + DAY, AT - DAY, AT + DAY
)


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
