"""The YouTube source: a day's quota spread and remembered, videos and their comments as posts."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fake_platform.mastodon import Fault
from fake_platform.youtube import KEY, FakeYouTube, refused
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect, no_wait
from hashwatch.collect.http import Http
from hashwatch.collect.refreshing import refresh
from hashwatch.collect.source import (
    MeasuringSource,
    PollingSource,
    Query,
    RefreshingSource,
    find_source,
)
from hashwatch.collect.sources.youtube import Settings, YouTube, connect, parse_page, quota
from hashwatch.errors import (
    BadAnswerError,
    ConfigError,
    DeniedError,
    RateLimitedError,
    SourceError,
)
from hashwatch.model import Author, Engagement, Event, RunState
from hashwatch.schedule.lamps import Lamps
from hashwatch.schedule.polls import Poller

AT = 1_490_961_600  # 2017-03-31 12:00 UTC, 05:00 in California
DAY = 86_400
SINCE = AT - 10 * DAY
MIDNIGHT = AT + 19 * 3_600
DATA = Path(__file__).parents[1] / "data" / "sources" / "youtube"
EVENT = Event(
    "natsec17", "NATSEC17", ("NatSec17",), "Europe/London", AT, AT + DAY, SINCE, AT + 20 * DAY
)


@pytest.fixture
def youtube() -> Iterator[FakeYouTube]:
    """The server."""
    with FakeYouTube() as server:
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


def query(now: int = AT, *hashtags: str, since: int = SINCE) -> Query:
    """What is wanted."""
    names = hashtags or ("natsec17",)
    written = ("NatSec17", "CyberParl")
    return Query(names, (), since, AT + 20 * DAY, now, written)


def source_of(server: FakeYouTube, http: Http, now: int, **settings: Any) -> YouTube:
    """The source, on a clock of the test's own."""
    table = {"token_env": "ANY", "address": server.address, **settings}
    return YouTube(Settings.model_validate(table), http, KEY, now=lambda: now)


def run(
    server: FakeYouTube, archive: Archive, now: int = AT, *hashtags: str, since: int = SINCE,
    **settings: Any,
) -> list[RunReport]:  # fmt: skip
    """A run for each hashtag, by a collector that has just started."""

    async def go() -> list[RunReport]:
        http = Http(deadline=5)
        source = source_of(server, http, now, **settings)
        wanted = query(now, *hashtags, since=since)
        try:
            return [
                await collect(source, place, archive, wanted, now=lambda: now)
                for place in source.places(wanted)
            ]
        finally:
            await http.close()

    return asyncio.run(go())


def again(server: FakeYouTube, archive: Archive, now: int) -> RunReport | None:
    """Known posts are asked for again."""

    async def go() -> RunReport | None:
        http = Http(deadline=5)
        source = source_of(server, http, now)
        try:
            return await refresh(
                source, "youtube.com", archive, SINCE, now=lambda: now, turn=no_wait, requests=9
            )
        finally:
            await http.close()

    return asyncio.run(go())


def test_a_video_and_its_comments_are_posts(youtube: FakeYouTube, archive: Archive) -> None:
    """Words, channel, counts; comments answer the video, and answers answer comments."""
    video = youtube.video(
        "The debate", AT - 600, "Live from the hall #NatSec17 https://paper.example/a",
        defaultAudioLanguage="en-GB",
    )  # fmt: skip
    first = youtube.comment(video, "Well said", AT - 500, replies=(("Agreed", AT - 400),))
    (report,) = run(youtube, archive)
    assert (report.state, report.stored.new) == (RunState.OK, 3)
    page = parse_page(json.dumps(
        {"kind": "youtube#videoListResponse", "items": [youtube.videos[video]]}
    ).encode())  # fmt: skip
    (post,) = page.posts
    assert post.text == "The debate\n\nLive from the hall #NatSec17 https://paper.example/a"
    assert post.uri == f"https://www.youtube.com/watch?v={video}"
    assert post.author == Author(
        "https://www.youtube.com/channel/UCinvented-ana", "UCinvented-ana", "Ana's channel",
        url="https://www.youtube.com/channel/UCinvented-ana",
    )  # fmt: skip
    assert post.engagement == Engagement(likes=7, replies=2)
    assert (post.hashtags, post.links) == (("NatSec17",), ("https://paper.example/a",))
    assert (post.language, post.created_at) == ("en", AT - 600)
    threads = {"kind": "youtube#commentThreadListResponse", "items": youtube.threads[video]}
    comment, answer = parse_page(json.dumps(threads).encode()).posts
    assert comment.uri == f"{post.uri}&lc={first}"
    assert (comment.reply_to, answer.reply_to) == (post.uri, comment.uri)
    assert (comment.author.handle, comment.author.name) == ("bo-example", "bo-example")
    assert comment.engagement == Engagement(likes=3, replies=1)
    assert set(rows(archive, "SELECT json_extract(detail, '$.hashtags[0]') FROM posts")) == {
        "NatSec17"
    }


