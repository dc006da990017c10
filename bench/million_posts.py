"""A synthetic dashboard.db of any size, written straight into the read model's tables.

The traffic has the shape measured on real conferences: 65% boosts, days with a peak, Zipf words,
authors and hashtags. Everything in it is invented. ``build`` makes the file; ``Stream`` goes on
adding posts the way the publisher does, a page to a transaction.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections import Counter
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from hashwatch.queries.buckets import GRAINS, bucket_start, to_iso
from hashwatch.queries.fold import index_text

EVENT = 1
ZONE = ZoneInfo("Europe/London")
DAYS = 6
LANGUAGES = ["en"] * 70 + ["fr"] * 12 + ["es"] * 8 + ["de"] * 4 + ["und"] * 5 + ["ar"]
SOURCES = ["mastodon"] * 70 + ["bluesky"] * 29 + ["csv"]
THEMES = 20
SESSIONS = 40
POST_COLUMNS = (
    "id, uri, url, source, instance, author_id, created_at, text, language, sentiment, polarity, "
    "confidence, kind, reply_to, boost_of, parent_id, folds_into, boosts, likes, replies, "
    "engagement, has_media, has_link, collected_at"
)


class Stream:
    """Invented posts in the order of time, each with what it adds to every table."""

    def __init__(self, seed: int = 7) -> None:
        self.random = random.Random(seed)
        syllables = ["par", "li", "se", "cu", "ri", "ty", "de", "ba", "te", "mo", "na", "to", "vi"]
        vocabulary = set()
        while len(vocabulary) < 30_000:
            vocabulary.add("".join(self.random.choices(syllables, k=self.random.randint(2, 4))))
            if len(vocabulary) > 25_000:
                vocabulary.add(f"{self.random.choice(syllables)}{len(vocabulary)}")
        self.words = sorted(vocabulary)
        self.random.shuffle(self.words)
        self.originals: list[tuple[int, str]] = []
        self.last_second = 0
        self.in_second = 0

    def zipf(self, size: int) -> int:
        """An index below ``size``, small ones far more often."""
        return min(size - 1, int(size ** self.random.random()) - 1)

    def text(self) -> str:
        """About twenty words and the hashtag."""
        count = self.random.randint(8, 30)
        return " ".join(self.words[self.zipf(30_000)] for _ in range(count)) + " #NATSEC17"

    def post(self, second: int, authors: int) -> dict[str, object]:
        """A post made at ``second``; it is a boost of a recent one in 65 cases of 100."""
        draw = self.random
        self.in_second = self.in_second + 1 if second == self.last_second else 0
        self.last_second = second
        identity = (second << 20) + self.in_second
        boosted = bool(self.originals) and draw.random() < 0.65
        if boosted:
            newest = len(self.originals) - 1
            original, text = self.originals[max(0, newest - self.zipf(3000))]
        else:
            original, text = 0, self.text()
            self.originals.append((identity, text))
        tone = draw.random()
        sentiment = "positive" if tone < 0.3 else "neutral" if tone < 0.8 else "negative"
        if tone > 0.95:
            sentiment = ""
        linked = draw.random() < 0.3
        return {
            "id": identity,
            "original": original,
            "text": text,
            "author": 1 + self.zipf(authors),
            "source": draw.choice(SOURCES),
            "language": draw.choice(LANGUAGES),
            "sentiment": sentiment or None,
            "kind": "boost" if boosted else "reply" if draw.random() < 0.2 else "post",
            "theme": 1 + self.zipf(THEMES) if draw.random() < 0.5 else 0,
            "session": 1 + draw.randrange(SESSIONS) if draw.random() < 0.2 else 0,
            "hashtags": {1, 2 + self.zipf(20_000)} if draw.random() < 0.4 else {1},
            "link": 1 + self.zipf(100_000) if linked else 0,
            "media": int(draw.random() < 0.3),
            "likes": int(draw.paretovariate(1.2)) - 1,
        }


def write(connection: sqlite3.Connection, posts: list[dict[str, object]], version: int) -> None:
    """One transaction: the rows, the index, the rollups and the new version."""
    connection.execute("BEGIN IMMEDIATE")
    insert_posts(connection, posts)
    insert_rollups(connection, posts)
    connection.executemany(
        "INSERT OR REPLACE INTO meta VALUES (?, ?)",
        [("published_seq", str(version)), ("published_at", str(time.time()))],
    )
    connection.execute("COMMIT")


def insert_posts(connection: sqlite3.Connection, posts: list[dict[str, object]]) -> None:
    """The rows of the posts and of what they carry."""
    marks = ", ".join("?" * (POST_COLUMNS.count(",") + 1))
    connection.executemany(
        f"INSERT INTO posts ({POST_COLUMNS}) VALUES ({marks})",
        [
            (
                p["id"], f"https://{p['source']}.example/{p['id']}", None, p["source"],
                f"{p['source']}.example", p["author"], to_iso(int(str(p["id"])) >> 20), p["text"],
                p["language"], p["sentiment"], 0.1 if p["sentiment"] else None,
                0.7 if p["sentiment"] else None, p["kind"], None,
                f"https://x.example/{p['original']}" if p["original"] else None, None,
                p["original"] or None, 0, p["likes"], 0, p["likes"], p["media"],
                int(bool(p["link"])), to_iso(int(str(p["id"])) >> 20),
            )
            for p in posts
        ],
    )  # fmt: skip
    pairs = {
        "event_posts (event_id, post_id)": [(EVENT, p["id"]) for p in posts],
        "posts_index (rowid, text)": [(p["id"], index_text(str(p["text"]))) for p in posts],
        "post_links (link_id, post_id)": [(p["link"], p["id"]) for p in posts if p["link"]],
        "post_hashtags (hashtag_id, post_id)": sorted(
            (tag, p["id"])
            for p in posts
            for tag in p["hashtags"]  # type: ignore[attr-defined]
        ),
    }
    for target, rows in pairs.items():
        connection.executemany(f"INSERT INTO {target} VALUES (?, ?)", rows)
    for kind in ("theme", "session"):
        connection.executemany(
            f"INSERT INTO post_{kind}s VALUES (?, ?, 0.8, '[]', 'rules', '1')",
            [(p[kind], p["id"]) for p in posts if p[kind]],
        )


def insert_rollups(connection: sqlite3.Connection, posts: list[dict[str, object]]) -> None:
    """What the posts add to each rollup."""
    sums: dict[str, Counter[tuple[object, ...]]] = {grain: Counter() for grain in GRAINS}
    for p in posts:
        at = int(str(p["id"])) >> 20
        column = "boosts" if p["kind"] == "boost" else p["sentiment"] or "unknown"
        buckets = {grain: bucket_start(at, grain, ZONE) for grain in GRAINS}
        coarse = [("all", ""), ("source", p["source"])]
        coarse += [(kind, p[kind]) for kind in ("theme", "session") if p[kind]]
        middle = [("language", p["language"])]
        middle += [("hashtag", tag) for tag in p["hashtags"]]  # type: ignore[attr-defined]
        fine = [("author", p["author"])] + ([("link", p["link"])] if p["link"] else [])
        for grain, facets in (
            ("minute", coarse), ("hour", coarse + middle), ("day", coarse + middle + fine)
        ):  # fmt: skip
            for facet, value in facets:
                sums[grain][facet, value, buckets[grain], column] += 1  # type: ignore[index]
    for grain, counts in sums.items():
        rows: dict[tuple[object, ...], Counter[object]] = {}
        for (facet, value, bucket, column), count in counts.items():
            rows.setdefault((facet, value, bucket), Counter())[column] += count
        connection.executemany(
            f"INSERT INTO rollup_{grain} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET posts = posts + excluded.posts, "
            "boosts = boosts + excluded.boosts, positive = positive + excluded.positive, "
            "neutral = neutral + excluded.neutral, negative = negative + excluded.negative, "
            "unknown = unknown + excluded.unknown",
            [
                (EVENT, *key, sum(c.values()), c["boosts"], c["positive"], c["neutral"],
                 c["negative"], c["unknown"])
                for key, c in rows.items()
            ],
        )  # fmt: skip


def build(path: Path, count: int, authors: int = 100_000) -> tuple[Stream, int]:
    """``path`` with ``count`` posts up to now; the stream that made them and the last version."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    schema = files("hashwatch.publish") / "schema.sql"
    connection.executescript(schema.read_text(encoding="utf-8"))
    stream = Stream()
    end = int(time.time())
    start = bucket_start(end, "day", ZONE) - (DAYS - 1) * 86400
    fill_programme(connection, start, end, authors)
    seconds = sorted(_second(stream.random, start, end) for _ in range(count))
    version = 0
    for first in range(0, count, 5000):
        version += 1
        page = [stream.post(second, authors) for second in seconds[first : first + 5000]]
        write(connection, page, version)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return stream, version


