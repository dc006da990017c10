"""The collector: every source asked at its pace, every stream kept open, until it is told to stop.

APScheduler runs the polls, one job a source and server, so that one server's rate limit or failure
never delays another's. Nothing of the schedule is durable: what is lives in the archive.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from hashwatch.archive.runs import PlaceState
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport
from hashwatch.collect.source import Place, PollingSource, RefreshingSource, Source, StreamedSource
from hashwatch.errors import ArchiveError, DamagedError
from hashwatch.model import Event, RunState
from hashwatch.schedule.absence import AWAY, leave_gaps, was_away
from hashwatch.schedule.checking import Checking
from hashwatch.schedule.expiry import Expiry
from hashwatch.schedule.lamps import Lamps
from hashwatch.schedule.polls import Poller
from hashwatch.schedule.programmes import ProgrammeWatch
from hashwatch.schedule.refreshes import Refresher
from hashwatch.schedule.streams import Streams
from hashwatch.schedule.windows import inside, query_for, why_outside

BEAT_SECONDS = 5.0
TEND_SECONDS = 15.0
# How often a source is looked at whose collection windows are closed.
OUTSIDE_SECONDS = 60.0
# How long after a failure of the archive (a full disk) a job is tried again.
RETRY_SECONDS = 30.0
# With --once, streams are read up to the present, but no longer than this (seconds).
STREAM_ONCE = 10.0

_log = logging.getLogger(__name__)


# Runs something, and says in how many seconds it is to be run again.
Work = Callable[[], Awaitable[float]]


class Connected(msgspec.Struct, frozen=True):
    """A source that is set up. A ``live`` one is asked only inside a collection window."""

    source: Source
    live: bool = True


class Collector:
    """Collects for ``events`` (at least one) from ``sources`` into ``archive``.

    ``failed`` holds sources that could not be set up, and why; ``programmes`` are looked at beside
    the sources, and ``expiry`` lets go what was kept long enough, ``checking`` asks
    what people want to know of the sources. ``now`` gives wall seconds. The
    caller holds the collector's lock on the archive and closes it.
    """

    def __init__(
        self,
        events: Sequence[Event],
        sources: Mapping[str, Connected],
        archive: Archive,
        *,
        failed: Mapping[str, str] | None = None,
        programmes: Sequence[ProgrammeWatch] = (),
        expiry: Expiry | None = None,
        checking: Checking | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._events, self._sources, self._archive = tuple(events), dict(sources), archive
        self._failed, self._now = dict(failed or {}), now
        self._programmes = tuple(programmes)
        self._expiry, self._checking = expiry, checking
        self._lamps = Lamps(archive, events, now)
        self._pollers: list[tuple[str, Poller]] = []
        self._streams: list[tuple[str, Streams]] = []
        everything = query_for(self._events, int(now()))
        for name, connected in sources.items():
            source = connected.source
            if isinstance(source, PollingSource):
                hosts = dict.fromkeys(place.instance for place in source.places(everything))
                self._pollers += [
                    (name, Poller(source, host, archive, self._lamps, now)) for host in hosts
                ]
                pushing = source.beside if isinstance(source, StreamedSource) else None
                if pushing is not None:
                    beside = Streams(
                        pushing, archive, self._lamps, now, endless=True, is_beside=True
                    )
                    self._streams.append((name, beside))
            else:
                streams = Streams(source, archive, self._lamps, now, endless=connected.live)
                self._streams.append((name, streams))
        self._refreshers = [
            (name, Refresher(poller.source, poller.host, archive, poller.budget, now))
            for name, poller in self._pollers
            if isinstance(poller.source, RefreshingSource)
        ]
        self._working: set[asyncio.Task[Any]] = set()
        self._last_beat: int | None = None
        self._jumped = 0
        self._fatal: ArchiveError | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Collects until ``stop`` is set; what is under way then is ended, and durable.

        Raises ``DamagedError`` when the archive turns out to be damaged.
        """
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        await self._begin()
        work: dict[str, Work] = {
            f"stream {number} {name}": partial(self._tend, name, streams)
            for number, (name, streams) in enumerate(self._streams)
        }
        for number, (name, poller) in enumerate(self._pollers):
            work[f"poll {number} {name}"] = partial(self._poll, name, poller)
        for number, (name, refresher) in enumerate(self._refreshers):
            work[f"refresh {number} {name}"] = partial(self._refresh, name, refresher)
        for number, programme in enumerate(self._programmes):
            work[f"programme {number}"] = partial(self._look_at, programme)
        if self._expiry is not None:
            work["expiry"] = self._expiry.look
        if self._checking is not None:
            work["check"] = self._checking.look
        for job, task in work.items():
            scheduler.add_job(
                partial(self._do_again, scheduler, stop, job, task),
                IntervalTrigger(seconds=OUTSIDE_SECONDS),
                id=job,
                next_run_time=datetime.now(UTC),
            )
        scheduler.start()
        beating = asyncio.create_task(self._keep_beating(scheduler, stop))
        try:
            await stop.wait()
        finally:
            beating.cancel()
            scheduler.shutdown(wait=False)
            await self._end()
        if self._fatal is not None:
            raise self._fatal

    async def once(self) -> list[RunReport]:
        """Asks every place once, servers side by side, and reads each stream up to the present.

        There is a report of each place: of those outside their window, of servers that were not
        asked for more after a failure, and of sources that could not be set up as well.
        """
        await self._begin()
        try:
            work = [self._poll_once(name, poller) for name, poller in self._pollers]
            work += [
                self._read(name, streams)
                for name, streams in self._streams
                if not streams.is_beside  # a round of polls has just brought the same
            ]
            work += [self._look_once(programme) for programme in self._programmes]
            reports = [report for reports in await asyncio.gather(*work) for report in reports]
        finally:
            await self._end()
        broken = [
            RunReport(Place(name, ""), RunState.FAILED, reason)
            for name, reason in self._failed.items()
        ]
        return [*broken, *reports, *self._outside()]

    async def _do_again(
        self, scheduler: AsyncIOScheduler, stop: asyncio.Event, job: str, work: Work
    ) -> None:
        """Runs a job once, and says when it is to be run next."""
        task = asyncio.current_task()
        assert task is not None
        self._working.add(task)
        try:
            seconds = await self._do(stop, job, work)
        finally:
            self._working.discard(task)
        if not stop.is_set():
            trigger = IntervalTrigger(seconds=seconds, jitter=seconds / 10)
            scheduler.reschedule_job(job, trigger=trigger)

    async def _keep_beating(self, scheduler: AsyncIOScheduler, stop: asyncio.Event) -> None:
        """Gives signs of life by the monotonic clock, whatever the one on the wall does.

        The scheduler goes by the wall: after a jump its jobs would come an hour late, or all the
        hours of a sleep at once. They are run now instead.
        """
        while not stop.is_set():
            jumped = self._jumped
            seconds = await self._do(stop, "heartbeat", self._beat)
            if self._jumped != jumped:
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(UTC))
            await asyncio.sleep(seconds)

    async def _do(self, stop: asyncio.Event, job: str, work: Work) -> float:
        """Runs ``work``; in how many seconds it wants to be run again, whatever became of it."""
        try:
            return await work()
        except DamagedError as error:
            self._fatal = error
            stop.set()
        except ArchiveError as error:
            _log.error("%s: %s", job, error)
        except Exception:
            _log.exception("%s failed; it is tried again in %.0f s", job, RETRY_SECONDS)
        return RETRY_SECONDS

    async def _begin(self) -> None:
        now = int(self._now())
        self._archive.close_abandoned_runs(now)
        for name, reason in self._failed.items():
            for event in self._events:
                self._lamps.say(name, "", event.slug, "denied", reason)
        for name in self._sources:
            self._say_outside(name)
        for name, place, event in self._inside():
            state: PlaceState = "collecting" if self._sources[name].live else "replaying"
            self._lamps.say(place.source, place.instance, event.slug, state, "starting")
        for programme in self._programmes:
            programme.begin(self._lamps)
        self._lamps.turn_off_others()
        self._last_beat = self._archive.last_beat("collector")
        await self._beat()

    async def _end(self) -> None:
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        for _, streams in self._streams:
            await streams.close()

    async def _beat(self) -> float:
        """A sign of life; when the last one is too long ago, what was missed is a gap."""
        now = int(self._now())
        since = self._last_beat
        self._last_beat = now
        if since is not None and was_away(since, now):
            self._jumped += 1
            live = [each for each in self._inside() if self._sources[each[0]].live]
            leave_gaps(self._archive, dict.fromkeys(place for _, place, _ in live), since, now)
            _log.warning("nothing was collected for %d s", now - since)
            for name, streams in self._streams:
                if self._sources[name].live:
                    await streams.close()  # opened anew, they make good what they can
        elif since is not None and now < since - AWAY:
            self._jumped += 1
            _log.warning("the clock was put back by %d s", since - now)
        self._archive.beat("collector", now)
        return BEAT_SECONDS

    async def _poll(self, name: str, poller: Poller) -> float:
        await self._round(name, poller)
        return poller.interval if self._asked(name) else OUTSIDE_SECONDS

    async def _refresh(self, name: str, refresher: Refresher) -> float:
        events = self._asked(name)
        if not events:
            return OUTSIDE_SECONDS
        await refresher.refresh(events)
        return refresher.interval

    async def _round(self, name: str, poller: Poller) -> list[RunReport]:
        self._say_outside(name)
        events = self._asked(name)
        return await poller.poll(events) if events else []

    async def _poll_once(self, name: str, poller: Poller) -> list[RunReport]:
        reports = await self._round(name, poller)
        for of, refresher in self._refreshers:
            if (of, refresher.host) == (name, poller.host) and reports:
                reports += await refresher.refresh(self._asked(name))
        asked = {report.place for report in reports}
        passed_over = [
            RunReport(place, RunState.SKIPPED, "not asked after that", error=reports[-1].error)
            for place in (poller.places(self._asked(name)) if reports else ())
            if place not in asked
        ]
        return [*reports, *passed_over]

    async def _read(self, name: str, streams: Streams) -> list[RunReport]:
        self._say_outside(name)
        events = self._asked(name)
        return await streams.read_once(events, STREAM_ONCE) if events else []

    async def _tend(self, name: str, streams: Streams) -> float:
        self._say_outside(name)
        await streams.tend(self._asked(name))
        return TEND_SECONDS

    async def _look_at(self, programme: ProgrammeWatch) -> float:
        seconds, _ = await programme.look(self._lamps)
        return seconds

    async def _look_once(self, programme: ProgrammeWatch) -> list[RunReport]:
        _, report = await programme.look(self._lamps)
        return [report]

    def _asked(self, name: str) -> tuple[Event, ...]:
        """The events that a source is asked about now."""
        if not self._sources[name].live:
            return self._events
        return inside(self._events, int(self._now()))

    def _inside(self) -> Iterator[tuple[str, Place, Event]]:
        """Every place that is collected now, with its source and each event that it is for."""
        now = int(self._now())
        for name, connected in self._sources.items():
            for event in self._asked(name):
                for place in connected.source.places(query_for([event], now)):
                    yield name, place, event

    def _say_outside(self, name: str) -> None:
        for place, event, why in self._not_asked(name):
            self._lamps.say(name, place.instance, event.slug, "outside", why)

    def _outside(self) -> Iterator[RunReport]:
        for name in self._sources:
            for place, event, why in self._not_asked(name):
                yield RunReport(place, RunState.SKIPPED, f"{event.slug}: {why}")

    def _not_asked(self, name: str) -> Iterator[tuple[Place, Event, str]]:
        """Every place of an event whose window is closed, and why."""
        now = int(self._now())
        asked = self._asked(name)
        for event in self._events:
            if event not in asked:
                for place in self._sources[name].source.places(query_for([event], now)):
                    yield place, event, why_outside(event, now)