def test_what_carries_the_hashtag_is_kept(youtube: FakeYouTube, archive: Archive) -> None:
    """In title, description (which the search cuts) or keywords; what is only alike is not."""
    youtube.video("#nätsec17", AT - 60)
    youtube.video("Long", AT - 61, "x" * 300 + " #natsec17")
    youtube.video("Keyword", AT - 62, tags=["natsec17", "politics of all kinds"])
    youtube.video("Alike #natsec18", AT - 63)
    run(youtube, archive)
    assert rows(archive, "SELECT substr(text, 1, 7) FROM posts ORDER BY id DESC") == [
        "#nätsec", "Long\n\nx", "Keyword"
    ]  # fmt: skip


def test_the_search_goes_back_to_the_window_and_later_only_what_is_new(
    youtube: FakeYouTube, archive: Archive
) -> None:
    """A page at a time, by time."""
    for number in range(130):
        youtube.video(f"{number} #natsec17", AT - 3_600 * number)
    youtube.video("Too early #natsec17", SINCE - 60)
    (report,) = run(youtube, archive, comments=False)
    assert (report.state, report.stored.new) == (RunState.OK, 130)
    assert len(youtube.calls("search")) == 3
    assert len(youtube.calls("videos")) == 3
    youtube.video("New #natsec17", AT + 30)
    youtube.video("Late #natsec17", AT - 7_200)
    (report,) = run(youtube, archive, AT + 3_600, comments=False)
    assert (report.state, report.stored.new) == (RunState.OK, 2)
    assert len(youtube.calls("search")) == 4
    (report,) = run(youtube, archive, AT + 7_200, since=SINCE - DAY, comments=False)
    assert report.stored.new == 1, "the window begins earlier now"


def test_searches_are_kept_for_what_is_new(youtube: FakeYouTube, archive: Archive) -> None:
    """With half of the day's spent the way back waits, as a gap, until there are more again."""
    youtube.page_size = 5
    for number in range(60):
        youtube.video(f"{number} #natsec17", AT - 3_600 * number)
    (report,) = run(youtube, archive, searches_a_day=12, comments=False)
    assert report.state is RunState.OK
    assert len(youtube.calls("search")) == 6
    unfilled = "SELECT start, end > start, reason FROM gaps WHERE filled_at IS NULL"
    assert rows(archive, unfilled) == [(SINCE, 1, "poll cap")]
    assert rows(archive, "SELECT count(*) FROM posts") == [25]
    youtube.video("New #natsec17", AT + 30)
    run(youtube, archive, AT + 3_600, searches_a_day=12, comments=False)
    assert rows(archive, "SELECT count(*) FROM posts") == [26]
    assert len(youtube.calls("search")) == 7
    for later in range(1, 4):
        run(youtube, archive, MIDNIGHT + later * DAY, searches_a_day=12, comments=False)
    assert rows(archive, "SELECT count(*) FROM posts") == [61]
    assert rows(archive, unfilled) == []


def test_the_quota_is_remembered_over_restarts_until_pacific_midnight(
    youtube: FakeYouTube, archive: Archive
) -> None:
    """Spent is spent, whoever counts; then nothing is asked, and the lamp says until when."""
    youtube.video("One #natsec17", AT - 60)
    for number in range(3):
        run(youtube, archive, AT + number, searches_a_day=3)
    assert len(youtube.calls("search")) == 3
    (report,) = run(youtube, archive, AT + 60, searches_a_day=3)
    assert isinstance(report.error, RateLimitedError)
    assert report.error.retry_after == MIDNIGHT - AT - 60
    assert "the next are at 2017-04-01T07:00:00" in report.reason
    assert len(youtube.calls("search")) == 3
    (report,) = run(youtube, archive, MIDNIGHT, searches_a_day=3)
    assert report.state is RunState.OK


