"""Every page in Chromium, as it is served: two colour schemes, two widths, strict headers."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import pytest
from looking import WIDTHS, all_rules, opened, overflow
from playwright.sync_api import Browser, Locator, Page, Request, expect
from served import Served

pytestmark = pytest.mark.browser

BASE = "/events/natsec17"
PAGES = {
    "events": "/",
    "overview": BASE,
    "overview by hour": f"{BASE}?grain=hour&from=2017-03-28&to=2017-03-31",
    "questions": f"{BASE}?tab=questions",
    "posts": f"{BASE}/posts",
    "filtered posts": f"{BASE}/posts?q=security+OR+rights&sentiment=negative&sort=engaged",
    "no result": f"{BASE}/posts?q=nothing+like+it",
    "post": f"{BASE}/posts/POST",
    "sessions": f"{BASE}/sessions",
    "session": f"{BASE}/sessions/d4-2",
    "session without times": f"{BASE}/sessions/d5-1",
    "themes": f"{BASE}/themes",
    "coverage": f"{BASE}/coverage",
    "voices": f"{BASE}/voices",
    "questions waiting": f"{BASE}/questions",
    "evaluation": f"{BASE}/evaluate",
    "alerts": f"{BASE}/alerts",
    "columns": f"{BASE}/columns",
    "agenda": f"{BASE}/agenda",
    "agenda without times": f"{BASE}/agenda?day=2017-04-01",
    "replay": f"{BASE}/sessions/d4-2/replay",
    "people": "/-/people",
    "account": "/-/account",
    "sign in": "/-/sign-in",
    "empty event": "/events/empty",
    "unknown event": "/events/none",
    "bad filter": f"{BASE}/posts?sentiment=cross",
    "tables": "/dashboard",
    "a table": "/dashboard/posts?_size=12&_facet=language&_sort_desc=id",
    "a row": "/dashboard/posts/POST",
    "SQL": "/dashboard?sql=select+id,+text+from+posts+where+id+>+:id+limit+5&id=3",
    "bad SQL": "/dashboard?sql=select+nothing",
    "no such table": "/dashboard/nothing",
    "versions": "/-/versions",
}
FIRST_LOAD_BYTES = 150_000


def first_post(page: Page) -> Locator:
    """The first post of the page's list."""
    return page.locator("[data-post]").first


def a_post(browser: Browser, site: str) -> str:
    """The number of a post with replies, tags and counts."""
    with opened(browser, f"{site}{BASE}/posts?sort=engaged") as (page, _):
        return first_post(page).get_attribute("data-post") or ""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound(browser: Browser, site: str, name: str, width: int) -> None:
    """A page fits its window, breaks no rule in light or dark, runs clean, asks nobody else."""
    path = PAGES[name]
    if "POST" in path:
        path = path.replace("POST", a_post(browser, site))
    with opened(browser, site + path, width) as (page, wrong):
        assert overflow(page) <= 0
        assert all_rules(page) == []
        page.emulate_media(color_scheme="dark")
        assert all_rules(page) == []
        assert wrong == []


@pytest.mark.long
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_sound_from_right_to_left(
    browser: Browser, site: str, name: str, width: int
) -> None:
    """The same in a document that runs from right to left, light and dark."""
    path = PAGES[name]
    if "POST" in path:
        path = path.replace("POST", a_post(browser, site))
    with opened(browser, site + path, width) as (page, wrong):
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert overflow(page) <= 0
        assert all_rules(page) == []
        page.emulate_media(color_scheme="dark")
        assert all_rules(page) == []
        assert wrong == []


def test_first_start_is_sound(browser: Browser, tmp_path: Path) -> None:
    """Before there is any event, three steps stand where the events would."""
    server = Served(tmp_path / "dashboard.db")
    with opened(browser, server.address, 360) as (page, wrong):
        expect(page.locator(".steps-card > li")).to_have_count(3)
        expect(page.get_by_text("config.toml")).to_be_visible()
        assert overflow(page) <= 0
        assert all_rules(page) == []
        assert wrong == []
    server.stop()


