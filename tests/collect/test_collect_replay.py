"""The replay: what happens in a conversation, and how it is played."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from pydantic import ValidationError

from hashwatch import demo
from hashwatch.collect.conversation import (
    Bundle,
    Outline,
    OutlineHole,
    bundled,
    load_bundle,
    read_bundle,
)
from hashwatch.collect.source import Place, Query, StreamingSource, find_source
from hashwatch.collect.sources.replay import Replay, Settings, connect
from hashwatch.collect.timeline import timeline
from hashwatch.model import Clock, Cursor, Gap, Page, Post, Tombstone

DATA = Path(__file__).parents[1] / "data" / "replay"
PLACE = Place("replay", "natsec17", "natsec17")
QUERY = Query(("natsec17", "ipu137"), (), 0, 2**33, 0)
OUTLINE = Outline(
    slug="natsec17",
    hashtags=("NATSEC17", "CYBERPARL"),
    timezone="Europe/London",
    start=datetime(2017, 3, 31, 10, 30),  # noqa: DTZ001 (local to the zone, as in bundles.toml)
    gap=(
        OutlineHole(
            datetime(2017, 3, 30, 10, 0),  # noqa: DTZ001
            datetime(2017, 3, 30, 10, 30),  # noqa: DTZ001
            "connection lost",
        ),
    ),
)


def at(text: str) -> int:
    """UTC seconds of an ISO time."""
    return int(datetime.fromisoformat(text).timestamp())


START = at("2017-03-31T10:30:00+01:00")


def small(slug: str = "natsec17") -> Bundle:
    """The seven posts of the test's own conversation."""
    outline = msgspec.structs.replace(OUTLINE, slug=slug)
    posts, people = (DATA / name for name in ("posts.jsonl", "people.jsonl"))
    return read_bundle(outline, posts.read_bytes(), people.read_bytes())


