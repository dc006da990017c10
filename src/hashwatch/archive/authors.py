"""Writing authors: one row a person, looked up once and then remembered."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from hashwatch.model import Author

REMEMBERED = 100_000


class AuthorIds:
    """The rows of authors by URI. ``learn`` writes what is new or changed, ``id_of`` only looks."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[str, tuple[int, Author]] = {}

    def forget(self) -> None:
        """Drops what is remembered."""
        self._known.clear()

    def id_of(self, author: Author) -> int:
        """The row of an author who has been learnt."""
        return self._known[author.uri][0]

    def learn(self, authors: Sequence[Author]) -> None:
        """Makes sure that each author has a row, brought up to date with the latest sight."""
        if len(self._known) > REMEMBERED:
            self.forget()
        latest = {author.uri: author for author in authors}
        self._recall([uri for uri in latest if uri not in self._known])
        fresh = [author for uri, author in latest.items() if uri not in self._known]
        if fresh:
            self._insert(fresh)
        for uri, author in latest.items():
            number, held = self._known[uri]
            if author is not held and author != held:
                self._update(number, held, author)

    def _recall(self, uris: list[str]) -> None:
        for row in self._connection.execute(
            "SELECT authors.id, uri, handle, name, url, bot, followers, noindex, indexable,"
            " discoverable, bio FROM json_each(?) CROSS JOIN authors ON uri = value",
            (msgspec.json.encode(uris).decode(),),
        ):
            (
                number,
                uri,
                handle,
                name,
                url,
                bot,
                followers,
                noindex,
                indexable,
                discoverable,
                bio,
            ) = row
            self._known[uri] = number, Author(
                uri=uri, handle=handle, name=name, url=url, bot=_flag(bot), followers=followers,
                noindex=_flag(noindex), indexable=_flag(indexable),
                discoverable=_flag(discoverable), bio=bio,
            )  # fmt: skip

    def _insert(self, fresh: list[Author]) -> None:
        (last,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM authors").fetchone()
        numbered = list(enumerate(fresh, start=last + 1))
        self._connection.executemany(
            "INSERT INTO authors VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(number, author.uri, *_columns(author)) for number, author in numbered],
        )
        self._known.update((author.uri, (number, author)) for number, author in numbered)

    def _update(self, number: int, held: Author, author: Author) -> None:
        merged = merge(held, author)
        self._known[author.uri] = number, merged
        if merged == held:
            return
        self._connection.execute(
            "UPDATE authors SET handle = ?, name = ?, url = ?, bot = ?, followers = ?,"
            " noindex = ?, indexable = ?, discoverable = ?, bio = ? WHERE id = ?",
            (*_columns(merged), number),
        )
        self._connection.execute("INSERT INTO changes (kind, ref) VALUES ('author', ?)", (number,))


def merge(held: Author, seen: Author) -> Author:
    """An author after another sight: what this one leaves out stays as it was.

    Followers are the most that any server counted, so that servers which disagree do not make a
    change at every poll.
    """
    counts = [count for count in (held.followers, seen.followers) if count is not None]
    return Author(
        uri=held.uri,
        handle=seen.handle or held.handle,
        name=seen.name or held.name,
        url=seen.url or held.url,
        bot=held.bot if seen.bot is None else seen.bot,
        followers=max(counts, default=None),
        noindex=held.noindex if seen.noindex is None else seen.noindex,
        indexable=held.indexable if seen.indexable is None else seen.indexable,
        discoverable=held.discoverable if seen.discoverable is None else seen.discoverable,
        bio=seen.bio or held.bio,
    )


def _columns(author: Author) -> tuple[object, ...]:
    return (
        author.handle, author.name, author.url, author.bot, author.followers, author.noindex,
        author.indexable, author.discoverable, author.bio,
    )  # fmt: skip


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
