"""Finished answers, kept while they are true and never made twice at once.

A page that is still true (same stamp, same minute of the event's clock) is kept for ten seconds:
it tells its age. Under a writer, which changes the stamp several times a second, one a little old
is new enough: five times as old as it took to make, a second at most. So a page costs a fifth of a
core whoever asks, and where making takes longer, because many pages are asked for, less.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec

FRESH_SECONDS = 1.0
LEAST_FRESH_SECONDS = 0.2
FRESH_FOR = 5
"""Times the seconds that making an answer took, for which it is new enough."""
TRUE_SECONDS = 10.0
MAX_BYTES = 48 << 20


class Answer(msgspec.Struct, frozen=True):
    """A finished answer; ``compressed`` is the same as gzip.

    ``etag`` names the state that it was made from: one that is given out a little after that state
    has passed must not go by the name of the next.
    """

    status: int
    content_type: str
    body: bytes
    compressed: bytes
    etag: str = ""


class _Kept(msgspec.Struct, frozen=True):
    truth: str
    at: float
    answer: Answer
    fresh: float


class Answers:
    """Keeps answers by key; the oldest give way when they grow too large together."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._making: dict[str, asyncio.Future[Answer]] = {}

    async def get(self, key: str, truth: str, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer for ``key``: one kept that is new enough, one being made, or a new one.

        ``truth`` names the state of what it is made from. A failure is given to all who wait for
        it and is not kept.
        """
        kept = self._kept.get(key)
        if kept is not None:
            age = self._clock() - kept.at
            if age < kept.fresh or (kept.truth == truth and age < TRUE_SECONDS):
                self._kept.move_to_end(key)
                return kept.answer
        making = self._making.get(key)
        if making is not None:
            return await asyncio.shield(making)
        begun = self._clock()
        future = asyncio.ensure_future(make())
        self._making[key] = future
        future.add_done_callback(lambda done: self._finish(key, truth, begun, done))
        return await asyncio.shield(future)

    def _finish(self, key: str, truth: str, begun: float, done: asyncio.Future[Answer]) -> None:
        self._making.pop(key, None)
        if done.cancelled() or done.exception() is not None:
            return
        answer = done.result()
        self._drop(key)
        if answer.status == 200:
            now = self._clock()
            fresh = min(FRESH_SECONDS, max(LEAST_FRESH_SECONDS, FRESH_FOR * (now - begun)))
            self._kept[key] = _Kept(truth, now, answer, fresh)
            self._bytes += _size(answer)
            while self._bytes > MAX_BYTES:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._bytes -= _size(dropped.answer)


def _size(answer: Answer) -> int:
    return len(answer.body) + len(answer.compressed)
