"""Known posts asked for again: what is changed, what is deleted and what is only lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fake_platform.mastodon import FakeMastodon, Fault, Timeline
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect, no_wait
from hashwatch.collect.http import Http
from hashwatch.collect.refreshing import DAY, refresh
from hashwatch.collect.source import Place, Query, RefreshingSource
from hashwatch.collect.sources.mastodon import Mastodon, Settings, connect
from hashwatch.collect.sources.mastodon.refreshing import BATCH
from hashwatch.errors import BadAnswerError, DeniedError, RateLimitedError, UnreachableError
from hashwatch.model import RunState

AT = 1_490_961_600
SINCE = AT - 30 * DAY


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


@pytest.fixture
def home() -> Iterator[FakeMastodon]:
    """The server that its people's posts were written on."""
    with FakeMastodon() as server:
        server.home = server.url
        yield server


@pytest.fixture
def elsewhere() -> Iterator[FakeMastodon]:
    """A server that posts come to."""
    with FakeMastodon() as server:
        server.home = server.url
        yield server


class Round:
    """Collects from some servers and asks them again, on a clock of the test's own."""

    def __init__(self, archive: Archive, source: Mastodon, servers: Sequence[FakeMastodon]) -> None:
        self.archive, self.source, self.servers = archive, source, servers
        self.now = AT + 60
        self.requests = 100

    async def poll(self) -> None:
        """Every server's timeline."""
        query = Query(("natsec17",), (), SINCE, AT + 30 * DAY, self.now)
        for server in self.servers:
            place = Place("mastodon", server.instance, "natsec17")
            report = await collect(self.source, place, self.archive, query, now=lambda: self.now)
            assert report.state is RunState.OK, report.reason

    async def again(self, server: FakeMastodon) -> RunReport | None:
        """What is due at one server."""
        return await refresh(
            self.source, server.instance, self.archive, SINCE,
            now=lambda: self.now, turn=no_wait, requests=self.requests,
        )  # fmt: skip


def going(
    archive: Archive, servers: Sequence[FakeMastodon], job: Callable[[Round], Awaitable[None]]
) -> None:
    """Runs ``job`` with a source that knows these servers."""

    async def run() -> None:
        http = Http(deadline=5)
        try:
            urls = {"servers": [server.url for server in servers]}
            source = connect(Settings.model_validate(urls), http)
            assert isinstance(source, RefreshingSource)
            await job(Round(archive, source, servers))
        finally:
            await http.close()

    asyncio.run(run())


