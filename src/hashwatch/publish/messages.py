"""Which posts are one message on several networks, kept beside them in the dashboard.

What pairs two posts depends on those two alone (`hashwatch.enrich.message`), so pairs come and go
with their posts, and groups are made anew where a pair has: catching up and making anew agree.
Candidates are few: the posts of somebody who may be the author on another network, within the time
that two posts of one message may lie apart; those of the seconds around what a bridge brought; and
those of one page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from hashwatch.archive.identity import TIE_BREAK_BITS, seconds_of
from hashwatch.archive.reading import ArchivedAuthor
from hashwatch.enrich.message import (
    BRIDGED_SECONDS,
    LONGEST_SECONDS,
    Sent,
    author_keys,
    home_of,
    why_same,
)
from hashwatch.publish import rollups
from hashwatch.publish.alike import AlikePosts
from hashwatch.publish.batch import Tagged
from hashwatch.publish.entries import Held, held
from hashwatch.publish.groups import GroupedAuthors

Place = tuple[int, int]
"""An event and a post."""


class Messages:
    """Pairs, groups and what they add to the rollups, through one connection."""

    def __init__(self, connection: sqlite3.Connection, groups: GroupedAuthors) -> None:
        self._connection = connection
        self._groups = groups
        self._alike = AlikePosts(connection)
        self._fresh: dict[int, int] = {}  # posts to be paired, and their authors
        self._touched: set[int] = set()

    def forget(self) -> None:
        """Drops what waits to be settled."""
        self._fresh.clear()
        self._touched.clear()
        self._alike.forget()

    def learn(self, authors: Sequence[ArchivedAuthor]) -> None:
        """Takes authors' names, before they are written; who is renamed is paired anew."""
        known = {
            row[0]: row[1:]
            for row in self._connection.execute(
                "SELECT authors.id, handle, name FROM json_each(?)"
                " CROSS JOIN authors ON authors.id = value",
                (_json(author.id for author in authors),),
            )
        }
        new = [one for one in authors if known.get(one.id) != (one.handle, one.name)]
        renamed = [one.id for one in new if one.id in known]
        self.drop(renamed)
        self._connection.executemany(
            "INSERT OR IGNORE INTO author_keys VALUES (?, ?, ?)",
            [
                (key, home_of(one.uri), one.id)
                for one in new
                for key in author_keys(one.handle, one.name)
            ],
        )
        if renamed:
            posts = dict(
                self._connection.execute(
                    "SELECT posts.id, author_id FROM json_each(?) CROSS JOIN posts"
                    " ON author_id = value WHERE kind <> 'boost'",
                    (_json(renamed),),
                ).fetchall()
            )
            self._part(list(posts))
            self._touched.update(posts)
            self._fresh.update(posts)

    def drop(self, authors: Iterable[int]) -> None:
        """Lets go of what authors are known by."""
        self._connection.executemany(
            "DELETE FROM author_keys WHERE author_id = ?", [(number,) for number in authors]
        )

    def take_out(self, found: Mapping[int, Held], counts: rollups.Counts) -> None:
        """Posts are about to go."""
        ids = list(found)
        self._part(ids)
        copies: dict[int, set[int]] = {}
        for event, post in self._connection.execute(
            "SELECT event_id, post_id FROM json_each(?) CROSS JOIN copies ON post_id = value",
            (_json(ids),),
        ):
            copies.setdefault(post, set()).add(event)
        for post, events in copies.items():
            entries = [one for one in found[post].entries(self._groups) if one.event_id in events]
            rollups.count_copies(counts, entries, -1)
        self._connection.executemany(
            "DELETE FROM copies WHERE event_id = ? AND post_id = ?",
            [(event, post) for post, events in copies.items() for event in events],
        )
        self._alike.take_out(found.values())
        for number in ids:
            self._fresh.pop(number, None)
        self._touched.difference_update(ids)

    def put(self, tagged: Sequence[Tagged]) -> None:
        """Posts have come."""
        self._fresh.update(
            (one.post.id, one.post.author_id) for one in tagged if one.post.kind != "boost"
        )

    def settle(self, counts: rollups.Counts) -> None:
        """Brings pairs, groups and what is alike in step with the posts that came and went."""
        if self._fresh:
            self._pair(self._candidates(self._fresh))
        if self._touched:
            self._regroup(counts)
        self._alike.come(self._fresh)
        self._alike.settle()
        self.forget()

    def fill(self, counts: rollups.Counts) -> None:
        """Everything at once, for a new dashboard whose indexes are made."""
        columns = f"{_SENT.format('p', 'mine')}, {_SENT.format('o', 'theirs')}"
        candidates = self._connection.execute(_ALL_OF_AUTHORS.format(columns=columns), _WINDOW)
        self._pair(candidates)
        self._pair(self._by_bridge("posts AS f", "f.id", ""))
        self._pair(self._by_page("posts AS f", "f.id", ""))
        if self._touched:
            self._regroup(counts)
        self.forget()
        self._alike.fill()

    def _part(self, ids: Sequence[int]) -> None:
        pairs = self._connection.execute(
            "SELECT post_id, other_id FROM json_each(?) CROSS JOIN same_message ON post_id = value",
            (_json(ids),),
        ).fetchall()
        self._touched.update(other for _, other in pairs)
        self._connection.executemany(
            "DELETE FROM same_message WHERE post_id = ? AND other_id = ?",
            [*pairs, *((other, post) for post, other in pairs)],
        )

    def _candidates(self, fresh: Mapping[int, int]) -> list[tuple[object, ...]]:
        columns = f"{_SENT.format('p', 'mine')}, {_SENT.format('o', 'theirs')}"
        elsewhere = {
            row[0]
            for row in self._connection.execute(_ELSEWHERE, (_json(dict.fromkeys(fresh.values())),))
        }
        found: list[tuple[object, ...]] = []
        theirs = [post for post, author in fresh.items() if author in elsewhere]
        if theirs:
            sql = _OF_AUTHORS.format(columns=columns)
            found += self._connection.execute(sql, {**_WINDOW, "ids": _json(theirs)})
        ids = _json(fresh)
        found += self._by_bridge("json_each(:ids) AS f", "f.value", ids)
        found += self._by_page("json_each(:ids) AS f", "f.value", ids)
        return found

    def _by_bridge(self, fresh: str, number: str, ids: str) -> list[tuple[object, ...]]:
        execute = self._connection.execute
        if execute("SELECT 1 FROM posts WHERE copy_of IS NOT NULL LIMIT 1").fetchone() is None:
            return []
        columns = f"{_SENT.format('p', 'mine')}, {_SENT.format('o', 'theirs')}"
        known = {**_WINDOW, "ids": ids}
        brought = execute(_BROUGHT.format(columns=columns, fresh=fresh, number=number), known)
        found = brought.fetchall()
        if ids:  # with all posts at hand, each is found from the side of what was brought
            found += execute(_AROUND.format(columns=columns, fresh=fresh, number=number), known)
        return found

    def _by_page(self, fresh: str, number: str, ids: str) -> list[tuple[object, ...]]:
        execute = self._connection.execute
        if execute("SELECT 1 FROM posts WHERE page IS NOT NULL LIMIT 1").fetchone() is None:
            return []
        columns = f"{_SENT.format('p', 'mine')}, {_SENT.format('o', 'theirs')}"
        sql = _OF_PAGE.format(columns=columns, fresh=fresh, number=number)
        return execute(sql, {"ids": ids}).fetchall()

    def _pair(self, candidates: Iterable[Sequence[object]]) -> None:
        rows: list[tuple[int, int, str]] = []
        for row in candidates:
            one, other = _sent(row[:10]), _sent(row[10:])
            why = why_same(one[1], other[1])
            if why is not None:
                rows += [(one[0], other[0], why), (other[0], one[0], why)]
        self._connection.executemany("INSERT OR IGNORE INTO same_message VALUES (?, ?, ?)", rows)
        self._touched.update(row[0] for row in rows)

    def _regroup(self, counts: rollups.Counts) -> None:
        pairs = self._connected(self._touched)
        members = _json(pairs)
        nodes: dict[int, dict[int, bool]] = {}
        for event, post, is_brought in self._connection.execute(_MEMBERS, (members,)):
            nodes.setdefault(event, {})[post] = bool(is_brought)
        before: dict[Place, int] = {
            (event, post): shown
            for event, post, shown in self._connection.execute(
                "SELECT event_id, post_id, shown_id FROM json_each(?)"
                " CROSS JOIN copies ON post_id = value",
                (members,),
            )
        }
        now: dict[Place, int] = {}
        for event, brought in nodes.items():
            for group in _groups(brought, pairs):
                shown = min(group, key=lambda post: (brought[post], post))
                now.update(((event, post), shown) for post in group if post != shown)
        self._connection.executemany(
            "DELETE FROM copies WHERE event_id = ? AND post_id = ?",
            [place for place in before if place not in now],
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO copies VALUES (?, ?, ?)",
            [(*place, shown) for place, shown in now.items() if before.get(place) != shown],
        )
        became, were = now.keys() - before.keys(), before.keys() - now.keys()
        posts = held(self._connection, sorted({post for _, post in became | were}))
        for places, sign in ((became, 1), (were, -1)):
            entries = [
                entry
                for post in {post for _, post in places}
                for entry in posts[post].entries(self._groups)
                if (entry.event_id, post) in places
            ]
            rollups.count_copies(counts, entries, sign)
        self._alike.change(
            [(event, post, posts[post].wording) for event, post in became],
            [(event, post, posts[post].wording) for event, post in were],
        )
        self._connection.execute(_SUM_ENGAGEMENT, (members,))

    def _connected(self, posts: Iterable[int]) -> dict[int, set[int]]:
        """Posts and all that hang together with them, each with those it is paired with."""
        found: dict[int, set[int]] = {post: set() for post in posts}
        edge = list(found)
        while edge:
            following: dict[int, None] = {}
            for post, other in self._connection.execute(
                "SELECT post_id, other_id FROM json_each(?)"
                " CROSS JOIN same_message ON post_id = value",
                (_json(edge),),
            ):
                found[post].add(other)
                if other not in found:
                    following[other] = None
            found.update((post, set()) for post in following)
            edge = list(following)
        return found


