"""Every source asked once from a page: by the collector, with a verdict and a few posts."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import visiting
from visiting import Visitor

from fake_platform.mastodon import FakeMastodon, Fault
from hashwatch.archive.checks import (
    GIVEN_UP_SECONDS,
    KEPT_SECONDS,
    PAUSE_SECONDS,
    Checked,
    Checks,
)
from hashwatch.archive.erasing import Sought, erase
from hashwatch.config import parse_config
from hashwatch.errors import ConfigError, ConflictError
from hashwatch.schedule.checking import Checking
from hashwatch.schedule.trying import check_sources
from publish.test_publish_dashboard import NOW
from publish.test_publish_moderation import Stage, post

T = TypeVar("T")
PAGE = "/events/natsec17/check"
CONFIG = """
[[event]]
slug = "natsec17"
title = "Fair"
hashtags = ["natsec17"]
timezone = "Europe/London"
starts = 2017-03-28
ends = 2017-04-01
[sources.mastodon]
servers = [{{host = "{url}"}}]
"""


class Clock:
    """Wall seconds that the test sets."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        """Now."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A dashboard with a post."""
    made = Stage(tmp_path)
    made.store(post(1))
    made.publish()
    yield made
    made.archive.close()


class Person(Visitor):
    """Somebody at a browser."""

    async def data(self) -> dict[str, Any]:
        """The page's data."""
        return await self.look(PAGE)

    async def ask(self) -> httpx.Response:
        """Presses the button; where there is none, sends its form all the same."""
        return await self.send(PAGE)


def visit(stage: Stage, clock: Clock, go: Callable[[Person], Coroutine[Any, Any, T]]) -> T:
    """Runs ``go`` against a server on the stage's files."""
    return visiting.visit(stage, Person, go, clock)


def answering(stage: Stage, clock: Clock, *found: Checked) -> Checking:
    """A collector's check that finds this."""

    async def try_all() -> Sequence[Checked]:
        return found

    return Checking(stage.archive_path, try_all, clock)


ONE = Checked(
    "natsec17", "mastodon", "a.example", "#natsec17", "poll", True, "collects", "20 posts"
)


def test_a_button_has_the_platform_asked_and_shows_what_it_said(
    stage: Stage, clock: Clock, tmp_path: Path
) -> None:
    """By the collector, from a server that answers; three posts, the newest first, as text."""

    async def go(person: Person) -> None:
        assert (await person.data())["check"] is None
        assert (await person.ask()).status_code == 303
        assert (await person.data())["check"]["is_under_way"]
        with FakeMastodon() as server:
            for number in range(5):
                server.post(f"post {number} <b>", NOW - 100 + number)
            config = parse_config(CONFIG.format(url=server.url), tmp_path / "config.toml")
            checking = Checking(stage.archive_path, partial(check_sources, config), clock)
            await checking.look()
            await checking.look()
            asked = len(server.asked)
            server.faults.append(Fault(status=403, body=b"<h1>Blocked</h1>"))
            clock.now += PAUSE_SECONDS
            data = await person.data()
            (place,) = data["places"]
            assert (place["verdict"], place["ok"], place["what"]) == ("collects", True, "#natsec17")
            assert "outside" not in place["verdict"]
            assert [one["text"] for one in place["samples"]] == [
                f"post {number} <b> #natsec17" for number in (4, 3, 2)
            ]  # fmt: skip
            assert data["counts"] == {"collects": 1}
            page = (await person.client.get(PAGE)).text
            assert "post 4 &lt;b&gt;" in page
            assert "post 4 <b>" not in page
            assert (await person.ask()).status_code == 303
            await checking.look()
            assert len(server.asked) > asked
            (place,) = (await person.data())["places"]
            assert (place["verdict"], place["ok"], place["samples"]) == ("blocked", False, [])

    visit(stage, clock, go)


def test_one_check_at_a_time_and_a_pause_between_two(stage: Stage, clock: Clock) -> None:
    """Platforms count every question; one that was interrupted does not stand in the way."""

    async def go(person: Person) -> None:
        assert (await person.ask()).status_code == 303
        second = await person.ask()
        assert (second.status_code, "has asked already" in second.text) == (409, True)
        await answering(stage, clock, ONE).look()
        third = await person.ask()
        assert (third.status_code, "less than a minute ago" in third.text) == (409, True)
        clock.now += PAUSE_SECONDS
        assert (await person.ask()).status_code == 303
        assert Checks(stage.archive_path).begin(now=int(clock.now)) == 2  # and is killed
        clock.now += GIVEN_UP_SECONDS
        data = await person.data()
        assert (data["check"]["is_under_way"], data["check"]["ended_at"]) == (False, None)
        assert "interrupted" in (await person.client.get(PAGE)).text
        assert (await person.ask()).status_code == 303

    visit(stage, clock, go)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ConfigError(["no token"]), "no token"),
        (RuntimeError("secret"), "it failed; the collector's log says why"),
    ],
)
def test_a_check_that_fails_says_so(
    stage: Stage, clock: Clock, error: Exception, says: str
) -> None:
    """On the page; the collector goes on."""

    async def fail() -> Sequence[Checked]:
        raise error

    async def go(person: Person) -> None:
        await person.ask()
        await Checking(stage.archive_path, fail, clock).look()
        check = (await person.data())["check"]
        assert (check["is_under_way"], check["problem"]) == (False, says)

    visit(stage, clock, go)


def test_what_was_found_is_dropped_after_a_day_and_when_somebody_is_erased(
    stage: Stage, clock: Clock
) -> None:
    """It holds words of strangers."""
    checks = Checks(stage.archive_path)

    def fill() -> None:
        number = checks.ask("ana", now=int(clock.now))
        checks.end(number, (ONE,), now=int(clock.now))

    def held() -> int:
        with closing(sqlite3.connect(stage.archive_path)) as connection:
            return int(connection.execute("SELECT count(*) FROM checked").fetchone()[0])

    fill()
    clock.now += KEPT_SECONDS - 1
    asyncio.run(answering(stage, clock).look())
    assert held() == 1
    clock.now += 1
    asyncio.run(answering(stage, clock).look())
    assert held() == 0
    clock.now += PAUSE_SECONDS
    fill()
    assert held() == 1
    erase(stage.archive_path, Sought(handle="person4@town.example"), now=NOW, by="ana")
    assert held() == 0


def test_a_collector_that_is_stopped_says_so(stage: Stage, clock: Clock) -> None:
    """On the page; the question is not asked again by itself."""
    started: list[int] = []

    async def wait() -> Sequence[Checked]:
        started.append(1)
        await asyncio.Event().wait()
        return ()

    async def go(work: Callable[[], Awaitable[float]]) -> None:
        task = asyncio.ensure_future(work())
        while not started:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    checks = Checks(stage.archive_path)
    checks.ask("ana", now=int(clock.now))
    asyncio.run(go(Checking(stage.archive_path, wait, clock).look))
    latest = checks.latest("natsec17")
    assert latest is not None
    assert latest.problem == "the collector was stopped"
    with pytest.raises(ConflictError):
        checks.ask("ana", now=int(clock.now))
