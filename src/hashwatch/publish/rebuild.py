"""The whole dashboard made anew: on all cores, beside the old file, then swapped in at once.

The swap is SQLite's own backup from the new file into the live one: one transaction, so that
readers see the old dashboard or the new one and no request fails.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import msgspec

from hashwatch.archive import decisions, moderation, reading
from hashwatch.archive.connection import open_reading
from hashwatch.archive.reading import ArchivedPost
from hashwatch.model import Event, Sentiment
from hashwatch.publish import dashboard as board
from hashwatch.publish import mirror, rollups
from hashwatch.publish.batch import tag_batch, words_of
from hashwatch.publish.comparison import Comparison, compare
from hashwatch.publish.membership import Membership
from hashwatch.publish.servers import fill_servers
from hashwatch.publish.spikes import write_spikes
from hashwatch.publish.tagging import (
    REMEMBERED_TEXTS,
    Tagger,
    TextKey,
    Words,
    WordsTagger,
    languages_of,
)
from hashwatch.publish.visibility import Visibility
from hashwatch.publish.writer import Writer

SLICE = 5_000
IN_FLIGHT = 2
Slice = tuple[list[ArchivedPost], dict[TextKey, Words], Future[list[Words]], list[TextKey]]


class Rebuilt(msgspec.Struct, frozen=True):
    """What a rebuild holds: how many posts, the last change it covers, what differs from before."""

    posts: int
    seq: int
    comparison: Comparison | None = None


def rebuild(
    archive_path: Path,
    dashboard_path: Path,
    live: sqlite3.Connection,
    events: Sequence[Event],
    annotator: str,
    tagger: Tagger,
    made_for: str,
    workers: int | None,
    on_progress: Callable[[int, int], None] | None,
    at: float,
) -> Rebuilt:
    """Builds beside ``dashboard_path`` and copies into ``live``; ``at`` is now, in wall seconds.

    Tones and languages that the old file holds from the same annotators are taken over.
    """
    beside = discard_unfinished(dashboard_path)
    with closing(open_reading(archive_path)) as archive, closing(_fresh(beside)) as made:
        with reading.snapshot(archive):
            old = _old(live, tagger.words_version)
            rebuilt = _fill(archive, made, old, events, annotator, workers, on_progress)
        board.set_meta(made, "words", tagger.words_version)
        board.set_meta(made, "sentiment", tagger.sentiment_name)
        board.set_meta(made, "made_for", made_for)
        board.set_meta(made, "published_seq", str(rebuilt.seq))
        made.execute("PRAGMA analysis_limit = 1000")  # enough for the planner, and quick
        made.execute("ANALYZE")
        made.execute("COMMIT")
        comparison = compare(made, dashboard_path, at)
        if comparison is not None:
            board.set_meta(made, "compared", msgspec.json.encode(comparison).decode())
        made.backup(live)
    live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    discard_unfinished(dashboard_path)
    return msgspec.structs.replace(rebuilt, comparison=comparison)


def discard_unfinished(dashboard_path: Path) -> Path:
    """Where a rebuild is made; whatever a killed one left there is gone then."""
    beside = dashboard_path.with_name(f"{dashboard_path.name}.rebuilding")
    beside.unlink(missing_ok=True)
    return beside


def _fresh(path: Path) -> sqlite3.Connection:
    # An address, so that the old file can be attached to be read only.
    connection = sqlite3.connect(path.resolve().as_uri(), uri=True, isolation_level=None)
    connection.execute(f"PRAGMA page_size = {board.PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = OFF")  # an interrupted rebuild is thrown away whole
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -131072")
    connection.execute("BEGIN")
    board.create(connection, indexes=False)
    return connection


def _old(live: sqlite3.Connection, words_version: str) -> sqlite3.Connection | None:
    """The old dashboard, if its languages and tones are still right."""
    try:
        if board.get_meta(live, "words") != words_version:
            return None
        live.execute(f"{_TAKEN_OVER} LIMIT 0", (0, 0))  # another version's tables may lack them
        return live
    except sqlite3.DatabaseError:
        return None


def _fill(
    archive: sqlite3.Connection,
    made: sqlite3.Connection,
    old: sqlite3.Connection | None,
    events: Sequence[Event],
    annotator: str,
    workers: int | None,
    on_progress: Callable[[int, int], None] | None,
) -> Rebuilt:
    board.write_events(made, events)
    tagger = Tagger(events, annotator)
    writer, membership = Writer(made, events, tagger), Membership(events)
    visibility = Visibility(events, moderation.standing(archive))
    seq = reading.last_change(archive)
    total = reading.count_posts(archive) if on_progress else 0
    counts = rollups.nothing()
    done = shown = 0
    for posts, known in _with_words(archive, old, events, annotator, workers):
        authors = reading.authors_by_id(archive, list({post.author_id for post in posts}))
        relatives = writer.relatives(
            number
            for post in posts
            for number in (post.parent_id, post.quoted_id, post.original_id)
            if number
        )
        tagged = tag_batch(
            posts, {author.id: author for author in authors}, relatives, known, tagger,
            membership, decisions.corrections(archive, words_of(posts)), visibility,
        )  # fmt: skip
        fresh = set(writer.unknown_authors(one.post.author_id for one in tagged))
        writer.write_authors([author for author in authors if author.id in fresh])
        writer.write(tagged, counts, all_new=True)
        writer.await_missing(posts, [*relatives, *(one.post.id for one in tagged)])
        shown_ids = [one.post.id for one in tagged]
        mirror.mirror_sightings(archive, made, shown_ids)
        mirror.mirror_labels(archive, made, shown_ids)
        done, shown = done + len(posts), shown + len(tagged)
        if sum(map(len, counts.values())) > 500_000:
            writer.finish(counts)
            counts = rollups.nothing()
        if on_progress:
            on_progress(done, total)
    writer.finish(counts)
    _mirror_all(archive, made, events)
    board.create_indexes(made)
    fill_servers(made)
    writer.find_all_copies()
    write_spikes(made, events, range(1, len(events) + 1))
    return Rebuilt(shown, seq)


def _with_words(
    archive: sqlite3.Connection,
    old: sqlite3.Connection | None,
    events: Sequence[Event],
    annotator: str,
    workers: int | None,
) -> Iterator[tuple[list[ArchivedPost], dict[TextKey, Words]]]:
    """Slices of posts with the languages and tones of their texts, from the old file or anew."""
    slices = reading.id_slices(archive, SLICE)
    workers = workers or os.cpu_count() or 1
    if workers == 1 or len(slices) < 2 * workers or not annotator:
        for first, last in slices:
            posts = reading.posts_between(archive, first, last)
            yield posts, _taken_over(old, first, last)
        return
    context = get_context("spawn")  # a fork would share SQLite's handles and locks
    with ProcessPoolExecutor(
        workers, context, initializer=_start_worker, initargs=(languages_of(events), annotator)
    ) as pool:
        waiting: deque[Slice] = deque()
        scheduled: set[TextKey] = set()
        for first, last in slices:
            posts = reading.posts_between(archive, first, last)
            known = _taken_over(old, first, last)
            texts = [(post.text, post.language) for post in posts if post.text is not None]
            fresh = [
                text for text in dict.fromkeys(texts) if text not in known and text not in scheduled
            ]
            if len(scheduled) > REMEMBERED_TEXTS // 2:
                scheduled.clear()  # the tagger forgets too; a text annotated twice is only slower
            scheduled.update(fresh)
            waiting.append((posts, known, pool.submit(_annotate, fresh), fresh))
            if len(waiting) > IN_FLIGHT * workers:
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())


def _finished(
    posts: list[ArchivedPost],
    known: dict[TextKey, Words],
    future: Future[list[Words]],
    fresh: list[TextKey],
) -> tuple[list[ArchivedPost], dict[TextKey, Words]]:
    known.update(zip(fresh, future.result(), strict=True))
    return posts, known


def _taken_over(old: sqlite3.Connection | None, first: int, last: int) -> dict[TextKey, Words]:
    """Languages and tones in the old file of the posts in a closed range."""
    if old is None:
        return {}
    return {
        (text, declared): Words(language, Sentiment(label, polarity, sure) if label else None)
        for text, declared, language, label, polarity, sure in old.execute(
            _TAKEN_OVER, (first, last)
        )
    }


def _mirror_all(
    archive: sqlite3.Connection, made: sqlite3.Connection, events: Sequence[Event]
) -> None:
    runs = [row[0] for row in archive.execute("SELECT id FROM runs WHERE ended_at IS NOT NULL")]
    gaps = [row[0] for row in archive.execute("SELECT id FROM gaps")]
    mirror.mirror_runs(archive, made, runs)
    mirror.mirror_gaps(archive, made, gaps)
    mirror.mirror_places(archive, made)
    mirror.mirror_spending(archive, made)
    mirror.mirror_programme_changes(archive, made)
    mirror.mirror_notes(archive, made)
    mirror.mirror_alert_rules(archive, made)
    mirror.set_clocks(archive, made, events, 0.0)


def _start_worker(languages: tuple[str, ...], annotator: str) -> None:
    global _tagger
    _tagger = WordsTagger(languages, annotator)


def _annotate(texts: list[TextKey]) -> list[Words]:
    assert _tagger is not None
    return _tagger.words(texts, {})


_tagger: WordsTagger | None = None

# What a person said of one post does not hold for others with the same words.
_TAKEN_OVER = """SELECT text, declared, language, sentiment, polarity, confidence FROM posts
WHERE id BETWEEN ? AND ? AND NOT (sentiment IS NOT NULL AND confidence IS NULL)"""
