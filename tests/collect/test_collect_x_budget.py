"""X's money: what X charges by its own account never passes the budget, whatever happens."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from collect.spending import AT, DAY, DOLLAR, HOUR, Spender
from fake_platform.mastodon import Fault
from fake_platform.x import FakeX
from hashwatch.archive.copies import back_up, restore
from hashwatch.archive.store import Archive
from hashwatch.errors import BudgetError, UnreachableError
from hashwatch.model import RunState
from hashwatch.schedule.money import ArchiveLedger

MONTH = "2027-03"
# A post with an original and two authors, as the endless server sends them: the dearest possible
# answer has another original and author more.
DEAREST = 45_000


def test_endless_pages_are_read_until_the_budget_is_spent_and_no_further(
    x: FakeX, archive: Archive
) -> None:
    """Run after run, each with a source of its own: X's bill stays below, and comes near."""
    x.endless = True
    spender = Spender(x, archive, budget=20, back_fill_share=1.0)
    errors: list[Any] = []
    for _ in range(12):
        (report,) = spender.poll()
        errors.append(report.error)
        assert x.bill.by_month[MONTH] <= 20 * DOLLAR
        assert spender.counted == x.bill.by_month[MONTH]
        x.now += 60
    assert isinstance(errors[-1], BudgetError)
    assert x.bill.by_month[MONTH] > 20 * DOLLAR - 10 * DEAREST
    posts = spender.rows("SELECT count(*) FROM posts")[0]
    assert posts == x.bill.posts
    gaps = spender.rows("SELECT reason FROM gaps WHERE filled_at IS NULL")
    assert "reading it would pass the budget" in gaps


class Killed(BaseException):
    """The process is gone."""


