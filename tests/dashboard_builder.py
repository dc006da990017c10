"""A small dashboard.db for tests: invented posts put straight into the tables of schema.sql.

The same seed always gives the same file. Rollups are counted here from the posts, apart from the
publisher's own way, so that pages can be held against both.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hashwatch.model import fold_hashtag
from hashwatch.publish.servers import fill_servers
from hashwatch.queries.buckets import GRAINS, bucket_start, from_iso, to_iso
from hashwatch.queries.fold import index_text

ZONE = ZoneInfo("Europe/London")
NOW = from_iso("2017-03-31T09:30:00Z")
"""The clock of the first event: 10:30 on its fourth day, in British Summer Time."""

THEMES = ("Security and human rights", "Countering extremism", "Cybersecurity")
SESSIONS = (
    ("d4-1", "National Security vs Human Rights", "2017-03-31T08:00:00Z", "2017-03-31T09:00:00Z"),
    ("d4-2", "Countering Extremism", "2017-03-31T09:15:00Z", "2017-03-31T10:30:00Z"),
    ("d4-3", "Equality and Diversity", "2017-03-31T11:00:00Z", "2017-03-31T12:00:00Z"),
    ("d5-1", "Cybersecurity", None, None),
)
HASHTAGS = ("NATSEC17", "CYBERPARL", "Café", "privacy")
LINKS = (
    "https://paper.example/report?a=1&b=2",
    "https://www.paper.example/news",
    "https://blog.example/x",
)
WORDS = {
    language: words.split()
    for language, words in {
        "en": "the panel on security rights parliament extremism debate privacy laws community",
        "fr": "le débat sur la sécurité et les droits au parlement été naïveté",
        "ar": "البرلمان حُقُوق الإنسان أمن المجتمع نقاش",
        "und": "lol 議会制民主主義 😀 ok",
    }.items()
}
HOSTILE = (
    "<script>alert(1)</script> #NATSEC17",
    '"><img src=x onerror=alert(1)> @cpa_uk',
    "javascript:alert(1) https://user:pw@evil.example/?<svg/onload=alert(1)>",
    '=HYPERLINK("http://evil.example";"click") #NATSEC17',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\u202egnp.exe\u202c https://xn--pple-43d.example/ {{7*7}} ${7*7}",
    "</textarea></title><iframe srcdoc='<script>alert(1)</script>'>",
    '<a href="javascript:alert(1)">x</a>\n\n<!-- --><style>*{display:none}</style>',
)


def build_dashboard(path: Path | str, posts: int = 600, seed: int = 17) -> sqlite3.Connection:
    """A dashboard with two events; the second, ``empty``, holds nothing. Returns it open."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(
        (files("hashwatch.publish") / "schema.sql").read_text(encoding="utf-8")
    )
    draw = random.Random(seed)
    connection.execute("BEGIN")
    _frame(connection)
    for number, row in enumerate(_posts(draw, posts)):
        _insert(connection, draw, number, row)
    connection.execute(
        "UPDATE posts SET parent_id = (SELECT o.id FROM posts AS o WHERE o.uri = posts.reply_to), "
        "folds_into = (SELECT o.id FROM posts AS o WHERE o.uri = posts.boost_of)"
    )
    fill_rollups(connection, 1)
    fill_servers(connection)
    _ask(connection)
    connection.execute("COMMIT")
    return connection


def _ask(connection: sqlite3.Connection) -> None:
    """Every tenth original asks; the first of them has a reply by somebody on the roster."""
    originals = [
        row[0]
        for row in connection.execute(
            "SELECT id FROM posts WHERE kind <> 'boost' AND author_id > 8 ORDER BY id"
        )
    ]
    if not originals:
        return
    connection.executemany(
        "INSERT INTO post_questions VALUES (1, ?, ?, 0.85, 0, 5, 'questions', '1')",
        [
            (post, ("speaker", "organiser", "rhetorical")[place % 3])
            for place, post in enumerate(originals[::10])
        ],
    )
    reply = connection.execute(
        "SELECT id FROM posts WHERE kind <> 'boost' AND author_id < 9 ORDER BY id DESC LIMIT 1"
    ).fetchone()[0]
    connection.execute("UPDATE posts SET parent_id = ? WHERE id = ?", (originals[0], reply))


