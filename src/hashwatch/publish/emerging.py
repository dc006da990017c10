"""What emerges in each event, written beside its rollups."""

from __future__ import annotations

import sqlite3

from hashwatch.enrich.emerging import EmergingFinder
from hashwatch.queries.emerging import hear
from hashwatch.queries.events import Event, list_events


class EmergingWriter:
    """Looks for what the themes do not cover; an instance remembers the words of posts."""

    def __init__(self) -> None:
        self._finders: dict[int, tuple[list[str], EmergingFinder]] = {}

    def write(self, connection: sqlite3.Connection, wall: float) -> None:
        """Finds what emerges in every event at the wall time ``wall``, in one transaction.

        Rows are left alone where nothing is different: who looks at a page is told of no change.
        """
        for event in list_events(connection):
            rows = self._rows(connection, event, event.now(wall))
            held = connection.execute(f"{_HELD} WHERE event_id = ? ORDER BY place", (event.id,))
            if [row[2:] for row in rows] == held.fetchall():
                continue
            connection.execute("DELETE FROM emerging WHERE event_id = ?", (event.id,))
            connection.executemany(
                f"INSERT INTO emerging VALUES ({', '.join('?' * 11)})",
                [(event.id, place, *row) for place, row in enumerate(rows)],
            )

    def _rows(
        self, connection: sqlite3.Connection, event: Event, now: int
    ) -> list[tuple[int | str | float, ...]]:
        heard = hear(connection, event, now)
        if heard is None:
            self._finders.pop(event.id, None)
            return []
        covered, finder = self._finders.get(event.id, ([], None))
        if finder is None or covered != heard.covered:
            finder = EmergingFinder(heard.covered)
            self._finders[event.id] = heard.covered, finder
        return [
            (
                heard.start, heard.end, one.phrase, one.posts, one.authors, one.before,
                one.surprise, len(heard.recent), len(heard.before),
            )
            for one in finder.find(heard.recent, heard.before)
        ]  # fmt: skip


_HELD = """SELECT phrase, posts, authors, before, surprise, of_posts, of_before FROM emerging"""
