"""Where a server may listen."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from hashwatch.errors import ConfigError
from hashwatch.serve.people import NAME, People


def is_loop_back(host: str) -> bool:
    """Whether an address to listen on is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_open_house(host: str, data_dir: Path) -> None:
    """Raises ``ConfigError`` for an address that others can reach, while nobody can sign in."""
    if not is_loop_back(host) and not People(data_dir / NAME).everybody():
        why = f"on {host} everybody who reaches this machine would be let in"
        remedy = f"hashwatch people add NAME --role admin --data-dir {data_dir}"
        raise ConfigError([f"{why}: first make somebody who can sign in, with {remedy}"])
