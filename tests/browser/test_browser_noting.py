"""Notes beside the chart in Chromium: written from the chart, drawn on it, sound in every light."""

from __future__ import annotations

import re

import pytest
from looking import WIDTHS, all_rules, opened, overflow
from playwright.sync_api import Browser, expect
from test_browser_moderating import EVENT, REACHES_MILLISECONDS, Room, room

pytestmark = pytest.mark.browser
__all__ = ["room"]
DAY = f"{EVENT}?from=2017-03-31&to=2017-03-31&grain=hour"


def test_a_note_is_written_from_the_chart_and_drawn_on_it(browser: Browser, room: Room) -> None:
    """The point that is read off is its time; another open page draws it by itself."""
    with (
        opened(browser, f"{room.address}{DAY}") as (page, wrong),
        opened(browser, f"{room.address}{DAY}") as (other, other_wrong),
    ):
        plot = page.locator("[data-plot]")
        plot.focus()
        page.keyboard.press("End")
        page.keyboard.press("ArrowLeft")
        page.get_by_role("link", name="Write a note").click()
        expect(page.get_by_label("At (")).to_have_value("2017-03-31T22:00")
        page.locator("#moment").fill("2017-03-31T12:30")
        page.locator("#words").fill("Keynote began")
        page.get_by_role("button", name="Write it").click()
        expect(page.get_by_role("button", name=re.compile("Change.*Keynote"))).to_be_visible()
        expect(other.locator(".flag-note")).to_have_text(
            "Keynote began", timeout=REACHES_MILLISECONDS
        )
        expect(other.locator(".spikes")).to_contain_text("Keynote began")
        page.get_by_role("button", name=re.compile("Take back.*Keynote")).click()
        expect(page.get_by_role("button", name=re.compile("Change.*Keynote"))).to_have_count(0)
        expect(other.locator(".flag-note")).to_have_count(0, timeout=REACHES_MILLISECONDS)
        assert [*wrong, *other_wrong] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_notes_are_sound(browser: Browser, room: Room, width: int) -> None:
    """The page and the chart fit and break no rule, with a note as long as one may be."""
    with opened(browser, f"{room.address}{EVENT}/notes", width) as (page, wrong):
        page.locator("#moment").fill("2017-03-31T12:30")
        page.locator("#words").fill("The minister answered at length " * 3)
        page.get_by_role("button", name="Write it").click()
        for path in (f"{EVENT}/notes", DAY):
            page.goto(room.address + path)
            assert overflow(page) <= 0, path
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                assert all_rules(page) == [], path
        assert wrong == []
