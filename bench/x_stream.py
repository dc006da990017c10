"""Whether X's stream is followed at its full 250 posts a second, each paid for and stored.

A server of X's shape, in a thread of this process, sends posts that are as dear as can be (each a
boost by somebody new of a post by somebody new), which are counted in the ledger and written to an
archive, as the collector does.

    PYTHONPATH=src:tests python -m bench.x_stream --seconds 20 --rate 250
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

from collect.spending import AT, Spender
from fake_platform.x import TOKEN, FakeX
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive

PLACE = PlaceKey("x", "x.com", "~natsec17")


def main() -> None:
    """Follows the stream for a while, and says what came of what was sent."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=float, default=20)
    arguments.add_argument("--rate", type=int, default=250)
    given = arguments.parse_args()
    os.environ["X_TOKEN"] = TOKEN
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Archive(Path(folder) / "archive.db")) as archive,
        FakeX(AT) as x,
    ):
        # The server's own clock allows no more than nearly the rate it is asked for.
        x.endless, x.flood = True, int(given.rate * 1.25)
        spender = Spender(x, archive, stream=True, budget=100_000)
        started = time.monotonic()
        spender.go(lambda source: follow(source, spender, given.seconds))
        seconds = time.monotonic() - started
        stored = spender.rows("SELECT count(*) FROM posts WHERE kind = 'boost'")[0]
        print(
            f"{x.sent / seconds:,.0f} posts a second for {seconds:.0f} s: {x.sent:,} sent,"
            f" {stored:,} stored, {x.sent - stored} on their way when it was closed;"
            f" charged ${x.bill.total / 1e6:,.2f}, counted ${spender.counted / 1e6:,.2f};"
            f" {time.process_time() / seconds:.0%} of a core, the server included"
        )


async def follow(source: Any, spender: Spender, seconds: float) -> None:
    """Stores what comes."""
    query = spender.query()
    (place,) = source.beside.places(query)
    run = spender.archive.begin_run(PLACE, AT)
    end = time.monotonic() + seconds
    async with aclosing(source.beside.stream(place, None, query)) as pages:
        async for page in pages:
            spender.archive.store(page, run, PLACE, AT)
            if time.monotonic() > end:
                return


if __name__ == "__main__":
    main()
