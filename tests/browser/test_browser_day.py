"""A whole day at a conference, by browser: set up, a spike, a post hidden, the wall, an answer.

The real processes, a server of our own as the platform, a webhook as the team's chat.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from looking import opened
from playwright.sync_api import Browser, Page, expect

from fake_platform.mastodon import FakeMastodon

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(420)]

SLUG, HASHTAG, PASSWORD = "daywatch", "Daywatch", "a long enough password"
EVENT, PUBLIC = f"/events/{SLUG}", f"/public/{SLUG}"
COLLECTED_MILLISECONDS = 90_000
"""A server is asked every 15 s while a session is on."""
REACHES_SECONDS = 8.0
"""Within which a decision is everywhere, on a machine that does other things too."""
UNIQUE, PENDING = "zebrafinch", "quokka"
SCENES = 10
ALERTS = """
[notify.desk]
url_env = "DESK"

[[alert]]
kind = "spike"
to = ["desk"]
"""


class Hook:
    """A webhook that keeps what arrives."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                hook.told.append(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"json://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()


class Day:
    """hashwatch as the README starts it, on a configuration that ``init`` has written."""

    def __init__(self, folder: Path, platform: FakeMastodon, hook: Hook) -> None:
        self.platform, self.hook = platform, hook
        self.config, self.now = folder / "config.toml", time.time()
        today = datetime.now(UTC).date()
        self._hashwatch(
            "init", "--no-input", "--config", str(self.config), "--hashtag", HASHTAG,
            "--title", "Daywatch", "--timezone", "UTC", "--starts", str(today - timedelta(1)),
            "--ends", str(today + timedelta(1)), "--language", "en", "--server", platform.url,
        )  # fmt: skip
        with self.config.open("a", encoding="utf-8") as file:
            file.write(
                '\n[notify.desk]\nurl_env = "DESK"\n\n[[alert]]\nkind = "spike"\nto = ["desk"]\n'
            )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hashwatch", "run", "--config", str(self.config),
             "--data-dir", str(folder / "data"), "--port", "0"],
            stdout=subprocess.PIPE, text=True, env={**os.environ, "DESK": hook.address},
        )  # fmt: skip
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split()[3].rstrip("/")

    def post(self, text: str, seconds_ago: float = 0) -> None:
        """A post by an invented person who does not mind being found."""
        shown = self.platform.post(
            f"{text} #{HASHTAG}", time.time() - seconds_ago, tags=(HASHTAG.casefold(),)
        )
        stored = self.platform.statuses[int(shown)]
        stored["account"] = {**stored["account"], "indexable": True}

    def stop(self) -> None:
        """Ends it, as Ctrl-C does."""
        self.process.terminate()
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @staticmethod
    def _hashwatch(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "hashwatch", *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    """A quiet morning: a few posts, an hour between two."""
    hook = Hook()
    with FakeMastodon() as platform:
        made = Day(tmp_path, platform, hook)
        for number in range(3):
            made.post(f"Setting up the hall, part {number}", 3600.0 * (number + 1))
        yield made
        made.stop()
    hook.stop()


def eventually(holds: Callable[[], bool], seconds: float, what: Callable[[], str] = str) -> float:
    """Waits until something holds; how long that took. ``what`` says why not."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, what()
        time.sleep(0.05)
    return time.monotonic() - started


def surfaces(page: Page, day: Day) -> dict[str, bool]:
    """Whether the unique word is on each surface, staff's and everybody's."""
    paths = {
        "dashboard": f"{EVENT}/posts", "dashboard as JSON": f"{EVENT}/posts.json",
        "search": f"{EVENT}/posts.json?q={UNIQUE}", "overview": EVENT,
        "staff's CSV": f"{EVENT}/posts.csv", "staff's JSONL": f"{EVENT}/posts.jsonl",
        "wall": f"{EVENT}/wall.json", "public page": PUBLIC, "panel": f"{PUBLIC}/embed",
        "feed": f"{PUBLIC}/feed.atom", "public CSV": f"{PUBLIC}/posts.csv",
        "public JSONL": f"{PUBLIC}/posts.jsonl", "tables": "/dashboard/posts.json?_shape=array",
    }  # fmt: skip
    said = {}
    for name, path in paths.items():
        answer = page.request.get(day.address + path)
        assert answer.status == 200, (name, answer.status)
        # A search names what was searched for; a post says more than the word.
        said[name] = f"The {UNIQUE}" in answer.text()
    return said


def test_a_day_of_the_conference(browser: Browser, day: Day) -> None:
    """In the order of the day; whatever goes wrong in any page is wrong here."""
    with opened(browser, f"{day.address}/-/people") as (desk, wrong):
        # Set up: the first admin, made in the browser, signs in.
        desk.get_by_label("Name").fill("ana")
        desk.get_by_label("Password").fill(PASSWORD)
        desk.get_by_role("button", name="Make the admin and sign in").click()
        expect(desk.get_by_text("1 person can sign in")).to_be_visible()
        with opened(browser, f"{day.address}{EVENT}") as (stranger, _):
            expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()

        # Before the conference opens: does every source collect?
        def is_published() -> bool:
            return desk.request.get(f"{day.address}{EVENT}.json").status == 200

        eventually(is_published, 30)
        desk.goto(f"{day.address}{EVENT}/check")
        desk.get_by_role("button", name="Ask every source now").click()
        ours = desk.locator(".checked > li", has_text="127.0.0.1")
        expect(ours.locator(".state")).to_have_text("collects", timeout=COLLECTED_MILLISECONDS)
        ours.locator("summary").click()
        expect(ours.locator(".samples")).to_contain_text("Setting up the hall, part 0")

        # A spike: seen on the overview without touching it, told to the team's chat.
        desk.goto(f"{day.address}{EVENT}")
        expect(desk.locator("[data-live='now']")).to_contain_text(
            "3", timeout=COLLECTED_MILLISECONDS
        )
        day.post("Question for the panel: who oversees those who oversee?")
        for number in range(40):
            day.post(f"The minister resigns on stage, says row {number}", 60 - number)
        day.post(f"The {PENDING} spoke, too")
        day.post(f"The {UNIQUE} spoke on oversight, and well")
        expect(desk.locator(".sentence")).to_contain_text(
            "a spike since", timeout=COLLECTED_MILLISECONDS
        )
        expect(desk.locator(".flag-spike")).to_be_visible()
        eventually(lambda: bool(day.hook.told), 60)
        assert "posts in five minutes" in day.hook.told[0]["message"]
        assert SLUG in day.hook.told[0]["title"]

        # Nothing is public yet. One post is let on, and is on every surface.
        desk.goto(f"{day.address}{EVENT}/moderation")
        assert not any(there for name, there in surfaces(desk, day).items() if "public" in name)
        with opened(browser, f"{day.address}{EVENT}/wall?pace=5", clock=True) as (wall, wall_wrong):
            judged = desk.locator("[data-judged]", has_text=UNIQUE)
            for _ in range(5):
                if judged.count():
                    break
                desk.get_by_role("link", name=re.compile("Earlier|Older")).click()
            judged.locator("button[data-key]").first.focus()
            desk.keyboard.press("a")
            expect(desk.locator("[data-toast-words]")).to_have_text("Approved")
            eventually(
                lambda: all(surfaces(desk, day).values()), 30, lambda: str(surfaces(desk, day))
            )

            # The wall goes through ten scenes, and never shows what nobody let on.
            seen: list[str] = []
            for _ in range(SCENES):
                wall.clock.run_for(5100)
                assert PENDING not in wall.content()
                seen.append(wall.locator("[data-scene-name]").inner_text())
            assert len(seen) == SCENES
            assert {"Latest", "What it is about"} <= set(seen) or len(set(seen)) > 1, seen
            expect(wall.locator("body")).to_contain_text(re.compile(UNIQUE, re.I), timeout=60_000)

            # It is hidden: gone from every surface.
            desk.get_by_role("link", name="Approved").click()
            desk.locator("[data-judged]", has_text=UNIQUE).locator("button[data-key]").first.focus()
            desk.keyboard.press("h")
            expect(desk.locator("[data-toast-words]")).to_have_text("Hidden everywhere")
            took = eventually(
                lambda: not any(surfaces(desk, day).values()),
                REACHES_SECONDS,
                lambda: str(surfaces(desk, day)),
            )
            wall.clock.run_for(6000)
            expect(wall.locator(".wall-text", has_text=UNIQUE)).to_have_count(0)
            print(f"hidden everywhere after {took:.1f} s, thirteen surfaces read in turn")
            assert wall_wrong == []

        # A question is taken and answered; the time to the answer is measured.
        desk.goto(f"{day.address}{EVENT}/triage")
        asked = desk.locator(".judged", has_text="who oversees")
        asked.get_by_role("button", name="Take it").click()
        asked.locator("summary", has_text="More").click()
        asked.get_by_label("Answered at").fill("https://social.example/@panel/1")
        asked.get_by_role("button", name="Note it").click()
        expect(desk.locator(".judged", has_text="who oversees")).to_have_count(0)
        desk.get_by_role("link", name=re.compile(r"Done")).click()
        expect(desk.locator(".judged", has_text="who oversees")).to_be_visible()
        expect(desk.locator(".lead")).to_contain_text("for its first answer")

        # The log has it all.
        desk.goto(f"{day.address}{EVENT}/log")
        expect(desk.locator("tbody tr")).to_have_count(4)
        assert wrong == []
