"""archive.db as the collector and the importers see it: one call, one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from hashwatch.archive import refreshing, runs, spending, tombstones
from hashwatch.archive.bulk import bind_quickly
from hashwatch.archive.connection import check, open_archive, transaction
from hashwatch.archive.erased import Erased
from hashwatch.archive.posts import PostWriter
from hashwatch.archive.runs import PlaceKey, PlaceState
from hashwatch.archive.spending import Spent
from hashwatch.errors import ArchiveError
from hashwatch.model import Cursor, Gap, KnownPost, Page, RunState

Result = TypeVar("Result")


class Stored(msgspec.Struct, frozen=True):
    """What became of a page."""

    received: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    rejected: int = 0

    def __add__(self, other: Stored) -> Stored:
        return Stored(*(mine + its for mine, its in zip(
            msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True
        )))  # fmt: skip


class Archive:
    """Writes the archive. Times (``now``) are UTC seconds and always the caller's.

    What was erased is not stored again, whoever brings it.
    """

    def __init__(self, path: Path, *, bulk: bool = False) -> None:
        bind_quickly()
        self.path = path
        self._connection = open_archive(path, bulk=bulk)
        self._posts = PostWriter(self._connection)
        self._erased = Erased(path)

    def close(self) -> None:
        """Folds the write-ahead log into the file and lets it go."""
        self._connection.execute("PRAGMA optimize")
        self._connection.close()

    def check(self) -> None:
        """Raises ``DamagedError`` when the file is damaged."""
        check(self._connection, self.path)

    def store(
        self, page: Page, run: int, place: PlaceKey, now: int, *, event: str | None = None
    ) -> Stored:
        """Posts, deletions, rejects, gaps, counts and cursor of a page, together or not at all.

        ``event`` puts the page's posts into that event whatever their hashtags (imports). Storing
        the same page again changes nothing. Raises ``ArchiveError`` when the disk refuses; then
        nothing of the page is stored and it may be tried again.
        """

        return self._write(lambda: self._store(page, run, place, now, event))

    def store_refreshed(
        self, page: Page, run: int, place: PlaceKey, now: int, *,
        answered: Iterable[str], lost: Iterable[str],
    ) -> Stored:  # fmt: skip
        """Stores what came of asking a server about known posts, as :meth:`store` does a page.

        The server ``answered`` for posts with these URIs, and has those ``lost`` no more.
        """

        def write() -> Stored:
            stored = self._store(page, run, place, now, None)
            source, instance = place.source, place.instance
            refreshing.mark_checked(self._connection, source, instance, answered, now)
            refreshing.mark_lost(self._connection, source, instance, lost)
            return stored

        return self._write(write)

    def known_posts(
        self, place: PlaceKey, *, since: int, recent: int, checked_before: int, most: int
    ) -> list[KnownPost]:
        """What :func:`hashwatch.archive.refreshing.known_posts` finds for a place's server."""
        return refreshing.known_posts(
            self._connection, place.source, place.instance,
            since=since, recent=recent, checked_before=checked_before, most=most,
        )  # fmt: skip

    def begin_run(self, place: PlaceKey, now: int) -> int:
        """Opens a run; its number."""
        return self._write(lambda: runs.begin_run(self._connection, place, now))

    def end_run(self, run: int, state: RunState, reason: str, now: int) -> None:
        """Closes a run."""
        self._write(lambda: runs.end_run(self._connection, run, state, reason, now))

    def close_abandoned_runs(self, now: int) -> int:
        """Marks runs that a killed process left open as failed; how many there were."""
        return self._write(lambda: runs.close_abandoned_runs(self._connection, now))

    def cursor(self, place: PlaceKey) -> Cursor | None:
        """The last durable cursor of a place."""
        return runs.read_cursor(self._connection, place)

    def keep_cursor(self, place: PlaceKey, cursor: Cursor, now: int) -> None:
        """Makes a cursor durable that comes with no page."""
        self._write(lambda: runs.write_cursor(self._connection, place, cursor, now))

    def open_gap(self, gap: Gap, now: int) -> None:
        """Records a hole that no page can tell of, such as the collector's own absence."""
        self._write(lambda: runs.open_gaps(self._connection, [gap], now))

    def fill_gaps(
        self, place: PlaceKey, start: int, end: int, now: int, *, reason: str | None = None
    ) -> None:
        """Closes a place's gaps that lie wholly within a time that has now been read: all of them,
        or those left for ``reason``."""
        self._write(lambda: runs.fill_gaps(self._connection, place, start, end, now, reason))

    def set_place(
        self, source: str, instance: str, event: str, state: PlaceState, detail: str, now: int, *,
        checked: bool = False, next_attempt_at: int | None = None,
    ) -> None:  # fmt: skip
        """Says where a source stands, for the lamps."""
        self._write(
            lambda: runs.set_place(
                self._connection, source, instance, event, state, detail, now,
                checked=checked, next_attempt_at=next_attempt_at,
            )
        )  # fmt: skip

    def places(self) -> list[tuple[str, str, str]]:
        """Source, instance and event of every place that something was said of."""
        return runs.places(self._connection)

    def set_clock(self, place: PlaceKey, page: Page, wall: float) -> None:
        """Keeps a replay's clock as a page brought it; does nothing for other pages."""
        clock = page.clock
        if clock is not None:
            self._write(lambda: runs.set_clock(self._connection, place, clock, wall))

    def beat(self, process: str, now: int) -> None:
        """A sign of life."""
        self._write(lambda: runs.beat(self._connection, process, now))

    def last_beat(self, process: str) -> int | None:
        """When a process last gave a sign of life."""
        return runs.last_beat(self._connection, process)

    def last_good_run(self, place: PlaceKey) -> int | None:
        """When the newest run that read everything of a place began."""
        return runs.last_good_run(self._connection, place)

    def open_gap_since(self, place: PlaceKey, reason: str) -> int | None:
        """Where the oldest gap of a place begins that was left for ``reason`` and is not filled."""
        return runs.open_gap_since(self._connection, place, reason)

    def hold_money(self, source: str, amount: int, budget: int, now: float) -> int | None:
        """Holds money before it may be spent: see :func:`hashwatch.archive.spending.hold`."""
        return self._write(lambda: spending.hold(self._connection, source, amount, budget, now))

    def settle_money(
        self, number: int, source: str, things: Mapping[str, int], flat: int, now: float, *,
        keep: int = 0,
    ) -> int:  # fmt: skip
        """Counts what was read: see :func:`hashwatch.archive.spending.settle`."""
        return self._write(
            lambda: spending.settle(self._connection, number, source, things, flat, now, keep=keep)
        )

    def release_money(self, number: int) -> None:
        """Gives back what was held, as nothing was read."""
        self._write(lambda: spending.release(self._connection, number))

    def money(self, source: str, budget: int, now: float) -> Spent:
        """The month of which the least is left."""
        found = (
            spending.spent_in(self._connection, source, month, budget)
            for month in spending.months_at(now)
        )
        return min(found, key=lambda spent: spent.left)

    def _store(self, page: Page, run: int, place: PlaceKey, now: int, event: str | None) -> Stored:
        living = tombstones.living(self._connection, self._erased.keep(page.posts))
        written = self._posts.write(living, now)
        self._number(written.new)
        self._number(written.changed)
        if event is not None:
            self._put_into(event, written.everything(), set(written.new))
        told = refreshing.tombstones_of(
            self._connection, place.source, place.instance, page.gone, now
        )
        deleted = tombstones.apply(self._connection, [*page.tombstones, *told], now)
        runs.keep_rejects(self._connection, run, page.rejects, now)
        runs.open_gaps(self._connection, page.gaps, now)
        stored = Stored(
            received=len(page.posts), new=len(written.new), changed=len(written.changed),
            unchanged=len(page.posts) - len(written.new) - len(written.changed),
            deleted=deleted, rejected=len(page.rejects),
        )  # fmt: skip
        runs.count_run(
            self._connection, run, received=stored.received, new=stored.new,
            changed=stored.changed, rejected=stored.rejected,
        )  # fmt: skip
        if page.cursor is not None:
            runs.write_cursor(self._connection, place, page.cursor, now)
        return stored

    def _write(self, write: Callable[[], Result]) -> Result:
        try:
            with transaction(self._connection):
                return write()
        except sqlite3.Error as error:
            self._posts.forget()
            raise ArchiveError(
                f"{self.path}: could not be written ({error}); nothing of this page was kept,"
                " it will be fetched again"
            ) from error
        except BaseException:
            self._posts.forget()
            raise

    def _number(self, ids: list[int]) -> None:
        self._connection.executemany(
            "INSERT INTO changes (kind, ref) VALUES ('post', ?)", [(number,) for number in ids]
        )

    def _put_into(self, event: str, ids: list[int], new: set[int]) -> None:
        self._connection.execute("INSERT OR IGNORE INTO events (slug) VALUES (?)", (event,))
        (number,) = self._connection.execute(
            "SELECT id FROM events WHERE slug = ?", (event,)
        ).fetchone()
        joined = [
            row[0]
            for row in self._connection.execute(
                "SELECT value FROM json_each(?) LEFT JOIN event_posts"
                " ON event_id = ? AND post_id = value WHERE post_id IS NULL",
                (msgspec.json.encode(list(dict.fromkeys(ids))).decode(), number),
            )
        ]
        self._connection.executemany(
            "INSERT INTO event_posts VALUES (?, ?)", [(number, post) for post in joined]
        )
        self._number([post for post in joined if post not in new])
