"""What the pages say, held against the posts themselves."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from dashboard_builder import NOW, ZONE, build_dashboard
from hashwatch.errors import FilterError, MissingError
from hashwatch.queries import (
    agenda,
    coverage,
    first_page,
    now,
    overview,
    post_page,
    posts_page,
    questions,
    servers,
    session_pages,
    themes,
    voices,
)
from hashwatch.queries.buckets import from_iso
from hashwatch.queries.events import Event, find_event, shell
from hashwatch.queries.filters import parse_filters
from hashwatch.queries.search import count_posts
from hashwatch.queries.selection import select
from hashwatch.queries.tone import wilson_margin

WALL = 1e9 + 8
Ask = Callable[[sqlite3.Connection, Event, dict[str, str]], dict[str, Any]]
COUNTING: dict[str, Ask] = {
    "overview": lambda c, e, p: overview.overview(c, e, p, NOW),
    "overview by hour": lambda c, e, p: overview.overview(c, e, {"grain": "hour", **p}, NOW),
    "overview by day": lambda c, e, p: overview.overview(c, e, {"grain": "day", **p}, NOW),
    "overview of a day": lambda c, e, p: overview.overview(
        c, e, {"from": "2017-03-30", "to": "2017-03-30", "tab": "negative", **p}, NOW
    ),
    "sessions": lambda c, e, p: session_pages.sessions_page(c, e, p, NOW, NOW),
    "session": lambda c, e, p: session_pages.session_page(c, e, "d4-2", p, NOW),
    "themes": lambda c, e, p: themes.themes_page(c, e, p, NOW),
    "voices": lambda c, e, p: voices.voices_page(c, e, p),
}
"""The pages whose figures count boosts or leave them out."""
PAGES: dict[str, Ask] = {
    **COUNTING,
    "coverage": lambda c, e, _: coverage.coverage_page(c, e, NOW, WALL),
    "questions": lambda c, e, _: questions.questions_page(c, e, {"state": "all"}, NOW),
    "events": lambda c, *_: first_page.events_page(c, WALL),
}


@pytest.mark.parametrize(
    ("page", "params"),
    [*((page, {}) for page in PAGES), *((page, {"boosts": "hidden"}) for page in COUNTING)],
    ids=lambda value: value if isinstance(value, str) else "".join(value.values()),
)
def test_every_figure_leads_to_exactly_its_posts(
    dashboard: sqlite3.Connection, page: str, params: dict[str, str]
) -> None:
    """Beside a number stands a link, and the posts behind it are that many."""
    event = find_event(dashboard, "natsec17")
    checked = 0
    for figure, href in _figures(PAGES[page](dashboard, event, params)):
        params = dict(parse_qsl(urlsplit(href).query))
        if params.get("author", "").casefold() == "person1@a.example":
            continue  # two people of one handle: each has a figure, the link finds both
        if page == "coverage" and figure == 0:
            continue  # a place of a source with several counts what it brought first
        shown = find_event(dashboard, href.split("/")[2])
        selection = select(dashboard, shown, parse_filters(params, ZONE))
        assert count_posts(dashboard, selection).posts == figure, href
        checked += 1
    assert checked


@pytest.mark.parametrize("page", [*COUNTING, "agenda"])
def test_what_is_counted_must_be_one_of_three(dashboard: sqlite3.Connection, page: str) -> None:
    """Shown and folded are the rule; nonsense is named."""
    event = find_event(dashboard, "natsec17")
    fill = {**COUNTING, "agenda": lambda c, e, p: agenda.agenda_page(c, e, p, NOW)}[page]
    assert fill(dashboard, event, {"boosts": "shown"}) == fill(dashboard, event, {})
    with pytest.raises(FilterError, match="boosts"):
        fill(dashboard, event, {"boosts": "away"})


def test_the_overview_counts_what_was_posted_lately(dashboard: sqlite3.Connection) -> None:
    """Windows are whole minutes up to the one that runs; the usual is that hour on earlier days."""
    event = find_event(dashboard, "natsec17")
    data = overview.overview(dashboard, event, {}, NOW)
    seconds = [row[0] >> 20 for row in dashboard.execute("SELECT id FROM posts")]
    half_hour = [at for at in seconds if at >= NOW - NOW % 60 + 60 - 1800]
    assert data["now"]["last_30"]["posts"] == len(half_hour)
    same_hour = [
        at
        for at in seconds
        for back in (1, 2, 3)
        if NOW - NOW % 3600 - 86400 * back <= at < NOW - NOW % 3600 + 3600 - 86400 * back
    ]
    usual = len(same_hour) / 3 / 60 * (29 + (NOW % 60 + 1) / 60)
    assert data["now"]["last_30"]["baseline"] == pytest.approx(usual, abs=0.06)
    assert data["now"]["total"]["posts"] == len(seconds)
    assert data["now"]["total"]["authors"] == 21
    assert data["sentence"][0]["text"] == f"{len(half_hour):,} posts"
    assert data["sentence"][-1]["text"] == "."
    assert "Countering" in "".join(part["text"] for part in data["sentence"])


def test_without_earlier_days_the_last_day_is_usual(dashboard: sqlite3.Connection) -> None:
    """On the first day the usual is the mean of the last 24 hours, and before any post none."""
    event = find_event(dashboard, "natsec17")
    first = min(row[0] >> 20 for row in dashboard.execute("SELECT id FROM posts"))
    assert now.usual_rates(dashboard, event, first - 7200).posts("all", "", 0, 5) is None
    assert now.usual_rates(dashboard, event, first + 7200).posts("all", "", 0, 5) is not None


def test_the_stage_follows_the_clock(dashboard: sqlite3.Connection) -> None:
    """At 10:30 local the second session is on, the third is next, the first past."""
    event = find_event(dashboard, "natsec17")
    data = overview.overview(dashboard, event, {}, NOW)
    assert [row["code"] for row in data["stage"]["current"]] == ["d4-2"]
    assert data["stage"]["current"][0]["local"] == "10:15–11:30"
    assert [row["code"] for row in data["stage"]["next"]] == ["d4-3"]
    assert data["stage"]["day_label"] == "Friday 31 March"
    assert [row["state"] for row in data["sessions"]] == ["past", "now", "next"]
    evening = overview.overview(dashboard, event, {}, from_iso("2017-04-01T20:00:00Z"))
    assert [row["state"] for row in evening["sessions"]] == ["open"]


def test_series_have_a_point_for_every_bucket(dashboard: sqlite3.Connection) -> None:
    """Buckets without posts are points of zero; open gaps and sessions in the span are named."""
    event = find_event(dashboard, "natsec17")
    series = overview.overview(dashboard, event, {}, NOW)["series"]
    buckets = [point["bucket"] for point in series["points"]]
    assert buckets == list(range(from_iso(series["from"]), from_iso(series["to"]), 60))
    assert 0 in [point["posts"] for point in series["points"]]
    assert len(series["gaps"]) == 1
    assert series["gaps"][0]["hashtag"] == "CYBERPARL NATSEC17"
    assert series["gaps"][0]["to"] is None
    assert [band["code"] for band in series["sessions"]] == ["d4-1", "d4-2"]
    assert series["summary"].startswith(f"{sum(p['posts'] for p in series['points'])} posts from")
    for point in series["points"]:
        parts = ("boosts", "positive", "neutral", "negative", "unknown")
        assert point["posts"] == sum(point[part] for part in parts)  # type: ignore[literal-required]


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"grain": "second"}, "grain"),
        ({"tab": "best"}, "tab"),
        ({"from": "x"}, "from"),
        ({"grain": "minute", "from": "2017-03-01", "to": "2017-03-31"}, "grain"),
        ({"from": "1700-01-01", "to": "2017-01-01"}, "from"),
    ],
)
def test_a_bad_range_is_named(
    dashboard: sqlite3.Connection, params: dict[str, str], name: str
) -> None:
    """A grain, tab or time that cannot be shown is a bad filter."""
    with pytest.raises(FilterError) as caught:
        overview.overview(dashboard, find_event(dashboard, "natsec17"), params, NOW)
    assert caught.value.name == name


def test_tabs_hold_the_posts_that_they_say(dashboard: sqlite3.Connection) -> None:
    """Latest by time, top by engagement, negative by tone, questions by what they ask."""
    event = find_event(dashboard, "natsec17")
    tabs = {
        tab: overview.overview(dashboard, event, {"tab": tab}, NOW)["posts"]
        for tab in overview.TABS
    }
    assert [p["id"] for p in tabs["latest"]] == sorted(p["id"] for p in tabs["latest"])[::-1]
    engaged = [p["boosts"] + p["likes"] + p["replies"] + p["quotes"] for p in tabs["top"]]
    assert engaged == sorted(engaged, reverse=True)
    assert {p["sentiment"] for p in tabs["negative"]} == {"negative"}
    asked = {
        row[0]
        for row in dashboard.execute(
            "SELECT post_id FROM post_questions WHERE asked <> 'rhetorical'"
        )
    }
    assert {p["id"] for p in tabs["questions"]} <= asked
    assert len(tabs["questions"]) == min(len(asked), overview.CARDS)


def test_questions_wait_until_somebody_of_the_event_replies(
    dashboard: sqlite3.Connection,
) -> None:
    """The first has a reply from the roster; the rest wait, the rhetorical ones do not count."""
    event = find_event(dashboard, "natsec17")
    everything = questions.questions_page(dashboard, event, {"state": "all"}, NOW)
    assert everything["counts"]["answered"] == 1
    assert everything["counts"]["waiting"] == everything["counts"]["all"] - 1 > 10
    [answered] = questions.questions_page(dashboard, event, {"state": "answered"}, NOW)["questions"]
    assert answered["answer"]["author"].startswith("Person")
    waiting = questions.questions_page(dashboard, event, {"sort": "supported"}, NOW)["questions"]
    support = [one["support"] for one in waiting]
    assert support == sorted(support, reverse=True)
    assert all(one["answer"] is None for one in waiting)
    with pytest.raises(FilterError, match="state"):
        questions.questions_page(dashboard, event, {"state": "open"}, NOW)


def test_the_sentence_counts_the_questions_of_the_day(dashboard: sqlite3.Connection) -> None:
    """As a link to their page."""
    event = find_event(dashboard, "natsec17")
    waiting = questions.count_waiting(dashboard, event, NOW)
    parts = overview.overview(dashboard, event, {}, NOW)["sentence"]
    said = [part for part in parts if part["href"] == "/events/natsec17/questions"]
    assert waiting > 0
    assert said[0]["text"].startswith(f"{waiting} question")


def test_a_post_shows_its_tags_counts_and_places(dashboard: sqlite3.Connection) -> None:
    """A post's page holds its reasons, readings, sightings, boosts and answers."""
    event = find_event(dashboard, "natsec17")
    rich = dashboard.execute(
        "SELECT posts.id FROM posts JOIN engagement ON engagement.post_id = posts.id "
        "JOIN post_themes ON post_themes.post_id = posts.id "
        "WHERE EXISTS (SELECT 1 FROM posts AS b WHERE b.folds_into = posts.id) LIMIT 1"
    ).fetchone()[0]
    data = post_page.post_page(dashboard, event, rich)
    assert data["post"]["id"] == rich
    assert data["tags"]["themes"][0]["reasons"][0]["text"] == "<b>rights</b>"
    assert data["engagement"][0]["replies"] is None
    assert data["sightings"][0]["instance"] == "other.example"
    assert len(data["boosts"]) == data["post"]["folded"]
    with pytest.raises(MissingError):
        post_page.post_page(dashboard, find_event(dashboard, "empty"), rich)


