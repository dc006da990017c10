"""One message on many networks in Chromium: in lists, on its page, and without boosts."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, expect
from test_browser_pages import all_rules, opened, overflow

from hashwatch.serve.app import build_app
from publish.test_publish_dashboard import EVENT, NOW, Room
from publish.test_publish_messages import WORDS, sent

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an event with a message on three networks, its boosts, and words alike."""
    room = Room(tmp_path_factory.mktemp("messages"))
    first = sent(0, "mastodon", WORDS[0], 10, likes=4)
    boost = sent(1, "mastodon", "", 50, kind="boost", boost_of=first.uri)
    room.store(
        first, sent(0, "bluesky", WORDS[0], 25, likes=7), sent(0, "x", WORDS[0], 95, likes=31),
        sent(1, "mastodon", WORDS[1], 140), sent(1, "bluesky", WORDS[3], 160), boost,
    )  # fmt: skip
    room.publish()
    app = build_app(room.dashboard_path, archive_path=room.archive_path, wall=lambda: float(NOW))
    config = uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/events/{EVENT.slug}"
    server.should_exit = server.force_exit = True
    thread.join(10)
    room.archive.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_a_message_stands_once_and_leads_to_its_posts(
    browser: Browser, address: str, width: int, scheme: str
) -> None:
    with opened(browser, f"{address}/posts", width, scheme) as (page, wrong):
        card = page.locator("article.post", has_text=WORDS[0]).first
        expect(card).to_contain_text("also on Bluesky X")
        expect(card).to_contain_text("1 more like this")
        expect(page.locator("article.post")).to_have_count(2)
        expect(page.locator("#results")).to_contain_text("6 posts")
        expect(page.locator("#results")).to_contain_text("3 messages")
        _look(page, f"posts-{width}-{scheme}")
        assert overflow(page) == 0
        assert all_rules(page) == []
        card.get_by_text("Details").click()
        page.wait_for_url("**/posts/*")
        expect(page.locator("h2", has_text="One message, 3 posts")).to_be_visible()
        _look(page, f"post-{width}-{scheme}")
        assert overflow(page) == 0
        assert all_rules(page) == []
        assert wrong == []


@pytest.mark.parametrize("place", ["", "/themes", "/sessions/s1"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_pages_with_messages_are_sound(
    browser: Browser, address: str, width: int, scheme: str, place: str
) -> None:
    with opened(browser, f"{address}{place}", width, scheme) as (page, wrong):
        _look(page, f"page{place.replace('/', '-')}-{width}-{scheme}")
        assert overflow(page) == 0
        assert all_rules(page) == []
        assert wrong == []


def test_boosts_are_left_out_and_drawn_again(browser: Browser, address: str) -> None:
    with opened(browser, f"{address}/sessions/s1") as (page, wrong):
        expect(page.locator("[data-live=session-messages]")).to_contain_text("3 messages; 17%")
        page.get_by_role("link", name="Without boosts (17%)").click()
        page.wait_for_url("**boosts=hidden")
        expect(page.locator("[data-live=series-summary]")).to_contain_text("5 posts")
        page.get_by_role("link", name="With boosts (17%)").click()
        expect(page.locator("[data-live=series-summary]")).to_contain_text("6 posts")
        assert wrong == []


def _look(page: object, name: str) -> None:
    """Leaves a picture where somebody wants to look at it."""
    folder = os.environ.get("HASHWATCH_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)  # type: ignore[attr-defined]
