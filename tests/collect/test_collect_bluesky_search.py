"""Bluesky's search beside its stream: what it reads, how it splits time, its session, its gaps."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fake_platform.bluesky import PASSWORD, FakeBluesky
from fake_platform.jetstream import FakeJetstream, Faults, post_event
from fake_platform.mastodon import Fault
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect, no_wait
from hashwatch.collect.http import Http
from hashwatch.collect.refreshing import refresh
from hashwatch.collect.source import (
    STREAM_DOWN,
    Place,
    PollingSource,
    Query,
    RefreshingSource,
    StreamedSource,
)
from hashwatch.collect.sources.bluesky import OVERLAP, Bluesky, Settings, connect, splitting
from hashwatch.collect.sources.bluesky.search import INSTANCE, SearchedBluesky, read_answer
from hashwatch.collect.sources.bluesky.session import OPENINGS, Session
from hashwatch.errors import (
    BadAnswerError,
    ConfigError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Cursor, Engagement, Gap, RunState

AT = 1_490_961_600
SINCE = AT - 86_400
PLACE = Place("bluesky", INSTANCE, "natsec17")
RECORDED = Path(__file__).parents[2] / ".." / "shared" / "recorded" / "bluesky"


@pytest.fixture
def server() -> Iterator[FakeBluesky]:
    """The person's own server."""
    with FakeBluesky() as running:
        yield running


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


def rows(archive: Archive, sql: str) -> list[Any]:
    """What another connection sees; single columns bare."""
    with closing(sqlite3.connect(archive.path)) as connection:
        found = connection.execute(sql).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


