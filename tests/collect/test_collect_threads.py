"""The Threads source: posts by topic tag, within a number of searches that is remembered."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fake_platform.mastodon import Fault
from fake_platform.threads import TOKEN, FakeThreads, refused
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect
from hashwatch.collect.http import Http
from hashwatch.collect.source import MeasuringSource, PollingSource, Query, find_source
from hashwatch.collect.sources.threads import Settings, Threads, connect, parse_page, quota
from hashwatch.errors import (
    BadAnswerError,
    ConfigError,
    DeniedError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Author, Event, Media, RunState
from hashwatch.schedule.lamps import Lamps
from hashwatch.schedule.polls import Poller

AT = 1_790_961_600
DAY = 86_400
SINCE = AT - 10 * DAY
DATA = Path(__file__).parents[1] / "data" / "sources" / "threads"
EVENT = Event("n", "N", ("NatSec17",), "UTC", AT, AT + DAY, SINCE, AT + 20 * DAY)


@pytest.fixture
def threads() -> Iterator[FakeThreads]:
    """The server."""
    with FakeThreads() as server:
        yield server


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


def query(now: int = AT, *, since: int = SINCE) -> Query:
    """What is wanted."""
    return Query(("natsec17",), (), since, AT + 20 * DAY, now, ("NatSec17",))


def source_of(
    server: FakeThreads, http: Http, now: int, token: str = TOKEN, **settings: Any
) -> Threads:
    """The source, on a clock of the test's own."""
    table = {"token_env": "ANY", "address": server.address, **settings}
    return Threads(Settings.model_validate(table), http, token, now=lambda: now)


def run(
    server: FakeThreads, archive: Archive, now: int = AT, *, since: int = SINCE, cap: int = 50,
    **settings: Any,
) -> RunReport:  # fmt: skip
    """A run, by a collector that has just started."""

    async def go() -> RunReport:
        http = Http(deadline=5)
        source = source_of(server, http, now, **settings)
        wanted = query(now, since=since)
        (place,) = source.places(wanted)
        try:
            return await collect(source, place, archive, wanted, now=lambda: now, page_cap=cap)
        finally:
            await http.close()

    return asyncio.run(go())


def test_a_post_carries_what_the_answer_says(threads: FakeThreads) -> None:
    """Words, author, topic, links, picture with its description, kind."""
    code = threads.write(
        "Live from the hall #CyberParl @ana.example", AT, media_type="IMAGE",
        media_url="https://media.example/a.jpg", alt_text="The hall", is_reply=True,
        link_attachment_url="https://paper.example/a",
    )  # fmt: skip
    (post,) = parse_page(json.dumps({"data": threads.media}).encode()).posts
    assert post.uri == f"https://www.threads.com/t/{code}"
    assert post.url == f"https://www.threads.com/@bo.example/post/{code}"
    profile = "https://www.threads.com/@bo.example"
    assert post.author == Author(profile, "bo.example", url=profile)
    assert (post.created_at, post.kind) == (AT, "reply")
    assert post.hashtags == ("CyberParl", "NatSec17")
    assert (post.mentions, post.links) == (("ana.example",), ("https://paper.example/a",))
    assert post.media == (Media("image", "https://media.example/a.jpg", "The hall"),)
    threads.media[0]["permalink"] = f"https://www.threads.net/@other.name/post/{code}/?x=1"
    (other,) = parse_page(json.dumps({"data": threads.media}).encode()).posts
    assert other.uri == post.uri, "whatever the site and the person are called now"


def test_what_is_about_the_hashtag_is_kept(threads: FakeThreads, archive: Archive) -> None:
    """By its topic or in its words; where no topic is told, the search's word is taken."""
    threads.write("By topic", AT - 60)
    threads.write("In words #nätsec17", AT - 61, topic_tag="Natsecurity")
    threads.write("Unsaid", AT - 62, topic_tag=None)
    threads.write("Alike", AT - 63, topic_tag="NatSec18")
    threads.write("", AT - 64, media_type="REPOST_FACADE")
    report = run(threads, archive)
    assert (report.state, report.stored.new) == (RunState.OK, 3)
    found = dict(rows(archive, "SELECT text, json_extract(detail, '$.hashtags') FROM posts"))
    assert found == {
        "By topic": '["NatSec17"]', "In words #nätsec17": '["nätsec17","Natsecurity"]',
        "Unsaid": '["NatSec17"]',
    }  # fmt: skip
    assert rows(archive, "SELECT count(*) FROM rejects") == [0]


