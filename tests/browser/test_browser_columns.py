"""Columns in Chromium: joined from a search, moved, named, kept, and calm under a reader."""

from __future__ import annotations

import pytest
from looking import all_rules, opened
from playwright.sync_api import Browser, Page, expect
from served import Served
from test_browser_pages import BASE

pytestmark = pytest.mark.browser


def names(page: Page) -> list[str]:
    """The columns from left to right."""
    return [each.inner_text() for each in page.locator(".column-head h2").all()]


@pytest.mark.parametrize("width", [1280, 360])
def test_columns_are_joined_moved_named_and_kept(browser: Browser, site: str, width: int) -> None:
    """As a person does it: each step leaves an address that brings the page back."""
    with opened(browser, f"{site}{BASE}/columns", width) as (page, wrong):
        assert names(page) == ["Latest", "Questions", "Negative"]
        page.goto(f"{site}{BASE}/posts?sentiment=positive&q=security")
        page.get_by_role("link", name="As a column").click()
        expect(page.locator(".column-head")).to_have_count(4)
        page.get_by_label("Remove Questions").click()
        expect(page.locator(".column-head")).to_have_count(3)
        page.get_by_label("Move Negative to the left").click()
        expect(page.locator("#column-1")).to_have_text("Negative")
        page.locator(".column").nth(1).get_by_text("Rename").click()
        assert all_rules(page) == []
        page.get_by_label("Name of column 2").fill("To <read> & answer")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator("#column-2")).to_have_text("To <read> & answer")
        kept, address = names(page), page.url
        assert kept[0] == "Negative"
        page.goto(f"{site}{BASE}/columns")
        expect(page.locator("#column-2")).to_have_text("To <read> & answer")
        assert names(page) == kept
        assert page.url == address
        assert wrong == []


def test_a_column_is_added_by_its_form(browser: Browser, site: str) -> None:
    """It stands at the end, and holds what it says."""
    with opened(browser, f"{site}{BASE}/columns") as (page, wrong):
        page.get_by_label("Tone").select_option("positive")
        page.get_by_label("Name", exact=True).fill("Praise")
        page.get_by_role("button", name="Add").click()
        column = page.locator(".column").nth(3)
        expect(column.locator("h2")).to_have_text("Praise")
        tones = column.locator("[data-post] .tone").all_inner_texts()
        assert tones
        assert all("positive" in tone for tone in tones)
        assert wrong == []


def test_a_column_says_what_waits_while_somebody_reads(browser: Browser, own_site: Served) -> None:
    """Scrolled down nothing moves; a press, or scrolling back up, brings what is new."""
    with opened(browser, f"{own_site.address}{BASE}/columns") as (page, wrong):
        column, waiting = page.locator(".column-posts").first, page.locator("[data-new-in]").first
        for bring in ("press", "scroll"):
            first = column.locator("[data-post]").first.get_attribute("data-post")
            column.evaluate("node => { node.scrollTop = 400; }")
            own_site.post(f"Breaking by {bring} #NATSEC17")
            expect(waiting).to_have_text("1 new post", timeout=8000)
            assert column.locator("[data-post]").first.get_attribute("data-post") == first
            assert column.evaluate("node => node.scrollTop") == 400
            assert all_rules(page) == []
            if bring == "press":
                waiting.click()
            else:
                column.evaluate("node => { node.scrollTop = 0; }")
            expect(column.locator("[data-post]").first).to_contain_text(f"Breaking by {bring}")
            expect(waiting).to_be_hidden()
        assert wrong == []
