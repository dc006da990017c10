"""Finished answers, kept while they are true and never made twice at once.

A page that is still true (same stamp, same minute of the event's clock) is kept for ten seconds:
it tells its age. Under a writer, which changes the stamp several times a second, one second old is
new enough; without that, every reader would wait for an answer of their own.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec

FRESH_SECONDS = 1.0
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
            if age < FRESH_SECONDS or (kept.truth == truth and age < TRUE_SECONDS):
                self._kept.move_to_end(key)
                return kept.answer
        making = self._making.get(key)
        if making is not None:
            return await asyncio.shield(making)
        future = asyncio.ensure_future(make())
        self._making[key] = future
        future.add_done_callback(lambda done: self._finish(key, truth, done))
        return await asyncio.shield(future)

    def _finish(self, key: str, truth: str, done: asyncio.Future[Answer]) -> None:
        self._making.pop(key, None)
        if done.cancelled() or done.exception() is not None:
            return
        answer = done.result()
        self._drop(key)
        if answer.status == 200:
            self._kept[key] = _Kept(truth, self._clock(), answer)
            self._bytes += _size(answer)
            while self._bytes > MAX_BYTES:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._bytes -= _size(dropped.answer)


def _size(answer: Answer) -> int:
    return len(answer.body) + len(answer.compressed)
