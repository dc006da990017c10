"""Forms by which people decide: labels of a sample, corrections of tags.

Nothing here is open where the server has no archive. A form carries a token of this process, which
no other site can read; the guard in front has seen to it that the request comes from a page of
ours, and from somebody who may.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from datasette.utils.asgi import Request, Response

from hashwatch.archive.decisions import TONES, Decisions
from hashwatch.errors import FilterError, HashwatchError, MissingError
from hashwatch.model import Decision, Sample
from hashwatch.queries.evaluate_page import evaluate_page
from hashwatch.queries.events import find_event, published, shell
from hashwatch.queries.hrefs import event_href, post_href
from hashwatch.queries.sampling import new_sample
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.serve.access import MODERATOR, Asking
from hashwatch.serve.site import Site
from hashwatch.wording import number, say

FORM_BYTES = 20_000
PUBLISHED_SECONDS = 2.0
"""How long an answer waits for the publisher, so that the page that follows shows the decision."""
LABELS = {"negative": "negative", "neutral": "neutral", "positive": "positive", "unclear": ""}

Form = Mapping[str, str]


class StaleFormError(HashwatchError):
    """A form that this process has not given out."""


async def evaluation(site: Site, request: Request, asking: Asking) -> Data:
    """What the labelling page shows: nothing to label for those who may not."""
    slug = unquote(request.url_vars["slug"])
    decisions = site.decisions if asking.may(MODERATOR) else None

    def stored() -> tuple[Sample | None, dict[int, Decision]]:
        if decisions is None:
            return None, {}
        return decisions.sample(slug), decisions.labels(slug)

    sample, labels = await asyncio.to_thread(stored)

    def question(connection: sqlite3.Connection) -> Data:
        event = find_event(connection, slug)
        page = evaluate_page(connection, event, sample, labels, decisions is not None)
        return {**shell(connection, event, site.wall()), **page}

    return await site.reader.read(question)


async def take_label(site: Site, request: Request, asking: Asking) -> Response:
    """A label, the last one taken back, or a sample to begin with; then the page again."""
    slug = unquote(request.url_vars["slug"])
    decisions, form = await decide(site, request)
    match form.get("action"):
        case "draw":
            await _draw(site, decisions, slug)
        case "undo":
            await asyncio.to_thread(_take_back, site, decisions, slug, asking.name)
        case "label":
            await _label(site, decisions, slug, form, asking.name)
        case other:
            raise FilterError(
                "action", say("“%(other)s” is none of draw, label, undo", other=(other or "")[:40])
            )
    return Response.redirect(event_href(slug, "evaluate"), status=303)


async def take_correction(site: Site, request: Request, asking: Asking) -> Response:
    """A tag corrected, or the correction taken back; then the post's page again."""
    slug, post_id = unquote(request.url_vars["slug"]), int(request.url_vars["name"])
    decisions, form = await decide(site, request)
    field, value = form.get("field", ""), form.get("value", "")

    def check(connection: sqlite3.Connection) -> None:
        event = find_event(connection, slug)
        rows = ask(connection, "post_in_event", {"event": event.id, "post": post_id})
        if not rows:
            raise MissingError(
                say("There is no post %(post_id)s in %(slug)s.", post_id=post_id, slug=slug)
            )
        choices = correction_choices(connection, slug)
        if field not in choices:
            raise FilterError(
                "field",
                say(
                    "“%(field)s” is none of %(choices)s",
                    field=field[:40],
                    choices=", ".join(choices),
                ),
            )
        if "withdraw" not in form and value not in [key for key, _ in choices[field]]:
            raise FilterError(
                field, say("“%(value)s” is none that %(slug)s has", value=value[:80], slug=slug)
            )

    await site.reader.read(check)
    recorded = await asyncio.to_thread(
        lambda: decisions.append(
            asking.name, slug, "correct", post_id, field, None if "withdraw" in form else value,
            now=int(site.wall()),
        )
    )  # fmt: skip
    await until_published(site, recorded.seq)
    return Response.redirect(f"{post_href(slug, post_id)}?_decided={recorded.id}", status=303)


