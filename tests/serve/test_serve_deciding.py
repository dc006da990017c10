"""A person labels and corrects over real pages; nobody else can, and nowhere else."""

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

from archive.strategies import post
from hashwatch.model import Tombstone
from hashwatch.serve.app import build_app
from publish.test_publish_dashboard import NOW, Room

T = TypeVar("T")
EVENT = "/events/natsec17"
EVALUATE = f"{EVENT}/evaluate"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Six posts, published: three that sound good, three that do not."""
    made = Room(tmp_path)
    texts = ("A wonderful talk", "A terrible muddle")
    made.store(*(post(n, text=f"{texts[n % 2]} {'yes ' * n}on oversight") for n in range(6)))
    made.publish()
    yield made
    made.archive.close()


class Visitor:
    """Someone at a browser."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def page(self, path: str) -> str:
        """A page that must be there."""
        answer = await self.client.get(path)
        assert answer.status_code == 200
        return answer.text

    async def send(
        self, path: str, headers: dict[str, str] = OURS, token: str | None = None, **form: str
    ) -> httpx.Response:
        """A form of a page, with its token unless another is given."""
        if token is None:
            shown = re.search(r'name="token" value="([^"]+)"', await self.page(EVALUATE))
            assert shown
            token = shown[1]
        return await self.client.post(path, data={"token": token, **form}, headers=headers)

    async def sample(self) -> dict[str, Any]:
        """The labelling page's data."""
        found: dict[str, Any] = (await self.client.get(f"{EVALUATE}.json")).json()
        return found


def visit(
    room: Room, ask: Callable[[Visitor], Coroutine[Any, Any, T]], *,
    host: str = "127.0.0.1", archive: bool = True,
) -> T:  # fmt: skip
    """Runs ``ask`` against a server on the room's files."""
    app = build_app(
        room.dashboard_path, host=host, archive_path=room.archive_path if archive else None,
        wall=lambda: float(NOW),
    )  # fmt: skip

    async def run() -> T:
        transport = httpx.ASGITransport(app=app)
        base = "http://127.0.0.1:8001"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await ask(Visitor(client))

    return asyncio.run(run())


def decisions(room: Room) -> list[tuple[object, ...]]:
    """What the archive holds of them."""
    with closing(sqlite3.connect(room.archive_path)) as connection:
        return connection.execute("SELECT kind, field, value FROM decisions").fetchall()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No publisher runs here; answers do not wait for one."""
    monkeypatch.setattr("hashwatch.serve.deciding.PUBLISHED_SECONDS", 0)


@pytest.mark.usefixtures("quick")
def test_a_sample_is_labelled_post_by_post(room: Room) -> None:
    """Drawn, labelled with every answer, undone, and in the end measured."""

    async def label(visitor: Visitor) -> None:
        assert (await visitor.sample())["sample"] is None
        assert (await visitor.send(EVALUATE, action="draw")).status_code == 303
        seen: list[int] = []
        for answer in ("negative", "positive", "unclear", "neutral", "negative", "positive"):
            data = await visitor.sample()
            assert data["sample"]["labelled"] == len(seen)
            assert "sentiment" not in data["post"]
            assert "confidence" not in data["post"]
            page = await visitor.page(EVALUATE)
            assert f"labelled {len(seen)} of 6" in page
            number = data["post"]["id"]
            assert number not in seen
            seen.append(number)
            sent = await visitor.send(EVALUATE, action="label", post=str(number), value=answer)
            assert (sent.status_code, sent.headers["location"]) == (303, EVALUATE)
        assert (await visitor.sample())["post"] is None
        assert (await visitor.send(EVALUATE, action="undo")).status_code == 303
        assert (await visitor.sample())["post"]["id"] == seen[-1]
        await visitor.send(EVALUATE, action="label", post=str(seen[-1]), value="neutral")

    visit(room, label)
    assert len(decisions(room)) == 8
    room.publish()

    async def read(visitor: Visitor) -> None:
        data = await visitor.sample()
        accuracy = data["tone"]["accuracy"]
        assert (accuracy["n"], accuracy["unclear"]) == (5, 1)
        assert sum(cell["labels"] for row in data["confusion"] for cell in row["cells"]) == 5
        page = await visitor.page(EVALUATE)
        assert "How often tone is right" in page
        assert "Tone is right for" in page
        overview = (await visitor.client.get(f"{EVENT}.json")).json()
        assert overview["tone"]["accuracy"] == accuracy

    visit(room, read)


@pytest.mark.usefixtures("quick")
def test_a_deleted_post_leaves_the_sample(room: Room) -> None:
    """The page goes on with those that are left."""

    async def draw(visitor: Visitor) -> None:
        await visitor.send(EVALUATE, action="draw")

    async def size(visitor: Visitor) -> int:
        return int((await visitor.sample())["sample"]["size"])

    visit(room, draw)
    assert visit(room, size) == 6
    room.store(tombstones=[Tombstone(NOW, "deleted", uri=post(1).uri)])
    room.publish()
    assert visit(room, size) == 5


@pytest.mark.usefixtures("quick")
def test_a_tag_is_corrected_and_the_correction_taken_back(room: Room) -> None:
    """The post's page shows what a person decided, and what annotators say."""
    page = f"{EVENT}/posts/{room.id_of(post(0))}"

    async def correct(visitor: Visitor) -> None:
        assert "Correct a tag" in await visitor.page(page)
        for field, value in (("sentiment", "negative"), ("session", "s2"), ("theme", "")):
            sent = await visitor.send(f"{page}/correct", field=field, value=value)
            assert sent.status_code == 303
            assert sent.headers["location"].startswith(f"{page}?_decided=")

    async def read(visitor: Visitor) -> dict[str, Any]:
        found: dict[str, Any] = (await visitor.client.get(f"{page}.json")).json()["tags"]
        shown = await visitor.page(page)
        assert ("corrected by a person" in shown) == bool(found["corrections"])
        return found

    async def take_back(visitor: Visitor) -> None:
        for field in ("sentiment", "session", "theme"):
            await visitor.send(f"{page}/correct", field=field, value="x", withdraw="1")

    before = visit(room, read)
    visit(room, correct)
    room.publish()
    tags = visit(room, read)
    assert (tags["sentiment"]["label"], tags["sentiment"]["annotator"]) == ("negative", "person")
    assert tags["session"]["code"] == "s2"
    assert tags["themes"] == []
    said = {one["field"]: (one["value"], one["tagged"]) for one in tags["corrections"]}
    assert said["sentiment"] == ("negative", "positive")
    assert said["theme"] == (None, "Oversight")
    visit(room, take_back)
    room.publish()
    assert visit(room, read) == before


