"""The bare loop: parse, strip HTML, compress, ``executemany`` on the same two schemas. No merging,
no rejects, no cursors, no durability a page: the speed that nothing useful can exceed.

It writes the rows that hashwatch writes: posts, authors, hashtags, links, the index without boosts,
and the rollups by minute, hour and day; but for what only merging needs (boosts folded by wording).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from zlib import crc32

import msgspec
from selectolax.lexbor import LexborHTMLParser

from hashwatch.archive.connection import open_archive
from hashwatch.archive.payloads import compress
from hashwatch.publish.dashboard import open_dashboard

BATCH = 5_000
Rollup = dict[tuple[str, object, int], int]


class Account(msgspec.Struct, gc=False):
    """What is used of a Mastodon account."""

    uri: str
    acct: str
    display_name: str


class Tag(msgspec.Struct, gc=False):
    """A Mastodon hashtag."""

    name: str


class Status(msgspec.Struct, gc=False):
    """What is used of a Mastodon status."""

    uri: str
    url: str
    created_at: str
    content: str
    account: Account
    tags: list[Tag]
    media_attachments: list[dict[str, object]]
    language: str | None
    replies_count: int
    reblogs_count: int
    favourites_count: int


class User(msgspec.Struct, gc=False):
    """What is used of an X user."""

    id_str: str
    screen_name: str
    name: str


class Hashtag(msgspec.Struct, gc=False):
    """An X hashtag."""

    text: str


class Address(msgspec.Struct, gc=False):
    """An X link."""

    expanded_url: str


class Entities(msgspec.Struct, gc=False):
    """What is used of X's entities."""

    hashtags: list[Hashtag]
    urls: list[Address]


class Tweet(msgspec.Struct, gc=False):
    """What is used of an X post."""

    id_str: str
    created_at: str
    full_text: str
    user: User
    entities: Entities
    retweet_count: int
    favorite_count: int
    lang: str
    retweeted_status: msgspec.Raw = msgspec.Raw()


Row = tuple[
    str, int, str, str, str, str, str, list[str], list[str], int, int, str | None, bytes, str
]  # fmt: skip


def run(mastodon: Path, x: Path, folder: Path) -> tuple[int, float]:
    """Posts written and CPU seconds taken."""
    folder.mkdir(parents=True)
    archive = open_archive(folder / "archive.db", bulk=True)
    dashboard = open_dashboard(folder / "dashboard.db")
    begun = time.process_time()
    batch: list[Row] = []
    seen: set[str] = set()
    ids: dict[str, int] = {}
    hashtags: dict[str, int] = {}
    links: dict[str, int] = {}
    posts = 0
    for row in _rows(mastodon, x):
        if row[0] in seen:
            continue
        seen.add(row[0])
        batch.append(row)
        if len(batch) == BATCH:
            posts += _write(archive, dashboard, batch, ids, hashtags, links)
            batch = []
    posts += _write(archive, dashboard, batch, ids, hashtags, links)
    archive.close()
    dashboard.close()
    return posts, time.process_time() - begun


def prepared(mastodon: Path, x: Path, folder: Path) -> tuple[int, float]:
    """The same with the rows made beforehand: what SQLite alone takes."""
    rows = list({row[0]: row for row in _rows(mastodon, x)}.values())
    folder.mkdir(parents=True)
    archive = open_archive(folder / "archive.db", bulk=True)
    dashboard = open_dashboard(folder / "dashboard.db")
    ids: dict[str, int] = {}
    hashtags: dict[str, int] = {}
    links: dict[str, int] = {}
    begun = time.process_time()
    for start in range(0, len(rows), BATCH):
        _write(archive, dashboard, rows[start : start + BATCH], ids, hashtags, links)
    archive.close()
    dashboard.close()
    return len(rows), time.process_time() - begun


def _rows(mastodon: Path, x: Path) -> Iterator[Row]:
    page = msgspec.json.Decoder(list[msgspec.Raw])
    status_of, tweet_of = msgspec.json.Decoder(Status), msgspec.json.Decoder(Tweet)
    with mastodon.open("rb") as lines:
        for line in lines:
            for raw in page.decode(line):
                status = status_of.decode(raw)
                at = int(datetime.fromisoformat(status.created_at).timestamp())
                tree = LexborHTMLParser(status.content)
                text = tree.text()
                links = [
                    anchor.attributes["href"] or ""
                    for anchor in tree.css("a")
                    if "mention" not in (anchor.attributes.get("class") or "")
                ]
                counts = status.reblogs_count, status.favourites_count
                account = status.account
                yield (
                    status.uri, at, account.uri, account.acct, account.display_name, text, "post",
                    [tag.name for tag in status.tags], links, *counts, status.language, bytes(raw),
                    "mastodon",
                )  # fmt: skip
    with x.open("rb") as lines:
        for line in lines:
            tweet = tweet_of.decode(line)
            if tweet.retweeted_status:
                yield _tweet(tweet_of.decode(tweet.retweeted_status), bytes(tweet.retweeted_status))
            yield _tweet(tweet, line)