def test_an_empty_event_has_every_page(dashboard: sqlite3.Connection) -> None:
    """Nothing collected yet is not an error anywhere."""
    event = find_event(dashboard, "empty")
    data = overview.overview(dashboard, event, {}, NOW)
    assert "".join(part["text"] for part in data["sentence"]) == "0 posts in the last 30 minutes."
    assert data["tone"]["positive"]["share"] is None
    assert session_pages.sessions_page(dashboard, event, {}, NOW, NOW)["days"] == []
    assert themes.themes_page(dashboard, event, {}, NOW)["themes"] == []
    assert posts_page.posts_page(dashboard, event, {})["posts"] == []


def test_the_search_page_says_what_is_chosen(dashboard: sqlite3.Connection) -> None:
    """A filter in use is a chip that leads to the page without it; its option is selected."""
    event = find_event(dashboard, "natsec17")
    data = posts_page.posts_page(dashboard, event, {"theme": "Cybersecurity", "q": "the", "to": ""})
    assert data["query"] == {"q": "the", "theme": "Cybersecurity"}
    assert [chip["href_without"] for chip in data["chips"]] == [
        "/events/natsec17/posts?theme=Cybersecurity",
        "/events/natsec17/posts?q=the",
    ]
    options = {f["key"]: f["options"] for f in data["filters"]}
    assert [o["value"] for o in options["theme"] if o["selected"]] == ["Cybersecurity"]
    assert data["exports"]["csv"] == "/events/natsec17/posts.csv?q=the&theme=Cybersecurity"


