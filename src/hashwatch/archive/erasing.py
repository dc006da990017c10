"""Erasing a person or a post: from every table, every payload and every file of the data folder.

Nothing else may be at work on the files meanwhile. Dashboards are removed, to be made anew.
"""

from __future__ import annotations

import csv
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec

from hashwatch.archive.connection import open_archive, open_reading, sole, transaction
from hashwatch.archive.copies import DERIVED
from hashwatch.archive.erased import Entry, Erased
from hashwatch.archive.identity import key_of, uri_of
from hashwatch.archive.payloads import compress, decompress
from hashwatch.archive.runs import changed
from hashwatch.archive.tombstones import HOLDING_POSTS
from hashwatch.bech32 import plain_of
from hashwatch.errors import ConfigError, MissingError
from hashwatch.model import fold_account

PUT = "…"
"""Stands where a name was in what others wrote."""
_APPEND_ONLY = {
    "decisions": ("note", "post_key"),
    "moderation": ("note",),
    "notes": ("words",),
    "alert_rules": ("name", "rule"),
}
_TEXTS_ELSEWHERE = {"posts", "versions", "changes", "sqlite_sequence"}


class Sought(msgspec.Struct, frozen=True):
    """Who or what is to be erased: one of a handle, an author's URI (a DID too), a post's URI."""

    handle: str = ""
    uri: str = ""


class Erasure(msgspec.Struct, frozen=True):
    """What is or would be erased. ``left`` are files that hold it still: older archives."""

    authors: int = 0
    posts: int = 0
    mentions: int = 0
    left: tuple[str, ...] = ()


class _Found(msgspec.Struct, frozen=True):
    authors: tuple[tuple[int, str, str, str | None], ...]  # id, URI, handle, address
    posts: tuple[int, ...]
    uris: tuple[str, ...]


def look_up(archive_path: Path, sought: Sought) -> Erasure:
    """What would be erased. ``ConfigError`` when a handle without its server means several."""
    with closing(open_reading(archive_path)) as connection:
        found = _find(connection, sought)
        names = _Names(found, sought)
        mentions = sum(1 for _ in _mentions(connection, found, names))
    return Erasure(len(found.authors), len(found.posts), mentions, _left(archive_path))


def erase(archive_path: Path, sought: Sought, *, now: int, by: str) -> Erasure:
    """Erases, and remembers by keyed hashes not to take it in again.

    Raises ``InUseError`` while something is at work on the files, ``MissingError`` for a post that
    is not there; somebody who is not there is remembered all the same.
    """
    with ExitStack() as held:
        held.enter_context(sole(archive_path, "collector"))
        held.enter_context(sole(archive_path.with_name(DERIVED[0]), "publisher"))
        held.enter_context(sole(archive_path.with_name(DERIVED[0]), "alerter"))
        with closing(open_archive(archive_path)) as connection:
            found = _find(connection, sought)
            if not found.authors and not found.posts and not sought.handle and "://" in sought.uri:
                raise MissingError(f"There is no author and no post {sought.uri}.")
            names = _Names(found, sought)
            done = _erase(connection, found, names)
        Erased(archive_path).add(
            Entry(now, by, done.authors, done.posts, done.mentions),
            authors=[(uri, handle) for _, uri, handle, _ in found.authors]
            or [(sought.uri, "")] * bool(sought.uri),
            handles=[sought.handle] if sought.handle else [],
            posts=found.uris,
        )
        _sweep_files(archive_path, names, found)
    return msgspec.structs.replace(done, left=_left(archive_path))


def erase_again(archive_path: Path) -> Erasure:
    """Holds an archive against the list of what was erased, after a back-up took its place."""
    erased = Erased(archive_path)
    with closing(open_archive(archive_path)) as connection:
        authors = [
            row
            for row in connection.execute("SELECT id, uri, handle, url FROM authors")
            if erased.has_author_of(row[1], row[2])
        ]
        ids = {row[0] for row in authors}
        posts = [
            (number, uri_of(key))
            for number, key, author in connection.execute("SELECT id, key, author_id FROM posts")
            if author in ids or erased.has_post(uri_of(key))
        ]
        found = _with_boosts(connection, _Found(tuple(authors), *_split(posts)))
        if not found.authors and not found.posts:
            return Erasure()
        return _erase(connection, found, _Names(found, Sought()))


