"""``[sources.mastodon]`` in the configuration."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from hashwatch.collect import hosts

Transport = Literal["auto", "websocket", "sse", "off"]


class Server(hosts.Server):
    """One server. With the token of a person, hashtags are streamed as well: ``stream`` says how,
    or ``off``.
    """

    stream: Transport = "auto"


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
        return hosts.names_as_servers(value, "mastodon.social")

    @model_validator(mode="after")
    def _are_different(self) -> Settings:
        hosts.all_different(self.servers)
        return self
