"""Money as operators meet it: check --live, the lamp, the coverage page, a killed process."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from fake_platform.x import TOKEN, FakeX
from hashwatch.archive.store import Archive
from hashwatch.config import Config, parse_config
from hashwatch.publish.publisher import Publisher
from hashwatch.queries.coverage import coverage_page
from hashwatch.queries.events import find_event
from hashwatch.schedule.starting import collect_once
from hashwatch.schedule.trying import Trial, try_sources

AT = 1_805_716_800.0
DOLLAR = 1_000_000


@pytest.fixture
def x(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeX]:
    """X with its token in the environment, at noon in the middle of a month, as all clocks say."""
    monkeypatch.setenv("X_TOKEN", TOKEN)
    with time_machine.travel(AT), FakeX(AT) as server:
        yield server


def config_for(x: FakeX, folder: Path, more: str = "") -> Config:
    """An event of these days, collected from X."""
    begins, ends = (datetime.fromtimestamp(x.now + n * 86_400, UTC).date() for n in (-2, 2))
    text = f"""
[[event]]
slug = "fair"
title = "Fair"
hashtags = ["natsec17"]
timezone = "UTC"
starts = {begins}
ends = {ends}
collect_before = 0
[sources.x]
token_env = "X_TOKEN"
budget = 5
host = "{x.url}"
{more}
"""
    return parse_config(text, folder / "config.toml")


def trying(config: Config, folder: Path) -> list[Trial]:
    """What check --live says."""
    return asyncio.run(try_sources(config, ask="all", archive_path=folder / "archive.db"))


def test_check_says_what_it_would_cost_and_what_is_left(x: FakeX, tmp_path: Path) -> None:
    """It asks for the number of posts only, and counts what that cost for the collector too."""
    for number in range(30):
        x.write(f"post {number}", x.now - 80_000 + number)
    (trial,) = trying(config_for(x, tmp_path), tmp_path)
    assert (trial.ok, trial.verdict) == (True, "collects")
    month = f"{datetime.fromtimestamp(x.now, UTC):%B %Y}"
    assert trial.answer.startswith(f"$0.01 of $5.00 spent in {month}, ")
    assert "about 30 posts to be read, likely for $0.60" in trial.answer
    assert x.bill.posts == 0
    with closing(sqlite3.connect(tmp_path / "archive.db")) as archive:
        assert archive.execute("SELECT sum(spent) >= 5000 FROM spending").fetchone() == (1,)


def test_check_opens_no_stream(x: FakeX, tmp_path: Path) -> None:
    """It would end that of a collector at work, and change its rules."""
    first, second = trying(config_for(x, tmp_path, "stream = true"), tmp_path)
    assert (first.asked, second.asked) == (True, False)
    assert second.would == "stream beside the polls"
    assert not any("stream" in each.path for each in x.asked)


def test_without_a_budget_the_rest_goes_on(x: FakeX, tmp_path: Path) -> None:
    """The configuration is sound; the source is off, and says what it lacks."""
    config = config_for(x, tmp_path)
    settings: Any = config.sources["x"]
    config.sources["x"] = settings.model_copy(update={"budget": None})  # type: ignore[index]
    (trial,) = trying(config, tmp_path)
    assert trial.fault
    assert "it lacks a budget" in trial.answer
    assert not x.asked


def test_the_coverage_page_shows_what_is_spent(x: FakeX, tmp_path: Path) -> None:
    """And the lamp why nothing more is asked."""
    x.endless = True
    config = config_for(x, tmp_path, "back_fill_share = 0")
    with closing(Archive(tmp_path / "archive.db")) as archive:
        archive.hold_money("x", 250_000, 5 * DOLLAR, AT - 900)  # for an answer that got lost
    asyncio.run(collect_once(config, tmp_path / "archive.db"))
    reports = asyncio.run(collect_once(config, tmp_path / "archive.db"))
    assert "raise budget" in reports[0].reason
    assert x.bill.total <= 5 * DOLLAR
    with Publisher(
        tmp_path / "archive.db", tmp_path / "dashboard.db", config.events, "textblob"
    ) as publisher:
        publisher.catch_up()
    with closing(sqlite3.connect(tmp_path / "dashboard.db")) as dashboard:
        page = coverage_page(dashboard, find_event(dashboard, "fair"), int(x.now), x.now)
    newest = page["spending"][0]
    assert (newest["source"], newest["budget"], newest["held"]) == ("x", 5.0, 0.25)
    assert newest["month"] == f"{datetime.fromtimestamp(x.now, UTC):%Y-%m}"
    assert 4.2 < newest["spent"] <= 4.75
    assert newest["left"] == pytest.approx(4.75 - newest["spent"])
    (place,) = [each for each in page["places"] if each["source"] == "x"]
    assert place["state"] == "rate-limited"
    assert "raise budget" in place["detail"]


COLLECTOR = """
import sys
from pathlib import Path
from types import SimpleNamespace
from collect.spending import Spender
from hashwatch.archive.store import Archive
archive = Archive(Path(sys.argv[1]))
server = SimpleNamespace(url=sys.argv[2], now=float(sys.argv[3]))
spender = Spender(server, archive, budget=30, back_fill_share=1.0)
spender.since = int(server.now) - 3_500
while True:
    (report,) = spender.poll()
    print(type(report.error).__name__, flush=True)
    if report.error is not None:
        break
