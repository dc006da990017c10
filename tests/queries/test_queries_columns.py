"""Columns stand in the address, whole; each shows what its search finds."""

from __future__ import annotations

import sqlite3
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.errors import FilterError
from hashwatch.queries.columns import (
    FIRST,
    MAX_NAME,
    MOST,
    Column,
    column_parameters,
    columns_page,
    parse_columns,
)
from hashwatch.queries.events import find_event
from hashwatch.queries.filters import NAMES
from hashwatch.queries.posts_page import posts_page

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
SEEN = TEXT.filter(str.strip)
NAME = st.text(min_size=1, max_size=MAX_NAME).map(lambda name: " ".join(name.split())).filter(bool)
COLUMN = st.builds(Column, NAME, st.dictionaries(st.sampled_from(NAMES), SEEN, max_size=4))


def address(href: str) -> dict[str, str]:
    """The parameters of an address."""
    return dict(parse_qsl(urlsplit(href).query))


@given(st.lists(COLUMN, min_size=1, max_size=MOST))
def test_an_address_brings_the_same_columns_back(columns: list[Column]) -> None:
    """Names, filters and order."""
    assert parse_columns(column_parameters(columns)) == columns


def test_filters_of_their_own_are_one_more_column() -> None:
    """Named after what they are, unless they have a name."""
    here = column_parameters([Column("Latest", {})])
    added = parse_columns({**here, "theme": "Cyber", "sentiment": "negative"})
    assert [column.name for column in added] == ["Latest", "Theme: Cyber, Tone: negative"]
    assert parse_columns({**here, "name": "Rest"})[1] == Column("Rest", {})
    assert parse_columns({}) == list(FIRST)


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"c1": "mood=bad"}, "c1: “mood” is no filter"),
        ({"c2": "q=a&q=b"}, "c2: “q” is there twice"),
        (
            {**{f"n{n}": "x" for n in range(1, MOST + 1)}, "q": "one more"},
            "name: there are 6 columns already",
        ),
    ],
)
def test_what_cannot_be_read_is_named(params: dict[str, str], problem: str) -> None:
    """By the parameter that holds it."""
    with pytest.raises(FilterError, match=problem):
        parse_columns(params)


def test_a_column_shows_what_the_search_does(dashboard: sqlite3.Connection) -> None:
    """The same posts in the same order, the same total, and a link to them."""
    event = find_event(dashboard, "natsec17")
    page = columns_page(dashboard, event, {"c1": "sentiment=negative", "q": "security"})
    assert len(page["columns"]) == 2
    for column, filters in zip(
        page["columns"], ({"sentiment": "negative"}, {"q": "security"}), strict=True
    ):
        assert address(column["href"]) == filters
        found = posts_page(dashboard, event, filters)
        assert column["total"] == found["total"] > 0
        shown = [post["id"] for post in column["posts"]]
        assert shown == [post["id"] for post in found["posts"]][: len(shown)] != []


def test_columns_are_moved_and_removed_by_links(dashboard: sqlite3.Connection) -> None:
    """Each an address of the page as it would be."""
    event = find_event(dashboard, "natsec17")
    page = columns_page(dashboard, event, {})
    latest, questions, negative = FIRST
    first, second, third = page["columns"]
    assert first["left"] is third["right"] is None
    assert parse_columns(address(second["left"])) == [questions, latest, negative]
    assert parse_columns(address(second["right"])) == [latest, negative, questions]
    assert parse_columns(address(second["without"])) == [latest, negative]
    [alone] = columns_page(dashboard, event, {"n1": "Latest"})["columns"]
    assert alone["without"] is None
    full = {f"n{number}": "x" for number in range(1, MOST + 1)}
    assert columns_page(dashboard, event, full)["choices"] == []
