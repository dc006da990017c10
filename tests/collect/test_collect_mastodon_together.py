"""Several hashtags in one request: only where a server is known to honour it; nothing is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_platform.mastodon import FakeMastodon, Fault
from hashwatch.archive.store import Archive
from hashwatch.collect import collect
from hashwatch.collect.http import Http
from hashwatch.collect.source import Pace, Place, Query
from hashwatch.collect.sources.mastodon import Settings, connect
from hashwatch.collect.sources.mastodon.together import (
    Learnt,
    groups,
    led,
    read_learnt,
    to_ask,
    to_remember,
)
from hashwatch.model import Event
from hashwatch.schedule import Collector, Connected

AT = 1_490_961_600
DAY = 86_400
TAGS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot")
EVENT = Event("fair", "Fair", TAGS, "Europe/London", AT - DAY, AT + DAY, AT - 2 * DAY, AT + 2 * DAY)
WORDS = st.lists(st.sampled_from([*TAGS, "golf", "hotel", "india"]), unique=True, max_size=9)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


def rounds(
    archive: Archive, mastodon: FakeMastodon, times: int = 1, *, at: int = AT, step: int = 60
) -> None:
    """So many rounds of a collector that has just been started."""
    wall = [float(at)]

    async def job() -> None:
        http = Http(deadline=5)
        try:
            source = connect(Settings.model_validate({"servers": [mastodon.url]}), http)
            source.pace = Pace(15, 120, 60_000)
            connected = {"mastodon": Connected(source)}
            collector = Collector([EVENT], connected, archive, now=lambda: wall[0])
            for _ in range(times):
                await collector.once()
                wall[0] += step
        finally:
            await http.close()

    asyncio.run(job())


def rows(archive: Archive, sql: str) -> list[Any]:
    """What another connection sees; single columns bare."""
    with closing(sqlite3.connect(archive.path)) as connection:
        found = connection.execute(sql).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def asked(mastodon: FakeMastodon) -> list[tuple[str, ...]]:
    """The hashtags of each request to a timeline: that of the path, then the others."""
    return [
        (one.path.rpartition("/")[2], *one.every.get("any[]", ()))
        for one in mastodon.asked
        if "/timelines/tag/" in one.path
    ]


@given(WORDS, WORDS, st.sampled_from([True, False, None]))
def test_every_hashtag_is_asked_for_once(
    hashtags: list[str], leaders: list[str], honours: bool | None
) -> None:
    """Four at most together, each group led by one that the server has posts of."""
    learnt = Learnt(honours, tuple(leaders))
    made = groups(hashtags, learnt)
    assert sorted(hashtag for group in made for hashtag in group) == sorted(hashtags)
    assert groups(sorted(hashtags, reverse=True), learnt)[: len(made)] == made or not honours
    for group in made:
        assert len(group) <= 4
        leader, others = led(group, learnt)
        assert {leader, *others} == set(group)
        assert len(group) == 1 or (honours and leader in leaders)


def test_a_measurement_holds_for_a_day() -> None:
    """Until then nothing is asked, unless a hashtag is new or nothing could be told."""
    query = Query(("alpha", "bravo"), (), AT - DAY, AT + DAY, AT)
    fresh = Learnt(True, ("alpha",), ("alpha", "bravo"), AT - DAY + 1)
    assert to_ask(Learnt(), query) == ("alpha", "bravo")
    assert to_ask(fresh, query) == ()
    assert to_ask(Learnt(True, ("alpha",), ("alpha", "bravo"), AT - DAY), query)
    assert to_ask(Learnt(True, ("alpha",), ("alpha",), AT), query)
    assert to_ask(Learnt(None, (), ("alpha", "bravo"), AT - 599), query) == ()
    assert to_ask(Learnt(None, (), ("alpha", "bravo"), AT - 600), query)
    assert to_ask(Learnt(), Query(("alpha",), (), AT, AT + 1, AT)) == ()


def test_four_go_together_where_the_server_honours_it(
    archive: Archive, mastodon: FakeMastodon
) -> None:
    """A round then costs two requests instead of six, and brings the same."""
    for number in range(300):
        mastodon.post(f"{number}", AT - 900 + number, tags=(TAGS[number % 6],))
    rounds(archive, mastodon)
    assert rows(archive, "SELECT count(*) FROM posts") == [300]
    assert rows(archive, "SELECT DISTINCT hashtag FROM runs") == [
        "alpha bravo charlie delta", "echo foxtrot",
    ]  # fmt: skip
    mastodon.asked.clear()
    mastodon.post("later", AT + 5, tags=("delta",))
    rounds(archive, mastodon, at=AT + 60)  # started again: what was measured is remembered
    assert sorted(set(asked(mastodon))) == [
        ("alpha", "bravo", "charlie", "delta"), ("echo", "foxtrot"),
    ]  # fmt: skip
    assert rows(archive, "SELECT count(*) FROM posts") == [301]


def test_takahe_ignores_it_and_is_asked_one_by_one(
    archive: Archive, mastodon: FakeMastodon
) -> None:
    """Nothing is lost, and it is not measured again until a day later."""
    mastodon.ignores = {"any[]"}
    for number in range(60):
        mastodon.post(f"{number}", AT - 900 + number, tags=(TAGS[number % 6],))
    rounds(archive, mastodon)
    together = [each for each in asked(mastodon) if len(each) > 1]
    assert together == [("alpha", "bravo")]  # the measurement
    assert rows(archive, "SELECT count(*) FROM posts") == [60]
    rounds(archive, mastodon, at=AT + 60)
    assert [each for each in asked(mastodon) if len(each) > 1] == together
    assert set(rows(archive, "SELECT hashtag FROM runs")) == set(TAGS)


def test_a_hashtag_that_nobody_has_used_never_leads(
    archive: Archive, mastodon: FakeMastodon
) -> None:
    """Mastodon would answer with nothing at all; where none of a group was used, each by itself."""
    for number in range(10):
        mastodon.post(f"{number}", AT - 900 + number, tags=(TAGS[2 + number % 2],))
    rounds(archive, mastodon)
    assert rows(archive, "SELECT count(*) FROM posts") == [10]
    assert set(rows(archive, "SELECT hashtag FROM runs")) == {
        "alpha bravo charlie delta", "echo", "foxtrot",
    }  # fmt: skip
    assert ("charlie", "alpha", "bravo", "delta") in asked(mastodon)
    mastodon.post("the first of its kind", AT + 5, tags=("alpha",))
    mastodon.post("another", AT + 6, tags=("foxtrot",))
    rounds(archive, mastodon, at=AT + 60)
    assert rows(archive, "SELECT count(*) FROM posts") == [12]


def test_nothing_can_be_told_from_posts_with_both(archive: Archive, mastodon: FakeMastodon) -> None:
    """Then each is asked for by itself, and measured again ten minutes later."""
    mastodon.post("both", AT - 900, tags=TAGS)
    rounds(archive, mastodon, 3)
    assert all(len(each) == 1 for each in asked(mastodon))
    learnt = rows(archive, "SELECT cursor FROM cursors WHERE hashtag = '?'")
    assert len(learnt) == 1
    mastodon.post("one", AT - 5, tags=("bravo",))
    rounds(archive, mastodon, 1, at=AT + 700)
    assert any(len(each) == 4 for each in asked(mastodon))
    assert rows(archive, "SELECT count(*) FROM posts") == [2]


def test_a_measurement_that_fails_is_made_again(archive: Archive, mastodon: FakeMastodon) -> None:
    """The poll meets the same failure and says so."""
    for number in range(12):
        mastodon.post(f"{number}", AT - 900 + number, tags=(TAGS[number % 6],))
    mastodon.faults = [Fault(status=503, times=2)]
    rounds(archive, mastodon)
    assert mastodon.fired["answer"] == 2
    assert rows(archive, "SELECT state FROM runs") == ["failed"]
    rounds(archive, mastodon, at=AT + 60)
    assert rows(archive, "SELECT count(*) FROM posts") == [12]
    assert any(len(each) == 4 for each in asked(mastodon))


def test_a_gap_is_that_of_each_hashtag(archive: Archive, mastodon: FakeMastodon) -> None:
    """So that it is filled whoever reads it again: all together, or each by itself."""
    for number in range(12):
        mastodon.post(f"{number}", AT - 900 + number, tags=(TAGS[number % 6],))
    rounds(archive, mastodon)
    place = Place("mastodon", mastodon.instance, "alpha bravo charlie delta")
    assert place.what == "#alpha #bravo #charlie #delta"

    async def one_run(now: int, where: Place) -> None:
        http = Http(deadline=5)
        source = connect(Settings.model_validate({"servers": [mastodon.url]}), http)
        source.remember(mastodon.instance, None)
        query = Query(TAGS, (), AT - DAY, AT + DAY, now)
        await collect(source, where, archive, query, now=lambda: now)
        await http.close()

    mastodon.faults = [Fault(status=503)]
    asyncio.run(one_run(AT + 4_000, place))
    gaps = rows(archive, "SELECT hashtag, filled_at IS NULL FROM gaps ORDER BY hashtag")
    assert gaps == [(hashtag, 1) for hashtag in TAGS[:4]]
    asyncio.run(one_run(AT + 4_100, Place("mastodon", mastodon.instance, "bravo")))
    gaps = rows(archive, "SELECT hashtag FROM gaps WHERE filled_at IS NULL ORDER BY hashtag")
    assert gaps == ["alpha", "charlie", "delta"]
    asyncio.run(one_run(AT + 4_200, place))
    assert rows(archive, "SELECT count(*) FROM gaps WHERE filled_at IS NULL") == [0]


@given(st.builds(Learnt, st.sampled_from([True, False, None]), WORDS.map(tuple)))
def test_what_was_learnt_is_remembered(learnt: Learnt) -> None:
    """In the form of a cursor; without one nothing is known."""
    assert read_learnt(to_remember(learnt)) == learnt
    assert read_learnt(None) == Learnt()
