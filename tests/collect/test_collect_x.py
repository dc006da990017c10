"""The X source against a server of X's shape: paging, edits, deletions, back-fill within means."""

from __future__ import annotations

import time
from typing import Any

import pytest

from collect.spending import AT, DAY, HOUR, Spender
from fake_platform.mastodon import Fault
from fake_platform.x import FakeX, time_of
from hashwatch.archive.store import Archive
from hashwatch.collect import key_of
from hashwatch.collect.source import UNAFFORDED
from hashwatch.collect.sources.x import RECHECK
from hashwatch.errors import DeniedError, RateLimitedError
from hashwatch.model import KnownPost, RunState


def asked(x: FakeX, end: str) -> list[dict[str, str]]:
    """The parameters of the requests to one page of the API."""
    return [each.parameters for each in x.asked if each.path.endswith(end)]


def test_all_pages_have_the_same_bounds_and_the_next_run_begins_at_the_newest(
    x: FakeX, archive: Archive
) -> None:
    """Each post once, and nothing that came meanwhile is missed."""
    ids = [x.write(f"post {n}", AT - 3_000 + n * 10) for n in range(250)]
    spender = Spender(x, archive)
    (report,) = spender.poll()
    assert (report.state, report.pages, report.stored.new) == (RunState.OK, 3, 250)
    pages = asked(x, "recent")
    assert len({(p.get("since_id"), p.get("start_time"), p.get("until_id")) for p in pages}) == 1
    assert [("next_token" in p) for p in pages] == [False, True, True]
    x.now += 60
    late = x.write("late", AT + 30)
    (report,) = spender.poll()
    (page,) = asked(x, "recent")[3:]
    overlap = time_of(int(ids[-1])) - time_of(int(page["since_id"]))
    assert overlap == pytest.approx(60)
    assert (report.state, report.stored.new) == (RunState.OK, 1)
    assert spender.rows("SELECT count(*) FROM posts") == [251]
    assert spender.rows(f"SELECT count(*) FROM sightings WHERE local_id = '{late}'") == [1]
    assert not asked(x, "counts/recent"), "an hour is read without being counted"


def test_a_run_that_stops_goes_on_where_it_stood(x: FakeX, archive: Archive) -> None:
    """At the poll cap, and after an answer was cut: nothing twice or missed, a gap between."""
    for n in range(350):
        x.write(f"post {n}", AT - 3_500 + n * 9)
    spender = Spender(x, archive)
    (report,) = spender.poll(cap=1)
    assert report.state is RunState.PARTIAL
    assert spender.rows("SELECT count(*) FROM gaps WHERE filled_at IS NULL") == [1]
    x.now += 20
    x.faults = [Fault("cut", cut=5)]
    (report,) = spender.poll()
    assert (report.state, x.fired["cut"]) == (RunState.FAILED, 1)
    x.now += 20
    x.write("new", AT + 35)
    (report,) = spender.poll()
    assert report.state is RunState.OK
    assert spender.rows("SELECT count(*) FROM posts") == [351]
    assert spender.rows("SELECT count(*) FROM gaps WHERE filled_at IS NULL") == [0]
    assert x.bill.posts == 351


def test_a_mark_that_x_forgot_is_done_without(x: FakeX, archive: Archive) -> None:
    """The search is begun again below what it gave."""
    for n in range(250):
        x.write(f"post {n}", AT - 3_000 + n * 10)

    async def job(source: Any) -> list[int]:
        query, counts, cursor = spender.query(), [], None
        (place,) = source.places(query)
        more = True
        while more:
            page = await source.fetch(place, cursor, query, cursor is None)
            counts.append(len(page.posts))
            x._tokens.clear()
            cursor, more = page.cursor, page.more
        return counts

    spender = Spender(x, archive)
    counts = spender.go(job)
    assert sum(counts) == 250
    assert counts.count(0) == 2, "two refusals"
    assert x.fired["refused with 400"] == 2


