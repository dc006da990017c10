"""Where the pages are: a free port, the address to open, whether somebody answers there."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from pathlib import Path
from urllib.parse import urlsplit

from hashwatch.errors import HashwatchError, InUseError

# A running server's address stands in this file of the data directory.
ADDRESS_NAME = "server.address"


def free_port(host: str, port: int) -> int:
    """``port`` if it can be listened on, some free one for 0; raises ``InUseError``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), port))
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


def address(host: str, port: int) -> str:
    """The address to open in a browser of this machine."""
    reachable = _reachable(host)
    return f"http://[{reachable}]:{port}/" if ":" in reachable else f"http://{reachable}:{port}/"


async def answers(host: str, port: int) -> bool:
    """Whether a web server answers there with a page, or with the way to one."""
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
    return len(status) > 1 and status[1][:1] in (b"2", b"3")


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


def _reachable(host: str) -> str:
    bare = host.strip("[]")
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(bare, bare)


def is_loop_back(host: str) -> bool:
    """Whether an address to listen on is this machine's own; the server has the same rule."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