"""


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_a_process_that_is_killed_again_and_again_never_overspends(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By SIGKILL, at any moment of asking, receiving and storing; X's own bill is what counts."""
    monkeypatch.setenv("X_TOKEN", TOKEN)
    chance = random.Random(seed)
    tests = Path(__file__).parents[1]
    kills = 0
    with FakeX(AT) as x:
        x.endless = True
        for _ in range(40):
            asked = len(x.asked)
            child = subprocess.Popen(
                [sys.executable, "-c", COLLECTOR, str(tmp_path / "a.db"), x.url, str(AT)],
                cwd=tests, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            enough = asked + chance.randrange(1, 4)
            while child.poll() is None and len(x.asked) < enough:
                time.sleep(0.002)
            time.sleep(chance.random() * 0.08)
            child.kill()
            said, _ = child.communicate()
            kills += child.returncode == -9
            assert x.bill.total <= 30 * DOLLAR
            if "BudgetError" in said:
                break
        assert "BudgetError" in said
        assert kills >= 2
        with closing(Archive(tmp_path / "a.db")) as archive:
            stands = archive.money("x", 30 * DOLLAR, AT)
        assert x.bill.total <= stands.spent + stands.held <= 30 * DOLLAR


LISTENER = """
import asyncio, sys
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from collect.spending import Spender
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.errors import BudgetError
archive = Archive(Path(sys.argv[1]))
server = SimpleNamespace(url=sys.argv[2], now=float(sys.argv[3]))
spender = Spender(server, archive, budget=30, stream=True)
async def listen(source):
    query = spender.query()
    (place,) = source.beside.places(query)
    key = PlaceKey("x", "x.com", place.hashtag)
    run = archive.begin_run(key, int(server.now))
    try:
        async with aclosing(source.beside.stream(place, None, query)) as pages:
            async for page in pages:
                archive.store(page, run, key, int(server.now))
    except BudgetError:
        print("spent", flush=True)
spender.go(listen)
"""


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_a_listener_that_is_killed_amid_a_flood_never_overspends(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By SIGKILL while 250 posts a second come; what is left then goes to the search."""
    monkeypatch.setenv("X_TOKEN", TOKEN)
    chance = random.Random(seed)
    tests = Path(__file__).parents[1]
    arguments = [str(tmp_path / "a.db"), "", str(AT)]
    kills = 0
    with FakeX(AT) as x:
        x.endless, x.flood = True, 250
        arguments[1] = x.url
        said = ""
        while "spent" not in said:
            child = subprocess.Popen(
                [sys.executable, "-c", LISTENER, *arguments],
                cwd=tests, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            enough = x.sent + chance.randrange(1, 80)
            while child.poll() is None and x.sent < enough:
                time.sleep(0.002)
            child.kill()
            said, _ = child.communicate()
            kills += child.returncode == -9
            while x.listeners:
                time.sleep(0.01)  # until the server has noticed
            assert x.bill.total <= 30 * DOLLAR
        assert kills >= 2
        assert x.fired["hung up"] >= 2
        ended = subprocess.run(
            [sys.executable, "-c", COLLECTOR, *arguments],
            cwd=tests, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert "BudgetError" in ended.stdout
        assert x.bill.total <= 30 * DOLLAR
