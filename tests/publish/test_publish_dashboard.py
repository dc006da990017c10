"""The dashboard says what the archive holds: now, after changes, and when made anew."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from archive.strategies import BEGIN, post
from hashwatch.archive.decisions import Decisions
from hashwatch.archive.identity import key_of
from hashwatch.archive.programme import Programmes
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.errors import ConfigError, InUseError, MissingError
from hashwatch.model import (
    Event,
    Gap,
    Page,
    Post,
    RunState,
    Sample,
    Sampled,
    Session,
    Theme,
    Tombstone,
)
from hashwatch.publish.dashboard import get_meta, open_dashboard, set_meta
from hashwatch.publish.publisher import Publisher
from hashwatch.queries.buckets import GRAINS, bucket_start

PLACE = PlaceKey("mastodon", "town.example", "natsec17")
NOW = BEGIN + 50_000
EVENT = Event(
    slug="natsec17",
    title="A conference",
    hashtags=("NATSEC17",),
    timezone="Asia/Kolkata",  # half an hour off, where careless hours go wrong
    starts=BEGIN - 86_400,
    ends=BEGIN + 86_400,
    collect_from=BEGIN - 864_000,
    collect_until=BEGIN + 864_000,
    languages=("en", "fr"),
    themes=(Theme("Oversight", ("oversight",)), Theme("Rights", ("rights", "surveillance"))),
    sessions=(
        Session("s1", "The oversight of the private sector", start=BEGIN, end=BEGIN + 600),
        Session("s2", "Rights and surveillance", start=BEGIN + 600, end=BEGIN + 1200),
    ),
)
OTHER = Event(
    slug="other", title="Another", hashtags=("CYBERPARL",), timezone="Europe/London",
    starts=BEGIN, ends=BEGIN + 1, collect_from=0, collect_until=BEGIN + 864_000, languages=("en",),
)  # fmt: skip

TABLES = (
    "posts", "event_posts", "post_hashtags", "post_mentions", "post_links", "post_themes",
    "post_sessions", "rollup_minute", "rollup_hour", "rollup_day", "authors", "runs", "gaps",
    "coverage_hour", "sightings", "server_posts", "engagement", "wordings", "links",
    "corrections", "labels",
    "spikes", "lag_hour", "author_groups", "roster",
    "post_questions", "sessions", "themes", "emerging", "programme_changes",
    "same_message", "copies", "alike", "author_keys",
)  # fmt: skip


class Room:
    """An archive and its dashboard in a folder."""

    def __init__(self, folder: Path) -> None:
        self.archive_path, self.dashboard_path = folder / "archive.db", folder / "dashboard.db"
        self.archive = Archive(self.archive_path)
        self.run = self.archive.begin_run(PLACE, NOW)

    def store(self, *posts: Post, tombstones: Sequence[Tombstone] = (), now: int = NOW) -> None:
        """Commits a page."""
        page = Page(posts=posts, tombstones=tuple(tombstones))
        self.archive.store(page, self.run, PLACE, now)

    @property
    def decisions(self) -> Decisions:
        """What the server would write through."""
        return Decisions(self.archive_path)

    def id_of(self, one: Post) -> int:
        """A post's number in the archive; one that is not there has none that anyone has."""
        with closing(sqlite3.connect(self.archive_path)) as connection:
            row = connection.execute("SELECT id FROM posts WHERE key = ?", (key_of(one.uri),))
            return int((row.fetchone() or (1,))[0])

    def decide(self, number: int, kind: str, field: str, value: str | None, now: int = NOW) -> None:
        """A person decides about a post, if it is there."""
        with suppress(MissingError):
            self.decisions.append(
                "someone", "natsec17", kind, self.id_of(post(number)), field, value, now=now
            )

    def publisher(self, events: Sequence[Event] = (EVENT, OTHER)) -> Publisher:
        """The one publisher."""
        return Publisher(
            self.archive_path, self.dashboard_path, events, "textblob", clock=lambda: float(NOW)
        )

    def publish(self) -> None:
        """Catches up."""
        with self.publisher() as publisher:
            publisher.catch_up()

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What a reader of the dashboard sees."""
        with closing(sqlite3.connect(self.dashboard_path)) as connection:
            return connection.execute(sql).fetchall()

    def everything(self) -> dict[str, list[str]]:
        """The whole dashboard, in a form to compare."""
        return {table: sorted(map(repr, self.rows(f"SELECT * FROM {table}"))) for table in TABLES}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """An empty room."""
    made = Room(tmp_path)
    yield made
    made.archive.close()


def test_posts_arrive_with_their_tags(room: Room) -> None:
    """Text, language, tone, themes, sessions, hashtags and counts stand where analysts look."""
    room.store(
        post(1, text="A wonderful talk on oversight", likes=3, language="en"),
        post(2, text="Une excellente séance sur les droits humains et la sécurité", language="fr"),
    )
    room.publish()
    assert room.rows(
        "SELECT text, language, sentiment, likes, created_at, collected_at FROM posts ORDER BY id"
    ) == [
        ("A wonderful talk on oversight", "en", "positive", 3,
         "2017-03-31T09:00:30Z", "2017-03-31T22:53:20Z"),
        ("Une excellente séance sur les droits humains et la sécurité", "fr", None, 0,
         "2017-03-31T09:01:00Z", "2017-03-31T22:53:20Z"),
    ]  # fmt: skip
    assert (
        room.rows("SELECT name, reasons FROM post_themes JOIN themes ON themes.id = theme_id")[0][0]
        == "Oversight"
    )
    assert room.rows("SELECT name, shown FROM hashtags") == [("natsec17", "NATSEC17")]
    assert room.rows("SELECT posts FROM rollup_day WHERE facet = 'all'") == [(2,)]


def test_posts_of_no_event_stay_out(room: Room) -> None:
    """What matches no event, or lies outside its window, is not in this file."""
    room.store(
        post(1),
        Post(**{**_fields(post(2)), "hashtags": ("Elsewhere",)}),
        post(3, at=EVENT.collect_until + 5),
    )
    room.publish()
    assert room.rows("SELECT count(*) FROM posts") == [(1,)]


def test_a_post_may_belong_to_two_events(room: Room) -> None:
    """Rollups are kept by event."""
    room.store(Post(**{**_fields(post(1)), "hashtags": ("natsec17", "CyberParl")}))
    room.publish()
    assert room.rows("SELECT event_id FROM event_posts ORDER BY 1") == [(1,), (2,)]
    assert room.rows("SELECT event_id, posts FROM rollup_day WHERE facet = 'all' ORDER BY 1") == [
        (1, 1),
        (2, 1),
    ]


def test_an_unsupported_language_is_unknown_not_neutral(room: Room) -> None:
    """Nobody scored it, so there is no label and no polarity."""
    room.store(post(1, text="Vielen Dank für diese wunderbare Sitzung heute", language="de"))
    room.publish()
    assert room.rows("SELECT language, sentiment, polarity FROM posts") == [("de", None, None)]
    assert room.rows("SELECT unknown, neutral FROM rollup_day WHERE facet = 'all'") == [(1, 0)]


def test_a_deleted_post_is_nowhere(room: Room) -> None:
    """Its word is found in no table, no index and no rollup, boosts of it included."""
    original = post(1, text="A word like xylophonic")
    boost = post(2, text="A word like xylophonic", kind="boost", boost_of=original.uri)
    room.store(original, boost, post(3, text="Another"))
    room.publish()
    assert len(room.rows("SELECT * FROM posts_index WHERE posts_index MATCH 'xylophonic'")) == 1
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=original.uri)])
    room.publish()
    assert room.rows("SELECT text FROM posts") == [("Another",)]
    assert room.rows("SELECT * FROM posts_index WHERE posts_index MATCH 'xylophonic'") == []
    assert room.rows("SELECT posts, boosts FROM rollup_day WHERE facet = 'all'") == [(1, 0)]
    assert not any("xylophonic" in row for rows in room.everything().values() for row in rows)


def test_an_edit_reaches_index_tone_and_boosts(room: Room) -> None:
    """The new words replace the old ones everywhere, in the boosts as well."""
    original = post(1, text="A wonderful talk")
    room.store(original, post(2, kind="boost", boost_of=original.uri))
    room.publish()
    room.store(post(1, text="A terrible muddle", edited_at=NOW))
    room.publish()
    assert room.rows("SELECT text, sentiment, kind FROM posts ORDER BY id") == [
        ("A terrible muddle", "negative", "post"),
        ("A terrible muddle", "negative", "boost"),
    ]
    assert room.rows("SELECT count(*) FROM posts_index WHERE posts_index MATCH 'wonderful'") == [
        (0,)
    ]
    assert room.rows("SELECT positive, negative FROM rollup_day WHERE facet = 'all'") == [(0, 1)]


def test_boosts_fold_into_their_original(room: Room) -> None:
    """By name where the platform says so; by their words where an old export does not."""
    original = post(
        1,
        text="A long and useful remark on the many matters that the committee looked into",
        source="csv",
    )
    room.store(
        post(
            5,
            text="RT @person1: A long and useful remark on the many matters that the committee l…",
            kind="boost",
            source="csv",
        ),
        post(4, kind="boost", boost_of=original.uri),
    )
    room.publish()
    room.store(original)  # exports are often newest first
    room.publish()
    found = room.rows("SELECT kind, folds_into FROM posts ORDER BY id")
    number = room.rows("SELECT min(id) FROM posts")[0][0]
    assert found == [("post", None), ("boost", number), ("boost", number)]


def test_a_boost_by_words_goes_to_the_next_post_with_them_when_the_first_is_gone(
    room: Room,
) -> None:
    """Not to itself, as if nobody had said it."""
    words = "a remark that many repeat, and that two have made"
    first, second = (post(n, text=words, source="csv") for n in (1, 2))
    room.store(first, second, post(3, text=f"RT @person1: {words}", kind="boost", source="csv"))
    room.publish()
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=first.uri)])
    room.publish()
    kept, boost = room.rows("SELECT id, folds_into FROM posts ORDER BY id")
    assert (kept[1], boost[1]) == (None, kept[0])


def test_a_reply_follows_its_parent(room: Room) -> None:
    """A reply without hashtags joins its parent's event and session, also when it comes first."""
    parent = post(40, text="On oversight of the private sector: what about audits?")
    reply = Post(**{**_fields(post(41, text="Good point")), "hashtags": (), "kind": "reply",
                    "reply_to": parent.uri})  # fmt: skip
    room.store(reply)
    room.publish()
    assert room.rows("SELECT count(*) FROM posts") == [(0,)]
    room.store(parent)
    room.store(reply)
    room.publish()
    assert room.rows("SELECT count(*) FROM posts WHERE parent_id IS NOT NULL") == [(1,)]


