"""What needs an answer: questions, negative posts, mentions; who has it, and what came of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from statistics import median

from hashwatch.archive.triage import NOBODY_YET, Care
from hashwatch.errors import FilterError
from hashwatch.queries.buckets import local_text, to_iso
from hashwatch.queries.cards import post_cards
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import event_href, post_href
from hashwatch.queries.markup import safe_url
from hashwatch.queries.questions import answered_by, question_ids
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.wording import N_, say

PARAMETERS = ("queue", "state", "who")
QUEUES = {"questions": N_("Questions"), "negative": N_("Negative"), "mentions": N_("Mentions")}
STATES = {"open": N_("Open"), "snoozed": N_("Snoozed"), "done": N_("Done")}
SHOWN = 50
LOOKED_AT = 1_000
"""Posts of a queue that are looked at, the newest first."""


def triage_page(
    connection: sqlite3.Connection, event: Event, params: Mapping[str, str],
    standing: Mapping[int, Care], now: int,
) -> Data:  # fmt: skip
    """A queue. ``params`` are `PARAMETERS`; ``standing`` says what was done with which post.

    A question that somebody of the event has answered on its network is done by itself.
    """
    queue = _choice("queue", params, QUEUES)
    state = _choice("state", params, STATES)
    who = params.get("who", "").strip()
    ids = {name: _queue(connection, event, name) for name in QUEUES}
    answers = answered_by(connection, event, ids["questions"])

    def state_of(post_id: int, in_queue: str) -> str:
        care = standing.get(post_id, NOBODY_YET)
        if in_queue == "questions" and post_id in answers and not care.seen:
            return "done"
        return care.state(now)

    states = [state_of(post_id, queue) for post_id in ids[queue]]
    wanted = [
        post_id
        for post_id, one in zip(ids[queue], states, strict=True)
        if one == state and (not who or standing.get(post_id, NOBODY_YET).assigned == who)
    ]
    return {
        "queue": queue,
        "queues": [
            {
                "key": key, "label": label, "selected": key == queue,
                "open": sum(state_of(post_id, key) == "open" for post_id in ids[key]),
                "href": _href(event, key, "open", ""),
            }
            for key, label in QUEUES.items()
        ],
        "state": state,
        "states": [
            {
                "key": key, "label": label, "selected": key == state, "count": states.count(key),
                "href": _href(event, queue, key, who),
            }
            for key, label in STATES.items()
        ],
        "who": who,
        "is_exact": len(ids[queue]) < LOOKED_AT,
        "posts": _posts(connection, event, wanted[:SHOWN], standing, answers, now),
        "first_answer": first_answer(ids["questions"], standing, answers),
    }  # fmt: skip


def first_answer(
    questions: Sequence[int], standing: Mapping[int, Care], answers: Mapping[int, tuple[int, str]]
) -> Data:
    """How long questions waited for their first answer, on the network or as noted: the median."""
    waits = []
    for post_id in questions:
        times = [answers[post_id][0] >> 20] if post_id in answers else []
        noted = standing.get(post_id, NOBODY_YET).answered_at
        if noted is not None:
            times.append(noted)
        if times:
            waits.append(max(0, min(times) - (post_id >> 20)))
    return {
        "median_seconds": int(median(waits)) if waits else None,
        "answered": len(waits),
        "questions": len(questions),
    }


def _queue(connection: sqlite3.Connection, event: Event, queue: str) -> list[int]:
    if queue == "questions":
        return question_ids(connection, event)
    asked = {"event": event.id, "limit": LOOKED_AT}
    if queue == "negative":
        return [row[0] for row in ask(connection, "triage_negative", asked)]
    handles = json.dumps([account.lstrip("@") for account in event.accounts])
    return [row[0] for row in ask(connection, "triage_mentions", {**asked, "handles": handles})]


def _posts(
    connection: sqlite3.Connection, event: Event, ids: Sequence[int],
    standing: Mapping[int, Care], answers: Mapping[int, tuple[int, str]], now: int,
) -> list[Data]:  # fmt: skip
    found = []
    for card in post_cards(connection, event, ids):
        care = standing.get(card["id"], NOBODY_YET)
        answer = answers.get(card["id"])
        found.append(
            {
                "post": card,
                "age_seconds": max(0, now - (card["id"] >> 20)),
                "assigned": care.assigned,
                "snoozed_until": to_iso(care.snoozed_until) if care.snoozed_until > now else None,
                "snoozed_local": local_text(care.snoozed_until, event.zone)
                if care.snoozed_until > now
                else "",
                "by": care.by,
                "answer": safe_url(care.answer),
                "answered": {"href": post_href(event.slug, answer[0]), "author": answer[1]}
                if answer
                else None,
                "seen": care.seen,
            }
        )
    return found


def _href(event: Event, queue: str, state: str, who: str) -> str:
    chosen = {
        "queue": "" if queue == "questions" else queue,
        "state": "" if state == "open" else state,
    }
    return event_href(event.slug, "triage", {**chosen, "who": who})


def _choice(name: str, params: Mapping[str, str], known: Mapping[str, str]) -> str:
    value = params.get(name, "").strip().lower() or next(iter(known))
    if value not in known:
        raise FilterError(
            name, say("“%(value)s” is none of %(known)s", value=value[:40], known=", ".join(known))
        )
    return value
