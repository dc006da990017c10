"""Plays seeds, and says of each that went wrong how to play it again.

    .venv/bin/python -m tests.simulator --seed 17          one, and what went wrong in it
    .venv/bin/python -m tests.simulator --seeds 1000       the first thousand, on all cores
    .venv/bin/python -m tests.simulator --seeds 100 --full events of full size
    .venv/bin/python -m tests.simulator --soak 24          memory and handles of a day

Fails (exit code 1) when a seed went wrong, or when a kind of fault never happened in a thousand.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulator.drawing import KINDS
from simulator.running import Outcome, play
from simulator.soaking import grown, soak
from simulator.world import FULL, Size

# From so many seeds on, each kind of fault must have happened.
MANY = 1_000


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser("tests.simulator", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, help="play this one only")
    parser.add_argument("--seeds", type=int, default=100, help="play so many (default 100)")
    parser.add_argument("--first", type=int, default=0, help="from this one on (default 0)")
    parser.add_argument("--full", action="store_true", help="events of full size")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at once")
    parser.add_argument("--soak", type=int, metavar="HOURS", help="collect for so long instead")
    parser.add_argument("--keep", type=Path, help="with --seed: leave the archive here")
    asked = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets decides what is asked first: a seed must mean the same every time.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulator", *sys.argv[1:]])
    if asked.soak is not None:
        return _soak(asked.soak)
    size = FULL if asked.full else Size()
    if asked.seed is not None:
        outcome = play(asked.seed, size, asked.keep)
        _tell(outcome, asked.full)
        print(_summary([outcome]))
        return 1 if outcome.wrong else 0
    seeds = range(asked.first, asked.first + asked.seeds)
    return _play_all(seeds, size, asked.jobs, is_full=asked.full)


def _soak(hours: int) -> int:
    samples = soak(hours)
    for one in samples:
        print(f"{one.hour:>3} h {one.memory:>8} kB {one.handles:>4} handles {one.tasks:>4} tasks")
    for what in grown(samples):
        print(what)
    return 1 if grown(samples) else 0


def _play_all(seeds: range, size: Size, jobs: int, *, is_full: bool) -> int:
    began = time.perf_counter()
    outcomes: list[Outcome] = []
    with multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=100) as pool:
        for outcome in pool.imap_unordered(_Play(size), seeds):
            outcomes.append(outcome)
            if outcome.wrong:
                _tell(outcome, is_full)
            if len(outcomes) % 100 == 0:
                print(f"{len(outcomes)} seeds played", file=sys.stderr)
    print(_summary(outcomes))
    print(f"took {time.perf_counter() - began:.0f} s")
    never = sorted(KINDS - set(sum((one.fired for one in outcomes), Counter())))
    if never:
        print(f"never happened: {', '.join(never)}")
    wrong = sum(bool(one.wrong) for one in outcomes)
    print(f"{wrong} of {len(outcomes)} seeds went wrong")
    return 1 if wrong or (never and len(outcomes) >= MANY) else 0


class _Play:
    """Plays a seed in another process; an exception is an outcome as well."""

    def __init__(self, size: Size) -> None:
        self._size = size

    def __call__(self, seed: int) -> Outcome:
        try:
            return play(seed, self._size)
        except Exception as error:
            return Outcome(seed, [f"the simulator itself failed: {error!r}"], Counter())


def _tell(outcome: Outcome, is_full: bool) -> None:
    if outcome.wrong:
        full = " --full" if is_full else ""
        print(f"seed {outcome.seed} went wrong; again: python -m tests.simulator --seed "
              f"{outcome.seed}{full}")  # fmt: skip
    for what in outcome.wrong[:20]:
        print(f"  {what}")


def _summary(outcomes: list[Outcome]) -> str:
    fired: Counter[str] = sum((one.fired for one in outcomes), Counter())
    gaps: Counter[str] = sum((one.gaps for one in outcomes), Counter())
    runs: Counter[str] = sum((Counter(one.runs) for one in outcomes), Counter())
    lines = [
        (
            f"{len(outcomes)} seeds, {sum(one.posts for one in outcomes)} posts written, "
            f"{sum(one.held for one in outcomes)} held"
        ),
        "what happened, and how often:",
        *(f"  {count:>8} {kind}" for kind, count in sorted(fired.items())),
        "gaps: " + ", ".join(f"{count} {reason!r}" for reason, count in sorted(gaps.items())),
        "runs: " + ", ".join(f"{count} {state}" for state, count in sorted(runs.items())),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