def _groups(among: Mapping[int, object], pairs: Mapping[int, set[int]]) -> list[list[int]]:
    """The posts of ``among`` that hang together there, those that stand alone left out."""
    found, seen = [], set()
    for start in among:
        if start in seen:
            continue
        seen.add(start)
        group = [start]
        for post in group:  # which grows
            fresh = [other for other in pairs[post] if other in among and other not in seen]
            seen.update(fresh)
            group += fresh
        if len(group) > 1:
            found.append(group)
    return found


def _sent(row: Sequence[object]) -> tuple[int, Sent]:
    number, uri, url, text, copy_of, source, author_uri, handle, name, _ = row
    at = seconds_of(int(str(number)))
    return int(str(number)), Sent(
        uri=str(uri), url=url if url is None else str(url), author_uri=str(author_uri),
        handle=str(handle), name=str(name), created_at=at, text=str(text),
        copy_of=copy_of if copy_of is None else str(copy_of), source=str(source),
    )  # fmt: skip


def _json(values: Iterable[int]) -> str:
    return msgspec.json.encode(list(values)).decode()


_WINDOW = {
    "apart": LONGEST_SECONDS + 1 << TIE_BREAK_BITS,
    "near": BRIDGED_SECONDS + 1 << TIE_BREAK_BITS,
}
_SENT = (
    "{0}.id, {0}.uri, {0}.url, {0}.text, {0}.copy_of, {0}.source,"
    " {1}.uri, {1}.handle, {1}.name, {0}.kind"
)
_ELSEWHERE = """
SELECT value FROM json_each(?) WHERE EXISTS (
  SELECT 1 FROM author_keys AS k CROSS JOIN author_keys AS t
  ON t.key = k.key AND t.network <> k.network WHERE k.author_id = value)
"""
_THEIR_POSTS = """
CROSS JOIN posts AS o INDEXED BY posts_author ON o.author_id = theirs.id
  AND o.id >= p.id - :apart AND o.id <= p.id + :apart
WHERE p.kind <> 'boost' AND o.kind <> 'boost'
"""
_OF_AUTHORS = f"""
SELECT {{columns}} FROM json_each(:ids) AS f CROSS JOIN posts AS p ON p.id = f.value
CROSS JOIN author_keys AS k ON k.author_id = p.author_id
CROSS JOIN author_keys AS t ON t.key = k.key AND t.network <> k.network
CROSS JOIN authors AS mine ON mine.id = p.author_id
CROSS JOIN authors AS theirs ON theirs.id = t.author_id {_THEIR_POSTS}
"""
_ALL_OF_AUTHORS = f"""
SELECT {{columns}} FROM author_keys AS k
CROSS JOIN author_keys AS t ON t.key = k.key AND t.network > k.network
CROSS JOIN authors AS mine ON mine.id = k.author_id
CROSS JOIN authors AS theirs ON theirs.id = t.author_id
CROSS JOIN posts AS p INDEXED BY posts_author ON p.author_id = k.author_id {_THEIR_POSTS}
"""
_AUTHORS = """
CROSS JOIN authors AS mine ON mine.id = p.author_id
CROSS JOIN authors AS theirs ON theirs.id = o.author_id
WHERE p.kind <> 'boost' AND o.kind <> 'boost' AND o.id <> p.id
"""
_BROUGHT = f"""
SELECT {{columns}} FROM {{fresh}}
CROSS JOIN posts AS p ON p.id = {{number}} AND p.copy_of IS NOT NULL
CROSS JOIN posts AS o ON o.id BETWEEN p.id - :near AND p.id + :near {_AUTHORS}
"""
_AROUND = f"""
SELECT {{columns}} FROM {{fresh}}
CROSS JOIN posts AS o INDEXED BY posts_copy_of ON o.copy_of IS NOT NULL
  AND o.id BETWEEN {{number}} - :near AND {{number}} + :near
CROSS JOIN posts AS p ON p.id = {{number}} {_AUTHORS}
"""
_OF_PAGE = f"""
SELECT {{columns}} FROM {{fresh}}
CROSS JOIN posts AS p ON p.id = {{number}} AND p.page IS NOT NULL
CROSS JOIN posts AS o INDEXED BY posts_page ON o.page = p.page {_AUTHORS}
"""
_MEMBERS = """
SELECT event_id, posts.id, copy_of IS NOT NULL
FROM json_each(?) CROSS JOIN posts ON posts.id = value
CROSS JOIN events CROSS JOIN event_posts ON event_id = events.id AND post_id = posts.id
ORDER BY event_id, posts.id
"""
_SUM_ENGAGEMENT = """
UPDATE posts SET engagement = boosts + likes + replies + quotes + coalesce((
  SELECT sum(o.boosts + o.likes + o.replies + o.quotes) FROM posts AS o WHERE o.id IN (
    SELECT post_id FROM copies WHERE shown_id = posts.id)), 0)
WHERE id IN (SELECT value FROM json_each(?))
"""
