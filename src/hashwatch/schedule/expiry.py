"""Letting go, by itself, what has been kept as long as the configuration says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from hashwatch.archive.connection import open_archive, open_reading
from hashwatch.archive.expiring import expire
from hashwatch.model import Event

LOOK_SECONDS = 6 * 3600.0

_log = logging.getLogger(__name__)


class Expiry:
    """Looks a few times a day, on a connection of its own."""

    def __init__(
        self, events: Sequence[Event], archive_path: Path, now: Callable[[], float]
    ) -> None:
        self._events, self._path, self._now = tuple(events), archive_path, now

    async def look(self) -> float:
        """Lets go what is over; in how many seconds to look again."""
        await asyncio.to_thread(self.let_go)
        return LOOK_SECONDS

    def due(self) -> list[int]:
        """The posts whose time is over."""
        from hashwatch.publish.expiring import expired_posts, is_over

        if not any(is_over(event, self._now()) for event in self._events):
            return []
        with closing(open_reading(self._path)) as archive:
            return expired_posts(archive, self._events, self._now())

    def let_go(self) -> int:
        """Lets them go; how many there were."""
        ids = self.due()
        if not ids:
            return 0
        with closing(open_archive(self._path)) as connection:
            gone = expire(connection, ids)
        _log.info("%d posts were kept long enough and are gone", gone)
        return gone