@pytest.mark.parametrize(
    ("headers", "token", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, None, 403),
        ({"Sec-Fetch-Site": "same-site"}, None, 403),
        ({"Sec-Fetch-Site": "none"}, None, 403),
        ({"Origin": "http://evil.example"}, None, 403),
        ({"Origin": "null"}, None, 403),
        (OURS, "", 403),
        (OURS, "guessed", 403),
        (OURS, "é", 403),
        ({"Host": "evil.example", **OURS}, None, 421),
        ({"Origin": "http://127.0.0.1:8001"}, None, 303),
        ({"Origin": "null", **OURS}, None, 303),
        ({**OURS, "Cookie": "ds_csrftoken=x; ds_actor=y"}, None, 303),
    ],
)
def test_only_our_own_forms_decide(
    room: Room, headers: dict[str, str], token: str | None, status: int
) -> None:
    """Another site's page, a guessed token and a foreign name are refused, and nothing is kept."""

    async def ask(visitor: Visitor) -> int:
        answer = await visitor.send(EVALUATE, headers, token, action="draw")
        return answer.status_code

    assert visit(room, ask) == status
    with closing(sqlite3.connect(room.archive_path)) as connection:
        (samples,) = connection.execute("SELECT count(*) FROM samples").fetchone()
    assert samples == (status == 303)


def test_without_the_archive_nobody_decides(room: Room) -> None:
    """No forms, and POST is refused."""
    page = f"{EVENT}/posts/{room.id_of(post(0))}"

    async def ask(visitor: Visitor) -> None:
        for path in (page, EVALUATE):
            assert "<form" not in (await visitor.page(path)).partition("<main")[2]
        for path in (f"{page}/correct", EVALUATE):
            answer = await visitor.client.post(path, data={"action": "draw"}, headers=OURS)
            assert answer.status_code == 405

    visit(room, ask, archive=False)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"field": "sentiment", "value": "cross"}, 400),
        ({"field": "sentiment", "value": ""}, 400),
        ({"field": "session", "value": "s9"}, 400),
        ({"field": "colour", "value": "red"}, 400),
        ({}, 400),
        ({"field": "theme", "value": "x" * 30_000}, 400),
    ],
)
def test_what_cannot_be_is_refused(room: Room, form: dict[str, str], status: int) -> None:
    """One sentence, and nothing is kept."""
    path = f"{EVENT}/posts/{room.id_of(post(0))}/correct"

    async def ask(visitor: Visitor) -> int:
        answer = await visitor.send(path, **form)
        return answer.status_code

    assert visit(room, ask) == status
    assert decisions(room) == []


@pytest.mark.usefixtures("quick")
def test_a_post_outside_the_sample_cannot_be_labelled(room: Room) -> None:
    """Nor one that is not there, nor with another answer, nor corrected where it is not."""

    async def ask(visitor: Visitor) -> list[int]:
        await visitor.send(EVALUATE, action="draw")
        tries = [
            (EVALUATE, {"action": "label", "post": "7", "value": "neutral"}),
            (EVALUATE, {"action": "label", "post": "x", "value": "neutral"}),
            (EVALUATE, {"action": "label", "post": "7", "value": "maybe"}),
            (EVALUATE, {"action": "dance"}),
            (f"{EVENT}/posts/7/correct", {"field": "theme", "value": ""}),
            ("/events/other/evaluate", {"action": "draw"}),
        ]
        return [(await visitor.send(path, **form)).status_code for path, form in tries]

    assert visit(room, ask) == [404, 404, 400, 400, 404, 404]
    assert decisions(room) == []


def test_labelling_pages_are_never_kept(room: Room) -> None:
    """Each is about the next post; the strict policy holds on them too."""

    async def ask(visitor: Visitor) -> None:
        answer = await visitor.client.get(EVALUATE)
        assert answer.headers["cache-control"] == "no-store"
        assert "form-action 'self'" in answer.headers["content-security-policy"]
        assert " style=" not in answer.text

    visit(room, ask)