def test_a_quote_follows_what_it_quotes(room: Room) -> None:
    """It takes the session when it says nothing by itself, also when it comes first; not the event.

    When what it quotes goes, so does the session.
    """
    quoted = post(40, text="Rights and surveillance: what about audits?")
    quote = post(41, text="So true", kind="quote", quote_of=quoted.uri)
    outside = Post(**{**_fields(post(42, text="So true", kind="quote", quote_of=quoted.uri)),
                      "hashtags": ()})  # fmt: skip
    given = (
        "SELECT text, code FROM posts LEFT JOIN post_sessions ON post_id = posts.id"
        " LEFT JOIN sessions ON sessions.id = session_id ORDER BY posts.id"
    )
    room.store(quote, outside)
    room.publish()
    assert room.rows(given) == [("So true", None)]
    room.store(quoted)
    room.publish()
    assert room.rows(given) == [(quoted.text, "s2"), ("So true", "s2")]
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=quoted.uri)])
    room.publish()
    assert room.rows(given) == [("So true", None)]


def test_a_programme_that_changes_tags_anew_while_publishing(room: Room) -> None:
    """A cancelled session takes its posts' session with it; the log and the lamps come along."""
    room.store(post(40, text="Rights and surveillance: what about audits?"))
    given = "SELECT code FROM post_sessions JOIN sessions ON sessions.id = session_id"
    with room.publisher() as publisher:
        publisher.catch_up()
        assert room.rows(given) == [("s2",)]
        programmes = Programmes(room.archive_path)
        programmes.keep(EVENT, "imported", "p.csv", EVENT.sessions, NOW)
        programmes.keep(EVENT, "imported", "p.csv", EVENT.sessions[:1], NOW + 60)
        publisher.catch_up()
        assert room.rows(given) == []
        assert room.rows("SELECT code FROM sessions WHERE event_id = 1") == [("s1",)]
        assert not publisher.needs_rebuild()
    changes = room.rows("SELECT event_id, kind, code, changed_at FROM programme_changes")
    assert changes == [
        (1, "imported", "", "2017-03-31T22:53:20Z"), (1, "cancelled", "s2", "2017-03-31T22:54:20Z"),
    ]  # fmt: skip


