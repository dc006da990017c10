"""Import of 100,000 posts to durable, searchable and charted, against a bare loop, in one run.

Run as ``make bench`` or ``python -m bench.bulk [POSTS]``. Prints a table; ratios are what counts,
as the machine's own speed wanders. Each way is measured in a process of its own, one after another,
so that none inherits what another left in memory; the ratio is the median of those of the rounds.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bench import bare, material
from hashwatch.archive.bulk import without_cycle_search
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.collect.sources.mastodon import parse_page
from hashwatch.model import Page, Post, RunState
from hashwatch.publish.publisher import Publisher

BULK = 5_000
ROUNDS = 5
Measure = Callable[[Path, Path, Path], tuple[int, float]]


def main() -> None:
    """Measures every way in turn, some rounds, and prints the best of each and the ratios."""
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else material.POSTS
    files = material.write(Path(tempfile.gettempdir()) / "hashwatch-bench", posts)
    print(f"{distinct(*files):.1%} of the texts are distinct")
    ways: dict[str, Measure] = {
        "prepared rows": prepared,
        "bare loop": bare_loop,
        "hashwatch, tagging off": untagged,
        "hashwatch, TextBlob": tagged,
    }
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    sizes = ""
    for _ in range(ROUNDS):
        for name, measure in ways.items():
            speed, size = alone(measure, files)
            speeds[name].append(speed)
            sizes = size if measure is untagged else sizes
    for name, found in speeds.items():
        ratios = [one / its for one, its in zip(found, speeds["bare loop"], strict=True)]
        print(
            f"{name:24} best {max(found):7,.0f} posts a CPU-second;"
            f" of the bare loop in the same round {statistics.median(ratios):4.0%}"
            f" ({min(ratios):.0%}–{max(ratios):.0%})"
        )
    print(sizes)


def alone(measure: Measure, files: tuple[Path, Path]) -> tuple[float, str]:
    """Posts a CPU-second in a process of its own, and the sizes of what it wrote."""
    folder = Path(tempfile.mkdtemp(prefix="hashwatch-bench-")) / "data"
    try:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            written, seconds = pool.submit(measure, *files, folder).result()
        return written / seconds, bytes_a_post(folder, written)
    finally:
        shutil.rmtree(folder.parent)


@without_cycle_search()
def prepared(mastodon: Path, x: Path, folder: Path) -> tuple[int, float]:
    """Rows made beforehand."""
    return bare.prepared(mastodon, x, folder)


@without_cycle_search()  # as hashwatch does
def bare_loop(mastodon: Path, x: Path, folder: Path) -> tuple[int, float]:
    """The bare loop."""
    return bare.run(mastodon, x, folder)


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
