"""Themes made on the page: what comes of them, who was first, what is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator
from html import unescape
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from archive.strategies import BEGIN, post
from hashwatch.archive.themes import Themes
from hashwatch.serve.app import build_app
from publish.test_publish_dashboard import NOW, Room

T = TypeVar("T")
EVENT = "/events/natsec17"
PAGE = f"{EVENT}/themes"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    """Posts about oversight, then ten people on a tidal barrier, just now."""
    monkeypatch.setattr("hashwatch.serve.deciding.PUBLISHED_SECONDS", 0)
    made = Room(tmp_path)
    usual = [
        post(n, text=f"A remark on oversight, number {n}", at=BEGIN + 60 * n) for n in range(60)
    ]
    barrier = [
        post(100 + n, text=f"The tidal barrier leaks, say {n}", at=NOW - 600 + n, person=f"p{n}")
        for n in range(10)
    ]
    made.store(*usual, *barrier)
    made.publish()
    yield made
    made.archive.close()


class Person:
    """Somebody at a browser, who sends the forms that a page shows."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def forms(self, page: str = PAGE) -> list[dict[str, str]]:
        """The fields of each form that decides on themes, with its buttons as ``do``."""
        text = (await self.client.get(page)).text
        found = []
        for form in re.findall(r"<form[^>]*/themes/decide.*?</form>", text, re.S):
            fields = re.findall(r'<input[^>]*name="(\w+)"(?:[^>]*?value="([^"]*)")?', form)
            buttons = re.findall(r'name="do" value="(\w+)"', form)
            shown = {name: unescape(value) for name, value in fields}
            found += [{**shown, "do": button} for button in buttons]
        return found

    async def send(self, form: dict[str, str], **changed: str) -> httpx.Response:
        """Sends a form."""
        data = {**form, **changed}
        return await self.client.post(f"{PAGE}/decide", data=data, headers=OURS)

    async def theme(self, name: str) -> dict[str, Any] | None:
        """A theme's row on the page."""
        rows: list[dict[str, Any]] = (await self.client.get(f"{PAGE}.json")).json()["themes"]
        return next((row for row in rows if row["name"] == name), None)


def visit(room: Room, ask: Callable[[Person], Coroutine[Any, Any, T]]) -> T:
    """Runs ``ask`` against a server on the room's files."""
    app = build_app(room.dashboard_path, archive_path=room.archive_path, wall=lambda: float(NOW))

    async def run() -> T:
        transport = httpx.ASGITransport(app=app)
        base = "http://127.0.0.1:8001"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await ask(Person(client))

    return asyncio.run(run())


def form(forms: list[dict[str, str]], do: str, **having: str) -> dict[str, str]:
    """The first form with that button and those fields."""
    return next(
        one for one in forms if one["do"] == do and having.items() <= one.items()
    )  # fmt: skip


def test_one_click_makes_what_emerges_a_theme(room: Room) -> None:
    """It tags the posts, is on the pages, outlives another making of the dashboard, is no news."""

    async def click(person: Person) -> str:
        overview = (await person.client.get(f"{EVENT}.json")).json()
        [first, *_] = overview["emerging"]
        assert "barrier" in first["phrase"]
        one = form(await person.forms(), "add", terms=first["phrase"])
        assert (await person.send(one)).status_code == 303
        room.publish()
        row = await person.theme(one["name"])
        assert row is not None
        assert row["posts"] == 10
        assert (await person.client.get(row["href"] + "&_format=x")).status_code == 200
        return one["name"]

    name = visit(room, click)
    room.dashboard_path.unlink()
    room.publish()

    async def look(person: Person) -> None:
        row = await person.theme(name)
        assert row is not None
        assert row["posts"] == 10
        overview = (await person.client.get(f"{EVENT}.json")).json()
        assert name in [theme["name"] for theme in overview["themes"]]
        named = " ".join(one["phrase"] for one in overview["emerging"])
        assert not set(named.lower().split()) & set(name.lower().split())
        toml = (await person.client.get(f"{PAGE}.toml")).text
        assert f'name = "{name}"' in toml

    visit(room, look)


