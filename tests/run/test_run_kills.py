"""Twenty kills at random while a conversation comes in: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect.conversation import load_bundle
from hashwatch.collect.timeline import timeline
from hashwatch.model import Gap, Page, Post, Tombstone

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

KILLS = 20
CONFIG = """
[[event]]
slug = "natsec17"
title = "Security and cybersecurity"
hashtags = ["NATSEC17", "CYBERPARL"]
timezone = "Europe/London"
starts = 2017-03-28
ends = 2017-04-01
languages = ["en", "fr"]
[sources.replay]
speed = 3600
start = { natsec17 = 2017-03-29T00:00:00 }
[sentiment]
annotator = "textblob"
"""
ARCHIVED = (
    "SELECT key, kind, text, edited_at, boosts, likes, replies, quotes FROM posts ORDER BY key",
    "SELECT post_id, edited_at, text FROM versions ORDER BY post_id, edited_at",
    "SELECT key, reason FROM tombstones ORDER BY key",
    "SELECT start, end, reason FROM gaps ORDER BY start",
)
PUBLISHED = (
    "SELECT id, uri, text, language, sentiment, kind, boosts, likes FROM posts ORDER BY id",
    "SELECT bucket, posts, positive, unknown FROM rollup_hour WHERE facet = 'all' ORDER BY bucket",
    "SELECT post_id, likes, boosts FROM engagement ORDER BY post_id, seen_at, likes, boosts",
)


def contents(path: Path, questions: tuple[str, ...]) -> list[list[tuple[object, ...]]]:
    """The answers of a database."""
    with closing(sqlite3.connect(path)) as connection:
        return [connection.execute(question).fetchall() for question in questions]


def uninterrupted(path: Path) -> Path:
    """An archive that took the same conversation in one go."""
    happened = [action.what for action in timeline(load_bundle("natsec17"))]
    archive = Archive(path)
    place = PlaceKey("replay", "natsec17", "natsec17")
    run = archive.begin_run(place, 1)
    for what in happened:
        page = Page(
            posts=(what,) if isinstance(what, Post) else (),
            tombstones=(what,) if isinstance(what, Tombstone) else (),
            gaps=(what,) if isinstance(what, Gap) else (),
        )
        archive.store(page, run, place, int(time.time()))
    archive.close()
    return path


def children(parent: int) -> dict[str, int]:
    """The processes of a running hashwatch, by their command."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = status.read_text().splitlines()
            command = (status.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"PPid:\t{parent}" in lines and len(command) > 3:
            found[command[3].decode()] = int(status.parent.name)
    return found


def is_finished(archive: Path) -> bool:
    """Whether the replay has come to its end."""
    with closing(sqlite3.connect(archive)) as connection:
        states = connection.execute("SELECT state FROM places WHERE source = 'replay'").fetchall()
    return states == [("finished",)]


def test_twenty_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    """The archive equals the model, and the dashboard what a rebuild makes of it."""
    (tmp_path / "config.toml").write_text(CONFIG)
    data = tmp_path / "data"
    shared = ["--config", str(tmp_path / "config.toml"), "--data-dir", str(data)]
    command = [sys.executable, "-m", "hashwatch"]
    chance = random.Random(20)
    killed: dict[str, int] = {}
    with subprocess.Popen(
        [*command, "run", *shared, "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as running:  # fmt: skip
        try:
            assert running.stdout is not None
            assert b"hashwatch is at" in running.stdout.readline()
            while sum(killed.values()) < KILLS:
                time.sleep(chance.uniform(0.3, 2.5))
                alive = sorted(children(running.pid).items())
                if not alive:
                    continue
                name, number = chance.choice(alive)
                os.kill(number, signal.SIGKILL)
                killed[name] = killed.get(name, 0) + 1
            deadline = time.monotonic() + 400
            while not is_finished(data / "archive.db"):
                assert time.monotonic() < deadline
                time.sleep(1)
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(30)
    assert set(killed) == {"collect", "publish", "serve"}
    subprocess.run([*command, "publish", *shared], check=True, capture_output=True)
    model = uninterrupted(tmp_path / "model.db")
    assert contents(data / "archive.db", ARCHIVED) == contents(model, ARCHIVED)
    kept_up = contents(data / "dashboard.db", PUBLISHED)
    subprocess.run([*command, "publish", "--rebuild", *shared], check=True, capture_output=True)
    assert contents(data / "dashboard.db", PUBLISHED) == kept_up
