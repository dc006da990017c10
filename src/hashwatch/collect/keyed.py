"""Settings of services that answer at one address, to whoever has a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, model_validator

from hashwatch.collect.guard import is_this_machine
from hashwatch.collect.tokens import TokenFile, read_token

if TYPE_CHECKING:
    from hashwatch.collect.http import Http


class KeyedSettings(BaseModel):
    """``token_env`` or ``token_file``: the key; ``address``: where the service is, by ``https://``
    (on this machine ``http://`` will do).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    KEY: ClassVar[str] = "a key"
    """What the service calls it."""

    token_env: str | None = None
    token_file: TokenFile | None = None
    address: str

    @model_validator(mode="after")
    def _can_ask(self) -> KeyedSettings:
        if not self.token_env and not self.token_file:
            raise ValueError(f"{self.KEY} is needed, by token_env or token_file")
        parts = urlsplit(self.address)
        local = parts.scheme == "http" and is_this_machine(parts.hostname or "")
        if not parts.hostname or "@" in parts.netloc or not (parts.scheme == "https" or local):
            raise ValueError(f"address: {self.address!r} is not an address that begins https://")
        return self

    def key(self, where: str) -> str:
        """The key; ``where`` names the settings in the ``ConfigError`` where there is none."""
        key = read_token(where, self.token_env, self.token_file)
        assert key is not None  # one of both is set
        return key

    def reached_by(self, http: Http) -> str:
        """The address without a slash at its end; ``http`` may connect to it."""
        if is_this_machine(urlsplit(self.address).hostname or ""):
            http.permit_loopback(self.address)
        return self.address.rstrip("/")
