"""``[sources.mastodon]`` in the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hashwatch.collect.guard import is_this_machine
from hashwatch.collect.tokens import TokenFile

Transport = Literal["auto", "websocket", "sse", "off"]


class Server(BaseModel):
    """One server: its host, or its address where it is not ``https://host``, and its token.

    With the token of a person, hashtags are streamed as well: ``stream`` says how, or ``off``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str
    token_env: str | None = None
    token_file: TokenFile | None = None
    stream: Transport = "auto"

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


class Settings(BaseModel):
    """``[sources.mastodon]``.

    ``servers``: names (``"mastodon.social"``), or tables with ``host`` and one of ``token_env`` and
    ``token_file``; mastodon.social if left out. A server on this machine is written as its address,
    ``"http://127.0.0.1:3000"``.
    ``overlap_minutes``: how far each run reads again what it has, for posts that arrive late.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    servers: tuple[Server, ...] = Field(default=(Server(host="mastodon.social"),), min_length=1)
    overlap_minutes: int = Field(default=10, ge=0, le=1_440)

    @field_validator("servers", mode="before")
    @classmethod
    def _names_are_servers(cls, value: object) -> object:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ValueError('servers is a list, such as ["mastodon.social"]')
        return tuple({"host": entry} if isinstance(entry, str) else entry for entry in value)

    @model_validator(mode="after")
    def _are_different(self) -> Settings:
        names = [server.instance for server in self.servers]
        if len(set(names)) < len(names):
            raise ValueError("servers names a server twice")
        return self
