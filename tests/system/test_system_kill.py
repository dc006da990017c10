"""`hashwatch run` while its processes are killed: nothing is lost, and it comes back by itself."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from hashwatch.archive.identity import uri_of
from hashwatch.collect.conversation import load_bundle
from hashwatch.collect.timeline import timeline
from hashwatch.config import load_config
from hashwatch.model import Post, Tombstone
from hashwatch.publish.publisher import Publisher

KILLS = 20
SEED = 20170331
CONFIG = """
[[event]]
slug = "natsec17"
title = "A conference"
hashtags = ["NATSEC17", "CYBERPARL"]
timezone = "Europe/London"
starts = 2017-03-28
ends = 2017-04-01
languages = ["en", "fr"]

[sources.replay]
speed = 3600
start = { natsec17 = 2017-03-31T00:00:00 }

[sentiment]
annotator = "textblob"
"""


def children(process: int) -> list[int]:
    """The processes that this one started."""
    listed = Path(f"/proc/{process}/task/{process}/children")
    return [int(number) for number in listed.read_text().split()] if listed.exists() else []


def model(slug: str) -> dict[str, tuple[str | None, int | None]]:
    """Text and likes by URI after everything in a conversation has happened."""
    posts: dict[str, tuple[str | None, int | None]] = {}
    for action in timeline(load_bundle(slug)):
        match action.what:
            case Post() as post:
                text = None if post.boost_of else post.text
                posts[post.uri] = (text, post.engagement.likes)
            case Tombstone(uri=str(uri)):
                posts.pop(uri, None)
            case _:
                pass
    return posts


def held(path: Path) -> dict[str, tuple[str | None, int | None]]:
    """The same, as the archive has it."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT key, text, likes FROM posts").fetchall()
    return {uri_of(key): (text, likes) for key, text, likes in rows}


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Rows, or none while there is no such file or table yet."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=5)) as connection:
        return connection.execute(sql).fetchall()
    return []


@pytest.mark.long
@pytest.mark.timeout(400)
def test_twenty_kills_lose_nothing(tmp_path: Path) -> None:
    """Collector, publisher, server and the whole are killed at random; the end is as if never."""
    (tmp_path / "config.toml").write_text(CONFIG)
    data = tmp_path / "data"
    command = [
        sys.executable, "-m", "hashwatch", "run", "--config", str(tmp_path / "config.toml"),
        "--data-dir", str(data), "--port", "8391",
    ]  # fmt: skip
    draw = random.Random(SEED)
    fired = {"child": 0, "whole": 0}
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while sum(fired.values()) < KILLS:
            time.sleep(draw.uniform(0.5, 2.5))
            victims = children(run.pid)
            if sum(fired.values()) % 7 == 6:
                for process in (run.pid, *victims):
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                run.wait()
                fired["whole"] += 1
                run = subprocess.Popen(
                    command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            elif victims:
                with suppress(ProcessLookupError):
                    os.kill(draw.choice(victims), signal.SIGKILL)
                    fired["child"] += 1
        assert fired["whole"] >= 2, "the fault must have fired"
        assert fired["child"] >= 10, "the fault must have fired"
        _wait_for(data / "archive.db", "SELECT 1 FROM places WHERE state = 'finished'")
        assert held(data / "archive.db") == model("natsec17")
        ((last,),) = ask(data / "archive.db", "SELECT max(seq) FROM changes")
        caught_up = (
            f"SELECT 1 FROM meta WHERE key = 'published_seq' AND CAST(value AS INTEGER) >= {last}"
        )
        _wait_for(data / "dashboard.db", caught_up)
    finally:
        run.send_signal(signal.SIGTERM)
        run.wait(timeout=20)
    with closing(sqlite3.connect(data / "archive.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    events = load_config(tmp_path / "config.toml").events
    with Publisher(data / "archive.db", tmp_path / "anew.db", events, "textblob") as publisher:
        publisher.rebuild(workers=1)
    for table in ("posts", "post_hashtags", "event_posts", "rollup_minute", "rollup_day", "runs"):
        everything = f"SELECT * FROM {table} ORDER BY 1, 2"
        assert ask(data / "dashboard.db", everything) == ask(tmp_path / "anew.db", everything), (
            table
        )


def _wait_for(path: Path, sql: str, seconds: float = 150) -> None:
    deadline = time.monotonic() + seconds
    while not ask(path, sql):
        assert time.monotonic() < deadline, f"never true: {sql}"
        time.sleep(0.3)
