"""From a seed to a scenario: which platforms there are, and what goes wrong when."""

from __future__ import annotations

import random

from simulator.network import Fault
from simulator.servers import FEED, JETSTREAM, PDS
from simulator.world import HASHTAGS, SERVERS, START, Scenario, Size

# What may be wrong with any host that is asked over HTTP.
HTTP = (
    "no such name", "refused", "bad certificate", "500", "503", "half-open", "a byte a second",
    "cut JSON", "cut connection", "website", "429 with seconds", "429 with a date",
    "429 with ISO time", "429 with epoch time", "429 of the past", "429 in ten years",
    "429 with garbage", "429 without a word", "budget spent", "token expired", "forbidden",
    "huge body", "gzip bomb", "broken gzip",
)  # fmt: skip
STREAM = (
    "stream refused", "stream busy", "stream cut", "half a frame", "silent stream", "broken frame",
    "out of order", "events twice", "no such name", "refused",
)  # fmt: skip
TROUBLES = (
    "killed", "stopped", "asleep", "clock put forward", "clock put back", "disk full", "locked",
    "second collector",
)  # fmt: skip
# What has to do with the posts themselves.
POSTS = (
    "burst", "edit", "deletion", "account deleted", "late federation", "dated back", "strange time",
    "hostile text", "broken post", "unknown field",
)  # fmt: skip
OTHERS = ("page for ever", "session spent", "clamped cursor", "not modified", "feed pushed through")
KINDS = {*HTTP, *STREAM, *TROUBLES, *POSTS, *OTHERS}
"""Everything that must happen in a thousand seeds."""


def draw_scenario(seed: int, size: Size) -> Scenario:
    """The scenario of a seed, the same every time."""
    draw = random.Random(f"scenario {seed}")
    scenario = Scenario(seed, size)
    scenario.servers = SERVERS[: draw.choice([1, 2, 2, 2])]
    scenario.tokens = tuple(host for host in scenario.servers if draw.random() < 0.3)
    scenario.hashtags = HASHTAGS[: draw.choice([1, 2])]
    scenario.jetstream = draw.choice([0, 1, 1, 2])
    scenario.search = bool(scenario.jetstream) and draw.random() < 0.5
    scenario.feed = draw.random() < 0.3
    scenario.kept = draw.choice([600.0, 1_200.0, 129_600.0])
    hosts = [(host, HTTP) for host in scenario.servers]
    hosts += [(PDS, HTTP)] if scenario.search else []
    hosts += [(FEED, HTTP)] if scenario.feed else []
    hosts += [(JETSTREAM, STREAM)] * (2 if scenario.jetstream else 0)
    for host, kinds in hosts:
        for _ in range(draw.choice([0, 1, 2, 3])):
            scenario.faults.append(_fault(draw, host, draw.choice(kinds), size))
    for host in scenario.servers:
        if draw.random() < 0.05:
            scenario.faults.append(_fault(draw, host, "page for ever", size))
    for host in scenario.tokens:
        for kind in ("stream refused", "stream cut"):
            if draw.random() < 0.3:
                scenario.faults.append(_fault(draw, host, kind, size))
    if scenario.search and draw.random() < 0.5:
        scenario.faults.append(_fault(draw, PDS, "session spent", size))
    for _ in range(draw.choice([0, 0, 1, 1, 2])):
        kind = draw.choice(TROUBLES)
        at = START + draw.uniform(100, size.lasts * 0.9)
        scenario.troubles.append((at, kind, _lasting(draw)))
    scenario.troubles.sort()
    return scenario


def _lasting(draw: random.Random) -> float:
    return draw.choice([20.0, 200.0, 900.0]) * draw.uniform(0.5, 1.5)


def _fault(draw: random.Random, host: str, kind: str, size: Size) -> Fault:
    start = START + draw.uniform(0, size.lasts * 0.8)
    end = min(start + _lasting(draw), START + size.lasts)
    times = draw.choice([1, 2, 1_000_000])
    detail: float | None = None
    if kind.startswith("429") or kind == "budget spent":
        detail = draw.uniform(20, 400)
        times = draw.choice([1, 2])
        if kind == "429 in ten years":
            # It is believed for an hour.
            start = START + draw.uniform(0, size.lasts * 0.2)
            end = start + 60
    elif kind in ("cut JSON", "cut connection"):
        detail = draw.random()
    elif kind in ("half-open", "a byte a second", "huge body", "gzip bomb", "broken gzip"):
        times = min(times, 5)
    elif kind in ("stream cut", "half a frame", "broken frame", "silent stream"):
        times = draw.choice([1, 2, 4])
        end = max(end, start + 300)
    elif kind == "session spent":
        times = 1
        end = start + 900
    return Fault(kind, host, start, end, times, detail)
