"""The archive keeps what a page brought, all of it or nothing, in whatever order it comes."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.strategies import BEGIN, post, sights
from hashwatch.archive.identity import key_of, post_id, seconds_of, sort_time, uri_of
from hashwatch.archive.payloads import FORMAT_NUMBERS, compress, decompress
from hashwatch.archive.store import Archive, PlaceKey
from hashwatch.errors import ArchiveError
from hashwatch.model import Author, Cursor, Gap, Page, Post, Reject, RunState, Tombstone

PLACE = PlaceKey("mastodon", "town.example", "natsec17")
NOW = BEGIN + 50_000


@pytest.fixture
def archive(tmp_path: Path):
    """An empty archive."""
    opened = Archive(tmp_path / "archive.db")
    yield opened
    opened.close()


def rows(archive: Archive, sql: str) -> list[tuple[object, ...]]:
    """What a reader sees."""
    with sqlite3.connect(archive.path) as connection:
        found = connection.execute(sql).fetchall()
    connection.close()
    return found


def store(archive: Archive, *posts: Post, now: int = NOW, **more: object):
    """One page in a run of its own."""
    run = archive.begin_run(PLACE, now)
    return archive.store(Page(posts=posts, **more), run, PLACE, now)  # type: ignore[arg-type]


def test_everything_of_a_page_is_stored(archive: Archive) -> None:
    """Posts, rejects, gaps, counts, changes and cursor of a page become durable."""
    stored = store(
        archive,
        post(1),
        post(2),
        rejects=(Reject("no author", b"{}", "item 3"),),
        gaps=(Gap("mastodon", "town.example", BEGIN, BEGIN + 60, "poll cap"),),
        cursor=Cursor(forward="1002"),
    )
    assert (stored.received, stored.new, stored.rejected) == (2, 2, 1)
    assert archive.cursor(PLACE) == Cursor(forward="1002")
    assert rows(archive, "SELECT pages, received, new, rejected FROM runs") == [(1, 2, 2, 1)]
    assert rows(archive, "SELECT place, reason FROM rejects") == [("item 3", "no author")]
    assert rows(archive, "SELECT reason FROM gaps") == [("poll cap",)]
    kinds = [row[0] for row in rows(archive, "SELECT kind FROM changes ORDER BY seq")]
    assert kinds == ["post", "post", "gap"]


def test_a_page_that_cannot_be_written_leaves_nothing(archive: Archive) -> None:
    """A full disk rolls the whole page back, cursor included, and the next try works."""
    store(archive, post(1), cursor=Cursor(forward="1001"))
    connection = archive._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    run = archive.begin_run(PLACE, NOW)
    page = Page(
        posts=tuple(post(n, text=f"{n} " * 400) for n in range(2, 60)),
        cursor=Cursor(forward="1060"),
    )
    with pytest.raises(ArchiveError, match="full"):
        archive.store(page, run, PLACE, NOW)
    assert archive.cursor(PLACE) == Cursor(forward="1001")
    assert rows(archive, "SELECT count(*) FROM posts") == [(1,)]
    connection.execute("PRAGMA max_page_count = 1073741823")
    assert archive.store(page, run, PLACE, NOW).new == 58
    assert archive.cursor(PLACE) == Cursor(forward="1060")


def test_a_locked_archive_is_waited_for(archive: Archive) -> None:
    """Another writer's lock delays a page and drops nothing."""
    holder = sqlite3.connect(archive.path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.2, holder.execute, ("COMMIT",))
    release.start()
    assert store(archive, post(1)).new == 1
    release.join()
    holder.close()


