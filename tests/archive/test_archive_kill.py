"""A collector killed at any moment: after it, the archive is what was acknowledged, or one more."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hashwatch.archive.store import Archive

# Stores numbered pages, says each one once it is durable, and is killed by its own hand after a
# given number of SQLite's steps.
CHILD = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from archive.strategies import post
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.model import Cursor, Page, Tombstone

archive = Archive(Path(sys.argv[1]))
place = PlaceKey("mastodon", "town.example", "natsec17")
left = int(sys.argv[2])

def step():
    global left
    left -= 1
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)

archive._connection.set_progress_handler(step, 20)
run = archive.begin_run(place, 1)
for page in range(12):
    posts = tuple(post(n, likes=page) for n in range(page * 5, page * 5 + 8))
    gone = (Tombstone(1, "deleted", uri=post(page * 5).uri),)
    page_of = Page(posts=posts, tombstones=gone, cursor=Cursor(forward=str(page)))
    archive.store(page_of, run, place, 1)
    print(page, flush=True)
print("done", flush=True)
"""


def run_until_killed(path: Path, steps: int) -> list[str]:
    """Pages that were acknowledged before the kill."""
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), str(steps), str(Path(__file__).parents[1])],
        capture_output=True,
        text=True,
        check=False,
    )
    said = child.stdout.split()
    assert child.returncode == (0 if "done" in said else -signal.SIGKILL), child.stderr
    return said


def state(path: Path) -> tuple[object, ...]:
    """Everything that must hang together, read as the next collector would."""
    Archive(path).close()
    with sqlite3.connect(path) as connection:
        (check,) = connection.execute("PRAGMA integrity_check").fetchone()
        posts = connection.execute("SELECT key, likes FROM posts ORDER BY key").fetchall()
        cursor = connection.execute("SELECT cursor FROM cursors").fetchone()
        sightings = connection.execute("SELECT count(*) FROM sightings").fetchone()
        orphans = connection.execute(
            "SELECT count(*) FROM posts WHERE id NOT IN (SELECT ref FROM changes)"
        ).fetchone()
    connection.close()
    return check, posts, cursor, sightings, orphans


@pytest.mark.long
def test_killed_at_every_stretch_of_sql_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """At each kill the archive equals the model after the acknowledged pages, or one more."""
    models = []
    for pages in range(13):
        path = tmp_path / f"model{pages}.db"
        code = CHILD.replace("range(12)", f"range({pages})")
        subprocess.run(
            [sys.executable, "-c", code, str(path), "1000000000", str(Path(__file__).parents[1])],
            check=True,
            capture_output=True,
        )
        models.append(state(path))
    killed = 0
    for attempt, steps in enumerate(range(2, 900, 11)):
        path = tmp_path / f"killed{attempt}.db"
        said = run_until_killed(path, steps)
        acknowledged = len([word for word in said if word != "done"])
        killed += "done" not in said
        assert state(path) in models[acknowledged : acknowledged + 2], f"killed at step {steps}"
        if "done" in said:
            break
    assert killed > 20, "the fault must have fired"
