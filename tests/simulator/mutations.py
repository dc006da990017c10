"""The product broken on purpose, to show that the seeds would notice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

from hashwatch.archive import posts, refreshing, runs, store, tombstones
from hashwatch.archive.merge import Decision
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive, Stored
from hashwatch.collect import walk
from hashwatch.collect.sources import bluesky
from hashwatch.collect.sources.mastodon import posts as mastodon_posts
from hashwatch.errors import BadAnswerError
from hashwatch.model import Page, Tombstone


@contextmanager
def cursor_first() -> Iterator[None]:
    """The cursor is durable before the posts are."""
    whole = Archive.store

    def apart(
        archive: Archive, page: Page, run: int, place: PlaceKey, now: int, **more: Any
    ) -> Stored:
        if page.cursor is not None:
            archive.keep_cursor(place, page.cursor, now)
        return whole(archive, page, run, place, now, **more)

    with mock.patch.object(Archive, "store", apart):
        yield


@contextmanager
def deletions_ignored() -> Iterator[None]:
    """Tombstones are taken note of by nobody."""

    def ignore(_: sqlite3.Connection, __: Sequence[Tombstone], ___: int) -> int:
        return 0

    with mock.patch.object(tombstones, "apply", ignore):
        yield


@contextmanager
def dead_come_back() -> Iterator[None]:
    """What was deleted is stored again when another server shows it."""
    with mock.patch.object(tombstones, "living", lambda _, posts: list(posts)):
        yield


@contextmanager
def no_overlap() -> Iterator[None]:
    """Each run goes on from the newest post seen."""
    with mock.patch.object(walk, "_overlap_mark", lambda _, __, newest: newest):
        yield


@contextmanager
def edits_ignored() -> Iterator[None]:
    """The first text of a post stands for ever."""
    with mock.patch.object(posts, "decide", return_value=Decision.KEEP):
        yield


@contextmanager
def versions_lost() -> Iterator[None]:
    """An edit overwrites what was there."""
    with mock.patch.object(posts, "_KEEP_VERSION", "SELECT ?, ?"):
        yield


@contextmanager
def gaps_forgotten() -> Iterator[None]:
    """Nobody records what is missing."""
    with mock.patch.object(runs, "open_gaps", return_value=None):
        yield


@contextmanager
def gaps_never_filled() -> Iterator[None]:
    """A hole stays on record although it has been read."""
    with mock.patch.object(runs, "fill_gaps", return_value=None):
        yield


@contextmanager
def only_the_newest_page() -> Iterator[None]:
    """Nobody asks for what lies between it and what was seen before."""
    with mock.patch("hashwatch.collect.sources.mastodon.next_request",
                    return_value=walk.Request("newest")):  # fmt: skip
        yield


@contextmanager
def never_asked_again() -> Iterator[None]:
    """Known posts are left alone."""
    with mock.patch.object(refreshing, "known_posts", return_value=[]):
        yield


@contextmanager
def one_bad_post_spoils_the_page() -> Iterator[None]:
    """What cannot be read takes the others with it."""
    parse = mastodon_posts.parse_timeline

    def strict(payload: bytes, instance: str) -> Any:
        parsed = parse(payload, instance)
        if parsed.rejects:
            raise BadAnswerError(f"{instance} sent something unreadable")
        return parsed

    with mock.patch("hashwatch.collect.sources.mastodon.parse_timeline", strict):
        yield


@contextmanager
def stream_starts_anew() -> Iterator[None]:
    """Jetstream is opened at the present, whatever was read before."""
    with mock.patch.object(bluesky.Bluesky, "_start", return_value=None):
        yield


@contextmanager
def runs_left_open() -> Iterator[None]:
    """A run whose end could not be written stays under way for ever."""

    def begin(connection: sqlite3.Connection, place: PlaceKey, now: int) -> int:
        number = connection.execute(
            "INSERT INTO runs (source, instance, hashtag, started_at, state)"
            " VALUES (?, ?, ?, ?, 'running')",
            (place.source, place.instance, place.hashtag, now),
        ).lastrowid
        assert number is not None
        return number

    with mock.patch.object(runs, "begin_run", begin):
        yield


@contextmanager
def changes_unnumbered() -> Iterator[None]:
    """The publisher is not told."""
    with mock.patch.object(store.Archive, "_number", return_value=None):
        yield


@contextmanager
def stopped_at_the_first_server() -> Iterator[None]:
    """A failure of one server ends the round of all: nothing of it is asked any more."""
    with mock.patch("hashwatch.schedule.polls.next_interval", lambda *_, failures=0, **__:
                    1e6 if failures else 60.0):  # fmt: skip
        yield


MUTATIONS: tuple[Callable[[], Any], ...] = (
    cursor_first, deletions_ignored, dead_come_back, no_overlap, edits_ignored, versions_lost,
    gaps_forgotten, gaps_never_filled, only_the_newest_page, never_asked_again,
    one_bad_post_spoils_the_page, stream_starts_anew, runs_left_open, changes_unnumbered,
    stopped_at_the_first_server,
)  # fmt: skip
# In no seed a server drops a post that its home still has; tests/collect/test_collect_lives.py does
# that, and would notice if such a deletion were believed.