def test_all_of_the_window_is_read_and_later_only_what_is_new(
    threads: FakeThreads, archive: Archive
) -> None:
    """By time, a page after the other; a second that fills a page is a gap and no obstacle."""
    threads.page_size = 60
    for number in range(250):
        threads.write(f"{number}", AT - 60 * number)
    for number in range(90):
        threads.write(f"at once {number}", AT - 90_000)
    threads.write("Too early", SINCE - 60)
    report = run(threads, archive)
    assert report.state is RunState.OK
    assert rows(archive, "SELECT count(*) FROM posts WHERE text NOT LIKE 'at once%'") == [250]
    assert rows(archive, "SELECT count(*) FROM posts WHERE text LIKE 'at once%'") == [60]
    assert rows(archive, "SELECT start, reason FROM gaps WHERE filled_at IS NULL") == [
        (AT - 90_000, "the search gives no more of one second")
    ]
    threads.write("New", AT + 30)
    threads.write("Late", AT - 1_000)
    before = len(threads.searches)
    report = run(threads, archive, AT + 60)
    assert (report.state, report.stored.new) == (RunState.OK, 2)
    assert len(threads.searches) - before == 1
    report = run(threads, archive, AT + 120, since=SINCE - DAY)
    assert report.stored.new == 1, "the window begins earlier now"


def test_a_look_that_is_cut_off_goes_on_the_next_time(
    threads: FakeThreads, archive: Archive
) -> None:
    """What is left is a gap until then; posts that come meanwhile are not missed."""
    threads.page_size = 50
    for number in range(330):
        threads.write(f"{number}", AT - 60 * number)
    assert run(threads, archive, cap=3).state is RunState.PARTIAL
    unfilled = "SELECT start, reason FROM gaps WHERE filled_at IS NULL"
    assert rows(archive, unfilled) == [(SINCE, "poll cap")]
    threads.write("Meanwhile", AT + 5)
    for minute in range(1, 5):
        report = run(threads, archive, AT + 60 * minute, cap=3)
    assert report.state is RunState.OK
    assert rows(archive, unfilled) == []
    assert rows(archive, "SELECT count(*) FROM posts") == [331]


def test_the_searches_are_remembered_over_restarts(threads: FakeThreads, archive: Archive) -> None:
    """For 24 hours each; those that find nothing are free. When all are spent, none is made."""
    for number in range(3):
        run(threads, archive, AT + number, searches_a_day=3)
    threads.write("One", AT - 60)
    for number in range(3):
        assert run(threads, archive, AT + 1_200 * number, searches_a_day=3).error is None
    assert len(threads.searches) == 6
    report = run(threads, archive, AT + 3_000, searches_a_day=3)
    assert isinstance(report.error, RateLimitedError)
    assert report.error.retry_after == DAY - 3_000 + 600
    assert "3 searches were made" in report.reason
    assert len(threads.searches) == 6
    threads.write("New", AT + DAY)
    report = run(threads, archive, AT + DAY + 600, searches_a_day=3)
    assert report.state is RunState.OK
    assert isinstance(
        run(threads, archive, AT + DAY + 601, searches_a_day=3).error, RateLimitedError
    )


def test_failures_count_too_and_are_remembered_with_the_next_round(
    threads: FakeThreads, archive: Archive
) -> None:
    """A search that failed may have been counted at Threads."""
    threads.faults = [Fault(status=503)]

    async def go() -> None:
        http = Http(deadline=5)
        try:
            source = source_of(threads, http, AT)
            assert isinstance(source, MeasuringSource)
            lamps = Lamps(archive, [EVENT], lambda: AT)
            poller = Poller(source, "threads.com", archive, lamps, lambda: AT)
            (report,) = await poller.poll([EVENT])
            assert report.state is RunState.FAILED
            await poller.poll([EVENT])
        finally:
            await http.close()

    asyncio.run(go())
    key = PlaceKey("threads", "threads.com", "?")
    assert quota.read(archive.cursor(key)).count == 1
    assert threads.fired["answer"] == 1


@given(
    st.lists(st.integers(0, 3 * DAY), max_size=30), st.integers(0, 4 * DAY), st.integers(1, 10),
)  # fmt: skip
def test_a_search_counts_for_a_day_and_hardly_longer(made: list[int], now: int, cut: int) -> None:
    """Never less than Threads counts; two accounts together are no less than either."""
    spent = quota.Spent()
    for at in sorted(made):
        if at <= now:
            spent = spent.more(at)
    counting = [at for at in made if now - DAY < at <= now]
    hardly = [at for at in made if now - DAY - quota.STRETCH < at <= now]
    there = spent.at(now)
    assert len(counting) <= there.count <= len(hardly)
    assert there.free_again(now) > now or not there.count
    part = quota.Spent(dict(list(there.made.items())[:cut]))
    assert part.together(there) == there.together(part) == there
    assert quota.read(msgspec.structs.replace(_cursor(), state=quota.state_of(there))) == there
    assert there.at(0).count == there.count, "a clock that was put back forgets nothing"


