"""The moderators' page and the log, and the decisions that their forms bring.

``do`` names a decision: ``post approve 17``, ``pin back 17``, ``author hide 3``, ``term reject``
with the words in ``term``, ``surface stop wall``, ``bulk approve`` for the posts ticked as
``ref-17``, ``undo 5,6``. ``back`` takes back. ``seen-17`` says which decision on that post its
author had before their eyes.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
from datasette.utils.asgi import Request, Response

from hashwatch.archive.log import read_log
from hashwatch.archive.moderation import SURFACES, TERM_LENGTH, VERDICTS, Moderation, Ruled
from hashwatch.errors import FilterError, MissingError
from hashwatch.queries.events import Event, find_event, shell
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.moderation import (
    LOG_SHOWN,
    Seen,
    log_page,
    moderation_page,
    moderation_state,
    page_of,
    waiting_ids,
)
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.serve.access import Asking
from hashwatch.serve.deciding import Form, read_form, until_published
from hashwatch.serve.reading import NotPublishedError
from hashwatch.serve.site import Site
from hashwatch.wording import N_, say

FIELDS = 400
SPOKEN = {
    "assign": N_("given to"),
    "snooze": N_("put to rest"),
    "resolve": N_("resolved"),
    "answer": N_("answered"),
    "reopen": N_("opened again"),
}


async def moderation_data(site: Site, request: Request, _: Asking) -> Data:
    """What the page shows."""
    slug, moderation = unquote(request.url_vars["slug"]), _moderation(site)
    params = dict(parse_qsl(request.query_string))
    state, before = moderation_state(params)
    standing = await asyncio.to_thread(moderation.standing, slug)
    shown, late = await _public(site, slug)

    def people(connection: sqlite3.Connection) -> tuple[Event, list[int]]:
        event = find_event(connection, slug)
        ids = waiting_ids(connection, event, standing, before, 30) if state == "waiting" else []
        ids += [int(one.ref) for one in page_of(standing, state, before)]
        cards = [row[0] for row in ask(connection, "authors_of", {"ids": _json(ids)})]
        return event, cards

    event, author_ids = await site.reader.read(people)
    author_ids += [int(one.ref) for one in standing.all("author")]
    hidden = [int(one.ref) for one in page_of(standing, "hide", before)]
    seen = await asyncio.to_thread(_look_up, site, standing, hidden, author_ids)

    def question(connection: sqlite3.Connection) -> Data:
        page = moderation_page(connection, event, params, seen, shown, late)
        return {**shell(connection, event, site.wall()), **page}

    return await site.reader.read(question)


async def log_data(site: Site, request: Request, _: Asking) -> Data:
    """What the log shows."""
    slug, moderation = unquote(request.url_vars["slug"]), _moderation(site)
    skip = dict(parse_qsl(request.query_string)).get("skip", "") or "0"
    if not skip.isdecimal() or len(skip) > 9:
        raise FilterError("skip", say("“%(skip)s” is no number", skip=skip[:40]))
    path = site.archive_path
    assert path is not None  # there is moderation
    logged = await asyncio.to_thread(read_log, path, slug, LOG_SHOWN, int(skip))
    standing = await asyncio.to_thread(moderation.standing, slug)
    about_posts = [
        one for one in logged if one.kind in ("tag", "care") or one.about in ("post", "pin")
    ]
    posts = [int(one.ref) for one in about_posts]
    authors = [int(one.ref) for one in logged if one.kind == "shown" and one.about == "author"]
    seen = await asyncio.to_thread(_look_up, site, standing, posts, authors)

    def question(connection: sqlite3.Connection) -> Data:
        event = find_event(connection, slug)
        page = log_page(event, logged, seen, int(skip), SPOKEN)
        return {**shell(connection, event, site.wall()), **page}

    return await site.reader.read(question)


async def take_ruling(site: Site, request: Request, asking: Asking) -> Response:
    """A decision; then the page again, or for a script what was done and how to undo it."""
    slug, moderation = unquote(request.url_vars["slug"]), _moderation(site)
    form = await read_form(site, request, FIELDS)
    await site.reader.read(lambda connection: find_event(connection, slug))
    ruled = await asyncio.to_thread(_rule, moderation, slug, form, asking.name, int(site.wall()))
    if "json" in request.headers.get("accept", ""):
        return Response(
            msgspec.json.encode({"ok": True, "undo": ruled.ids}), 200,
            {"Cache-Control": "no-store"}, "application/json; charset=utf-8",
        )  # fmt: skip
    await until_published(site, ruled.seq)
    page = request.path.rpartition("/")[2]
    state = {"state": form.get("state", "")} if page == "moderation" else {}
    return Response.redirect(event_href(slug, page, state), status=303)


def _rule(moderation: Moderation, slug: str, form: Form, actor: str, now: int) -> Ruled:
    """Records what the form's ``do`` says."""
    words = form.get("do", "").split(" ", 2)
    subject, verdict, ref = [*words, "", "", ""][:3]
    seen = {
        name.removeprefix("seen-"): int(value)
        for name, value in form.items()
        if name.startswith("seen-") and value.isdecimal()
    }
    note = form.get("note", "")
    if subject == "undo":
        ids = [int(one) for one in verdict.split(",") if one.isdecimal()]
        return moderation.undo(actor, slug, ids, now=now)
    refs = [ref]
    if subject == "bulk":
        subject = "post"
        refs = [name.removeprefix("ref-") for name in form if name.startswith("ref-")]
        if not refs:
            raise FilterError("ref", say("tick the posts that are meant, then decide"))
    elif subject == "term" and not ref:
        refs = [" ".join(form.get("term", "").split())]
    _check(subject, verdict, refs)
    decided = None if verdict == "back" else verdict
    return moderation.decide(actor, slug, subject, refs, decided, now=now, note=note, seen=seen)


