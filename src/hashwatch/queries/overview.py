"""The overview: what is happening, in one page."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import msgspec

from hashwatch.errors import FilterError
from hashwatch.queries.amplify import worth_amplifying
from hashwatch.queries.authors import count_authors
from hashwatch.queries.cards import post_cards
from hashwatch.queries.counting import ALL, Counting, chosen_counting
from hashwatch.queries.emerging import emerging_links
from hashwatch.queries.events import Event
from hashwatch.queries.filters import Filters
from hashwatch.queries.hrefs import event_href, posts_href
from hashwatch.queries.measured import measure
from hashwatch.queries.now import last_minutes, recent_by_theme, usual_rates, window
from hashwatch.queries.programme import NO_COUNTS, facet_totals, programme, stage, tones
from hashwatch.queries.questions import count_waiting
from hashwatch.queries.ranges import Range, chosen_range, range_parameters, whole_event
from hashwatch.queries.rankings import rankings
from hashwatch.queries.search import find_posts
from hashwatch.queries.selection import select
from hashwatch.queries.sentence import sentence
from hashwatch.queries.series import WHOLE, series
from hashwatch.queries.shapes import Data, Tone
from hashwatch.queries.spike_rows import spike_rows
from hashwatch.queries.statements import ask
from hashwatch.queries.themes import theme_rows
from hashwatch.queries.tone import tone
from hashwatch.wording import N_, say

CARDS = 20
TABS = {
    "latest": N_("Latest"),
    "top": N_("Top"),
    "amplify": N_("Worth sharing"),
    "questions": N_("Questions"),
    "negative": N_("Negative"),
}
PARAMETERS = ("grain", "from", "to", "tab", "boosts")


def overview(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str], now: int
) -> Data:
    """Everything on the overview but its shell. ``params`` are `PARAMETERS`."""
    tab = params.get("tab", "") or "latest"
    if tab not in TABS:
        raise FilterError(
            "tab", say("“%(tab)s” is not one of %(tabs)s", tab=tab, tabs=", ".join(TABS))
        )
    counting = chosen_counting(params)
    span = chosen_range(connection, event, params, now)
    usual = usual_rates(connection, event, now, counting)
    sessions = programme(connection, event, now, counting)
    on_stage, today = stage(event, sessions, now)
    totals = event_totals(connection, event, counting)
    recent = recent_by_theme(connection, event, now, counting)
    themes = theme_rows(connection, event, now, usual, recent, counting)
    current = {
        "last_5": last_minutes(connection, event, now, usual, 5, counting),
        "last_30": last_minutes(connection, event, now, usual, 30, counting),
        "total": totals,
    }
    chosen: tuple[int | None, int | None] = (span.start, span.end) if span.zoomed else (None, None)
    outstanding = (
        worth_amplifying(connection, event, now, *chosen, CARDS) if tab == "amplify" else []
    )
    shown = (
        [one["id"] for one in outstanding]
        if tab == "amplify"
        else _tab_posts(connection, event, tab, *chosen, counting)
    )
    spikes = spike_rows(connection, event, span.start, span.end, now, sessions)
    return {
        "sentence": sentence(
            connection,
            event,
            now,
            current,
            themes,
            recent,
            on_stage["current"],
            spikes,
            count_waiting(connection, event, now),
        ),
        "now": current,
        "stage": on_stage,
        "tone": recent_tone(connection, event, now),
        "series": series(connection, event, WHOLE, span, now, sessions, spikes, counting),
        "themes": themes,
        "emerging": emerging_links(connection, event),
        "sessions": today,
        **rankings(connection, event, *_ranked_time(connection, event, span, now), counting),
        "tab": tab,
        "tabs": _tabs(event, params, tab, counting),
        "posts": post_cards(connection, event, shown),
        "amplify": outstanding,
    }


def event_totals(connection: sqlite3.Connection, event: Event, counting: Counting = ALL) -> Data:
    """Posts, boosts, copies and people of the whole event; messages are what is left of posts
    without boosts and copies. Boosts are told of also where posts are counted without them.
    """
    posts, boosts, _, _ = ask(connection, "event_totals", {"event": event.id})[0]
    copies = facet_totals(connection, event, "copy").get("", NO_COUNTS)[0]
    return {
        "posts": counting.sums((posts, boosts))[0],
        "boosts": boosts,
        "boost_share": round(boosts / posts, 4) if posts else None,
        "copies": copies,
        "messages": posts - boosts - copies,
        "authors": count_authors(connection, event, posts),
        "href": posts_href(event.slug, **counting.filters),
        "boosts_href": posts_href(event.slug, kind="boost"),
        "messages_href": posts_href(event.slug, boosts="hidden", copies="hidden"),
    }


def recent_tone(connection: sqlite3.Connection, event: Event, now: int) -> Tone:
    """The tone of the last hour, or of the whole event once it is over."""
    if event.clock_mode == "over":
        start, end = whole_event(connection, event, now)
        words, filters = say("whole event"), {}
    else:
        start, end = window(now, 60)
        words, filters = say("last hour"), range_parameters(event, start, end)
    bounds = {"event": event.id, "facet": "all", "value": "", "from": start, "to": end}
    counts = tones(ask(connection, "window", bounds)[0])
    return tone(event.slug, counts, words, filters, measure(connection, event))


def _ranked_time(
    connection: sqlite3.Connection, event: Event, span: Range, now: int
) -> tuple[int, int]:
    """The time of the lists: the one chosen, else today, else (over) the whole event."""
    if span.zoomed:
        return span.start, span.end
    if event.clock_mode == "over":
        return whole_event(connection, event, now)
    return now, now + 1


def _tabs(event: Event, params: Mapping[str, str], selected: str, counting: Counting) -> list[Data]:
    kept = {name: params.get(name, "") for name in ("grain", "from", "to")} | counting.filters
    return [
        {
            "key": key,
            "label": say(label),
            "href": event_href(event.slug, "", {**kept, "tab": "" if key == "latest" else key}),
            "count": None,
            "selected": key == selected,
        }
        for key, label in TABS.items()
    ]


def _tab_posts(
    connection: sqlite3.Connection,
    event: Event,
    tab: str,
    start: int | None,
    end: int | None,
    counting: Counting,
) -> list[int]:
    """The posts under a tab: of the time chosen, else of the whole event."""
    filters = {
        "latest": Filters(start=start, end=end),
        "top": Filters(start=start, end=end, sort="engaged"),
        "questions": Filters(start=start, end=end, question="any"),
        "negative": Filters(start=start, end=end, sentiment="negative", kind="original"),
    }[tab]
    filters = msgspec.structs.replace(filters, boosts=counting.boosts)
    return find_posts(connection, select(connection, event, filters), size=CARDS).ids
