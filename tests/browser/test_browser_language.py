"""The interface's languages in Chromium: longer words, right to left, French in the scripts."""

from __future__ import annotations

import pytest
from looking import all_rules, opened, overflow
from playwright.sync_api import Browser, expect
from served import Served
from test_browser_pages import BASE, PAGES, a_post

from hashwatch.wording import PSEUDO, PSEUDO_RIGHT_TO_LEFT

pytestmark = pytest.mark.browser

FEW = ("overview", "posts", "coverage", "questions waiting", "people")


def in_language(path: str, language: str) -> str:
    """An address in a language."""
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


@pytest.mark.parametrize("name", FEW)
def test_longer_words_fit_a_phone(browser: Browser, site: str, name: str) -> None:
    """With words that are 40% longer nothing is wider than a phone."""
    _fits(browser, site, PAGES[name], PSEUDO)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in PAGES if name not in FEW])
def test_longer_words_fit_a_phone_on_every_page(browser: Browser, site: str, name: str) -> None:
    """The same of the other pages."""
    _fits(browser, site, PAGES[name], PSEUDO)


@pytest.mark.parametrize("name", FEW)
def test_a_language_from_right_to_left_is_sound(browser: Browser, site: str, name: str) -> None:
    """The page runs from right to left by itself, fits, and breaks no rule."""
    with opened(browser, site + in_language(PAGES[name], PSEUDO_RIGHT_TO_LEFT), 360) as (page, _):
        assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
        assert overflow(page) <= 0
        assert all_rules(page) == []


def _fits(browser: Browser, site: str, path: str, language: str) -> None:
    if "POST" in path:
        path = path.replace("POST", a_post(browser, site))
    with opened(browser, site + in_language(path, language), 360) as (page, _):
        assert overflow(page) <= 0


def test_french_is_chosen_in_the_footer_and_remembered(browser: Browser, site: str) -> None:
    """The choice stays on the pages after it; the address is passed on without it."""
    with opened(browser, site + BASE) as (page, wrong):
        page.get_by_role("link", name="Français").click()
        expect(page).to_have_title("Synthèse · NATSEC17 · hashwatch")
        assert "lang=" not in page.url
        page.get_by_role("link", name="Couverture", exact=True).first.click()
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        page.get_by_role("link", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert wrong == []


def test_scripts_speak_french(browser: Browser, own_site: Served) -> None:
    """What scripts write is French too: the chart, the pause, new posts and their plural."""
    address = own_site.address + in_language(f"{BASE}?grain=hour&from=2017-03-28", "fr")
    with opened(browser, address) as (page, wrong):
        page.locator("[data-plot]").press("ArrowLeft")
        expect(page.locator("[data-read]")).to_contain_text("Ouvrir ces publications")
        expect(page.locator("[data-read]")).to_contain_text("mars")
        page.get_by_role("button", name="Suspendre les mises à jour").click()
        expect(page.locator("[data-announce]")).to_have_text("Les mises à jour sont suspendues")
        page.get_by_role("button", name="Reprendre les mises à jour").click()
        own_site.post()
        expect(page.locator("[data-new-posts]")).to_have_text("Afficher 1 nouvelle publication")
        own_site.post()
        expect(page.locator("[data-new-posts]")).to_have_text("Afficher 2 nouvelles publications")
        assert wrong == []


def test_times_are_the_event_s_the_viewer_s_or_utc(browser: Browser, site: str) -> None:
    """The switch goes from the event's zone to UTC (the viewer's here) and back, and stays."""
    with opened(browser, site + BASE) as (page, _):
        first = page.locator("[data-post] time").first
        switch = page.locator("[data-zone-switch]")
        assert first.inner_text() == "31 Mar 10:15"  # summer time in London
        switch.click()
        expect(first).to_have_text("31 Mar 09:15")
        expect(page.locator("[data-announce]")).to_have_text("Times in UTC")
        page.reload()
        expect(first).to_have_text("31 Mar 09:15")
        switch.click()
        expect(first).to_have_text("31 Mar 10:15")
