"""A theme made by one click in Chromium, changed and withdrawn; sound in both schemes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from looking import WIDTHS, all_rules, opened, overflow
from playwright.sync_api import Browser, expect
from test_browser_deciding import Labelled

from archive.strategies import BEGIN, post
from publish.test_publish_dashboard import NOW

pytestmark = pytest.mark.browser


@pytest.fixture
def crowded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Labelled]:
    """A server where ten people have just begun to talk of a tidal barrier."""
    monkeypatch.setattr("hashwatch.serve.deciding.PUBLISHED_SECONDS", 0)
    made = Labelled(tmp_path)
    usual = [
        post(100 + n, text=f"A remark on oversight, number {n}", at=BEGIN + 60 * n)
        for n in range(60)
    ]
    crowd = [
        post(200 + n, text=f"The tidal barrier leaks, {n}", at=NOW - 900 + n, person=f"p{n}")
        for n in range(10)
    ]
    made.room.store(*usual, *crowd)
    made.room.publish()
    yield made
    made.stop()


def test_one_click_and_it_is_a_theme(browser: Browser, crowded: Labelled) -> None:
    """Named on the overview, made, renamed, withdrawn, brought back."""
    with opened(browser, crowded.event) as (page, wrong):
        expect(page.get_by_text("Talked about, in no theme")).to_be_visible()
        page.get_by_role("link", name="All themes, by day").click()
        page.get_by_role("button", name="Make it a theme").first.click()
        expect(page.get_by_text("the posts are being tagged")).to_be_visible()
        crowded.room.publish()
        page.goto(f"{crowded.event}/themes")
        section = page.get_by_role("region", name="Themes made here")
        made = section.get_by_role("link").filter(has_text="arrier").first
        name = made.inner_text()
        section.get_by_text(f"Change {name}").click()
        section.get_by_role("textbox", name="Name").first.fill("Flood defence")
        section.get_by_role("button", name="Change", exact=True).click()
        crowded.room.publish()
        page.goto(f"{crowded.event}/themes")
        section.get_by_text("Change Flood defence").click()
        section.get_by_role("button", name="Withdraw Flood defence").click()
        section.get_by_role("button", name="Bring back Flood defence").click()
        expect(section.get_by_text("Change Flood defence")).to_be_visible()
        assert wrong == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_forms_are_sound(browser: Browser, crowded: Labelled, width: int, scheme: str) -> None:
    """No violation, nothing wider than the window, with everything opened."""
    with opened(browser, f"{crowded.event}/themes", width, scheme) as (page, wrong):
        page.get_by_role("button", name="Make it a theme").first.click()
        crowded.room.publish()
        page.goto(f"{crowded.event}/themes")
        for place in ("themes", "posts?q=leaks", ""):
            page.goto(f"{crowded.event}/{place}".rstrip("/"))
            if place == "themes":
                page.evaluate(
                    "document.querySelectorAll('main details').forEach(one => one.open = true)"
                )
            assert all_rules(page) == []
            assert overflow(page) <= 0
            if folder := os.environ.get("LOOK"):
                page.screenshot(
                    path=f"{folder}/{place.split('?')[0] or 'overview'}-{width}-{scheme}.png",
                    full_page=True,
                )
        assert wrong == []