class Rounds:
    """Runs of the page loop, each by a collector that has just started unless it ``stays``."""

    def __init__(
        self, server: FakeBluesky, archive: Archive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("APP_PASSWORD", PASSWORD)
        self.server, self.archive, self.now = server, archive, AT
        self.settings = Settings(
            handle="op.example", token_env="APP_PASSWORD", pds=server.url, overlap_minutes=10
        )

    def run(self, times: int = 1, cap: int = 50) -> list[RunReport]:
        """So many runs in one process."""

        async def go() -> list[RunReport]:
            http = Http()
            source = connect(self.settings, http)
            assert isinstance(source, SearchedBluesky)
            try:
                return [await self._once(source, cap) for _ in range(times)]
            finally:
                await http.close()

        return asyncio.run(go())

    async def _once(self, source: SearchedBluesky, cap: int) -> RunReport:
        query = Query(("natsec17",), (), SINCE, AT + 86_400, self.now, ("NatSec17",))
        return await collect(source, PLACE, self.archive, query, now=lambda: self.now, page_cap=cap)

    def again(self) -> RunReport | None:
        """What is due of known posts."""

        async def go() -> RunReport | None:
            http = Http()
            source = connect(self.settings, http)
            assert isinstance(source, RefreshingSource)
            try:
                return await refresh(
                    source, INSTANCE, self.archive, SINCE,
                    now=lambda: self.now, turn=no_wait, requests=9,
                )  # fmt: skip
            finally:
                await http.close()

        return asyncio.run(go())

    def searches(self) -> list[dict[str, str]]:
        """What was searched for."""
        return [one.parameters for one in self.server.asked if one.path.endswith("searchPosts")]


@pytest.fixture
def rounds(server: FakeBluesky, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Rounds:
    """The page loop over them."""
    return Rounds(server, archive, monkeypatch)


def test_a_found_post_is_that_of_the_stream_with_its_counts_and_its_authors_wish(
    rounds: Rounds, server: FakeBluesky
) -> None:
    """The same URI; counts, the name, and that its author is for signed-in readers only."""
    server.write("Good morning #NatSec17", AT - 60, labels=("!no-unauthenticated",))
    server.write("somebody else's #natsec17x", AT - 50)
    (report,) = rounds.run()
    assert report.state is RunState.OK
    post = "SELECT posts.url, text, name, noindex FROM posts JOIN authors ON authors.id = author_id"
    (found,) = rows(rounds.archive, post)
    assert found == ("https://bsky.app/profile/did:plc:ana/post/k000001", "Good morning #NatSec17",
                     "Ana", 1)  # fmt: skip
    payload = json.dumps({"posts": [*server.posts.values()]}).encode()
    first = read_answer(payload).posts[0]
    assert first.engagement == Engagement(boosts=2, likes=3, replies=1, quotes=0)
    assert first.created_at == AT - 60


def test_the_whole_window_is_read_past_the_end_of_the_search(
    rounds: Rounds, server: FakeBluesky
) -> None:
    """A search that dies at 300 results, by an error or by silence, loses none of 1,050 posts."""
    for number in range(1_050):
        server.write(f"post {number} #natsec17", SINCE + 10 + number // 3)
    server.deepest, server.dies_silently = 300, False
    (report,) = rounds.run()
    assert report.state is RunState.OK
    assert rows(rounds.archive, "SELECT count(*) FROM posts") == [1_050]
    refused = [one for one in rounds.searches() if one.get("cursor") == "300"]
    assert len(refused) >= 3, "the search was to die"


def test_a_search_that_ends_too_early_without_a_word_is_begun_again(
    rounds: Rounds, server: FakeBluesky
) -> None:
    """No cursor is not the end of all posts: what lies below is asked for once more."""
    for number in range(700):
        server.write(f"post {number} #natsec17", SINCE + 10 + number)
    server.deepest, server.dies_silently, server.short = 300, True, 7
    rounds.run()
    assert rows(rounds.archive, "SELECT count(*) FROM posts") == [700]
    assert len({one.get("until") for one in rounds.searches()}) >= 3


def test_more_posts_in_a_moment_than_a_search_gives_are_a_gap(
    rounds: Rounds, server: FakeBluesky
) -> None:
    """The search cannot be split there: the rest is told as missing, and the run ends."""
    for number in range(500):
        server.write(f"post {number} #natsec17", AT - 100)
    server.deepest = 300
    reports = rounds.run()
    assert reports[0].pages < 20
    assert rows(rounds.archive, "SELECT count(*) FROM posts") == [300]
    ((start, end),) = rows(rounds.archive, "SELECT start, end FROM gaps WHERE filled_at IS NULL")
    assert start == SINCE
    assert end >= AT - 100


def test_a_search_that_gives_the_same_page_for_ever_is_left(
    rounds: Rounds, server: FakeBluesky
) -> None:
    """It is begun again below what it gave, and comes to its end."""
    for number in range(250):
        server.write(f"post {number} #natsec17", SINCE + 10 + number)
    server.loops = True
    (report,) = rounds.run()
    assert report.pages < 20
    assert rows(rounds.archive, "SELECT count(*) FROM posts") == [250]


def test_a_run_that_stops_goes_on_by_time_and_never_by_an_old_cursor(
    rounds: Rounds, server: FakeBluesky
) -> None:
    """At the cap a gap is left; later runs, each a new process, fill it. No cursor is kept."""
    for number in range(900):
        server.write(f"post {number} #natsec17", SINCE + 10 + 60 * number)
    (report,) = rounds.run(cap=4)
    assert report.state is RunState.PARTIAL
    gap = "SELECT start, end, reason, filled_at IS NULL FROM gaps"
    ((start, end, reason, is_open),) = rows(rounds.archive, gap)
    assert (start, reason, is_open) == (SINCE, "poll cap", 1)
    assert end < AT
    begun = len(rounds.searches())
    for minute in range(1, 5):
        rounds.now = AT + 60 * minute
        rounds.run(cap=4)
        assert "cursor" not in rounds.searches()[begun]
        begun = len(rounds.searches())
    assert rows(rounds.archive, "SELECT count(*) FROM posts") == [900]
    assert rows(rounds.archive, "SELECT count(*) FROM gaps WHERE filled_at IS NULL") == [0]
    assert all('"page"' not in one
               for one in rows(rounds.archive, "SELECT cursor FROM cursors"))  # fmt: skip


def test_a_post_that_is_indexed_late_is_found_by_the_overlap(
    rounds: Rounds, server: FakeBluesky
) -> None:
    """Dated before the last look, but there only after it."""
    server.write("first #natsec17", AT - 30)
    rounds.run()
    server.write("late #natsec17", AT - 120, indexed=AT + 20)
    rounds.now = AT + 60
    rounds.run()
    assert set(rows(rounds.archive, "SELECT text FROM posts")) == {
        "first #natsec17", "late #natsec17",
    }  # fmt: skip
    assert rounds.searches()[-1]["since"] == "2017-03-31T11:50:00.000Z"


def test_what_the_stream_left_out_is_filled_by_the_next_search(
    rounds: Rounds, server: FakeBluesky
) -> None:
    """A clamped cursor is a gap of each hashtag, and no longer once the search has gone past."""
    gap = Gap("bluesky", INSTANCE, AT - 7_200, AT - 3_600, STREAM_DOWN, "natsec17")
    rounds.run()
    rounds.archive.open_gap(gap, AT - 3_000)
    server.write("meanwhile #natsec17", AT - 5_000)
    unfilled = "SELECT count(*) FROM gaps WHERE filled_at IS NULL"
    assert rows(rounds.archive, unfilled) == [1]
    rounds.now = AT + 60
    rounds.run()
    assert rows(rounds.archive, unfilled) == [0]


def test_known_posts_are_asked_for_again(rounds: Rounds, server: FakeBluesky) -> None:
    """New counts come; what is gone for everybody is deleted, what one person is kept from is
    not."""
    keys = [server.write(f"post {number} #natsec17", AT - 60 - number) for number in range(30)]
    rounds.run()
    server.posts[keys[0]]["likeCount"] = 77
    del server.posts[keys[1]]
    server.blocking = {server.posts[keys[2]]["uri"]}
    rounds.now = AT + 700

    report = rounds.again()
    assert report is not None
    assert report.state is RunState.OK
    assert report.pages == 4, "two batches, and two posts by themselves"
    assert report.stored.deleted == 1
    left = {url.rpartition("/")[2] for url in rows(rounds.archive, "SELECT url FROM posts")}
    assert left == {*keys} - {keys[1]}
    assert rows(rounds.archive, "SELECT max(likes) FROM sightings") == [77]


def test_posts_of_an_account_that_rests_are_kept(rounds: Rounds, server: FakeBluesky) -> None:
    """The network shows none of them, and says why: the account may come back."""
    for number in range(3):
        server.write(f"post {number} #natsec17", AT - 60 - number)
    rounds.run()
    server.deactivated = True
    rounds.now = AT + 700
    report = rounds.again()
    assert report is not None
    assert (report.state, report.stored.deleted, report.pages) == (RunState.OK, 0, 4)
    assert rows(rounds.archive, "SELECT count(*) FROM posts") == [3]
    assert rounds.again() is None, "they are not asked for at once again"


def test_a_clamped_stream_beside_the_search_leaves_a_gap_of_each_hashtag() -> None:
    """One that the next search fills; what was before the first start is the search's to fill."""
    event = post_event(1, "post #natsec17", time_us=AT * 1_000_000)
    query = Query(("natsec17", "cyber"), (), SINCE, AT + 86_400, AT)

    async def first_gaps(cursor: Cursor | None) -> tuple[tuple[Gap, ...], bool, int]:
        async with FakeJetstream([event], faults=Faults(clamp_to=AT * 1_000_000)) as jetstream:
            http = Http()
            settings = Settings(endpoints=(jetstream.url,), allow_loopback=True)
            stream = Bluesky(settings, http, silence=0.4, is_beside=True)
            (place,) = stream.places(query)
            gaps: tuple[Gap, ...] = ()
            was_open = False
            try:
                async for page in stream.stream(place, cursor, query):
                    gaps += page.gaps
                    was_open = was_open or stream.is_open
            except UnreachableError:
                pass  # nothing more came
            await http.close()
            assert not stream.is_open
            return gaps, was_open, jetstream.fired["clamped"]

    gaps, was_open, fired = asyncio.run(first_gaps(Cursor(forward=str((AT - 3_600) * 1_000_000))))
    assert (was_open, fired) == (True, 1)
    assert [(gap.hashtag, gap.start, gap.end, gap.reason) for gap in gaps] == [
        (hashtag, AT - 3_600 - OVERLAP, AT, STREAM_DOWN) for hashtag in ("natsec17", "cyber")
    ]  # fmt: skip
    assert asyncio.run(first_gaps(None))[0] == ()


def test_a_session_is_used_again_and_renewed_and_opened_only_when_it_must(
    rounds: Rounds, server: FakeBluesky
) -> None:
    """Three runs need one opening; an expired token a renewal; a revoked one another opening."""
    rounds.run(times=3)
    assert (server.opened, server.renewed) == (1, 0)

    async def go() -> None:
        http = Http(allow_loopback=True)
        session = Session(http, server.url, "op.example", PASSWORD)
        asked = {"q": "#natsec17", "limit": 1}
        try:
            await session.get("app.bsky.feed.searchPosts", asked)
            server.expire()
            await session.get("app.bsky.feed.searchPosts", asked)
            assert (server.opened, server.renewed) == (2, 1)
            server.expire()
            server.refreshable = False
            await session.get("app.bsky.feed.searchPosts", asked)
            assert (server.opened, server.renewed) == (3, 1)
        finally:
            await http.close()

    asyncio.run(go())


def test_no_more_sessions_are_opened_than_servers_permit(server: FakeBluesky) -> None:
    """With a server that forgets every session: 25 in five minutes, 250 a day, then a wait."""
    clock = [0.0]

    async def go() -> tuple[int, RateLimitedError, int]:
        http = Http(allow_loopback=True)
        session = Session(http, server.url, "op.example", PASSWORD, clock=lambda: clock[0])
        server.refreshable = False
        try:
            for _ in range(OPENINGS[0][1]):
                server.expire()
                await session.get("app.bsky.feed.searchPosts", {"q": "#x"})
            at_first = server.opened
            server.expire()
            with pytest.raises(RateLimitedError) as caught:
                await session.get("app.bsky.feed.searchPosts", {"q": "#x"})
            assert server.opened == at_first
            clock[0] += 301
            await session.get("app.bsky.feed.searchPosts", {"q": "#x"})
            return at_first, caught.value, server.opened
        finally:
            await http.close()

    at_first, error, then = asyncio.run(go())
    assert (at_first, then) == (OPENINGS[0][1], OPENINGS[0][1] + 1)
    assert 0 < error.retry_after <= 300


def test_a_wrong_app_password_is_told_and_never_shown(
    rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the server repeats what it was sent."""
    monkeypatch.setenv("APP_PASSWORD", "wrng-wrng-wrng-wrng")
    (report,) = rounds.run()
    assert report.state is RunState.FAILED
    assert "app password" in report.reason
    assert "not …" in report.reason, "the server was to repeat it"
    whole = b"".join(path.read_bytes() for path in rounds.archive.path.parent.iterdir())
    assert b"wrng-wrng" not in whole


@pytest.mark.parametrize("cut", [1, 7, 60])
def test_an_answer_that_is_cut_moves_nothing(rounds: Rounds, server: FakeBluesky, cut: int) -> None:
    """The run fails, its evidence is kept, the next one has all."""
    server.write("Good morning #natsec17", AT - 60)
    rounds.run()
    before = rows(rounds.archive, "SELECT cursor FROM cursors")
    server.write("Later #natsec17", AT - 30)
    whole = json.dumps({"posts": [*server.posts.values()]}).encode()
    opened = b'{"accessJwt": "a", "refreshJwt": "b"}'
    server.faults = [Fault(body=opened), Fault(body=whole[:-cut])]
    (report,) = rounds.run()
    assert (report.state, server.fired["answer"]) == (RunState.FAILED, 2)
    assert rows(rounds.archive, "SELECT cursor FROM cursors") == before
    rounds.run()
    assert rows(rounds.archive, "SELECT count(*) FROM posts") == [2]


def test_one_unreadable_post_is_rejected_and_the_others_stay() -> None:
    """By its shape, its address, its time."""
    with FakeBluesky() as server:
        good = server.posts[server.write("a \0 #natsec17", AT)]
    bad: list[Any] = [{}, 7, good | {"indexedAt": "soon"}, good | {"uri": "at://did:plc:bo/x/y"}]
    found = read_answer(json.dumps({"posts": [*bad, good]}).encode())
    assert (len(found.posts), len(found.rejects), found.count) == (1, 4, 5)
    with pytest.raises(BadAnswerError):
        read_answer(b"<html>403</html>")


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["posts", "uri", "author", "record", "indexedAt", "did"]),
                      inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_answer_is_read_or_refused(value: Any) -> None:
    """Nothing else is raised."""
    for whole in (value, {"posts": [value]}):
        try:
            read_answer(json.dumps(whole).encode())
        except SourceError:
            continue


@given(
    times=st.lists(st.integers(1, 3_000), max_size=400).map(sorted),
    size=st.integers(1, 9), deepest=st.integers(3, 40), stops=st.lists(st.integers(1, 6)),
)  # fmt: skip
def test_every_post_is_given_or_told_as_missing(
    times: list[int], size: int, deepest: int, stops: list[int]
) -> None:
    """Whatever the page size, the depth of the search, and wherever the process ends."""
    query = Query(("x",), (), 0, 10, 4)
    kept, holes = set[int](), list[splitting.Hole]()
    cursor: Cursor | None = None
    for pages in [*stops, 5_000]:
        reading = splitting.begin(cursor, query, 1)
        for _ in range(pages):
            if not reading.stretches:
                break
            stretch = reading.stretches[-1]
            inside = [
                number for number, at in enumerate(times)
                if stretch.since * 1_000 <= at and (stretch.until is None or at < stretch.until)
            ][::-1]  # fmt: skip
            start = int(reading.page or 0)
            if start >= deepest:
                onward = splitting.refused(reading)
                assert onward is not None
                reading, hole = onward
                holes += [hole] if hole else []
                continue
            page = inside[start : start + size]
            kept |= set(page)
            more = str(start + size) if start + size < len(inside) else None
            moments = tuple(times[number] for number in page)
            reading, hole = splitting.advance(reading, moments, len(page), more)
            holes += [hole] if hole else []
        cursor = splitting.durable(reading)
        if holes:
            return
    assert kept == set(range(len(times)))
    assert cursor is not None
    assert cursor.complete


def test_recorded_answers_are_read_whole() -> None:
    """Three genuine ones: no post is rejected, the newest come first, wishes are recorded."""
    if not RECORDED.exists():
        pytest.skip("the recorded answers are not here")
    for path in sorted(RECORDED.glob("app.bsky.feed.searchPosts_*.json")):
        found = read_answer(path.read_bytes())
        assert found.posts
        assert not found.rejects
        assert len({post.uri for post in found.posts}) == found.count
        assert found.times == tuple(sorted(found.times, reverse=True)), "splitting relies on it"
        assert all(post.author.noindex is not None for post in found.posts)
        assert all(post.engagement.likes is not None for post in found.posts)


def test_a_search_needs_a_handle_and_a_password(
    monkeypatch: pytest.MonkeyPatch, server: FakeBluesky
) -> None:
    """Without, there is the stream alone; half of it is a mistake that is named."""
    http = Http()
    assert isinstance(connect(Settings(), http), Bluesky)
    with pytest.raises(ValidationError, match="both handle and its app password"):
        Settings(handle="op.example")
    with pytest.raises(ValidationError, match="begins https://"):
        Settings(handle="op.example", token_env="X", pds="http://pds.example")
    with pytest.raises(ConfigError, match="NOT_THERE"):
        connect(Settings(handle="op.example", token_env="NOT_THERE", pds=server.url), http)
    monkeypatch.setenv("APP_PASSWORD", PASSWORD)
    both = connect(Settings(handle="op.example", token_env="APP_PASSWORD", pds=server.url), http)
    assert isinstance(both, PollingSource)
    assert isinstance(both, StreamedSource)
    query = Query(("a", "b"), ("ana.example", "bo@social.example"), SINCE, AT, AT)
    assert [place.hashtag for place in both.places(query)] == ["a", "b", "@ana.example"]
    assert both.beside is not None
    assert [place.hashtag for place in both.beside.places(query)] == ["~a b @ana.example"]
    asyncio.run(http.close())
