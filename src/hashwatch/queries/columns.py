"""Columns: filters side by side, under names of their own; all of it stands in the address."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

import msgspec

from hashwatch.errors import FilterError
from hashwatch.queries.cards import post_cards
from hashwatch.queries.events import Event
from hashwatch.queries.filters import NAMES, parse_filters
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.posts_page import LABELS, filter_options
from hashwatch.queries.search import count_posts, find_posts
from hashwatch.queries.selection import select
from hashwatch.queries.shapes import Data
from hashwatch.wording import N_, say

MOST = 6
CARDS = 15
MAX_NAME = 60
_NUMBERS = range(1, MOST + 1)
PARAMETERS = (
    *(f"c{number}" for number in _NUMBERS),
    *(f"n{number}" for number in _NUMBERS),
    "name",
    *NAMES,
)
"""``c1`` is the first column's filters as a query string, ``n1`` its name; filters by their own
names, and ``name``, are one more column at the end."""
CHOOSABLE = ("theme", "session", "sentiment", "question", "group", "language")
"""What a new column may be narrowed to on the page, beside words; any filter may be in a link."""


class Column(msgspec.Struct, frozen=True):
    """A column: its name, and its filters as they stand in an address."""

    name: str
    filters: dict[str, str]


FIRST = (
    Column(N_("Latest"), {}),
    Column(N_("Questions"), {"question": "any"}),
    Column(N_("Negative"), {"sentiment": "negative", "kind": "original"}),
)
"""What is shown until columns are chosen."""


def parse_columns(params: Mapping[str, str]) -> list[Column]:
    """The columns that an address names, else the `FIRST`. Pure.

    Raises `FilterError` where a column's filters cannot be read, or there are too many.
    """
    columns = [
        _column(f"c{number}", params.get(f"c{number}", ""), params.get(f"n{number}", ""))
        for number in _NUMBERS
        if params.get(f"c{number}") or params.get(f"n{number}")
    ]
    added = {name: params[name] for name in NAMES if params.get(name, "").strip()}
    if added or params.get("name", "").strip():
        columns.append(_column("name", urlencode(added), params.get("name", "")))
    if len(columns) > MOST:
        raise FilterError(
            "name", say("there are %(most)s columns already: remove one first", most=MOST)
        )
    return columns or [Column(say(one.name), one.filters) for one in FIRST]


def _column(parameter: str, query: str, name: str) -> Column:
    filters: dict[str, str] = {}
    for key, value in parse_qsl(query, max_num_fields=len(NAMES)):
        if key not in NAMES or key in filters:
            problem = say("is there twice") if key in filters else say("is no filter")
            raise FilterError(
                parameter,
                say(
                    "“%(key)s” %(problem)s; there are %(names)s",
                    key=key,
                    problem=problem,
                    names=", ".join(NAMES),
                ),
            )
        filters[key] = value
    named = " ".join(name.split())[:MAX_NAME]
    return Column(named or _described(filters), filters)


def _described(filters: Mapping[str, str]) -> str:
    words = [
        say("%(label)s: %(value)s", label=say(LABELS.get(key, key.title())), value=value)
        for key, value in filters.items()
    ]
    return ", ".join(words)[:MAX_NAME] or say("All posts")


def column_parameters(columns: Sequence[Column]) -> dict[str, str]:
    """What `parse_columns` makes the same columns of."""
    parameters = {}
    for number, column in enumerate(columns, start=1):
        parameters[f"c{number}"] = urlencode(column.filters)
        parameters[f"n{number}"] = column.name
    return parameters


def columns_page(connection: sqlite3.Connection, event: Event, params: Mapping[str, str]) -> Data:
    """Everything on the page but its shell. ``params`` are `PARAMETERS`."""
    columns = parse_columns(params)
    shown = []
    for index, column in enumerate(columns):
        filters = parse_filters(column.filters, event.zone)
        selection = select(connection, event, filters)
        total = count_posts(connection, selection)
        others = [*columns[:index], *columns[index + 1 :]]
        shown.append(
            {
                "name": column.name,
                "href": event_href(event.slug, "posts", filters.parameters()),
                "total": total.posts,
                "total_is_exact": total.is_exact,
                "posts": post_cards(
                    connection,
                    event,
                    find_posts(connection, selection, size=CARDS).ids,
                    each_alone=filters.copies in ("shown", "hidden"),
                ),
                "left": _href(event, _moved(others, column, index - 1)) if index else None,
                "right": _href(event, _moved(others, column, index + 1))
                if index + 1 < len(columns)
                else None,
                "without": _href(event, others) if others else None,
            }
        )
    choices = filter_options(connection, event)
    return {
        "columns": shown,
        "share": _href(event, columns),
        "first": _href(event, parse_columns({})),
        "parameters": [
            {"key": key, "value": value} for key, value in column_parameters(columns).items()
        ],
        "choices": [
            {
                "key": key,
                "label": say(LABELS[key]),
                "options": [{"value": value, "label": label} for value, label, _ in choices[key]],
            }
            for key in CHOOSABLE
            if choices.get(key)
        ]
        if len(columns) < MOST
        else [],
        "most": MOST,
    }


def _moved(others: Sequence[Column], column: Column, index: int) -> list[Column]:
    return [*others[:index], column, *others[index:]]


def _href(event: Event, columns: Sequence[Column]) -> str:
    return event_href(event.slug, "columns", column_parameters(columns))