def dying(archive: Archive, name: str, chance: random.Random, *, after: bool) -> None:
    """Makes one of the archive's writes the last thing that is done, at some call of it."""
    write: Callable[..., Any] = getattr(archive, name)
    left = chance.randrange(1, 4)

    def write_or_die(*arguments: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left > 0:
            return write(*arguments, **options)
        if after:
            write(*arguments, **options)
        raise Killed(name)

    setattr(archive, name, write_or_die)


@pytest.mark.parametrize("seed", range(6))
def test_kills_between_page_and_commit_never_overspend(x: FakeX, tmp_path: Path, seed: int) -> None:
    """Killed before and after the money is held, settled, and the page stored, time and again."""
    x.endless = True
    chance = random.Random(seed)
    path = tmp_path / "killed.db"
    kills = 0
    points = [(name, after) for name in ("hold_money", "settle_money", "store")
              for after in (False, True)]  # fmt: skip
    budget = chance.randrange(15, 30)
    spent = False
    for number in range(60):
        archive = Archive(path)
        name, after = points[(seed + number) % len(points)]
        dying(archive, name, chance, after=after)
        try:
            reports = Spender(x, archive, budget=budget, back_fill_share=1.0).poll(cap=4)
            spent = isinstance(reports[-1].error, BudgetError)
        except Killed:
            kills += 1
        archive.close()
        assert x.bill.by_month[MONTH] <= budget * DOLLAR, (name, after, number)
        if spent:
            break
        x.now += 30
    assert spent
    assert kills >= 2


def test_a_lost_answer_counts_as_spent(x: FakeX, archive: Archive) -> None:
    """X charged it, so it is held for good; the next page asked for is a small one."""
    x.endless = True
    spender = Spender(x, archive, budget=20)
    x.faults = [Fault("drop", times=1)]

    async def job(source: Any) -> None:
        query = spender.query()
        place = source.places(query)[0]
        with pytest.raises(UnreachableError, match="cannot be reached"):
            await source.fetch(place, None, query, True)
        await source.fetch(place, None, query, True)
        await source.fetch(place, None, query, True)

    spender.go(job)
    assert x.fired["drop"] == 1
    sizes = [int(each.parameters["max_results"]) for each in x.asked]
    assert sizes == [100, 10, 100]
    assert spender.rows("SELECT amount FROM holds") == [100 * DEAREST]
    held, spent = 100 * DEAREST, spender.counted
    assert x.bill.total <= held + spent <= 20 * DOLLAR


@pytest.mark.parametrize(
    "fault",
    [
        Fault("answer", status=429, headers={"retry-after": "60"}),
        Fault("answer", status=403, body=b'{"title":"Forbidden"}'),
        Fault("answer", status=402, body=b'{"title":"CreditsDepleted"}'),
        Fault("answer", status=400, body=b'{"title":"Invalid Request"}'),
        Fault("answer", status=503),
    ],
    ids=lambda fault: str(fault.status),
)
def test_what_x_refuses_costs_nothing(x: FakeX, archive: Archive, fault: Fault) -> None:
    """The money that was held is given back."""
    x.faults = [fault]
    spender = Spender(x, archive)
    (report,) = spender.poll()
    assert x.fired["answer"] == 1
    assert report.state is RunState.FAILED
    assert spender.rows("SELECT count(*) FROM holds") == [0]
    assert spender.counted == x.bill.total == 0
    if fault.status == 402:
        assert "add credits" in report.reason


def test_what_x_never_heard_costs_nothing(x: FakeX, archive: Archive) -> None:
    """A host that is not there."""
    spender = Spender(x, archive, host="http://127.0.0.1:1")
    (report,) = spender.poll()
    assert report.state is RunState.FAILED
    assert spender.rows("SELECT count(*) FROM holds") == [0]


def test_the_same_post_is_paid_for_once_a_day(x: FakeX, archive: Archive) -> None:
    """Read again on the same day it is free, on the next it is not; and X agrees."""
    x.write("one", AT - 60)
    spender = Spender(x, archive)
    spender.poll()
    post_and_author = 15_000
    assert spender.counted == x.bill.total == post_and_author
    with closing(Archive(archive.path)) as again:
        Spender(x, again).page()
        assert spender.counted == x.bill.total == post_and_author
        x.now += DAY
        other = Spender(x, again)
        other.since = AT + DAY - HOUR
        x.write("two", AT + DAY - 120)
        other.page()
    assert spender.counted == x.bill.total == 2 * post_and_author


def test_around_midnight_it_counts_more_than_x_does_and_never_less(
    x: FakeX, archive: Archive
) -> None:
    """Whose day it is cannot be known when the clocks may differ."""
    midnight = AT - AT % DAY + DAY
    x.write("one", midnight - 400)
    spender = Spender(x, archive, overlap_minutes=30)
    spender.since = midnight - HOUR + 600
    for now in range(midnight - 300, midnight + 1_500, 300):
        x.now = now
        spender.poll()
        assert x.bill.total <= spender.counted
    assert x.bill.total == 2 * 15_000
    assert spender.counted > x.bill.total


def test_near_the_end_of_a_month_it_counts_in_both(x: FakeX, archive: Archive) -> None:
    """Neither month's budget is passed, whichever X thinks it is."""
    x.endless = True
    april = 1_806_537_600
    x.now = april - 120.0
    spender = Spender(x, archive, budget=5)
    spender.since = april - 7_200
    spender.poll()
    months = spender.rows("SELECT month, spent FROM spending")
    assert [month for month, _ in months] == [april - 31 * DAY, april]
    assert months[0][1] == months[1][1] > 0
    x.now = april + 120.0
    spender.poll()
    for name in ("2027-03", "2027-04"):
        assert x.bill.by_month[name] <= 5 * DOLLAR


def test_a_new_month_has_a_new_budget(x: FakeX, archive: Archive) -> None:
    """What was spent in the last one counts no more."""
    x.endless = True
    spender = Spender(x, archive, budget=2)
    spender.poll()
    (report,) = spender.poll()
    assert isinstance(report.error, BudgetError)
    x.now += 31 * DAY
    spender.since = int(x.now) - HOUR
    (report,) = spender.poll()
    assert report.stored.new > 0
    assert all(spent <= 2 * DOLLAR for spent in x.bill.by_month.values())
    assert len(x.bill.by_month) == 2


def test_without_a_ledger_nothing_is_asked(x: FakeX) -> None:
    """Whoever forgets it spends nothing."""
    import asyncio

    from hashwatch.collect.http import Http
    from hashwatch.collect.source import Query
    from hashwatch.collect.sources.x import Settings, connect
    from hashwatch.errors import DeniedError

    async def run() -> None:
        http = Http()
        table = {"budget": 5, "token_env": "X_TOKEN", "host": x.url}
        source = connect(Settings.model_validate(table), http)
        query = Query(("natsec17",), (), AT - HOUR, AT + DAY, AT)
        try:
            with pytest.raises(DeniedError, match="cannot be written down"):
                await source.fetch(source.places(query)[0], None, query, True)
        finally:
            await http.close()

    asyncio.run(run())
    assert not x.asked


def test_an_older_archive_in_its_place_forgets_nothing_of_it(x: FakeX, tmp_path: Path) -> None:
    """What was spent, held and paid for since the back-up is carried over into it."""
    x.endless = True
    path, copy = tmp_path / "archive.db", tmp_path / "copy.db"
    with closing(Archive(path)) as archive:
        back_up(path, copy)
        spender = Spender(x, archive, budget=3)
        spender.poll()
        spent = spender.counted
        archive.hold_money("x", 7, 3 * DOLLAR, x.now)
    assert spent == x.bill.total > DOLLAR
    restore(copy, path, "now")
    with closing(Archive(path)) as archive:
        stands = archive.money("x", 3 * DOLLAR, x.now)
        assert (stands.spent, stands.held) == (spent, 7)
        assert archive.hold_money("x", 3 * DOLLAR, 3 * DOLLAR, x.now) is None
        again = Spender(x, archive, budget=3)
        again.poll()
        assert again.rows("SELECT count(*) FROM posts") == [0]
        assert x.bill.total <= 3 * DOLLAR
    path.write_bytes(b"no archive")
    restore(copy, path, "later")


def test_known_posts_rest_around_midnight(x: FakeX, archive: Archive) -> None:
    """They would be counted twice; a few minutes later they are asked for."""
    midnight = AT - AT % DAY + DAY
    x.now = midnight - 2_400
    x.write("one", x.now - 60)
    spender = Spender(x, archive)
    spender.poll()
    x.now = midnight - 300
    assert spender.again() is None
    x.now = midnight + 900
    assert spender.again() is not None


def test_known_posts_have_a_part_of_the_budget_and_no_more(x: FakeX, archive: Archive) -> None:
    """It is counted in the whole as well; new posts go on being read when it is spent."""
    for n in range(60):
        x.write(f"post {n}", AT - 3_000 + n)
    spender = Spender(x, archive, budget=2, known_posts_share=0.2)
    spender.poll()
    for _ in range(8):
        x.now += DAY
        report = spender.again()
        spent = dict(spender.rows("SELECT source, spent FROM spending"))
        assert spent["x known posts"] <= 0.2 * 2 * DOLLAR
        assert spent["x"] == x.bill.total
    assert report is not None
    assert isinstance(report.error, BudgetError)
    assert spent["x known posts"] > 0.19 * 2 * DOLLAR
    assert spent["x"] > spent["x known posts"]
    spender.since = int(x.now) - HOUR
    x.write("new", x.now - 60)
    (polled,) = spender.poll()
    assert polled.stored.new == 1


def test_known_posts_can_be_left_alone(x: FakeX, archive: Archive) -> None:
    """With no share nothing is asked for again."""
    x.write("one", AT - 60)
    spender = Spender(x, archive, known_posts_share=0)
    spender.poll()
    x.now += DAY
    assert spender.again() is None


def test_what_does_not_fit_into_the_whole_is_not_held_in_the_part(archive: Archive) -> None:
    """Neither keeps anything of it."""
    whole = ArchiveLedger(archive, "x", 100, lambda: AT)
    part = whole.part("known posts", 0.5)
    number = whole.hold(80)
    with pytest.raises(BudgetError):
        part.hold(40)
    assert (whole.left(), part.left()) == (20, 20)
    whole.release(number)
    number = part.hold(40)
    assert (whole.left(), part.left()) == (60, 10)
    assert part.settle(number, {"post 1": 30}) == 30
    assert (whole.left(), part.left()) == (70, 20)
    number = part.hold(20)
    assert part.settle(number, {"post 1": 30}) == 0, "paid for today, whoever asks"
    part.release(part.hold(20))
    assert (whole.left(), part.left()) == (70, 20)
    assert part.is_one_day()
    assert part.words().startswith("$0.00 of $0.00 spent in March 2027")