def test_runs_and_gaps_are_mirrored_once(room: Room) -> None:
    """Coverage counts each run once, however often it is published."""
    room.store(post(1))
    room.archive.end_run(room.run, RunState.PARTIAL, "rate limit", NOW + 5)
    room.archive.open_gap(Gap("mastodon", "town.example", BEGIN, BEGIN + 9, "rate limit"), NOW)
    room.publish()
    room.publish()
    assert room.rows("SELECT state, received, reason FROM runs") == [("partial", 1, "rate limit")]
    assert room.rows("SELECT runs, received FROM coverage_hour") == [(1, 1)]
    assert room.rows("SELECT starts_at, filled_at FROM gaps") == [("2017-03-31T09:00:00Z", None)]


def test_a_second_publisher_is_refused(room: Room) -> None:
    """One writer a file."""
    with room.publisher(), pytest.raises(InUseError, match="another publisher"):
        room.publisher()


def test_changed_themes_rebuild_by_themselves(room: Room) -> None:
    """What was configured otherwise is tagged anew; tones that still hold are taken over."""
    room.store(post(1, text="A wonderful talk on cohesion"))
    room.publish()
    assert room.rows("SELECT count(*) FROM post_themes") == [(0,)]
    changed = Event(**{**_fields(EVENT), "themes": (Theme("Cohesion", ("cohesion",)),)})
    with room.publisher([changed]) as publisher:
        assert publisher.needs_rebuild()
        publisher.catch_up()
        assert not publisher.needs_rebuild()
    assert room.rows("SELECT name FROM themes JOIN post_themes ON id = theme_id") == [("Cohesion",)]