def rows(archive: Archive, sql: str) -> list[Any]:
    """What another connection sees; single columns bare."""
    with closing(sqlite3.connect(archive.path)) as connection:
        found = connection.execute(sql).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def test_counts_and_edits_are_seen_again(archive: Archive, home: FakeMastodon) -> None:
    """What changed long after the timeline had gone by is in the archive; what has not is not."""
    first = home.post("one", AT)
    second = home.post("two", AT + 1)

    async def job(round: Round) -> None:
        await round.poll()
        assert await round.again(home) is None  # nothing is due so soon
        changes = rows(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'")
        round.now += 600
        home.edit(first, "one, better", AT + 300)
        home.statuses[int(second)]["favourites_count"] = 7
        report = await round.again(home)
        assert report is not None
        assert (report.state, report.pages, report.stored.changed) == (RunState.OK, 1, 2)
        assert set(home.asked[-1].every["id[]"]) == {first, second}
        assert rows(archive, "SELECT text, likes FROM posts ORDER BY created_at") == [
            ("one, better", 0), ("two #natsec17", 7),
        ]  # fmt: skip
        assert rows(archive, "SELECT text FROM versions") == ["one #natsec17"]
        assert rows(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'") > changes
        changes = rows(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'")
        round.now += 600
        report = await round.again(home)
        assert report is not None
        assert report.stored.changed == 0
        assert rows(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'") == changes
        runs = rows(archive, "SELECT state, received, new FROM runs WHERE hashtag = '*'")
        assert runs == [("ok", 2, 0), ("ok", 2, 0)]

    going(archive, [home], job)


def test_a_post_gone_from_its_own_server_is_deleted(archive: Archive, home: FakeMastodon) -> None:
    """Everywhere, with its versions and counts, and it does not come back from elsewhere."""
    home.post("stays", AT)
    gone = home.post("goes", AT + 1)
    copy = dict(home.statuses[int(gone)])

    async def job(round: Round) -> None:
        await round.poll()
        home.edit(gone, "goes soon", AT + 60)
        round.now += 600
        await round.again(home)
        home.delete(gone)
        round.now += 600
        report = await round.again(home)
        assert report is not None
        assert (report.state, report.stored.deleted) == (RunState.OK, 1)
        # Made sure of by itself, and that there still is a server that knows of posts.
        assert [one.path for one in home.asked[-2:]] == [
            f"/api/v1/statuses/{gone}", "/api/v1/instance",
        ]  # fmt: skip
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]
        for table in ("versions", "engagement"):
            assert rows(archive, f"SELECT count(*) FROM {table}") == [0]
        assert rows(archive, "SELECT reason FROM tombstones") == ["deleted at its own server"]
        (number,) = rows(archive, "SELECT ref FROM changes WHERE kind = 'gone'")
        assert number not in rows(archive, "SELECT id FROM posts")
        home.receive(copy, AT + 700)
        await round.poll()
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]

    going(archive, [home], job)


def test_a_post_gone_from_another_server_is_not(
    archive: Archive, home: FakeMastodon, elsewhere: FakeMastodon
) -> None:
    """That server has blocked its author, or cleared its cache: the post stays, and is asked for
    at a server that still has it."""
    number = home.post("stays", AT)
    copy = elsewhere.receive(home.statuses[int(number)], AT + 5)
    home.unknown_tag_is_missing = True

    async def job(round: Round) -> None:
        round.servers = [elsewhere]
        await round.poll()
        elsewhere.delete(copy)
        round.now += 600
        report = await round.again(elsewhere)
        assert report is not None
        assert (report.state, report.stored.deleted) == (RunState.OK, 0)
        assert elsewhere.asked[-1].path in ("/api/v1/instance", f"/api/v1/statuses/{copy}")
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]
        assert rows(archive, "SELECT count(*) FROM tombstones") == [0]
        round.now += DAY
        asked = len(elsewhere.asked)
        assert await round.again(elsewhere) is None  # it has said that it has it no more
        assert len(elsewhere.asked) == asked
        elsewhere.receive(home.statuses[int(number)], AT + DAY)
        await round.poll()
        round.now += DAY
        report = await round.again(elsewhere)
        assert report is not None  # it has it again
        assert (report.stored.received, report.stored.deleted) == (1, 0)

    going(archive, [home, elsewhere], job)


def test_a_post_is_asked_for_at_one_server(
    archive: Archive, home: FakeMastodon, elsewhere: FakeMastodon
) -> None:
    """Its own, if that is among them; the deletion is heard there whatever the other still has."""
    number = home.post("seen twice", AT)
    elsewhere.receive(home.statuses[int(number)], AT + 5)

    async def job(round: Round) -> None:
        round.servers = [elsewhere, home]
        await round.poll()
        round.now += 600
        assert await round.again(elsewhere) is None
        home.delete(number)
        report = await round.again(home)
        assert report is not None
        assert report.stored.deleted == 1
        assert rows(archive, "SELECT count(*) FROM posts") == [0]

    going(archive, [home, elsewhere], job)


def test_the_other_server_is_asked_when_the_first_has_lost_it(
    archive: Archive, home: FakeMastodon, elsewhere: FakeMastodon
) -> None:
    """A post of a third server, seen on two: both counts are not asked for, but one always is."""
    third = Timeline()
    number = third.post("from afar", AT)
    one = home.receive(third.statuses[int(number)], AT + 5)
    two = elsewhere.receive(third.statuses[int(number)], AT + 6)

    async def job(round: Round) -> None:
        round.servers = [home, elsewhere]
        await round.poll()
        round.now += 600
        reports = {server: await round.again(server) for server in (home, elsewhere)}
        asked = [server for server, report in reports.items() if report is not None]
        assert len(asked) == 1
        asked[0].delete(one if asked[0] is home else two)
        round.now += 600
        await round.again(asked[0])
        assert rows(archive, "SELECT count(*) FROM posts") == [1]
        other = elsewhere if asked[0] is home else home
        report = await round.again(other)
        assert report is not None
        assert report.stored.received == 1

    going(archive, [home, elsewhere], job)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=404, body=b"{}"),
        Fault(status=405, body=b"<html>Method Not Allowed</html>"),
        Fault(status=422, body=b'{"error": "Validation failed"}'),
        Fault(status=401, body=b'{"error": "This method requires an authenticated user"}'),
    ],
    ids=lambda fault: str(fault.status),
)
def test_a_server_without_the_call_is_asked_one_by_one(
    archive: Archive, home: FakeMastodon, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, and nothing is taken for deleted meanwhile."""
    for number in range(3):
        home.post(f"{number}", AT + number)
    home.most_ids = 0

    async def job(round: Round) -> None:
        await round.poll()
        round.now += 600
        home.faults = [fault]
        report = await round.again(home)
        assert home.fired["answer"] == 1
        assert report is not None
        assert (report.state, report.stored.received) == (RunState.OK, 0)
        assert "gives known posts one by one only" in caplog.text
        assert round.source.refresh_size(home.instance) == 1
        round.requests = 2
        report = await round.again(home)
        assert report is not None
        assert (report.pages, report.stored.received) == (2, 2)
        report = await round.again(home)
        assert report is not None
        assert report.stored.received == 1
        assert rows(archive, "SELECT count(*) FROM posts") == [3]

    going(archive, [home], job)


def test_a_server_that_ignores_the_ids_deletes_nothing(
    archive: Archive, home: FakeMastodon
) -> None:
    """An empty list is no proof: each is asked for by itself, from then on always."""
    for number in range(3):
        home.post(f"{number}", AT + number)
    home.ignores = {"id[]"}

    async def job(round: Round) -> None:
        await round.poll()
        round.now += 600
        report = await round.again(home)
        assert report is not None
        assert (report.stored.received, report.stored.deleted) == (3, 0)
        assert round.source.refresh_size(home.instance) == 1
        assert rows(archive, "SELECT count(*) FROM posts") == [3]

    going(archive, [home], job)


def test_a_website_in_the_place_of_a_server_deletes_nothing(
    archive: Archive, home: FakeMastodon
) -> None:
    """All its pages are missing, that of the API's own description among them."""
    home.post("stays", AT)

    async def job(round: Round) -> None:
        await round.poll()
        round.now += 600
        home.is_website = True
        report = await round.again(home)
        report = await round.again(home) if report and not report.error else report
        assert report is not None
        assert isinstance(report.error, BadAnswerError)
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]

    going(archive, [home], job)