def test_the_shell_tells_age_and_sources(dashboard: sqlite3.Connection) -> None:
    """Every page knows how old it is, what the clock shows and where each source stands."""
    event = find_event(dashboard, "natsec17")
    data = shell(dashboard, event, WALL)
    assert (data["age_seconds"], data["stale"], data["version"]) == (8, False, 42)
    assert data["invented"] is True
    assert shell(dashboard, find_event(dashboard, "empty"), WALL)["invented"] is False
    assert data["clock"] == {
        "mode": "replay", "now": "2017-03-31T09:30:00Z", "local": "31 Mar 10:30", "speed": 0.0
    }  # fmt: skip
    assert data["event"]["dates"] == "28 March – 1 April 2017"
    assert [place["state"] for place in data["sources"]] == ["unreachable", "collecting"]
    assert shell(dashboard, event, WALL + 500)["stale"] is True


@pytest.mark.parametrize(
    ("posts", "n", "margin"),
    [(10, 100, 0.05957), (0, 10, 0.13876), (5, 5, 0.21723), (0, 0, None)],
)
def test_margins_are_wilsons(posts: int, n: int, margin: float | None) -> None:
    """Half the width of the 95% interval, as computed elsewhere."""
    got = wilson_margin(posts, n)
    assert got == (None if margin is None else pytest.approx(margin, abs=1e-4))