def test_stale_figures_say_so(browser: Browser, dashboard_path: Path) -> None:
    """Figures that nobody has brought up to date are greyed and say how old they are."""
    server = Served(dashboard_path, age=1300)
    with opened(browser, server.address + BASE) as (page, wrong):
        expect(page.get_by_text("These figures are stale.")).to_be_visible()
        expect(page.locator(".age")).to_contain_text("stale, 21 min ago")
        assert all_rules(page) == []
        assert wrong == []
    server.stop()


@pytest.mark.parametrize(
    "path", [BASE, f"{BASE}/posts", f"{BASE}/coverage", "/dashboard/runs?_size=12"]
)
def test_pages_hold_from_right_to_left(browser: Browser, site: str, path: str) -> None:
    """Nothing overflows when the whole document runs from right to left."""
    with opened(browser, site + path, 360) as (page, wrong):
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert overflow(page) <= 0
        assert all_rules(page) == []
        assert wrong == []


@pytest.mark.parametrize("path", [BASE, f"{BASE}/posts"])
def test_first_load_is_small(browser: Browser, site: str, path: str) -> None:
    """All that a first visit needs stays under 150 kB compressed."""
    with opened(browser, "about:blank") as (page, _):
        finished: list[Request] = []
        page.on("requestfinished", lambda request: finished.append(request))
        page.goto(site + path, wait_until="load")
        page.wait_for_function("document.readyState === 'complete'")
        # Read only now: a handler that waits for a body holds up what it is told of next.
        bodies = [one.response().body() for one in finished]
        assert len(bodies) > 5
        assert sum(len(gzip.compress(body)) for body in bodies) < FIRST_LOAD_BYTES


def test_hostile_posts_are_text(browser: Browser, own_site: Served) -> None:
    """Markup in posts, names and descriptions is shown as text, after updates too."""
    with opened(browser, own_site.address + BASE) as (page, wrong):
        own_site.post("<script>alert(7)</script><img src=x onerror=alert(8)> #NATSEC17")
        page.get_by_role("button", name="Show 1 new post").click()
        expect(page.get_by_text("<script>alert(7)</script>").first).to_be_visible()
        assert page.locator(".post-text img, .post-text svg, .post-text script").count() == 0
        assert wrong == []


def test_hostile_posts_run_nothing_anywhere(
    browser: Browser, site: str, dashboard_path: Path
) -> None:
    """Each hostile post's own page, row and search shows its text and runs nothing."""
    connection = sqlite3.connect(f"{dashboard_path.as_uri()}?mode=ro", uri=True)
    ids = [row[0] for row in connection.execute("SELECT id FROM posts ORDER BY id LIMIT 8")]
    connection.close()
    with opened(browser, "about:blank") as (page, wrong):
        for number in ids:
            for path in (f"{BASE}/posts/{number}", f"/dashboard/posts/{number}"):
                page.goto(site + path)
                assert page.locator("main iframe, main img, main script").count() == 0, path
        assert [one for one in wrong if site not in one] == []


def test_new_posts_wait_behind_a_button(browser: Browser, own_site: Served) -> None:
    """A change does not move the list; the button says how many wait and shows them."""
    with opened(browser, own_site.address + BASE) as (page, wrong):
        before = first_post(page).get_attribute("data-post") or ""
        for _ in range(3):
            own_site.post()
        button = page.get_by_role("button", name="Show 3 new posts")
        expect(button).to_be_visible()
        expect(first_post(page)).to_have_attribute("data-post", before)
        expect(page.locator("[data-announce]")).to_contain_text("new post")
        button.click()
        expect(button).to_be_hidden()
        expect(first_post(page)).not_to_have_attribute("data-post", before)
        assert wrong == []


