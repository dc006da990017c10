"""X's filtered stream beside the search: one archive, rules in step, and never past the budget."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any, cast

import pytest

from collect.spending import AT, DAY, DOLLAR, Spender
from fake_platform.mastodon import Fault
from fake_platform.x import FakeX
from hashwatch.archive.store import Archive
from hashwatch.collect.source import STREAM_DOWN, Place, Query, SpendingSource, StreamedSource
from hashwatch.collect.sources.x import X
from hashwatch.collect.sources.x.streaming import AHEAD
from hashwatch.errors import BudgetError, RateLimitedError, SourceError, UnreachableError
from hashwatch.model import Event, Page
from hashwatch.schedule import Collector, Connected

DEAREST = 45_000
EVENT = Event(
    "natsec17", "NATSEC17", ("natsec17",), "UTC", AT - DAY, AT + DAY, AT - 3_600, AT + DAY
)


async def until(condition: Callable[[], Any]) -> None:
    """Waits until it is so."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def pages_of(source: X, query: Query) -> AsyncGenerator[Page, None]:
    """What the stream brings."""
    assert isinstance(source, StreamedSource)
    assert source.beside is not None
    (place,) = source.beside.places(query)
    return cast(AsyncGenerator[Page, None], source.beside.stream(place, None, query))


def streaming(x: FakeX, archive: Archive, job: Any, **settings: Any) -> Spender:
    """Runs ``job(pages, source)`` with an open stream of a spender, which it gives back."""
    spender = Spender(x, archive, stream=True, **settings)

    async def run(source: X) -> None:
        pages = pages_of(source, spender.query())
        async with contextlib.aclosing(pages):
            await job(pages, source)

    spender.go(run)
    x.cut()
    while x.listeners:  # the server does not notice by itself that nobody listens any more
        time.sleep(0.01)
    return spender


def test_posts_come_as_they_are_written(x: FakeX, archive: Archive) -> None:
    """Whole, with their authors; signs of life are empty pages; each is paid for."""

    async def job(pages: AsyncGenerator[Page, None], source: X) -> None:
        assert not source.is_pushed("x.com")
        assert await anext(pages) == Page()
        assert source.is_pushed("x.com")
        x.push(x.boost(x.write("one", AT - 50), AT))
        page = await anext(pages)
        assert [post.kind for post in page.posts] == ["boost", "post"]
        x.say(b"\r\n")
        assert await anext(pages) == Page()

    spender = streaming(x, archive, job)
    assert x.bill.total == 2 * 5_000 + 2 * 10_000
    assert spender.counted == x.bill.total + 2 * DEAREST, "and what may have been on its way"
    assert spender.rows("SELECT count(*) FROM holds") == [0]


def test_rules_are_kept_in_step(x: FakeX, archive: Archive) -> None:
    """Ours that are old go, the right one is made and left; others' are not touched."""
    x.rules = {
        "1": {"id": "1", "value": "#old", "tag": "hashwatch"},
        "2": {"id": "2", "value": "#theirs", "tag": "another"},
    }
    theirs = x.write("theirs", AT, tags=("theirs",))

    async def job(pages: AsyncGenerator[Page, None], source: X) -> None:
        assert source.name == "x"
        await anext(pages)
        x.push(theirs)
        x.push(x.write("ours", AT))
        assert [post.text for post in (await anext(pages)).posts] == ["ours #natsec17"]

    streaming(x, archive, job)
    assert sorted((rule["tag"], rule["value"]) for rule in x.rules.values()) == [
        ("another", "#theirs"), ("hashwatch", "#natsec17"),
    ]  # fmt: skip
    ours = set(x.rules)
    streaming(x, archive, job)
    assert set(x.rules) == ours


@pytest.mark.parametrize("how", ["cut", "said"])
def test_the_end_of_the_stream_is_told_after_what_came(
    x: FakeX, archive: Archive, how: str
) -> None:
    """A connection that ends, and one that X says it ends."""

    async def job(pages: AsyncGenerator[Page, None], source: X) -> None:
        await anext(pages)
        x.push(x.write("last words", AT))
        if how == "cut":
            x.cut()
        else:
            x.say(b'{"errors":[{"title":"operational-disconnect","detail":"upstream"}]}\r\n')
        assert len((await anext(pages)).posts) == 1
        with pytest.raises(UnreachableError, match="closed" if how == "cut" else "upstream"):
            await anext(pages)
        assert not source.is_pushed("x.com")

    streaming(x, archive, job)


def test_a_second_connection_is_refused_and_costs_nothing(x: FakeX, archive: Archive) -> None:
    """As X does; the money held is given back."""

    async def job(pages: AsyncGenerator[Page, None], source: X) -> None:
        await anext(pages)
        other = pages_of(source, Query(("natsec17",), (), AT, AT + DAY, AT))
        with pytest.raises(RateLimitedError):
            await anext(other)
        query = Query(("natsec17",), (), AT - 60, AT + DAY, AT)
        await source.fetch(source.places(query)[0], None, query, True)  # that goes on

    spender = streaming(x, archive, job)
    assert x.fired["refused with 429"] == 1
    assert spender.counted == DEAREST, "that of the first, for what may have been on its way"


