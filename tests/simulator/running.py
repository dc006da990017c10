"""One seed, from the drawing to the verdict: a real collector and archive in a made world."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from hashwatch import schedule
from hashwatch.archive.connection import sole
from hashwatch.archive.store import Archive
from hashwatch.collect import collect, refreshing, source
from hashwatch.collect.http import Http
from hashwatch.collect.source import Pace
from hashwatch.collect.sources import bluesky
from hashwatch.errors import InUseError
from hashwatch.model import Event
from hashwatch.schedule import Collector, Connected, refreshes
from simulator.clock import Clock, run
from simulator.drawing import draw_scenario
from simulator.model import Archived, Verdict
from simulator.servers import FEED, JETSTREAM, PDS
from simulator.world import START, Scenario, Size, World

BEFORE = 3_000.0
# Slower than the real thing, so that an hour is quick; the code is the same.
PACE = Pace(busy=60.0, idle=300.0, requests_a_minute=20.0)
SLOWER: tuple[tuple[Any, str, Any], ...] = (
    (bluesky, "PAUSE", 8.0),
    (bluesky, "BEAT", 16.0),
    (schedule, "BEAT_SECONDS", 20.0),
    (schedule, "TEND_SECONDS", 45.0),
    (refreshes, "ROUND_SECONDS", 120.0),
    (refreshing, "STEPS", ((1_800, 600), (refreshing.DAY, 1_800))),
)
# So that a burst of a hundred posts is too much for one run.
PAGE_CAP = 4
ENVIRONMENT = {"PDS_PASSWORD": "abcd-efgh-ijkl-mnop"}


@dataclass
class Outcome:
    """What came of a seed."""

    seed: int
    wrong: list[str]
    fired: Counter[str]
    runs: dict[str, int] = field(default_factory=dict)
    posts: int = 0
    held: int = 0
    gaps: Counter[str] = field(default_factory=Counter)


def play(seed: int, size: Size | None = None, keep: Path | None = None) -> Outcome:
    """Runs one seed; ``keep`` is where the archive is left to be looked at."""
    scenario = draw_scenario(seed, size or Size())
    with tempfile.TemporaryDirectory(dir=folder_for_seeds(), prefix="simulator") as name:
        random.seed(seed)
        clock = Clock(START - BEFORE)
        world = World(scenario, clock)
        keeper = Keeper(scenario, world, clock, Path(name))
        with patched(), world.network.as_the_internet(), complaints() as heard:
            run(clock, world.network, keeper.live())
        if keep is not None:
            shutil.copy(keeper.path, keep)
        archived = Archived(keeper.path)
    verdict = Verdict(world, archived, keeper.troubled)
    return Outcome(
        seed, keeper.wrong + heard + verdict.wrong, world.network.fired, archived.runs,
        len(world.lives), len(archived.posts), Counter(gap[5] for gap in archived.gaps),
    )  # fmt: skip


def folder_for_seeds() -> str | None:
    """In memory where there is such a folder: nobody's power goes here."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@contextmanager
def patched() -> Iterator[None]:
    """The product's pauses longer and its cap lower, its secrets in the environment."""
    assert collect.__kwdefaults__ is not None
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(collect.__kwdefaults__, page_cap=PAGE_CAP))
        for owner, name, seconds in SLOWER:
            stack.enter_context(mock.patch.object(owner, name, seconds))
        stack.enter_context(mock.patch.dict(os.environ, ENVIRONMENT))
        # Looked for at each request, and not there.
        stack.enter_context(mock.patch.dict(sys.modules, {"sniffio": None}))
        yield


