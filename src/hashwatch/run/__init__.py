"""One command: collector, publisher and server as three processes, watched over.

They meet only in the databases, so each may end and be started again while the others go on.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from hashwatch.archive.connection import sole
from hashwatch.archive.store import Archive
from hashwatch.errors import HashwatchError, InUseError
from hashwatch.publish.dashboard import open_dashboard
from hashwatch.run.children import Child
from hashwatch.run.logs import LogFile

# A running server's address stands in this file of the data directory.
ADDRESS_NAME = "server.address"
# Seconds within which the server must answer for the first time.
SERVER_DEADLINE = 60.0


def run(config_path: Path, data_dir: Path, host: str, port: int) -> None:
    """Runs everything until SIGINT or SIGTERM, saying on stdout where it is once it is there.

    Raises a ``HashwatchError`` before anything is started when it cannot work: the port is taken,
    the archive damaged, another hashwatch at work on it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    port = free_port(host, port)
    prepare(data_dir)
    shared = ["--config", str(config_path), "--data-dir", str(data_dir)]
    asyncio.run(
        _run(
            {
                "collector": ["collect", *shared],
                "publisher": ["publish", "--follow", *shared],
                "server": ["serve", *shared, "--host", host, "--port", str(port)],
            },
            data_dir,
            host,
            port,
        )
    )


def prepare(data_dir: Path) -> None:
    """Makes sure that both databases are there and whole, and nobody else is at work on them."""
    archive_path, dashboard_path = data_dir / "archive.db", data_dir / "dashboard.db"
    with sole(archive_path, "collector"), sole(dashboard_path, "publisher"):
        archive = Archive(archive_path)
        try:
            archive.check()
        finally:
            archive.close()
        open_dashboard(dashboard_path).close()


def free_port(host: str, port: int) -> int:
    """``port`` if it can be listened on, some free one for 0; raises ``InUseError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except PermissionError:
            raise HashwatchError(
                f"port {port} needs more rights than this account has; choose one from 1024 with"
                " --port"
            ) from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise InUseError(
                    f"port {port} of {host} is taken; stop what listens there or choose another"
                    " with --port"
                ) from None
            raise HashwatchError(f"cannot listen on {host}: {error.strerror or error}") from None
        number: int = listener.getsockname()[1]
        return number


async def _run(commands: dict[str, Sequence[str]], data_dir: Path, host: str, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    log = LogFile(data_dir)

    def complain(message: str) -> None:
        print(f"hashwatch: {message} (see {log.path})", file=sys.stderr, flush=True)

    log.write("run", f"started, process {os.getpid()}")
    try:
        async with asyncio.TaskGroup() as group:
            for name, arguments in commands.items():
                group.create_task(Child(name, arguments, log, complain).keep(stop))
            group.create_task(_announce(host, port, stop, complain))
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
        await asyncio.sleep(0.1)


async def answers(host: str, port: int) -> bool:
    """Whether a web server answers there with a page."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(_reachable(host), port)
            try:
                writer.write(b"GET / HTTP/1.0\r\nHost: " + _reachable(host).encode() + b"\r\n\r\n")
                await writer.drain()
                status = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return len(status) > 1 and status[1].startswith(b"2")


def served_at(data_dir: Path) -> str | None:
    """The address of the server of a data directory, if one runs and answers."""
    try:
        told = (data_dir / ADDRESS_NAME).read_text(encoding="utf-8")
    except OSError:
        return None
    parts = urlsplit(told)
    if not parts.hostname or not parts.port:
        return None
    return told if asyncio.run(answers(parts.hostname, parts.port)) else None


def address(host: str, port: int) -> str:
    """The address to open in a browser."""
    reachable = _reachable(host)
    return f"http://[{reachable}]:{port}/" if ":" in reachable else f"http://{reachable}:{port}/"


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
