"""Re-tagging a million posts: everything anew, then with tones taken over, then with all distinct.

Run as ``make bench ARGS=retag`` or ``python -m bench.retag [POSTS [ANNOTATOR]]``. The archive is
made first and kept in the temporary folder for the next time: 62% of its posts repeat others word
for word, as boosts do at real conferences, unless all are to be distinct. Wall and CPU seconds are
both given; CPU seconds include the worker processes. A reader asks all the while how many posts
there are.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import msgspec

from bench import material
from bench.bulk import cpu_seconds
from bench.payloads import BEGIN, HASHTAGS, Payloads
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.model import Author, Event, Page, Post, RunState, Theme
from hashwatch.publish.publisher import Publisher

POSTS = 1_000_000
REPEATED = 0.62
BATCH = 5_000
PLACE = PlaceKey("bench", "retag")


def main() -> None:
    """Makes the archives that are not there yet, then re-tags."""
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else POSTS
    annotator = sys.argv[2] if len(sys.argv) > 2 else "student"
    for share in (REPEATED, 0.0):
        folder = Path(tempfile.gettempdir()) / f"hashwatch-retag-{posts}-{share:g}"
        if not (folder / "archive.db").exists():
            begun = time.monotonic()
            fill(folder, posts, share)
            print(f"made {posts:,} posts in {time.monotonic() - begun:.0f} s")
        for name in ("dashboard.db", "dashboard.db-wal", "dashboard.db-shm"):
            (folder / name).unlink(missing_ok=True)
        print(f"{share:.0%} of the texts repeat others; load {os.getloadavg()[0]:.1f}")
        event = material.event()
        measure(f"everything new, {annotator}", folder, event, annotator)
        if share:
            measure("another annotator, textblob", folder, event, "textblob")
            changed = (*event.themes[1:], Theme("Another", ("delay", "applause")))
            themed = msgspec.structs.replace(event, themes=changed)
            measure("themes changed, tones taken over", folder, themed, "textblob")


def measure(what: str, folder: Path, event: Event, annotator: str) -> None:
    """One rebuild, with a reader beside it; what it took and what it changed."""
    dashboard = folder / "dashboard.db"
    stop, waits = threading.Event(), []
    reader = threading.Thread(target=read, args=(dashboard, stop, waits))
    with Publisher(folder / "archive.db", dashboard, [event], annotator) as publisher:
        reader.start()
        wall, cpu = time.monotonic(), cpu_seconds()
        rebuilt = publisher.rebuild()
        wall, cpu = time.monotonic() - wall, cpu_seconds() - cpu
    stop.set()
    reader.join()
    changed = rebuilt.comparison
    moved = sum(one.posts for one in changed.sentiment) if changed else 0
    print(
        f"  {what:34} {wall:6.0f} s, {cpu:6.0f} CPU-s, {rebuilt.posts / wall:8,.0f} posts a second;"
        f" {moved:,} tones moved; slowest read meanwhile {max(waits, default=0) * 1000:.0f} ms"
    )


def read(dashboard: Path, stop: threading.Event, waits: list[float]) -> None:
    """Asks for a count, as a page does, until told to stop."""
    with closing(sqlite3.connect(dashboard, timeout=30)) as connection:
        while not stop.wait(0.05):
            begun = time.monotonic()
            connection.execute("SELECT sum(posts) FROM rollup_day WHERE facet = 'all'").fetchone()
            waits.append(time.monotonic() - begun)


def fill(folder: Path, posts: int, repeated: float) -> None:
    """An archive of invented posts; ``repeated`` is the share of boosts."""
    payloads = Payloads(seed=17, repeats=0.0)
    people = [
        Author(f"https://town.example/users/person{number}", f"person{number}@town.example")
        for number in range(5_000)
    ]
    archive = Archive(folder / "archive.db", bulk=True)
    run = archive.begin_run(PLACE, BEGIN)
    originals: list[Post] = []
    for first in range(0, posts, BATCH):
        page = [
            one(payloads, people, originals, number, number % 100 < 100 * repeated)
            for number in range(first, min(first + BATCH, posts))
        ]
        archive.store(Page(posts=tuple(page)), run, PLACE, BEGIN + posts, event="bench")
    archive.end_run(run, RunState.OK, "", BEGIN + posts)
    archive.close()


def one(
    payloads: Payloads, people: list[Author], originals: list[Post], number: int, boosts: bool
) -> Post:
    """The next post: a boost of one of the latest 2,000 originals, or an original."""
    author, at = people[number * 7_919 % len(people)], BEGIN + number // 3
    uri = f"{author.uri}/statuses/{number}"
    if boosts and originals:
        original = originals[-1 - number * 31 % min(len(originals), 2_000)]
        return msgspec.structs.replace(
            original, uri=uri, author=author, created_at=at, kind="boost", boost_of=original.uri
        )
    post = Post(
        uri=uri, source="mastodon", instance="town.example", author=author, created_at=at,
        text=payloads.text(), raw=b"{}", raw_format="mastodon", language="en",
        hashtags=(HASHTAGS[number % len(HASHTAGS)],),
    )  # fmt: skip
    originals.append(post)
    return post


if __name__ == "__main__":
    main()