def fill_rollups(connection: sqlite3.Connection, event: int) -> None:
    """Counts every rollup of an event anew from its posts."""
    for grain in GRAINS:
        connection.execute(f"DELETE FROM rollup_{grain} WHERE event_id = ?", (event,))
        counts: dict[tuple[Any, ...], Counter[str]] = {}
        for post_id, facets, column in _facts(connection, event):
            bucket = bucket_start(post_id >> 20, grain, ZONE)
            for facet, value in facets[grain]:
                counts.setdefault((facet, value, bucket), Counter())[column] += 1
        connection.executemany(
            f"INSERT INTO rollup_{grain} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (event, *key, sum(c.values()), c["boosts"], c["positive"], c["neutral"],
                 c["negative"], c["unknown"])
                for key, c in counts.items()
            ],
        )  # fmt: skip


def _facts(
    connection: sqlite3.Connection, event: int
) -> Iterable[tuple[int, dict[str, list[tuple[str, Any]]], str]]:
    rows = connection.execute(
        "SELECT id, source, language, author_id, kind, sentiment FROM posts "
        "JOIN event_posts ON post_id = id WHERE event_id = ?",
        (event,),
    ).fetchall()
    for post_id, source, language, author, kind, sentiment in rows:

        def linked(table: str, column: str, post: int = post_id) -> list[int]:
            sql = f"SELECT {column} FROM {table} WHERE post_id = ?"
            return [row[0] for row in connection.execute(sql, (post,))]

        coarse: list[tuple[str, Any]] = [("all", ""), ("source", source)]
        coarse += [("theme", value) for value in linked("post_themes", "theme_id")]
        coarse += [("session", value) for value in linked("post_sessions", "session_id")]
        middle = [*coarse, ("language", language)]
        middle += [("hashtag", value) for value in linked("post_hashtags", "hashtag_id")]
        fine = [*middle, ("author", author)]
        fine += [("link", value) for value in linked("post_links", "link_id")]
        groups = connection.execute(
            "SELECT group_name FROM author_groups WHERE author_id = ? AND event_id = ?",
            (author, event),
        ).fetchall()
        if groups:
            own: list[tuple[str, Any]] = [
                ("inside", ""),
                *(("group", group) for (group,) in groups),
            ]
            own += [("inside theme", value) for name, value in coarse if name == "theme"]
            middle, fine = [*middle, *own], [*fine, *own]
        column = "boosts" if kind == "boost" else sentiment or "unknown"
        yield post_id, {"minute": coarse, "hour": middle, "day": fine}, column


