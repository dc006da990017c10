"""Time that passes only when everybody waits: an event loop whose hours take a moment.

There are two clocks, as on a real machine: the monotonic one, which sleep stops, and the one on the
wall, which can be put forward and back. What happens in the world goes by neither, but by the true
time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from typing import Any
from unittest import mock

import time_machine

from hashwatch.collect.sources.bluesky.session import Session
from hashwatch.schedule.intervals import Budget


class Clock:
    """UTC seconds. ``slept`` is what the machine has slept through, ``skew`` by how much the clock
    on the wall is ahead of the true time."""

    def __init__(self, start: float) -> None:
        self._start, self._passed = start, 0.0
        self.slept = self.skew = 0.0
        self.set_wall: Callable[[float], None] = lambda _: None

    def monotonic(self) -> float:
        """Seconds that the machine has been awake."""
        return self._passed

    def true(self) -> float:
        """What time it is."""
        return self._start + self._passed + self.slept

    def wall(self) -> float:
        """What time the machine believes it is."""
        return self.true() + self.skew

    def pass_by(self, seconds: float) -> None:
        """Time goes on."""
        self._passed += seconds
        self.set_wall(self.wall())

    def sleep(self, seconds: float) -> None:
        """The machine's lid is closed for so long."""
        self.slept += seconds
        self.set_wall(self.wall())

    def put_forward(self, seconds: float) -> None:
        """Somebody sets the clock on the wall; ``seconds`` may be negative."""
        self.skew += seconds
        self.set_wall(self.wall())


class _Selector(selectors.SelectSelector):
    """Waits for nothing but time."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[Any]:
        """Lets the time pass that the loop would have waited."""
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        if timeout > 0:
            self._clock.pass_by(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a clock of its own, in a network of its own (see ``network``)."""

    def __init__(self, clock: Clock, network: Any) -> None:
        super().__init__(_Selector(clock))
        self._clock, self._network = clock, network
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """The monotonic clock."""
        return self._clock.monotonic()

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:
        """The network's names."""
        return self._network.look_up(host, port)

    async def create_connection(self, factory: Any, host: Any = None, **_: Any) -> Any:
        """A connection to one of the network's hosts."""
        return await self._network.connect(factory, host)


def run(clock: Clock, network: Any, work: Coroutine[Any, Any, None]) -> None:
    """Runs ``work`` with every clock of the process being this one."""
    with ExitStack() as stack:
        traveller = stack.enter_context(time_machine.travel(clock.wall(), tick=False))
        clock.set_wall = traveller.move_to
        stack.enter_context(mock.patch("time.monotonic", clock.monotonic))
        for owner, name in ((Budget, "monotonic"), (Session, "clock")):
            defaults = owner.__init__.__kwdefaults__
            stack.enter_context(mock.patch.dict(defaults, {name: clock.monotonic}))
        loop = VirtualLoop(clock, network)
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(work)
        finally:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            loop.close()
