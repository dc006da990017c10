"""Which authors of the dashboard are on a roster, kept beside them.

What is counted of a post goes by the groups that stand here, so that it is taken out again as it
was put in; an author whose groups have changed is regrouped, their posts taken out before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from hashwatch.archive.reading import ArchivedAuthor
from hashwatch.enrich.roster import Roster
from hashwatch.model import Event

Groups = dict[int, tuple[str, ...]]
"""By the event's number, the groups of an author."""


class GroupedAuthors:
    """The groups of authors, through one connection. Without a roster it costs nothing."""

    def __init__(self, connection: sqlite3.Connection, events: Sequence[Event]) -> None:
        self._connection = connection
        self._rosters = {
            number: roster
            for number, event in enumerate(events, start=1)
            if (roster := Roster(event.roster))
        }
        self._known: dict[int, Groups] | None = None

    def forget(self) -> None:
        """Drops what is remembered, as a rolled-back transaction may have undone it."""
        self._known = None

    def of(self, author_id: int, event: int) -> tuple[str, ...]:
        """The groups of an author in the event with that number."""
        if not self._rosters:
            return ()
        return self._standing().get(author_id, {}).get(event, ())

    def learn(self, authors: Sequence[ArchivedAuthor]) -> None:
        """Groups authors who are not in the dashboard yet."""
        if not self._rosters:
            return
        here = {
            row[0]
            for row in self._connection.execute(
                "SELECT authors.id FROM json_each(?) CROSS JOIN authors ON authors.id = value",
                (_json(author.id for author in authors),),
            )
        }
        self._put([author for author in authors if author.id not in here])

    def moved(self, authors: Sequence[ArchivedAuthor]) -> list[ArchivedAuthor]:
        """Those whose groups are no longer what stands here."""
        if not self._rosters:
            return []
        standing = self._standing()
        return [one for one in authors if self._found(one) != standing.get(one.id, {})]

    def regroup(self, authors: Sequence[ArchivedAuthor]) -> None:
        """Gives ``authors``, whose posts have been taken out, the groups that they have now."""
        self._connection.executemany(
            "DELETE FROM author_groups WHERE author_id = ?", [(author.id,) for author in authors]
        )
        for author in authors:
            self._standing().pop(author.id, None)
        self._put(authors)

    def drop(self, ids: Iterable[int]) -> None:
        """Authors who have no post left are grouped no longer."""
        if not self._rosters:
            return
        for number in ids:
            if self._standing().pop(number, None) is not None:
                self._connection.execute("DELETE FROM author_groups WHERE author_id = ?", (number,))

    def _put(self, authors: Iterable[ArchivedAuthor]) -> None:
        for author in authors:
            found = self._found(author)
            if found:
                self._standing()[author.id] = found
                self._connection.executemany(
                    "INSERT INTO author_groups VALUES (?, ?, ?)",
                    [
                        (event, group, author.id)
                        for event, groups in found.items()
                        for group in groups
                    ],
                )

    def _found(self, author: ArchivedAuthor) -> Groups:
        return {
            event: groups
            for event, roster in self._rosters.items()
            if (groups := roster.groups_of(author.handle, author.uri))
        }

    def _standing(self) -> dict[int, Groups]:
        if self._known is None:
            self._known = {}
            for event, group, author in self._connection.execute(
                "SELECT event_id, group_name, author_id FROM author_groups"
                " ORDER BY event_id, group_name"
            ):
                groups = self._known.setdefault(author, {})
                groups[event] = (*groups.get(event, ()), group)
        return self._known


def _json(values: Iterable[int]) -> str:
    return msgspec.json.encode(list(values)).decode()
