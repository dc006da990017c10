"""A few seeds with every change, a thousand in CI, and the proof that they would notice a fault."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.drawing import draw_scenario
from simulator.mutations import MUTATIONS
from simulator.running import play
from simulator.world import Size

ROOT = Path(__file__).parents[2]
SMALL = Size(posts=80, before=10, lasts=1_500.0, burst=60)


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command that people use."""
    return subprocess.run(
        [sys.executable, "-m", "tests.simulator", *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_archive_holds_what_it_must(seed: int) -> None:
    """Small events; posts were written, and the collector ran."""
    outcome = play(seed, SMALL)
    assert outcome.wrong == []
    assert outcome.held > 20
    assert outcome.runs["ok"] > 20


def test_a_seed_is_the_same_each_time() -> None:
    """What goes wrong in one can be looked at again."""
    said = {simulate("--seed", "11").stdout for _ in range(2)}
    assert len(said) == 1
    assert "220 posts written" in said.pop()


def test_a_seed_that_goes_wrong_says_how_to_play_it_again(tmp_path: Path) -> None:
    """With the archive left to be looked at, where that is asked for."""
    code = (
        "import sys; sys.path.insert(0, 'tests');"
        "from simulator.mutations import edits_ignored as broken;"
        "import runpy; kept = broken(); kept.__enter__();"
        f"sys.argv = ['x', '--seed', '2', '--keep', {str(tmp_path / 'a.db')!r}];"
        "runpy.run_module('tests.simulator', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "again: python -m tests.simulator --seed 2" in done.stdout
    assert (tmp_path / "a.db").exists()


@pytest.mark.long
@pytest.mark.parametrize("broken", MUTATIONS, ids=lambda broken: broken.__name__)
def test_a_broken_product_is_noticed(broken: Callable[[], Any]) -> None:
    """Within the first seeds; that they are well otherwise is shown by the thousand."""
    for seed in range(120):
        with broken():
            if play(seed).wrong:
                return
    pytest.fail("nobody noticed")


@pytest.mark.long
@pytest.mark.timeout(7_200)
def test_a_thousand_seeds() -> None:
    """Nothing goes wrong in any, and every kind of fault has happened."""
    done = simulate("--seeds", "1000")
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
def test_a_day_takes_no_more_memory_and_no_more_handles() -> None:
    """Collected on the virtual clock, with streams that break and servers that fail each hour."""
    done = simulate("--soak", "24")
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


LEAKS = {
    "memory grew": (
        "from hashwatch.collect.http import Http; whole = Http.get; kept = []\n"
        "async def get(self, *a, **k):\n"
        "    answer = await whole(self, *a, **k); kept.append(bytes(bytearray(answer.body) * 4))\n"
        "    return answer\n"
        "Http.get = get"
    ),
    "file handles": (
        "from hashwatch.archive.store import Archive; begin = Archive.begin_run; kept = []\n"
        "def begin_run(self, *a):\n"
        "    number = begin(self, *a)\n"
        "    kept.append(open(self.path, 'rb') if number % 40 == 0 else None)\n"
        "    return number\n"
        "Archive.begin_run = begin_run"
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_noticed(leak: str) -> None:
    """What is kept of each answer, and what is opened for each run."""
    code = (
        "import sys; sys.path.insert(0, 'tests'); sys.argv = ['x', '--soak', '7']\n"
        + LEAKS[leak]
        + "\nimport runpy; runpy.run_module('tests.simulator', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert leak in done.stdout


def test_seeds_differ() -> None:
    """In their platforms and in what goes wrong."""
    scenarios = [draw_scenario(seed, Size()) for seed in range(50)]
    assert len({(one.servers, one.jetstream, one.search, one.feed) for one in scenarios}) > 6
    assert len({fault.kind for one in scenarios for fault in one.faults}) > 25