def test_an_old_schema_is_replaced_while_people_read(room: Room) -> None:
    """Readers see the old dashboard or the new one; no read fails during the swap."""
    room.store(*(post(n) for n in range(300)))
    room.publish()
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        set_meta(connection, "schema", "older")
        connection.commit()
    stop, seen, failures = threading.Event(), set(), []

    def read() -> None:
        with closing(sqlite3.connect(room.dashboard_path)) as connection:
            while not stop.is_set():
                try:
                    seen.add(connection.execute("SELECT count(*) FROM posts").fetchone())
                except sqlite3.Error as error:
                    failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    with room.publisher() as publisher:
        publisher.catch_up()
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert seen == {(300,)}
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        assert get_meta(connection, "schema") != "older"


# A history: pages of posts, edits, boosts, replies, quotes, deletions and programmes in any order.
_steps = st.one_of(
    st.tuples(st.just("post"), st.integers(0, 6), st.sampled_from(
        ["A wonderful talk", "oversight is a terrible muddle", "rights, rights and surveillance"]
    )),
    st.tuples(st.just("edit"), st.integers(0, 6), st.integers(1, 3)),
    st.tuples(st.just("elsewhere"), st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.just("boost"), st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.just("repeat"), st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.just("say"), st.integers(0, 6), st.integers(0, 2)),
    st.tuples(st.just("say again"), st.integers(0, 6), st.integers(0, 2)),
    st.tuples(st.just("unsay"), st.integers(0, 6), st.sampled_from([200, 500])),
    st.tuples(st.just("reply"), st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.just("quote"), st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.just("programme"), st.just(0), st.sampled_from(["s1", "s2", "s3"])),
    st.tuples(st.just("delete"), st.integers(0, 6), st.just(0)),
    st.tuples(st.just("correct"), st.integers(0, 6), st.sampled_from([
        ("sentiment", "negative"), ("sentiment", "positive"), ("sentiment", None),
        ("session", "s1"), ("session", "s2"), ("session", ""), ("session", None),
        ("session", "s9"), ("theme", "Rights"), ("theme", ""), ("theme", None),
    ])),
    st.tuples(st.just("label"), st.integers(0, 6), st.sampled_from(["neutral", "", None])),
    st.tuples(st.just("sample"), st.integers(0, 6), st.integers(0, 6)),
    st.tuples(st.just("publish"), st.just(0), st.just(0)),
)  # fmt: skip