@pytest.mark.parametrize("key", ["p", " "])
def test_pause_stops_updates(browser: Browser, own_site: Served, key: str) -> None:
    """Paused by a key, the page asks for nothing; going on, it catches up."""
    with opened(browser, own_site.address + BASE) as (page, wrong):
        page.keyboard.press(key)
        expect(page.get_by_role("button", name="Go on with updates")).to_be_visible()
        asked: list[str] = []
        page.on("request", lambda r: asked.append(r.url))
        own_site.post()
        page.wait_for_timeout(1500)
        assert asked == []
        page.keyboard.press(key)
        expect(page.get_by_role("button", name="Show 1 new post")).to_be_visible()
        assert wrong == []


def test_page_says_when_the_server_is_silent(browser: Browser, own_site: Served) -> None:
    """Without answers the figures stay, greyed, and the page says since when."""
    with opened(browser, own_site.address + BASE, clock=True) as (page, _):
        shown = page.locator(".sentence").inner_text()
        own_site.stop()
        for _ in range(10):
            page.clock.run_for(6_000)
            page.evaluate("() => fetch('/').catch(() => null)")
        expect(page.get_by_text("No answer from the server.")).to_be_visible()
        expect(page.locator("html[data-stale]")).to_have_count(1)
        assert page.locator(".sentence").inner_text() == shown


def test_grain_changes_the_address(browser: Browser, site: str) -> None:
    """A grain changes the address and the chart in place, and Back goes back."""
    with opened(browser, site + BASE) as (page, wrong):
        expect(page.locator(".chart-plot canvas")).to_be_visible()
        page.get_by_role("navigation", name="Grain").get_by_text("day").click()
        page.wait_for_url("**?grain=day")
        expect(page.locator("[data-grain=day]")).to_have_attribute("aria-current", "true")
        page.go_back()
        expect(page.locator("[data-grain=minute]")).to_have_attribute("aria-current", "true")
        assert wrong == []


def test_brush_zooms_by_address(browser: Browser, site: str) -> None:
    """A drag across the chart puts its times, in the event's zone, into the address."""
    with opened(browser, site + BASE) as (page, wrong):
        box = page.locator(".u-over").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 100, box["y"] + 50)
        page.mouse.down()
        page.mouse.move(box["x"] + 300, box["y"] + 60, steps=4)
        page.mouse.up()
        page.wait_for_url("**from=2017-03-31T*")
        assert "to=2017-03-31T" in page.url
        page.get_by_role("link", name="Whole event").click()
        page.wait_for_url(f"**{BASE}")
        assert wrong == []


def test_chart_is_read_off_by_keys(browser: Browser, site: str) -> None:
    """Arrows step through the points and announce exact figures; Enter opens those posts."""
    with opened(browser, f"{site}{BASE}?grain=hour&from=2017-03-30&to=2017-03-30") as (page, wrong):
        page.locator("[data-plot]").focus()
        page.keyboard.press("Home")
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        row = page.locator("[data-rows] tr").nth(3).locator("td").all_text_contents()
        posts, boosts, positive, neutral, negative, unknown = map(int, row)
        expect(page.locator("[data-announce]")).to_have_text(
            f"30 Mar 03:00–04:00, {posts} posts: {positive} positive, {neutral} neutral, "
            f"{negative} negative, {unknown} unknown, {boosts} boosts"
        )
        page.keyboard.press("Enter")
        page.wait_for_url("**/posts?from=2017-03-30T03%3A00&to=2017-03-30T03%3A59")
        expect(page.locator("#results")).to_contain_text(f"{posts} posts")
        assert wrong == []


def test_chart_is_read_off_by_a_finger(browser: Browser, site: str) -> None:
    """One finger on the chart shows the figures and a link to those posts."""
    with opened(browser, site + BASE, 360, touch=True) as (page, wrong):
        page.locator(".u-over").scroll_into_view_if_needed()
        box = page.locator(".u-over").bounding_box()
        assert box is not None
        page.touchscreen.tap(box["x"] + 30, box["y"] + 60)
        expect(page.locator("[data-read] .figures")).to_contain_text("▲")
        assert page.locator(".u-over").bounding_box() == box
        expect(page.get_by_role("link", name="Open these posts")).to_be_visible()
        assert wrong == []


