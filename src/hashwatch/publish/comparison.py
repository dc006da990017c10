"""What a rebuild changed: the old dashboard against the new, before it takes its place."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec


class Moved(msgspec.Struct, frozen=True):
    """So many posts that were ``before`` are ``after``; None: unknown."""

    before: str | None
    after: str | None
    posts: int


class Changed(msgspec.Struct, frozen=True):
    """So many posts that were given a theme or session (``key``) anew, and that lost it."""

    event: str
    key: str
    given: int
    lost: int


class Comparison(msgspec.Struct, frozen=True):
    """What two dashboards say of the ``posts`` that are in both.

    ``came`` and ``went`` are posts that only the new or the old one has. Sentiment is that of
    originals; ``sentiment`` and ``languages`` hold what moved, ``themes`` and ``sessions`` those
    that differ. ``at`` is in wall seconds, ``annotators`` names the sentiment's before and after.
    """

    at: float
    annotators: tuple[str, str]
    posts: int
    came: int
    went: int
    languages: tuple[Moved, ...] = ()
    sentiment: tuple[Moved, ...] = ()
    themes: tuple[Changed, ...] = ()
    sessions: tuple[Changed, ...] = ()


def compare(made: sqlite3.Connection, old: Path, at: float) -> Comparison | None:
    """Compares the file that ``made`` has open with the one at ``old``.

    None where there is nothing to compare with: no posts, or the tables of another version.
    """
    made.execute("ATTACH ? AS old", (f"{old.resolve().as_uri()}?mode=ro",))
    try:
        return _compare(made, at)
    except sqlite3.OperationalError:
        return None
    finally:
        made.execute("DETACH old")


def _compare(made: sqlite3.Connection, at: float) -> Comparison | None:
    def number(sql: str) -> int:
        return int(made.execute(sql).fetchone()[0])

    before = number("SELECT count(*) FROM old.posts")
    if not before:
        return None
    both = number("SELECT count(*) FROM main.posts JOIN old.posts AS o USING (id)")
    names = (
        made.execute(f"SELECT value FROM {file}.meta WHERE key = 'sentiment'").fetchone()
        for file in ("old", "main")
    )
    was, now = (row[0] if row else "none" for row in names)
    return Comparison(
        at=at,
        annotators=(was, now),
        posts=both,
        came=number("SELECT count(*) FROM main.posts") - both,
        went=before - both,
        languages=_moved(made, "language", ""),
        sentiment=_moved(made, "sentiment", "AND n.kind <> 'boost'"),
        themes=_changed(made, "theme", "name"),
        sessions=_changed(made, "session", "code"),
    )


def _moved(made: sqlite3.Connection, column: str, among: str) -> tuple[Moved, ...]:
    rows = made.execute(
        f"SELECT o.{column}, n.{column}, count(*)"
        " FROM main.posts AS n JOIN old.posts AS o USING (id)"
        f" WHERE o.{column} IS NOT n.{column} {among} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    )
    return tuple(Moved(*row) for row in rows)


def _changed(made: sqlite3.Connection, what: str, key: str) -> tuple[Changed, ...]:
    """Themes by name and sessions by code, as their numbers differ from file to file."""
    counts: dict[tuple[str, str], list[int]] = {}
    for place, one, other in ((0, "main", "old"), (1, "old", "main")):
        rows = made.execute(
            f"SELECT events.slug, mine.{key}, count(*)"
            f" FROM {one}.{what}s AS mine JOIN {one}.events AS events ON events.id = mine.event_id"
            f" JOIN {one}.post_{what}s AS had ON had.{what}_id = mine.id"
            f" JOIN {other}.posts AS there ON there.id = had.post_id"
            f" LEFT JOIN {other}.events AS its ON its.slug = events.slug"
            f" LEFT JOIN {other}.{what}s AS its_own"
            f" ON its_own.event_id = its.id AND its_own.{key} = mine.{key}"
            f" LEFT JOIN {other}.post_{what}s AS has"
            f" ON has.{what}_id = its_own.id AND has.post_id = had.post_id"
            " WHERE has.post_id IS NULL GROUP BY 1, 2"
        )
        for slug, name, posts in rows:
            counts.setdefault((slug, name), [0, 0])[place] = posts
    return tuple(
        Changed(slug, name, given, lost) for (slug, name), (given, lost) in sorted(counts.items())
    )
