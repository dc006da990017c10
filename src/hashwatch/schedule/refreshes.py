"""One server, asked again about the posts that it gave."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport
from hashwatch.collect.refreshing import refresh
from hashwatch.collect.source import RefreshingSource
from hashwatch.errors import RateLimitedError
from hashwatch.model import Event
from hashwatch.schedule.intervals import LONGEST_BACKOFF, Budget
from hashwatch.schedule.windows import query_for

# Seconds from one look for posts that are due to the next.
ROUND_SECONDS = 60.0
# Of the requests a minute that a server is asked at most, this share may go to known posts: new
# ones come first.
SHARE = 0.25

_log = logging.getLogger(__name__)


class Refresher:
    """Asks within the budget that it shares with the server's poller.

    ``interval`` is that to the next round, in seconds.
    """

    def __init__(
        self,
        source: RefreshingSource,
        host: str,
        archive: Archive,
        budget: Budget,
        now: Callable[[], float],
    ) -> None:
        self._source, self.host, self._archive = source, host, archive
        self._budget, self._now = budget, now
        self._requests = max(1, int(source.pace.requests_a_minute * SHARE * ROUND_SECONDS / 60))
        self._failures = 0
        self.interval = ROUND_SECONDS

    async def refresh(self, events: Sequence[Event]) -> list[RunReport]:
        """One round for these events, of which there is at least one; empty when none is due."""
        query = query_for(events, int(self._now()))
        report = await refresh(
            self._source, self.host, self._archive, query.since,
            now=lambda: int(self._now()), turn=self._budget.take, requests=self._requests,
        )  # fmt: skip
        self.interval = ROUND_SECONDS
        if report is None:
            return []
        _log.info(
            "%s %s known posts: %s, %d requests, %d changed, %d deleted %s",
            self._source.name, self.host, report.state, report.pages, report.stored.changed,
            report.stored.deleted, report.reason,
        )  # fmt: skip
        self._failures = self._failures + 1 if report.error is not None else 0
        if self._failures:
            self.interval = min(ROUND_SECONDS * 2.0**self._failures, LONGEST_BACKOFF)
        if isinstance(report.error, RateLimitedError):
            self.interval = max(self.interval, report.error.retry_after)
        return [report]
