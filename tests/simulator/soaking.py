"""A day of collecting on the virtual clock: memory and file handles hour by hour.

Servers fail a little every hour, so that connections are opened again and again. What the made
world itself needs grows with its posts, a few kilobytes each.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from simulator.clock import Clock, run
from simulator.network import Fault
from simulator.running import BEFORE, Keeper, complaints, folder_for_seeds, patched
from simulator.servers import JETSTREAM, PDS
from simulator.world import SERVERS, START, Scenario, Size, World

HOUR = 3_600.0
POSTS_AN_HOUR = 12
# Hours until caches and pools are full.
WARM = 4
# Kilobytes an hour that the made world may need, and what malloc scatters in a whole day.
WORLD_GROWS = 150
SCATTERED = 2_000
HANDLES = 3


@dataclass(frozen=True)
class Sample:
    """At an hour: resident memory in kilobytes, open files and sockets, tasks under way."""

    hour: int
    memory: int
    handles: int
    tasks: int


def soak(hours: int) -> list[Sample]:
    """A sample of each hour."""
    size = Size(posts=hours * POSTS_AN_HOUR, before=20, lasts=hours * HOUR, quiet=60.0)
    scenario = Scenario(0, size, SERVERS, SERVERS[:1], jetstream=1, search=True, feed=True)
    for hour in range(hours):
        at = START + hour * HOUR
        scenario.faults += [
            Fault("stream cut", JETSTREAM, at + 300, at + 900, 2),
            Fault("stream cut", SERVERS[0], at + 900, at + 2_000, 1),
            Fault("503", SERVERS[1], at + 1_200, at + 1_500),
            Fault("half-open", SERVERS[0], at + 2_000, at + 2_300, 2),
            Fault("no such name", PDS, at + 2_400, at + 2_500),
            Fault("session spent", PDS, at + 3_000, at + 3_500, 1),
        ]
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory(dir=folder_for_seeds(), prefix="simulator") as name:
        clock = Clock(START - BEFORE)
        world = World(scenario, clock)
        keeper = Keeper(scenario, world, clock, Path(name))

        async def live() -> None:
            sampling = asyncio.create_task(_sample(world, clock, hours, samples))
            await keeper.live()
            sampling.cancel()

        with patched(), world.network.as_the_internet(), complaints():
            run(clock, world.network, live())
    assert not keeper.wrong, keeper.wrong
    return samples


async def _sample(world: World, clock: Clock, hours: int, samples: list[Sample]) -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)
    for hour in range(1, hours + 1):
        await asyncio.sleep(START + hour * HOUR - 1 - clock.true())
        world.network.shown.clear()
        if world.jetstream is not None:
            del world.jetstream.events[:-100]
        gc.collect()
        trim(0)
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE") // 1_024
        handles = len(os.listdir("/proc/self/fd"))
        samples.append(Sample(hour, memory, handles, len(asyncio.all_tasks())))


def grown(samples: list[Sample]) -> list[str]:
    """What is not flat, from the hour on when everything has been in use."""
    warm = [sample for sample in samples if sample.hour >= WARM]
    first, last = warm[0], warm[-1]
    hours = last.hour - first.hour
    said = []
    allowed = WORLD_GROWS * hours + SCATTERED
    if last.memory - first.memory > allowed:
        said.append(f"memory grew by {last.memory - first.memory} kB in {hours} hours")
    if max(one.handles for one in warm) - min(one.handles for one in warm) > HANDLES:
        said.append(f"file handles: {[one.handles for one in warm]}")
    if max(one.tasks for one in warm) - min(one.tasks for one in warm) > 2 * HANDLES:
        said.append(f"tasks: {[one.tasks for one in warm]}")
    return said