class Wall:
    """A wall clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.naps.append(seconds)
        self.now += seconds


def played(
    cursor: Cursor | None = None, wall: Wall | None = None, stop: int = 100_000, **settings: object
) -> list[Page]:
    """The pages of a replay of the small conversation, at most ``stop`` of them."""
    wall = wall or Wall()
    replay = Replay(
        Settings.model_validate(settings), load=small, monotonic=wall.monotonic, sleep=wall.sleep
    )

    async def collect(pages: AsyncIterator[Page]) -> list[Page]:
        got = []
        async for page in pages:
            got.append(page)
            if len(got) == stop:
                break
        return got

    return asyncio.run(collect(replay.stream(PLACE, cursor, QUERY)))


def uris(pages: list[Page]) -> list[str]:
    return [post.uri for page in pages for post in page.posts]


def posts_of(bundle: Bundle, kind: str | None = None) -> list[Post]:
    found = [action.what for action in timeline(bundle) if isinstance(action.what, Post)]
    return [post for post in found if kind is None or post.kind == kind]


def test_the_same_conversation_gives_the_same_timeline() -> None:
    """A timeline is a function of its bundle, in order of time."""
    first, second = timeline(small()), timeline(small())
    assert first == second
    assert [a.at for a in first] == sorted(a.at for a in first)


def test_a_post_carries_what_its_line_says() -> None:
    """Every field of a line arrives in the post."""
    first = {post.text: post for post in reversed(posts_of(small())) if post.kind != "boost"}
    morning = first["Good morning #NATSEC17 from @bo"]
    assert morning.source == "replay"
    assert morning.instance == "town.example"
    assert morning.uri.startswith("https://town.example/users/ada/statuses/")
    assert morning.url is not None
    assert morning.url.startswith("https://town.example/@ada/")
    assert morning.author.handle == "ada@town.example"
    assert morning.author.noindex is True
    assert morning.mentions == ("bo@parl.example",)
    assert morning.hashtags == ("NATSEC17",)
    assert morning.language == "en"
    assert msgspec.json.decode(morning.raw)["id"] == "a1"
    reply = first["@ada Morning. https://parl.example/agenda."]
    assert (reply.kind, reply.reply_to, reply.language) == ("reply", morning.uri, None)
    assert reply.links == ("https://parl.example/agenda",)
    quote = first["Citation utile #CYBERPARL"]
    assert (quote.kind, quote.quote_of, quote.poll) == ("quote", morning.uri, ("oui", "non"))
    assert quote.media[0].alt == "Une salle"
    hostile = first["<script>alert(1)</script> #natsec17"]
    assert (hostile.content_warning, hostile.sensitive) == ("markup", True)


def test_uris_are_unique_and_in_order_of_time() -> None:
    """No two posts share a URI, and its number tells the time, as a snowflake does."""
    seen: dict[str, Post] = {}
    for post in posts_of(small()):
        first = seen.setdefault(post.uri, post)
        assert first.created_at == post.created_at
        assert int(post.uri.rsplit("/", 1)[1]) >> 16 == post.created_at * 1000


def test_a_boost_carries_its_original_and_nobody_boosts_twice() -> None:
    """A boost has the text and hashtags of its original, an author of its own, and comes later."""
    boosts = posts_of(small(), "boost")
    originals = {post.uri: post for post in posts_of(small()) if post.kind != "boost"}
    assert boosts
    for boost in boosts:
        assert boost.boost_of is not None
        original = originals[boost.boost_of]
        assert boost.text == original.text
        assert boost.hashtags == original.hashtags
        assert boost.created_at > original.created_at
        assert boost.author != original.author
    pairs = [(boost.author.uri, boost.boost_of) for boost in boosts]
    assert len(pairs) == len(set(pairs))
    # More boosts than people: each of the three others boosts once.
    assert sum(originals[uri].text.startswith("<script>") for _, uri in pairs if uri) <= 3


def test_counts_grow_and_never_shrink() -> None:
    """A later sight of a post has counts that are at least as big, up to what its line says."""
    sights = [p for p in posts_of(small()) if p.text.startswith("Good morning #NATSEC17")]
    likes = [p.engagement.likes for p in sights if p.kind != "boost"]
    assert likes[0] == 0
    assert likes == sorted(likes, key=lambda n: n or 0)
    assert likes[-1] == 9
    assert len(likes) > 2


def test_an_edit_changes_the_text_from_its_moment_on() -> None:
    """After an edit every sight has the new text and says when it was changed."""
    sights = [p for p in posts_of(small()) if p.reply_to]
    edited = [p for p in sights if p.edited_at]
    assert edited[0].edited_at == at("2017-03-30T09:10:00+01:00")
    assert edited[0].text.startswith("@ada Good morning.")
    assert edited[0].uri == sights[0].uri
    assert sights[sights.index(edited[0]) :] == edited


def test_a_deletion_takes_the_post_and_its_boosts() -> None:
    """Nothing of a deleted post is seen after its tombstone, and its boosts go with it."""
    actions = timeline(small())
    gone_at = at("2017-03-30T11:05:00+01:00")
    tombstones = [a.what for a in actions if isinstance(a.what, Tombstone)]
    assert {t.at for t in tombstones} == {gone_at}
    gone = {t.uri for t in tombstones}
    shown = {p.uri for p in posts_of(small()) if p.text.startswith("<script>")}
    assert shown == gone
    assert len(gone) > 1
    assert not [
        a for a in actions if isinstance(a.what, Post) and a.what.uri in gone and a.at >= gone_at
    ]


def test_a_hole_is_left_out_and_told_at_its_end() -> None:
    """Posts of the hole are missing for good; a gap names the hole when the clock passes it."""
    pages = played(stop=1)
    assert not [p for p in pages[0].posts if p.text.startswith("Lost") and p.kind != "boost"]
    (gap,) = pages[0].gaps
    expected = (at("2017-03-30T10:00:00+01:00"), at("2017-03-30T10:30:00+01:00"))
    assert gap == Gap("replay", "natsec17", *expected, "connection lost", "natsec17")
    inside = [action for action in timeline(small()) if expected[0] <= action.at < expected[1]]
    assert not inside


def test_everything_up_to_the_start_comes_at_once() -> None:
    """The first page holds all up to the starting moment, with the clock set and no sleep."""
    wall = Wall()
    (page,) = played(wall=wall, stop=1)
    assert wall.naps == []
    assert page.clock == Clock(START, 60)
    assert page.cursor == Cursor(forward="2017-03-31T09:30:00Z")
    assert max(p.created_at for p in page.posts) == at("2017-03-31T10:29:00+01:00")


def test_it_plays_on_at_its_speed_and_stands_at_the_end() -> None:
    """Pages come when they fall due at the speed set; the last one stops the clock."""
    wall = Wall()
    pages = played(wall=wall, speed=60)
    assert pages[-1].clock is not None
    assert pages[-1].clock.speed == 0
    end = pages[-1].clock.at
    assert abs((wall.now - 1000) - (end - START) / 60) < 1
    on_stage = next(
        n for n, page in enumerate(pages) if any("On stage" in p.text for p in page.posts)
    )
    assert on_stage == 1
    assert wall.naps[0] == pytest.approx(1.0)
    ticks = [page.clock.at for page in pages if page.clock]
    assert ticks == sorted(ticks)
    assert all(b - a <= 31 * 60 for a, b in pairwise(ticks))


def test_all_that_happens_is_sent_once_in_order() -> None:
    """The pages together are the timeline, nothing twice and nothing missing."""
    for speed in (1, 60, 3600):
        pages = played(speed=speed)
        assert uris(pages) == [post.uri for post in posts_of(small())]


def test_a_restart_resumes_at_the_cursor() -> None:
    """Stopped after any page and opened again at its cursor, nothing is lost."""
    whole = played(speed=60)
    for stop in range(1, len(whole) + 1):
        before = played(speed=60, stop=stop)
        cursor = before[-1].cursor
        after = played(cursor=cursor, speed=60)
        assert after[0].clock is not None
        assert uris(before) + uris(after) == uris(whole)
    done = played(cursor=whole[-1].cursor)
    assert len(done) == 1
    assert done[0].clock == whole[-1].clock
    assert done[0].posts == ()


def test_large_loads_come_in_pages_whose_cursor_never_leads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A load in several pages can stop after each and go on without a loss."""
    monkeypatch.setattr("hashwatch.collect.sources.replay.PAGE", 2)
    whole = played()
    assert set(uris(whole)) == {post.uri for post in posts_of(small())}
    for stop in range(1, len(whole)):
        before = played(stop=stop)
        after = played(cursor=before[-1].cursor)
        assert set(uris(before)) | set(uris(after)) == set(uris(whole))
        assert before[-1].cursor is not None
        assert before[-1].cursor.forward is not None


