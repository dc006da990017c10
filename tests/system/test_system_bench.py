"""``python -m bench``: which benchmarks there are, and under what header they run."""

from __future__ import annotations

import sys

import pytest
from bench.__main__ import benchmarks, header, main, run


def test_every_module_that_runs_by_itself_is_a_benchmark() -> None:
    """What they share is none."""
    assert {"bulk", "jetstream", "serve_million", "start"} <= set(benchmarks())
    assert not {"material", "payloads", "__main__"} & set(benchmarks())


def test_the_header_says_what_the_figures_depend_on() -> None:
    """Cores, Python, SQLite, and what else the machine was doing."""
    for part in ("cores of ", "Python ", "SQLite ", "load average before: "):
        assert part in header()


def test_an_unknown_benchmark_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With those that there are; nothing is run."""
    monkeypatch.setattr(sys, "argv", ["bench", "nonsense"])
    assert main() == 2
    assert "there is no benchmark 'nonsense', only beside, bulk" in capsys.readouterr().err


def test_a_benchmark_gets_its_arguments_and_its_failure_is_seen() -> None:
    """It runs in a process of its own, with what it needs on the path."""
    assert run("jetstream", ["--help"])
    assert not run("jetstream", ["--nonsense"])
