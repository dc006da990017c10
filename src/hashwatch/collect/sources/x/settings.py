"""``[sources.x]`` in the configuration."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from hashwatch.collect.guard import is_this_machine
from hashwatch.collect.tokens import TokenFile

MICRO = 1_000_000
Included = Literal["authors", "originals", "media"]


class Prices(BaseModel):
    """What X charges, in US dollars: a post, a user or a medium that is read, a question for counts
    of the last week or of the whole archive.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    post: float = Field(default=0.005, ge=0, le=100)
    user: float = Field(default=0.010, ge=0, le=100)
    media: float = Field(default=0.005, ge=0, le=100)
    count: float = Field(default=0.005, ge=0, le=100)
    archive_count: float = Field(default=0.010, ge=0, le=100)


class Settings(BaseModel):
    """``[sources.x]``.

    Off until there are a token (``token_env`` or ``token_file``) and a ``budget``: US dollars that
    may be spent in a calendar month (UTC). ``include``: what comes, and is paid for, with each
    post; ``boosts``: whether reposts are read; ``stream``: whether the filtered stream is listened
    to beside the search; ``full_archive``: whether posts older than a week are asked for;
    ``known_posts_share``: of the budget, how much may go to posts that are asked for again;
    ``back_fill_share``: of what is left of the budget, how much one back-fill may be estimated at;
    ``overlap_minutes``: how far each run reads again what it has; ``host``: where the API is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_env: str | None = None
    token_file: TokenFile | None = None
    budget: float | None = Field(default=None, ge=0, le=1_000_000)
    include: tuple[Included, ...] = ("authors", "originals")
    boosts: bool = True
    stream: bool = False
    full_archive: bool = False
    known_posts_share: float = Field(default=0.3, ge=0, le=1)
    back_fill_share: float = Field(default=0.5, ge=0, le=1)
    overlap_minutes: int = Field(default=1, ge=0, le=30)
    prices: Prices = Prices()
    host: str = "https://api.x.com"

    @field_validator("host")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        local = parts.scheme == "http" and is_this_machine(parts.hostname or "")
        if not parts.hostname or "@" in parts.netloc or not (parts.scheme == "https" or local):
            raise ValueError(f"{value!r} is not an address that begins https://")
        return value.rstrip("/")


def micro(dollars: float) -> int:
    """Millionths of a dollar, rounded up."""
    whole = round(dollars * MICRO)
    return whole if whole >= dollars * MICRO - 1e-6 else whole + 1
