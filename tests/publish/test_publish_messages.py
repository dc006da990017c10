"""One message on many networks stands once: as posts come, change, go and are hidden."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from archive.strategies import BEGIN
from hashwatch.archive.moderation import Moderation
from hashwatch.collect.bluesky_record import Record, post_of
from hashwatch.enrich.message import why_same
from hashwatch.enrich.wording import are_alike, wording_key
from hashwatch.model import Author, Engagement, Event, Post, Tombstone
from hashwatch.publish.messages import _SENT, _sent
from hashwatch.publish.publisher import Publisher
from publish.test_publish_dashboard import EVENT, NOW, OTHER, Room

WORDS = (
    "The oversight panel asks who watches the watchers, and nobody in the hall has an answer",
    "The oversight panel asks who watches the watchers, and nobody in the whole hall has an answer",
    "The oversight panel asks who watches the watchers, and everybody in the hall has an answer",
    "A wonderful talk",
)
PEOPLE = ("Mirela Ossendorp", "Jonah Abelsen")


def sent(
    person: int, network: str, words: str, at: int = 0, *, likes: int = 0, tag: str = "NATSEC17",
    name: str | None = None, **more: object,
) -> Post:  # fmt: skip
    """What somebody posted on a network, so many seconds after the beginning."""
    handle, name = f"person{person}", PEOPLE[person] if name is None else name
    uri, author = {
        "mastodon": (
            f"https://town.example/users/{handle}/statuses/{at}",
            Author(f"https://town.example/users/{handle}", f"{handle}@town.example", name),
        ),
        "bluesky": (
            f"at://did:plc:{handle}/app.bsky.feed.post/3k{at:011}".translate(_RECORD_KEY),
            Author(f"did:plc:{handle}", f"{handle}.bsky.social", name),
        ),
        "x": (
            f"https://x.com/i/status/{900 + at}",
            Author(f"https://x.com/{handle}", handle, name),
        ),
    }[network]
    return Post(
        uri=uri, source=network, instance=network, author=author, created_at=BEGIN + at, text=words,
        raw=words.encode(), raw_format=network, hashtags=(tag,), engagement=Engagement(likes=likes),
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


_RECORD_KEY = str.maketrans("0189", "abcd")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """An empty room."""
    made = Room(tmp_path)
    yield made
    made.archive.close()


def copies(room: Room) -> dict[str, str]:
    """By the URI of each copy, the URI of what it is shown under."""
    return {
        str(row[0]): str(row[1])
        for row in room.rows(
            "SELECT c.uri, s.uri FROM copies JOIN posts AS c ON c.id = post_id"
            " JOIN posts AS s ON s.id = shown_id"
        )
    }


def test_a_post_on_three_networks_is_one_message_with_all_its_engagement(room: Room) -> None:
    first, second, third = (
        sent(0, network, WORDS[0], at, likes=likes)
        for network, at, likes in (("mastodon", 0, 5), ("bluesky", 20, 7), ("x", 90, 11))
    )
    room.store(first, second, third, sent(1, "bluesky", WORDS[0], 30, likes=100))
    room.publish()
    assert copies(room) == {second.uri: first.uri, third.uri: first.uri}
    assert dict(room.rows("SELECT uri, engagement FROM posts"))[first.uri] == 23
    assert room.rows("SELECT DISTINCT why FROM same_message") == [("author",)]


def test_what_stands_for_a_message_is_followed_by_its_copy(room: Room) -> None:
    """A deleted post, and one that is hidden, let their copies come forward, engagement and all."""
    first, second, third = (
        sent(0, network, WORDS[0], at, likes=at)
        for network, at in (("mastodon", 1), ("bluesky", 20), ("x", 90))
    )
    room.store(first, second, third)
    room.publish()
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=first.uri)])
    room.publish()
    assert copies(room) == {third.uri: second.uri}
    assert dict(room.rows("SELECT uri, engagement FROM posts")) == {second.uri: 110, third.uri: 90}
    moderation = Moderation(room.archive_path)
    moderation.decide("ana", "natsec17", "post", [str(room.id_of(second))], "hide", now=NOW)
    room.publish()
    assert copies(room) == {}
    assert room.rows("SELECT uri, engagement FROM posts") == [(third.uri, 90)]
    moderation.decide("ana", "natsec17", "post", [str(room.id_of(second))], None, now=NOW + 1)
    room.publish()
    assert copies(room) == {third.uri: second.uri}


def test_bridged_posts_stand_under_their_originals_whichever_comes_first(room: Room) -> None:
    native = sent(0, "bluesky", WORDS[0], 5)
    over = replace(
        sent(0, "mastodon", WORDS[0], 5), uri=f"https://bsky.brid.gy/convert/ap/{native.uri}",
        author=Author("https://bsky.brid.gy/ap/did:plc:p", "person0.bsky.social@bsky.brid.gy"),
    )  # fmt: skip
    home = sent(1, "mastodon", WORDS[2] + " " + WORDS[3], 500)
    home = replace(home, url="https://town.example/@person1/500")
    there = replace(
        sent(1, "bluesky", WORDS[2][:40] + " […]", 500, copy_of=home.url),
        author=Author("did:plc:bridged", "person1.town.example.ap.brid.gy"),
    )
    room.store(over, there)
    room.publish()
    assert copies(room) == {}
    room.store(native, home)
    room.publish()
    assert copies(room) == {over.uri: native.uri, there.uri: home.uri}
    assert room.rows("SELECT DISTINCT why FROM same_message") == [("bridge",)]


def test_a_page_is_one_message_as_a_feed_tells_of_it_and_as_its_server_does(room: Room) -> None:
    page = "https://blog.example/2017/03/oversight/"
    entry = replace(
        sent(0, "mastodon", f"Oversight\n\n{WORDS[0]}", 0), uri=page, url=page, source="rss",
        author=Author("https://blog.example/#mirela", "mirela@blog.example", "Mirela’s blog"),
    )  # fmt: skip
    post = replace(
        sent(0, "mastodon", f"Oversight {page}", 9), uri="https://blog.example/?p=7", url=page,
        author=Author("https://blog.example/author/mirela", "mirela@blog.example"),
    )  # fmt: skip
    reader = sent(1, "mastodon", f"Oversight {page}", 12, links=(page,))
    room.store(entry, post, reader)
    room.publish()
    assert copies(room) == {post.uri: entry.uri}


def test_somebody_renamed_is_looked_at_anew(room: Room) -> None:
    first = sent(0, "mastodon", WORDS[0], 0)
    second = replace(
        sent(1, "bluesky", WORDS[0], 20), author=Author("did:plc:other", "elsewhere.example", "M")
    )
    room.store(first, second)
    room.publish()
    assert copies(room) == {}
    renamed = replace(second, author=replace(second.author, name=PEOPLE[0]))
    room.store(renamed)
    room.publish()
    assert copies(room) == {second.uri: first.uri}


def test_others_who_say_nearly_the_same_go_with_the_first(room: Room) -> None:
    posts = [
        sent(person, network, f"{words} https://a.example/{at}", at)
        for person, network, words, at in (
            (0, "mastodon", WORDS[0], 0), (1, "mastodon", WORDS[0], 5),
            (1, "mastodon", WORDS[1], 9), (0, "bluesky", WORDS[0], 12),
            (1, "mastodon", WORDS[3], 15), (1, "x", WORDS[3], 9000),
        )
    ]  # fmt: skip
    room.store(*posts)
    room.publish()
    first, *like = (room.id_of(one) for one in posts[:3])
    assert room.rows("SELECT post_id, first_id FROM alike") == [(post, first) for post in like]
    assert copies(room) == {posts[3].uri: posts[0].uri}
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=posts[0].uri)])
    room.publish()
    # The copy has come forward, but the first of those left is the one that was second.
    assert sorted(room.rows("SELECT post_id, first_id FROM alike")) == sorted(
        [(room.id_of(posts[2]), like[0]), (room.id_of(posts[3]), like[0])]
    )


def test_an_event_groups_what_stands_in_it(room: Room) -> None:
    first = sent(0, "mastodon", WORDS[0], 0, tag="CYBERPARL")
    second, third = sent(0, "bluesky", WORDS[0], 9), sent(0, "x", WORDS[0], 19)
    room.store(first, replace(second, hashtags=("NATSEC17", "CYBERPARL")), third)
    room.publish()
    shown = room.rows("SELECT event_id, post_id, shown_id FROM copies ORDER BY 1")
    one, two, three = (room.id_of(post) for post in (first, second, third))
    assert shown == [(1, three, two), (2, two, one)]


_posts = st.tuples(
    st.sampled_from(["mastodon", "bluesky", "x"]),
    st.integers(0, 1),
    st.sampled_from(WORDS),
    st.sampled_from([0, 1, 100, 1300, 2500, 5200]),
    st.sampled_from(["NATSEC17", "CYBERPARL"]),
    st.sampled_from([PEOPLE[0], PEOPLE[1], ""]),
    st.integers(0, 3),
)
_steps = st.one_of(
    st.tuples(st.just("post"), _posts),
    st.tuples(st.just("post"), _posts),
    st.tuples(st.just("bridge"), _posts),
    st.tuples(st.just("page"), _posts),
    st.tuples(st.just("delete"), _posts),
    st.tuples(st.just("hide"), _posts),
    st.tuples(st.just("publish"), _posts),
)


Steps = list[tuple[str, tuple[object, ...]]]


class Untagged(Room):
    """A room whose publisher looks for no tone: quicker, and the same here."""

    def publisher(self, events: Sequence[Event] = (EVENT, OTHER)) -> Publisher:
        """The one publisher."""
        return Publisher(
            self.archive_path, self.dashboard_path, events, "", clock=lambda: float(NOW)
        )


@given(st.lists(_steps, min_size=4, max_size=14))
@settings(max_examples=25, deadline=None)
def test_catching_up_equals_making_anew_and_a_plain_count(
    tmp_path_factory: pytest.TempPathFactory, steps: Steps
) -> None:
    _run(tmp_path_factory, steps)


@pytest.mark.long
@pytest.mark.timeout(900)
@given(st.lists(_steps, min_size=8, max_size=40))
@settings(max_examples=200, deadline=None)
def test_catching_up_equals_making_anew_after_long_histories(
    tmp_path_factory: pytest.TempPathFactory, steps: Steps
) -> None:
    _run(tmp_path_factory, steps)


def _run(tmp_path_factory: pytest.TempPathFactory, steps: Steps) -> None:
    room = Untagged(tmp_path_factory.mktemp("room"))
    first = replace(sent(0, "mastodon", "Welcome", -9000), hashtags=("NATSEC17", "CYBERPARL"))
    room.store(first)  # so that hashtags have their numbers, whatever comes
    try:
        for second, (kind, drawn) in enumerate(steps):
            _take(room, kind, drawn, NOW + second)
        room.publish()
        kept_up = room.everything()
        _agrees(room)
        with room.publisher() as publisher:
            publisher.rebuild(workers=1)
        assert room.everything() == kept_up
    finally:
        room.archive.close()


def _take(room: Room, kind: str, drawn: tuple[object, ...], now: int) -> None:
    network, person, words, at, tag, name, likes = drawn
    one = sent(int(str(person)), str(network), str(words), int(str(at)), tag=str(tag),
               name=str(name), likes=int(str(likes)))  # fmt: skip
    if network == "x":
        # By another way than an archive of X, whose boosts are folded by their words alone: of
        # two posts that begin alike, which one holds the place depends on which came first.
        one = replace(one, source="elsewhere")
    match kind:
        case "post":
            room.store(replace(one, edited_at=now), now=now)
        case "bridge":
            native = sent(int(str(person)), "bluesky", str(words), int(str(at)))
            over = f"https://bsky.brid.gy/convert/ap/{native.uri}"
            room.store(replace(one, uri=over, source="mastodon", edited_at=now), now=now)
        case "page":
            page = f"https://blog.example/{at}"
            source = "rss" if network == "x" else "mastodon"
            uri = page if network == "x" else f"https://blog.example/?p={at}"
            room.store(replace(one, uri=uri, url=page, source=source, edited_at=now), now=now)
        case "delete":
            room.store(tombstones=[Tombstone(now, "deleted", uri=one.uri)], now=now)
        case "hide":
            number = room.id_of(one)
            if number != 1:
                Moderation(room.archive_path).decide(
                    "ana", "natsec17", "post", [str(number)], "hide" if likes else None, now=now
                )
        case "publish":
            room.publish()


def _agrees(room: Room) -> None:
    """The tables against every post held against every other."""
    sql = (
        f"SELECT {_SENT.format('posts', 'authors')} FROM posts JOIN authors"
        " ON authors.id = author_id WHERE kind <> 'boost' ORDER BY posts.id"
    )
    posts = dict(_sent(row) for row in room.rows(sql))
    pairs = {
        (one, other): why
        for one in posts
        for other in posts
        if one != other and (why := why_same(posts[one], posts[other]))
    }
    found = room.rows("SELECT post_id, other_id, why FROM same_message")
    assert {(one, other): why for one, other, why in found} == pairs
    copied = set(room.rows("SELECT event_id, post_id FROM copies"))
    assert sum(
        int(str(row[0])) for row in room.rows("SELECT posts FROM rollup_day WHERE facet = 'copy'")
    ) == len(copied)
    for event in (1, 2):
        here = {row[0] for row in room.rows(
            f"SELECT post_id FROM event_posts WHERE event_id = {event}")}  # fmt: skip
        # One post stands for each message: the messages are what hangs together.
        left, messages = set(here), 0
        while left:
            edge, messages = [left.pop()], messages + 1
            for one in edge:
                reached = {other for a, other in pairs if a == one and other in left}
                left -= reached
                edge += reached
        assert len(here) - sum(place[0] == event for place in copied) == messages
        lists: dict[int, list[int]] = {}
        for number in sorted(here, key=int):
            key = wording_key(posts[number].text)
            if key is not None and (event, number) not in copied:
                lists.setdefault(key, []).append(number)
        assert sorted(
            room.rows(f"SELECT post_id, first_id FROM alike WHERE event_id = {event}")
        ) == sorted(
            (number, listed[0])
            for listed in lists.values()
            for number in listed[1:]
            if are_alike(posts[listed[0]].text, posts[number].text)
        )


def test_the_tables_for_finding_copies_forget_who_has_left(room: Room) -> None:
    first = sent(0, "mastodon", WORDS[0], 0)
    room.store(first, sent(1, "bluesky", WORDS[3], 0))
    room.publish()
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=first.uri)])
    room.publish()
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        keys = connection.execute("SELECT key FROM author_keys ORDER BY key").fetchall()
    assert keys == [("jonahabelsen",), ("person1",)]


def test_what_a_bridge_says_in_a_record_reaches_the_dashboard(room: Room) -> None:
    """Bridgy Fed names the page of the original; the stream names nobody."""
    home = sent(1, "mastodon", WORDS[0], 500)
    home = replace(home, url="https://town.example/@person1/500")
    record = Record(
        text=f"{WORDS[0][:50]} […] #NATSEC17", created="2017-03-31T09:08:20Z", bridged_from=home.url
    )
    there = post_of(
        record, did="did:plc:bridged", handle="did:plc:bridged", rkey="3kbridged", seen=NOW,
        raw=b"{}", instance="jetstream",
    )  # fmt: skip
    room.store(home, there)
    room.publish()
    assert copies(room) == {there.uri: home.uri}
    assert room.rows("SELECT copy_of FROM posts WHERE copy_of IS NOT NULL") == [(home.url,)]
