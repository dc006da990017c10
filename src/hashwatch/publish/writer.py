"""Writing batches of tagged posts into dashboard.db, rollups and index with them.

Everything works inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hashwatch.archive.identity import TIE_BREAK_BITS, host_of
from hashwatch.archive.reading import ArchivedAuthor, ArchivedPost
from hashwatch.model import Event
from hashwatch.publish import rollups
from hashwatch.publish.batch import Relative, Tagged
from hashwatch.publish.corrections import PERSON
from hashwatch.publish.entries import Held, held
from hashwatch.publish.folding import fold_by_wording, forget_wordings
from hashwatch.publish.groups import GroupedAuthors
from hashwatch.publish.lag import Key, add_lags, lag_keys
from hashwatch.publish.messages import Messages
from hashwatch.publish.registry import Registry
from hashwatch.publish.rollups import BOOST, COLUMN_OF_TONE, Entry
from hashwatch.publish.rows import INSERT_POST, post_row, reasons_json, target
from hashwatch.publish.servers import count_servers
from hashwatch.publish.tag_rows import (
    INSERT_CORRECTION,
    INSERT_QUESTION,
    correction_rows,
    question_rows,
)
from hashwatch.publish.tagging import Tagger
from hashwatch.queries.buckets import from_iso
from hashwatch.queries.fold import index_text

Names = list[tuple[tuple[int, ...], tuple[int, ...]]]
"""The numbers of hashtags and of links, post by post."""


class Writer:
    """Writes posts of the configured events through one connection."""

    def __init__(
        self, connection: sqlite3.Connection, events: Sequence[Event], tagger: Tagger
    ) -> None:
        self._connection = connection
        self._tagger = tagger
        self._hashtags = Registry(connection, "hashtags", "name", lambda _, shown: (shown,))
        self._links = Registry(connection, "links", "url", lambda url, _: (host_of(url),))
        self._authors: set[int] = set()
        self._groups = GroupedAuthors(connection, events)
        self._messages = Messages(connection, self._groups)
        self._left: set[int] = set()
        self._lags: Counter[Key] = Counter()
        self._zones = {number + 1: event.timezone for number, event in enumerate(events)}
        self._slots = _numbered(connection, events)

    def forget(self) -> None:
        """Drops remembered numbers, as a rolled-back transaction may have undone them."""
        self._hashtags.forget()
        self._links.forget()
        self._authors.clear()
        self._groups.forget()
        self._messages.forget()
        self._left.clear()
        self._lags.clear()

    def relatives(self, ids: Iterable[int]) -> dict[int, Relative]:
        """What posts already here pass on to their replies, quotes and boosts."""
        wanted = (_json(list(dict.fromkeys(ids))),)
        events: dict[int, set[int]] = {}
        sessions: dict[int, dict[int, str]] = {}
        for post, event in self._connection.execute(
            "SELECT value, event_id FROM json_each(?) CROSS JOIN events"
            " CROSS JOIN event_posts ON event_id = events.id AND post_id = value",
            wanted,
        ):
            events.setdefault(post, set()).add(event - 1)
        for post, event, code in self._connection.execute(
            "SELECT value, event_id, code FROM json_each(?) CROSS JOIN post_sessions"
            " ON post_id = value CROSS JOIN sessions ON sessions.id = session_id",
            wanted,
        ):
            sessions.setdefault(post, {})[event - 1] = code
        return {
            post: Relative(tuple(sorted(found)), sessions.get(post, {}))
            for post, found in events.items()
        }

    def unknown_authors(self, ids: Iterable[int]) -> list[int]:
        """Those of ``ids`` that have no row here yet, as far as is remembered."""
        return [number for number in dict.fromkeys(ids) if number not in self._authors]

    def write_authors(self, authors: Sequence[ArchivedAuthor]) -> None:
        """Inserts or updates authors."""
        self._groups.learn(authors)
        self._messages.learn(authors)
        self._connection.executemany(
            "INSERT INTO authors (id, uri, handle, name, url, bot, followers)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET handle = excluded.handle, name = excluded.name,"
            " url = excluded.url, bot = excluded.bot, followers = excluded.followers",
            [msgspec.structs.astuple(author) for author in authors],
        )
        self._authors.update(author.id for author in authors)

    def regroup(self, authors: Sequence[ArchivedAuthor], counts: rollups.Counts) -> list[int]:
        """Takes the posts of those out who have joined or left a group; they must come again."""
        moved = self._groups.moved(authors)
        if not moved:
            return []
        posts = [
            row[0]
            for row in self._connection.execute(
                "SELECT posts.id FROM json_each(?) CROSS JOIN posts ON author_id = value",
                (_json([author.id for author in moved]),),
            )
        ]
        self._take_out(posts, counts)
        self._groups.regroup(moved)
        return posts

    def write(
        self, tagged: Sequence[Tagged], counts: rollups.Counts, *, all_new: bool = False
    ) -> list[int]:
        """Puts posts in, in place of what stood under their numbers; counts go to ``counts``.

        ``all_new`` promises that none of them is here yet (a rebuild). Returns the numbers of
        those whose replies and boosts must follow: new ones, and ones with other words, events,
        session, tone or themes than before.
        """
        before = {} if all_new else self._take_out([one.post.id for one in tagged], counts)
        names = self._number_names(tagged)
        folds = fold_by_wording(self._connection, tagged)
        execute_many = self._connection.executemany
        execute_many(
            INSERT_POST,
            [
                post_row(one.post, one.words.language, one.tone, folds.get(one.post.id))
                for one in tagged
            ],
        )
        execute_many(
            "INSERT INTO posts_index (rowid, text) VALUES (?, ?)",
            [
                (one.post.id, index_text(one.post.text or ""))
                for one in tagged
                if one.post.boost_of is None
            ],
        )
        execute_many(
            "INSERT INTO event_posts VALUES (?, ?)",
            [(event + 1, one.post.id) for one in tagged for event in one.events],
        )
        self._write_names(tagged, names)
        entries = self._write_assignments(tagged, names)
        execute_many(INSERT_QUESTION, question_rows(tagged, self._tagger))
        execute_many(INSERT_CORRECTION, correction_rows(tagged))
        rollups.count(counts, entries)
        self._lags.update(
            lag_keys(
                (one.post.source, one.post.instance, one.post.created_at, one.post.collected_at)
                for one in tagged
            )
        )
        self._count_authors(Counter([one.post.author_id for one in tagged]))
        if all_new:
            return [one.post.id for one in tagged]
        self._messages.put(tagged)
        return [
            one.post.id
            for one in tagged
            if not self._passes_on_the_same(before.get(one.post.id), one)
        ]

    def remove(self, ids: Sequence[int], counts: rollups.Counts) -> list[int]:
        """Takes posts out, with all that hangs on them; those that were here."""
        return list(self._take_out(ids, counts))

    def _passes_on_the_same(self, before: Held | None, now: Tagged) -> bool:
        return (
            before is not None
            and before.text == (now.post.text or "")
            and before.sentiment == now.tone.label
            and sorted(before.themes)
            == sorted(
                (event + 1, self._slots[event][0][theme.key])
                for event, themes in now.themes.items()
                for theme in themes
            )
            and sorted(before.events) == [event + 1 for event in now.events]
            and sorted(before.sessions)
            == sorted(
                (event + 1, self._slots[event][1].get(session.key, 0))
                for event, session in now.sessions.items()
            )
        )

    def _take_out(self, ids: Sequence[int], counts: rollups.Counts) -> dict[int, Held]:
        found = held(self._connection, ids)
        if not found:
            return found
        entries = [entry for one in found.values() for entry in one.entries(self._groups)]
        rollups.count(counts, entries, -1)
        self._messages.take_out(found, counts)
        self._lags.subtract(
            lag_keys(
                (one.source, one.instance, from_iso(one.created_at), from_iso(one.collected_at))
                for one in found.values()
            )
        )
        count_servers(self._connection, list(found), -1)
        self._unindex(found)
        forget_wordings(self._connection, found.values())
        gone = [(number,) for number in found]
        execute_many = self._connection.executemany
        execute_many(
            "DELETE FROM event_posts WHERE event_id = ? AND post_id = ?",
            [(event, one.id) for one in found.values() for event in one.events],
        )
        execute_many(
            "DELETE FROM post_questions WHERE event_id = ? AND post_id = ?",
            [(event, one.id) for one in found.values() for event in one.events],
        )
        for table in (
            "post_hashtags",
            "post_links",
            "post_mentions",
            "post_themes",
            "post_sessions",
            "corrections",
            "labels",
        ):
            execute_many(f"DELETE FROM {table} WHERE post_id = ?", gone)
        execute_many("DELETE FROM posts WHERE id = ?", gone)
        left = Counter(one.author_id for one in found.values())
        self._count_authors({number: -count for number, count in left.items()})
        self._left.update(left)
        return found

    def finish(self, counts: rollups.Counts) -> None:
        """Finds copies among what was written, writes what was counted into the rollups, and drops
        authors who have no post left.
        """
        self._messages.settle(counts)
        rollups.add(self._connection, counts, self._zones)
        add_lags(self._connection, self._lags)
        self._lags.clear()
        if self._left:
            self._connection.executemany(
                "DELETE FROM authors WHERE id = ? AND posts = 0",
                [(number,) for number in self._left],
            )
            gone = [
                number
                for number in self._left
                if not self._connection.execute(
                    "SELECT 1 FROM authors WHERE id = ?", (number,)
                ).fetchone()
            ]
            self._groups.drop(gone)
            self._messages.drop(gone)
            self._authors -= self._left
            self._left.clear()

    def find_all_copies(self) -> None:
        """Finds copies among all posts of a new dashboard whose indexes are made."""
        counts = rollups.nothing()
        self._messages.fill(counts)
        rollups.add(self._connection, counts, self._zones)

    def await_missing(self, posts: Sequence[ArchivedPost], here: Iterable[int]) -> None:
        """Notes which of ``posts`` answer, quote or boost one that is not ``here``."""
        present = set(here)
        rows = []
        for post in posts:
            about, uri = post.original_id, post.boost_of
            if not uri:
                about, uri = post.parent_id, post.reply_to
            if not uri:
                about, uri = post.quoted_id, post.quote_of
            if uri is not None and about not in present:
                rows.append((target(uri), post.id))
        self._connection.executemany("INSERT OR IGNORE INTO waiting VALUES (?, ?)", rows)

    def dependents(self, ids: Sequence[int], uris: Sequence[str]) -> list[int]:
        """Posts that take something from ``ids`` or wait for one of ``uris``."""
        numbers, names = (_json(list(ids)),), (_json([target(uri) for uri in uris]),)
        found: dict[int, None] = {}
        for sql, wanted in (
            (_REPLIES, numbers), (_QUOTES, numbers), (_BOOSTS, numbers), (_WAITING, names)
        ):  # fmt: skip
            found.update((row[0], None) for row in self._connection.execute(sql, wanted))
        return list(found)

    def _unindex(self, found: Mapping[int, Held]) -> None:
        self._connection.executemany(
            "INSERT INTO posts_index (posts_index, rowid, text) VALUES ('delete', ?, ?)",
            [(one.id, index_text(one.text)) for one in found.values() if one.boost_of is None],
        )

    def _number_names(self, tagged: Sequence[Tagged]) -> Names:
        """The numbers of each post's hashtags and links, made where they are new."""
        self._hashtags.learn(pair for one in tagged for pair in one.hashtags)
        self._links.learn((link, link) for one in tagged for link in one.post.detail.links)

        hashtag, link = self._hashtags.number, self._links.number
        return [
            (
                tuple([hashtag(name) for name, _ in one.hashtags]),
                tuple([link(url) for url in dict.fromkeys(links)]) if links else (),
            )
            for one in tagged
            for links in (one.post.detail.links,)
        ]

    def _write_names(self, tagged: Sequence[Tagged], names: Names) -> None:
        hashtags, links, mentions = [], [], []
        for one, (hashtag_ids, link_ids) in zip(tagged, names, strict=True):
            number = one.post.id
            hashtags += [(hashtag, number) for hashtag in hashtag_ids]
            links += [(link, number) for link in link_ids]
            if one.post.detail.mentions:
                mentions += [(handle, number) for handle in dict.fromkeys(one.post.detail.mentions)]
        execute_many = self._connection.executemany
        execute_many("INSERT INTO post_hashtags VALUES (?, ?)", hashtags)
        execute_many("INSERT INTO post_links VALUES (?, ?)", links)
        execute_many("INSERT INTO post_mentions VALUES (?, ?)", mentions)

    def _write_assignments(self, tagged: Sequence[Tagged], names: Names) -> list[Entry]:
        themes, sessions, entries = [], [], []
        versions = [
            (self._tagger.theme_version(event), self._tagger.session_version(event))
            for event in range(len(self._slots))
        ]
        for one, (hashtags, links) in zip(tagged, names, strict=True):
            post = one.post
            column = BOOST if post.kind == "boost" else COLUMN_OF_TONE[one.tone.label]
            for event in one.events:
                theme_ids, session_ids = self._slots[event]
                theme_by, session_by = versions[event]
                if one.corrected:
                    theme_by = _annotator(one, "theme", event) or theme_by
                    session_by = _annotator(one, "session", event) or session_by
                assigned = [(theme_ids[theme.key], theme) for theme in one.themes.get(event, ())]
                for number, theme in assigned:
                    themes.append(
                        (number, post.id, theme.confidence, reasons_json(theme.reasons),
                         *theme_by)
                    )  # fmt: skip
                session = one.sessions.get(event)
                session_id = session_ids.get(session.key) if session else None
                if session is not None and session_id is not None:
                    sessions.append(
                        (session_id, post.id, session.confidence, reasons_json(session.reasons),
                         *session_by)
                    )  # fmt: skip
                entries.append(
                    Entry(
                        event + 1, post.id >> TIE_BREAK_BITS, column, post.source,
                        one.words.language,
                        post.author_id, tuple([number for number, _ in assigned]),
                        (session_id,) if session_id is not None else (), hashtags, links,
                        self._groups.of(post.author_id, event + 1),
                    )
                )  # fmt: skip
        execute_many = self._connection.executemany
        execute_many("INSERT INTO post_themes VALUES (?, ?, ?, ?, ?, ?)", themes)
        execute_many("INSERT INTO post_sessions VALUES (?, ?, ?, ?, ?, ?)", sessions)
        return entries

    def _count_authors(self, more: Mapping[int, int]) -> None:
        self._connection.executemany(
            "UPDATE authors SET posts = posts + ? WHERE id = ?",
            [(count, number) for number, count in more.items()],
        )


def _annotator(one: Tagged, field: str, event: int) -> tuple[str, str] | None:
    """Name and version beside a tag that a person gave."""
    held = one.corrected.get((field, event))
    return (PERSON, str(held.decision.id)) if held else None


def _numbered(
    connection: sqlite3.Connection, events: Sequence[Event]
) -> list[tuple[dict[str, int], dict[str, int]]]:
    """For each event, the rows of its themes by name and of its sessions by code."""
    numbered = []
    for event_id in range(1, len(events) + 1):
        themes = connection.execute("SELECT name, id FROM themes WHERE event_id = ?", (event_id,))
        sessions = connection.execute(
            "SELECT code, id FROM sessions WHERE event_id = ?", (event_id,)
        )
        numbered.append((dict(themes.fetchall()), dict(sessions.fetchall())))
    return numbered


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_REPLIES = "SELECT posts.id FROM json_each(?) CROSS JOIN posts ON parent_id = value"
_QUOTES = "SELECT posts.id FROM json_each(?) CROSS JOIN posts ON quoted_id = value"
_BOOSTS = "SELECT posts.id FROM json_each(?) CROSS JOIN posts ON folds_into = value"
_WAITING = "SELECT post_id FROM json_each(?) CROSS JOIN waiting ON target = value"
