"""All processes at once, until they are told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

from hashwatch.archive.connection import check, open_archive, sole
from hashwatch.run.addresses import address, answers, free_port
from hashwatch.run.children import Child
from hashwatch.run.logs import LogFile

# Seconds within which the server must answer for the first time.
SERVER_DEADLINE = 60.0
# Seconds between two looks whether it answers already.
LOOK_EVERY = 0.05
# Seconds that the publisher leaves to the others at the start: three at once are slower on two
# cores, and without a server nobody sees what is published.
PUBLISHER_WAITS = 1.5


def run(
    config_path: Path,
    data_dir: Path,
    host: str,
    port: int,
    *,
    alerts: bool,
    public_address: str = "",
    embed: Sequence[str] = (),
) -> None:
    """Runs everything until SIGINT or SIGTERM, saying on stdout where it is once it is there.

    The alerter runs only where ``alerts`` says that there is something to look out for, or
    somebody to tell. ``public_address`` is where people find the pages, through whatever stands in
    front of them; ``embed`` are the sites that may show the public panel in theirs.

    Raises a ``HashwatchError`` before anything is started when it cannot work: the port is taken,
    the archive damaged, another hashwatch at work on it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    port = free_port(host, port)
    prepare(data_dir)
    shared = ["--config", str(config_path), "--data-dir", str(data_dir)]
    commands: dict[str, Sequence[str]] = {
        # The server first: the address is told once it answers.
        "server": [
            "serve",
            *shared,
            "--host",
            host,
            "--port",
            str(port),
            "--address",
            public_address,
            *(part for origin in embed for part in ("--embed", origin)),
        ],
        "collector": ["collect", *shared],
        "publisher": ["publish", "--follow", *shared],
    }
    if alerts:
        commands["alerter"] = ["alerts", "--follow", *shared]
    asyncio.run(_run(commands, data_dir, host, port))


def prepare(data_dir: Path) -> None:
    """Makes sure that both databases are there and whole, and nobody else is at work on them."""
    archive_path, dashboard_path = data_dir / "archive.db", data_dir / "dashboard.db"
    with sole(archive_path, "collector"), sole(dashboard_path, "publisher"):
        archive = open_archive(archive_path)
        try:
            check(archive, archive_path)
        finally:
            archive.close()
        if not _is_database(dashboard_path):
            from hashwatch.publish.dashboard import open_dashboard

            open_dashboard(dashboard_path).close()


def _is_database(path: Path) -> bool:
    """Whether there is one to serve; only otherwise is the publisher's code, all of it, loaded."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        with closing(connection):
            return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None
    except sqlite3.Error:
        return False


async def _run(commands: dict[str, Sequence[str]], data_dir: Path, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    log = LogFile(data_dir)

    def complain(message: str) -> None:
        print(f"hashwatch: {message} (see {log.path})", file=sys.stderr, flush=True)

    log.write("run", f"started, process {os.getpid()}")
    served = asyncio.Event()

    async def keep(name: str, arguments: Sequence[str]) -> None:
        if name in ("publisher", "alerter"):
            with suppress(TimeoutError):
                await asyncio.wait_for(served.wait(), PUBLISHER_WAITS)
        await Child(name, arguments, log, complain).keep(stop)

    try:
        async with asyncio.TaskGroup() as group:
            for name, arguments in commands.items():
                group.create_task(keep(name, arguments))
            await _announce(host, port, stop, complain)
            served.set()
    finally:
        log.write("run", "stopped")
        log.close()


async def _announce(
    host: str, port: int, stop: asyncio.Event, complain: Callable[[str], None]
) -> None:
    """Prints the address once the server answers there."""
    deadline = time.monotonic() + SERVER_DEADLINE
    while not stop.is_set():
        if await answers(host, port):
            print(f"hashwatch is at {address(host, port)}  (Ctrl-C stops it)", flush=True)
            return
        if time.monotonic() > deadline:
            complain(f"the server does not answer at {address(host, port)}")
            deadline = float("inf")
        await asyncio.sleep(LOOK_EVERY)
