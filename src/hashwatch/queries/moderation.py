"""The moderators' page: what waits for a decision, what was decided, and by whom."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence

from hashwatch.archive.log import Logged
from hashwatch.archive.moderation import SURFACES, Ruling, Standing
from hashwatch.archive.review import ReviewedAuthor, ReviewedPost
from hashwatch.archive.wishes import opted_out
from hashwatch.errors import FilterError
from hashwatch.queries.buckets import local_text, to_iso
from hashwatch.queries.cards import post_cards
from hashwatch.queries.events import Event
from hashwatch.queries.hrefs import event_href, post_href, posts_href
from hashwatch.queries.markup import plain_name
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.wording import N_, say

PARAMETERS = ("state", "before")
STATES = {
    "waiting": N_("Waiting"),
    "approve": N_("Approved"),
    "reject": N_("Kept off"),
    "hide": N_("Hidden"),
    "rules": N_("People and words"),
}
SHOWN = 30
MOST_COUNTED = 1_000
LOG_SHOWN = 100
WORDS = {
    "approve": N_("approved"),
    "allow": N_("allowed"),
    "reject": N_("kept off public surfaces"),
    "hide": N_("hidden everywhere"),
    "pin": N_("pinned"),
    "stop": N_("stopped"),
}
"""What was decided, in the past tense."""


class Seen:
    """What the archive said for one answer: decisions that stand, posts and authors behind them."""

    def __init__(
        self,
        standing: Standing,
        posts: Mapping[int, ReviewedPost],
        authors: Mapping[int, ReviewedAuthor],
    ) -> None:
        self.standing, self.posts, self.authors = standing, posts, authors


def waiting_ids(
    connection: sqlite3.Connection, event: Event, standing: Standing, before: int, limit: int
) -> list[int]:
    """The posts that nobody has decided on, nor on their authors, the newest first."""
    decided = [int(one.ref) for one in standing.all("post")]
    authors = [int(one.ref) for one in standing.all("author")]
    rows = ask(
        connection, "undecided",
        {"event": event.id, "before": before, "limit": limit, "posts": json.dumps(decided),
         "authors": json.dumps(authors)},
    )  # fmt: skip
    return [row[0] for row in rows]


def moderation_state(params: Mapping[str, str]) -> tuple[str, int]:
    """The part of the page that is asked for, and the number that its posts come before."""
    state = params.get("state") or "waiting"
    if state not in STATES:
        raise FilterError(
            "state",
            say("“%(state)s” is none of %(states)s", state=state[:40], states=", ".join(STATES)),
        )
    before = params.get("before") or ""
    if before and not before.isdecimal():
        raise FilterError("before", say("“%(before)s” is no number", before=before[:40]))
    return state, min(int(before or 2**62), 2**62)


def page_of(standing: Standing, state: str, before: int) -> list[Ruling]:
    """The decisions on posts that a part of the page shows, the latest first."""
    found = [one for one in standing.all("post") if one.verdict == state and one.id < before]
    return found[:SHOWN]


def moderation_page(
    connection: sqlite3.Connection,
    event: Event,
    params: Mapping[str, str],
    seen: Seen,
    shown: Mapping[str, int],
    late: Sequence[str],
) -> Data:
    """Everything on the page but its shell. ``params`` are `PARAMETERS`.

    ``shown`` counts posts by public surface; ``late`` are the surfaces moderated afterwards.
    """
    state, before = moderation_state(params)
    standing = seen.standing
    waiting = waiting_ids(connection, event, standing, 2**62, MOST_COUNTED + 1)
    rulings = page_of(standing, state, before)
    ids = (
        [number for number in waiting if number < before][:SHOWN]
        if state == "waiting"
        else [int(one.ref) for one in rulings]
    )
    if state == "waiting" and before < 2**62:
        ids = waiting_ids(connection, event, standing, before, SHOWN)
    last = ids[-1] if state == "waiting" and ids else rulings[-1].id if rulings else 0
    is_full = len(ids) == SHOWN
    return {
        "state": state,
        "states": _states(event, standing, state, len(waiting)),
        "waiting": min(len(waiting), MOST_COUNTED),
        "waiting_is_exact": len(waiting) <= MOST_COUNTED,
        "surfaces": [
            {
                "surface": surface,
                "posts": shown.get(surface, 0),
                "mode": "post" if surface in late else "pre",
                "stopped": _said(event, standing.rulings.get(("surface", surface))),
            }
            for surface in SURFACES
        ],
        "posts": _posts(connection, event, seen, ids) if state != "hide" else [],
        "hidden": _hidden(event, seen, rulings) if state == "hide" else [],
        "authors": _authors(event, seen) if state == "rules" else [],
        "terms": [_said(event, one) for one in standing.all("term")] if state == "rules" else [],
        "next": event_href(event.slug, "moderation", {"state": state, "before": str(last)})
        if is_full
        else None,
    }


def log_page(
    event: Event, logged: Sequence[Logged], seen: Seen, skip: int, speaks: Mapping[str, str]
) -> Data:
    """The log: what was decided, taken back or not, the latest first.

    ``speaks`` puts what was done with a post that needed an answer into words.
    """
    return {
        "log": [
            {
                "kind": one.kind,
                "id": one.id,
                "at": to_iso(one.at),
                "local": local_text(one.at, event.zone),
                "actor": one.actor,
                "words": _words(one, speaks),
                "what": _what(event, one, seen),
                "note": one.note,
                "stands": one.kind == "shown"
                and (ruling := seen.standing.rulings.get((one.about, one.ref))) is not None
                and ruling.id == one.id,
            }
            for one in logged
        ],
        "next": event_href(event.slug, "log", {"skip": str(skip + LOG_SHOWN)})
        if len(logged) == LOG_SHOWN
        else None,
    }


def _words(one: Logged, speaks: Mapping[str, str]) -> str:
    """What was decided, in the past tense."""
    if one.kind == "shown":
        return WORDS.get(one.value or "", N_("taken back"))
    if one.kind == "care":
        said = speaks.get(one.about, one.about)
        if one.about == "assign":
            return say("given to %(name)s", name=one.value or say("nobody"))
        return said
    if one.kind == "rule":
        return N_("alert set") if one.value is not None else N_("alert taken back")
    if one.kind == "note":
        if one.value is None:
            return N_("note taken back")
        return say("noted “%(words)s”", words=one.value)
    if one.kind == "theme":
        return one.about
    about = N_("tone") if one.about == "sentiment" else one.about
    name = say(about)
    if one.value is None:
        return say("%(name)s taken back", name=name)
    value = say(one.value or "none") if one.about == "sentiment" or not one.value else one.value
    return say("%(name)s corrected to %(value)s", name=name, value=value)


def _what(event: Event, one: Logged, seen: Seen) -> Data:
    """What a decision is about, in words, with the page that shows it."""
    if one.kind == "rule":
        return {"words": one.ref, "href": event_href(event.slug, "alerts")}
    if one.kind == "note":
        at = local_text(int(one.ref), event.zone)
        words = say("the spike of %(time)s", time=at) if one.about == "spike" else at
        return {"words": words, "href": event_href(event.slug, "notes")}
    if one.kind == "theme":
        terms = f" ({', '.join(json.loads(one.value))})" if one.value else ""
        href = event_href(event.slug, "themes") if one.value else None
        return {"words": say("the theme “%(theme)s”", theme=one.ref) + terms, "href": href}
    if one.kind != "shown" or one.about in ("post", "pin"):
        post = seen.posts.get(int(one.ref))
        by = plain_name(post.name) or post.handle if post else say("somebody, deleted since")
        return {
            "words": say("a post by %(by)s", by=by),
            "href": post_href(event.slug, int(one.ref)),
        }
    if one.about == "author":
        author = seen.authors.get(int(one.ref))
        name = (
            (plain_name(author.name) or author.handle) if author else say("somebody, deleted since")
        )
        href = posts_href(event.slug, author=author.handle) if author else None
        return {"words": say("all posts by %(by)s", by=name), "href": href}
    if one.about == "term":
        quoted = f'"{one.ref}"'
        return {
            "words": say("posts with “%(words)s”", words=one.ref),
            "href": posts_href(event.slug, q=quoted),
        }
    surfaces = {
        "wall": N_("the wall"),
        "page": N_("the page"),
        "feed": N_("the feed"),
        "export": N_("the export"),
    }
    shown = surfaces.get(one.ref, one.ref)
    return {"words": say(shown), "href": None}


def _states(event: Event, standing: Standing, state: str, waiting: int) -> list[Data]:
    rulings = standing.all("post")
    counts = {
        "waiting": min(waiting, MOST_COUNTED),
        **{
            verdict: sum(one.verdict == verdict for one in rulings)
            for verdict in ("approve", "reject", "hide")
        },
        "rules": len(standing.all("author")) + len(standing.all("term")),
    }
    return [
        {
            "key": key,
            "label": label,
            "count": counts[key],
            "more": key == "waiting" and waiting > MOST_COUNTED,
            "href": event_href(
                event.slug, "moderation", {"state": "" if key == "waiting" else key}
            ),
            "selected": key == state,
        }
        for key, label in STATES.items()
    ]


def _posts(
    connection: sqlite3.Connection, event: Event, seen: Seen, ids: Sequence[int]
) -> list[Data]:
    standing = seen.standing
    found = []
    for card in post_cards(connection, event, ids):
        number, author_id = card["id"], card["author"]["id"]
        author = seen.authors.get(author_id)
        ruling = standing.rulings.get(("post", str(number)))
        found.append(
            {
                "post": card,
                "ruling": _said(event, ruling),
                "seen": ruling.id if ruling else 0,
                "pinned": standing.of("pin", number) == "pin",
                "author_verdict": standing.of("author", author_id),
                "opted_out": opted_out(
                    author.noindex, author.indexable, author.discoverable, author.bio
                )
                if author
                else "",
            }
        )
    return found


def _hidden(event: Event, seen: Seen, rulings: Sequence[Ruling]) -> list[Data]:
    return [
        {
            "id": int(one.ref),
            "ruling": _said(event, one),
            "seen": one.id,
            "author": plain_name(post.name) or post.handle,
            "handle": post.handle,
            "created_at": to_iso(post.created_at),
            "local": local_text(post.created_at, event.zone),
            "text": post.text,
        }
        for one in rulings
        if (post := seen.posts.get(int(one.ref)))
    ]


def _authors(event: Event, seen: Seen) -> list[Data]:
    return [
        {
            **(_said(event, one) or {}),
            "name": (plain_name(author.name) or author.handle) if author else say("deleted since"),
            "handle": author.handle if author else "",
            "href": posts_href(event.slug, author=author.handle) if author else None,
        }
        for one in seen.standing.all("author")
        for author in (seen.authors.get(int(one.ref)),)
    ]


def _said(event: Event, ruling: Ruling | None) -> Data | None:
    """A decision in words: who, when, what, why."""
    if ruling is None:
        return None
    return {
        "id": ruling.id,
        "subject": ruling.subject,
        "ref": ruling.ref,
        "verdict": ruling.verdict,
        "words": WORDS.get(ruling.verdict or "", N_("taken back")),
        "actor": ruling.actor,
        "at": to_iso(ruling.at),
        "local": local_text(ruling.at, event.zone),
        "note": ruling.note,
    }
