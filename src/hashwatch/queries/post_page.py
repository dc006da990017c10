"""One post: its tags and their reasons, its counts over time, where else it was seen."""

from __future__ import annotations

import json
import sqlite3

from hashwatch.errors import MissingError
from hashwatch.queries.buckets import from_iso, local_text
from hashwatch.queries.cards import post_cards
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import post_href, posts_href, session_href
from hashwatch.queries.markup import plain_name, safe_url
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.wording import N_, say


def post_page(connection: sqlite3.Connection, event: Event, post_id: int) -> Data:
    """Everything on a post's page but its shell."""
    rows = ask(connection, "post_in_event", {"event": event.id, "post": post_id})
    if not rows:
        raise MissingError(
            say("There is no post %(post_id)s in %(slug)s.", post_id=post_id, slug=event.slug)
        )
    declared, language, sentiment, polarity, confidence, url, uri = rows[0]
    one = {"post": post_id, "event": event.id}
    corrections = _corrections(connection, event, one)
    said = corrections.get("sentiment")
    return {
        "post": post_cards(connection, event, [post_id])[0],
        "tags": {
            "language": {"value": language, "source": _language_source(declared, language)},
            "sentiment": {
                "label": sentiment,
                "polarity": polarity,
                "confidence": confidence,
                "annotator": "person" if said else None,
                "version": str(said["decision"]) if said else None,
                "drivers": [],
            },
            "themes": [
                {
                    "name": name,
                    "confidence": surely,
                    "reasons": json.loads(reasons),
                    "href": posts_href(event.slug, theme=name),
                }
                for name, surely, reasons in ask(connection, "post_themes", one)
            ],
            "session": _session(connection, event, one),
            "corrections": list(corrections.values()),
        },
        "engagement": [
            {
                "seen_at": seen_at,
                "local": local_text(from_iso(seen_at), event.zone),
                "boosts": boosts,
                "likes": likes,
                "replies": replies,
                "quotes": quotes,
            }
            for seen_at, boosts, likes, replies, quotes in ask(connection, "post_engagement", one)
        ],
        "sightings": [
            {
                "instance": instance,
                "seen_at": seen_at,
                "local": local_text(from_iso(seen_at), event.zone),
            }
            for instance, seen_at in ask(connection, "post_sightings", one)
        ],
        "copies": _copies(connection, event, one),
        "alike": _alike(connection, event, one),
        "boosts": _boosts(connection, event, post_id),
        "replies": post_cards(
            connection, event, [row[0] for row in ask(connection, "post_replies", one)]
        ),
        "original_url": safe_url(url) or safe_url(uri),
    }


def _corrections(connection: sqlite3.Connection, event: Event, one: Data) -> dict[str, Data]:
    """By field, what a person decided and what the annotators say instead."""
    return {
        field: {
            "field": field,
            "value": value,
            "tagged": ", ".join(json.loads(tagged)) if field == "theme" else tagged,
            "decision": decision,
            "local": local_text(from_iso(decided_at), event.zone),
        }
        for field, value, tagged, decision, decided_at in ask(connection, "post_corrections", one)
    }


def _language_source(declared: str | None, language: str) -> str | None:
    """Who said so: the platform, or the detector where the platform was silent or contradicted."""
    if language == "und":
        return None
    said = (declared or "").lower().replace("_", "-").partition("-")[0]
    return N_("its platform") if said == language else N_("detection")


def _session(connection: sqlite3.Connection, event: Event, one: Data) -> Data | None:
    for code, title, confidence, reasons in ask(connection, "post_session", one):
        return {
            "code": code,
            "title": title,
            "href": session_href(event.slug, code),
            "confidence": confidence,
            "reasons": json.loads(reasons),
        }
    return None


def _copies(connection: sqlite3.Connection, event: Event, one: Data) -> list[Data]:
    """The posts that are one message with this one, itself among them; none where it is alone."""
    rows = ask(connection, "post_copies", one)
    return [
        {
            "id": post_id,
            "href": post_href(event.slug, post_id),
            "url": safe_url(url) or safe_url(uri),
            "source": source,
            "instance": instance,
            "handle": handle,
            "boosts": boosts,
            "likes": likes,
            "replies": replies,
            "quotes": quotes,
            "why": why,
            "is_bridged": bool(is_bridged),
            "is_shown": place == 0,
        }
        for place, (
            post_id, source, instance, url, uri, handle, boosts, likes, replies, quotes, why,
            is_bridged,
        ) in enumerate(rows)
        if len(rows) > 1
    ]  # fmt: skip


def _alike(connection: sqlite3.Connection, event: Event, one: Data) -> Data | None:
    """The first post in nearly these words, and how many there are beside it."""
    for first, posts in ask(connection, "post_alike", one):
        return {
            "first": first,
            "posts": posts,
            "first_href": post_href(event.slug, first),
            "href": posts_href(event.slug, alike=str(first)),
        }
    return None


def _boosts(connection: sqlite3.Connection, event: Event, post_id: int) -> list[Data]:
    return [
        {
            "author": {
                "id": author_id,
                "handle": handle,
                "name": plain_name(name) or handle,
                "url": safe_url(url),
                "bot": bool(bot),
                "href": posts_href(event.slug, author=handle),
            },
            "local": local_text(boost_id >> 20, event.zone),
        }
        for author_id, handle, name, url, bot, boost_id in ask(
            connection, "post_boosts", {"post": post_id, "event": event.id}
        )
    ]
