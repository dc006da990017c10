"""An event's programme, looked at again and again: a file or a web address that changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from hashwatch.archive.programme import Programmes
from hashwatch.archive.runs import PlaceState
from hashwatch.collect import RunReport, state_after
from hashwatch.collect.guard import is_this_machine
from hashwatch.collect.http import Http
from hashwatch.collect.programme import check_themes, is_address, parse_programme, read_programme
from hashwatch.collect.source import Place
from hashwatch.collect.streaming import Standing
from hashwatch.errors import ArchiveError, ConfigError, RateLimitedError, SourceError
from hashwatch.model import Event, RunState, Session
from hashwatch.schedule.lamps import Lamps
from hashwatch.schedule.windows import why_outside

# What the lamps call a programme, beside the names of sources.
SOURCE = "programme"
# How often (seconds) it is looked whether a file is another than before, which costs little.
FILE_SECONDS = 5.0
# After the collection window nothing is fetched any more; how often it is looked whether it is.
OUTSIDE_SECONDS = 600.0

_log = logging.getLogger(__name__)


class ProgrammeWatch:
    """Keeps the programme of one event, which names one, as its file or address has it.

    What cannot be read leaves the last good programme in its place, and the lamp says why. Keeping
    raises ``ArchiveError`` when the archive refuses; then it is tried again.
    """

    def __init__(
        self, event: Event, archive_path: Path, http: Http, now: Callable[[], float]
    ) -> None:
        self._event, self._http, self._now = event, http, now
        self._programmes = Programmes(archive_path)
        self._is_address = is_address(event.programme)
        self._seen: tuple[int, int] | None = None
        self._troubled = False
        if self._is_address:
            _permit(http, event.programme)

    @property
    def place(self) -> Place:
        """What the lamps call it: the address's host or the file's name."""
        host = urlsplit(self._event.programme).hostname if self._is_address else None
        return Place(SOURCE, host or Path(self._event.programme).name)

    def begin(self, lamps: Lamps) -> None:
        """Lights the lamp of an address before it is asked; a file has one only when in trouble."""
        if self._is_address:
            self._say(lamps, Standing("collecting", "starting"), checked=False)

    async def look(self, lamps: Lamps) -> tuple[float, RunReport]:
        """Looks once; in how many seconds to look again, and what came of it."""
        now = int(self._now())
        if self._is_address and not now < self._event.collect_until:
            why = why_outside(self._event, now)
            self._say(lamps, Standing("outside", why), checked=False)
            return OUTSIDE_SECONDS, RunReport(self.place, RunState.SKIPPED, why)
        wait = float(self._event.programme_interval) if self._is_address else FILE_SECONDS
        try:
            what = await (self._fetch(now) if self._is_address else self._read(now))
        except SourceError as error:
            wait = max(wait, error.retry_after if isinstance(error, RateLimitedError) else 0.0)
            return wait, self._failed(lamps, state_after(error), str(error), wait, error)
        except ConfigError as error:
            reason = error.problems[0]
            if len(error.problems) > 1:
                reason += f" (and {len(error.problems) - 1} more)"
            return wait, self._failed(lamps, "unreachable", reason, wait, None)
        if what and (self._is_address or self._troubled):
            self._say(lamps, Standing("collecting", what), checked=True)
            self._troubled = False
        return wait, RunReport(self.place, RunState.OK, what)

    async def _read(self, now: int) -> str:
        path = Path(self._event.programme)
        try:
            found = path.stat()
        except OSError as error:
            self._seen = None
            raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
        seen = (found.st_mtime_ns, found.st_size)
        if seen == self._seen:
            return ""
        self._seen = seen
        sessions = await asyncio.to_thread(read_programme, path, self._event.timezone)
        try:
            return self._keep(sessions, now)
        except ArchiveError:
            self._seen = None  # so that it is read again
            raise

    async def _fetch(self, now: int) -> str:
        url, last = self._event.programme, self._programmes.last_read(self._event)
        headers = {}
        if last is not None and last.etag:
            headers["If-None-Match"] = last.etag
        if last is not None and last.last_modified:
            headers["If-Modified-Since"] = last.last_modified
        answer = await self._http.get(url, headers=headers)
        if answer.status == 304 and last is not None:
            return _counted(len(last.sessions))
        sessions = await asyncio.to_thread(parse_programme, answer.body, self._event.timezone, url)
        return self._keep(
            sessions, now, answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
        )

    def _keep(
        self, sessions: Sequence[Session], now: int, etag: str = "", last_modified: str = ""
    ) -> str:
        event = self._event
        themes = [theme.name for theme in event.themes]
        check_themes(sessions, themes, event.programme)
        changes = self._programmes.keep(
            event, "configured", event.programme, sessions, now,
            etag=etag, last_modified=last_modified,
        )  # fmt: skip
        for change in changes:
            _log.info("programme of %s: %s %s", event.slug, change.kind, change.code)
        return _counted(len(sessions))

    def _failed(
        self, lamps: Lamps, state: PlaceState, reason: str, wait: float, error: SourceError | None
    ) -> RunReport:
        last = self._programmes.last_read(self._event)
        rest = "there is none yet"
        if last is not None:
            rest = f"the last good one stands, with {_counted(len(last.sessions))}"
        if not self._troubled:
            _log.warning("programme of %s: %s; %s", self._event.slug, reason, rest)
        self._troubled = True
        self._say(lamps, Standing(state, f"{reason}; {rest}", wait), checked=True)
        return RunReport(self.place, RunState.FAILED, f"{reason}; {rest}", error=error)

    def _say(self, lamps: Lamps, standing: Standing, *, checked: bool) -> None:
        place = self.place
        if not self._is_address:  # looked at so often that only news are written down
            detail = standing.detail
            lamps.say(place.source, place.instance, self._event.slug, standing.state, detail)
            return
        lamps.show(place.source, place.instance, self._event.slug, standing, checked=checked)


async def try_address(event: Event, http: Http) -> str:
    """What the address of an event's programme gives now, in words; nothing is kept.

    Raises a ``SourceError`` when it gives none, ``ConfigError`` when it gives no programme.
    """
    _permit(http, event.programme)
    answer = await http.get(event.programme)
    sessions = parse_programme(answer.body, event.timezone, event.programme)
    check_themes(sessions, [theme.name for theme in event.themes], event.programme)
    return _counted(len(sessions))


def watches(
    events: Sequence[Event], archive_path: Path, http: Http, now: Callable[[], float]
) -> list[ProgrammeWatch]:
    """One for each event that names a programme."""
    return [ProgrammeWatch(event, archive_path, http, now) for event in events if event.programme]


def _permit(http: Http, address: str) -> None:
    """This machine may be asked where the operator wrote so."""
    if is_this_machine(urlsplit(address).hostname or ""):
        http.permit_loopback(address)


def _counted(sessions: int) -> str:
    return "1 session" if sessions == 1 else f"{sessions:,} sessions"
