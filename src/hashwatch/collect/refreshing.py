"""Known posts, asked for again: their counts, edits and deletions.

A timeline tells of a post once. Young posts change often and old ones hardly ever, so that each is
asked for again on a schedule that decays with its age.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from hashwatch.archive.store import Archive, Stored
from hashwatch.collect import RunReport, evidence, key_of
from hashwatch.collect.source import (
    KNOWN_POSTS,
    Place,
    PromptSource,
    Refreshed,
    RefreshingSource,
)
from hashwatch.errors import SourceError
from hashwatch.model import KnownPost, Page, RunState, Tombstone

HOUR, DAY = 3_600, 86_400
# Posts up to this age (seconds), and so many seconds after the last time.
STEPS = ((HOUR, 600), (DAY, HOUR))
# When an account is deleted, all its posts are missing at once; other posts are due as well.
CONFIRMATIONS = 10
DELETED = "deleted at its own server"

_log = logging.getLogger(__name__)


def interval_at(age: int, longest: int = DAY) -> int:
    """Seconds from one check of a post to the next, at its age in seconds."""
    return next((interval for oldest, interval in STEPS if age < oldest), longest)


def due(posts: Iterable[KnownPost], now: int, most: int, longest: int = DAY) -> list[KnownPost]:
    """At most so many posts that are due at ``now``, those first that are latest for their age.
    ``longest`` is how long (seconds) none may go unasked.

    One that was checked in what is now the future (the clock was put back) is due.
    """

    def lateness(post: KnownPost) -> float:
        if post.checked_at > now:
            return 1.0
        return (now - post.checked_at) / interval_at(now - post.created_at, longest)

    late = [(lateness(post), post) for post in posts]
    late = sorted(
        (each for each in late if each[0] >= 1.0), key=lambda each: (-each[0], each[1].uri)
    )
    return [post for _, post in late[:most]]


async def refresh(
    source: RefreshingSource,
    instance: str,
    archive: Archive,
    since: int,
    *,
    now: Callable[[], int],
    turn: Callable[[], Awaitable[None]],
    requests: int,
) -> RunReport | None:
    """Asks ``instance`` about the posts since ``since`` that are due; ``None`` where none is.

    ``requests`` bounds what a run costs, but for at most ``CONFIRMATIONS`` that make sure of
    deletions; ``turn`` waits until the platform's budget allows one. A platform's failure ends the
    run and is in the report; only the archive's own errors are raised.
    """
    place = Place(source.name, instance, KNOWN_POSTS)
    size = source.refresh_size(instance)
    if not size:
        return None
    started, most = now(), size * requests
    longest = source.recheck if isinstance(source, PromptSource) else DAY
    known = archive.known_posts(
        key_of(place), since=since, recent=started - DAY, checked_before=started - longest,
        most=most,
    )  # fmt: skip
    chosen = due(known, started, most, longest)
    if not chosen:
        return None
    run = _Run(source, place, archive, now, turn)
    try:
        for first in range(0, len(chosen), size):
            await run.ask(chosen[first : first + size])
            if source.refresh_size(instance) < size:
                break  # It takes fewer than was thought; the rest is due the next time.
        await run.make_sure()
        return run.end(RunState.OK)
    except SourceError as error:
        return run.fail(error)
    finally:
        run.abandon()


class _Run:
    """One row of ``runs``, from its beginning to its end."""

    def __init__(
        self,
        source: RefreshingSource,
        place: Place,
        archive: Archive,
        now: Callable[[], int],
        turn: Callable[[], Awaitable[None]],
    ) -> None:
        self._source, self._place, self._archive = source, place, archive
        self._now, self._turn = now, turn
        self._key = key_of(place)
        self._number: int | None = archive.begin_run(self._key, now())
        self._requests, self._stored = 0, Stored()
        self._doubtful: list[KnownPost] = []

    async def ask(self, posts: Sequence[KnownPost]) -> None:
        """One request. A post that is missing among several is doubtful until it is so alone."""
        refreshed = await self._request(posts)
        if len(posts) > 1:
            missing = set(refreshed.missing)
            self._doubtful += [post for post in posts if post.uri in missing]
            refreshed = msgspec.structs.replace(refreshed, missing=())
        self._store(refreshed)

    async def make_sure(self) -> None:
        """A request for each doubtful post; those that are too many stay due."""
        for post in self._doubtful[:CONFIRMATIONS]:
            await self.ask([post])

    async def _request(self, posts: Sequence[KnownPost]) -> Refreshed:
        await self._turn()
        self._requests += 1
        return await self._source.refresh(self._place.instance, posts)

    def _store(self, refreshed: Refreshed) -> None:
        """Makes an answer durable. What is missing at home is deleted, elsewhere merely lost.

        Another server may have blocked the author or cleared its cache, and may never have heard
        of a deletion that did happen: it speaks for nobody but itself.
        """
        assert self._number is not None
        instance, now = self._place.instance, self._now()
        deleted = {uri for uri in refreshed.missing if self._source.is_home(instance, uri)}
        tombstones = tuple(Tombstone(now, DELETED, uri=uri) for uri in sorted(deleted))
        self._stored += self._archive.store_refreshed(
            msgspec.structs.replace(refreshed.page, tombstones=tombstones, cursor=None),
            self._number, self._key, now,
            answered=refreshed.answered,
            lost=[uri for uri in refreshed.missing if uri not in deleted],
        )  # fmt: skip
        for warning in refreshed.page.warnings:
            _log.warning("%s %s: %s", self._place.source, instance, warning)

    def fail(self, error: SourceError) -> RunReport:
        """The platform failed: what was not asked for is due the next time."""
        rejects = evidence(error, self._place)
        if rejects:
            self._store(Refreshed(page=Page(rejects=rejects)))
        state = RunState.PARTIAL if self._requests > 1 else RunState.FAILED
        return self.end(state, str(error), error)

    def end(self, state: RunState, reason: str = "", error: SourceError | None = None) -> RunReport:
        """Closes the row."""
        assert self._number is not None
        self._archive.end_run(self._number, state, reason, self._now())
        self._number = None
        return RunReport(self._place, state, reason, self._requests, self._stored, error)

    def abandon(self) -> None:
        """Closes the row when something else than the platform ended the run."""
        if self._number is not None:
            self.end(RunState.PARTIAL if self._requests else RunState.FAILED, "stopped")