def test_the_same_page_again_changes_nothing(archive: Archive) -> None:
    """Delivery is at least once, so writing is idempotent: no row, no change, no version."""
    store(archive, post(1), post(2, likes=4))
    before = rows(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'")
    stored = store(archive, post(1), post(2, likes=4), now=NOW + 60)
    assert (stored.new, stored.changed, stored.unchanged) == (0, 0, 2)
    assert rows(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'") == before
    assert rows(archive, "SELECT count(*) FROM versions") == [(0,)]


def test_a_post_repeated_within_a_page_is_one_row(archive: Archive) -> None:
    """Real exports repeat ids; the later sight is merged into the first."""
    stored = store(archive, post(1), post(1, likes=7), post(1))
    assert stored.new == 1
    assert rows(archive, "SELECT likes FROM posts") == [(0,)]


def test_an_edit_keeps_the_earlier_version(archive: Archive) -> None:
    """The newest text stands, the older one and its payload are kept as a version."""
    store(archive, post(1, text="Eight dead links"))
    store(archive, post(1, text="Eighty links", edited_at=NOW + 5), now=NOW + 10)
    assert rows(archive, "SELECT text, edited_at FROM posts") == [("Eighty links", NOW + 5)]
    ((text, raw),) = rows(archive, "SELECT text, raw FROM versions")
    assert text == "Eight dead links"
    assert b"Eight dead links" in decompress(raw)  # type: ignore[arg-type]


def test_a_change_that_is_told_of_without_its_time_is_a_version_too(archive: Archive) -> None:
    """Where the first state is known already: Bluesky's stream gives times, its search does not."""
    store(archive, post(1, text="one"))
    store(archive, post(1, text="two", edited_at=NOW + 5), now=NOW + 5)
    for later in (60, 70):
        store(archive, post(1, text="three"), now=NOW + later)
        store(archive, post(1, text="one"), now=NOW + later)
    assert rows(archive, "SELECT text, edited_at FROM posts") == [("three", NOW + 60)]
    assert rows(archive, "SELECT edited_at, text FROM versions ORDER BY edited_at") == [
        (0, "one"), (NOW + 5, "two"),
    ]  # fmt: skip


def test_counts_are_kept_only_when_they_move(archive: Archive) -> None:
    """Snapshots tell how engagement grew; a second look without news adds none."""
    for minute, likes in enumerate((1, 1, 5, 5, 9)):
        store(archive, post(1, likes=likes), now=NOW + minute * 60)
    found = rows(archive, "SELECT seen_at - ?, likes FROM engagement".replace("?", str(NOW)))
    assert found == [(0, 1), (120, 5), (240, 9)]
    assert rows(archive, "SELECT likes FROM posts") == [(9,)]


def test_servers_that_disagree_show_the_greatest_count(archive: Archive) -> None:
    """Each server counts what it knows of; the post shows the most that any of them knows."""
    store(archive, post(1, host="town.example", likes=3))
    store(archive, post(1, host="commons.example", likes=8))
    store(archive, post(1, host="commons.example", likes=2))
    assert rows(archive, "SELECT likes FROM posts") == [(3,)]
    assert rows(archive, "SELECT count(*) FROM sightings") == [(2,)]


@given(sights(), st.data())
@settings(max_examples=60, deadline=None)
def test_any_order_gives_the_same_archive(
    tmp_path_factory: pytest.TempPathFactory, seen: list[Post], data: st.DataObject
) -> None:
    """Servers and hashtags may bring the same posts in any order: the outcome is equal."""
    shuffled = data.draw(st.permutations(seen))
    outcomes = []
    for order in (seen, shuffled):
        archive = Archive(tmp_path_factory.mktemp("order") / "archive.db")
        run = archive.begin_run(PLACE, NOW)
        for one in order:
            archive.store(Page(posts=(one,)), run, PLACE, NOW)
        outcomes.append(
            [
                rows(
                    archive,
                    "SELECT posts.id, key, host, edited_at, text, likes, detail FROM posts"
                    " JOIN instances ON instances.id = instance_id ORDER BY posts.id",
                ),
                rows(
                    archive,
                    "SELECT post_id, host, likes FROM sightings"
                    " JOIN instances ON instances.id = instance_id ORDER BY 1, 2",
                ),
                rows(archive, "SELECT post_id, edited_at, text FROM versions ORDER BY 1, 2"),
            ]
        )
        archive.close()
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("order", list(itertools.permutations(["create", "edit", "delete"])))
def test_a_tombstone_wins_in_any_order(archive: Archive, order: tuple[str, ...]) -> None:
    """A deleted post stays deleted, also when its deletion overtakes it."""
    uri = post(1).uri
    for step in order:
        match step:
            case "create":
                store(archive, post(1))
            case "edit":
                store(archive, post(1, text="Edited", edited_at=NOW))
            case "delete":
                store(archive, tombstones=(Tombstone(NOW, "deleted by its author", uri=uri),))
    for table in ("posts", "versions", "sightings", "engagement", "event_posts"):
        assert rows(archive, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert rows(archive, "SELECT count(*) FROM tombstones") == [(1,)]


def test_a_deleted_account_takes_its_posts_along(archive: Archive) -> None:
    """Everything by the author goes, and what comes late from before the deletion too."""
    store(archive, post(1), post(6), post(2))
    gone = post(1).author.uri
    store(archive, tombstones=(Tombstone(NOW, "account deleted", author_uri=gone),))
    assert rows(archive, "SELECT count(*) FROM posts") == [(1,)]
    assert store(archive, post(11)).new == 0


def test_deletions_of_strangers_are_forgotten(archive: Archive) -> None:
    """A network's deletions pass by; those of posts that never came do not pile up."""
    for hour in range(3):
        uri = f"at://did:plc:nobody/app.bsky.feed.post/{hour}"
        at = NOW + hour * 4000
        store(archive, tombstones=(Tombstone(at, "deleted", uri=uri),), now=at)
    assert rows(archive, "SELECT count(*) FROM tombstones") == [(1,)]


def test_posts_of_one_second_get_numbers_of_their_own(archive: Archive) -> None:
    """Two posts whose numbers collide are both kept, each under its own."""
    first, second = (
        Post(
            uri=uri, source="x", instance="import", created_at=BEGIN, text="One", raw=b"",
            raw_format="x2", author=Author("https://x.example/a", "a"),
        )
        for uri in _colliding_uris()
    )  # fmt: skip
    assert store(archive, first, second).new == 2
    numbers = [row[0] for row in rows(archive, "SELECT id FROM posts ORDER BY id")]
    assert numbers[1] - numbers[0] == 1
    assert {seconds_of(number) for number in numbers} == {BEGIN}  # type: ignore[arg-type]


def _colliding_uris() -> tuple[str, str]:
    seen: dict[int, str] = {}
    for number in itertools.count():
        uri = f"https://x.example/i/status/{number}"
        asked = post_id(BEGIN, key_of(uri))
        if asked in seen:
            return seen[asked], uri
        seen[asked] = uri
    raise AssertionError


def test_boosts_keep_no_words_of_their_own(archive: Archive) -> None:
    """A boost's words stand once, with its original."""
    original = post(1, text="Said once")
    boost = post(2, text="Said once", kind="boost", boost_of=original.uri)
    store(archive, original, boost)
    assert rows(archive, "SELECT kind, text FROM posts ORDER BY id") == [
        ("post", "Said once"),
        ("boost", None),
    ]


def test_an_import_puts_every_post_into_its_event(archive: Archive) -> None:
    """Posts join the event whatever their hashtags; once, however often they are imported."""
    run = archive.begin_run(PLACE, NOW)
    for _ in range(2):
        archive.store(Page(posts=(post(1), post(2))), run, PLACE, NOW, event="natsec17")
    assert rows(archive, "SELECT count(*) FROM event_posts") == [(2,)]
    assert rows(archive, "SELECT count(*) FROM changes WHERE kind = 'post'") == [(2,)]


def test_runs_left_open_by_a_killed_process_are_closed(archive: Archive) -> None:
    """A run that never ended counts as failed, with the reason."""
    archive.begin_run(PLACE, NOW)
    assert archive.close_abandoned_runs(NOW + 9) == 1
    assert rows(archive, "SELECT state FROM runs") == [(RunState.FAILED,)]


def test_a_run_whose_end_was_refused_ends_with_the_next_one(archive: Archive) -> None:
    """The disk was full when it ended; no other place's run is touched."""
    other = PlaceKey("mastodon", "town.example", "other")
    archive.begin_run(other, NOW)
    run = archive.begin_run(PLACE, NOW)
    archive._connection.execute("PRAGMA query_only = on")
    with pytest.raises(ArchiveError):
        archive.end_run(run, RunState.OK, "", NOW + 1)
    archive._connection.execute("PRAGMA query_only = off")
    archive.end_run(archive.begin_run(PLACE, NOW + 60), RunState.OK, "", NOW + 61)
    assert rows(archive, "SELECT state, ended_at FROM runs ORDER BY id") == [
        ("running", None), ("failed", NOW + 60), ("ok", NOW + 61),
    ]  # fmt: skip


def test_a_filled_gap_is_closed(archive: Archive) -> None:
    """Only holes that lie wholly within what was read are filled."""
    store(
        archive,
        gaps=(
            Gap("mastodon", "town.example", BEGIN + 10, BEGIN + 20, "unreachable", "natsec17"),
            Gap("mastodon", "town.example", BEGIN + 90, BEGIN + 120, "unreachable", "natsec17"),
        ),
    )
    archive.fill_gaps(PLACE, BEGIN, BEGIN + 100, NOW)
    assert rows(archive, "SELECT filled_at FROM gaps ORDER BY start") == [(NOW,), (None,)]


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=60))
def test_keys_lead_back_to_uris(uri: str) -> None:
    """Turning a URI round twice gives it back."""
    assert uri_of(key_of(uri)) == uri


@given(
    st.integers(0, 2**33 - 1),
    st.text(max_size=20).map(lambda t: t.encode("utf-8", "ignore").decode()),
)
def test_numbers_stay_exact_in_a_browser(seconds: int, key: str) -> None:
    """A post's number holds its time and stays below 2^53."""
    number = post_id(seconds, key)
    assert seconds_of(number) == seconds
    assert number < 2**53


@pytest.mark.parametrize(
    ("claimed", "seen", "sorted_at"),
    [(100, 500, 100), (500, 500, 500), (620, 500, 620), (621, 500, 500), (9_999, 500, 500)],
)
def test_a_time_in_the_future_does_not_sort_ahead(claimed: int, seen: int, sorted_at: int) -> None:
    """Up to two minutes of skew are believed; beyond that the first sight counts."""
    assert sort_time(claimed, seen) == sorted_at


@given(st.binary(max_size=3000), st.sampled_from([*FORMAT_NUMBERS, "row", "replay"]))
def test_payloads_come_back_byte_for_byte(raw: bytes, raw_format: str) -> None:
    """Compression with any dictionary loses nothing."""
    assert decompress(compress(raw, raw_format)) == raw