@given(st.lists(_steps, min_size=1, max_size=14))
@settings(max_examples=40, deadline=None)
def test_catching_up_equals_making_anew(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, object]]
) -> None:
    """Whatever happened, the kept-up dashboard, a rebuilt one and a plain count agree."""
    room = Room(tmp_path_factory.mktemp("room"))
    try:
        for minute, (kind, number, more) in enumerate(steps):
            _take(room, kind, number, more, NOW + minute)
        room.publish()
        kept_up = room.everything()
        _agree_with_a_plain_count(room)
        with room.publisher() as publisher:
            publisher.rebuild(workers=1)
        assert room.everything() == kept_up
        _agree_with_a_plain_count(room)
    finally:
        room.archive.close()


def _take(room: Room, kind: str, number: int, more: object, now: int) -> None:
    match kind:
        case "publish":
            room.publish()
        case "post":
            room.store(post(number, text=str(more)), now=now)
        case "edit":
            room.store(post(number, text=f"Edited {more}", edited_at=NOW + int(str(more))), now=now)
        case "elsewhere":
            seen = post(number, host="commons.example", likes=int(str(more)))
            room.store(seen, now=now)
        case "boost":
            original = post(int(str(more)))
            room.store(original, post(100 + number, kind="boost", boost_of=original.uri), now=now)
        case "repeat":
            text = f"RT @person1: a remark that many repeat, number {more}"
            room.store(post(200 + number, kind="boost", text=text, source="csv"), now=now)
        case "say" | "say again":
            # Exports hold originals too, and the words of one may be edited into those of another.
            edited_at = now if kind == "say again" else None
            text = f"a remark that many repeat, number {more}"
            said = post(500 + number, text=text, source="csv", edited_at=edited_at)
            room.store(said, now=now)
        case "unsay":
            gone = post(int(str(more)) + number).uri
            room.store(tombstones=[Tombstone(now, "deleted", uri=gone)], now=now)
        case "reply":
            room.store(
                post(300 + number, text="Yes", kind="reply", reply_to=post(int(str(more))).uri),
                now=now,
            )
        case "quote":
            room.store(
                post(400 + number, text="So true", kind="quote", quote_of=post(int(str(more))).uri),
                now=now,
            )
        case "programme":
            kept = [replace(EVENT.sessions[0], code=str(more)), EVENT.sessions[1]]
            kept = list({session.code: session for session in kept}.values())
            Programmes(room.archive_path).keep(EVENT, "imported", "p.csv", kept, now)
        case "correct" | "label":
            field, value = ("sentiment", more) if kind == "label" else more  # type: ignore[misc]
            room.decide(number, kind, str(field), value, now)
        case "sample":
            posts = [post(each) for each in sorted({number, int(str(more))})]
            room.store(*posts, now=now)
            room.decisions.keep_sample(
                Sample(
                    "natsec17",
                    now,
                    7,
                    2,
                    "textblob 1",
                    tuple(
                        Sampled(room.id_of(each), "en positive", 2, "positive", 0.5, "en", 1.0)
                        for each in posts
                    ),
                )
            )
        case "delete":
            room.store(tombstones=[Tombstone(now, "deleted", uri=post(number).uri)], now=now)


