"""public.db: the posts that everybody may see, in the tables of dashboard.db, and nothing else.

It follows the dashboard batch by batch. When the two are out of step (after a crash, a rebuild, or
a decision that lets a surface go on) it is filled anew in one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from zlib import crc32

import msgspec

from hashwatch.archive import reading
from hashwatch.archive.moderation import SURFACES, Standing
from hashwatch.archive.reading import ArchivedAuthor
from hashwatch.archive.wishes import opted_out
from hashwatch.model import Event
from hashwatch.publish import dashboard as board
from hashwatch.publish import mirror, rollups
from hashwatch.publish.batch import Tagged
from hashwatch.publish.servers import count_servers
from hashwatch.publish.surfaces import Surfaces, Wishes
from hashwatch.publish.tagging import Tagger
from hashwatch.publish.writer import Writer

NAME = "public.db"


class PublicBoard:
    """The one writer of public.db. Changes are kept by `commit`, or lost by `forget`."""

    def __init__(self, path: Path, events: Sequence[Event], tagger: Tagger, made_for: str) -> None:
        self._connection = board.open_dashboard(path)
        self._events, self._tagger = events, tagger
        self._made_for = (
            f"{_schema()} {made_for} {[(one.post_moderated, one.language) for one in events]}"
        )
        self._surfaces = Surfaces(events, {})
        self._writer: Writer | None = None
        self._counts = rollups.nothing()

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def take_rulings(self, standing: Mapping[str, Standing]) -> None:
        """Goes by these decisions from now on."""
        self._surfaces = Surfaces(self._events, standing)

    def is_in_step(self, seq: int) -> bool:
        """Whether the file holds what it should, as far as the dashboard has come."""
        try:
            held = board.get_meta(self._connection, "made_for")
            upto = int(board.get_meta(self._connection, "published_seq") or -1)
        except sqlite3.DatabaseError:
            return False
        return held == self._made_for and (upto == seq or self._surfaces.idle)

    def candidates(self) -> tuple[list[int], list[int]] | None:
        """Posts, and authors all of whose posts, may be public; None for any."""
        posts: list[int] = []
        authors: list[int] = []
        for number in range(len(self._events)):
            found = self._surfaces.candidates(number)
            if found is None:
                return None
            posts += found[0]
            authors += found[1]
        return posts, authors

    def begin_anew(self) -> None:
        """Empties the file, to be filled with `put`; its revision goes on from where it was."""
        self._begin()
        revision = self._revision()
        names = [
            row[0]
            for row in self._connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
                " AND name NOT LIKE 'posts_index_%'"
            )
        ]
        for name in names:
            self._connection.execute(f'DROP TABLE "{name}"')
        board.create(self._connection)
        for statement in _statements():
            self._connection.execute(statement)
        board.write_events(self._connection, self._events)
        board.set_meta(self._connection, "made_for", self._made_for)
        board.set_meta(self._connection, "revision", str(revision))
        modes = {event.slug: event.post_moderated for event in self._events}
        board.set_meta(self._connection, "post_moderated", msgspec.json.encode(modes).decode())
        spoken = {event.slug: event.language for event in self._events if event.language}
        board.set_meta(self._connection, "languages", msgspec.json.encode(spoken).decode())
        self._writer = None

    def put(
        self,
        archive: sqlite3.Connection,
        tagged: Sequence[Tagged],
        authors: Sequence[ArchivedAuthor],
    ) -> None:
        """Shows what may be shown of a batch of the dashboard, and takes the rest of it out."""
        if self._surfaces.idle and self._is_empty():
            return
        wishes = _wishes(archive, authors)
        shown: list[Tagged] = []
        places: list[tuple[int, str, int, int]] = []
        for one in tagged:
            on = {
                event: surfaces
                for event in one.events
                if (surfaces := self._surfaces.of(one.post, wishes[one.post.author_id], event))
            }
            if on:
                shown.append(_only_in(one, tuple(on)))
                places += [
                    (event + 1, surface, one.post.id, self._surfaces.pinned(one.post.id, event))
                    for event, surfaces in on.items()
                    for surface in surfaces
                ]
        visible = {one.post.id for one in shown}
        self._begin()
        self.take_out(one.post.id for one in tagged if one.post.id not in visible)
        writer = self._own_writer()
        ids = {one.post.author_id for one in shown}
        writer.write_authors([author for author in authors if author.id in ids])
        writer.write(shown, self._counts)
        count_servers(self._connection, [one.post.id for one in shown], 1)
        self._connection.executemany(
            "DELETE FROM shown WHERE post_id = ?", [(one.post.id,) for one in shown]
        )
        self._connection.executemany("INSERT INTO shown VALUES (?, ?, ?, ?)", places)

    def take_out(self, ids: Iterable[int]) -> None:
        """Takes posts out, if they are there."""
        gone = list(ids)
        if not gone or self._is_empty():
            return
        self._begin()
        self._own_writer().remove(gone, self._counts)
        self._connection.executemany(
            "DELETE FROM shown WHERE post_id = ?", [(number,) for number in gone]
        )

    def empty(self, event: int, surface: str) -> None:
        """Empties a surface of an event (a place in the configured sequence).

        The posts themselves go when the file is filled anew: this is quick, however many there are.
        """
        if surface in SURFACES:
            self._begin()
            self._connection.execute(
                "DELETE FROM shown WHERE event_id = ? AND surface = ?", (event + 1, surface)
            )

    def fall_behind(self) -> None:
        """Notes that the file must be filled anew, whatever happens before it is."""
        self._begin()
        board.set_meta(self._connection, "made_for", "")

    def write_authors(self, authors: Sequence[ArchivedAuthor]) -> None:
        """Brings the names of those up to date who are here."""
        here = {
            row[0]
            for row in self._connection.execute(
                "SELECT authors.id FROM json_each(?) CROSS JOIN authors ON authors.id = value",
                (msgspec.json.encode([author.id for author in authors]).decode(),),
            )
        }
        if here:
            self._begin()
            self._own_writer().write_authors([one for one in authors if one.id in here])

    def commit(self, seq: int) -> None:
        """Keeps what was changed; ``seq`` is how far the dashboard has come with it.

        The file's revision grows with what anybody could see there.
        """
        if self._connection.in_transaction:
            board.set_meta(self._connection, "revision", str(self._revision() + 1))
        elif self._surfaces.idle:
            return
        else:
            self._begin()
        if self._writer is not None:
            self._writer.finish(self._counts)
        self._counts = rollups.nothing()
        board.set_meta(self._connection, "published_seq", str(seq))
        self._connection.execute("COMMIT")

    def forget(self) -> None:
        """Takes back what was changed since the last `commit`."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._writer, self._counts = None, rollups.nothing()

    def say_up_to_date(self, archive: sqlite3.Connection, now: float) -> None:
        """Notes that all is published, and what the clocks show."""
        self._connection.execute("BEGIN IMMEDIATE")
        mirror.set_clocks(archive, self._connection, self._events, now)
        board.set_meta(self._connection, "published_at", str(now))
        self._connection.execute("COMMIT")

    def _revision(self) -> int:
        try:
            return int(board.get_meta(self._connection, "revision") or 0)
        except sqlite3.DatabaseError:
            return 0  # another version's file, or an empty one

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def _own_writer(self) -> Writer:
        if self._writer is None:
            self._writer = Writer(self._connection, self._events, self._tagger)
        return self._writer

    def _is_empty(self) -> bool:
        return self._connection.execute("SELECT 1 FROM posts LIMIT 1").fetchone() is None


def _only_in(one: Tagged, events: tuple[int, ...]) -> Tagged:
    """A post as it is public: in these events, without what people corrected."""
    return msgspec.structs.replace(
        one, events=events, corrected={},
        questions={event: asked for event, asked in one.questions.items() if event in events},
    )  # fmt: skip


def _wishes(archive: sqlite3.Connection, authors: Sequence[ArchivedAuthor]) -> dict[int, Wishes]:
    flags = reading.wishes_of(archive, [author.id for author in authors])
    return {author.id: Wishes(bool(author.bot), opted_out(*flags[author.id])) for author in authors}


def _statements() -> list[str]:
    script = (files("hashwatch.publish") / "public.sql").read_text(encoding="utf-8")
    return [part for part in script.split(";\n") if part.strip()]


def _schema() -> str:
    return f"{board.schema_version()}-{crc32(''.join(_statements()).encode()):08x}"
