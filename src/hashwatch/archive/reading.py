"""What the publisher reads: changes in order, and posts whole. Connections here cannot write."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import msgspec

from hashwatch.archive.identity import key_of, uri_of
from hashwatch.archive.posts import Detail

_decode_detail = lru_cache(maxsize=8192)(msgspec.json.Decoder(Detail).decode)
"""Remembered: the same few combinations of hashtags come again and again."""
_NO_DETAIL = Detail()


class Change(msgspec.Struct, frozen=True, gc=False):
    """One numbered change; ``ref`` is the row it is about, 0 when the table is small."""

    seq: int
    kind: str
    ref: int


class ArchivedPost(msgspec.Struct, gc=False):
    """A post as the archive holds it; times are Unix seconds.

    A boost that names an original which is here shows that original's words; ``original_id`` and
    ``parent_id`` are the rows of ``boost_of`` and ``reply_to`` where those are here; so is
    ``quoted_id`` of ``quote_of``, for a post that answers none.
    """

    id: int
    key: str
    source: str
    instance: str
    author_id: int
    created_at: int
    collected_at: int
    edited_at: int | None
    kind: str
    url: str | None
    reply_to: str | None
    boost_of: str | None
    quote_of: str | None
    language: str | None
    content_warning: str | None
    sensitive: int
    boosts: int | None
    likes: int | None
    replies: int | None
    quotes: int | None
    text: str | None
    detail_json: str | None
    original_id: int | None = None
    parent_id: int | None = None
    quoted_id: int | None = None
    original_author_id: int | None = None
    forced_events: tuple[str, ...] = ()
    detail: Detail = _NO_DETAIL

    @property
    def uri(self) -> str:
        """The post's identity."""
        return uri_of(self.key)


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything read inside belongs to one moment of the archive."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


def last_change(connection: sqlite3.Connection) -> int:
    """The number of the newest change; 0 for an empty archive."""
    number: int = connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0]
    return number


def changes_after(connection: sqlite3.Connection, seq: int, limit: int) -> list[Change]:
    """The next changes after ``seq``, oldest first."""
    rows = connection.execute(
        "SELECT seq, kind, ref FROM changes WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
    )
    return [Change(*row) for row in rows]


def last_beat(connection: sqlite3.Connection, process: str) -> int | None:
    """When a process last gave a sign of life (UTC seconds)."""
    row = connection.execute("SELECT at FROM heartbeats WHERE process = ?", (process,)).fetchone()
    return row[0] if row else None


def count_posts(connection: sqlite3.Connection) -> int:
    """How many posts the archive holds."""
    count: int = connection.execute("SELECT count(*) FROM posts").fetchone()[0]
    return count


def id_slices(connection: sqlite3.Connection, size: int) -> list[tuple[int, int]]:
    """The posts' numbers cut into closed ranges of about ``size`` posts, in order of time."""
    cuts = [
        row[0]
        for row in connection.execute(
            "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM posts)"
            " WHERE place % ? = 0 ORDER BY id",
            (size,),
        )
    ]
    ends = [cut - 1 for cut in cuts[1:]] + [2**62]
    return list(zip(cuts, ends, strict=True)) if cuts else []


def posts_by_id(connection: sqlite3.Connection, ids: Sequence[int]) -> list[ArchivedPost]:
    """The posts with these numbers, in order of time; those that are gone are left out."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM json_each(?) CROSS JOIN posts ON posts.id = value"
        " ORDER BY posts.id",
        (_json(ids),),
    )
    return _complete(connection, rows)


def posts_between(connection: sqlite3.Connection, first: int, last: int) -> list[ArchivedPost]:
    """The posts whose numbers lie in a closed range, in order of time."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM posts WHERE posts.id BETWEEN ? AND ? ORDER BY posts.id",
        (first, last),
    )
    return _complete(connection, rows)


def posts_with(connection: sqlite3.Connection, matches: Callable[[str], bool]) -> list[int]:
    """The posts whose own text ``matches``. Every text is looked at."""
    connection.create_function("matches", 1, matches, deterministic=True)
    rows = connection.execute("SELECT id FROM posts WHERE text IS NOT NULL AND matches(text)")
    return [row[0] for row in rows]


class ArchivedAuthor(msgspec.Struct, frozen=True, gc=False):
    """An author as the archive holds them."""

    id: int
    uri: str
    handle: str
    name: str
    url: str | None
    bot: int | None
    followers: int | None


