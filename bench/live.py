"""While a conference runs: how fast a page is durable, and how soon a post is on an open dashboard.

Run as ``python -m bench.live [SECONDS]``. Publisher and server run as they do under ``hashwatch
run``; this process stores a page of 40 posts five times a second (200 posts a second) and listens,
as an open dashboard does, to the stream of changes, fetching the page's JSON at each.

A conference runs for days, so measuring begins when a first page has come all the way through:
until then the publisher loads its models, and takes the cores for it. As much as a page's commit
writes is written and flushed to the same disk between the pages, to judge what durable costs here.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from bench.payloads import Payloads
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.collect.sources.mastodon import parse_page

PAGE = 40
PAGES_A_SECOND = 5
PORT = 8392
KEPT = 1.1
"""Seconds after which a page whose answer was older than the change asks again."""
WRITTEN = 128 * 1024
"""Bytes that a page of 40 adds to the archive's log."""
CONFIG = """
[[event]]
slug = "bench"
title = "A benchmark"
hashtags = ["NATSEC17", "CYBERPARL", "HumanRights", "Cyber", "Oversight", "Equality"]
timezone = "Europe/London"
starts = 2017-03-15
ends = 2037-01-01
languages = ["en", "fr"]

[[event.theme]]
name = "Oversight"
terms = ["oversight", "scrutiny"]
"""


def main() -> None:
    """Runs for some seconds, then prints percentiles, CPU and memory."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    with running(PORT) as (archive, children):
        report(archive, children, seconds)


@contextmanager
def running(port: int) -> Iterator[tuple[Archive, list[subprocess.Popen[bytes]]]]:
    """An empty archive, with the publisher and the server of its dashboard at work."""
    with tempfile.TemporaryDirectory(prefix="hashwatch-live-") as folder:
        place = Path(folder)
        (place / "config.toml").write_text(CONFIG)
        common = ["--config", str(place / "config.toml"), "--data-dir", str(place / "data")]
        archive = Archive(place / "data" / "archive.db")
        command = [sys.executable, "-m", "hashwatch"]
        children = [
            subprocess.Popen([*command, "publish", "--follow", *common], stdin=subprocess.PIPE),
            subprocess.Popen(
                [*command, "serve", "--port", str(port), *common],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            ),
        ]  # fmt: skip
        try:
            yield archive, children
        finally:
            archive.close()
            for child in children:
                child.terminate()
                child.wait()


def report(archive: Archive, children: list[subprocess.Popen[bytes]], seconds: int) -> None:
    """Stores pages at a steady pace while a dashboard watches."""
    seen: list[tuple[float, int]] = []
    stop = threading.Event()
    watcher = threading.Thread(target=watch, args=(seen, stop), daemon=True)
    watcher.start()
    payloads = Payloads(seed=int(time.time()))
    key = PlaceKey("mastodon", "town.example", "natsec17")
    run = archive.begin_run(key, int(time.time()))

    def store() -> tuple[float, float]:
        page = parse_page(b"[" + b",".join(payloads.mastodon() for _ in range(PAGE)) + b"]", "a")
        received = time.monotonic()
        archive.store(page, run, key, int(time.time()))
        return received, time.monotonic() - received

    store()
    while not seen or seen[-1][1] < PAGE:
        time.sleep(0.1)
    durable, flushed, stored = [], [], []
    with tempfile.TemporaryFile(dir=archive.path.parent) as probe:
        for number in range(1, seconds * PAGES_A_SECOND + 1):
            due = time.monotonic() + 1 / PAGES_A_SECOND
            received, seconds_taken = store()
            durable.append(seconds_taken)
            stored.append((received, (number + 1) * PAGE))
            flushed.append(flush(probe))
            time.sleep(max(0.0, due - time.monotonic()))
    deadline = time.monotonic() + 20
    while seen[-1][1] < stored[-1][1] and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    waits = sorted(
        next((at for at, posts in seen if posts >= wanted), deadline) - received
        for received, wanted in stored
    )
    print(f"page of {PAGE} to durable: {percentiles(sorted(durable), 1000)} ms")
    print(f"the disk alone, {WRITTEN // 1024} kB flushed: {percentiles(sorted(flushed), 1000)} ms")
    print(f"received to an open dashboard's JSON: {percentiles(waits, 1)} s")
    for name, child in zip(("publisher", "server"), children, strict=True):
        cpu, memory = usage(child.pid)
        print(f"{name}: {cpu / seconds:.0%} of a core, {memory:,.0f} MB")


def flush(file: IO[bytes]) -> float:
    """Seconds that writing and flushing as much as a page's commit takes."""
    file.write(os.urandom(WRITTEN))
    begun = time.monotonic()
    file.flush()
    os.fsync(file.fileno())
    return time.monotonic() - begun


def watch(seen: list[tuple[float, int]], stop: threading.Event) -> None:
    """An open dashboard: hears of changes, fetches the JSON, notes how many posts it tells of."""
    base = f"http://127.0.0.1:{PORT}/events/bench"
    with httpx.Client(timeout=30) as client:
        while not stop.is_set():
            try:
                client.get(f"{base}.json").raise_for_status()
                with client.stream("GET", f"{base}/live") as stream:
                    for line in stream.iter_lines():
                        told = json.loads(line[5:]) if line.startswith("data:") else {}
                        for _ in range(2):  # an answer may be a second old: the page asks again
                            if "version" not in told:
                                break
                            answer = client.get(f"{base}.json").json()
                            seen.append((time.monotonic(), answer["now"]["total"]["posts"]))
                            if answer["version"] >= told["version"]:
                                break
                            time.sleep(KEPT)
                        if stop.is_set():
                            return
            except (httpx.HTTPError, json.JSONDecodeError, KeyError):
                time.sleep(0.2)


def percentiles(values: list[float], scale: float) -> str:
    """Median, 95th and 99th percentile of sorted values."""
    cuts = statistics.quantiles(values, n=100)
    p50, p95, p99 = (cuts[place - 1] * scale for place in (50, 95, 99))
    return f"p50 {p50:.2f}, p95 {p95:.2f}, p99 {p99:.2f}"


def usage(process: int) -> tuple[float, float]:
    """CPU seconds and resident megabytes of a process."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return (int(fields[11]) + int(fields[12])) / ticks, pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