class Keeper:
    """Whoever runs the collector: starts it, stops it, kills it, fills its disk.

    ``troubled`` are the true times during which the archive may not have kept what came.
    """

    def __init__(self, scenario: Scenario, world: World, clock: Clock, folder: Path) -> None:
        self._scenario, self._world, self._clock, self._folder = scenario, world, clock, folder
        self._fired = world.network.fired
        self._starts = 0
        self.path = folder / "archive.db"
        self.troubled: list[tuple[float, float]] = []
        self.wrong: list[str] = []

    async def live(self) -> None:
        """Until everything has happened and been quiet for a while."""
        happening = asyncio.create_task(self._world.go_on())
        await self._until(START)
        self._start()
        for at, kind, seconds in self._scenario.troubles:
            await self._until(at)
            await self._meet(kind, seconds)
        size = self._scenario.size
        await self._until(max(START + size.lasts, self._clock.true()) + size.quiet)
        await self._stop()
        happening.cancel()

    async def _until(self, at: float) -> None:
        while (left := at - self._clock.true()) > 1e-6:
            await asyncio.sleep(left)

    def _start(self) -> None:
        self._starts += 1
        self._archive = Archive(self.path)
        self._http = Http(max_bytes=1_000_000)
        self._stopping = asyncio.Event()
        collector = Collector([self._event()], self._sources(), self._archive, now=self._clock.wall)
        self._task = asyncio.create_task(collector.run(self._stopping))

    def _event(self) -> Event:
        size = self._scenario.size
        names = tuple(name.upper() for name in self._scenario.hashtags)
        return Event(
            "natsec17", "NATSEC17", names, "Europe/London", int(START), int(START + size.lasts),
            int(START) - 1_800, int(START + size.lasts + size.quiet) + 86_400,
        )  # fmt: skip

    def _sources(self) -> dict[str, Connected]:
        scenario = self._scenario
        servers = [
            {"host": host, "token_env": f"TOKEN_{host[0].upper()}"}
            if host in scenario.tokens else {"host": host}
            for host in scenario.servers
        ]  # fmt: skip
        os.environ.update({f"TOKEN_{host[0].upper()}": f"token-of-{host}"
                           for host in scenario.tokens})  # fmt: skip
        tables: dict[str, dict[str, object]] = {"mastodon": {"servers": servers}}
        if scenario.jetstream:
            tables["bluesky"] = {
                "version": scenario.jetstream, "endpoints": [f"wss://{JETSTREAM}"],
            } | ({"handle": "op.example", "token_env": "PDS_PASSWORD", "pds": f"https://{PDS}"}
                 if scenario.search else {})  # fmt: skip
        if scenario.feed:
            tables["rss"] = {"feeds": [f"https://{FEED}/feed.xml"]}
        connected = {}
        for name, table in tables.items():
            module = source.find_source(name)
            made = module.connect(module.Settings.model_validate(table), self._http)
            if hasattr(made, "pace"):
                made.pace = PACE
            connected[name] = Connected(made)
        return connected

    async def _stop(self) -> None:
        """Asks the collector to end."""
        self._stopping.set()
        try:
            await self._task
        except Exception as error:
            self.wrong.append(f"the collector ended with {error!r}")
        await self._http.close()
        self._archive.close()

    async def _meet(self, kind: str, seconds: float) -> None:
        self._fired[kind] += 1
        began = self._clock.true()
        await getattr(self, "_be_" + kind.replace(" ", "_"))(seconds)
        self.troubled.append((began, self._clock.true()))

    async def _be_killed(self, seconds: float) -> None:
        """At some step of SQLite's; what is on the disk then is what is found later."""
        copy = self._folder / f"after{self._starts}.db"
        left = random.randrange(1, 400)

        def step() -> int:
            nonlocal left
            left -= 1
            if left == 0:
                for end in ("", "-wal"):
                    part = self.path.with_name(self.path.name + end)
                    if part.exists():
                        shutil.copy(part, copy.with_name(copy.name + end))
            return 0

        self._archive._connection.set_progress_handler(step, 20)
        while left > 0:
            await asyncio.sleep(1)
        self._archive._connection.set_progress_handler(None, 0)
        await self._stop()
        self.path = copy
        await self._be_away(seconds)

    async def _be_stopped(self, seconds: float) -> None:
        await self._stop()
        await self._be_away(seconds)

    async def _be_away(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._start()
        await asyncio.sleep(5)  # Until it is at work: one that cannot begin ends, and says why.

    async def _be_asleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)
        self._world.catch_up()

    async def _be_clock_put_forward(self, seconds: float) -> None:
        self._clock.put_forward(seconds)

    async def _be_clock_put_back(self, seconds: float) -> None:
        self._clock.put_forward(-seconds)

    async def _be_disk_full(self, seconds: float) -> None:
        """SQLite is given no more pages than it has."""
        execute = self._archive._connection.execute
        (pages,) = execute("PRAGMA page_count").fetchone()
        execute(f"PRAGMA max_page_count = {pages}")
        await asyncio.sleep(seconds)
        execute("PRAGMA max_page_count = 1073741823")

    async def _be_locked(self, seconds: float) -> None:
        """Another program holds the archive for longer than anybody waits."""
        self._archive._connection.execute("PRAGMA busy_timeout = 0")
        other = sqlite3.connect(self.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(min(seconds, 120.0))
        other.execute("ROLLBACK")
        other.close()
        self._archive._connection.execute("PRAGMA busy_timeout = 30000")

    async def _be_second_collector(self, seconds: float) -> None:  # noqa: ARG002
        """One that is started beside is refused, and says by whom."""
        with sole(self.path, "collector"):
            try:
                with sole(self.path, "collector"):
                    self.wrong.append("a second collector was let in")
            except InUseError as error:
                if str(os.getpid()) not in str(error):
                    self.wrong.append(f"the refusal names nobody: {error}")


class _Listener(logging.Handler):
    """Takes down what was raised and should not have been."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """What the program itself calls a failure of its own comes with a traceback."""
        if record.exc_info and not isinstance(record.exc_info[1], asyncio.CancelledError):
            said = f"{record.getMessage()}: {record.exc_info[1]!r}"
            if said not in self.heard:
                self.heard.append(said)


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Failures that the collector or the event loop were surprised by; the rest is not shown."""
    listener = _Listener()
    loggers = [logging.getLogger(name) for name in ("hashwatch", "asyncio", "apscheduler")]
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    for logger in loggers:
        logger.addHandler(listener)
        logger.propagate = False
    try:
        yield listener.heard
    finally:
        for logger in loggers:
            logger.removeHandler(listener)
            logger.propagate = True
