"""What needs an answer is taken, given, rested, answered and resolved; nobody is overwritten."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hashwatch.archive.triage import ACTIONS, Care, Step, Triage, stand
from hashwatch.model import Event
from hashwatch.serve.app import build_app
from hashwatch.serve.site import PRESENT_SECONDS, Presence
from publish.test_publish_dashboard import EVENT as PLAIN
from publish.test_publish_dashboard import NOW
from publish.test_publish_moderation import Stage, post

T = TypeVar("T")
PAGE = "/events/natsec17/triage"
OURS = {"Sec-Fetch-Site": "same-origin"}
QUESTION = "Question for the panel: who oversees the overseers of oversight? #NATSEC17"
HELD: Event = replace(PLAIN, accounts=("CPA_UK", "person3@town.example"))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A question, one that was answered by the event's account, a complaint and a mention."""
    made = Stage(tmp_path)
    made.event = HELD
    made.store(
        post(1, text=QUESTION),
        post(2, text=QUESTION.replace("overseers", "members")),
        post(3, text="Parliament does. #NATSEC17", kind="reply", reply_to=post(2).uri),
        post(4, text="A terrible, awful muddle about oversight #NATSEC17"),
        post(6, text="Thanks @CPA_UK #NATSEC17", mentions=("CPA_UK",)),
        post(7, text="Nothing to do #NATSEC17"),
    )
    made.publish()
    yield made
    made.archive.close()


