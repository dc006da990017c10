"""The Bluesky source against Bluesky's own PDS, an independent server.

What people write, edit and delete there comes by its event stream, brought into Jetstream's form,
to the collector, into the archive and onto the dashboard. The PDS is installed from npm once; where
it cannot be had, the reason is said.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bluesky_pds.bridge import bridged
from bluesky_pds.directory import Directory
from bluesky_pds.server import AbsentError, Pds, Person, installed
from fake_platform.jetstream import FakeJetstream, Faults
from hashwatch.collect.http import Http
from hashwatch.collect.sources.bluesky.session import Session
from hashwatch.config import parse_config
from hashwatch.errors import DeniedError
from hashwatch.publish.publisher import Publisher
from hashwatch.schedule.starting import collect_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
SOON = 20.0


@pytest.fixture(scope="module")
def packages() -> Path:
    """The PDS, installed."""
    try:
        return installed()
    except AbsentError as error:
        pytest.skip(f"Bluesky's PDS is not here: {error}")


@pytest.fixture
def pds(packages: Path, tmp_path: Path) -> Iterator[Pds]:
    """A PDS of this test's own."""
    try:
        with Directory() as directory, Pds(packages, tmp_path / "pds", directory.url) as server:
            yield server
    except AbsentError as error:
        pytest.skip(str(error))


class Watched:
    """The archive and the dashboard of an event, collected from a Jetstream."""

    def __init__(self, folder: Path, jetstream: FakeJetstream, version: int) -> None:
        self.archive, self.dashboard = folder / "archive.db", folder / "dashboard.db"
        text = f"""
[[event]]
slug = "fair"
title = "Fair"
hashtags = ["TownFair"]
timezone = "UTC"
starts = 2020-01-01
ends = 2090-01-01
[sources.bluesky]
version = {version}
endpoints = ["{jetstream.url}"]
allow_loopback = true
"""
        self.config = parse_config(text, folder / "config.toml")

    @asynccontextmanager
    async def collected(self) -> AsyncIterator[None]:
        """The collector at work."""
        stop = asyncio.Event()
        work = asyncio.create_task(collect_until(self.config, self.archive, stop))
        try:
            yield
        finally:
            stop.set()
            await work

    def texts(self) -> list[str]:
        """What the archive holds."""
        with closing(sqlite3.connect(self.archive)) as archive:
            return sorted(row[0] for row in archive.execute("SELECT text FROM posts"))

    async def holds(self, *texts: str) -> None:
        """Waits until the archive holds these texts and no other."""
        await until(lambda: self.texts() == sorted(texts), self.texts)

    def shown(self) -> list[tuple[str, str, str]]:
        """Text, kind and author of what is on the dashboard, once it has caught up."""
        with Publisher(self.archive, self.dashboard, self.config.events, "textblob") as publisher:
            publisher.catch_up()
        with closing(sqlite3.connect(self.dashboard)) as dashboard:
            return sorted(
                dashboard.execute(
                    "SELECT text, kind, handle FROM posts JOIN authors ON authors.id = author_id"
                )
            )


async def until(condition: Callable[[], bool], seen: Callable[[], object]) -> None:
    """Waits for what is to come soon; says what was there instead."""
    deadline = time.monotonic() + SOON
    while True:
        with suppress(sqlite3.OperationalError):  # before the archive is made
            if condition():
                return
        assert time.monotonic() < deadline, seen()
        await asyncio.sleep(0.05)


def day(
    pds: Pds, folder: Path, version: int, job: Callable[[Watched, Person, Person], Any]
) -> FakeJetstream:
    """Two people, the bridge and the collector; then ``await job(watched, ann, ben)``."""
    ann, ben = pds.join("ann"), pds.join("ben")

    async def all_of_it() -> FakeJetstream:
        async with FakeJetstream() as jetstream, bridged(pds.url, jetstream):
            watched = Watched(folder, jetstream, version)
            async with watched.collected():
                await until(lambda: len(jetstream.asked) > 0, lambda: "nobody came")
                await job(watched, ann, ben)
            return jetstream

    return asyncio.run(all_of_it())


