"""Labelling and correcting in Chromium: by key, by touch, sound in both schemes and widths."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from looking import WIDTHS, all_rules, opened, overflow
from playwright.sync_api import Browser, Page, expect

from archive.strategies import post
from hashwatch.serve.app import build_app
from publish.test_publish_dashboard import EVENT, NOW, Room

pytestmark = pytest.mark.browser


class Labelled:
    """A server on an archive of six posts; ``address`` is its labelling page."""

    def __init__(self, folder: Path) -> None:
        self.room = Room(folder)
        texts = ("A wonderful talk", "A terrible muddle")
        self.room.store(
            *(post(n, text=f"{texts[n % 2]} {'yes ' * n}on oversight") for n in range(6))
        )
        self.room.publish()
        app = build_app(
            self.room.dashboard_path, archive_path=self.room.archive_path,
            wall=lambda: float(NOW),
        )  # fmt: skip
        config = uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.event = f"http://127.0.0.1:{port}/events/{EVENT.slug}"
        self.address = f"{self.event}/evaluate"

    def stop(self) -> None:
        """Ends the server."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)
        self.room.archive.close()


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Labelled]:
    """A server of this test's own; its answers wait for no publisher."""
    monkeypatch.setattr("hashwatch.serve.deciding.PUBLISHED_SECONDS", 0)
    made = Labelled(tmp_path)
    yield made
    made.stop()


def progress(page: Page, words: str) -> None:
    """What the page says of how far it is."""
    expect(page.locator(".progress")).to_have_text(words)


def test_keys_label_and_undo(browser: Browser, labelled: Labelled) -> None:
    """1, 2, 3 and 0 answer, u takes back, and none of them leads to another page."""
    with opened(browser, labelled.address) as (page, wrong):
        page.get_by_role("button", name="Draw a sample").click()
        progress(page, "labelled 0 of 6")
        for number, key in enumerate("1230", 1):
            page.keyboard.press(key)
            progress(page, f"labelled {number} of 6")
        page.keyboard.press("u")
        progress(page, "labelled 3 of 6")
        assert page.url == labelled.address
        for key in "012":
            before = page.locator("[name=post]").get_attribute("value")
            page.keyboard.press(key)
            expect(page.locator(f"[name=post][value='{before}']")).to_have_count(0)
        labelled.room.publish()
        page.reload()
        expect(page.get_by_role("heading", name="How often tone is right")).to_be_visible()
        assert wrong == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labelling_is_sound(browser: Browser, labelled: Labelled, width: int, scheme: str) -> None:
    """Before, while and after labelling: it fits, breaks no rule, asks nobody else; by touch."""
    with opened(browser, labelled.address, width, scheme, touch=True) as (page, wrong):
        assert (all_rules(page), overflow(page)) == ([], 0)
        page.get_by_role("button", name="Draw a sample").tap()
        progress(page, "labelled 0 of 6")
        assert (all_rules(page), overflow(page)) == ([], 0)
        for number in range(1, 6):
            page.get_by_role("button", name="neutral").tap()
            progress(page, f"labelled {number} of 6")
        page.get_by_role("button", name="cannot tell").tap()
        expect(page.locator(".progress")).to_have_count(0)
        labelled.room.publish()
        page.reload()
        expect(page.get_by_role("heading", name="What is taken for what")).to_be_visible()
        assert (all_rules(page), overflow(page)) == ([], 0)
        assert wrong == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_tag_is_corrected_on_the_posts_page(
    browser: Browser, labelled: Labelled, width: int
) -> None:
    """A select and a button; afterwards the page says that a person did it."""
    address = f"{labelled.event}/posts/{labelled.room.id_of(post(0))}"
    with opened(browser, address, width) as (page, wrong):
        page.get_by_text("Correct a tag").click()
        page.get_by_label("Tone").select_option("negative")
        page.get_by_role("button", name="Correct tone").click()
        expect(page.get_by_text("The decision is kept")).to_be_visible()
        labelled.room.publish()
        page.reload()
        expect(page.get_by_text("annotators say: positive")).to_be_visible()
        assert (all_rules(page), overflow(page)) == ([], 0)
        assert wrong == []
