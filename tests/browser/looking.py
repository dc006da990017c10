"""Opening a page in Chromium and noting all that goes wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

WIDTHS = (360, pytest.param(1280, marks=pytest.mark.long))
"""A phone, where a page breaks first, and (among the long tests) a desktop."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def opened(
    browser: Browser,
    address: str,
    width: int = 1280,
    scheme: str = "light",
    touch: bool = False,
    clock: bool = False,
) -> Iterator[tuple[Page, list[str]]]:
    """A page at ``address``, and what goes wrong in it: errors, refusals, foreign requests."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        has_touch=touch,
        reduced_motion="reduce",
        timezone_id="UTC",
    )
    context.set_default_timeout(8000)
    page = context.new_page()
    wrong: list[str] = []
    origin = "/".join(address.split("/")[:3])
    page.on("console", lambda m: wrong.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on(
        "request",
        lambda r: None if r.url.startswith(origin) else wrong.append(f"foreign request: {r.url}"),
    )
    if clock:
        page.clock.install()
    answer = page.goto(address)
    if answer is not None and answer.status >= 400:
        # Chromium reports the status of the page itself; the page under test is that error.
        wrong[:] = [one for one in wrong if f"status of {answer.status}" not in one]
    try:
        yield page, wrong
    finally:
        context.close()


def violations(page: Page, only: dict[str, object]) -> list[str]:
    """What axe-core finds, a line each: the rule, where, why."""
    found = Axe().run(page, options={"runOnly": only, "resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary'][:200]}"
        for rule in found.response["violations"]
        for node in rule["nodes"][:4]
    ]


def all_rules(page: Page) -> list[str]:
    """What breaks WCAG 2.2 AA or good practice."""
    return violations(page, {"type": "tag", "values": RULES})


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the window."""
    measured: int = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return measured
