"""GoToSocial, Pleroma and Akkoma, Takahē: all that they have is collected, and followed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fake_platform.kin import FakeGoToSocial, FakePleroma, FakeTakahe, epoch_reset
from fake_platform.mastodon import FakeMastodon, Fault
from hashwatch.archive.store import Archive
from hashwatch.collect.http import Http
from hashwatch.collect.source import Pace
from hashwatch.collect.sources.mastodon import Mastodon, Settings, connect
from hashwatch.errors import DeniedError, RateLimitedError
from hashwatch.model import Event, RunState
from hashwatch.schedule import Collector, Connected

AT = 1_490_961_600
DAY = 86_400
KINDS = [FakeGoToSocial, FakePleroma, FakeTakahe]
EVENT = Event(
    "fair", "Fair", ("natsec17", "cyberparl"), "Europe/London", AT - DAY, AT + DAY,
    AT - 2 * DAY, AT + 2 * DAY,
)  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__.removeprefix("Fake"))
def server(request: pytest.FixtureRequest) -> Iterator[FakeMastodon]:
    """A server of each kind."""
    with request.param() as made:
        made.home = made.url
        yield made


def rows(archive: Archive, sql: str) -> list[Any]:
    """What another connection sees; single columns bare."""
    with closing(sqlite3.connect(archive.path)) as connection:
        found = connection.execute(sql).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


class Rounds:
    """A collector that is asked for one round after another."""

    def __init__(self, archive: Archive, source: Mastodon) -> None:
        self.wall = float(AT)
        source.pace = Pace(15, 120, 60_000)
        connected = {"mastodon": Connected(source)}
        self.collector = Collector([EVENT], connected, archive, now=lambda: self.wall)

    async def once(self, later: float = 0) -> list[Any]:
        """One round, so much later."""
        self.wall += later
        return await self.collector.once()


def going(
    server: FakeMastodon,
    archive: Archive,
    job: Callable[[Rounds], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
    token: str | None = "a-token",
) -> None:
    """Runs ``job`` against the server, with its token."""
    table = {"host": server.url, "stream": "off"}
    if token:
        monkeypatch.setenv("KIN_TOKEN", token)
        table["token_env"] = "KIN_TOKEN"

    async def run() -> None:
        http = Http(deadline=5)
        try:
            source = connect(Settings.model_validate({"servers": [table]}), http)
            await job(Rounds(archive, source))
        finally:
            await http.close()

    asyncio.run(run())


def test_everything_is_collected_and_followed(
    server: FakeMastodon, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Back to the window's start and forward, late posts, counts, edits and deletions."""
    gone = server.post("goes", AT - 60)
    liked = server.post("is liked", AT - 50)
    for number in range(48):
        tag = ("natsec17", "cyberparl")[number % 2]
        server.post(f"{number}", AT - 4_000 + number, tags=(tag,))

    async def job(rounds: Rounds) -> None:
        reports = await rounds.once()
        assert {report.state for report in reports} == {RunState.OK}
        assert rows(archive, "SELECT count(*) FROM posts") == [50]
        for number in range(45):
            server.post(f"new {number}", AT + number)
        server.post("late", AT - 3_000, id_at=AT - 30)
        await rounds.once(100)
        assert rows(archive, "SELECT count(*) FROM posts") == [96]
        server.delete(gone)
        server.statuses[server.number(liked)]["favourites_count"] = 9
        server.statuses[server.number(liked)]["content"] = "<p>is better</p>"
        await rounds.once(700)  # where several at once are refused, the next asks one by one
        await rounds.once(1)
        assert rows(archive, "SELECT count(*) FROM posts") == [95]
        assert rows(archive, "SELECT likes FROM posts WHERE text = 'is better'") == [9]
        assert rows(archive, "SELECT reason FROM tombstones") == ["deleted at its own server"]
        assert rows(archive, "SELECT count(*) FROM gaps WHERE filled_at IS NULL") == [0]
        assert rows(archive, "SELECT count(*) FROM rejects") == [0]

    going(server, archive, job, monkeypatch)


@pytest.mark.parametrize("kind", [FakeGoToSocial, FakeTakahe])
def test_a_missing_token_is_said(
    kind: type[FakeMastodon], archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not taken for a hashtag without posts."""
    with kind() as server:

        async def job(rounds: Rounds) -> None:
            reports = await rounds.once()
            assert isinstance(reports[0].error, DeniedError)
            assert "it wants a token" in str(reports[0].error)

        going(server, archive, job, monkeypatch, token=None)


def test_a_limit_in_unix_seconds_is_kept(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the moment that the server names, and no longer."""
    with FakePleroma() as server:
        server.post("hello", AT - 60)
        server.faults = [Fault(status=429, headers=epoch_reset(90))]

        async def job(rounds: Rounds) -> None:
            reports = await rounds.once()
            error = reports[0].error
            assert isinstance(error, RateLimitedError)
            assert 80 < error.retry_after <= 95
            asked = len(server.asked)
            again = await rounds.once(1)
            assert isinstance(again[0].error, RateLimitedError)
            assert len(server.asked) == asked  # it is left alone

        going(server, archive, job, monkeypatch, token=None)


def test_ids_are_never_compared_as_numbers(server: FakeMastodon) -> None:
    """The fake servers' own ids: those of three kinds, in the order of time."""
    ids = [server.post(f"{n}", AT + n) for n in range(5)]
    assert [server.number(each) for each in ids] == sorted(server.statuses)
    if not isinstance(server, FakeTakahe):
        assert not any(each.isdigit() for each in ids)
