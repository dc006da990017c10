"""Spikes with their cause in words, each figure a link to its posts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from hashwatch.queries.buckets import from_iso, local_text
from hashwatch.queries.events import Event
from hashwatch.queries.filters import Filters
from hashwatch.queries.hrefs import event_href, post_href, posts_href
from hashwatch.queries.markup import plain_name
from hashwatch.queries.ranges import range_parameters
from hashwatch.queries.search import count_posts
from hashwatch.queries.selection import select
from hashwatch.queries.shapes import Data, SessionRow
from hashwatch.queries.spikes import QUIET
from hashwatch.queries.statements import ask
from hashwatch.wording import number, plural, say

LEADS = 0.25
"""A theme, session, hashtag, person or boosted post drove a spike from this share of it on; where
none did, the one with the most posts is named."""
SAID = 0.1
"""A word or pair of words that a spike brought up is named from this share of its posts on."""
FEWEST = 3
"""Fewer posts are no cause."""


def spike_rows(
    connection: sqlite3.Connection,
    event: Event,
    start: int,
    end: int,
    now: int,
    sessions: Sequence[SessionRow],
) -> list[Data]:
    """The spikes that touch ``[start, end)``, the first first.

    ``from``, ``to`` and ``peak_at`` are Unix seconds, ``to`` None while it lasts; ``times`` is how
    many times the usual its most five minutes were, None where nothing is usual. ``causes`` are
    parts of a sentence: ``text``, and ``href`` where it is a link. ``words`` is what somebody,
    ``by``, wrote of it, both empty for nothing.
    """
    window = {"event": event.id, "from": start, "to": end}
    rows = ask(connection, "spikes", window)
    return [_row(connection, event, row, now, sessions) for row in rows]


def _row(
    connection: sqlite3.Connection,
    event: Event,
    row: tuple[Any, ...],
    now: int,
    sessions: Sequence[SessionRow],
) -> Data:
    starts, ends, posts, peak, peak_at, usual, words, worded_by, *led, terms = row
    lasts = event.clock_mode != "over" and now < ends + 60 * QUIET
    span = range_parameters(event, starts, ends)
    on = _on_stage(sessions, starts, ends)
    return {
        "from": starts,
        "to": None if lasts else ends,
        "local": _span(event, starts, ends, lasts),
        "posts": posts,
        "href": posts_href(event.slug, **span),
        "peak": peak,
        "peak_at": peak_at,
        "peak_href": posts_href(event.slug, **range_parameters(event, peak_at - 300, peak_at)),
        "usual": round(usual, 1),
        "times": round(peak / usual, 1) if usual >= 0.05 else None,
        "words": words or "",
        "by": worded_by or "",
        "causes": [
            *_staged(event, on),
            *_leading(posts, _leaders(event, span, led, {row["code"] for row in on})),
            *_brought_up(connection, event, json.loads(terms or "[]"), (starts, ends), posts),
        ],
    }


def _span(event: Event, starts: int, ends: int, lasts: bool) -> str:
    first = local_text(starts, event.zone)
    if lasts:
        return say("since %(time)s", time=first)
    last = local_text(ends, event.zone)
    return f"{first}–{last.rsplit(' ', 1)[1] if first[:-6] == last[:-6] else last}"


def _on_stage(sessions: Sequence[SessionRow], starts: int, ends: int) -> list[SessionRow]:
    """The sessions that were on while it lasted, by the programme's times."""
    return [
        row
        for row in sessions
        if row["starts_at"] and row["ends_at"]
        and from_iso(row["starts_at"]) < ends and from_iso(row["ends_at"]) > starts
    ]  # fmt: skip


def _staged(event: Event, on: Sequence[SessionRow]) -> Iterator[Data]:
    """Two of them at most, and how many more."""
    for row in on[:2]:
        yield _part(say("on stage: %(title)s", title=row["title"]), row["href"])
    if len(on) > 2:
        yield _part(
            plural(len(on) - 2, "and %(count)s more", "and %(count)s more"),
            event_href(event.slug, "sessions"),
        )


def _leading(posts: int, leaders: Sequence[tuple[int, Data]]) -> list[Data]:
    """Those that drove a spike of so many posts, else the one that comes nearest."""
    found = [part for count, part in leaders if count >= max(FEWEST, LEADS * posts)]
    rest = [one for one in leaders if one[0] >= FEWEST]
    return found or [part for _, part in sorted(rest, key=lambda one: -one[0])[:1]]


def _brought_up(
    connection: sqlite3.Connection, event: Event, terms: Sequence[str], span: tuple[int, int],
    posts: int,
) -> Iterator[Data]:  # fmt: skip
    """The words that a spike of so many posts brought up, with the posts that the search finds."""
    start, end = span
    for term in terms:
        query = f'"{term}"'
        selection = select(connection, event, Filters(q=query, start=start, end=end))
        count = count_posts(connection, selection).posts
        if count >= max(FEWEST, SAID * posts):
            href = posts_href(event.slug, q=query, **range_parameters(event, start, end))
            words = say("%(count)s with “%(term)s”", count=number(count), term=term)
            yield _part(words, href)


def _leaders(
    event: Event, span: dict[str, str], led: Sequence[Any], on: Collection[str]
) -> list[tuple[int, Data]]:
    """The leading session, theme, post, person and hashtag, with their posts.

    ``on`` are the codes of the sessions on stage, which have been named already.
    """
    (
        code, title, session_posts, theme, theme_posts, hashtag, shown, hashtag_posts,
        handle, name, author_posts, post_id, boosts, boosted_handle, boosted_name,
    ) = led  # fmt: skip
    found = []
    if code is not None:
        href = posts_href(event.slug, session=code, **span)
        name_ = say("what is on stage") if code in on else title
        found.append((session_posts, _part(_about(session_posts, name_), href)))
    if theme is not None:
        href = posts_href(event.slug, theme=theme, **span)
        found.append((theme_posts, _part(_about(theme_posts, theme), href)))
    if post_id is not None:
        who = plain_name(boosted_name) or boosted_handle
        words = plural(
            boosts, "%(count)s boost of a post by %(who)s", "%(count)s boosts of a post by %(who)s",
            who=who,
        )  # fmt: skip
        found.append((boosts, _part(words, post_href(event.slug, post_id))))
    if handle is not None:
        href = posts_href(event.slug, author=handle, **span)
        words = say(
            "%(count)s by %(who)s", count=number(author_posts), who=plain_name(name) or handle
        )
        found.append((author_posts, _part(words, href)))
    if hashtag is not None:
        href = posts_href(event.slug, hashtag=hashtag, **span)
        words = say("%(count)s with #%(hashtag)s", count=number(hashtag_posts), hashtag=shown)
        found.append((hashtag_posts, _part(words, href)))
    return found


def _about(posts: int, what: str) -> str:
    return say("%(count)s about %(theme)s", count=number(posts), theme=what)


def _part(text: str, href: str) -> Data:
    return {"text": text, "href": href}