def _cursor() -> Any:
    from hashwatch.model import Cursor

    return Cursor()


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault("cut", cut=5), BadAnswerError, "something else"),
        (Fault(status=503), UnreachableError, "503"),
        (Fault(status=429, headers={"Retry-After": "30"}), RateLimitedError, "limits"),
        (Fault(body=b"<html>"), BadAnswerError, "something else"),
        (Fault(status=400, body=json.dumps(refused(190)).encode()), DeniedError, "make a new one"),
        (Fault(status=401, body=json.dumps(refused(190)).encode()), DeniedError, "make a new one"),
        (Fault(status=400, body=json.dumps(refused(10)).encode()), DeniedError, "approved"),
        (Fault(status=500, body=json.dumps(refused(
            10, "Application does not have permission for this action")).encode()),
         DeniedError, "approved"),
        (Fault(status=400, body=json.dumps(refused(613)).encode()), RateLimitedError, "number"),
        (Fault(status=403, body=json.dumps(refused(4)).encode()), RateLimitedError, "number"),
        (Fault(status=400, body=json.dumps(refused(100, "Invalid parameter")).encode()),
         BadAnswerError, "Invalid parameter"),
    ],
)  # fmt: skip
def test_a_failure_moves_nothing(
    threads: FakeThreads, archive: Archive, fault: Fault, kind: type[SourceError], words: str
) -> None:
    """The run fails with what is to be done, never with the token; the next one has all."""
    threads.write("One", AT - 60)
    threads.faults = [fault]
    report = run(threads, archive)
    assert isinstance(report.error, kind)
    assert words in report.reason
    assert TOKEN not in report.reason
    assert threads.fired.total() == 1
    assert rows(archive, "SELECT cursor FROM cursors") == []
    assert run(threads, archive, AT + 60).stored.new == 1


def test_a_limit_that_others_have_reached_is_met(threads: FakeThreads, archive: Archive) -> None:
    """An hour's wait, since nobody says how long."""
    threads.left = 0
    report = run(threads, archive)
    assert isinstance(report.error, RateLimitedError)
    assert (report.error.retry_after, threads.fired["limit"]) == (3_600, 1)


@pytest.mark.parametrize("approved", [True, False])
def test_an_app_that_is_not_approved_is_noticed(threads: FakeThreads, approved: bool) -> None:
    """It is shown its own user's posts only, as if there were no others."""
    threads.approved = approved
    threads.write("Mine", AT - 60, by="ana.example")
    threads.write("Another's", AT - 61)

    async def go() -> None:
        http = Http(deadline=5)
        source = source_of(threads, http, AT)
        (place,) = source.places(query())
        await source.fetch(place, None, query(), True)
        assert await source.check(place) == "signed in as @ana.example"
        kept = await source.kept_back(place)
        assert ("not approved" in kept) is not approved
        ended = source_of(threads, http, AT, token="another")
        with pytest.raises(DeniedError) as caught:
            await ended.check(place)
        assert caught.value.wants_token
        await http.close()

    asyncio.run(go())


def test_many_hashtags_are_searched_for_more_seldom(threads: FakeThreads) -> None:
    """So that the searches last for a day."""

    async def go() -> None:
        http = Http()
        source = source_of(threads, http, AT)
        assert isinstance(source, PollingSource)
        for number in (1, 3, 30):
            names = tuple(f"a{each}" for each in range(number))
            source.places(msgspec.structs.replace(query(), hashtags=names))
            assert source.pace.busy >= 60
            assert number * DAY / source.pace.busy <= 2_200
        await http.close()

    asyncio.run(go())


def test_one_bad_item_is_rejected_and_the_others_stay(threads: FakeThreads) -> None:
    """By its shape, its address, its time, its author."""
    threads.write("a \0", AT)
    (good,) = threads.media
    bad: list[Any] = [
        7, {}, good | {"permalink": "https://evil.example/@bo/post/C1"},
        good | {"permalink": "javascript:alert(1)"}, good | {"timestamp": "soon"},
        good | {"username": "../x"},
    ]  # fmt: skip
    page = parse_page(json.dumps({"data": [*bad, good]}).encode())
    assert (len(page.posts), len(page.rejects)) == (1, 6)
    assert page.posts[0].text == "a "


def test_the_contract_data_is_read_as_it_says() -> None:
    """An answer with invented posts, and what must come of it."""
    expected = json.loads((DATA / "expected.json").read_bytes())
    page = parse_page((DATA / "search.json").read_bytes())
    assert [
        {"uri": post.uri, "text": post.text, "hashtags": [*post.hashtags], "kind": post.kind,
         "created_at": post.created_at, "handle": post.author.handle}
        for post in page.posts
    ] == expected  # fmt: skip
    assert page.rejects == ()


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "data", "permalink", "timestamp", "paging"]),
                      inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_answer_is_read_or_refused(value: Any) -> None:
    """Nothing else is raised."""
    for whole in (value, {"data": [value]}, {"data": [], "paging": value}):
        try:
            assert parse_page(json.dumps(whole).encode()).posts == ()
        except SourceError:
            continue


def test_the_source_is_found_and_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name; without a token it is refused, with an empty one too."""
    assert find_source("threads").connect is connect
    for table, words in (
        ({}, "access token"), ({"token_env": "A", "address": "http://api.example"}, "https"),
        ({"token_env": "A", "searches_a_day": 0}, "greater"),
    ):  # fmt: skip
        with pytest.raises(ValidationError, match=words):
            Settings.model_validate(table)
    settings = Settings(token_env="THREADS_TOKEN")

    async def go() -> None:
        http = Http()
        with pytest.raises(ConfigError, match="THREADS_TOKEN"):
            connect(settings, http)
        monkeypatch.setenv("THREADS_TOKEN", TOKEN)
        assert isinstance(connect(settings, http), PollingSource)
        await http.close()

    asyncio.run(go())
