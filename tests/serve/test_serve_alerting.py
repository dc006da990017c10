"""Rules of alerts set on the page: they look, tell, are taken back, and are in the log."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import visiting
from visiting import Visitor

from archive import strategies
from hashwatch.alert.alerter import Alerter
from hashwatch.alert.rules import Rule
from publish.test_publish_moderation import Stage, post

T = TypeVar("T")
WALL = strategies.BEGIN + 200.0
PAGE = "/events/natsec17/alerts"
SILENCE = Rule("Silence", "silence", ("team",))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Ten posts within ten seconds."""
    made = Stage(tmp_path)
    made.store(
        *(post(n, text=f"word{n} on oversight #NATSEC17", at=strategies.BEGIN + n)
          for n in range(10))
    )  # fmt: skip
    made.publish()
    yield made
    made.archive.close()


class Room(Visitor):
    """Somebody at a browser, an alerter, and what it tells."""

    def __init__(self, client: httpx.AsyncClient, stage: Stage) -> None:
        super().__init__(client, stage)
        self.told: list[tuple[str, str]] = []

    async def pass_on(self) -> None:
        """What was decided is published; the alerter, started anew, looks twice and sends."""
        await asyncio.to_thread(self.stage.publish)
        with Alerter(
            self.stage.dashboard_path, [SILENCE],
            lambda to, _, body: self.told.append((to, body)), clock=lambda: WALL,
            destinations=("team", "hall"),
        ) as alerter:  # fmt: skip
            for _ in range(2):
                alerter.look()
                alerter.send_due()

    async def data(self, page: str = PAGE) -> dict[str, Any]:
        """A page's data."""
        return await self.look(page)

    async def post(self, **form: str) -> httpx.Response:
        """A form of the page."""
        return await self.send(PAGE, **form)

    async def set(self, **form: str) -> None:
        """A rule that must be taken."""
        answer = await self.post(do="set", **form)
        assert answer.status_code == 303, answer.text


def visit(stage: Stage, go: Callable[[Room], Coroutine[Any, Any, T]]) -> T:
    """Runs ``go`` against a server on the stage's files."""
    return visiting.visit(stage, Room, go, lambda: WALL)


def test_a_rule_of_the_page_tells_whom_it_says_and_stops_when_taken_back(stage: Stage) -> None:
    """Once, whatever is restarted; then the log holds both decisions."""

    async def go(room: Room) -> None:
        await room.pass_on()
        assert (await room.data())["choices"]["destinations"] == ["hall", "team"]
        await room.set(kind="keyword", terms="word3", **{"to-hall": "on"})
        await room.pass_on()
        await room.pass_on()
        assert [to for to, _ in room.told] == ["hall"]
        assert "1 post match word3" in room.told[0][1]
        data = await room.data()
        by_name = {one["name"]: one for one in data["rules"]}
        assert list(by_name) == ["Silence", "Words word3"]
        mine = by_name["Words word3"]
        assert (mine["by"], mine["active"], mine["to"]) == (
            "the person at this machine", True, ["hall"],
        )  # fmt: skip
        assert by_name["Silence"]["by"] is None
        answer = await room.post(do="back", name="Words word3")
        assert answer.status_code == 303
        await room.pass_on()
        assert [one["name"] for one in (await room.data())["rules"]] == ["Silence"]
        log = (await room.data("/events/natsec17/log"))["log"]
        assert [(one["words"], one["what"]["words"]) for one in log] == [
            ("alert taken back", "Words word3"), ("alert set", "Words word3"),
        ]  # fmt: skip
        assert (await room.post(do="back", name="Words word3")).status_code == 404

    visit(stage, go)


def test_a_rule_may_speak_on_the_page_alone(stage: Stage) -> None:
    """Nobody is sent anything; it says what it saw, and keeps its figures through a rebuild."""

    async def go(room: Room) -> None:
        await room.pass_on()
        await room.set(kind="account", account="@Person3@town.example", posts="2", minutes="45")
        with stage.publisher() as publisher:
            publisher.rebuild()
        await room.pass_on()
        assert room.told == []
        (said,) = (await room.data())["alerts"]
        assert said["words"].startswith("2 posts by @person3@town.example in the last 45 minutes")
        assert said["deliveries"] == []

    visit(stage, go)


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"kind": "noise"}, 400, "“noise” is none of spike, negative"),
        ({"kind": "keyword", "terms": " "}, 400, "terms: give it"),
        ({"kind": "keyword", "terms": "x" * 201}, 400, "at most 200 characters"),
        ({"kind": "group", "group": "nobody"}, 400, "“nobody” is none of inside, public"),
        ({"kind": "spike", "posts": "many"}, 400, "no whole number from 1 to 1,000,000"),
        ({"kind": "negative", "share": "140"}, 400, "no whole number from 1 to 100"),
        ({"kind": "spike", "minutes": "0"}, 400, "no whole number from 1 to 1,440"),
        ({"kind": "spike", "name": "x" * 81}, 400, "longer than 80 characters"),
        ({"kind": "silence"}, 409, "There is a rule “Silence” already"),
    ],
)
def test_what_is_wrong_is_said_and_no_rule_is_set(
    stage: Stage, form: dict[str, str], status: int, says: str
) -> None:
    """A sentence, and no row."""

    async def go(room: Room) -> None:
        await room.pass_on()
        answer = await room.post(do="set", **form)
        assert (answer.status_code, says in answer.text) == (status, True), answer.text
        with closing(sqlite3.connect(stage.archive_path)) as connection:
            assert connection.execute("SELECT * FROM alert_rules").fetchall() == []

    visit(stage, go)


def test_without_an_alerter_no_rule_is_taken(stage: Stage) -> None:
    """It would look at nothing, and the page would not say so."""

    async def go(room: Room) -> None:
        data = await room.data()
        assert (data["can_decide"], data["choices"]) == (False, None)
        assert (await room.post(do="set", kind="spike")).status_code == 404

    visit(stage, go)


def test_a_rule_that_cannot_be_read_costs_no_other(stage: Stage) -> None:
    """Of a later hashwatch, say: it is left out, with a line in the log."""

    async def go(room: Room) -> None:
        await room.pass_on()
        await room.set(kind="keyword", terms="word3", **{"to-hall": "on"})
        with closing(sqlite3.connect(stage.archive_path, isolation_level=None)) as connection:
            connection.execute(
                "INSERT INTO alert_rules (at, actor, event, name, rule)"
                " VALUES (1, 'ana', 'natsec17', 'odd', ?)",
                (json.dumps({"kind": "aurora"}),),
            )
            connection.execute("INSERT INTO changes (kind, ref) VALUES ('alert_rule', 2)")
        await room.pass_on()
        assert len(room.told) == 1

    visit(stage, go)