class Person:
    """Somebody at a browser."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def data(self, query: str = "") -> dict[str, Any]:
        """The page's data."""
        answer = await self.client.get(f"{PAGE}.json{query}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def do(self, one: int, action: str, seen: int = 0, **form: str) -> httpx.Response:
        """A step with the page's token."""
        page = (await self.client.get("/-/people")).text  # any page with a form
        token = re.search(r'name="token" value="([^"]+)"', page)
        fields = {"token": token[1] if token else "", "post": str(one), "seen": str(seen)}
        return await self.client.post(PAGE, data={**fields, "do": action, **form}, headers=OURS)


def visit(stage: Stage, ask: Callable[[Person], Coroutine[Any, Any, T]]) -> T:
    """Runs ``ask`` against a server on the stage's files."""
    app = build_app(stage.dashboard_path, archive_path=stage.archive_path, wall=lambda: float(NOW))

    async def run() -> T:
        transport = httpx.ASGITransport(app=app)
        base = "http://127.0.0.1:8001"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await ask(Person(client))

    return asyncio.run(run())


def test_queues_hold_what_needs_somebody(stage: Stage) -> None:
    """Questions without an answer by the event, negative posts, mentions of its accounts."""

    async def look(person: Person) -> None:
        data = await person.data()
        assert {one["key"]: one["open"] for one in data["queues"]} == {
            "questions": 1, "negative": 1, "mentions": 1,
        }  # fmt: skip
        assert [one["post"]["text"] for one in data["posts"]] == [QUESTION]
        (done,) = (await person.data("?state=done"))["posts"]
        assert done["answered"]["author"] == "person3@town.example"
        assert data["first_answer"] == {"median_seconds": 30, "answered": 1, "questions": 2}

    visit(stage, look)


def test_a_question_is_taken_given_rested_answered_and_opened_again(stage: Stage) -> None:
    """Each step shows, and who took it."""
    number = stage.id_of(post(1))

    async def work(person: Person) -> None:
        taken = await person.do(number, "assign", assign="me", **{"at-queue": "questions"})
        assert (taken.status_code, taken.headers["location"]) == (303, f"{PAGE}?queue=questions")
        (one,) = (await person.data())["posts"]
        assert one["assigned"] == "the person at this machine"
        await person.do(number, "assign", one["seen"], assign="ben")
        assert (await person.data("?who=ben"))["posts"]
        assert not (await person.data("?who=ana"))["posts"]
        (one,) = (await person.data())["posts"]
        await person.do(number, "snooze", one["seen"], snooze="30")
        assert not (await person.data())["posts"]
        (one,) = (await person.data("?state=snoozed"))["posts"]
        assert one["snoozed_until"]
        address = "https://town.example/answer"
        noted = await person.do(number, "answer", one["seen"], answer=address)
        assert noted.status_code == 303, noted.text
        done = {one["post"]["id"]: one for one in (await person.data("?state=done"))["posts"]}
        assert done[number]["answer"] == address
        assert (await person.data())["first_answer"]["answered"] == 2
        await person.do(number, "reopen", done[number]["seen"])
        assert [one["post"]["id"] for one in (await person.data())["posts"]] == [number]

    visit(stage, work)


def test_two_people_do_not_overwrite_each_other(stage: Stage) -> None:
    """The second reads what the first did, and nothing is changed."""
    number = stage.id_of(post(1))
    Triage(stage.archive_path).take(
        "ben", "natsec17", number, "assign", "ben", now=NOW, event_at=NOW, seen=0
    )

    async def work(person: Person) -> httpx.Response:
        return await person.do(number, "resolve", 0)

    answer = visit(stage, work)
    assert answer.status_code == 409
    assert "ben did something with this post in the meantime (assign)" in answer.text
    assert Triage(stage.archive_path).standing("natsec17")[number].assigned == "ben"


@pytest.mark.parametrize(
    ("action", "form", "status", "words"),
    [
        ("praise", {}, 400, "is none of assign, snooze"),
        ("snooze", {"snooze": "1"}, 400, "is none of 30, 120, 720 minutes"),
        ("answer", {"answer": "javascript:alert(1)"}, 400, "beginning with https://"),
        ("assign", {"assign": "<b>"}, 400, "is nobody"),
        ("resolve", {"post": "x"}, 400, "is no number of a post"),
        ("resolve", {"post": "12345"}, 404, "There is no post 12345"),
    ],
)
def test_what_cannot_be_done_is_refused(
    stage: Stage, action: str, form: dict[str, str], status: int, words: str
) -> None:
    """With a word on why."""
    number = stage.id_of(post(1))

    async def work(person: Person) -> httpx.Response:
        return await person.do(number, action, **form)

    answer = visit(stage, work)
    assert answer.status_code == status
    assert words in answer.text
    assert not Triage(stage.archive_path).standing("natsec17")


def test_steps_are_never_taken_out(stage: Stage) -> None:
    """By a mistake of ours either."""
    Triage(stage.archive_path).take(
        "ben", "natsec17", 1, "resolve", "", now=NOW, event_at=NOW, seen=0
    )
    with (
        closing(sqlite3.connect(stage.archive_path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="never deleted"),
    ):
        connection.execute("DELETE FROM triage")


STEPS = st.lists(st.tuples(st.integers(1, 3), st.sampled_from(ACTIONS), st.integers(0, 50)))


@given(STEPS)
def test_what_stands_follows_from_the_steps(made: list[tuple[int, str, int]]) -> None:
    """Whatever happened before, the last word on each question counts; first answers stay first."""
    steps = [
        Step(number, 0, "ana", post_id, number, action, str(value))
        for number, (post_id, action, value) in enumerate(made, 1)
    ]
    for post_id, care in stand(steps).items():
        own = [step for step in steps if step.post_id == post_id]
        assert care.seen == own[-1].id
        given_to = [step.value for step in own if step.action == "assign"]
        assert care.assigned == (given_to[-1] if given_to else "")
        ends = [step.action for step in own if step.action in ("resolve", "answer", "reopen")]
        assert care.is_done == (bool(ends) and ends[-1] != "reopen")
        answers = [step.event_at for step in own if step.action == "answer"]
        assert care.answered_at == (answers[0] if answers else None)


def test_a_post_rests_until_its_time() -> None:
    """By the event's clock."""
    care = Care(snoozed_until=100)
    assert [care.state(now) for now in (99, 100)] == ["snoozed", "open"]
    assert replace(care, is_done=True).state(0) == "done"


def test_who_else_is_looking_is_known_for_a_while() -> None:
    """On the same page, for less than a minute."""
    presence = Presence()
    assert presence.note("triage natsec17", "ana", 0) == []
    assert presence.note("triage natsec17", "ben", 10) == ["ana"]
    assert presence.note("triage other", "cat", 10) == []
    assert presence.note("triage natsec17", "ben", 10 + PRESENT_SECONDS) == []