@pytest.mark.parametrize("query", ["?grain=hour", "?grain=minute&from=2017-03-31&to=2017-03-31"])
def test_every_point_stands_in_the_table(browser: Browser, site: str, query: str) -> None:
    """The table below the chart holds a row for each point, however many there are."""
    with opened(browser, f"{site}{BASE}{query}") as (page, wrong):
        page.get_by_text("As a table").click()
        points = page.evaluate(
            "JSON.parse(document.getElementById('series').textContent).points.length"
        )
        expect(page.locator("[data-rows] tr")).to_have_count(points)
        assert wrong == []


def test_keys_are_listed_and_can_be_switched_off(browser: Browser, site: str) -> None:
    """``?`` lists the keys; switched off, single keys do nothing any more."""
    with opened(browser, site + BASE) as (page, wrong):
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        assert all_rules(page) == []
        page.get_by_label("Single keys work").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("p")
        expect(page.get_by_role("button", name="Pause updates")).to_be_visible()
        assert wrong == []


def test_colours_can_be_chosen_and_stay(browser: Browser, site: str) -> None:
    """The choice of dark on a light system outlives a reload."""
    with opened(browser, site + BASE) as (page, wrong):
        page.get_by_role("button", name="Switch between light and dark").click()
        page.reload()
        ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert ground == "rgb(15, 19, 24)"
        assert wrong == []


def test_times_can_be_shown_in_the_viewers_zone(browser: Browser, site: str) -> None:
    """The switch in the footer turns the event's times into the viewer's, an hour behind."""
    with opened(browser, f"{site}{BASE}/posts") as (page, wrong):
        time = page.locator("[data-post] time").first
        there = time.inner_text()
        page.locator("[data-zone-switch]").click()
        day, month, clock = there.split()
        earlier = f"{(int(clock[:2]) - 1) % 24:02}{clock[2:]}"
        expect(time).to_have_text(f"{day} {month} {earlier}")
        assert wrong == []


def test_search_keeps_its_address_short(browser: Browser, site: str) -> None:
    """Fields left empty do not enter the address; the filters in use do."""
    with opened(browser, f"{site}{BASE}/posts?language=en") as (page, wrong):
        page.get_by_role("searchbox").fill("security")
        page.keyboard.press("Enter")
        page.wait_for_url("**/posts?q=security&language=en")
        expect(page.locator(".chip")).to_have_count(2)
        assert wrong == []


def test_pages_are_whole_without_scripts(browser: Browser, site: str) -> None:
    """With scripts off the figures, the chart's table and the posts are all there."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + BASE)
    expect(page.locator(".sentence")).to_contain_text("in the last 30 minutes")
    page.get_by_text("As a table").click()
    expect(page.locator("[data-rows] tr").first).to_be_visible()
    expect(first_post(page)).to_be_visible()
    expect(page.get_by_role("button", name="Pause updates")).to_be_hidden()
    context.close()


def test_event_switcher_fits_a_phone(browser: Browser, site: str) -> None:
    """The list of events opens within the window and closes with Escape."""
    with opened(browser, site + BASE, 360, touch=True) as (page, wrong):
        page.locator(".switcher summary").tap()
        expect(page.get_by_role("link", name="The empty conference")).to_be_visible()
        assert overflow(page) <= 0
        assert all_rules(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="The empty conference")).to_be_hidden()
        assert wrong == []


def test_column_menu_of_a_table(browser: Browser, site: str) -> None:
    """A column's menu sorts, counts its values and hides it, by address."""
    with opened(browser, f"{site}/dashboard/posts") as (page, wrong):
        page.get_by_role("button", name="Menu of language").click()
        page.get_by_role("link", name="Count its values").click()
        page.wait_for_url("**?_facet=language")
        expect(page.get_by_role("heading", name="language")).to_be_visible()
        assert wrong == []