def test_a_theme_is_renamed_withdrawn_and_brought_back(room: Room) -> None:
    """Corrections that name it go with it; the log says all of it."""

    async def steps(person: Person) -> None:
        new = form(await person.forms(), "add", name="")
        await person.send(new, name="Barrier", terms="tidal barrier, levees")
        room.publish()
        number = room.id_of(post(3))
        room.decisions.append(
            "ana", "natsec17", "correct", number, "theme", "Barrier", now=NOW
        )  # fmt: skip
        room.publish()
        assert (await person.theme("Barrier") or {})["posts"] == 11

        change = form(await person.forms(), "change", ref="Barrier")
        assert change["terms"] == "tidal barrier, levees"
        await person.send(change, name="Flood defence")
        room.publish()
        assert await person.theme("Barrier") is None
        assert (await person.theme("Flood defence") or {})["posts"] == 11

        await person.send(form(await person.forms(), "withdraw", ref="Barrier"))
        room.publish()
        assert await person.theme("Flood defence") is None
        assert (await person.client.get(f"{PAGE}.toml")).text == ""

        await person.send(form(await person.forms(), "restore", ref="Barrier"))
        room.publish()
        assert (await person.theme("Flood defence") or {})["posts"] == 1  # its terms went …
        log = (await person.client.get(f"{EVENT}/log.json")).json()["log"]
        words = [one["words"] for one in log if one["kind"] == "theme"]
        assert words == ["changed", "withdrawn", "changed", "added"]

    visit(room, steps)


def test_who_was_second_is_told_and_changes_nothing(room: Room) -> None:
    """And so is who names a theme that there is already, whatever its case."""

    async def steps(person: Person) -> None:
        new = form(await person.forms(), "add", name="")
        await person.send(new, name="Barrier", terms="barrier")
        stale = form(await person.forms(), "change", ref="Barrier")
        assert (await person.send(stale, name="First")).status_code == 303
        second = await person.send(stale, name="Second")
        assert second.status_code == 409
        assert "First" in second.text
        for name in ("OVERSIGHT", "first"):
            assert (await person.send(new, name=name, terms="x-ray")).status_code == 409
        [decided] = Themes(room.archive_path).decided("natsec17")
        assert (decided.name, decided.former) == ("First", ("Barrier",))

    visit(room, steps)


def test_what_is_no_theme_is_refused(room: Room) -> None:
    """With a word on why; a form of another process, or of another site, too."""

    async def steps(person: Person) -> None:
        new = form(await person.forms(), "add", name="")
        wrong = (
            ({"name": "x"}, 400),
            ({"name": "…!"}, 400),
            ({"name": "n" * 81}, 400),
            ({"name": "Good", "terms": "t" * 101}, 400),
            ({"name": "Good", "terms": ",".join(f"term{n}" for n in range(51))}, 400),
            ({"name": "Good", "do": "burn"}, 400),
            ({"name": "Good", "do": "change", "ref": "nobody's"}, 404),
            ({"name": "Good", "seen": "-1"}, 400),
            ({"name": "Good", "token": "theirs"}, 403),
        )
        for changed, status in wrong:
            answer = await person.send(new, **changed)
            assert answer.status_code == status, (changed, answer.text)
        theirs = {"Sec-Fetch-Site": "cross-site"}
        answer = await person.client.post(f"{PAGE}/decide", data=new, headers=theirs)
        assert answer.status_code == 403
        assert Themes(room.archive_path).decided("natsec17") == []

    visit(room, steps)


def test_a_search_for_a_phrase_can_become_a_theme(room: Room) -> None:
    """One that is a theme already, or asks for more than a phrase, cannot."""

    async def steps(person: Person) -> None:
        href = (await person.client.get(f"{EVENT}.json")).json()["emerging"][0]["href"]
        [offered] = await person.forms(href)
        assert dict(parse_qsl(urlsplit(href).query))["q"] == f'"{offered["terms"]}"'
        for query in ("oversight", "a OR b", "tidal barrier", "-barrier", "bar*"):
            assert await person.forms(f"{EVENT}/posts?q={query}") == []

    visit(room, steps)
