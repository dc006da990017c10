"""Checks of the sources that people ask for on a page, carried out beside the collecting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from hashwatch.archive.checks import Checked, Checks
from hashwatch.errors import ArchiveError, HashwatchError

LOOK_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Checking:
    """Looks whether somebody asked, and asks every source once. ``now`` gives wall seconds."""

    def __init__(
        self,
        archive_path: Path,
        try_all: Callable[[], Awaitable[Sequence[Checked]]],
        now: Callable[[], float],
    ) -> None:
        self._checks, self._try_all, self._now = Checks(archive_path), try_all, now

    async def look(self) -> float:
        """Carries out the check that waits, if one does; in how many seconds to look again."""
        number = await asyncio.to_thread(self._begin)
        if number is not None:
            await self._carry_out(number)
        return LOOK_SECONDS

    def _begin(self) -> int | None:
        now = int(self._now())
        self._checks.forget_old(now=now)
        return self._checks.begin(now=now)

    async def _carry_out(self, number: int) -> None:
        found: tuple[Checked, ...] = ()
        problem = ""
        try:
            found = tuple(await self._try_all())
        except asyncio.CancelledError:
            self._checks.end(number, (), now=int(self._now()), problem="the collector was stopped")
            raise
        except ArchiveError:
            raise
        except HashwatchError as error:
            problem = str(error)
        except Exception:
            _log.exception("the check of the sources failed")
            problem = "it failed; the collector's log says why"
        await asyncio.to_thread(
            lambda: self._checks.end(number, found, now=int(self._now()), problem=problem)
        )