def authors_by_id(connection: sqlite3.Connection, ids: Sequence[int]) -> list[ArchivedAuthor]:
    """The authors with these numbers; those that are gone are left out."""
    rows = connection.execute(
        "SELECT authors.id, uri, handle, name, url, bot, followers"
        " FROM json_each(?) CROSS JOIN authors ON authors.id = value",
        (_json(ids),),
    )
    return [ArchivedAuthor(*row) for row in rows]


def wishes_of(
    connection: sqlite3.Connection, ids: Sequence[int]
) -> dict[int, tuple[int | None, int | None, int | None, str]]:
    """By author, what they said of being found: noindex, indexable, discoverable, and the bio."""
    rows = connection.execute(
        "SELECT authors.id, noindex, indexable, discoverable, bio"
        " FROM json_each(?) CROSS JOIN authors ON authors.id = value",
        (_json(ids),),
    )
    return {row[0]: row[1:] for row in rows}


def imported_into(connection: sqlite3.Connection, slugs: Sequence[str]) -> list[int]:
    """The posts that imports put into these events."""
    rows = connection.execute(
        "SELECT post_id FROM event_posts JOIN events ON events.id = event_id"
        " WHERE slug IN (SELECT value FROM json_each(?))",
        (_json(slugs),),
    )
    return [row[0] for row in rows]


def ids_of_authors(connection: sqlite3.Connection, authors: Sequence[int]) -> list[int]:
    """The posts of these authors."""
    if not authors:
        return []
    rows = connection.execute(
        "SELECT id FROM posts WHERE author_id IN (SELECT value FROM json_each(?))",
        (_json(authors),),
    )
    return [row[0] for row in rows]


def _complete(
    connection: sqlite3.Connection, rows: Iterable[tuple[Any, ...]]
) -> list[ArchivedPost]:
    """Posts of `_COLUMNS`, with what stands in other rows: the server, originals of boosts,
    parents, quoted posts, events of imports.
    """
    instances = {
        number: (source, host)
        for number, source, host in connection.execute("SELECT id, source, host FROM instances")
    }
    posts = [
        ArchivedPost(number, key, *instances[instance], *rest)
        for number, key, instance, *rest in rows
    ]
    keys = {
        uri: key_of(uri)
        for uri in {
            uri for post in posts for uri in (post.boost_of, post.reply_to, post.quote_of) if uri
        }
    }
    wanted = list(keys.values())
    related = {}
    if wanted:
        related = {
            row[0]: row[1:]
            for row in connection.execute(
                "SELECT posts.key, posts.id, text, detail, language, content_warning, sensitive,"
                " author_id"
                " FROM json_each(?) CROSS JOIN posts ON posts.key = value",
                (_json(wanted),),
            )
        }
    for post in posts:
        if post.reply_to:
            post.parent_id = related.get(keys[post.reply_to], (None,))[0]
        elif post.quote_of and not post.boost_of:
            post.quoted_id = related.get(keys[post.quote_of], (None,))[0]
        if post.boost_of and (original := related.get(keys[post.boost_of])):
            post.original_id, post.original_author_id = original[0], original[6]
            if post.text is None:
                post.text, post.detail_json = original[1], original[2]
                post.language, post.content_warning = original[3], original[4]
                post.sensitive = original[5]
        if post.detail_json:
            post.detail = _decode_detail(post.detail_json)
    _add_events(connection, posts)
    return posts


def _add_events(connection: sqlite3.Connection, posts: list[ArchivedPost]) -> None:
    if connection.execute("SELECT 1 FROM events LIMIT 1").fetchone() is None:
        return
    forced: dict[int, tuple[str, ...]] = {}
    for number, slug in connection.execute(
        "SELECT post_id, slug FROM json_each(?) CROSS JOIN events"
        " CROSS JOIN event_posts ON event_id = events.id AND post_id = value",
        (_json([post.id for post in posts]),),
    ):
        forced[number] = (*forced.get(number, ()), slug)
    for post in posts:
        post.forced_events = forced.get(post.id, ())


def _json(values: Iterable[object]) -> str:
    return msgspec.json.encode(list(values)).decode()


_COLUMNS = """
posts.id, posts.key, instance_id, author_id, created_at, collected_at, edited_at, kind, url,
reply_to, boost_of, quote_of, language, content_warning, sensitive, boosts, likes, replies,
quotes, text, detail
"""