def test_posts_are_whole(x: FakeX, archive: Archive) -> None:
    """A long post, its boost, a quote, an answer, and the names of their authors."""
    long = {"note_tweet": {"text": "A long story. " * 40 + "#natsec17", "entities":
            {"hashtags": [{"tag": "natsec17"}]}}}  # fmt: skip
    original = x.write("A long story…", AT - 100, **long)
    x.boost(original, AT - 90)
    x.write("yes", AT - 80, author="cy", refers=(("quoted", original),))
    x.write("no", AT - 70, author="di", refers=(("replied_to", original),))
    spender = Spender(x, archive)
    spender.poll()
    found = spender.rows(
        "SELECT kind, handle, substr(text, 1, 6), length(text), boost_of IS NOT NULL,"
        " quote_of IS NOT NULL, reply_to IS NOT NULL FROM posts"
        " JOIN authors ON authors.id = author_id ORDER BY created_at"
    )
    assert found == [
        ("post", "ana", "A long", 569, 0, 0, 0), ("boost", "bo", None, None, 1, 0, 0),
        ("quote", "cy", "yes #n", 13, 0, 1, 0), ("reply", "di", "no #na", 12, 0, 0, 1),
    ]  # fmt: skip
    assert spender.counted == x.bill.total


def test_boosts_and_what_comes_with_posts_can_be_left_out(x: FakeX, archive: Archive) -> None:
    """Which is cheaper: a post alone."""
    x.boost(x.write("one", AT - 100), AT - 50)
    spender = Spender(x, archive, boosts=False, include=[])
    spender.poll()
    assert spender.rows("SELECT count(*) FROM posts") == [1]
    assert spender.counted == x.bill.total == 5_000
    assert asked(x, "recent")[0]["query"] == "#natsec17 -is:retweet"
    assert "expansions" not in asked(x, "recent")[0]


def test_media_come_where_they_are_asked_for(x: FakeX, archive: Archive) -> None:
    """With their address and description, and their price."""
    x.media["3_1"] = {"media_key": "3_1", "type": "photo", "url": "https://p.example/1.jpg",
                      "alt_text": "A bridge"}  # fmt: skip
    x.write("look", AT - 50, attachments={"media_keys": ["3_1"]})
    spender = Spender(x, archive, include=["media"])
    spender.poll()
    assert "https://p.example/1.jpg" in spender.rows("SELECT detail FROM posts")[0]
    assert spender.counted == x.bill.total == 10_000


def test_an_edit_is_a_new_version_of_the_same_post(x: FakeX, archive: Archive) -> None:
    """By its history, though its id is another."""
    first = x.write("the session is in room 4", AT - 600)
    spender = Spender(x, archive)
    spender.poll()
    x.now += 60
    second = x.edit(first, "the session is in room 5", AT + 10)
    spender.poll()
    assert spender.rows("SELECT text FROM posts") == ["the session is in room 5 #natsec17"]
    assert spender.rows("SELECT text FROM versions") == ["the session is in room 4 #natsec17"]
    assert spender.rows("SELECT local_id FROM sightings") == [second]


def test_an_edit_without_the_hashtag_is_found_by_asking_again(x: FakeX, archive: Archive) -> None:
    """The old version names the new one, which is asked for next; no author is paid for."""
    first = x.write("in room 4", AT - 600)
    spender = Spender(x, archive)
    spender.poll()
    second = x.edit(first, "in room 5", AT + 10)
    x.posts[int(second)]["entities"]["hashtags"] = []
    before = spender.counted
    x.now += 700
    spender.again()
    x.now += 700
    spender.again()
    assert spender.rows("SELECT text FROM posts") == ["in room 5 #natsec17"]
    assert spender.rows("SELECT handle, name FROM authors") == [("ana", "Ana")]
    assert spender.counted - before == 5_000, "the new version; the old one is paid for today"
    assert spender.counted == x.bill.total