def _second(draw: random.Random, start: int, end: int) -> int:
    """A moment of the event; the hours from nine to six hold most of them."""
    while True:
        at = draw.randrange(start, end)
        if 9 <= datetime.fromtimestamp(at, UTC).hour < 18 or draw.random() < 0.3:
            return at


def fill_programme(connection: sqlite3.Connection, start: int, end: int, authors: int) -> None:
    """The event, its themes and sessions, and the names that posts refer to."""
    window = [to_iso(start), to_iso(end + 86400)]
    connection.execute("BEGIN")
    connection.execute(
        "INSERT INTO events VALUES (1, 'natsec17', 'Invented conference', '', 'London', '', "
        "'Europe/London', ?, ?, ?, ?, '[\"NATSEC17\"]', '[]', '[\"en\"]', 'live', 0, 0, 1)",
        window * 2,
    )
    connection.executemany(
        "INSERT INTO authors (id, uri, handle, name) VALUES (?, ?, ?, ?)",
        [(i, f"https://a.example/{i}", f"author{i}@a.example", f"Author {i}")
         for i in range(1, authors + 1)],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO hashtags VALUES (?, ?, ?)",
        [(1, "natsec17", "NATSEC17")] + [(i, f"tag{i}", f"Tag{i}") for i in range(2, 20_003)],
    )
    connection.executemany(
        "INSERT INTO links VALUES (?, ?, ?)",
        [(i, f"https://site{i % 500}.example/{i}", f"site{i % 500}.example")
         for i in range(1, 100_001)],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO themes VALUES (?, 1, ?, '[]')",
        [(i, f"Theme {i}") for i in range(1, THEMES + 1)],
    )
    connection.executemany(
        "INSERT INTO sessions VALUES (?, 1, ?, ?, ?, ?, ?, 'Hall', '', ?, '', '', ?, ?)",
        [
            (i, f"s{i}", f"Session {i}", to_iso(at)[:10], to_iso(at), to_iso(at + 3600),
             1 + i % THEMES, json.dumps([{"name": f"Speaker {i}", "handles": []}]), i)
            for i in range(1, SESSIONS + 1)
            for at in [start + (i * DAYS // SESSIONS) * 86400 + (9 + i % 8) * 3600]
        ],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO places VALUES (?, ?, '', 'collecting', '', ?, ?, NULL)",
        [(s, f"{s}.example", window[0], to_iso(end)) for s in ("mastodon", "bluesky", "csv")],
    )
    connection.executemany(
        "INSERT INTO coverage_hour VALUES ('mastodon', 'mastodon.example', ?, 60, 1, 900, 800, 1)",
        [(hour,) for hour in range(start - start % 3600, end, 3600)],
    )
    connection.execute("COMMIT")