def _check(subject: str, verdict: str, refs: list[str]) -> None:
    """Refuses what cannot be decided, with a word on why."""
    if subject not in VERDICTS:
        raise FilterError(
            "do",
            say(
                "“%(subject)s” is none of %(verdicts)s, bulk, undo",
                subject=subject[:40],
                verdicts=", ".join(VERDICTS),
            ),
        )
    if verdict not in (*VERDICTS[subject], "back"):
        known = ", ".join(VERDICTS[subject])
        raise FilterError(
            "do", say("“%(verdict)s” is none of %(known)s, back", verdict=verdict[:40], known=known)
        )
    for ref in refs:
        if subject in ("post", "pin", "author") and not (ref.isdecimal() and len(ref) < 19):
            raise FilterError(
                "do", say("“%(ref)s” is no number of a %(subject)s", ref=ref[:40], subject=subject)
            )
        if subject == "surface" and ref not in SURFACES:
            raise FilterError(
                "do",
                say(
                    "“%(ref)s” is none of %(surfaces)s", ref=ref[:40], surfaces=", ".join(SURFACES)
                ),
            )
        if subject == "term" and not 2 <= len(ref) <= TERM_LENGTH:
            raise FilterError(
                "term",
                say(
                    "give a word or phrase of 2 to %(term_length)s characters",
                    term_length=TERM_LENGTH,
                ),
            )


def _look_up(site: Site, standing: Any, posts: list[int], authors: list[int]) -> Seen:
    review = site.review
    if review is None:
        return Seen(standing, {}, {})
    return Seen(standing, review.posts(posts), review.authors(authors))


async def _public(site: Site, slug: str) -> tuple[Mapping[str, int], list[str]]:
    """How many posts each public surface shows, and which are moderated afterwards."""

    def question(connection: sqlite3.Connection) -> tuple[Mapping[str, int], list[str]]:
        meta = dict(ask(connection, "meta", {}))
        late = msgspec.json.decode(meta.get("post_moderated", "{}")).get(slug, [])
        return dict(ask(connection, "shown_counts", {"slug": slug})), late

    try:
        return await site.public.read(question)
    except (NotPublishedError, sqlite3.Error):
        return {}, []


def _moderation(site: Site) -> Moderation:
    moderation = site.moderation
    if moderation is None:
        raise MissingError(say("Decisions are taken on the machine that has the archive."))
    return moderation


def _json(ids: list[int]) -> str:
    return msgspec.json.encode(ids).decode()
