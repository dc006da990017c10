"""How much of a core it takes to follow Bluesky: 2,000 events a second, none lost.

A server in a process of its own plays genuine events over and over (the recorded ones beside the
project, invented ones where those are absent), one in fifty of them an invented post with the
hashtag. This process reads them as the collector does.

    PYTHONPATH=src:tests python -m bench.jetstream --seconds 60 --rate 2000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from fake_platform.jetstream import delete_event, identity_event, post_event
from hashwatch.collect.jetstream import Handles, Wanted
from hashwatch.collect.source import Place, Query
from hashwatch.collect.sources.bluesky import INSTANCE, Bluesky, Settings, parse_page

RECORDED = Path(__file__).parents[2] / "shared" / "recorded" / "bluesky"
START = 1_490_961_600_000_000
EVERY = 50
TICK = 0.01
TIME = re.compile(rb'"time_us":\d+')


def sample() -> list[bytes]:
    """Events of all kinds, one a line as version 1 sends them."""
    lines = [
        line
        for path in sorted(RECORDED.glob("*jetstream*"))
        for line in path.read_bytes().splitlines()
        if line.strip()
    ]
    if lines:
        return lines
    text = (
        "An invented sentence of about the usual length, with an emoji 🎉 and a word or two more."
    )
    return [
        *(post_event(n, text, time_us=START, langs=["en"]) for n in range(16)),
        delete_event(1, time_us=START),
        identity_event("ada.example", time_us=START),
    ]


def frame(number: int, rate: int, lines: list[bytes]) -> bytes:
    """The event of that number in the stream."""
    time_us = START + number * 1_000_000 // rate
    if number % EVERY == 0:
        return post_event(number, f"invented {number} #NatSec17", time_us=time_us)
    return TIME.sub(b'"time_us":%d' % time_us, lines[number % len(lines)])


async def serve_events(rate: int, seconds: float) -> None:
    """Serve on a port of its own choosing, which is printed, until the input ends."""
    lines = sample()
    frames = [frame(number, rate, lines) for number in range(int(rate * seconds))]

    async def play(connection: ServerConnection) -> None:
        started, sent = time.monotonic(), 0
        with suppress(ConnectionClosed):
            while sent < len(frames):
                due = min(len(frames), int((time.monotonic() - started) * rate))
                for event in frames[sent:due]:
                    await connection.send(event, text=True)
                sent = max(sent, due)
                await asyncio.sleep(TICK)
            await connection.wait_closed()

    async with serve(play, "127.0.0.1", 0, compression=None) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)


@asynccontextmanager
async def server_process(rate: int, seconds: float) -> AsyncIterator[str]:
    """The address of a server in another process."""
    command = [sys.executable, "-m", "bench.jetstream", "--serve"]
    command += ["--rate", str(rate), "--seconds", str(seconds)]
    root = Path(__file__).parents[1]
    paths = os.pathsep.join(str(root / part) for part in ("src", "tests", "."))
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": paths},
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        try:
            port = int(await asyncio.to_thread(child.stdout.readline))
            yield f"ws://127.0.0.1:{port}"
        finally:
            child.stdin.close()


async def follow(rate: int, seconds: float) -> dict[str, float]:
    """Follow the stream to its end and report what arrived and what it took."""
    expected = {f"invented {n} #NatSec17" for n in range(0, int(rate * seconds), EVERY)}
    since = START // 1_000_000
    query = Query(("natsec17",), (), since, since + 86_400, since)
    found: set[str] = set()
    handed: list[float] = []
    async with server_process(rate, seconds) as url:
        settings = Settings(endpoints=(url,), allow_loopback=True)
        source = Bluesky(settings, None)  # type: ignore[arg-type]  # no account to ask for
        stream = source.stream(Place("bluesky", INSTANCE), None, query)
        wall, cpu = time.monotonic(), time.process_time()
        async for page in stream:
            found |= {post.text for post in page.posts}
            handed.append(time.monotonic())
            if found >= expected or handed[-1] - wall > seconds + 15:
                break
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        await stream.aclose()  # type: ignore[attr-defined]
    return {
        "events": int(rate * seconds),
        "wanted": len(expected),
        "lost": len(expected - found),
        "seconds": round(wall, 2),
        "events_per_second": round(rate * seconds / wall),
        "share_of_a_core": round(cpu / wall, 4),
        "pages": len(handed),
    }


def filter_cost(rate: int, count: int = 20_000) -> dict[str, float]:
    """Microseconds an event for filtering and parsing alone, without the socket."""
    lines = sample()
    frames = [frame(number, rate, lines) for number in range(count)]
    wanted = Wanted(("natsec17",), ())
    started = time.process_time()
    read = sum(wanted.may_match(event) for event in frames)
    looked = time.process_time()
    parse_page(frames, wanted, Handles())
    parsed = time.process_time()
    return {
        "look_us": round((looked - started) / count * 1e6, 2),
        "filter_us": round((parsed - looked) / count * 1e6, 2),
        "filter_share_of_a_core": round((parsed - looked) / count * rate, 4),
        "read_share": round(read / count, 3),
        "mean_bytes": round(sum(map(len, frames)) / count),
    }


def main() -> None:
    """Run it and print the figures as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=int, default=2000)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--serve", action="store_true", help="be the server")
    chosen = options.parse_args()
    if chosen.serve:
        asyncio.run(serve_events(chosen.rate, chosen.seconds))
        return
    figures = asyncio.run(follow(chosen.rate, chosen.seconds)) | filter_cost(chosen.rate)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