def test_failures_count_too_and_are_remembered_with_the_next_round(
    youtube: FakeYouTube, archive: Archive
) -> None:
    """A search that failed was paid for."""
    youtube.faults = [Fault(status=503, times=2)]

    async def go() -> None:
        http = Http(deadline=5)
        try:
            for number in range(2):
                source = source_of(youtube, http, AT + number)
                assert isinstance(source, (MeasuringSource, PollingSource, RefreshingSource))
                lamps = Lamps(archive, [EVENT], lambda: AT)
                poller = Poller(source, "youtube.com", archive, lamps, lambda: AT)
                (report,) = await poller.poll([EVENT])
                assert report.state is RunState.FAILED
                await poller.poll([EVENT]) if number else await source_remembers(poller)
            assert quota.read(archive.cursor(poller._abilities)).searches == 2
            assert source._spent.searches == 3
        finally:
            await http.close()

    async def source_remembers(poller: Poller) -> None:
        await poller._measure(query())

    asyncio.run(go())
    assert youtube.fired["answer"] == 2


def test_a_quota_that_others_have_spent_is_met(youtube: FakeYouTube, archive: Archive) -> None:
    """The searches are over until midnight, and so are the units."""
    youtube.quota["search"] = 0
    (report,) = run(youtube, archive)
    assert youtube.fired["quota"] == 1
    assert isinstance(report.error, RateLimitedError)
    assert report.error.retry_after == MIDNIGHT - AT
    assert "searches" in report.reason
    youtube.quota = {"search": 9, "other": 0}
    youtube.video("One #natsec17", AT - 60)
    (report,) = run(youtube, archive)
    assert isinstance(report.error, RateLimitedError)
    assert "units" in report.reason
    youtube.quota["other"] = 9
    (report,) = run(youtube, archive, AT + 60)
    assert report.stored.new == 1, "what was found and not read is read now"


@pytest.mark.parametrize(
    ("day", "seconds"),
    [("2027-03-14T12:00", 19 * 3_600), ("2027-03-14T08:30", 23 * 3_600 - 1_800),
     ("2027-11-07T07:00", 25 * 3_600), ("2027-01-01T07:59", 60)],
)  # fmt: skip
def test_the_day_ends_at_midnight_in_california(day: str, seconds: int) -> None:
    """Days of 23 and of 25 hours too."""
    now = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    assert quota.next_day(now) - now == seconds
    assert quota.pacific_day(now) != quota.pacific_day(now + seconds)
    assert quota.pacific_day(now) == quota.pacific_day(now + seconds - 1)
    spent = quota.Spent(quota.pacific_day(now), 5, 7)
    assert spent.at(now) == spent
    assert spent.at(now + seconds).searches == 0


@given(st.lists(st.tuples(st.sampled_from(["2027-01-01", "2027-01-02"]), st.integers(0, 9))))
def test_accounts_of_a_quota_are_put_together(accounts: list[tuple[str, int]]) -> None:
    """In any order: the later day, and there the most."""
    spent = [quota.Spent(day, number, number) for day, number in accounts]
    one, other = quota.Spent(), quota.Spent()
    for each in spent:
        one = one.together(each)
    for each in reversed(spent):
        other = each.together(other)
    assert (
        one == other == max(spent, default=quota.Spent(), key=lambda each: (each.day, each.units))
    )


def test_many_hashtags_are_searched_for_more_seldom(youtube: FakeYouTube) -> None:
    """So that a day's searches last for the day."""

    async def go() -> None:
        http = Http()
        source = source_of(youtube, http, AT)
        for hashtags, least in ((("a",), 900.0), (("a", "b", "c"), 2_700.0)):
            source.places(query(AT, *hashtags))
            assert least < source.pace.busy == source.pace.idle < 1.2 * least
            assert len(hashtags) * DAY / source.pace.busy <= 100
        place = source.places(query())[0]
        assert "every 16 min" in await source.check(place)
        await http.close()

    asyncio.run(go())


def test_comments_are_read_on_as_often_as_a_video_is_young(
    youtube: FakeYouTube, archive: Archive
) -> None:
    """Hourly in its first day; every page the first time, later only down to what is known."""
    youtube.page_size = 10
    video = youtube.video("One #natsec17", AT - 3_600)
    old = youtube.video("Old #natsec17", AT - 5 * DAY)
    for number in range(35):
        youtube.comment(video, f"Comment {number}", AT - 2_000 + number)
    run(youtube, archive)
    assert rows(archive, "SELECT count(*) FROM posts") == [37]
    assert [each["videoId"] for each in youtube.calls("commentThreads")].count(video) == 4
    youtube.comment(video, "New", AT + 700)
    run(youtube, archive, AT + 1_800)
    assert rows(archive, "SELECT count(*) FROM posts") == [37], "not due yet"
    run(youtube, archive, AT + 3_700)
    assert rows(archive, "SELECT count(*) FROM posts") == [38]
    asked = [each["videoId"] for each in youtube.calls("commentThreads")]
    assert (asked.count(video), asked.count(old)) == (5, 1)


