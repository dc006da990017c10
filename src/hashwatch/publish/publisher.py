"""Keeps dashboard.db up to date with the archive, and rebuilds it when it must."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from zlib import crc32

import msgspec

from hashwatch.archive import decisions, moderation, reading
from hashwatch.archive.bulk import bind_quickly, without_cycle_search
from hashwatch.archive.connection import open_reading, sole
from hashwatch.archive.programme import last_programme_change, standing_programme
from hashwatch.archive.reading import ArchivedAuthor, ArchivedPost, Change
from hashwatch.archive.themes import decided_themes, last_theme_decision
from hashwatch.enrich.programme import with_added_themes, with_programme
from hashwatch.model import Event
from hashwatch.publish import dashboard as board
from hashwatch.publish import mirror, rollups
from hashwatch.publish.batch import Relative, Tagged, tag_batch, words_of
from hashwatch.publish.comparison import Comparison
from hashwatch.publish.emerging import EmergingWriter
from hashwatch.publish.membership import Membership
from hashwatch.publish.public import NAME as PUBLIC
from hashwatch.publish.public import PublicBoard
from hashwatch.publish.rebuild import discard_unfinished, rebuild
from hashwatch.publish.servers import count_servers
from hashwatch.publish.spikes import forget_words, write_spikes
from hashwatch.publish.tagging import Tagger
from hashwatch.publish.visibility import Terms, Visibility
from hashwatch.publish.writer import Writer

BATCH = 5_000
POLL_SECONDS = 0.1
BEAT_SECONDS = 10.0
SPIKE_SECONDS = 5.0
"""Spikes are looked for so often while posts come: that costs what an event's minutes do."""
EMERGING_SECONDS = 30.0
"""So long, at least, lies between two looks at what emerges …"""
EMERGING_SHARE = 0.02
"""… and longer where they take more than this share of the time."""


class Published(msgspec.Struct, frozen=True):
    """What a catch-up did: posts written, posts taken out, and the last change it covers.

    ``comparison`` says what a rebuild changed, where there was one and something before it.
    """

    posts: int = 0
    gone: int = 0
    seq: int = 0
    comparison: Comparison | None = None


Progress = Callable[[int, int], None]
"""Called with posts done and posts in all."""