def test_coverage_says_what_each_server_adds() -> None:
    """How many posts it had, and how many no other had, each with exactly those behind it."""
    dashboard = build_dashboard(":memory:")
    event = find_event(dashboard, "natsec17")
    dashboard.executemany(
        "INSERT OR REPLACE INTO places VALUES ('mastodon', ?, '', 'collecting', '', ?, NULL, NULL)",
        [(host, "2017-03-31T09:00:00Z") for host in ("m.example", "other.example")],
    )
    page = coverage.coverage_page(dashboard, event, NOW, WALL)
    first, second = page["servers"]
    (both,) = dashboard.execute("SELECT count(DISTINCT post_id) FROM sightings").fetchone()
    (total,) = dashboard.execute("SELECT count(*) FROM event_posts WHERE event_id = 1").fetchone()
    assert both > 0
    assert (first["instance"], first["only"]) == ("m.example", first["posts"] - both)
    assert (second["instance"], second["posts"], second["only"]) == ("other.example", both, 0)
    assert first["share"] == first["posts"] / total
    for server in page["servers"]:
        for figure, href in (("posts", "href"), ("only", "only_href")):
            filters = parse_filters(dict(parse_qsl(urlsplit(server[href]).query)), ZONE)
            found = count_posts(dashboard, select(dashboard, event, filters))
            assert (found.posts, found.is_exact) == (server[figure], True)
    homes = {home["host"]: home for home in page["homes"]}
    assert homes
    for home in homes.values():
        assert not home["is_asked"] or home["host"] in ("m.example", "other.example")


def test_homes_that_take_long_to_find_are_found_anew_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(servers, "monotonic", lambda: clock[0])
    monkeypatch.setattr(servers, "LONG_SECONDS", -1.0)
    dashboard = build_dashboard(str(tmp_path / "dashboard.db"))
    event = find_event(dashboard, "natsec17")

    def hosts() -> list[str]:
        return [home["host"] for home in servers.homes_of(dashboard, event, [])]

    before = hosts()
    assert before
    dashboard.execute("UPDATE authors SET handle = 'somebody@elsewhere.example'")
    clock[0] += servers.REMEMBERED_SECONDS - 1
    assert hosts() == before
    clock[0] += 2
    assert hosts() == ["elsewhere.example"]
    monkeypatch.setattr(servers, "LONG_SECONDS", 60.0)
    clock[0] += servers.REMEMBERED_SECONDS
    hosts()
    dashboard.execute("UPDATE authors SET handle = 'somebody@again.example'")
    assert hosts() == ["again.example"]  # what is found at once is looked for each time


def test_another_events_place_is_not_among_an_events() -> None:
    """One that is set up for no event now, as after an import, is."""
    dashboard = build_dashboard(":memory:")
    dashboard.executemany(
        "INSERT OR REPLACE INTO places VALUES ('replay', ?, ?, 'replaying', '', ?, NULL, NULL)",
        [(slug, slug, "2017-03-31T09:00:00Z") for slug in ("natsec17", "other")],
    )
    columns = "source, instance, bucket, runs, failed, received, new, rejected"
    dashboard.executemany(
        f"INSERT INTO coverage_hour ({columns}) VALUES (?, ?, 0, 1, 0, 5, 5, 0)",
        [("replay", "natsec17"), ("replay", "other"), ("csv", "old.csv")],
    )
    page = coverage.coverage_page(dashboard, find_event(dashboard, "natsec17"), NOW, WALL)
    shown = {(place["source"], place["instance"]) for place in page["places"]}
    assert shown >= {("replay", "natsec17"), ("csv", "old.csv")}
    assert ("replay", "other") not in shown


def test_a_single_server_is_not_compared() -> None:
    """There is nothing to compare it with."""
    dashboard = build_dashboard(":memory:")
    dashboard.execute("DELETE FROM places")
    dashboard.execute("DELETE FROM coverage_hour WHERE instance NOT IN ('m.example')")
    page = coverage.coverage_page(dashboard, find_event(dashboard, "natsec17"), NOW, WALL)
    assert page["servers"] == []


def _figures(data: Any) -> Iterator[tuple[int, str]]:
    """Every count with a link to posts, wherever it stands."""
    if isinstance(data, list):
        for item in data:
            yield from _figures(item)
    elif isinstance(data, dict):
        href = data.get("href")
        figure = data.get("posts", data.get("value"))
        if isinstance(href, str) and "/posts?" in href and isinstance(figure, int):
            yield figure, href
        for value in data.values():
            yield from _figures(value)