def _agree_with_a_plain_count(room: Room) -> None:
    """Rollups against the posts themselves, and the index against their words."""
    zone = ZoneInfo(EVENT.timezone)
    posts = room.rows("SELECT posts.id, kind, sentiment, author_id, text, boost_of FROM posts")
    for grain in GRAINS:
        counted: dict[int, list[int]] = {}
        for number, kind, sentiment, *_ in posts:
            bucket = bucket_start(int(str(number)) >> 20, grain, zone)
            values = counted.setdefault(bucket, [0, 0, 0])
            values[0] += 1
            values[1] += kind == "boost"
            values[2] += kind != "boost" and sentiment == "positive"
        assert {
            row[0]: list(row[1:])
            for row in room.rows(
                f"SELECT bucket, posts, boosts, positive FROM rollup_{grain} WHERE facet = 'all'"
            )
        } == counted
    had: dict[str, list[int]] = {}
    for number, instance in room.rows("SELECT id, instance FROM posts"):
        seen = room.rows(f"SELECT instance FROM sightings WHERE post_id = {number}")
        for server in [row[0] for row in seen] or [instance]:
            counts = had.setdefault(str(server), [0, 0])
            counts[0] += 1
            counts[1] += not seen
    assert {
        row[0]: list(row[1:])
        for row in room.rows("SELECT instance, posts, only_here FROM server_posts")
    } == had
    assert room.rows("SELECT sum(posts) FROM authors") == [(len(posts),)] or not posts
    indexed = room.rows("SELECT count(*) FROM posts_index WHERE posts_index MATCH 'wonderful'")
    assert indexed == [(sum("wonderful" in str(row[4]) and row[5] is None for row in posts),)]


def _fields(struct: Post | Event) -> dict[str, object]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_a_quiet_event_is_not_stale(room: Room) -> None:
    """With nothing to publish, the dashboard still says that it is up to date, and since when."""
    now = [float(NOW)]
    room.archive.beat("collector", NOW - 3)
    stop = threading.Event()
    with Publisher(
        room.archive_path, room.dashboard_path, [EVENT], "textblob", clock=lambda: now[0]
    ) as publisher:
        publisher.catch_up()
        now[0] += 3600
        timer = threading.Timer(0.05, stop.set)
        timer.start()
        publisher.run(stop)
        timer.join()
    found = dict(room.rows("SELECT key, value FROM meta"))
    assert float(str(found["published_at"])) == NOW + 3600
    assert int(str(found["collector_at"])) == NOW - 3


def test_a_damaged_dashboard_is_made_anew(room: Room) -> None:
    """It holds nothing that the archive does not."""
    room.store(post(1))
    room.publish()
    room.dashboard_path.write_bytes(b"these are my holiday notes\n" * 400)
    for rest in ("-wal", "-shm"):
        room.dashboard_path.with_name(f"dashboard.db{rest}").unlink(missing_ok=True)
    room.publish()
    assert room.rows("SELECT count(*) FROM posts") == [(1,)]


def test_an_annotator_that_is_not_there_is_a_matter_of_configuration(room: Room) -> None:
    """The operator is told which setting to change."""
    with pytest.raises(ConfigError, match=r"sentiment\.annotator.*nonsense"):
        Publisher(room.archive_path, room.dashboard_path, [EVENT], "nonsense")


