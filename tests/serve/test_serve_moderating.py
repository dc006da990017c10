"""Moderators decide over real pages: what comes of it, who may, and who was first."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from hashwatch.archive.triage import Triage
from hashwatch.serve.app import build_app
from hashwatch.serve.people import NAME, People
from publish.test_publish_dashboard import NOW
from publish.test_publish_moderation import Stage, post, text

T = TypeVar("T")
EVENT = "/events/natsec17"
PAGE = f"{EVENT}/moderation"
OURS = {"Sec-Fetch-Site": "same-origin"}
SCRIPT = {**OURS, "Accept": "application/json"}


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Six posts, published; no publisher runs, so answers wait for none."""
    monkeypatch.setattr("hashwatch.serve.deciding.PUBLISHED_SECONDS", 0)
    made = Stage(tmp_path)
    made.store(*(post(n, text=text(n)) for n in range(6)))
    made.publish()
    yield made
    made.archive.close()


class Moderator:
    """Somebody at a browser."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def data(self, state: str = "") -> dict[str, Any]:
        """The page's data."""
        answer = await self.client.get(f"{PAGE}.json", params={"state": state} if state else {})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def do(
        self, what: str, headers: dict[str, str] = SCRIPT, page: str = PAGE, **form: str
    ) -> httpx.Response:
        """Sends a decision with the page's token."""
        shown = re.search(r'name="token" value="([^"]+)"', (await self.client.get(PAGE)).text)
        assert shown
        return await self.client.post(
            page, data={"token": shown[1], "do": what, **form}, headers=headers
        )


def visit(stage: Stage, ask: Callable[[Moderator], Coroutine[Any, Any, T]]) -> T:
    """Runs ``ask`` against a server on the stage's files."""
    app = build_app(stage.dashboard_path, archive_path=stage.archive_path, wall=lambda: float(NOW))

    async def run() -> T:
        transport = httpx.ASGITransport(app=app)
        base = "http://127.0.0.1:8001"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await ask(Moderator(client))

    return asyncio.run(run())


def counts(data: dict[str, Any]) -> dict[str, int]:
    """How many posts stand in each part of the page."""
    return {one["key"]: one["count"] for one in data["states"]}


def test_posts_are_judged_one_by_one_in_bulk_and_undone(stage: Stage) -> None:
    """What is decided leaves the waiting, and comes back when it is undone."""
    one, two, three = (stage.id_of(post(n)) for n in (1, 2, 3))

    async def judge(moderator: Moderator) -> None:
        assert counts(await moderator.data())["waiting"] == 6
        said = (await moderator.do(f"post approve {one}")).json()
        assert said["ok"]
        bulk = {f"ref-{two}": "1", f"ref-{three}": "1", f"seen-{two}": "0"}
        both = (await moderator.do("bulk reject", **bulk)).json()
        assert len(both["undo"]) == 2
        found = counts(await moderator.data())
        assert (found["waiting"], found["approve"], found["reject"]) == (3, 1, 2)
        undone = await moderator.do(f"undo {','.join(map(str, both['undo']))}")
        assert undone.status_code == 200
        assert counts(await moderator.data())["waiting"] == 5
        (approved,) = (await moderator.data("approve"))["posts"]
        assert approved["ruling"]["actor"] == "the person at this machine"
        assert approved["post"]["id"] == one

    visit(stage, judge)


def test_hidden_posts_are_listed_for_moderators_alone_and_can_be_shown_again(stage: Stage) -> None:
    """From the archive, as no page's file has them any more."""
    number = stage.id_of(post(4))

    async def judge(moderator: Moderator) -> None:
        answer = await moderator.do(f"post hide {number}", headers=OURS, state="waiting")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?state=waiting")
        stage.publish()
        assert text(4).split()[0] not in (await moderator.client.get(f"{EVENT}/posts")).text
        page = (await moderator.client.get(f"{PAGE}?state=hide")).text
        assert text(4) in page
        await moderator.do(f"post back {number}")
        stage.publish()
        again = await moderator.client.get(f"{EVENT}/posts?_=an+answer+of+its+own")
        assert text(4).split()[0] in again.text

    visit(stage, judge)


def test_people_and_words_get_rules(stage: Stage) -> None:
    """Listed with who made them, and taken back."""
    author = stage.author_of(post(1))

    async def judge(moderator: Moderator) -> None:
        await moderator.do(f"author allow {author}")
        await moderator.do("term hide", term="  word3   on ")
        data = await moderator.data("rules")
        assert [one["verdict"] for one in data["authors"]] == ["allow"]
        assert [(one["ref"], one["verdict"]) for one in data["terms"]] == [("word3 on", "hide")]
        stage.publish()
        assert text(3) not in stage.board()
        assert text(1) in stage.on("feed")
        await moderator.do("term back word3 on")
        await moderator.do(f"author back {author}")
        stage.publish()
        assert text(3) in stage.board()
        assert stage.on("feed") == set()

    visit(stage, judge)