def _frame(connection: sqlite3.Connection) -> None:
    """Events, programme, people, places, runs and gaps."""
    window = ["2017-03-27T23:00:00Z", "2017-04-01T23:00:00Z"]
    around = ["2017-03-13T23:00:00Z", "2017-04-29T23:00:00Z"]
    for event, slug, tags in ((1, "natsec17", HASHTAGS[:2]), (2, "empty", ("EMPTY17",))):
        connection.execute(
            f"INSERT INTO events VALUES ({', '.join('?' * 18)})",
            (event, slug, f"The {slug} conference", "Invented for tests.", "London",
             "https://conference.example/", "Europe/London", *window, *around, json.dumps(tags),
             '["@CPA_UK"]', '["en", "fr"]', "replay", NOW, 1e9, 0.0),
        )  # fmt: skip
    for number, name in enumerate(THEMES, 1):
        connection.execute(
            "INSERT INTO themes VALUES (?, 1, ?, ?)", (number, name, '["rights", "privacy"]')
        )
    for number, (code, title, starts, ends) in enumerate(SESSIONS, 1):
        day = starts[:10] if starts else "2017-04-01"
        connection.execute(
            "INSERT INTO sessions VALUES (?, 1, ?, ?, ?, ?, ?, 'Hall', 'Main', ?, 'About it.', '', "
            "?, ?)",
            (number, code, title, day, starts, ends, min(number, 3),
             json.dumps([{"name": "Ada Invented", "handles": ["ada@a.example"]}]), number),
        )  # fmt: skip
    connection.executemany(
        "INSERT INTO programme_changes VALUES (?, 1, '2017-03-31T07:00:00Z', ?, ?, ?, ?, ?)",
        [
            (1, "imported", "", "https://conference.example/schedule.xml", "", "5 sessions"),
            (2, "moved", "d4-2", "Countering Extremism", "2017-03-31 09:00–10:15, Hall 2",
             "2017-03-31 10:15–11:30, Hall"),
            (3, "cancelled", "d4-9", "A session that was dropped", "2017-03-31 15:00", ""),
        ],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO authors (id, uri, handle, name, url, bot) VALUES (?, ?, ?, ?, ?, ?)",
        [(i, f"https://a.example/{i}", f"person{i}@a.example", f"Person \u202e{i} <b>", None, i % 2)
         for i in range(1, 21)]
        + [(21, "https://b.example/1", "Person1@A.example", "Twin", "javascript:alert(1)", None)],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO roster VALUES (1, ?, ?, '', ?)",
        [
            ("delegates" if i < 6 else "press", f"Person {i}", f"person{i}@a.example")
            for i in range(1, 9)
        ],
    )
    connection.executemany(
        "INSERT INTO author_groups VALUES (1, ?, ?)",
        [("delegates" if i < 6 else "press", i) for i in range(1, 9)] + [("speakers", 2)],
    )
    connection.executemany(
        "INSERT INTO hashtags VALUES (?, ?, ?)",
        [(i, fold_hashtag(tag), tag) for i, tag in enumerate(HASHTAGS, 1)],
    )
    connection.executemany(
        "INSERT INTO links VALUES (?, ?, ?)",
        [(i, url, url.split("/")[2]) for i, url in enumerate(LINKS, 1)],
    )
    connection.executemany(
        "INSERT INTO places VALUES (?, ?, '', ?, ?, ?, ?, ?)",
        [
            ("mastodon", "m.example", "collecting", "", window[0], to_iso(NOW), None),
            ("bluesky", "b.example", "unreachable", "no answer", window[0], to_iso(NOW),
             to_iso(NOW)),
        ],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO spending VALUES ('x', ?, ?, ?, 50000000)",
        [("2001-08", 49_725_000, 0), ("2001-09", 46_240_000, 450_000)],
    )
    connection.execute(
        "INSERT INTO spending VALUES ('x known posts', '2001-09', 3205000, 0, 15000000)"
    )
    connection.executemany(
        f"INSERT INTO runs VALUES ({', '.join('?' * 13)})",
        [
            (i, "mastodon", "m.example", "NATSEC17", to_iso(NOW - 60 * i), to_iso(NOW - 60 * i + 2),
             "ok" if i % 3 else "failed", 1, 40, 30, 2, 1, "")
            for i in range(1, 61)
        ],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO coverage_hour VALUES ('mastodon', 'm.example', ?, 60, 2, 900, 800, 3)",
        [(NOW - NOW % 3600 - 3600 * back,) for back in range(20)],
    )
    connection.executemany(
        "INSERT INTO lag_hour VALUES ('mastodon', 'm.example', ?, ?, ?)",
        [
            (NOW - NOW % 3600 - 3600 * back, lag, posts)
            for back in range(20)
            for lag, posts in ((15, 30), (60, 8), (1_800 if back == 4 else 120, 3))
        ],
    )
    connection.executemany(
        "INSERT INTO gaps VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (1, "bluesky", "b.example", "NATSEC17", to_iso(NOW - 7200), None, "no answer", None),
            (2, "bluesky", "b.example", "CYBERPARL", to_iso(NOW - 7200), None, "no answer", None),
            (3, "mastodon", "m.example", "", to_iso(NOW - 90000), to_iso(NOW - 86400), "limit",
             to_iso(NOW - 80000)),
            (4, "mastodon", "m.example", "OTHER", to_iso(NOW - 7200), None, "not ours", None),
        ],
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO meta VALUES (?, ?)",
        [("published_seq", "42"), ("published_at", str(1e9)), ("schema", "test")],
    )


