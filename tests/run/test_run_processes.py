"""The whole of it: three real processes, started, killed, stopped."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]


class Running:
    """One ``hashwatch demo`` with its data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hashwatch", "demo", "--data-dir", str(data), "--port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.seconds = time.monotonic() - self.started
        self.address = self.line.split()[3] if self.line else ""

    def get(self, path: str) -> Any:
        """The JSON at a path of the server."""
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return json.load(answer)

    def posts(self) -> int:
        """How many posts the first page counts."""
        return sum(event["posts"] for event in self.get(".json")["events"])

    def children(self) -> dict[str, int]:
        """The processes that it watches over, by their command."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip
        found = {}
        for line in listed.splitlines():
            number, _, command = line.strip().partition(" ")
            for name in ("collect", "publish", "serve"):
                if f"hashwatch {name}" in command:
                    found[name] = int(number)
        return found

    def stop(self, number: signal.Signals = signal.SIGINT) -> float:
        """Stops it; how long that took."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        return time.monotonic() - started

    def close(self) -> None:
        """Ends it however it may."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Running]]:
    """Starts one on the same data directory each time."""
    all_: list[Running] = []

    def begin() -> Running:
        all_.append(Running(tmp_path / "data"))
        return all_[-1]

    yield begin
    for running in all_:
        running.close()


def eventually(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Waits until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_it_says_where_it_is_fills_and_stops_in_order(start: Callable[[], Running]) -> None:
    """One line on stdout, posts at once, gone within 5 s, quick to start again."""
    running = start()
    assert running.line == f"hashwatch is at {running.address}  (Ctrl-C stops it)\n"
    eventually(lambda: running.posts() > 300, 10)
    assert set(running.children()) == {"collect", "publish", "serve"}
    children = running.children().values()
    assert running.stop() < 5
    assert running.process.returncode == 0
    assert not any(Path(f"/proc/{number}").exists() for number in children)
    with sqlite3.connect(running.data / "archive.db") as archive:
        assert archive.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert archive.execute("SELECT count(*) FROM runs WHERE state = 'running'").fetchone() == (
            0,
        )
    archive.close()
    again = start()
    assert again.seconds < 15  # 2 s on a quiet machine
    assert again.stop(signal.SIGTERM) < 5


def test_each_process_that_is_killed_comes_back(start: Callable[[], Running]) -> None:
    """And the dashboard goes on filling by itself."""
    running = start()
    eventually(lambda: running.posts() > 0)
    for name in ("collect", "publish", "serve"):
        before = running.children()
        os.kill(before[name], signal.SIGKILL)
        eventually(lambda: running.children().get(name) not in (None, before[name]))  # noqa: B023
    eventually(lambda: served(running))
    posts = running.posts()
    eventually(lambda: running.posts() > posts, 60)
    assert running.stop() < 5


def served(running: Running) -> bool:
    """Whether the server answers."""
    try:
        running.get(".json")
    except OSError:
        return False
    return True


def test_nothing_stays_behind_when_run_itself_is_killed(start: Callable[[], Running]) -> None:
    """The others notice that it is gone."""
    running = start()
    children = running.children()
    assert len(children) == 3
    running.process.kill()
    running.process.wait()
    eventually(
        lambda: not any(Path(f"/proc/{number}").exists() for number in children.values()), 10
    )


def test_a_second_one_on_the_same_data_is_refused(start: Callable[[], Running]) -> None:
    """It says who is at work there."""
    first = start()
    second = start()
    assert second.line == ""
    assert second.process.wait(20) == 1
    assert second.process.stderr is not None
    said = second.process.stderr.read()
    assert "another collector" in said
    assert said.count("\n") == 1
    assert first.posts() >= 0
