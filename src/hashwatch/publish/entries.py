"""What the dashboard already counts of posts that are about to change or go."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from hashwatch.archive.identity import seconds_of
from hashwatch.publish.groups import GroupedAuthors
from hashwatch.publish.rollups import BOOST, COLUMN_OF_TONE, Entry


class Held(msgspec.Struct, gc=False):
    """A post as the dashboard holds it, with its places in other tables."""

    id: int
    text: str
    source: str
    language: str
    sentiment: str | None
    kind: str
    boost_of: str | None
    author_id: int
    instance: str
    created_at: str
    collected_at: str
    wording: int | None
    events: list[int] = []
    themes: list[tuple[int, int]] = []
    sessions: list[tuple[int, int]] = []
    hashtags: list[int] = []
    links: list[int] = []

    def entries(self, authors: GroupedAuthors) -> list[Entry]:
        """Its part in the rollups, one an event."""
        column = BOOST if self.kind == "boost" else COLUMN_OF_TONE[self.sentiment]
        return [
            Entry(
                event, seconds_of(self.id), column, self.source, self.language, self.author_id,
                tuple(number for of, number in self.themes if of == event),
                tuple(number for of, number in self.sessions if of == event),
                tuple(self.hashtags), tuple(self.links), authors.of(self.author_id, event),
            )
            for event in self.events
        ]  # fmt: skip


def held(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, Held]:
    """Those of ``ids`` that are in the dashboard."""
    wanted = (msgspec.json.encode(list(ids)).decode(),)
    found = {
        row[0]: Held(*row)
        for row in connection.execute(
            "SELECT posts.id, text, source, language, sentiment, kind, boost_of,"
            " author_id, instance, created_at, collected_at, wording"
            " FROM json_each(?) CROSS JOIN posts ON posts.id = value",
            wanted,
        )
    }
    if not found:
        return found
    wanted = (msgspec.json.encode(list(found)).decode(),)
    for post, event in connection.execute(
        "SELECT value, event_id FROM json_each(?) CROSS JOIN events"
        " CROSS JOIN event_posts ON event_id = events.id AND post_id = value",
        wanted,
    ):
        found[post].events.append(event)
    for post, event, theme in connection.execute(
        "SELECT value, event_id, theme_id FROM json_each(?)"
        " CROSS JOIN post_themes ON post_id = value CROSS JOIN themes ON themes.id = theme_id",
        wanted,
    ):
        found[post].themes.append((event, theme))
    for post, event, session in connection.execute(
        "SELECT value, event_id, session_id FROM json_each(?)"
        " CROSS JOIN post_sessions ON post_id = value"
        " CROSS JOIN sessions ON sessions.id = session_id",
        wanted,
    ):
        found[post].sessions.append((event, session))
    for post, hashtag in connection.execute(
        "SELECT value, hashtag_id FROM json_each(?) CROSS JOIN post_hashtags ON post_id = value",
        wanted,
    ):
        found[post].hashtags.append(hashtag)
    for post, link in connection.execute(
        "SELECT value, link_id FROM json_each(?) CROSS JOIN post_links ON post_id = value", wanted
    ):
        found[post].links.append(link)
    return found