def _posts(draw: random.Random, count: int) -> Iterable[dict[str, Any]]:
    """Posts in the order of time, over three days and a half, several in one second."""
    start = datetime.fromtimestamp(NOW, ZONE) - timedelta(days=3, hours=8)
    span = NOW - int(start.timestamp())
    seconds = sorted(int(start.timestamp()) + draw.randrange(span // 2) * 2 for _ in range(count))
    originals: list[dict[str, Any]] = []
    for number, second in enumerate(seconds):
        language = draw.choice(["en"] * 5 + ["fr", "fr", "ar", "und"])
        kind = draw.choice(["post"] * 4 + ["boost"] * 4 + ["reply", "quote"])
        text = " ".join(draw.choices(WORDS[language], k=draw.randint(4, 12)))
        if number < len(HOSTILE):
            text, kind = HOSTILE[number], "post"
        row: dict[str, Any] = {"second": second, "text": text, "language": language, "of": None}
        if kind in ("boost", "reply") and originals:
            row["of"] = draw.choice(originals[-40:])
            if kind == "boost":
                row["text"], row["language"] = row["of"]["text"], row["of"]["language"]
        elif kind in ("boost", "reply"):
            kind = "post"
        row["kind"] = kind
        row["uri"] = f"https://m.example/posts/{number}"
        if kind != "boost":
            originals.append(row)
        yield row


def _insert(
    connection: sqlite3.Connection, draw: random.Random, number: int, row: dict[str, Any]
) -> None:
    post_id = (row["second"] << 20) + number % 7 * 3 + number
    sentiment = draw.choice(["positive", "neutral", "negative", None])
    if row["kind"] == "boost":
        sentiment = row["of"]["sentiment"]
    row["sentiment"] = sentiment
    counts = [draw.choice([0, 0, 1, 3, 40]) for _ in range(4)]
    tags = {1} | {draw.randint(1, 4) for _ in range(draw.randint(0, 2))}
    links = [draw.randint(1, 3)] if draw.random() < 0.3 else []
    original = row["of"]["uri"] if row["of"] else None
    values = {
        "id": post_id,
        "uri": row["uri"],
        "url": row["uri"] if number % 5 else None,
        "source": draw.choice(["mastodon", "mastodon", "bluesky", "csv"]),
        "instance": "m.example",
        "author_id": draw.randint(1, 21),
        "created_at": to_iso(row["second"]),
        "text": row["text"],
        "language": row["language"],
        "sentiment": sentiment,
        "polarity": 0.25 if sentiment else None,
        "confidence": 0.75 if sentiment else None,
        "kind": row["kind"],
        "reply_to": original if row["kind"] == "reply" else None,
        "boost_of": original if row["kind"] == "boost" else None,
        "boosts": counts[0],
        "likes": counts[1],
        "replies": counts[2],
        "quotes": counts[3],
        "engagement": sum(counts),
        "has_media": int(number % 4 == 0),
        "has_link": int(bool(links)),
        "media": json.dumps([{"kind": "image", "url": "javascript:alert(1)", "alt": "<b>alt</b>"}])
        if number % 4 == 0
        else None,
        "poll": '["yes", "<i>no</i>"]' if number % 50 == 0 else None,
        "content_warning": "=cmd <script>" if number % 30 == 0 else None,
        "invented": 1,
        "collected_at": to_iso(row["second"] + 20),
    }
    connection.execute(
        f"INSERT INTO posts ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
        list(values.values()),
    )
    connection.execute("INSERT INTO event_posts VALUES (1, ?)", (post_id,))
    connection.execute(
        "INSERT INTO posts_index (rowid, text) VALUES (?, ?)", (post_id, index_text(row["text"]))
    )
    reasons = json.dumps([{"kind": "phrase", "text": "<b>rights</b>", "weight": 1.0}])
    for table, ids in (("hashtag", tags), ("link", links)):
        connection.executemany(
            f"INSERT INTO post_{table}s VALUES (?, ?)", [(value, post_id) for value in sorted(ids)]
        )
    for table, largest, chance in (("theme", 3, 0.6), ("session", 4, 0.3)):
        if draw.random() < chance:
            connection.execute(
                f"INSERT INTO post_{table}s VALUES (?, ?, 0.8, ?, 'rules', '1')",
                (draw.randint(1, largest), post_id, reasons),
            )
    if number % 20 == 0:
        connection.execute(
            "INSERT INTO engagement VALUES (?, ?, 1, 2, NULL, 0)", (post_id, to_iso(NOW))
        )
        seen = (
            (post_id, "other.example", to_iso(NOW)),
            (post_id, values["instance"], to_iso(NOW + 1)),
        )
        connection.executemany("INSERT INTO sightings VALUES (?, ?, ?)", seen)