def test_another_start_can_be_set() -> None:
    """``start`` moves the moment from which a conversation is played, in its own zone."""
    (page,) = played(stop=1, start={"natsec17": "2017-03-30T09:30:00"})
    assert page.clock == Clock(at("2017-03-30T09:30:00+01:00"), 60)
    (page,) = played(stop=1, start={"natsec17": "2030-01-01T00:00:00Z"})
    assert page.clock is not None
    assert page.clock.speed == 0


def test_places_are_the_conversations_that_match() -> None:
    """One place a conversation, under the first of its hashtags that is asked for."""
    replay = connect(Settings(), None)
    assert isinstance(replay, StreamingSource)
    assert replay.places(QUERY) == (
        Place("replay", "natsec17", "natsec17"),
        Place("replay", "ipu137", "ipu137"),
    )
    assert replay.places(Query(("cyberparl",), (), 0, 1, 0)) == (
        Place("replay", "natsec17", "cyberparl"),
    )
    assert replay.places(Query(("other",), (), 0, 1, 0)) == ()
    only = connect(Settings(events=("ipu137",)), None)
    assert [place.instance for place in only.places(QUERY)] == ["ipu137"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed": 0.5},
        {"speed": 3601},
        {"sped": 60},
        {"events": ["x"]},
        {"start": {"x": "2017-01-01T00:00:00"}},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    """A speed out of range, an unknown key and an unknown conversation are refused."""
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)


def test_it_is_found_by_its_name() -> None:
    """``[sources.replay]`` needs no list: the name finds the module."""
    assert find_source("replay").connect is connect


@pytest.mark.parametrize("slug", list(bundled()))
def test_the_bundled_conversations_are_whole(slug: str) -> None:
    """Every line of the package's conversations reads, refers to what is there, and is in order."""
    bundle = load_bundle(slug)
    ids = [line.id for line, _ in bundle.lines]
    assert len(ids) == len(set(ids))
    actions = timeline(bundle)
    assert actions[0].at < bundle.start < actions[-1].at
    assert not [a for a in actions if isinstance(a.what, Post) and not a.what.text.strip()]
    when = {line.id: line.at.astimezone(UTC) for line, _ in bundle.lines}
    for line, _ in bundle.lines:
        for other in (line.reply_to, line.quote_of):
            assert other is None or when[other] <= line.at
    assert [a for a in actions if isinstance(a.what, Gap)]
    hosts = {person.home for person in bundle.people.values()}
    assert all(host.endswith(".example") for host in hosts)
    assert demo.read(f"{slug}.jsonl").endswith(b"\n")
