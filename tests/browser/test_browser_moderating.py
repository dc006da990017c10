"""The moderators' page, the wall and the public pages in Chromium, with a publisher that runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from looking import WIDTHS, all_rules, opened, overflow
from playwright.sync_api import Browser, Page, expect

from hashwatch.serve.app import build_app
from publish.test_publish_dashboard import NOW
from publish.test_publish_moderation import Stage, post

pytestmark = pytest.mark.browser

EVENT, PUBLIC = "/events/natsec17", "/public/natsec17"
REACHES_MILLISECONDS = 6000
"""Within which a decision is on every screen; bench/ measures the two seconds that are promised."""


class Room:
    """A server and a publisher on an archive of eight posts."""

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(folder)
        words = ("walrus", "otter", "heron", "badger", "lynx", "marten", "stoat", "osprey")
        self.stage.store(
            *(
                post(n, text=f"The {word} spoke on oversight #NATSEC17")
                for n, word in enumerate(words)
            )
        )
        self.stage.publish()
        app = build_app(
            self.stage.dashboard_path, archive_path=self.stage.archive_path, wall=lambda: float(NOW)
        )
        config = uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._server.run, daemon=True),
            threading.Thread(target=self._publish, daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"

    def _publish(self) -> None:
        with self.stage.publisher() as publisher:
            publisher.run(self._stop)

    def stop(self) -> None:
        """Ends both."""
        self._stop.set()
        self._server.should_exit = True
        self._server.force_exit = True
        for thread in self._threads:
            thread.join(10)
        self.stage.archive.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A room of this test's own."""
    made = Room(tmp_path)
    yield made
    made.stop()


def judge(page: Page, word: str) -> None:
    """Chooses the post with a word."""
    page.locator("[data-judged]", has_text=word).locator("button[data-key]").first.focus()


def test_a_decision_is_on_every_screen_and_hiding_empties_them(
    browser: Browser, room: Room
) -> None:
    """Approved by key: on wall and public page. Hidden: gone from both and the dashboard."""
    with (
        opened(browser, f"{room.address}{EVENT}/moderation") as (desk, wrong),
        opened(browser, f"{room.address}{EVENT}/wall?scene=latest") as (wall, wall_wrong),
        opened(browser, f"{room.address}{EVENT}/posts") as (staff, staff_wrong),
    ):
        expect(wall.locator(".wall-call")).to_contain_text("#NATSEC17")
        judge(desk, "heron")
        desk.keyboard.press("a")
        expect(desk.locator("[data-toast-words]")).to_have_text("Approved")
        expect(desk.locator("[data-judged]", has_text="heron")).to_have_count(0)
        expect(wall.locator(".wall-text")).to_contain_text("heron", timeout=REACHES_MILLISECONDS)
        with opened(browser, f"{room.address}{PUBLIC}") as (public, public_wrong):
            expect(public.locator(".post-text")).to_contain_text("heron")
            assert public_wrong == []
        desk.get_by_role("link", name="Approved").click()
        judge(desk, "heron")
        desk.keyboard.press("h")
        expect(wall.locator(".wall-text")).to_have_count(0, timeout=REACHES_MILLISECONDS)
        expect(wall.locator(".wall-call")).to_be_visible()
        # No reload: new posts wait for a click, one that is hidden goes at once.
        expect(staff.locator(".post-text", has_text="heron")).to_have_count(
            0, timeout=REACHES_MILLISECONDS
        )
        expect(staff.locator("[data-post]")).to_have_count(7)
        desk.keyboard.press("u")
        expect(wall.locator(".wall-text")).to_contain_text("heron", timeout=REACHES_MILLISECONDS)
        assert [*wrong, *wall_wrong, *staff_wrong] == []


def test_the_last_post_of_a_list_goes_and_the_page_says_so(browser: Browser, room: Room) -> None:
    """A search that finds one post, which is then hidden, shows none, and comes back by itself."""
    with opened(browser, f"{room.address}{EVENT}/posts?q=heron") as (staff, wrong):
        expect(staff.locator("[data-post]")).to_have_count(1)
        room.stage.rule("post", room.stage.id_of(post(2)), "hide")
        expect(staff.get_by_text("No post matches")).to_be_visible(timeout=REACHES_MILLISECONDS)
        expect(staff.locator("[data-post]")).to_have_count(0)
        room.stage.rule("post", room.stage.id_of(post(2)), "approve")
        expect(staff.locator(".post-text")).to_contain_text("heron", timeout=REACHES_MILLISECONDS)
        assert wrong == []


def test_a_post_hidden_while_it_waits_is_never_shown(browser: Browser, room: Room) -> None:
    """The button that offers it goes, and a press in between does not bring it."""
    with opened(browser, f"{room.address}{EVENT}/posts") as (staff, wrong):
        room.stage.store(post(40, text="The curlew spoke too #NATSEC17"))
        waiting = staff.locator("[data-new-posts]")
        expect(waiting).to_have_text("Show 1 new post", timeout=REACHES_MILLISECONDS)
        room.stage.rule("post", room.stage.id_of(post(40)), "hide")
        expect(waiting).to_be_hidden(timeout=REACHES_MILLISECONDS)
        expect(staff.locator("[data-post]")).to_have_count(8)
        expect(staff.locator(".post-text", has_text="curlew")).to_have_count(0)
        assert wrong == []


