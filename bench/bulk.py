"""Import of 100,000 posts to durable, searchable and charted, against a bare loop, in one run.

Run as ``make bench`` or ``python -m bench.bulk [POSTS]``. Prints a table; ratios are what counts,
as the machine's own speed wanders.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench import bare, material
from hashwatch.archive.bulk import without_cycle_search
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.collect.sources.mastodon import parse_page
from hashwatch.model import Page, Post, RunState
from hashwatch.publish.publisher import Publisher

BULK = 5_000
ROUNDS = 3


def main() -> None:
    """Measures every way in turn, three rounds, and prints the best of each."""
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else material.POSTS
    files = material.write(Path(tempfile.gettempdir()) / "hashwatch-bench", posts)
    print(f"{distinct(*files):.1%} of the texts are distinct")
    best: dict[str, float] = {}
    sizes = ""
    for _ in range(ROUNDS):
        for name, measure in {
            "prepared rows": without_cycle_search()(bare.prepared),
            "bare loop": without_cycle_search()(bare.run),  # as hashwatch does
            "hashwatch, tagging off": untagged,
            "hashwatch, TextBlob": tagged,
        }.items():
            folder = Path(tempfile.mkdtemp(prefix="hashwatch-bench-")) / "data"
            written, seconds = measure(*files, folder)
            best[name] = max(best.get(name, 0.0), written / seconds)
            if name == "hashwatch, tagging off":
                sizes = bytes_a_post(folder, written)
            shutil.rmtree(folder.parent)
    for name, speed in best.items():
        against = speed / best["bare loop"]
        print(f"{name:26} {speed:9,.0f} posts a CPU-second  {against:6.0%} of the bare loop")
    print(sizes)


def untagged(mastodon: Path, x: Path, folder: Path) -> tuple[int, float]:
    """The product's own path without annotators."""
    return import_all(mastodon, x, folder, "")


def tagged(mastodon: Path, x: Path, folder: Path) -> tuple[int, float]:
    """The product's own path with language, tone, themes and sessions."""
    return import_all(mastodon, x, folder, "textblob")


@without_cycle_search()
def import_all(mastodon: Path, x: Path, folder: Path, annotator: str) -> tuple[int, float]:
    """Posts written and CPU seconds taken, worker processes included."""
    folder.mkdir(parents=True)
    begun = cpu_seconds()
    archive = Archive(folder / "archive.db", bulk=True)
    now = int(time.time())
    place = PlaceKey("bench", "import")
    run = archive.begin_run(place, now)
    written = 0
    for page in pages(mastodon, x):
        written += archive.store(page, run, place, now, event="bench").new
    archive.end_run(run, RunState.OK, "", now)
    archive.close()
    with Publisher(
        folder / "archive.db", folder / "dashboard.db", [material.event()], annotator
    ) as publisher:
        assert publisher.catch_up().posts == written
    return written, cpu_seconds() - begun


def pages(mastodon: Path, x: Path):
    """What the source and the importer make of the files, in bulk pages."""
    gathered: list[Post] = []
    with mastodon.open("rb") as lines:
        for line in lines:
            gathered += parse_page(line, "town.example").posts
            if len(gathered) >= BULK:
                yield Page(posts=tuple(gathered))
                gathered = []
    yield Page(posts=tuple(gathered))
    yield from find_importer("twarc", x).read(x, ImportSettings())


def distinct(mastodon: Path, x: Path) -> float:
    """The share of distinct texts among the posts."""
    texts: list[str] = []
    with mastodon.open("rb") as lines:
        texts += [status["content"] for line in lines for status in json.loads(line)]
    with x.open("rb") as lines:
        for line in lines:
            post = json.loads(line)
            texts.append(post.get("retweeted_status", post)["full_text"])
    return len(set(texts)) / len(texts)


def bytes_a_post(folder: Path, posts: int) -> str:
    """How large the two files are."""
    archive, dashboard = (
        (folder / name).stat().st_size / posts for name in ("archive.db", "dashboard.db")
    )
    both = archive + dashboard
    return f"{both:,.0f} bytes a post: archive {archive:,.0f}, dashboard {dashboard:,.0f}"


def cpu_seconds() -> float:
    """CPU time of this process and of the children it has waited for."""
    import os

    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
