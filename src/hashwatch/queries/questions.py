"""What the audience asks of speakers and organisers, and whether somebody has answered."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from hashwatch.errors import FilterError
from hashwatch.model import fold_account
from hashwatch.queries.buckets import day_start
from hashwatch.queries.cards import post_cards
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import event_href, post_href, posts_href
from hashwatch.queries.markup import plain_name
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.wording import N_, say

PARAMETERS = ("state", "sort")
STATES = {"waiting": N_("Waiting"), "answered": N_("Answered"), "all": N_("All")}
SORTS = {"newest": N_("Newest"), "supported": N_("Most supported")}
SHOWN = 100
LOOKED_AT = 1_000
"""Questions that are looked at, the newest first."""

Answer = tuple[int, str]
"""The first answer's post and who gave it."""


def questions_page(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str], now: int
) -> Data:
    """The questions of the event. ``params`` are `PARAMETERS`."""
    state = _choice("state", params, STATES, "waiting")
    sort = _choice("sort", params, SORTS, "newest")
    rows = _rows(connection, event, -(1 << 62), 1 << 62)
    answers = answered_by(connection, event, [row[0] for row in rows])
    wanted = [row for row in rows if state == "all" or (row[0] in answers) == (state == "answered")]
    if sort == "supported":
        wanted.sort(key=lambda row: -row[3])
    cards = {
        card["id"]: card
        for card in post_cards(connection, event, [row[0] for row in wanted[:SHOWN]])
    }
    return {
        "counts": {
            "waiting": len(rows) - len(answers),
            "answered": len(answers),
            "all": len(rows),
        },
        "is_exact": len(rows) < LOOKED_AT,
        "state": state,
        "states": _links(event, STATES, "state", state, {"sort": sort}),
        "sort": sort,
        "sorts": _links(event, SORTS, "sort", sort, {"state": state}),
        "questions": [
            {
                "post": cards[post_id],
                "asked": asked,
                "confidence": confidence,
                "support": engagement,
                "age_seconds": max(0, now - (post_id >> 20)),
                "answer": _answer(event, answers.get(post_id)),
            }
            for post_id, asked, confidence, engagement in wanted[:SHOWN]
            if post_id in cards
        ],
        "total": {"posts": len(rows), "href": posts_href(event.slug, question="any")},
    }


def count_waiting(connection: sqlite3.Connection, event: Event, now: int) -> int:
    """The questions of today that nobody of the event has answered; none once it is over."""
    if event.clock_mode == "over":
        return 0
    rows = _rows(connection, event, day_start(now, event.zone) << 20, (now + 1) << 20)
    return len(rows) - len(answered_by(connection, event, [row[0] for row in rows]))


def _rows(
    connection: sqlite3.Connection, event: Event, low: int, high: int
) -> list[tuple[Any, ...]]:
    window = {"event": event.id, "low": low, "high": high, "limit": LOOKED_AT}
    return ask(connection, "questions", window)


def question_ids(connection: sqlite3.Connection, event: Event) -> list[int]:
    """The latest questions to speakers and organisers, the newest first."""
    return [row[0] for row in _rows(connection, event, -(1 << 62), 1 << 62)]


def answered_by(
    connection: sqlite3.Connection, event: Event, ids: Sequence[int]
) -> dict[int, Answer]:
    """The first reply to each by somebody of the event: a speaker, an account, the roster."""
    if not ids:
        return {}
    handles = {fold_account(account) for account in event.accounts}
    for row in ask(connection, "sessions", {"event": event.id}):
        for speaker in json.loads(row[9]):
            handles.update(map(fold_account, speaker.get("handles", ())))
    found: dict[int, Answer] = {}
    wanted = {"event": event.id, "ids": json.dumps(list(ids))}
    for question, reply, handle, name, on_roster in ask(connection, "answers", wanted):
        own = fold_account(handle)
        if on_roster or own in handles or own.partition("@")[0] in handles:
            found.setdefault(question, (reply, plain_name(name) or handle))
    return found


def _answer(event: Event, answer: Answer | None) -> Data | None:
    return answer and {"href": post_href(event.slug, answer[0]), "author": answer[1]}


def _choice(name: str, params: Mapping[str, str], known: Mapping[str, str], usual: str) -> str:
    value = params.get(name, "").strip().lower() or usual
    if value not in known:
        raise FilterError(
            name, say("“%(value)s” is not one of %(known)s", value=value, known=", ".join(known))
        )
    return value


def _links(
    event: Event, known: Mapping[str, str], name: str, chosen: str, others: dict[str, str]
) -> list[Data]:
    return [
        {
            "key": key,
            "label": label,
            "href": event_href(event.slug, "questions", {**others, name: key}),
            "selected": key == chosen,
        }
        for key, label in known.items()
    ]