def test_another_post_under_a_known_id_changes_nothing(
    archive: Archive, home: FakeMastodon
) -> None:
    """A server that was set up anew gives its numbers a second time."""
    number = home.post("stays", AT)

    async def job(round: Round) -> None:
        await round.poll()
        home.statuses[int(number)] |= {"uri": f"{home.url}/users/eve/statuses/9", "content": "no"}
        round.now += 600
        report = await round.again(home)
        assert report is not None
        assert (report.stored.received, report.stored.deleted) == (0, 0)
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]
        assert await round.again(home) is None

    going(archive, [home], job)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=429, headers={"Retry-After": "30"}), RateLimitedError),
        (Fault(status=503), UnreachableError),
        (Fault("cut", cut=40), BadAnswerError),
        (Fault("drop"), UnreachableError),
        (Fault(status=200, body=b"<html>Welcome</html>"), BadAnswerError),
        (Fault(status=401), DeniedError),
    ],
    ids=lambda value: getattr(value, "kind", "") + str(getattr(value, "status", "")),
)
def test_a_failure_loses_and_deletes_nothing(
    archive: Archive, home: FakeMastodon, fault: Fault, error: type[Exception]
) -> None:
    """The run says why, and what was not answered for is due the next time."""
    home.post("stays", AT)

    async def job(round: Round) -> None:
        await round.poll()
        round.now += 600
        home.faults = [fault]
        report = await round.again(home)
        assert home.fired[fault.kind] == 1
        assert report is not None
        assert isinstance(report.error, error)
        assert report.state is RunState.FAILED
        assert rows(archive, "SELECT state FROM runs WHERE hashtag = '*'") == ["failed"]
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]

    going(archive, [home], job)

    async def later(round: Round) -> None:
        round.now += 600
        report = await round.again(home)
        assert report is not None
        assert (report.state, report.stored.received) == (RunState.OK, 1)

    going(archive, [home], later)


def test_a_boost_and_its_original_are_both_asked_for(archive: Archive, home: FakeMastodon) -> None:
    """A boost that was taken back goes; what it had boosted stays."""
    original = home.post("said first", AT)
    boost = home.boost(original, AT + 5)

    async def job(round: Round) -> None:
        await round.poll()
        round.now += 600
        home.delete(boost)
        report = await round.again(home)
        assert report is not None
        assert report.stored.deleted == 1
        assert rows(archive, "SELECT kind FROM posts") == ["post"]

    going(archive, [home], job)


def test_old_posts_are_found_by_the_index(archive: Archive, home: FakeMastodon) -> None:
    """A day's round reads those that are due, not the archive."""
    for number in range(BATCH + 5):
        home.post(f"{number}", AT - 3 * DAY + number)

    async def job(round: Round) -> None:
        await round.poll()
        assert await round.again(home) is None
        round.now += DAY
        round.requests = 1
        for expected in (BATCH, 5):
            report = await round.again(home)
            assert report is not None
            assert report.stored.received == expected
        assert await round.again(home) is None

    going(archive, [home], job)
    key = PlaceKey("mastodon", home.instance, "*")
    asked = {"since": SINCE, "recent": AT + 5 * DAY, "checked_before": AT + 9 * DAY}
    assert len(archive.known_posts(key, **asked, most=7)) == 7