def test_what_is_gone_from_x_is_gone_here(x: FakeX, archive: Archive) -> None:
    """Deleted, or not to be seen any more: confirmed by asking for it alone, then a tombstone."""
    ids = [x.write(f"post {n}", AT - 900 + n) for n in range(5)]
    spender = Spender(x, archive)
    spender.poll()
    x.delete(ids[1])
    x.hidden.add(ids[3])
    x.now += 700
    report = spender.again()
    assert report is not None
    assert (report.state, report.stored.deleted) == (RunState.OK, 2)
    assert spender.rows("SELECT count(*) FROM posts") == [3]
    assert spender.rows("SELECT count(*) FROM tombstones") == [2]
    assert spender.counted == x.bill.total


def test_every_post_is_asked_for_again_within_a_day(x: FakeX, archive: Archive) -> None:
    """As X's terms want it, whatever its age; 100 at once."""
    for n in range(150):
        x.write(f"post {n}", AT - 3_500 + n)
    spender = Spender(x, archive)
    spender.poll()
    x.now += 3 * DAY
    spender.again()
    checked = x.now
    x.asked.clear()
    x.now += RECHECK - 60
    assert spender.again() is None
    x.now += 120
    assert spender.again() is not None
    assert x.now - checked < DAY
    assert [len(p["ids"].split(",")) for p in asked(x, "/2/tweets")] == [100, 50]


def test_a_back_fill_is_counted_first_and_read_where_it_can_be_paid(
    x: FakeX, archive: Archive
) -> None:
    """The estimate is told; the count is paid for once, not again by the next run."""
    for n in range(40):
        x.write(f"post {n}", AT - 2 * DAY + n * HOUR)
    spender = Spender(x, archive)
    spender.since = AT - 3 * DAY
    page = spender.page()
    assert page.warnings == ("#natsec17: about 40 posts to be read, likely for $0.80",)
    (report,) = spender.poll()
    assert (report.state, report.stored.new) == (RunState.OK, 40)
    x.now += 120
    spender.poll()
    assert len(asked(x, "counts/recent")) == 2
    assert spender.rows("SELECT count(*) FROM gaps") == [0]
    assert spender.counted == x.bill.total


def test_a_back_fill_that_is_too_dear_waits_for_money(x: FakeX, archive: Archive) -> None:
    """The latest hour is read and the rest is a gap, until the budget is raised."""
    for n in range(300):
        x.write(f"post {n}", AT - 2 * DAY + n * 500)
    x.write("now", AT - 100)
    spender = Spender(x, archive, budget=10)
    spender.since = AT - 3 * DAY
    (report,) = spender.poll()
    assert (report.state, report.stored.new) == (RunState.OK, 1)
    assert spender.rows("SELECT start, reason FROM gaps WHERE filled_at IS NULL") == [
        (AT - 3 * DAY, UNAFFORDED)
    ]
    x.now += 60
    x.write("new", AT + 30)
    (report,) = spender.poll()
    assert (report.state, report.stored.new) == (RunState.OK, 1)
    assert len(asked(x, "counts/recent")) == 1
    assert spender.rows("SELECT count(*) FROM gaps WHERE filled_at IS NULL") == [1]
    x.now += 60
    rich = Spender(x, archive, budget=100)
    rich.since = spender.since
    (report,) = rich.poll()
    assert (report.state, report.stored.new) == (RunState.OK, 300)
    assert len(asked(x, "counts/recent")) == 1, "what was counted is known"
    assert spender.rows("SELECT count(*) FROM gaps WHERE filled_at IS NULL") == [0]
    x.now += 60
    (report,) = rich.poll()
    assert report.pages == 1


def test_with_no_share_nothing_is_back_filled_nor_counted(x: FakeX, archive: Archive) -> None:
    """Only the latest hour, and what comes."""
    x.write("old", AT - DAY)
    x.write("now", AT - 100)
    spender = Spender(x, archive, back_fill_share=0)
    spender.since = AT - 3 * DAY
    spender.poll()
    x.now += 60
    spender.poll()
    assert spender.rows("SELECT text FROM posts") == ["now #natsec17"]
    assert not asked(x, "counts/recent")
    assert spender.rows("SELECT count(*) FROM gaps WHERE filled_at IS NULL") == [1]


