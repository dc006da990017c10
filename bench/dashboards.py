"""500 open dashboards on this machine while 200 posts a second arrive: from commit to screen.

Run as ``python -m bench.dashboards [SECONDS] [DASHBOARDS] [POSTS A SECOND]``. Publisher and server
run as under ``hashwatch run``. Another process holds the dashboards: each hears the stream of
changes and fetches the overview's page as ``live.js`` does, with its pauses and its jitter; every
tenth reads from it which change it shows. All of them share the cores with what is measured.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import statistics
import subprocess
import sys
import time
import zlib
from contextlib import suppress

from bench.live import PAGE, percentiles, running, usage
from bench.payloads import Payloads
from hashwatch.archive.connection import open_reading
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.collect.sources.mastodon import parse_page

PORT = 8393
CALM, SPREAD, KEPT = 0.9, 0.3, 1.1
"""As in live.js: seconds between two looks, jitter, and when to look once more."""
MEASURED = 10
"""Every so many-th dashboard reads what it gets."""
VERSION = re.compile(rb'data-version="(\d+)"')


def main() -> None:
    """Runs for some seconds, then prints percentiles, CPU and memory."""
    if sys.argv[1:2] == ["watch"]:
        seen = asyncio.run(watch(int(sys.argv[2]), float(sys.argv[3])))
        json.dump(seen, sys.stdout)
        return
    seconds, dashboards, rate = (
        int(value) for value in [*sys.argv[1:4], *("30", "500", "200")[len(sys.argv[1:4]) :]]
    )
    with running(PORT) as (archive, children):
        measure(archive, children, seconds, dashboards, rate)


def measure(
    archive: Archive, children: list[subprocess.Popen[bytes]], seconds: int, dashboards: int,
    rate: int,
) -> None:  # fmt: skip
    """Stores pages at a steady pace while the dashboards watch, and reports."""
    payloads = Payloads(seed=int(time.time()))
    key = PlaceKey("mastodon", "town.example", "natsec17")
    run = archive.begin_run(key, int(time.time()))
    reading = open_reading(archive.path)

    def store() -> tuple[int, float]:
        page = parse_page(b"[" + b",".join(payloads.mastodon() for _ in range(PAGE)) + b"]", "a")
        archive.store(page, run, key, int(time.time()))
        committed_at = time.monotonic()
        (seq,) = reading.execute("SELECT max(seq) FROM changes").fetchone()
        return seq, committed_at

    store()
    asyncio.run(until_published())
    warm = 10.0
    watcher = subprocess.Popen(
        [sys.executable, "-m", "bench.dashboards", "watch", str(dashboards), str(seconds + warm)],
        stdout=subprocess.PIPE,
    )
    begun, committed = time.monotonic(), []
    before: list[float] = []
    while time.monotonic() - begun < seconds + warm - 6:
        due = time.monotonic() + PAGE / rate
        said = store()
        if time.monotonic() - begun > warm:
            before = before or [usage(child.pid)[0] for child in children]
            committed.append(said)
        time.sleep(max(0.0, due - time.monotonic()))
    after = [usage(child.pid) for child in children]
    out, _ = watcher.communicate(timeout=120)
    found = json.loads(out)
    waits = sorted(wait for screen in found["screens"] for wait in delays(committed, screen))
    missing = len(committed) * len(found["screens"]) - len(waits)
    span = seconds - 6
    print(f"{dashboards} dashboards, {rate} posts a second, {len(committed)} pages of {PAGE}")
    print(f"commit to screen: {percentiles(waits, 1)} s, mean {statistics.mean(waits):.2f} s")
    print(f"never shown before the end: {missing}; failed requests: {found['failed']}")
    print(f"pages fetched: {found['fetched'] / found['seconds']:.0f} a second")
    for name, (cpu, memory), earlier in zip(("publisher", "server"), after, before, strict=True):
        print(f"{name}: {(cpu - earlier) / span:.0%} of a core, {memory:,.0f} MB")


def delays(committed: list[tuple[int, float]], screen: list[tuple[float, int]]) -> list[float]:
    """From each commit to the first page on a screen that holds it."""
    found, place = [], 0
    for seq, at in committed:
        while place < len(screen) and screen[place][1] < seq:
            place += 1
        if place < len(screen):
            found.append(screen[place][0] - at)
    return found


async def until_published() -> None:
    """Waits until the server shows a page that holds something."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError, ValueError):
            fetcher = await Fetcher.connect()
            version = version_in(await fetcher.get("/events/bench"))
            fetcher.close()
            if version:
                return
        await asyncio.sleep(0.2)


async def watch(dashboards: int, seconds: float) -> dict[str, object]:
    """Opens the dashboards one after the other, and closes them when the time is over."""
    all_ = [Dashboard(number % MEASURED == 0) for number in range(dashboards)]
    tasks = []
    begun = time.monotonic()
    for each in all_:
        tasks.append(asyncio.create_task(each.run()))
        await asyncio.sleep(0.005)
    await asyncio.sleep(max(0.0, seconds - (time.monotonic() - begun)))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "screens": [each.seen for each in all_ if each.is_measured],
        "fetched": sum(each.fetched for each in all_),
        "failed": sum(each.failed for each in all_),
        "seconds": seconds,
    }


class Dashboard:
    """An open page: what it was told, what it fetched, what it shows."""

    def __init__(self, is_measured: bool) -> None:
        self.is_measured = is_measured
        self.seen: list[tuple[float, int]] = []
        self.fetched = self.failed = 0
        self._last_change = 0.0
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Listens and fetches until it is cancelled."""
        listening = asyncio.create_task(self._listen())
        try:
            fetcher = await Fetcher.connect()
            last_fetch = 0.0
            while True:
                await self._changed.wait()
                now = time.monotonic()
                await asyncio.sleep(max(last_fetch + CALM - now, 0) + random.random() * SPREAD)
                self._changed.clear()
                last_fetch = time.monotonic()
                try:
                    body = await fetcher.get("/events/bench")
                    self.fetched += 1
                    if self.is_measured:
                        self.seen.append((time.monotonic(), version_in(body)))
                except (OSError, asyncio.IncompleteReadError, ValueError):
                    self.failed += 1
                    fetcher.close()
                    fetcher = await Fetcher.connect()
                if last_fetch < self._last_change + KEPT:
                    self._changed.set()
        finally:
            listening.cancel()

    async def _listen(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(b"GET /events/bench/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        async for line in reader:
            if line.startswith(b"event: changed"):
                self._last_change = time.monotonic()
                self._changed.set()


class Fetcher:
    """A connection that is kept, as a browser keeps one."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls) -> Fetcher:
        """A new one."""
        return cls(*await asyncio.open_connection("127.0.0.1", PORT, limit=1 << 20))

    async def get(self, path: str) -> bytes:
        """The gzipped body; ``ValueError`` for any answer but a page."""
        self._writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n"
            "Accept-Encoding: gzip\r\n\r\n".encode()
        )
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        if not head.startswith(b"HTTP/1.1 200") or not length:
            raise ValueError(head[:60])
        return body

    def close(self) -> None:
        """Lets it go."""
        self._writer.close()


def version_in(body: bytes) -> int:
    """Up to which change a page shows."""
    with suppress(zlib.error):
        body = zlib.decompress(body, wbits=31)
    found = VERSION.search(body)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    main()