def test_videos_without_comments_are_left_alone(youtube: FakeYouTube, archive: Archive) -> None:
    """Switched off, or gone before they could be read; the others are read."""
    closed = youtube.video("Closed #natsec17", AT - 60)
    open_one = youtube.video("Open #natsec17", AT - 50)
    youtube.comment(open_one, "Here", AT - 10)
    youtube.disabled.add(closed)
    (report,) = run(youtube, archive)
    assert (report.state, youtube.fired["disabled"]) == (RunState.OK, 1)
    assert rows(archive, "SELECT count(*) FROM posts") == [3]
    run(youtube, archive, AT + 4_000)
    assert youtube.fired["disabled"] == 1
    assert rows(archive, "SELECT count(*) FROM rejects") == [0]


def test_a_comment_counts_for_every_hashtag_of_its_video(
    youtube: FakeYouTube, archive: Archive
) -> None:
    """The same by whichever hashtag it was found, and when it is asked for again."""
    video = youtube.video("Both #natsec17", AT - 60, tags=["CyberParl"])
    youtube.comment(video, "Well", AT - 10)
    run(youtube, archive, AT, "natsec17", "cyberparl")
    of = "SELECT json_extract(detail, '$.hashtags') FROM posts WHERE text = 'Well'"
    both = '["NatSec17","CyberParl"]'
    assert rows(archive, of) == [both]
    youtube.threads[video][0]["snippet"]["topLevelComment"]["snippet"] |= {"likeCount": 30}
    for later in range(3):
        report = again(youtube, archive, AT + 1_000 * (later + 1))
        assert report is None or report.state is RunState.OK, report
    assert rows(archive, of) == [both]
    assert rows(archive, "SELECT likes FROM posts WHERE text = 'Well'") == [30]
    assert rows(archive, "SELECT count(*) FROM posts") == [2]


def test_what_is_gone_is_deleted(youtube: FakeYouTube, archive: Archive) -> None:
    """A video and a comment that YouTube has no more, once each is asked for by itself."""
    video = youtube.video("One #natsec17", AT - 60)
    gone = youtube.video("Two #natsec17", AT - 50)
    youtube.comment(video, "Stays", AT - 10)
    youtube.comment(video, "Goes", AT - 9)
    run(youtube, archive)
    del youtube.videos[gone]
    del youtube.threads[video][1]
    for later in range(3):
        again(youtube, archive, AT + 1_000 * (later + 1))
    assert sorted(rows(archive, "SELECT substr(text, 1, 5) FROM posts")) == ["One #", "Stays"]


def test_known_posts_leave_units_for_new_ones(youtube: FakeYouTube, archive: Archive) -> None:
    """From some share of the day's units on they wait."""
    youtube.video("One #natsec17", AT - 60)
    run(youtube, archive)

    async def go() -> None:
        http = Http(deadline=5)
        source = source_of(youtube, http, AT + 1_000, units_a_day=10)
        source._spent = quota.Spent(quota.pacific_day(AT), 0, 8)
        (known,) = archive.known_posts(
            PlaceKey("youtube", "youtube.com", "*"),
            since=SINCE,
            recent=SINCE,
            checked_before=AT + 999,
            most=9,
        )
        with pytest.raises(RateLimitedError, match="known posts"):
            await source.refresh("youtube.com", [known])
        await http.close()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault("cut", cut=5), BadAnswerError, "something else"),
        (Fault(status=503), SourceError, "503"),
        (Fault(status=429, headers={"Retry-After": "30"}), RateLimitedError, "limits"),
        (Fault(body=b"<html>"), BadAnswerError, "something else"),
        (Fault(body=b'{"kind": "youtube#videoListResponse", "items": []}'), BadAnswerError,
         "not with searchListResponse"),
        (Fault(status=403, body=json.dumps(refused(403, "accessNotConfigured")[1]).encode()),
         DeniedError, "accessNotConfigured"),
        (Fault(status=403, body=json.dumps(refused(403, "rateLimitExceeded")[1]).encode()),
         RateLimitedError, "limits the rate"),
        (Fault(status=403, body=b"{"), DeniedError, "without a reason"),
        (Fault(status=400, body=json.dumps(
            refused(400, "badRequest", "API key not valid.")[1]).encode()),
         DeniedError, "no such key"),
    ],
)  # fmt: skip
def test_a_failure_moves_nothing(
    youtube: FakeYouTube, archive: Archive, fault: Fault, kind: type[SourceError], words: str
) -> None:
    """The run fails with what is to be done, never with the key; the next one has all."""
    youtube.video("One #natsec17", AT - 60)
    youtube.faults = [fault]
    (report,) = run(youtube, archive)
    assert isinstance(report.error, kind)
    assert words in report.reason
    assert KEY not in report.reason
    assert youtube.fired.total() == 1
    assert rows(archive, "SELECT cursor FROM cursors") == []
    assert run(youtube, archive, AT + 60)[0].stored.new == 1


