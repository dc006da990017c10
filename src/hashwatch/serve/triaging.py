"""The triage page: what needs an answer, who has it, and who else is looking."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from urllib.parse import parse_qsl, unquote

from datasette.utils.asgi import Request, Response

from hashwatch.archive.triage import ACTIONS, Triage
from hashwatch.errors import FilterError, MissingError
from hashwatch.queries.events import find_event, shell
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.markup import safe_url
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.queries.triage import PARAMETERS, triage_page
from hashwatch.serve.access import Asking
from hashwatch.serve.deciding import read_form
from hashwatch.serve.site import Site
from hashwatch.wording import say

SNOOZES = {"30": "30 minutes", "120": "2 hours", "720": "12 hours"}
_NAME = re.compile(r"[\w .@+-]{0,60}")


async def triage_data(site: Site, request: Request, asking: Asking) -> Data:
    """What the page shows."""
    slug, triage = unquote(request.url_vars["slug"]), _triage(site)
    params = {name: value for name, value in parse_qsl(request.query_string) if name in PARAMETERS}
    standing = await asyncio.to_thread(triage.standing, slug)
    others = site.presence.note(f"triage {slug}", asking.name, site.wall())

    def question(connection: sqlite3.Connection) -> Data:
        event = find_event(connection, slug)
        page = triage_page(connection, event, params, standing, event.now(site.wall()))
        return {**shell(connection, event, site.wall()), **page, "here": others}

    data = await site.reader.read(question)
    people = [one.name for one in site.people.everybody() if one.role != "viewer"]
    return {**data, "people": people or [asking.name], "me": asking.name, "snoozes": SNOOZES}


async def take_step(site: Site, request: Request, asking: Asking) -> Response:
    """A step; then the page again."""
    slug, triage = unquote(request.url_vars["slug"]), _triage(site)
    form = await read_form(site, request)
    post, seen = form.get("post", ""), form.get("seen", "0")
    if not (post.isdecimal() and len(post) < 19 and seen.isdecimal()):
        raise FilterError("post", say("“%(post)s” is no number of a post", post=post[:40]))

    def clock(connection: sqlite3.Connection) -> int:
        event = find_event(connection, slug)
        if not ask(connection, "post_in_event", {"event": event.id, "post": int(post)}):
            raise MissingError(say("There is no post %(post)s in %(slug)s.", post=post, slug=slug))
        return event.now(site.wall())

    now = await site.reader.read(clock)
    action = form.get("do", "")
    value = _value(action, form.get(action, ""), now, asking)
    await asyncio.to_thread(
        lambda: triage.take(
            asking.name, slug, int(post), action, value, now=int(site.wall()), event_at=now,
            seen=int(seen), note=form.get("note", ""),
        )
    )  # fmt: skip
    back = {name: form.get(f"at-{name}", "") for name in PARAMETERS}
    return Response.redirect(event_href(slug, "triage", back), status=303)


def _value(action: str, given: str, now: int, asking: Asking) -> str:
    """What a step says, or a word on what is wrong with it."""
    if action not in ACTIONS:
        raise FilterError(
            "do",
            say(
                "“%(action)s” is none of %(actions)s",
                action=action[:40],
                actions=", ".join(ACTIONS),
            ),
        )
    if action == "assign":
        name = asking.name if given == "me" else given.strip()
        if not _NAME.fullmatch(name):
            raise FilterError("assign", say("“%(value)s” is nobody's name", value=name[:80]))
        return name
    if action == "snooze":
        if given not in SNOOZES:
            raise FilterError(
                "snooze",
                say(
                    "“%(given)s” is none of %(snoozes)s minutes",
                    given=given[:40],
                    snoozes=", ".join(SNOOZES),
                ),
            )
        return str(now + int(given) * 60)
    if action == "answer":
        address = safe_url(given.strip())
        if address is None:
            raise FilterError("answer", say("give the answer's address, beginning with https://"))
        return address
    return ""


def _triage(site: Site) -> Triage:
    if site.triage is None:
        raise MissingError(say("Questions are taken care of on the machine that has the archive."))
    return site.triage
