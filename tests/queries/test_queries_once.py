"""Lists have a message once; what their filters leave out stands for nothing; figures say what
they count.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from hashwatch.errors import FilterError
from hashwatch.queries.cards import post_cards
from hashwatch.queries.events import Event, find_event
from hashwatch.queries.filters import parse_filters
from hashwatch.queries.overview import event_totals, overview
from hashwatch.queries.post_page import post_page
from hashwatch.queries.posts_page import posts_page
from hashwatch.queries.public import public_page
from hashwatch.queries.search import count_posts, find_posts, walk_posts
from hashwatch.queries.selection import select
from hashwatch.queries.session_pages import session_page
from hashwatch.queries.themes import themes_page
from publish.test_publish_dashboard import EVENT, NOW
from publish.test_publish_messages import WORDS, sent
from publish.test_publish_moderation import LATE, Stage

FIRST = sent(0, "mastodon", WORDS[0], 10, likes=4)
COPY = sent(0, "bluesky", WORDS[0], 65, likes=7)
THIRD = sent(0, "x", WORDS[0], 95, likes=31)
LIKE = sent(1, "mastodon", WORDS[1], 140, likes=50)
OTHER = sent(1, "bluesky", WORDS[3], 160)
BOOSTS = (
    sent(1, "mastodon", "", 50, kind="boost", boost_of=FIRST.uri),
    sent(1, "bluesky", "", 170, kind="boost", boost_of=COPY.uri),
)


class Here:
    """The pages of an event with a message on three networks, two boosts and words alike."""

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(folder)
        self.stage.event = LATE
        self.stage.store(FIRST, COPY, THIRD, LIKE, OTHER, *BOOSTS)
        self.stage.publish()
        self.connection = sqlite3.connect(self.stage.dashboard_path)
        self.event: Event = find_event(self.connection, EVENT.slug)
        self.names = {
            self.stage.id_of(post): name
            for name, post in {
                "first": FIRST, "copy": COPY, "third": THIRD, "like": LIKE, "other": OTHER,
                "boost": BOOSTS[0], "boost of the copy": BOOSTS[1],
            }.items()
        }  # fmt: skip

    def found(self, **filters: str) -> list[str]:
        """The names of the posts that a list shows, in its order."""
        chosen = {name.rstrip("_"): value for name, value in filters.items()}
        selection = select(self.connection, self.event, parse_filters(chosen, self.event.zone))
        return [self.names[post] for post in find_posts(self.connection, selection).ids]

    def counted(self, href: str) -> int:
        """How many posts a link to the posts finds: said, and walked."""
        chosen = dict(parse_qsl(urlsplit(href).query))
        selection = select(self.connection, self.event, parse_filters(chosen, self.event.zone))
        total = count_posts(self.connection, selection)
        assert total.is_exact
        assert total.posts == sum(map(len, walk_posts(self.connection, selection)))
        return total.posts


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """The pages, which nothing changes."""
    made = Here(tmp_path_factory.mktemp("once"))
    yield made
    made.connection.close()
    made.stage.archive.close()


def test_a_message_is_listed_once(here: Here) -> None:
    assert here.found() == ["other", "first"]
    assert here.found(sort="engaged") == ["first", "other"]
    assert here.found(alike="shown") == ["other", "like", "first"]
    assert here.found(copies="shown") == ["other", "third", "copy", "first"]
    assert here.found(copies="hidden", alike="shown") == ["other", "like", "first"]


def test_what_filters_leave_out_stands_for_nothing(here: Here) -> None:
    assert here.found(source="bluesky") == ["other", "copy"]
    assert here.found(source="x") == ["third"]
    assert here.found(from_="2017-03-31T09:01:00Z", to="2017-03-31T09:02:59Z") == [
        "other", "like", "copy",
    ]  # fmt: skip
    assert here.found(author="person1@town.example") == ["like", "boost"]
    assert here.found(q="watchers", source="x") == ["third"]


def test_boosts_are_folded_shown_or_hidden(here: Here) -> None:
    assert here.found(boosts="folded") == here.found()
    assert here.found(boosts="hidden") == here.found()
    both = {"boost", "boost of the copy"}
    assert both < set(here.found(boosts="shown", copies="shown", alike="shown"))
    assert here.found(boosts="hidden", kind="boost") == []
    assert here.counted("?") - here.counted("?boosts=hidden") == 2


def test_posts_worded_alike_are_listed_by_their_first(here: Here) -> None:
    first = next(post for post, name in here.names.items() if name == "first")
    assert here.found(alike=str(first)) == ["like", "first"]
    assert here.found(alike="1") == []
    with pytest.raises(FilterError, match="alike"):
        here.found(alike="none of these")


def test_cards_add_up_a_message_and_name_its_places(here: Here) -> None:
    first, copy = (
        next(post for post, name in here.names.items() if name == wanted)
        for wanted in ("first", "copy")
    )
    card = post_cards(here.connection, here.event, [first])[0]
    assert (card["likes"], card["folded"]) == (42, 2)
    assert [place["source"] for place in card["copies"]] == ["bluesky", "x"]
    assert card["alike"]
    assert card["alike"]["posts"] == 1
    assert here.counted(card["alike"]["href"]) == 2
    alone = post_cards(here.connection, here.event, [first], each_alone=True)[0]
    assert alone["likes"] == 4
    shown_under = post_cards(here.connection, here.event, [copy])[0]
    assert shown_under["copy_of"]
    assert shown_under["copy_of"]["id"] == first
    for post in (first, copy):
        page = post_page(here.connection, here.event, post)
        assert [(one["likes"], one["is_shown"]) for one in page["copies"]] == [
            (4, True), (7, False), (31, False),
        ]  # fmt: skip
    assert len(post_page(here.connection, here.event, first)["boosts"]) == 2


def test_figures_say_what_they_count_and_lead_to_as_many(here: Here) -> None:
    totals = event_totals(here.connection, here.event)
    assert [totals[key] for key in ("posts", "boosts", "copies", "messages")] == [7, 2, 2, 3]
    assert here.counted(totals["href"]) == 7
    assert here.counted(totals["boosts_href"]) == 2
    assert here.counted(totals["messages_href"]) == 3
    theme = themes_page(here.connection, here.event, {}, NOW)["themes"][0]
    assert theme["messages"] == theme["posts"] - theme["boosts"] - theme["copies"]
    assert here.counted(f"{theme['href']}&boosts=hidden&copies=hidden") == theme["messages"]
    assert posts_page(here.connection, here.event, {})["messages"] == 3
    assert posts_page(here.connection, here.event, {"q": "watchers"})["messages"] is None


def test_charts_are_drawn_without_boosts(here: Here) -> None:
    within = {"from": "2017-03-31T09:00Z", "to": "2017-03-31T10:00Z"}
    for fill in (
        lambda params: overview(here.connection, here.event, params, NOW),
        lambda params: session_page(here.connection, here.event, "s1", params, NOW),
    ):
        drawn, without = (fill({**within, **more})["series"] for more in ({}, {"boosts": "hidden"}))
        posts, fewer = (sum(point["posts"] for point in one["points"]) for one in (drawn, without))
        assert posts - fewer == drawn["boosts"]["posts"] > 0
        assert not any(point["boosts"] for point in without["points"])
        point = max(without["points"], key=lambda one: one["posts"])
        assert here.counted(point["href"]) == point["posts"]
        assert "boosts=hidden" in drawn["boosts"]["href"]
        assert "boosts" not in without["boosts"]["href"]
        with pytest.raises(FilterError, match="boosts"):
            fill({"boosts": "away"})


def test_everybody_sees_a_message_once_too(here: Here) -> None:
    path = here.stage.dashboard_path.with_name("public.db")
    public = sqlite3.connect(path)
    try:
        shown = public_page(public, here.event, {}, float(NOW))["posts"]
        assert [here.names[post["id"]] for post in shown] == ["other", "like", "first"]
    finally:
        public.close()
