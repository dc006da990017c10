"""Servers that cannot be asked for known posts, or fail: nothing is lost, nothing deleted."""

from __future__ import annotations

import pytest

from collect.rounds import AT, Round, going, rows
from fake_platform.mastodon import FakeMastodon, Fault
from hashwatch.archive.store import Archive
from hashwatch.collect.sources.mastodon.refreshing import AGAIN, BATCH, Batches
from hashwatch.errors import BadAnswerError, DeniedError, RateLimitedError, UnreachableError
from hashwatch.model import RunState


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


def test_several_are_asked_for_again_after_a_while() -> None:
    """A token that ran out for a moment does not make a server slow for ever; each refusal more
    makes it wait longer."""
    batches = Batches()
    for patience in (AGAIN, 2 * AGAIN):
        assert batches.have_failed("town.example")
        for _ in range(patience):
            assert batches.size("town.example") == 1
            assert batches.one_was_found("town.example") == ""
        assert batches.size("town.example") == BATCH


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
