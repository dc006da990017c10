"""What is true of each post of a simulated world, whoever has been told of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NAMED = re.compile(r"life (\d+) version (\d+)")


@dataclass
class Copy:
    """A post on one server: what that calls it, which version it has, since when and until when."""

    number: str
    version: int
    arrived: float
    gone: float | None = None


@dataclass
class Life:
    """A post. ``edits`` are the times (UTC seconds, 0 for the first) of its versions; ``copies``
    are by host. ``is_old``: from before the collection window. ``is_broken``: no client can read
    it. ``is_strange``: it claims to be of another time."""

    index: int
    kind: str
    home: str
    uri: str
    hashtags: tuple[str, ...]
    written: float
    author: str = ""
    edits: list[int] = field(default_factory=lambda: [0])
    copies: dict[str, Copy] = field(default_factory=dict)
    deleted: float | None = None
    is_old: bool = False
    is_broken: bool = False
    is_strange: bool = False
    likes: int = 0

    def text(self, version: int) -> str:
        """Words that name the post and its version."""
        return f"life {self.index} version {version}"

    @property
    def newest(self) -> int:
        """The version at home."""
        return len(self.edits) - 1

    def edit(self, at: float) -> int:
        """A further version; its time."""
        self.edits.append(max(int(at), self.edits[-1] + 1, int(self.written) + 1))
        return self.edits[-1]


def named(text: str) -> tuple[int, int] | None:
    """Which post and version a text names."""
    found = _NAMED.search(text)
    return (int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True)
class Shown:
    """A version of a post that a server has given whole, at a true time."""

    at: float
    host: str
    index: int
    version: int