def _tweet(tweet: Tweet, raw: bytes) -> Row:
    at = int(datetime.strptime(tweet.created_at, "%a %b %d %H:%M:%S %z %Y").timestamp())
    kind = "boost" if tweet.retweeted_status else "post"
    return (
        f"https://x.com/i/status/{tweet.id_str}", at, tweet.user.id_str, tweet.user.screen_name,
        tweet.user.name, tweet.full_text, kind,
        [tag.text.lower() for tag in tweet.entities.hashtags],
        [address.expanded_url for address in tweet.entities.urls],
        tweet.retweet_count, tweet.favorite_count, tweet.lang, raw, "x1",
    )  # fmt: skip


def _write(
    archive: sqlite3.Connection,
    dashboard: sqlite3.Connection,
    batch: list[Row],
    ids: dict[str, int],
    hashtags: dict[str, int],
    links: dict[str, int],
) -> int:
    archive.execute("BEGIN")
    dashboard.execute("BEGIN")
    authors, posts, sightings, shown, tagged, linked, index = [], [], [], [], [], [], []
    minutes: Rollup = {}
    hours: Rollup = {}
    days: Rollup = {}
    for (
        uri,
        at,
        author,
        handle,
        name,
        text,
        kind,
        tags,
        addresses,
        boosts,
        likes,
        language,
        raw,
        form,
    ) in batch:
        author_id = ids.get(author)
        if author_id is None:
            author_id = ids[author] = len(ids) + 1
            authors.append((author_id, author, handle, name))
        key = "/".join(reversed(uri.split("/")))
        number = at << 20 | crc32(key.encode()) >> 12
        detail = msgspec.json.encode({"hashtags": tags, "links": addresses}).decode()
        posts.append(
            (number, key, 1, author_id, at, at, None, kind, uri, None, None, None, language, None,
             0, boosts, likes, None, None, text, detail, compress(raw, form))
        )  # fmt: skip
        sightings.append((number, 1, at, boosts, likes, None, None, key.rsplit("/", 1)[-1], at))
        when = datetime.fromtimestamp(at, UTC).isoformat()
        shown.append(
            (number, uri, uri, form, "town.example", author_id, when, text, language,
             language or "und", None, None, None, kind, None, None, None, None, None, None,
             boosts, likes, 0, 0, boosts + likes,
             0, 1 if addresses else 0, None, None, None, 0, 0, None, when, None, None, None)
        )  # fmt: skip
        if kind != "boost":
            index.append((number, text))
        minute, hour, day = at // 60 * 60, at // 3600 * 3600, at // 86_400 * 86_400
        for tag in tags:
            tag_id = hashtags.get(tag)
            if tag_id is None:
                tag_id = hashtags[tag] = len(hashtags) + 1
                dashboard.execute("INSERT INTO hashtags VALUES (?, ?, ?)", (tag_id, tag, tag))
            tagged.append((tag_id, number))
            bump(hours, "hashtag", tag_id, hour)
            bump(days, "hashtag", tag_id, day)
        for address in addresses:
            link_id = links.get(address)
            if link_id is None:
                link_id = links[address] = len(links) + 1
                dashboard.execute(
                    "INSERT INTO links VALUES (?, ?, ?)",
                    (link_id, address, urlsplit(address).hostname or ""),
                )
            linked.append((link_id, number))
            bump(days, "link", link_id, day)
        for rollup, bucket in ((minutes, minute), (hours, hour), (days, day)):
            bump(rollup, "all", "", bucket)
            bump(rollup, "source", form, bucket)
        for rollup, bucket in ((hours, hour), (days, day)):
            bump(rollup, "language", language or "und", bucket)
        bump(days, "author", author_id, day)
    numbers = [(1, row[0]) for row in posts]
    archive.executemany(
        "INSERT INTO authors (id, uri, handle, name, bio) VALUES (?, ?, ?, ?, '')", authors
    )
    archive.executemany(f"INSERT INTO posts VALUES ({', '.join('?' * 22)})", posts)
    archive.executemany("INSERT INTO sightings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", sightings)
    archive.executemany("INSERT INTO event_posts VALUES (?, ?)", numbers)
    archive.executemany(
        "INSERT INTO changes (kind, ref) VALUES ('post', ?)", [n[1:] for n in numbers]
    )
    archive.execute("COMMIT")
    dashboard.executemany(
        "INSERT INTO authors (id, uri, handle, name) VALUES (?, ?, ?, ?)", authors
    )
    dashboard.executemany(f"INSERT INTO posts VALUES ({', '.join('?' * 37)})", shown)
    dashboard.executemany("INSERT INTO posts_index (rowid, text) VALUES (?, ?)", index)
    dashboard.executemany("INSERT INTO event_posts VALUES (?, ?)", numbers)
    dashboard.executemany("INSERT OR IGNORE INTO post_hashtags VALUES (?, ?)", tagged)
    dashboard.executemany("INSERT OR IGNORE INTO post_links VALUES (?, ?)", linked)
    for name, rollup in (("minute", minutes), ("hour", hours), ("day", days)):
        dashboard.executemany(
            f"INSERT INTO rollup_{name} VALUES (1, ?, ?, ?, ?, 0, 0, 0, 0, 0)"
            " ON CONFLICT DO UPDATE SET posts = posts + excluded.posts",
            [(*key, count) for key, count in rollup.items()],
        )
    dashboard.execute("COMMIT")
    return len(batch)


def bump(rollup: Rollup, facet: str, value: object, at: int) -> None:
    """Counts one more."""
    key = facet, value, at
    rollup[key] = rollup.get(key, 0) + 1