def correction_choices(
    connection: sqlite3.Connection, slug: str
) -> dict[str, list[tuple[str, str]]]:
    """By field, the values that a person may give and what they are called; empty for none."""
    event = {"event": find_event(connection, slug).id}
    themes = [(row[1], row[1]) for row in ask(connection, "themes", event)]
    sessions = [
        (code, f"{code}: {title}") for code, title in ask(connection, "session_choices", event)
    ]
    return {
        "sentiment": [(tone, tone) for tone in TONES],
        "theme": [("", "none"), *themes],
        "session": [("", "none"), *sessions],
    }


async def decide(site: Site, request: Request) -> tuple[Decisions, Form]:
    """The way to decide and what the form says, or a refusal."""
    decisions = site.decisions
    if decisions is None:
        raise MissingError(say("Decisions are made on the machine that has the archive."))
    return decisions, await read_form(site, request)


async def read_form(site: Site, request: Request, fields: int = 20) -> Form:
    """What a form of this process says; `StaleFormError` for one of another."""
    body = (await _body(request)).decode("utf-8", "replace")
    form = dict(parse_qsl(body, max_num_fields=fields))
    if not secrets.compare_digest(form.get("token", "").encode(), site.token.encode()):
        raise StaleFormError(say("This form is no longer valid; load its page again."))
    return form


async def _body(request: Request) -> bytes:
    body, more = b"", True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > FORM_BYTES:
            raise FilterError(
                "form", say("is longer than %(form_bytes)s bytes", form_bytes=number(FORM_BYTES))
            )
    return body


async def _draw(site: Site, decisions: Decisions, slug: str) -> None:
    """Draws a sample unless there is one."""

    def question(connection: sqlite3.Connection) -> Sample:
        return new_sample(connection, find_event(connection, slug), int(site.wall()))

    if await asyncio.to_thread(decisions.sample, slug) is None:
        drawn = await site.reader.read(question)
        if not drawn.posts:
            raise MissingError(
                say("%(slug)s has no posts whose tone is known; there is no sample yet.", slug=slug)
            )
        await asyncio.to_thread(decisions.keep_sample, drawn)


async def _label(site: Site, decisions: Decisions, slug: str, form: Form, actor: str) -> None:
    sample = await asyncio.to_thread(decisions.sample, slug)
    post_id, value = form.get("post", ""), form.get("value", "")
    if value not in LABELS:
        raise FilterError(
            "value",
            say("“%(value)s” is none of %(labels)s", value=value[:40], labels=", ".join(LABELS)),
        )
    if sample is None or post_id not in [str(one.post_id) for one in sample.posts]:
        raise MissingError(say("That post is not in the sample any more."))
    recorded = await asyncio.to_thread(
        lambda: decisions.append(
            actor, slug, "label", int(post_id), "sentiment", LABELS[value], now=int(site.wall())
        )
    )
    labels = await asyncio.to_thread(decisions.labels, slug)
    if all(one.post_id in labels for one in sample.posts):
        await until_published(site, recorded.seq)


def _take_back(site: Site, decisions: Decisions, slug: str, actor: str) -> None:
    """Takes the label given last back, if the sample still has its post."""
    sample, labels = decisions.sample(slug), decisions.labels(slug)
    posts = {one.post_id for one in sample.posts} if sample else set()
    last = next((number for number in reversed(labels) if number in posts), None)
    if last is not None:
        decisions.append(actor, slug, "label", last, "sentiment", None, now=int(site.wall()))


async def until_published(site: Site, seq: int) -> None:
    for _ in range(int(PUBLISHED_SECONDS / 0.1)):
        version, _at = await site.reader.read(published)
        if version >= seq:
            return
        await asyncio.sleep(0.1)