@pytest.mark.parametrize("version", [1, 2])
def test_what_is_done_there_is_seen_here(pds: Pds, tmp_path: Path, version: int) -> None:
    """Written, edited, deleted; with the handle, and without what has not the hashtag."""

    async def job(watched: Watched, ann: Person, ben: Person) -> None:
        do = asyncio.to_thread
        wall = "The sea wall is not a plan — Ünïcode 🌊 #TownFair"
        first = await do(ann.post, wall)
        await do(ben.post, "Nothing about it #elsewhere")
        thread = {"root": first, "parent": first}
        await do(ben.post, "Nor is a brochure #townfair", reply=thread)
        await watched.holds(wall, "Nor is a brochure #townfair")
        assert watched.shown() == [
            ("Nor is a brochure #townfair", "reply", "ben.test"), (wall, "post", "ann.test"),
        ]  # fmt: skip
        await do(ann.edit, first, "A sea wall is half a plan #TownFair")
        await watched.holds("A sea wall is half a plan #TownFair", "Nor is a brochure #townfair")
        second = await do(ann.post, "To be taken back #TownFair")
        await until(lambda: "To be taken back #TownFair" in watched.texts(), watched.texts)
        await do(ann.delete, second)
        await watched.holds("A sea wall is half a plan #TownFair", "Nor is a brochure #townfair")
        assert [row[0] for row in watched.shown()] == watched.texts()

    day(pds, tmp_path, version, job)


def test_an_account_that_is_deleted_takes_its_posts_along(pds: Pds, tmp_path: Path) -> None:
    """Whoever only rests keeps them."""

    async def job(watched: Watched, ann: Person, ben: Person) -> None:
        do = asyncio.to_thread
        await do(ann.post, "Here today #TownFair")
        await do(ben.post, "Here for long #TownFair")
        await watched.holds("Here today #TownFair", "Here for long #TownFair")
        await do(ben.call, "com.atproto.server.deactivateAccount")
        await do(pds.expel, ann)
        await watched.holds("Here for long #TownFair")
        assert watched.shown() == [("Here for long #TownFair", "post", "ben.test")]

    day(pds, tmp_path, 1, job)


def test_nothing_is_lost_while_the_collector_is_away(pds: Pds, tmp_path: Path) -> None:
    """Nor where a connection is cut in the midst of an event: it goes on at its cursor."""
    ann = pds.join("ann")

    async def all_of_it() -> None:
        do = asyncio.to_thread
        cut = Faults(drop_after=[0])
        async with FakeJetstream(faults=cut) as jetstream, bridged(pds.url, jetstream):
            watched = Watched(tmp_path, jetstream, 1)
            async with watched.collected():
                await until(lambda: len(jetstream.asked) > 0, lambda: "nobody came")
                first = await do(ann.post, "Before #TownFair")
                await watched.holds("Before #TownFair")
            await do(ann.post, "Meanwhile #TownFair")
            await do(ann.delete, first)
            async with watched.collected():
                await watched.holds("Meanwhile #TownFair")
            assert jetstream.fired["dropped"] == 1
            assert any("cursor" in query for _, query in jetstream.asked)

    asyncio.run(all_of_it())


def test_a_session_is_opened_and_renewed(pds: Pds) -> None:
    """With an app password that this server made, as the search opens it."""
    ann = pds.join("ann")
    made = ann.call("com.atproto.server.createAppPassword", name="hashwatch")

    async def all_of_it() -> None:
        http = Http()
        http.permit_loopback(pds.url)
        try:
            session = Session(http, pds.url, ann.handle, made["password"])
            answer = await session.get("com.atproto.server.getSession", {})
            assert msgspec.json.decode(answer)["did"] == ann.did
            held = session._tokens
            assert held is not None
            session._tokens = msgspec.structs.replace(held, access=held.refresh)
            again = await session.get("com.atproto.server.getSession", {})
            assert msgspec.json.decode(again)["did"] == ann.did
            assert len(session._opened) == 1, "renewed, not opened again"
            with pytest.raises(DeniedError, match="is the app password right"):
                await Session(http, pds.url, ann.handle, "wrong").get("x", {})
        finally:
            await http.close()

    asyncio.run(all_of_it())