def test_lag_is_counted_where_and_when_posts_came(room: Room) -> None:
    """By the hour of collection; what was a day old when it came does not count, what goes goes."""
    room.store(post(1, at=NOW - 20), post(2, at=NOW - 4_000), post(3, at=NOW - 90_000))
    room.publish()
    hour = NOW - NOW % 3600
    expected = [("town.example", hour, 30, 1), ("town.example", hour, 10_800, 1)]
    sql = "SELECT instance, bucket, lag, posts FROM lag_hour"
    assert room.rows(sql) == expected
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=post(2).uri)])
    room.publish()
    assert room.rows(sql) == expected[:1]


def test_posts_of_an_account_belong_without_a_hashtag(room: Room) -> None:
    """By it or naming it, in whatever case; a name alone matches it on every server."""
    accounts = ("@Person1@Town.example", "@person2")
    event = msgspec.structs.replace(EVENT, accounts=accounts)
    posts = [
        msgspec.structs.replace(post(number), hashtags=(), mentions=mentions)
        for number, mentions in ((1, ()), (2, ()), (3, ()), (4, ("person1@town.example",)))
    ]
    room.store(*posts)
    with room.publisher([event, OTHER]) as publisher:
        publisher.catch_up()
    assert room.rows(
        "SELECT handle FROM event_posts JOIN posts ON posts.id = post_id"
        " JOIN authors ON authors.id = author_id ORDER BY handle"
    ) == [("person1@town.example",), ("person2@town.example",), ("person4@town.example",)]


def test_questions_are_found_and_go_with_their_posts(room: Room) -> None:
    """With whom they ask and where they stand; a boost asks nothing."""
    text = "Question for the panel: who oversees the overseers?"
    original = post(1, text=text)
    room.store(original, post(100, kind="boost", boost_of=original.uri), post(2, text="Fine."))
    room.publish()
    sql = "SELECT event_id, asked, start, end, annotator FROM post_questions"
    [(event, asked, start, end, annotator)] = room.rows(sql)
    assert (event, asked, annotator) == (1, "speaker", "questions")
    assert text[int(str(start)) : int(str(end))].endswith("who oversees the overseers?")
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=original.uri)])
    room.publish()
    assert room.rows(sql) == []


def test_what_emerges_is_written_when_it_differs_and_goes_with_its_posts(room: Room) -> None:
    """Looking again at the same posts changes no row; posts taken out take their word with them."""
    crowd = [
        post(n, text=f"The tidal barrier leaks, say {n}", at=NOW - 900 + n, person=f"p{n}")
        for n in range(10)
    ]
    usual = [post(50 + n, text=f"On oversight, {n}", at=BEGIN + n) for n in range(40)]
    room.store(*usual, *crowd)
    with room.publisher() as publisher, closing(sqlite3.connect(room.dashboard_path)) as reader:
        publisher.catch_up()
        held = room.rows("SELECT phrase, posts, authors FROM emerging ORDER BY place")
        assert ("barrier leaks", 10, 10) in held or ("tidal barrier", 10, 10) in held
        (version,) = reader.execute("PRAGMA data_version").fetchone()
        changes = publisher._dashboard.total_changes
        publisher._find_emerging()
        assert publisher._dashboard.total_changes == changes
        assert reader.execute("PRAGMA data_version").fetchone() == (version,)
        gone = [Tombstone(NOW, "deleted", uri=one.uri) for one in crowd]
        room.store(tombstones=gone)
        publisher._publish_all()
        assert room.rows("SELECT * FROM emerging") == []


def test_no_index_of_posts_holds_the_posts_number_twice(tmp_path: Path) -> None:
    with closing(open_dashboard(tmp_path / "dashboard.db")) as connection:
        indexes = connection.execute("PRAGMA index_list(posts)").fetchall()
        columns = {
            name: [row[2] for row in connection.execute(f"PRAGMA index_xinfo({name})")]
            for _, name, *_ in indexes
        }
    assert len(columns) > 5
    twice = {name for name, held in columns.items() if "id" in held}
    assert twice == {"posts_copy_of", "posts_invented"}  # which hold few posts, and nothing else
