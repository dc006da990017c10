"""The benchmarks still run: on few posts, as a change of the schema may leave them behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.long
@pytest.mark.parametrize(
    ("bench", "says"),
    [
        ("bulk", "hashwatch, tagging off"),
        ("retag", "everything new, student"),
        ("importers", "Bluesky CAR"),
    ],
)
def test_a_benchmark_runs(bench: str, says: str) -> None:
    """To its end, with a figure for hashwatch."""
    ended = subprocess.run(
        [sys.executable, "-m", f"bench.{bench}", "2000"],
        cwd=ROOT, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert says in ended.stdout
