"""One platform that pushes: a supervised stream for each of its places."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, key_of
from hashwatch.collect.source import STREAM_DOWN, Place, Query, StreamingSource
from hashwatch.collect.streaming import Standing, read_once, supervise
from hashwatch.model import Event
from hashwatch.schedule.absence import ABSENT
from hashwatch.schedule.lamps import Lamps
from hashwatch.schedule.windows import query_for, same_question

_log = logging.getLogger(__name__)


class Streams:
    """Keeps open what the events of the moment need, and closes what they need no more."""

    def __init__(
        self,
        source: StreamingSource,
        archive: Archive,
        lamps: Lamps,
        now: Callable[[], float],
        *,
        endless: bool,
        is_beside: bool = False,
    ) -> None:
        """Streams that stand ``is_beside`` a poll of the same server are no fault when they fail:
        the lamp then says that it is polled only."""
        self.is_beside = is_beside
        self._source, self._archive, self._lamps, self._now = source, archive, lamps, now
        self._endless = endless
        self._open: dict[Place, tuple[Query, asyncio.Task[None]]] = {}

    def places(self, events: Sequence[Event]) -> tuple[Place, ...]:
        """What is streamed for these events."""
        return self._source.places(query_for(events, int(self._now())))

    async def tend(self, events: Sequence[Event]) -> None:
        """Opens and closes streams, so that those of ``events`` are open.

        A stream that came to its end stays ended. Raises what the archive raised in one of them;
        that one is opened again the next time.
        """
        if not events:
            await self.close()
            return
        query = query_for(events, int(self._now()))
        places = self._source.places(query)
        for place in [*self._open]:
            asked, task = self._open[place]
            if place not in places or not same_question(asked, query):
                await self._close([place])
            elif task.done() and task.exception() is not None:
                del self._open[place]
                task.result()
        for place in places:
            if place not in self._open:
                _log.info("%s: opening the stream of %s", place.source, place.instance)
                self._open[place] = (
                    query,
                    asyncio.create_task(self._supervise(place, query, events)),
                )

    async def read_once(self, events: Sequence[Event], seconds: float) -> list[RunReport]:
        """Reads what there is now for these events, of which there is at least one."""
        query = query_for(events, int(self._now()))
        return await asyncio.gather(
            *(
                read_once(
                    self._source,
                    place,
                    self._archive,
                    query,
                    now=self._now,
                    tell=lambda place, standing: self._tell(place, standing, events),
                    seconds=seconds,
                    endless=self._endless,
                    missing_since=self._archive.open_gap_since(key_of(place), ABSENT),
                )
                for place in self._source.places(query)
            )
        )

    async def close(self) -> None:
        """Closes all; what they brought is durable."""
        await self._close([*self._open])

    async def _close(self, places: Sequence[Place]) -> None:
        tasks = [self._open.pop(place)[1] for place in places]
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                _log.error("%s: %s", self._source.name, outcome)

    def _tell(self, place: Place, standing: Standing, events: Sequence[Event]) -> None:
        if self.is_beside and standing.state != "collecting":
            words = f"polled only, the stream is down: {standing.detail}"
            standing = Standing("collecting", words, standing.next_attempt)
        self._lamps.tell(place, standing, events)

    async def _supervise(self, place: Place, query: Query, events: Sequence[Event]) -> None:
        await supervise(
            self._source,
            place,
            self._archive,
            query,
            now=self._now,
            tell=lambda place, standing: self._tell(place, standing, events),
            endless=self._endless,
            gap_reason=STREAM_DOWN if self.is_beside else None,
            missing_since=self._archive.open_gap_since(key_of(place), ABSENT),
        )
