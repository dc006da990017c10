"""Which posts of an event are in nearly the words of an earlier one, kept beside them.

Posts whose longest words agree stand in one list, in the order of time, copies left out; each that
is like the first of its list goes with it. So a post is held against one other, and only where a
first one comes or goes is its list looked through.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from hashwatch.enrich.wording import are_alike
from hashwatch.publish.entries import Held

Worded = tuple[int, int, int | None]
"""An event, a post, and the checksum of its longest words."""
Lists = dict[tuple[int, int], list[int]]
"""By event and wording: posts."""


class AlikePosts:
    """Keeps ``alike`` in step with posts that come, go, and become copies or cease to be."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._came: Lists = {}
        self._gone: Lists = {}

    def forget(self) -> None:
        """Drops what waits to be settled."""
        self._came.clear()
        self._gone.clear()

    def take_out(self, posts: Iterable[Held]) -> None:
        """Posts are about to go."""
        self._leave([(event, one.id, one.wording) for one in posts for event in one.events])

    def come(self, posts: Mapping[int, object]) -> None:
        """Posts have come; which of them are copies is known."""
        if not posts:
            return
        self._join(
            self._connection.execute(
                "SELECT event_id, posts.id, wording FROM json_each(?)"
                " CROSS JOIN posts ON posts.id = value CROSS JOIN events"
                " CROSS JOIN event_posts ON event_id = events.id AND post_id = posts.id"
                " WHERE wording IS NOT NULL AND NOT EXISTS (SELECT 1 FROM copies"
                " WHERE copies.event_id = events.id AND copies.post_id = posts.id)",
                (_json(posts),),
            )
        )

    def change(self, became: Sequence[Worded], were: Sequence[Worded]) -> None:
        """Posts became copies, or are none any longer."""
        self._leave(became)
        self._join(were)

    def settle(self) -> None:
        """Holds what came against the first of its list, and looks through what lost its first."""
        for event in sorted({event for event, _ in (*self._came, *self._gone)}):
            keys = [key for key in {**self._came, **self._gone} if key[0] == event]
            first_two = self._connection.execute(
                _FIRST_TWO, {"event": event, "wordings": _json(wording for _, wording in keys)}
            ).fetchall()
            for wording, first, second in first_two:
                came = self._came.get((event, wording), [])
                gone = self._gone.get((event, wording), [])
                if first is None or (second is None and not gone):
                    continue
                if first in came or any(post < first for post in gone):
                    self._look_through(event, wording)
                elif came:
                    self._hold_against(event, first, came)

    def fill(self) -> None:
        """Every list of a new dashboard."""
        rows = self._connection.execute(_SHARED)
        for (event, _), listed in groupby(rows, key=lambda row: row[:2]):
            (*_, first, words), *others = listed
            self._write(event, first, words, [row[2:] for row in others])

    def _join(self, posts: Iterable[Worded]) -> None:
        for event, post, wording in posts:
            if wording is not None:
                self._came.setdefault((event, wording), []).append(post)

    def _leave(self, posts: Iterable[Worded]) -> None:
        worded = [one for one in posts if one[2] is not None]
        if not worded:
            return
        for event, post, wording in worded:
            assert wording is not None
            self._gone.setdefault((event, wording), []).append(post)
        self._connection.executemany(
            "DELETE FROM alike WHERE event_id = ? AND post_id = ?",
            [(event, post) for event, post, _ in worded],
        )

    def _look_through(self, event: int, wording: int) -> None:
        posts = self._connection.execute(_LISTED, {"event": event, "wording": wording}).fetchall()
        self._connection.executemany(
            "DELETE FROM alike WHERE event_id = ? AND post_id = ?",
            [(event, number) for number, _ in posts],
        )
        if len(posts) > 1:
            first, words = posts[0]
            self._write(event, first, words, posts[1:])

    def _hold_against(self, event: int, first: int, came: Sequence[int]) -> None:
        texts = dict(
            self._connection.execute(
                "SELECT posts.id, text FROM json_each(?) CROSS JOIN posts ON posts.id = value",
                (_json([first, *came]),),
            ).fetchall()
        )
        self._write(event, first, texts[first], [(post, texts[post]) for post in came])

    def _write(self, event: int, first: int, words: str, posts: Iterable[tuple[int, str]]) -> None:
        rows = [(event, number, first) for number, text in posts if are_alike(words, text)]
        if rows:
            self._connection.executemany("INSERT OR REPLACE INTO alike VALUES (?, ?, ?)", rows)


def _json(values: Iterable[int]) -> str:
    return msgspec.json.encode(list(values)).decode()


_IN_LIST = """
EXISTS (SELECT 1 FROM event_posts WHERE event_id = :event AND post_id = posts.id)
AND NOT EXISTS (SELECT 1 FROM copies WHERE event_id = :event AND post_id = posts.id)
ORDER BY posts.id
"""
_LISTED = f"""
SELECT id, text FROM posts INDEXED BY posts_wording WHERE wording = :wording AND {_IN_LIST}
"""
_SHARED = """
SELECT event_posts.event_id, posts.wording, posts.id, text FROM (
  SELECT wording FROM posts INDEXED BY posts_wording WHERE wording IS NOT NULL
  GROUP BY wording HAVING count(*) > 1
) AS shared CROSS JOIN posts INDEXED BY posts_wording ON posts.wording = shared.wording
CROSS JOIN events CROSS JOIN event_posts
  ON event_posts.event_id = events.id AND event_posts.post_id = posts.id
WHERE NOT EXISTS (
  SELECT 1 FROM copies WHERE copies.event_id = events.id AND copies.post_id = posts.id
)
ORDER BY 1, 2, 3
"""
_NTH = f"SELECT id FROM posts INDEXED BY posts_wording WHERE wording = value AND {_IN_LIST} LIMIT 1"
_FIRST_TWO = f"""
SELECT value, ({_NTH}), ({_NTH} OFFSET 1) FROM json_each(:wordings)
"""
