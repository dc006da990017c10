"""The search page: a page of posts, what may be chosen, what is."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from hashwatch.queries.cards import post_cards
from hashwatch.queries.events import Event
from hashwatch.queries.filters import CHOICES, Filters, parse_filters
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.languages import language_name
from hashwatch.queries.programme import facet_totals
from hashwatch.queries.search import count_posts, find_posts
from hashwatch.queries.selection import select
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.queries.totals import rollup_messages
from hashwatch.wording import N_, say

LABELS = {
    "q": N_("Words"),
    "theme": N_("Theme"),
    "session": N_("Session"),
    "question": N_("Question"),
    "sentiment": N_("Tone"),
    "language": N_("Language"),
    "source": N_("Source"),
    "kind": N_("Kind"),
    "media": N_("Media"),
    "link": N_("Link"),
    "boosts": N_("Boosts"),
    "copies": N_("Copies"),
    "alike": N_("Worded alike"),
    "instance": N_("Server"),
    "only_on": N_("Only on"),
    "home": N_("At home on"),
    "author": N_("Author"),
    "group": N_("Group"),
    "hashtag": N_("Hashtag"),
    "from": N_("From"),
    "to": N_("To"),
}
"""The filters in the page's order, and what they are called there."""

_KINDS = {
    "original": N_("all but boosts"),
    "post": N_("post"),
    "reply": N_("reply"),
    "quote": N_("quote"),
}
_KINDS["boost"] = N_("boost")
_QUESTIONS = {
    "any": N_("to speakers or organisers"),
    "speaker": N_("to a speaker"),
    "organiser": N_("to the organisers"),
    "rhetorical": N_("rhetorical"),
}
_ALONE = N_("each by itself")
_REPEATS = (
    ("folded", N_("folded under their original")),
    ("shown", _ALONE),
    ("hidden", N_("left out")),
)
_YES_NO = (("yes", N_("with")), ("no", N_("without")))

Option = tuple[str, str, int | None]
"""Value, label, count."""


def posts_page(connection: sqlite3.Connection, event: Event, params: Mapping[str, str]) -> Data:
    """Everything on the search page but its shell. ``params`` are the filters and ``after``."""
    given = {name: value for name, value in params.items() if value.strip()}
    after = given.pop("after", "")
    filters = parse_filters(given, event.zone)
    selection = select(connection, event, filters)
    found = find_posts(connection, selection, after)
    total = count_posts(connection, selection)
    chosen = filters.parameters()
    following = event_href(event.slug, "posts", {**chosen, "after": found.after or ""})
    return {
        "query": {**chosen, **({"after": after} if after else {})},
        "filters": _filters(connection, event, filters),
        "chips": [
            {
                "label": say(
                    "%(label)s: %(value)s",
                    label=say(LABELS[name]),
                    value=say(value) if name == "sentiment" else value,
                ),
                "href_without": event_href(event.slug, "posts", filters.without(name)),
            }
            for name, value in chosen.items()
            if name != "sort"
        ],
        "total": total.posts,
        "total_is_exact": total.is_exact,
        "messages": rollup_messages(connection, selection),
        "posts": post_cards(
            connection, event, found.ids, each_alone=filters.copies in ("shown", "hidden")
        ),
        "next": following if found.after else None,
        "exports": {
            suffix: event_href(event.slug, f"posts.{suffix}", filters.without("sort"))
            for suffix in ("csv", "jsonl")
        },
        "sorts": [
            {
                "key": key,
                "label": label,
                "href": event_href(
                    event.slug, "posts", {**filters.without("sort"), "sort": parameter}
                ),
                "selected": filters.sort == key,
            }
            for key, label, parameter in (
                ("newest", say("Newest"), ""),
                ("engaged", say("Most engaged"), "engaged"),
            )
        ],
    }


def _filters(connection: sqlite3.Connection, event: Event, filters: Filters) -> list[Data]:
    chosen = filters.parameters()
    options = filter_options(connection, event)
    alone = not filters.restricting()
    return [
        {
            "key": name,
            "label": say(label),
            "kind": "select"
            if name in options
            else "datetime"
            if name in ("from", "to")
            else "text",
            "value": chosen.get(name, ""),
            "options": [
                {
                    "value": value,
                    "label": shown,
                    # Beside other filters a count of the whole event would mislead.
                    "count": count if alone else None,
                    "href": event_href(event.slug, "posts", {**chosen, name: value}),
                    "selected": chosen.get(name) == value,
                }
                for value, shown, count in _with_chosen(options.get(name), chosen.get(name))
            ],
        }
        for name, label in LABELS.items()
    ]


def _groups(connection: sqlite3.Connection, event: Event, posts: int) -> dict[str, list[Option]]:
    """The sides and groups of the roster, where the event has one."""
    groups = [row[0] for row in ask(connection, "groups", {"event": event.id})]
    if not groups:
        return {}
    inside = facet_totals(connection, event, "inside").get("", (0,))[0]
    totals = facet_totals(connection, event, "group")
    sides: list[Option] = [
        ("inside", say("inside: on the roster"), inside),
        ("public", say("public: everybody else"), posts - inside),
    ]
    return {"group": sides + [(name, name, totals.get(name, (0,))[0]) for name in groups]}


def _with_chosen(options: list[Option] | None, chosen: str | None) -> list[Option]:
    """The options, and what was chosen if it is none of them."""
    if options is None:
        return []
    if chosen and chosen not in [value for value, _, _ in options]:
        return [*options, (chosen, chosen, None)]
    return options


def filter_options(connection: sqlite3.Connection, event: Event) -> dict[str, list[Option]]:
    """What each filter that is chosen from a list may be: value, label, count of the event."""

    def by_posts(facet: str) -> list[tuple[Any, int]]:
        totals = facet_totals(connection, event, facet)
        return sorted(((value, sums[0]) for value, sums in totals.items()), key=lambda t: -t[1])

    known = {"event": event.id}
    themes = {identity: name for name, identity in ask(connection, "theme_ids", known)}
    sessions = {row[0]: (row[1], row[2]) for row in ask(connection, "sessions", known)}
    session_posts = dict(by_posts("session"))
    theme_posts = dict(by_posts("theme"))
    whole = facet_totals(connection, event, "all").get("", (0, 0, 0, 0, 0, 0))
    return {
        "theme": sorted(
            ((name, name, theme_posts.get(i, 0)) for i, name in themes.items()),
            key=lambda option: -option[2],
        ),
        "session": [
            (code, f"{code} {title}", session_posts.get(i, 0))
            for i, (code, title) in sessions.items()
        ],
        "question": [(value, say(shown), None) for value, shown in _QUESTIONS.items()],
        "sentiment": [(value, say(value), None) for value in CHOICES["sentiment"]],
        "language": [(code, language_name(code), posts) for code, posts in by_posts("language")],
        "source": [(source, source, posts) for source, posts in by_posts("source")],
        "kind": [
            (
                kind,
                say(_KINDS[kind]),
                {"boost": whole[1], "original": whole[0] - whole[1]}.get(kind),
            )
            for kind in _KINDS
        ],
        **_groups(connection, event, whole[0]),
        "boosts": [(value, say(shown), None) for value, shown in _REPEATS],
        "copies": [(value, say(shown), None) for value, shown in _REPEATS],
        "alike": [("shown", say(_ALONE), None)],
        "media": [(value, say(shown), None) for value, shown in _YES_NO],
        "link": [(value, say(shown), None) for value, shown in _YES_NO],
    }