def test_a_run_that_breaks_off_goes_on(youtube: FakeYouTube, archive: Archive) -> None:
    """After the search, and within the comments."""
    youtube.page_size = 2
    video = youtube.video("One #natsec17", AT - 60)
    for number in range(5):
        youtube.comment(video, f"{number}", AT - 50 + number)
    for number in range(1, 4):
        requests = len(youtube.asked)
        youtube.quota["other"] = number
        run(youtube, archive, AT + number)
        assert len(youtube.asked) > requests
    assert youtube.fired["quota"] == 3
    youtube.quota["other"] = 100
    (report,) = run(youtube, archive, AT + 9)
    assert report.state is RunState.OK
    assert rows(archive, "SELECT count(*) FROM posts") == [6]


def test_one_bad_item_is_rejected_and_the_others_stay(youtube: FakeYouTube) -> None:
    """By its shape, its number, its time; a comment of nobody; a private video."""
    number = youtube.video("a \0 #natsec17", AT)
    good = youtube.videos[number]
    snippet = good["snippet"]
    bad: list[Any] = [
        7, {}, good | {"id": "../x"}, good | {"snippet": snippet | {"publishedAt": "soon"}},
        good | {"status": {"privacyStatus": "private"}},
    ]  # fmt: skip
    answer = {"kind": "youtube#videoListResponse", "items": [*bad, good]}
    page = parse_page(json.dumps(answer).encode())
    assert (len(page.posts), len(page.rejects)) == (1, 5)
    assert page.posts[0].text == "a  #natsec17"
    youtube.comment(number, "x", AT)
    (thread,) = youtube.threads[number]
    del thread["snippet"]["topLevelComment"]["snippet"]["authorChannelId"]
    answer = {"kind": "youtube#commentThreadListResponse", "items": [thread, 7]}
    page = parse_page(json.dumps(answer).encode())
    assert (len(page.posts), len(page.rejects)) == (0, 2)


def test_the_contract_data_is_read_as_it_says() -> None:
    """Answers of an invented channel, and what must come of them."""
    expected = json.loads((DATA / "expected.json").read_bytes())
    for name, posts in expected.items():
        page = parse_page((DATA / name).read_bytes())
        assert [
            {"uri": post.uri, "text": post.text, "reply_to": post.reply_to, "kind": post.kind}
            for post in page.posts
        ] == posts
        assert page.rejects == ()


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "snippet", "topLevelComment", "videoId", "replies"]),
                      inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_answer_is_read_or_refused(value: Any) -> None:
    """Nothing else is raised."""
    for kind in ("search", "video", "commentThread"):
        for whole in (value, {"kind": f"youtube#{kind}ListResponse", "items": [value]}):
            try:
                assert parse_page(json.dumps(whole).encode()).posts == ()
            except SourceError:
                continue


def test_the_source_is_found_and_needs_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name; without a key it is refused, with an empty one too."""
    assert find_source("youtube").connect is connect
    for table, words in (
        ({}, "API key"), ({"token_env": "A", "address": "http://api.example"}, "https"),
        ({"token_env": "A", "searches_a_day": 0}, "greater"),
    ):  # fmt: skip
        with pytest.raises(ValidationError, match=words):
            Settings.model_validate(table)
    settings = Settings(token_env="YOUTUBE_KEY")

    async def go() -> None:
        http = Http()
        with pytest.raises(ConfigError, match="YOUTUBE_KEY"):
            connect(settings, http)
        monkeypatch.setenv("YOUTUBE_KEY", KEY)
        source = connect(settings, http)
        for protocol in (PollingSource, MeasuringSource, RefreshingSource):
            assert isinstance(source, protocol)
        await http.close()

    asyncio.run(go())
    assert msgspec.json.decode(msgspec.json.encode(quota.Spent("d", 1, 2)), type=quota.Spent)