def test_what_is_older_than_the_search_is_a_gap(x: FakeX, archive: Archive) -> None:
    """Seven days, unless the whole archive may be searched."""
    x.write("ten days ago", AT - 10 * DAY)
    x.write("three days ago", AT - 3 * DAY)
    spender = Spender(x, archive)
    spender.since = AT - 14 * DAY
    (report,) = spender.poll()
    assert (report.state, report.stored.new) == (RunState.OK, 1)
    ((start, end, reason),) = spender.rows("SELECT start, end, reason FROM gaps")
    assert start == AT - 14 * DAY
    assert AT - 7 * DAY <= end < AT - 6.9 * DAY
    assert reason == "the search reaches back seven days"
    x.now += 60
    spender.poll()
    assert spender.rows("SELECT count(*) FROM gaps") == [1]


def test_the_whole_archive_is_searched_where_that_is_wanted(x: FakeX, archive: Archive) -> None:
    """By its own search and counts, the last days by the other; all of it paid for."""
    x.write("ten days ago", AT - 10 * DAY)
    x.write("three days ago", AT - 3 * DAY)
    spender = Spender(x, archive, full_archive=True)
    spender.since = AT - 14 * DAY
    (report,) = spender.poll()
    assert (report.state, report.stored.new) == (RunState.OK, 2)
    assert asked(x, "search/all")[0]["max_results"] == "500"
    assert len(asked(x, "counts/all")) == 1
    x.now += 60
    spender.poll()
    assert len(asked(x, "search/recent")) == 1
    assert spender.rows("SELECT count(*) FROM gaps") == [0]
    assert spender.counted == x.bill.total


def test_a_pause_is_made_good(x: FakeX, archive: Archive) -> None:
    """Counted first, as it is long; a week away is more than the search reaches back."""
    x.write("before", AT - 100)
    spender = Spender(x, archive)
    spender.poll()
    x.write("meanwhile", AT + 4 * HOUR)
    x.now += 8 * HOUR
    (report,) = spender.poll()
    assert (report.state, report.stored.new) == (RunState.OK, 1)
    assert len(asked(x, "counts/recent")) == 1
    x.now += 9 * DAY
    x.write("after", AT + 9 * DAY)
    (report,) = spender.poll()
    assert (report.state, report.stored.new) == (RunState.OK, 1)
    gaps = spender.rows("SELECT start, end FROM gaps WHERE filled_at IS NULL")
    assert len(gaps) == 1
    assert gaps[0][0] == AT + 8 * HOUR - 60
    assert spender.counted == x.bill.total


def test_quiet_weeks_leave_no_gap(x: FakeX, archive: Archive) -> None:
    """The newest post may be older than the search reaches, while everything has been read."""
    x.write("the only one", AT - 100)
    spender = Spender(x, archive)
    spender.poll()
    for _ in range(60):
        x.now += 6 * HOUR
        (report,) = spender.poll()
        assert report.state is RunState.OK, report.reason
    assert spender.rows("SELECT count(*) FROM gaps") == [0]


def test_accounts_are_searched_for_by_name(x: FakeX, archive: Archive) -> None:
    """What they post and where they are mentioned."""
    x.write("welcome", AT - 100, author="cpa_uk", tags=())
    x.write("thanks @CPA_UK", AT - 90, tags=())
    x.write("other", AT - 80, tags=())
    spender = Spender(x, archive)
    spender.accounts = ("cpa_uk", "ana@social.example")
    assert [report.stored.new for report in spender.poll()] == [0, 2]


