"""Which question answers which page, and which template shows it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
import msgspec

from hashwatch.errors import FilterError
from hashwatch.queries import (
    agenda,
    columns,
    coverage,
    overview,
    post_page,
    posts_page,
    questions,
    session_pages,
    themes,
    voices,
)
from hashwatch.queries.events import Event, find_event, shell
from hashwatch.queries.filters import NAMES
from hashwatch.queries.shapes import Data
from hashwatch.serve.explaining import explain_tone
from hashwatch.serve.speaking import install
from hashwatch.serve.static import static_href
from hashwatch.wording import say


class Asked(msgspec.Struct, frozen=True):
    """What a request asks of a page: the event, the rest of the path, the parameters, the time."""

    event: Event
    name: str
    params: dict[str, str]
    now: int
    wall: float


class Page(msgspec.Struct, frozen=True):
    """A page: the parameters that it takes and the question that fills it (its shell apart)."""

    template: str
    parameters: tuple[str, ...]
    fill: Callable[[sqlite3.Connection, Asked], Data]


PAGES: dict[str, Page] = {
    "overview": Page(
        "overview.html",
        overview.PARAMETERS,
        lambda c, asked: overview.overview(c, asked.event, asked.params, asked.now),
    ),
    "posts": Page(
        "posts.html",
        (*NAMES, "after"),
        lambda c, asked: posts_page.posts_page(c, asked.event, asked.params),
    ),
    "columns": Page(
        "columns.html",
        columns.PARAMETERS,
        lambda c, asked: columns.columns_page(c, asked.event, asked.params),
    ),
    "post": Page(
        "post.html",
        (),
        lambda c, asked: explain_tone(c, post_page.post_page(c, asked.event, int(asked.name))),
    ),
    "sessions": Page(
        "sessions.html",
        session_pages.ALL_PARAMETERS,
        lambda c, asked: session_pages.sessions_page(
            c, asked.event, asked.params, asked.now, asked.wall
        ),
    ),
    "session": Page(
        "session.html",
        session_pages.PARAMETERS,
        lambda c, asked: session_pages.session_page(
            c, asked.event, asked.name, asked.params, asked.now
        ),
    ),
    "agenda": Page(
        "agenda.html",
        agenda.PARAMETERS,
        lambda c, asked: agenda.agenda_page(c, asked.event, asked.params, asked.now),
    ),
    "replay": Page(
        "replay.html",
        agenda.REPLAY_PARAMETERS,
        lambda c, asked: agenda.replay_page(c, asked.event, asked.name, asked.params, asked.now),
    ),
    "themes": Page(
        "themes.html",
        themes.PARAMETERS,
        lambda c, asked: themes.themes_page(c, asked.event, asked.params, asked.now),
    ),
    "questions": Page(
        "questions.html",
        questions.PARAMETERS,
        lambda c, asked: questions.questions_page(c, asked.event, asked.params, asked.now),
    ),
    "voices": Page(
        "voices.html",
        voices.PARAMETERS,
        lambda c, asked: voices.voices_page(c, asked.event, asked.params),
    ),
    "coverage": Page(
        "coverage.html",
        (),
        lambda c, asked: coverage.coverage_page(c, asked.event, asked.now, asked.wall),
    ),
}
_PLACES = {
    "post": "posts",
    "columns": "posts",
    "session": "sessions",
    "agenda": "sessions",
    "replay": "sessions",
}


def event_data(
    connection: sqlite3.Connection,
    page: str,
    slug: str,
    name: str,
    params: Mapping[str, str],
    wall: float,
) -> Data:
    """The whole of an event's page: its shell and what fills it."""
    event = find_event(connection, slug)
    known = known_parameters(page, params)
    asked = Asked(event, name, known, event.now(wall), wall)
    return {**shell(connection, event, wall), **PAGES[page].fill(connection, asked)}


def known_parameters(page: str, params: Mapping[str, str]) -> dict[str, str]:
    """The parameters that ``page`` takes; another is a `FilterError`, unless it begins with _."""
    allowed = PAGES[page].parameters
    for name in params:
        if name not in allowed and not name.startswith("_"):
            there_are = (
                say("there are %(names)s", names=", ".join(allowed))
                if allowed
                else say("this page takes none")
            )
            raise FilterError(name, say("no such parameter; %(there_are)s", there_are=there_are))
    return {name: value for name, value in params.items() if name in allowed}


def render(template: str, page: str, request: Any, data: Data | None, **variables: Any) -> bytes:
    """A page's HTML; ``data`` is what its JSON holds."""
    return (
        environment()
        .get_template(template)
        .render(data=data, page=_PLACES.get(page, page), request=request, **variables)
        .encode("utf-8")
    )


@cache
def environment() -> jinja2.Environment:
    """Our templates without Datasette's asynchronous rendering: pages are made in threads."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(str(files("hashwatch.serve") / "templates")),
        autoescape=True,
        auto_reload=False,
    )
    made.globals["static"] = static_href
    install(made)
    return made