class _Names:
    """How the erased are called in what is kept, and taking that out of it."""

    def __init__(self, found: _Found, sought: Sought) -> None:
        handles = {handle for _, _, handle, _ in found.authors if handle} | {sought.handle} - {""}
        plain = {uri for _, uri, _, _ in found.authors} | set(found.uris)
        plain |= {url for _, _, _, url in found.authors if url} | {sought.uri} - {""}
        plain |= {handle for handle in handles if "@" in handle or handle.startswith("npub1")}
        # Nostr's events name people and posts by plain numbers.
        plain |= {number for uri in [*plain] for number in plain_of(uri)}
        mentions = {f"@{part}" for handle in handles for part in (handle, handle.partition("@")[0])}
        quoted = {f'"{handle.partition("@")[0]}"' for handle in handles}
        self.plain = sorted(plain, key=len, reverse=True)
        longest = sorted({*plain, *mentions}, key=len, reverse=True)
        self._pattern = re.compile(
            "|".join(rf"{re.escape(one)}(?![\w.-]*\w)" for one in longest) or r"(?!)", re.IGNORECASE
        )
        within = [*map(re.escape, sorted({*longest, *quoted}, key=len, reverse=True))]
        self._octets = re.compile("|".join(within).encode() or rb"(?!)", re.IGNORECASE)

    def in_text(self, text: str | None) -> bool:
        """Whether a text names them."""
        return text is not None and self._pattern.search(text) is not None

    def in_octets(self, octets: bytes) -> bool:
        """Whether a payload names them."""
        return self._octets.search(octets) is not None

    def without(self, text: str) -> str:
        """A text with `PUT` in the place of each name; the mark of a mention stays."""
        return self._pattern.sub(lambda match: f"@{PUT}" if match[0].startswith("@") else PUT, text)


def _find(connection: sqlite3.Connection, sought: Sought) -> _Found:
    rows = connection.execute("SELECT id, uri, handle, url FROM authors").fetchall()
    if sought.handle:
        wanted = fold_account(sought.handle)
        authors = [row for row in rows if fold_account(row[2]) == wanted]
        if not authors and "@" not in wanted:
            several = sorted(
                {row[2] for row in rows if fold_account(row[2]).startswith(f"{wanted}@")}
            )
            if several:
                raise ConfigError([f"{sought.handle!r} may be {', '.join(several)}: give it whole"])
    else:
        authors = [row for row in rows if sought.uri in (row[1], row[3])]
    ids = msgspec.json.encode([row[0] for row in authors]).decode()
    posts = connection.execute(
        "SELECT id, key FROM posts WHERE author_id IN (SELECT value FROM json_each(?)) OR key = ?",
        (ids, key_of(sought.uri) if sought.uri else ""),
    ).fetchall()
    if sought.uri and not authors and not posts:
        posts = connection.execute(
            "SELECT id, key FROM posts WHERE url = ?", (sought.uri,)
        ).fetchall()
    own = [(number, uri_of(key)) for number, key in posts]
    return _with_boosts(connection, _Found(tuple(authors), *_split(own)))