@pytest.mark.parametrize("budget", [5, 7.5, 10])
def test_a_flood_is_shut_before_the_budget_is_passed(
    x: FakeX, archive: Archive, budget: float
) -> None:
    """250 posts a second, each as dear as can be: X's bill stays below whatever comes after."""
    x.endless, x.flood = True, 250

    async def job(pages: AsyncGenerator[Page, None], source: X) -> None:
        assert source.name == "x"
        with pytest.raises(BudgetError, match="the stream is closed"):
            async for _ in pages:
                pass
        await until(lambda: not x.listeners)

    spender = streaming(x, archive, job, budget=budget)
    assert x.fired["hung up"] == 1
    assert x.bill.total <= budget * DOLLAR
    assert spender.counted >= x.bill.total - AHEAD * DEAREST
    x.flood = None
    errors: list[SourceError | None] = []
    while not (errors and isinstance(errors[-1], BudgetError)):
        x.now += 60
        (report,) = spender.poll()
        errors.append(report.error)
        assert x.bill.total <= budget * DOLLAR
    assert spender.counted >= x.bill.total > (budget - 4.5) * DOLLAR


def test_a_stream_that_could_cost_too_much_is_not_opened(x: FakeX, archive: Archive) -> None:
    """The search has to do."""

    async def job(pages: AsyncGenerator[Page, None], source: X) -> None:
        assert source.name == "x"
        with pytest.raises(BudgetError, match=r"may cost \$4\.50"):
            await anext(pages)

    streaming(x, archive, job, budget=4)
    assert not x.asked


def test_stream_and_search_make_one_archive(x: FakeX, archive: Archive) -> None:
    """Nothing twice, whichever brings it first, nor paid for twice; what is missed is searched."""
    before = x.write("before", AT - 100)
    spender = Spender(x, archive, stream=True)

    async def job(source: X) -> None:
        assert isinstance(source, SpendingSource)
        collector = Collector([EVENT], {"x": Connected(source)}, archive, now=lambda: x.now)
        stop = asyncio.Event()
        running = asyncio.create_task(collector.run(stop))
        await until(lambda: x.listeners)
        await until(lambda: spender.rows("SELECT count(*) FROM posts") == [1])
        x.push(before)
        x.push(x.write("streamed", AT))
        await until(lambda: spender.rows("SELECT count(*) FROM posts") == [2])
        x.cut()
        await until(lambda: x.fired["cut"] and not x.listeners)
        x.write("missed by the stream", AT + 1)
        stop.set()
        await running
        x.now += 60
        await collector.once()

    spender.go(job)
    texts = spender.rows("SELECT text FROM posts ORDER BY created_at")
    assert texts == ["before #natsec17", "streamed #natsec17", "missed by the stream #natsec17"]
    assert x.bill.posts == 3
    assert x.bill.total == 3 * 5_000 + 10_000
    assert (spender.counted - x.bill.total) % DEAREST == 0, "and what may have been on its way"
    assert spender.rows("SELECT count(*) FROM gaps WHERE filled_at IS NULL") == [0]


def test_a_hole_of_the_stream_is_filled_by_the_search(x: FakeX, archive: Archive) -> None:
    """It is a gap of each hashtag until then."""
    from hashwatch.collect import key_of
    from hashwatch.model import Gap

    spender = Spender(x, archive, stream=True)
    archive.open_gap(Gap("x", "x.com", AT - 600, AT - 60, STREAM_DOWN, "natsec17"), AT)
    spender.poll()
    assert spender.rows("SELECT count(*) FROM gaps WHERE filled_at IS NULL") == [0]
    assert key_of(Place("x", "x.com", "natsec17")).hashtag == "natsec17"


@pytest.mark.parametrize("status", [401, 403, 503])
def test_refused_rules_cost_nothing(x: FakeX, archive: Archive, status: int) -> None:
    """Nothing was listened to."""
    x.faults = [Fault("answer", status=status)]

    async def job(pages: AsyncGenerator[Page, None], source: X) -> None:
        assert source.name == "x"
        with pytest.raises(SourceError):
            await anext(pages)

    spender = streaming(x, archive, job)
    assert x.fired["answer"] == 1
    assert spender.counted == 0
    assert spender.rows("SELECT count(*) FROM holds") == [0]


def test_a_stream_without_a_sign_of_life_is_dead(
    x: FakeX, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X sends an empty line every 20 s."""
    monkeypatch.setattr("hashwatch.collect.sources.x.asking.SILENCE", 0.2)

    async def job(pages: AsyncGenerator[Page, None], source: X) -> None:
        assert await anext(pages) == Page()
        with pytest.raises(UnreachableError, match="broke off"):
            await anext(pages)
        assert not source.is_pushed("x.com")

    streaming(x, archive, job)


def test_a_post_that_was_cut_off_is_left_to_the_search(x: FakeX, archive: Archive) -> None:
    """It is no reject; the search brings it whole."""
    whole = x.write("whole", AT - 30)

    async def job(pages: AsyncGenerator[Page, None], source: X) -> None:
        assert await anext(pages) == Page()
        x.say(b'{"data":{"id":"' + whole.encode())
        x.cut()
        with pytest.raises(UnreachableError, match="closed the stream"):
            await anext(pages)
        query = Query(("natsec17",), (), AT - 600, AT + DAY, AT)
        page = await source.fetch(source.places(query)[0], None, query, True)
        assert [post.text for post in page.posts] == ["whole #natsec17"]

    streaming(x, archive, job)
    assert x.fired["cut"] >= 1