class Publisher:
    """The one process that writes dashboard.db, and public.db beside it.

    ``annotator`` names the sentiment annotator; ``events`` come resolved from the configuration.
    Raises ``InUseError`` when another publisher is at work on the same dashboard, and
    ``ArchiveError`` when there is no archive. ``clock`` gives wall seconds.
    """

    def __init__(
        self,
        archive_path: Path,
        dashboard_path: Path,
        events: Sequence[Event],
        annotator: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        bind_quickly()
        self._exits = ExitStack()
        self._exits.enter_context(sole(dashboard_path, "publisher"))
        self._archive_path, self._path = archive_path, dashboard_path
        self._configured, self._annotator, self._clock = tuple(events), annotator, clock
        with self._exits.pop_all() as exits:
            self._archive = open_reading(archive_path)
            discard_unfinished(dashboard_path)
            exits.callback(self._archive.close)
            self._dashboard = board.open_dashboard(dashboard_path)
            exits.callback(self._dashboard.close)
            self._public: PublicBoard | None = None
            exits.callback(self._close_public)
            self._take_events()
            self._exits = exits.pop_all()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self._exits.close()

    def _take_events(self) -> None:
        """Takes the programmes and the added themes that stand in the archive now, and makes all
        that goes by them.
        """
        with reading.snapshot(self._archive):
            self._taken = self._last_taken()
            stand = [standing_programme(self._archive, event) for event in self._configured]
            added = decided_themes(self._archive)
        themes = {
            slug: [one.theme for one in decided if one.theme is not None]
            for slug, decided in added.items()
        }
        self._events = tuple(
            with_programme(
                with_added_themes(event, themes.get(event.slug, ())),
                stands.sessions if stands else None,
            )
            for event, stands in zip(self._configured, stand, strict=True)
        )
        self._tagger = Tagger(self._events, self._annotator)
        self._membership = Membership(self._events)
        self._writer: Writer | None = None
        self._close_public()
        public_path = self._path.with_name(PUBLIC)
        self._public = PublicBoard(public_path, self._events, self._tagger, self._made_for())
        self._last_ruling, self._public_is_in_step = -1, False
        self._emerging, self._has_listened = EmergingWriter(), False
        # Events whose spikes may have changed: after a crash or another programme, any.
        self._stirred = set(range(1, len(self._events) + 1))

    def _last_taken(self) -> tuple[int, int]:
        """The newest change of a programme and decision on a theme in the archive."""
        return last_programme_change(self._archive), last_theme_decision(self._archive)

    def run(self, stop: threading.Event) -> None:
        """Publishes whatever the archive commits, until ``stop`` is set."""
        version, said_at, looked_at, listens_at = None, 0.0, 0.0, 0.0
        while not stop.is_set():
            (seen,) = self._archive.execute("PRAGMA data_version").fetchone()
            if seen != version:
                self._publish_all()
                version = seen
            if self._stirred and self._clock() - looked_at >= SPIKE_SECONDS:
                self._find_spikes()
                looked_at = self._clock()
            if self._clock() >= listens_at or not self._has_listened:
                began = time.perf_counter()
                self._find_emerging()
                took = time.perf_counter() - began
                listens_at = self._clock() + max(EMERGING_SECONDS, took / EMERGING_SHARE)
            if self._clock() - said_at >= BEAT_SECONDS:
                self._say_up_to_date()
                said_at = self._clock()
            stop.wait(POLL_SECONDS)

    def catch_up(self, on_progress: Progress | None = None) -> Published:
        """Publishes every change that the archive holds, and ends; rebuilds first if it must."""
        total = self._publish_all(on_progress)
        self._find_spikes()
        self._find_emerging()
        return total

    @without_cycle_search()
    def _publish_all(self, on_progress: Progress | None = None) -> Published:
        total = Published()
        if self._last_taken() != self._taken:
            self._take_events()
        if self.needs_rebuild():
            total = self.rebuild(on_progress=on_progress)
        self._bring_public_in_step()
        while True:
            published = self._publish_batch()
            total = Published(total.posts + published.posts, total.gone + published.gone,
                              published.seq, total.comparison)  # fmt: skip
            behind = reading.last_change(self._archive) - published.seq
            if on_progress:
                on_progress(total.posts, total.posts + behind)
            if behind <= 0:
                self._say_up_to_date()
                return total

    def _close_public(self) -> None:
        if self._public is not None:
            self._public.close()

    @property
    def _public_board(self) -> PublicBoard:
        assert self._public is not None
        return self._public

    def _bring_public_in_step(self) -> None:
        """Fills public.db anew where it does not hold what the dashboard would give it."""
        self._take_rulings()
        seq = int(board.get_meta(self._dashboard, "published_seq") or 0)
        if self._public_is_in_step or self._public_board.is_in_step(seq):
            self._public_is_in_step = True
            return
        writer = self._writer or Writer(self._dashboard, self._events, self._tagger)
        try:
            self._public_board.begin_anew()
            with reading.snapshot(self._archive):
                for posts in self._public_candidates():
                    authors, tagged, _ = self._tag(writer, posts)
                    self._public_board.put(self._archive, tagged, authors)
            self._public_board.commit(seq)
        except BaseException:
            self._public_board.forget()
            raise
        self._public_is_in_step = True

    def _public_candidates(self) -> Iterator[list[ArchivedPost]]:
        candidates = self._public_board.candidates()
        if candidates is None:
            for first, last in reading.id_slices(self._archive, BATCH):
                yield reading.posts_between(self._archive, first, last)
            return
        ids = {*candidates[0], *reading.ids_of_authors(self._archive, candidates[1])}
        ordered = sorted(ids)
        for start in range(0, len(ordered), BATCH):
            yield reading.posts_by_id(self._archive, ordered[start : start + BATCH])

    def _find_spikes(self) -> None:
        self._dashboard.execute("BEGIN IMMEDIATE")
        write_spikes(self._dashboard, self._events, self._stirred)
        self._dashboard.execute("COMMIT")
        self._stirred.clear()

    def _find_emerging(self) -> None:
        self._dashboard.execute("BEGIN IMMEDIATE")
        self._emerging.write(self._dashboard, self._clock())
        self._dashboard.execute("COMMIT")
        self._has_listened = True

    def _say_up_to_date(self) -> None:
        """Notes that all is published, what the clocks show, and when the collector last beat."""
        now = self._clock()
        self._dashboard.execute("BEGIN IMMEDIATE")
        mirror.set_clocks(self._archive, self._dashboard, self._events, now)
        board.set_meta(self._dashboard, "published_at", str(now))
        beat = reading.last_beat(self._archive, "collector")
        if beat is not None:
            board.set_meta(self._dashboard, "collector_at", str(beat))
        self._dashboard.execute("COMMIT")
        self._public_board.say_up_to_date(self._archive, now)

    def needs_rebuild(self) -> bool:
        """Whether schema, events, programme or annotators are not those the dashboard holds."""
        try:
            held = (
                board.get_meta(self._dashboard, "schema"),
                board.get_meta(self._dashboard, "made_for"),
            )
        except sqlite3.DatabaseError:
            return True
        return held != (board.schema_version(), self._made_for())

    @without_cycle_search()
    def rebuild(self, workers: int | None = None, on_progress: Progress | None = None) -> Published:
        """Makes the whole dashboard anew beside the old one, then puts it in its place at once."""
        rebuilt = rebuild(
            self._archive_path, self._path, self._dashboard, self._events, self._annotator,
            self._tagger, self._made_for(), workers, on_progress, self._clock(),
        )  # fmt: skip
        self._writer, self._public_is_in_step, self._has_listened = None, False, False
        return Published(posts=rebuilt.posts, seq=rebuilt.seq, comparison=rebuilt.comparison)

    def _made_for(self) -> str:
        versions = [
            (
                *self._tagger.theme_version(number),
                *self._tagger.session_version(number),
                *self._tagger.question_version(number),
            )
            for number in range(len(self._events))
        ]
        events = [
            msgspec.structs.replace(event, post_moderated=(), keep_until=None)
            for event in self._events
        ]
        made_of = (tuple(events), self._tagger.words_version, versions)
        return f"{crc32(repr(made_of).encode()):08x}"

    def _publish_batch(self) -> Published:
        if self._writer is None:
            self._writer = Writer(self._dashboard, self._events, self._tagger)
        held = int(board.get_meta(self._dashboard, "published_seq") or 0)
        self._dashboard.execute("BEGIN IMMEDIATE")
        try:
            with reading.snapshot(self._archive):
                changes = reading.changes_after(self._archive, held, BATCH)
                published = self._apply(self._writer, changes, held)
            self._dashboard.execute("COMMIT")
            self._public_board.commit(published.seq)
        except BaseException:
            if self._dashboard.in_transaction:
                self._dashboard.execute("ROLLBACK")
            self._writer.forget()
            self._public_board.forget()
            raise
        self._bring_public_in_step()
        return published

    def _apply(self, writer: Writer, changes: Sequence[Change], held: int) -> Published:
        refs: dict[str, dict[int, None]] = {}
        for change in changes:
            refs.setdefault(change.kind, {})[change.ref] = None
        self._take_rulings()
        rulings = moderation.rulings_after(self._archive, list(refs.get("moderation", ())))
        self._obey(rulings)
        counts = rollups.nothing()
        authors = self._known_authors(list(refs.get("author", ())))
        regrouped = writer.regroup(authors, counts)
        ruled = self._with_terms(rulings)
        ids = list(
            dict.fromkeys([*refs.get("post", ()), *refs.get("gone", ()), *regrouped, *ruled])
        )
        written, gone = self._publish_posts(writer, ids, counts)
        writer.write_authors(self._known_authors([author.id for author in authors]))
        writer.finish(counts)
        self._stirred.update(key[0] for key in counts["minute"])
        self._public_board.write_authors(authors)
        if "run" in refs:
            mirror.mirror_runs(self._archive, self._dashboard, list(refs["run"]))
        if "gap" in refs:
            mirror.mirror_gaps(self._archive, self._dashboard, list(refs["gap"]))
        if "place" in refs:
            mirror.mirror_places(self._archive, self._dashboard)
        if "spending" in refs:
            mirror.mirror_spending(self._archive, self._dashboard)
        if "programme" in refs:
            mirror.mirror_programme_changes(self._archive, self._dashboard)
        if "alert_rule" in refs:
            mirror.mirror_alert_rules(self._archive, self._dashboard)
        if "note" in refs:
            mirror.mirror_notes(self._archive, self._dashboard)
        mirror.set_clocks(self._archive, self._dashboard, self._events, self._clock())
        if gone:  # a word that only they used is not to be named any longer
            self._emerging.write(self._dashboard, self._clock())
            forget_words(self._dashboard)
        seq = changes[-1].seq if changes else held
        if changes:
            board.set_meta(self._dashboard, "published_seq", str(seq))
        return Published(written, gone, seq)

    def _take_rulings(self) -> None:
        """Takes the decisions on what is shown that stand in the archive now."""
        last = moderation.last_ruling(self._archive)
        if last != self._last_ruling:
            standing = moderation.standing(self._archive)
            self._visibility = Visibility(self._events, standing)
            self._public_board.take_rulings(standing)
            self._last_ruling = last

    def _obey(self, rulings: Sequence[moderation.Ruling]) -> None:
        """Empties stopped surfaces at once; public.db is filled anew after that."""
        slugs = [event.slug for event in self._events]
        for one in rulings:
            if one.subject == "surface" and one.event in slugs:
                if one.verdict == "stop":
                    self._public_board.empty(slugs.index(one.event), one.ref)
                self._public_is_in_step = False
                self._public_board.fall_behind()

    def _with_terms(self, rulings: Sequence[moderation.Ruling]) -> list[int]:
        """The posts in whose words stands a term that these decisions are about."""
        terms = [one.ref for one in rulings if one.subject == "term"]
        return reading.posts_with(self._archive, Terms(terms).in_text) if terms else []

    def _known_authors(self, ids: Sequence[int]) -> list[ArchivedAuthor]:
        """Those of ``ids`` that the dashboard has, as the archive has them now."""
        if not ids:
            return []
        known = self._dashboard.execute(
            "SELECT authors.id FROM json_each(?) CROSS JOIN authors ON authors.id = value",
            (msgspec.json.encode(ids).decode(),),
        )
        return reading.authors_by_id(self._archive, [row[0] for row in known])

    def _publish_posts(
        self, writer: Writer, ids: Sequence[int], counts: rollups.Counts
    ) -> tuple[int, int]:
        """Writes posts, then whatever takes something from them, until nothing is left."""
        written = removed = 0
        waiting, seen = list(ids), set(ids)
        while waiting:
            posts = reading.posts_by_id(self._archive, waiting)
            here = {post.id for post in posts}
            gone = [number for number in waiting if number not in here]
            shown, moved = self._write_posts(writer, posts, counts)
            hidden = gone + [number for number in here if number not in shown]
            went = writer.remove(hidden, counts)
            self._public_board.take_out(hidden)
            mirror.forget_sightings(self._dashboard, went)
            moving = set(moved)
            arrived = [post.uri for post in posts if post.id in moving]
            about = writer.dependents([*moved, *went], arrived)
            written, removed = written + len(shown), removed + len(went)
            waiting = [number for number in about if number not in seen]
            seen.update(waiting)
        return written, removed

    def _write_posts(
        self, writer: Writer, posts: Sequence[ArchivedPost], counts: rollups.Counts
    ) -> tuple[set[int], list[int]]:
        """The numbers of those shown, and of those that their replies and boosts must follow."""
        authors, tagged, relatives = self._tag(writer, posts)
        fresh = set(writer.unknown_authors(one.post.author_id for one in tagged))
        writer.write_authors([author for author in authors if author.id in fresh])
        moved = writer.write(tagged, counts)
        writer.await_missing(posts, [*relatives, *(one.post.id for one in tagged)])
        self._public_board.put(self._archive, tagged, authors)
        shown = [one.post.id for one in tagged]
        mirror.mirror_sightings(self._archive, self._dashboard, shown)
        count_servers(self._dashboard, shown, 1)
        mirror.mirror_labels(self._archive, self._dashboard, shown)
        return {one.post.id for one in tagged}, moved

    def _tag(
        self, writer: Writer, posts: Sequence[ArchivedPost]
    ) -> tuple[list[ArchivedAuthor], list[Tagged], dict[int, Relative]]:
        """Posts with their tags, their authors, and those here that they are about."""
        author_ids = list({post.author_id for post in posts})
        authors = reading.authors_by_id(self._archive, author_ids)
        relatives = writer.relatives(
            number
            for post in posts
            for number in (post.parent_id, post.quoted_id, post.original_id)
            if number
        )
        tagged = tag_batch(
            posts, {author.id: author for author in authors}, relatives, {}, self._tagger,
            self._membership, decisions.corrections(self._archive, words_of(posts)),
            self._visibility,
        )  # fmt: skip
        return authors, tagged, relatives