def _split(posts: Sequence[tuple[int, str]]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    return tuple(number for number, _ in posts), tuple(uri for _, uri in posts)


def _with_boosts(connection: sqlite3.Connection, found: _Found) -> _Found:
    """Boosts of what is erased show its words: they go too."""
    if not found.uris:
        return found
    uris = msgspec.json.encode(found.uris).decode()
    boosts = connection.execute(
        "SELECT id, key FROM posts WHERE boost_of IN (SELECT value FROM json_each(?))", (uris,)
    ).fetchall()
    posts = {**dict(zip(found.posts, found.uris, strict=True)),
             **{number: uri_of(key) for number, key in boosts}}  # fmt: skip
    return _Found(found.authors, tuple(posts), tuple(posts.values()))


def _mentions(
    connection: sqlite3.Connection, found: _Found, names: _Names
) -> Iterator[tuple[str, tuple[object, ...], str | None, str | None, bytes | None]]:
    """Rows of others that name the erased: table, key, text, detail and payload as they shall be.

    A payload that names them, or of a post that quotes them, is dropped whole: it may hold their
    profile or words.
    """
    gone = set(found.posts)
    uris = msgspec.json.encode(found.uris).decode()
    sql = "SELECT id FROM posts WHERE quote_of IN (SELECT value FROM json_each(?))"
    quoting = {row[0] for row in connection.execute(sql, (uris,))}
    for table, key in (("posts", "id"), ("versions", "post_id, edited_at")):
        width = key.count(",") + 1
        for row in connection.execute(f"SELECT {key}, text, detail, raw FROM {table}"):
            identity, (text, detail, raw) = row[:width], row[width:]
            if identity[0] in gone:
                continue
            is_named = identity[0] in quoting or names.in_octets(decompress(raw))
            if is_named or names.in_text(text) or names.in_text(detail):
                yield (
                    table, identity, text and names.without(text), detail and names.without(detail),
                    compress(b"", "") if is_named else None,
                )  # fmt: skip


def _erase(connection: sqlite3.Connection, found: _Found, names: _Names) -> Erasure:
    connection.execute("PRAGMA secure_delete = ON")
    ids = msgspec.json.encode(found.posts).decode()
    here = "IN (SELECT value FROM json_each(?))"
    mentions = list(_mentions(connection, found, names))
    with transaction(connection):
        for table, column in HOLDING_POSTS:
            connection.execute(f"DELETE FROM {table} WHERE {column} {here}", (ids,))
        connection.execute(
            f"UPDATE decisions SET note = '', post_key = NULL WHERE post_id {here}", (ids,)
        )
        uris = msgspec.json.encode(found.uris).decode()
        keys = msgspec.json.encode([key_of(uri) for uri in found.uris]).decode()
        connection.execute(f"DELETE FROM tombstones WHERE key {here}", (keys,))
        dead = [row[0] for row in connection.execute("SELECT key FROM tombstones")]
        connection.executemany(
            "DELETE FROM tombstones WHERE key = ?",
            [(key,) for key in dead if names.in_text(uri_of(key))],
        )
        for column in ("reply_to", "quote_of"):
            connection.execute(f"UPDATE posts SET {column} = NULL WHERE {column} {here}", (uris,))
        for number, uri, _, _ in found.authors:
            connection.execute("DELETE FROM authors WHERE id = ?", (number,))
            connection.execute("DELETE FROM author_tombstones WHERE uri = ?", (uri,))
        for table, identity, text, detail, raw in mentions:
            where = "id = ?" if table == "posts" else "post_id = ? AND edited_at = ?"
            connection.execute(
                f"UPDATE {table} SET text = ?, detail = ?, raw = coalesce(?, raw) WHERE {where}",
                (text, detail, raw, *identity),
            )
            changed(connection, "post", int(str(identity[0])))
        _sweep_rejects(connection, names)
        connection.execute("DELETE FROM checked")  # samples of anybody's words, made anew on demand
        _sweep_columns(connection, names)
        for number in found.posts:
            changed(connection, "gone", number)
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Erasure(len(found.authors), len(found.posts), len(mentions))


def _sweep_rejects(connection: sqlite3.Connection, names: _Names) -> None:
    rows = connection.execute("SELECT id, place, reason, raw FROM rejects").fetchall()
    connection.executemany(
        "DELETE FROM rejects WHERE id = ?",
        [
            (number,)
            for number, place, reason, raw in rows
            if names.in_text(place) or names.in_text(reason) or names.in_octets(decompress(raw))
        ],
    )


def _sweep_columns(connection: sqlite3.Connection, names: _Names) -> None:
    """Takes the names out of every other text that the archive holds."""
    connection.create_function("names_them", 1, names.in_text, deterministic=True)
    connection.create_function("without_them", 1, names.without, deterministic=True)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        if table in _TEXTS_ELSEWHERE or table.startswith("sqlite_"):
            continue
        columns = connection.execute(f"SELECT name, type FROM pragma_table_info('{table}')")
        texts = [name for name, kind in columns.fetchall() if kind == "TEXT"]
        for column in _APPEND_ONLY.get(table, texts):
            connection.execute(
                f"UPDATE {table} SET {column} = without_them({column}) WHERE names_them({column})"
            )
    for column in ("reply_to", "boost_of", "quote_of", "url"):
        connection.execute(f"UPDATE posts SET {column} = NULL WHERE names_them({column})")


def _sweep_files(archive_path: Path, names: _Names, found: _Found) -> None:
    """Removes what is made anew, and takes the names out of alerts, logs and refused rows."""
    folder = archive_path.parent
    for name in DERIVED:
        for end in ("", "-wal", "-shm", ".rebuilding"):
            (folder / f"{name}{end}").unlink(missing_ok=True)
    if (folder / "alerts.db").exists():
        _sweep_alerts(folder / "alerts.db", names, found)
    for path in folder.glob("hashwatch.log*"):
        _rewrite(path, lambda text: "".join(
            line for line in text.splitlines(keepends=True) if not names.in_text(line)
        ))  # fmt: skip
    for path in folder.glob("*.rejects.csv"):
        _rewrite(path, lambda text: _without_rows(text, names))


def _sweep_alerts(path: Path, names: _Names, found: _Found) -> None:
    posts = re.compile("|".join(rf"/posts/{number}\b" for number in found.posts) or r"(?!)")
    with closing(sqlite3.connect(path, isolation_level=None)) as alerts:
        alerts.execute("PRAGMA secure_delete = ON")
        rows = alerts.execute("SELECT id, title, words, href FROM alerts").fetchall()
        gone = [
            (row[0],) for row in rows
            if posts.search(row[3]) or any(names.in_text(part) for part in row[1:])
        ]  # fmt: skip
        alerts.executemany("DELETE FROM deliveries WHERE alert_id = ?", gone)
        alerts.executemany("DELETE FROM alerts WHERE id = ?", gone)
        alerts.execute("VACUUM")
        alerts.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _without_rows(text: str, names: _Names) -> str:
    import io

    kept = io.StringIO(newline="")
    writer = csv.writer(kept)
    for row in csv.reader(io.StringIO(text, newline="")):
        if not any(names.in_text(cell) or names.in_octets(cell.encode()) for cell in row):
            writer.writerow(row)
    return kept.getvalue()


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    changed_text = change(text)
    if changed_text != text:
        with path.open("r+", encoding="utf-8", errors="surrogateescape", newline="") as file:
            file.write(changed_text)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())


def _left(archive_path: Path) -> tuple[str, ...]:
    """Older archives in the folder: they hold what was erased until they are deleted."""
    older = archive_path.parent.glob(f"{archive_path.name}.before-*")
    return tuple(sorted(str(path) for path in older if not path.name.endswith(("-wal", "-shm"))))
