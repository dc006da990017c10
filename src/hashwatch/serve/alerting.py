"""The page of alerts, and its forms: a test, a rule set, a rule taken back.

``do`` is ``test``, ``set`` (with what `rule_of` reads) or ``back`` with the rule's ``name``.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from urllib.parse import unquote

from datasette.utils.asgi import Request, Response

from hashwatch.alert.outbox import Outbox
from hashwatch.alert.rules import EVERYBODY, NAMES, NEEDS, rule_of
from hashwatch.alert.set_rules import encode
from hashwatch.alert.sights import look
from hashwatch.archive.alert_rules import SetRule
from hashwatch.errors import ConflictError, FilterError, MissingError
from hashwatch.queries.alerts import alerts_page, destinations
from hashwatch.queries.events import Event, find_event, shell
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.serve.access import MODERATOR, Asking
from hashwatch.serve.deciding import Form, read_form, until_published
from hashwatch.serve.site import Site
from hashwatch.wording import say


async def alerts_data(site: Site, request: Request, asking: Asking) -> Data:
    """What the page shows; ``can_decide``: whether this person may set rules and send a test."""
    slug = unquote(request.url_vars["slug"])
    can_decide = _is_there(site) and asking.may(MODERATOR)
    rules = site.alert_rules
    standing = await asyncio.to_thread(rules.standing, slug) if rules else []

    def question(connection: sqlite3.Connection) -> Data:
        event = find_event(connection, slug)
        page = alerts_page(site.alerts_path, event)
        choices = _choices(site, connection, event) if can_decide else None
        return {
            **shell(connection, event, site.wall()), **page,
            "rules": _with_setters(page["rules"], standing),
            "can_decide": can_decide, "choices": choices,
        }  # fmt: skip

    return await site.reader.read(question)


async def take_alert(site: Site, request: Request, asking: Asking) -> Response:
    """A test sent, a rule set or taken back; then the page again."""
    slug = unquote(request.url_vars["slug"])
    form = await read_form(site, request)
    rules = site.alert_rules
    if rules is None or not _is_there(site):
        raise MissingError(say("No alerts are configured on this machine."))
    now = int(site.wall())
    match form.get("do", "test"):
        case "test":
            await _send_test(site, slug)
        case "set":
            name, rule = await _checked(site, slug, form)
            seq = await asyncio.to_thread(lambda: rules.put(asking.name, slug, name, rule, now=now))
            await until_published(site, seq)
        case "back":
            name = form.get("name", "")
            seq = await asyncio.to_thread(lambda: rules.take_back(asking.name, slug, name, now=now))
            await until_published(site, seq)
        case other:
            raise FilterError("do", say("“%(other)s” is none of test, set, back", other=other[:40]))
    return Response.redirect(event_href(slug, "alerts"), status=303)


async def _checked(site: Site, slug: str, form: Form) -> tuple[str, str]:
    """The rule's name and the rule as the archive keeps it; looking by it must work."""

    def check(connection: sqlite3.Connection) -> tuple[str, str]:
        event = find_event(connection, slug)
        groups = [row[0] for row in ask(connection, "groups", {"event": event.id})]
        rule = rule_of(form, slug, destinations(site.alerts_path), groups)
        if any(one["name"] == rule.name for one in alerts_page(site.alerts_path, event)["rules"]):
            raise ConflictError(
                say("There is a rule “%(rule)s” already; give this another name.", rule=rule.name)
            )
        look(connection, event, rule, event.now(site.wall()), site.wall())
        return rule.name, encode(rule)

    return await site.reader.read(check)


def _choices(site: Site, connection: sqlite3.Connection, event: Event) -> Data:
    """What the form lets choose from."""
    groups = [row[0] for row in ask(connection, "groups", {"event": event.id})]
    return {
        "kinds": [
            {"key": kind, "label": label, "needs": NEEDS.get(kind)}
            for kind, label in NAMES.items()
            if kind != "group" or groups
        ],
        "groups": [*EVERYBODY, *groups] if groups else [],
        "destinations": destinations(site.alerts_path),
    }


def _with_setters(rules: list[Data], standing: list[SetRule]) -> list[Data]:
    """Rules with who set them here, those that the alerter has not taken up yet included."""
    set_by = {one.name: one for one in standing}
    known = {rule["name"] for rule in rules}
    shown = [
        {**rule, "by": set_by[rule["name"]].actor if rule["name"] in set_by else None}
        for rule in rules
    ]
    fresh = [
        {"name": one.name, "kind": "", "words": "", "to": [], "active": False, "by": one.actor}
        for one in standing
        if one.name not in known
    ]
    return [*shown, *fresh]


async def _send_test(site: Site, slug: str) -> None:
    def now_of(connection: sqlite3.Connection) -> Event:
        return find_event(connection, slug)

    event = await site.reader.read(now_of)
    wall = site.wall()

    def put() -> None:
        with closing(Outbox(site.alerts_path)) as outbox:
            outbox.put_test(event.slug, event.now(wall), wall)

    await asyncio.to_thread(put)


def _is_there(site: Site) -> bool:
    """Whether an alerter has been at work here."""
    return site.decisions is not None and site.alerts_path.exists()