def test_a_list_that_somebody_works_in_is_not_loaded_anew(browser: Browser, room: Room) -> None:
    """A post more is counted; the page, with what is open in it, stays."""
    room.stage.store(post(20, text="Question for the panel: who oversees oversight? #NATSEC17"))
    with opened(browser, f"{room.address}{EVENT}/triage") as (desk, wrong):
        expect(desk.locator("[data-live='queue-questions']")).to_have_text(
            "(1)", timeout=REACHES_MILLISECONDS
        )
        desk.evaluate("window.kept = true")
        room.stage.store(post(21, text="Question for the panel: and who pays? #NATSEC17"))
        expect(desk.locator("[data-live='queue-questions']")).to_have_text(
            "(2)", timeout=REACHES_MILLISECONDS
        )
        assert desk.evaluate("window.kept") is True
        assert wrong == []


def test_ticked_posts_are_decided_together_and_the_wall_is_emptied(
    browser: Browser, room: Room
) -> None:
    """x ticks, a button decides; one press takes all off the wall, another puts it back."""
    with (
        opened(browser, f"{room.address}{EVENT}/moderation") as (desk, wrong),
        opened(browser, f"{room.address}{EVENT}/wall?scene=latest") as (wall, _),
    ):
        for word in ("otter", "lynx"):
            judge(desk, word)
            desk.keyboard.press("x")
        desk.locator(".bulk").get_by_role("button", name="Approve").click()
        expect(desk.locator("[data-toast-words]")).to_have_text("2 posts: approved")
        expect(wall.locator(".wall-text")).to_have_count(2, timeout=REACHES_MILLISECONDS)
        desk.get_by_role("button", name="Empty the wall").click()
        expect(desk.get_by_text("The wall is empty")).to_be_visible()
        expect(wall.locator(".wall-text")).to_have_count(0, timeout=REACHES_MILLISECONDS)
        desk.get_by_role("button", name="Let the wall go on").click()
        expect(wall.locator(".wall-text")).to_have_count(2, timeout=REACHES_MILLISECONDS)
        assert wrong == []


def test_who_comes_second_reads_who_was_first(browser: Browser, room: Room) -> None:
    """Beside the post, which stays in the list."""
    with opened(browser, f"{room.address}{EVENT}/moderation") as (desk, _):
        room.stage.rule("post", room.stage.id_of(post(3)), "reject")
        judge(desk, "badger")
        desk.keyboard.press("a")
        problem = desk.locator("[data-judged]", has_text="badger").locator("[data-problem]")
        expect(problem).to_contain_text("ana decided “reject” in the meantime")


def test_the_wall_shows_nothing_when_it_hears_nothing(browser: Browser, room: Room) -> None:
    """Cut off for a minute it cannot know what was taken back; reconnected it goes on."""
    room.stage.rule("post", room.stage.id_of(post(1)), "approve")
    address = f"{room.address}{EVENT}/wall?scene=latest"
    with opened(browser, address, clock=True) as (wall, _):
        wall.clock.run_for(6000)
        expect(wall.locator(".wall-text")).to_contain_text("otter")
        wall.context.set_offline(True)
        wall.clock.run_for(75_000)
        expect(wall.locator(".wall-text")).to_have_count(0)
        expect(wall.locator(".wall-call")).to_contain_text("#NATSEC17")
        wall.context.set_offline(False)
        wall.clock.run_for(6000)
        expect(wall.locator(".wall-text")).to_contain_text("otter")


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_of_the_room_are_sound(browser: Browser, room: Room, width: int) -> None:
    """They fit, break no rule in light or dark, run clean and ask nobody else."""
    stage = room.stage
    for number, verdict in enumerate(("approve", "approve", "reject", "hide")):
        stage.rule("post", stage.id_of(post(number)), verdict)
    stage.rule("author", stage.author_of(post(4)), "allow")
    stage.rule("term", "osprey", "hide")
    pages = [f"{EVENT}/moderation?state={one}" for one in ("", "approve", "hide", "rules")]
    pages += [
        f"{EVENT}/triage?queue=negative",
        f"{EVENT}/triage",
        f"{EVENT}/log",
        f"{EVENT}/wall",
        f"{EVENT}/wall?scene=themes",
        PUBLIC,
    ]
    pages += [f"{PUBLIC}?theme=Oversight", f"{PUBLIC}/embed"]
    for path in pages:
        with opened(browser, room.address + path, width) as (page, wrong):
            if "state=hide" in path:
                expect(page.get_by_text("badger")).to_be_visible()
            assert overflow(page) <= 0, path
            assert all_rules(page) == [], path
            page.emulate_media(color_scheme="dark")
            assert all_rules(page) == [], path
            assert wrong == [], path
