"""How servers of a federated platform are named in the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, field_validator

from hashwatch.collect.guard import is_this_machine
from hashwatch.collect.tokens import TokenFile


class Server(BaseModel):
    """One server: its host, or its address where it is not ``https://host``, and its token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str
    token_env: str | None = None
    token_file: TokenFile | None = None

    @field_validator("host")
    @classmethod
    def _is_host_or_address(cls, value: str) -> str:
        parts = urlsplit(value if "://" in value else f"https://{value}")
        try:
            valid = bool(parts.hostname) and parts.port != 0
        except ValueError:
            valid = False
        extra = parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc
        if not valid or extra or parts.scheme not in ("https", "http"):
            raise ValueError(f"{value!r} is not a server's name, such as mastodon.social")
        if parts.scheme == "http" and not is_this_machine(parts.hostname or ""):
            raise ValueError(f"{value!r}: http:// is for this machine only; use https://")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @property
    def instance(self) -> str:
        """The server's name in posts, runs and gaps."""
        return urlsplit(self.host).netloc

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine."""
        return is_this_machine(urlsplit(self.host).hostname or "")


def names_as_servers(value: object, example: str) -> object:
    """Names among the entries of ``servers`` as tables; raises ``ValueError`` for no list."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ValueError(f'servers is a list, such as ["{example}"]')
    return tuple({"host": entry} if isinstance(entry, str) else entry for entry in value)


def all_different(servers: Sequence[Server]) -> None:
    """Raises ``ValueError`` where one is named twice."""
    names = [server.instance for server in servers]
    if len(set(names)) < len(names):
        raise ValueError("servers names a server twice")
