"""Zero, nothing yet, a gap, stale figures and an error: nobody takes one of them for another."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hashwatch.model import Gap
from hashwatch.serve.app import build_app
from publish.test_publish_dashboard import NOW
from publish.test_publish_moderation import Stage, post

PAGE = "/events/natsec17"
LATER = NOW
"""The event goes on; its last post is over half an hour old."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An archive with nothing in it."""
    made = Stage(tmp_path)
    yield made
    made.archive.close()


def look(stage: Stage, at: float) -> tuple[int, str]:
    """Status and page of the overview at a wall time, when the publisher was last heard then."""
    app = build_app(stage.dashboard_path, archive_path=stage.archive_path, wall=lambda: at)

    async def run() -> tuple[int, str]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.get(PAGE)
            return answer.status_code, answer.text

    return asyncio.run(run())


def first_figure(page: str) -> str:
    """What stands for the posts of the last five minutes, and beside it, as text."""
    found = re.search(r'<dd class="value first.*?</dd>\s*<dd class="beside">.*?</dd>', page, re.S)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_five_states_that_nobody_takes_for_each_other(stage: Stage) -> None:
    """The same page, five times."""
    seen: dict[str, str] = {}
    error, page = look(stage, LATER)
    assert error == 503
    assert "Nothing has been published yet" in page

    stage.publish()
    seen["nothing yet"] = first_figure(look(stage, LATER)[1])
    assert seen["nothing yet"] == "0 no posts so far"

    stage.store(*(post(n, text=f"word{n} #NATSEC17") for n in range(6)))
    stage.publish()
    seen["zero"] = first_figure(look(stage, LATER)[1])
    assert seen["zero"].startswith("0 ")
    assert "so far" not in seen["zero"]

    gap = Gap("mastodon", "town.example", LATER - 120, LATER + 60, "no answer", "natsec17")
    stage.archive.open_gap(gap, LATER)
    stage.publish()
    status, page = look(stage, LATER)
    seen["a gap"] = first_figure(page)
    assert (status, seen["a gap"]) == (200, "– a gap: more is not known")
    assert "with <a" in page
    stage.store(post(9, text="word9 #NATSEC17", at=LATER - 30))
    stage.publish()
    seen["some, and a gap"] = first_figure(look(stage, LATER)[1])
    assert seen["some, and a gap"].startswith("1+ ")

    assert "data-stale" not in page.split("<body", 1)[0]
    page = look(stage, LATER + 900)[1]
    assert "data-stale" in page.split("<body", 1)[0]
    assert "These figures are stale." in page
    assert len(set(seen.values())) == len(seen)
