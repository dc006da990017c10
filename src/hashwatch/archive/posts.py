"""Writing posts: new ones inserted, known ones merged, every change numbered.

All functions work inside the caller's transaction and in batches; nothing is asked per post.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from hashwatch.archive.authors import AuthorIds
from hashwatch.archive.identity import key_of, post_id, sort_time
from hashwatch.archive.merge import Content, Decision, Known, decide, greatest
from hashwatch.archive.payloads import compress
from hashwatch.model import Engagement, Media, Post


class Detail(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a post's text points at, in the form kept in ``posts.detail``."""

    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    media: tuple[Media, ...] = ()
    poll: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    copy_of: str | None = None


class Sighting(msgspec.Struct, frozen=True, gc=False):
    """One server's latest counts of a post, and what it calls it."""

    counts: Engagement
    local_id: str | None


class Written(msgspec.Struct):
    """What became of a batch: ids of new, changed and unchanged posts."""

    new: list[int] = []
    changed: list[int] = []
    unchanged: list[int] = []

    def everything(self) -> list[int]:
        """Every post of the batch."""
        return self.new + self.changed + self.unchanged


class PostWriter:
    """Writes batches of posts through one connection; remembers ids that recur."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._authors = AuthorIds(connection)
        self._instances: dict[tuple[str, str], int] = {}

    def forget(self) -> None:
        """Drops remembered ids, as a rolled-back transaction may have undone them."""
        self._authors.forget()
        self._instances.clear()

    def write(self, posts: Sequence[Post], now: int) -> Written:
        """Stores ``posts`` as seen at ``now``; the same post twice in a batch is merged."""
        written = Written()
        waiting = [(key_of(post.uri), post) for post in posts]
        self._authors.learn([post.author for post in posts])
        while waiting:
            batch: dict[str, Post] = {}
            repeated = []
            for key, post in waiting:
                if key in batch:
                    repeated.append((key, post))
                else:
                    batch[key] = post
            self._write_distinct(batch, now, written)
            waiting = repeated
        return written

    def _write_distinct(self, batch: dict[str, Post], now: int, written: Written) -> None:
        known = self._known(batch)
        fresh = {key: post for key, post in batch.items() if key not in known}
        if fresh:
            written.new += self._insert(fresh, now)
        if known:
            pairs = [(known[key], post) for key, post in batch.items() if key in known]
            self._merge(pairs, now, written)

    def _known(self, keys: Iterable[str]) -> dict[str, Known]:
        rows = self._connection.execute(
            """
            SELECT posts.key, posts.id, host, edited_at, collected_at, text, content_warning,
                   detail, boosts, likes, replies, quotes, instance_id
            FROM json_each(?) AS wanted
            CROSS JOIN posts ON posts.key = wanted.value
            CROSS JOIN instances ON instances.id = instance_id
            """,
            (msgspec.json.encode(list(keys)).decode(),),
        )
        return {
            row[0]: Known(
                id=row[1], host=row[2], edited_at=row[3], collected_at=row[4],
                content=Content(*row[5:8]), counts=Engagement(*row[8:12]), instance_id=row[12],
            )
            for row in rows
        }  # fmt: skip

    def _insert(self, fresh: dict[str, Post], now: int) -> list[int]:
        ids = self._allocate(fresh, now)
        instances = {
            pair: self.instance_id(*pair)
            for pair in {(post.source, post.instance) for post in fresh.values()}
        }
        author_id = self._authors.id_of
        posts, sightings = [], []
        for (key, post), number in zip(fresh.items(), ids, strict=True):
            counts = post.engagement
            counted = (counts.boosts, counts.likes, counts.replies, counts.quotes)
            instance = instances[post.source, post.instance]
            content = content_of(post)
            posts.append(
                (number, key, instance, author_id(post.author), post.created_at, now,
                 post.edited_at, post.kind, post.url, post.reply_to, post.boost_of, post.quote_of,
                 post.language, content.content_warning, post.sensitive, *counted,
                 content.text, content.detail, compress(post.raw, post.raw_format))
            )  # fmt: skip
            sightings.append((number, instance, now, *counted, post.local_id, now))
        execute_many = self._connection.executemany
        execute_many(_INSERT_POST, posts)
        execute_many(_SIGHTING, sightings)
        return ids

    def _allocate(self, fresh: dict[str, Post], now: int) -> list[int]:
        """A free number for each post, near the one its time and key ask for."""
        wanted = [post_id(sort_time(post.created_at, now), key) for key, post in fresh.items()]
        taken = {
            row[0]
            for row in self._connection.execute(
                "SELECT posts.id FROM json_each(?) CROSS JOIN posts ON posts.id = value",
                (msgspec.json.encode(wanted).decode(),),
            )
        }
        if not taken and len(set(wanted)) == len(wanted):
            return wanted
        ids = []
        for number in wanted:
            while number in taken or self._exists(number):
                number += 1
            taken.add(number)
            ids.append(number)
        return ids

    def _exists(self, number: int) -> bool:
        found = self._connection.execute("SELECT 1 FROM posts WHERE id = ?", (number,))
        return found.fetchone() is not None

    def _merge(self, pairs: list[tuple[Known, Post]], now: int, written: Written) -> None:
        counts = self._sightings([known.id for known, _ in pairs])
        for known, post in pairs:
            changed = self._merge_content(known, post, now)
            changed |= self._merge_counts(known, post, counts.get(known.id, {}), now)
            (written.changed if changed else written.unchanged).append(known.id)

    def _merge_content(self, known: Known, post: Post, now: int) -> bool:
        content = content_of(post)
        decision = decide(known, content, post.edited_at, post.instance, post.uri)
        if decision is Decision.KEEP:
            return False
        execute = self._connection.execute
        raw = compress(post.raw, post.raw_format)
        if decision is Decision.OLDER and self._is_news(known, content, post):
            post = msgspec.structs.replace(post, edited_at=now)
            decision = Decision.EDIT
        if decision is Decision.OLDER:
            cursor = execute(
                "INSERT OR IGNORE INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)",
                (known.id, post.edited_at or 0, now, *_columns(content), raw),
            )
            return cursor.rowcount > 0
        if decision is Decision.EDIT:
            execute(_KEEP_VERSION, (now, known.id))
        execute(
            _UPDATE_CONTENT,
            (*_columns(content), post.edited_at, post.url, post.language, post.sensitive, raw,
             self.instance_id(post.source, post.instance), known.id),
        )  # fmt: skip
        return True

    def _is_news(self, known: Known, content: Content, post: Post) -> bool:
        """Whether what looks like the first state of an edited post is none of those known.

        Bluesky's stream says when a record was changed, its search does not.
        """
        if post.edited_at is not None or post.instance != known.host or content == known.content:
            return False
        first = self._connection.execute(
            "SELECT text, content_warning, detail FROM versions"
            " WHERE post_id = ? AND edited_at = 0",
            (known.id,),
        ).fetchone()
        return first is not None and Content(*first) != content

    def _merge_counts(
        self, known: Known, post: Post, sightings: dict[int, Sighting], now: int
    ) -> bool:
        instance = self.instance_id(post.source, post.instance)
        before_here = sightings.get(instance)
        here = Sighting(post.engagement, post.local_id)
        if before_here == here:
            return False
        counts = post.engagement
        counted = (counts.boosts, counts.likes, counts.replies, counts.quotes)
        execute = self._connection.execute
        execute(_SIGHTING, (known.id, instance, now, *counted, post.local_id, now))
        if before_here is not None and before_here.counts == counts:
            return False
        shown = greatest([one.counts for one in {**sightings, instance: here}.values()])
        if shown == known.counts:
            return instance not in sightings
        before = known.counts
        execute(
            "INSERT OR IGNORE INTO engagement"
            " SELECT ?, ?, ?, ?, ?, ? WHERE NOT EXISTS"
            " (SELECT 1 FROM engagement WHERE post_id = ?)",
            (known.id, known.collected_at, before.boosts, before.likes, before.replies,
             before.quotes, known.id),
        )  # fmt: skip
        after = (shown.boosts, shown.likes, shown.replies, shown.quotes)
        execute(
            "INSERT OR REPLACE INTO engagement VALUES (?, ?, ?, ?, ?, ?)", (known.id, now, *after)
        )
        execute(
            "UPDATE posts SET boosts = ?, likes = ?, replies = ?, quotes = ? WHERE id = ?",
            (*after, known.id),
        )
        return True

    def _sightings(self, ids: list[int]) -> dict[int, dict[int, Sighting]]:
        found: dict[int, dict[int, Sighting]] = {}
        for number, instance, local_id, *counts in self._connection.execute(
            "SELECT post_id, instance_id, local_id, boosts, likes, replies, quotes"
            " FROM json_each(?) CROSS JOIN sightings ON post_id = value",
            (msgspec.json.encode(ids).decode(),),
        ):
            found.setdefault(number, {})[instance] = Sighting(Engagement(*counts), local_id)
        return found

    def instance_id(self, source: str, host: str) -> int:
        """The row of the server ``host`` as reached by ``source``, made when it is new."""
        known = self._instances.get((source, host))
        if known is None:
            self._connection.execute(
                "INSERT OR IGNORE INTO instances (source, host) VALUES (?, ?)", (source, host)
            )
            known = self._connection.execute(
                "SELECT id FROM instances WHERE source = ? AND host = ?", (source, host)
            ).fetchone()[0]
            self._instances[source, host] = known
        return known


def content_of(post: Post) -> Content:
    """What the archive keeps of a post's content.

    A boost that names its original keeps none: the words stand once, with the original.
    """
    if post.boost_of is not None:
        return _NO_CONTENT
    return Content(post.text, post.content_warning, _detail(
        post.hashtags, post.mentions, post.links, post.media, post.poll, post.labels, post.copy_of
    ))  # fmt: skip


@lru_cache(maxsize=4096)
def _detail(
    hashtags: tuple[str, ...],
    mentions: tuple[str, ...],
    links: tuple[str, ...],
    media: tuple[Media, ...],
    poll: tuple[str, ...],
    labels: tuple[str, ...],
    copy_of: str | None,
) -> str | None:
    if not (hashtags or mentions or links or media or poll or labels or copy_of):
        return None
    return _encode(Detail(hashtags, mentions, links, media, poll, labels, copy_of)).decode()


def _columns(content: Content) -> tuple[str | None, str | None, str | None]:
    return content.text, content.content_warning, content.detail


_encode = msgspec.json.Encoder().encode
_NO_CONTENT = Content(None, None, None)

_INSERT_POST = """
INSERT INTO posts (
  id, key, instance_id, author_id, created_at, collected_at, edited_at, kind, url, reply_to,
  boost_of, quote_of, language, content_warning, sensitive, boosts, likes, replies, quotes,
  text, detail, raw
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_KEEP_VERSION = """
INSERT OR IGNORE INTO versions
SELECT id, coalesce(edited_at, 0), ?, text, content_warning, detail, raw FROM posts WHERE id = ?
"""

_UPDATE_CONTENT = """
UPDATE posts SET text = ?, content_warning = ?, detail = ?, edited_at = ?, url = ?, language = ?,
                 sensitive = ?, raw = ?, instance_id = ?
WHERE id = ?
"""

_SIGHTING = """
INSERT INTO sightings (
  post_id, instance_id, seen_at, boosts, likes, replies, quotes, local_id, checked_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET boosts = excluded.boosts, likes = excluded.likes,
                          replies = excluded.replies, quotes = excluded.quotes,
                          local_id = excluded.local_id, checked_at = excluded.checked_at
"""
