"""One server of one platform, polled at its pace."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import msgspec

from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect, key_of, state_after
from hashwatch.collect.source import (
    ABILITIES,
    MeasuringSource,
    Place,
    PollingSource,
    Query,
    StreamedSource,
)
from hashwatch.collect.streaming import Standing
from hashwatch.errors import BadAnswerError, NotFoundError, RateLimitedError, SourceError
from hashwatch.model import Event, RunState
from hashwatch.schedule.intervals import Budget, is_session_time, next_interval
from hashwatch.schedule.lamps import Lamps
from hashwatch.schedule.windows import query_for

_log = logging.getLogger(__name__)


class Poller:
    """Asks one server for all its places, one after another, within ``budget``.

    ``interval`` is that to the next time.

    A failure that is the server's rather than the hashtag's ends the round: the other places would
    meet the same one.
    """

    def __init__(
        self,
        source: PollingSource,
        host: str,
        archive: Archive,
        lamps: Lamps,
        now: Callable[[], float],
    ) -> None:
        self.source, self.host, self._archive = source, host, archive
        self._lamps, self._now = lamps, now
        self.budget = Budget(source.pace.requests_a_minute, source.pace.at_once)
        self._abilities = key_of(Place(source.name, host, ABILITIES))
        if isinstance(source, MeasuringSource):
            source.remember(host, archive.cursor(self._abilities))
        self._failures = 0
        self.interval = source.pace.busy

    def places(self, events: Sequence[Event]) -> list[Place]:
        """What is asked here for these events."""
        query = query_for(events, int(self._now()))
        return [place for place in self.source.places(query) if place.instance == self.host]

    async def poll(self, events: Sequence[Event]) -> list[RunReport]:
        """One round for these events, of which there is at least one."""
        reports: list[RunReport] = []
        query = query_for(events, int(self._now()))
        await self._measure(query)
        places = self.places(events)
        for place in places:
            report = await collect(
                self.source, place, self._archive, query,
                now=lambda: int(self._now()), turn=self.budget.take,
            )  # fmt: skip
            reports.append(report)
            _log.info(
                "%s %s %s: %s, %d pages, %d new %s", place.source, place.instance, place.what,
                report.state, report.pages, report.stored.new, report.reason,
            )  # fmt: skip
            if report.error is not None and is_the_servers(report.error):
                break
            if report.error is None:
                self._lamps.tell(place, Standing("collecting"), events)
        self._set_interval(reports, events)
        self._tell_failures(places, reports, events)
        return reports

    async def _measure(self, query: Query) -> None:
        """Finds out what the server can do; a failure is met again, and told, by the poll."""
        if not isinstance(self.source, MeasuringSource):
            return
        try:
            learnt = await self.source.measure(self.host, query, self.budget.take)
        except SourceError as error:
            _log.info("%s %s could not be measured: %s", self.source.name, self.host, error)
            return
        if learnt is not None:
            self._archive.keep_cursor(self._abilities, learnt, int(self._now()))

    def _set_interval(self, reports: Sequence[RunReport], events: Sequence[Event]) -> None:
        failed = [report.error for report in reports if report.error is not None]
        self._failures = self._failures + 1 if failed else 0
        came = any(report.stored.new for report in reports)
        more = any(report.state is RunState.PARTIAL for report in reports)
        pace = self.source.pace
        if isinstance(self.source, StreamedSource) and self.source.is_pushed(self.host):
            pace = msgspec.structs.replace(pace, busy=pace.idle)
        self.interval = next_interval(
            pace,
            self.interval,
            busy=came or more or is_session_time(events, int(self._now())),
            requests=sum(max(report.pages, 1) for report in reports),
            failures=self._failures,
        )
        waits = [error.retry_after for error in failed if isinstance(error, RateLimitedError)]
        self.interval = max([self.interval, *waits])

    def _tell_failures(
        self, places: Sequence[Place], reports: Sequence[RunReport], events: Sequence[Event]
    ) -> None:
        for report in reports:
            if report.error is None:
                continue
            standing = Standing(state_after(report.error), str(report.error), self.interval)
            self._lamps.tell(report.place, standing, events)
            if is_the_servers(report.error):
                for place in places[len(reports) :]:
                    self._lamps.tell(place, standing, events)


def is_the_servers(error: SourceError) -> bool:
    """Whether every other place of the server would meet the same failure."""
    return not isinstance(error, (NotFoundError, BadAnswerError))