def test_an_earlier_window_reads_only_what_is_earlier(x: FakeX, archive: Archive) -> None:
    """What was read is not read again."""
    x.write("early", AT - 3_000)
    x.write("late", AT - 600)
    spender = Spender(x, archive)
    spender.since = AT - 1_800
    spender.poll()
    x.now += 60
    spender.since = AT - 3_500
    (report,) = spender.poll()
    assert report.stored.new == 1
    assert x.bill.posts == 2
    assert "until_id" in asked(x, "recent")[-1]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("answer", status=429, headers={"x-rate-limit-reset": "9"}), RateLimitedError),
        (Fault("answer", status=401), DeniedError),
        (Fault("answer", status=402, body=b'{"title":"CreditsDepleted"}'), DeniedError),
        (Fault("answer", status=403, body=b'{"title":"Client Forbidden"}'), DeniedError),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)  # fmt: skip
def test_refusals_end_the_run_and_leave_the_cursor(
    x: FakeX, archive: Archive, fault: Fault, error: type[Exception]
) -> None:
    """The next run brings what this one did not."""
    x.write("one", AT - 60)
    x.faults = [fault]
    spender = Spender(x, archive)
    (report,) = spender.poll()
    assert isinstance(report.error, error)
    assert x.fired["answer"] == 1
    (report,) = spender.poll()
    assert (report.state, report.stored.new) == (RunState.OK, 1)


def test_the_budget_is_told_in_words(x: FakeX, archive: Archive) -> None:
    """What is spent and what is left, for `check --live` and the lamp."""
    x.write("one", AT - 60)
    spender = Spender(x, archive)
    spender.poll()

    async def job(source: Any) -> str:
        return str(await source.check(source.places(spender.query())[0]))

    assert spender.go(job) == "$0.01 of $50.00 spent in March 2027, $49.98 left"
    x.endless = True
    poor = Spender(x, archive, budget=0.4)
    (report,) = poor.poll()
    assert report.reason == (
        "sources.x: $0.01 of $0.40 spent in March 2027, $0.39 left; the next answer may cost"
        " $0.45, so that nothing is asked until there is more: raise budget, or wait for the next"
        " month"
    )
    assert spender.rows("SELECT budget FROM spending") == [400_000]


def test_an_old_stretch_that_x_refuses_is_a_gap_and_stops_nothing(
    x: FakeX, archive: Archive
) -> None:
    """Else the place would come no further for ever; a question that X refuses is told."""
    for n in range(250):
        x.write(f"post {n}", AT - 3_000 + n * 10)
    spender = Spender(x, archive)
    spender.poll(cap=1)
    x.now += 60

    async def job(source: Any) -> list[Any]:
        query = spender.query()
        (place,) = source.places(query)
        first = await source.fetch(place, archive.cursor(key_of(place)), query, True)
        x.faults = [Fault("answer", status=400)]
        second = await source.fetch(place, first.cursor, query, False)
        return [first, second]

    first, second = spender.go(job)
    assert (first.gaps, first.more) == ((), True)
    assert (second.more, second.cursor.complete) == (False, True)
    (gap,) = second.gaps
    assert gap.reason == "the search refuses this time"
    assert gap.start == AT - HOUR
    assert gap.end < AT - 1_000
    x.faults = [Fault("answer", status=400)]
    (report,) = spender.poll()
    assert report.state is RunState.FAILED


def test_the_last_request_of_a_quarter_of_an_hour_is_the_last(x: FakeX, archive: Archive) -> None:
    """By X's headers, before it refuses; only the page of the API that they are of is held up."""
    x.write("one", AT - 60)
    x.limits = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(time.time()) + 600)}
    spender = Spender(x, archive)

    async def job(source: Any) -> None:
        query = spender.query()
        (place,) = source.places(query)
        await source.fetch(place, None, query, True)
        with pytest.raises(RateLimitedError) as told:
            await source.fetch(place, None, query, True)
        assert 500 < told.value.retry_after <= 600
        await source.refresh("x.com", [KnownPost("https://x.com/i/status/1", "1", AT, AT)])

    spender.go(job)
    assert [each.path for each in x.asked] == ["/2/tweets/search/recent", "/2/tweets"]
    assert spender.rows("SELECT count(*) FROM holds") == [0]
