"""What an importer made of a file's rows → pages of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from hashwatch.collect.files import DAMAGED
from hashwatch.model import Page, Post, Reject, Tombstone

PAGE_ROWS = 5_000
PAGE_BYTES = 48 * 1024 * 1024
REJECT_BYTES = 20_000


class RowError(ValueError):
    """A row cannot become a post; the message says why, for the person who has the file."""


class Companion(msgspec.Struct, frozen=True):
    """A post that came inside another, as the original does inside each of its boosts.

    Within a page only the sight of it with the most boosts is kept: they all carry the same post.
    """

    post: Post


Thing = TypeVar("Thing")
Outcome = Post | Companion | Reject | Tombstone


def refuse(reason: str, raw: bytes | str, where: str) -> Reject:
    """A reject for what stands at ``where``, with a bounded piece of it."""
    octets = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
    return Reject(reason=reason, raw=octets[:REJECT_BYTES], where=where)


def survive_damage(things: Iterable[Thing], line: Callable[[], int]) -> Iterator[Thing | Reject]:
    """The things, and a reject where the compressed file turns out to be cut or damaged.

    ``line`` gives the number of the last line that was read.
    """
    try:
        yield from things
    except DAMAGED as error:
        reason = f"the compressed file is cut off or damaged after it: {error}"
        yield refuse(reason, b"", f"line {line()}")


class Basket:
    """The page being filled."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.rejects: list[Reject] = []
        self.tombstones: list[Tombstone] = []
        self.companions: dict[str, int] = {}
        self.size = 0
        self.outcomes = 0

    def full(self) -> bool:
        """Whether the page must be handed over before anything else goes in."""
        return self.outcomes >= PAGE_ROWS or self.size >= PAGE_BYTES

    def put(self, outcome: Outcome) -> None:
        """Add one outcome."""
        self.outcomes += 1
        if isinstance(outcome, Post):
            self.posts.append(outcome)
            self.size += len(outcome.raw)
        elif isinstance(outcome, Companion):
            self.put_companion(outcome.post)
        elif isinstance(outcome, Reject):
            self.rejects.append(outcome)
            self.size += len(outcome.raw)
        else:
            self.tombstones.append(outcome)

    def put_companion(self, post: Post) -> None:
        """Add a post that came inside another, once."""
        index = self.companions.get(post.uri)
        if index is None:
            self.companions[post.uri] = len(self.posts)
            self.posts.append(post)
            self.size += len(post.raw)
        elif (post.engagement.boosts or 0) > (self.posts[index].engagement.boosts or 0):
            self.posts[index] = post

    def page(self, progress: int, more: bool, warnings: tuple[str, ...] = ()) -> Page:
        """What has been gathered, as a page."""
        return Page(
            posts=tuple(self.posts),
            rejects=tuple(self.rejects),
            tombstones=tuple(self.tombstones),
            more=more,
            progress=progress,
            warnings=warnings,
        )


def paginate(
    outcomes: Iterable[Outcome],
    position: Callable[[], int],
    warnings: Callable[[], tuple[str, ...]] = tuple,
) -> Iterator[Page]:
    """Pages of at most ``PAGE_ROWS`` rows; the last one, perhaps empty, carries the warnings."""
    basket = Basket()
    for outcome in outcomes:
        if basket.full():
            yield basket.page(position(), more=True)
            basket = Basket()
        basket.put(outcome)
    yield basket.page(position(), more=False, warnings=warnings())
