"""The dashboards with a million posts while more arrive.

Builds a synthetic dashboard.db (``million_posts.py``), serves it in a process of its own, lets a
second process add 200 posts a second the way the publisher does (a page of 40 to a transaction),
and asks as 20 readers once a second each: overview, search, a post, a session, coverage, as JSON
and as HTML, with gzip, a quarter of them with the ETag of their last answer. Then it raises the
number of readers until the JSON's 95th percentile passes the limit.

    python -m bench.serve_million [--posts 1000000] [--seconds 40] [--database FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from statistics import quantiles

import httpx

from bench.million_posts import Stream, build, write

JSON_LIMIT = 50.0
HTML_LIMIT = 150.0
PAGES = {
    "overview": "/events/natsec17",
    "search": "/events/natsec17/posts",
    "words": "/events/natsec17/posts?q={word}",
    "post": "/events/natsec17/posts/{post}",
    "session": "/events/natsec17/sessions/s{session}",
    "coverage": "/events/natsec17/coverage",
}
SERVE = (
    "import sys; from hashwatch.serve.app import serve; "
    "serve(sys.argv[1], port=0, announce=lambda a: print(a, flush=True))"
)


def main() -> None:
    """Builds, serves, writes, reads, reports."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--most", type=int, default=640, help="readers to go up to; 0: none")
    parser.add_argument("--database", type=Path, help="use (and grow) this file if it is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.database or Path(folder) / "dashboard.db"
        if not path.exists():
            started = time.monotonic()
            build(path, options.posts)
            print(f"built {options.posts:,} posts in {time.monotonic() - started:.0f} s, "
                  f"{path.stat().st_size / options.posts:.0f} B a post")  # fmt: skip
        measure(path, options)


def measure(path: Path, options: argparse.Namespace) -> None:
    """Serves ``path`` and measures it, alone and with more and more readers."""
    server = subprocess.Popen([sys.executable, "-c", SERVE, str(path)], stdout=subprocess.PIPE,
                              text=True)  # fmt: skip
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    stop = multiprocessing.Event()
    written = multiprocessing.Value("q", 0)
    writer = multiprocessing.Process(target=keep_writing, args=(path, options.rate, stop, written))
    writer.start()
    try:
        asyncio.run(read(address, path, 5, 5.0))
        begun, cpu = time.monotonic(), cpu_seconds(server.pid)
        before = written.value
        timings = asyncio.run(read(address, path, options.readers, options.seconds))
        took = time.monotonic() - begun
        print(f"\n{options.readers} readers a second for {took:.0f} s, "
              f"{(written.value - before) / took:.0f} posts/s written; server: "
              f"{(cpu_seconds(server.pid) - cpu) / took:.0%} of a core, "
              f"{resident_megabytes(server.pid)} MB resident")  # fmt: skip
        print(f"{'':22}{'n':>6}{'p50 ms':>9}{'p95':>8}{'p99':>8}{'limit':>7}")
        for name in sorted(timings):
            report(name, timings[name])
        for readers in (40, 80, 160, 240, 320, 480, 640):
            if readers > options.most:
                break
            timings = asyncio.run(read(address, path, readers, 12.0))
            data = [t for name, values in timings.items() if "json" in name for t in values]
            pages = [t for name, values in timings.items() if "html" in name for t in values]
            print(
                f"{readers} readers: JSON p95 {p(data, 95):.1f} ms, HTML p95 {p(pages, 95):.1f} ms"
            )
            if p(data, 95) > JSON_LIMIT or p(pages, 95) > HTML_LIMIT:
                break
    finally:
        stop.set()
        writer.join(10)
        server.terminate()
        server.wait(10)


def keep_writing(path: Path, rate: int, stop: object, written: object) -> None:
    """Adds ``rate`` posts a second in pages of 40, each one transaction."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 2000")
    meta = dict(connection.execute("SELECT key, value FROM meta"))
    version = int(meta["published_seq"])
    stream = Stream(seed=int(time.time()))
    due = time.monotonic()
    while not stop.is_set():  # type: ignore[attr-defined]
        version += 1
        second = int(time.time())
        stream.in_second = max(stream.in_second, version % 1_000_000)
        write(connection, [stream.post(second, 100_000) for _ in range(40)], version)
        written.value += 40  # type: ignore[attr-defined]
        due += 40 / rate
        time.sleep(max(0.0, due - time.monotonic()))
    connection.close()


async def read(address: str, path: Path, readers: int, seconds: float) -> dict[str, list[float]]:
    """Milliseconds by page and kind, as ``readers`` see them who each ask once a second."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    posts = [row[0] for row in connection.execute(
        "SELECT id FROM posts ORDER BY id DESC LIMIT 2000")]  # fmt: skip
    connection.close()
    words = Stream().words[:200]
    timings: dict[str, list[float]] = defaultdict(list)
    until = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=readers + 10, max_keepalive_connections=readers + 10)

    async def reader(number: int, client: httpx.AsyncClient) -> None:
        draw = random.Random(number)
        tags: dict[str, str] = {}
        await asyncio.sleep(draw.random())
        while time.monotonic() < until:
            began = time.monotonic()
            name = draw.choice(list(PAGES))
            target = PAGES[name].format(
                post=draw.choice(posts), session=draw.randint(1, 40), word=draw.choice(words)
            )
            kind = "html" if draw.random() < 0.25 else "json"
            if kind == "json":
                bare, _, query = target.partition("?")
                target = f"{bare}.json" + (f"?{query}" if query else "")
            headers = {"Accept-Encoding": "gzip"}
            if target in tags and draw.random() < 0.25:
                headers["If-None-Match"] = tags[target]
            started = time.perf_counter()
            answer = await client.get(target, headers=headers)
            timings[f"{name} {kind}"].append(1000 * (time.perf_counter() - started))
            assert answer.status_code in (200, 304), (answer.status_code, target, answer.text[:300])
            tags[target] = answer.headers["etag"]
            await asyncio.sleep(max(0.0, began + 1 - time.monotonic()))

    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=30) as client:
        await asyncio.gather(*(reader(number, client) for number in range(readers)))
    return timings


def report(name: str, values: list[float]) -> None:
    """One line of the table."""
    limit = HTML_LIMIT if name.endswith("html") else JSON_LIMIT
    print(f"{name:22}{len(values):6}{p(values, 50):9.1f}{p(values, 95):8.1f}{p(values, 99):8.1f}"
          f"{limit:7.0f}{'' if p(values, 95) <= limit else '  OVER'}")  # fmt: skip


def p(values: list[float], percent: int) -> float:
    """A percentile; of a single value, that value."""
    return quantiles(values, n=100)[percent - 1] if len(values) > 1 else (values or [0.0])[0]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def resident_megabytes(pid: int) -> int:
    """Resident memory of a process, mapped files included."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0


if __name__ == "__main__":
    main()
