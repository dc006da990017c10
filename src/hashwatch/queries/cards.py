"""Posts as lists show them, in a few queries however many there are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from hashwatch.queries.buckets import from_iso, local_text
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import post_href, posts_href, session_href
from hashwatch.queries.markup import plain_name, post_markup, safe_url
from hashwatch.queries.shapes import Data, PostCard
from hashwatch.queries.statements import ask


def post_cards(
    connection: sqlite3.Connection, event: Event, ids: Sequence[int], *, each_alone: bool = False
) -> list[PostCard]:
    """The cards of the posts ``ids``, in that order; an id that is gone is left out.

    Counts are those of a post and of its copies together, unless ``each_alone``: a list that shows
    the copies too would count them twice.
    """
    if not ids:
        return []
    wanted = {"ids": json.dumps(list(ids)), "event": event.id}
    themes: dict[int, list[Data]] = {}
    for post_id, name in ask(connection, "cards_themes", wanted):
        themes.setdefault(post_id, []).append(
            {"name": name, "href": posts_href(event.slug, theme=name)}
        )
    sessions = {
        post_id: {"code": code, "title": title, "href": session_href(event.slug, code)}
        for post_id, code, title in ask(connection, "cards_sessions", wanted)
    }
    folded = dict(ask(connection, "cards_folded", wanted))
    alike = dict(ask(connection, "cards_alike", wanted))
    copy_of = {
        post_id: _place(event, *shown)
        for post_id, *shown in ask(connection, "cards_copy_of", wanted)
    }
    copies: dict[int, list[Data]] = {}
    more: dict[int, list[int]] = {}
    for shown_id, *place, boosts, likes, replies, quotes in ask(connection, "cards_copies", wanted):
        copies.setdefault(shown_id, []).append(_place(event, *place))
        if not each_alone:
            sums = more.setdefault(shown_id, [0, 0, 0, 0])
            for column, count in enumerate((boosts, likes, replies, quotes)):
                sums[column] += count
    cards = {}
    for row in ask(connection, "cards", wanted):
        post_id = row[0]
        cards[post_id] = _card(
            event, row, themes.get(post_id, []), sessions.get(post_id), folded.get(post_id, 0),
            more.get(post_id, [0, 0, 0, 0]),
        )  # fmt: skip
        cards[post_id]["copies"] = copies.get(post_id, [])
        cards[post_id]["copy_of"] = copy_of.get(post_id)
        if post_id in alike:
            href = posts_href(event.slug, alike=str(post_id))
            cards[post_id]["alike"] = {"posts": alike[post_id], "href": href}
    return [cards[post_id] for post_id in ids if post_id in cards]


def _card(
    event: Event,
    row: tuple[Any, ...],
    themes: list[Data],
    session: Data | None,
    folded: int,
    more: Sequence[int],
) -> PostCard:
    (
        post_id, url, source, instance, created_at, text, language, sentiment, polarity, confidence,
        kind, boosts, likes, replies, quotes, content_warning, sensitive, media, poll, edited_at,
        invented, uri, *people,
    ) = row  # fmt: skip
    author_id, handle, name, author_url, bot, parent_id, parent_handle, parent_name = people
    return {
        "id": post_id,
        "href": post_href(event.slug, post_id),
        "url": safe_url(url) or safe_url(uri),
        "source": source,
        "instance": instance,
        "author": {
            "id": author_id,
            "handle": handle,
            "name": plain_name(name) or handle,
            "url": safe_url(author_url),
            "bot": bool(bot),
            "href": posts_href(event.slug, author=handle),
        },
        "created_at": created_at,
        "local": local_text(from_iso(created_at), event.zone),
        "text": text,
        "markup": post_markup(text, event.slug),
        "language": language,
        "sentiment": sentiment,
        "polarity": polarity,
        "confidence": confidence,
        "kind": kind,
        "boosts": boosts + more[0],
        "likes": likes + more[1],
        "replies": replies + more[2],
        "quotes": quotes + more[3],
        "themes": themes,
        "session": session,
        "content_warning": content_warning,
        "sensitive": bool(sensitive),
        "media": [_medium(item) for item in json.loads(media)] if media else [],
        "poll": json.loads(poll) if poll else [],
        "edited": edited_at is not None,
        "invented": bool(invented),
        "folded": folded,
        "copies": [],
        "copy_of": None,
        "alike": None,
        "parent": None
        if parent_id is None
        else {
            "id": parent_id,
            "href": post_href(event.slug, parent_id),
            "author": plain_name(parent_name) or parent_handle,
        },
    }


def _place(event: Event, post_id: int, source: str, instance: str) -> Data:
    """Another post of the same message, and where it stands."""
    return {
        "id": post_id,
        "href": post_href(event.slug, post_id),
        "source": source,
        "instance": instance,
    }


def _medium(item: Data) -> Data:
    """An attachment, its address only where a page may link to it."""
    return {
        "kind": item.get("kind", "other"),
        "url": safe_url(item.get("url")),
        "alt": item.get("alt", ""),
    }