def test_the_wall_is_emptied_and_goes_on(stage: Stage) -> None:
    """By one button; the page says who pressed it."""
    stage.rule("post", stage.id_of(post(1)), "approve")
    stage.publish()

    async def judge(moderator: Moderator) -> None:
        assert "Empty the wall" in (await moderator.client.get(PAGE)).text
        await moderator.do("surface stop wall")
        stage.publish()
        assert stage.on("wall") == set()
        page = (await moderator.client.get(PAGE)).text
        assert "The wall is empty" in page
        assert "Let the wall go on" in page
        await moderator.do("surface back wall")
        stage.publish()
        assert stage.on("wall") == {text(1)}

    visit(stage, judge)


def test_who_comes_second_is_told(stage: Stage) -> None:
    """409 with a name, and nothing changed."""
    number = stage.id_of(post(2))

    async def judge(moderator: Moderator) -> None:
        seen = {f"seen-{number}": "0"}
        assert (await moderator.do(f"post reject {number}", **seen)).status_code == 200
        late = await moderator.do(f"post approve {number}", **seen)
        assert late.status_code == 409
        assert "in the meantime" in late.json()["error"]
        assert counts(await moderator.data())["approve"] == 0

    visit(stage, judge)


def test_the_log_names_everything_and_undoes(stage: Stage) -> None:
    """Who, when, what, about what, why; an undone decision stays in it."""
    number = stage.id_of(post(2))

    async def judge(moderator: Moderator) -> None:
        await moderator.do(f"post reject {number}", note="off topic")
        log = (await moderator.client.get(f"{EVENT}/log.json")).json()["log"]
        assert [(one["words"], one["note"], one["stands"]) for one in log] == [
            ("kept off public surfaces", "off topic", True)
        ]
        answer = await moderator.do(f"undo {log[0]['id']}", OURS, f"{EVENT}/log")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{EVENT}/log")
        log = (await moderator.client.get(f"{EVENT}/log.json")).json()["log"]
        assert [one["words"] for one in log] == ["taken back", "kept off public surfaces"]
        assert [one["stands"] for one in log] == [False, False]
        Triage(stage.archive_path).take(
            "ben", "natsec17", number, "assign", "ana", now=NOW + 5, event_at=NOW, seen=0
        )
        stage.decisions.append(
            "cat", "natsec17", "correct", number, "sentiment", "neutral", now=NOW + 6
        )
        log = (await moderator.client.get(f"{EVENT}/log.json")).json()["log"]
        assert [(one["actor"], one["words"]) for one in log[:2]] == [
            ("cat", "tone corrected to neutral"), ("ben", "given to ana"),
        ]  # fmt: skip
        rest = (await moderator.client.get(f"{EVENT}/log.json?skip=3")).json()["log"]
        assert [one["words"] for one in rest] == ["kept off public surfaces"]
        assert (await moderator.client.get(f"{EVENT}/log.json?skip=x")).status_code == 400

    visit(stage, judge)


@pytest.mark.parametrize(
    ("what", "status", "words"),
    [
        ("post praise 1", 400, "is none of approve, reject, hide, back"),
        ("crowd hide 1", 400, "is none of post, pin, author, term, surface, bulk, undo"),
        ("post hide x", 400, "is no number of a post"),
        ("post hide ", 400, "is no number of a post"),
        ("surface stop moon", 400, "is none of wall, page, feed, export"),
        ("term hide", 400, "give a word or phrase"),
        ("bulk approve", 400, "tick the posts"),
        ("undo 999", 404, "There is no decision 999"),
        ("", 400, "is none of post"),
    ],
)
def test_what_cannot_be_decided_is_refused(
    stage: Stage, what: str, status: int, words: str
) -> None:
    """With a word on what can."""

    async def judge(moderator: Moderator) -> httpx.Response:
        return await moderator.do(what)

    answer = visit(stage, judge)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert stage.moderation.log("natsec17", 9) == []


def test_a_viewer_sees_nothing_of_it(stage: Stage) -> None:
    """No link, no page, no decision; a foreign form neither."""
    people = People(stage.dashboard_path.with_name(NAME))
    people.put("vera", "viewer", "a long password", NOW)

    async def look(moderator: Moderator) -> None:
        client = moderator.client
        token = re.search(r'name="token" value="([^"]+)"', (await client.get("/-/sign-in")).text)
        assert token
        form = {"token": token[1], "name": "vera", "password": "a long password"}
        assert (await client.post("/-/sign-in", data=form, headers=OURS)).status_code == 303
        page = (await client.get(EVENT)).text
        assert "/moderation" not in page
        for path in (PAGE, f"{PAGE}.json", f"{EVENT}/log"):
            assert (await client.get(path)).status_code == 403
        form = {"token": token[1], "do": "surface stop wall"}
        assert (await client.post(PAGE, data=form, headers=OURS)).status_code == 403

    visit(stage, look)
    assert stage.moderation.log("natsec17", 9) == []


def test_a_form_of_another_site_or_another_process_is_refused(stage: Stage) -> None:
    """Whoever sends it."""

    async def look(moderator: Moderator) -> list[int]:
        foreign = {"Sec-Fetch-Site": "cross-site"}
        number = stage.id_of(post(1))
        client = moderator.client
        form = {"token": "x", "do": f"post hide {number}"}
        return [
            (await moderator.do(f"post hide {number}", headers=foreign)).status_code,
            (await client.post(PAGE, data=form, headers=OURS)).status_code,
        ]

    assert visit(stage, look) == [403, 403]
    assert stage.moderation.log("natsec17", 9) == []
