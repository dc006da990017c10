"""The page on which every source is asked once, and the form that asks."""

from __future__ import annotations

import asyncio
import sqlite3
from urllib.parse import unquote

from datasette.utils.asgi import Request, Response

from hashwatch.archive.checks import Check, Checks
from hashwatch.errors import MissingError
from hashwatch.queries.checks import check_page
from hashwatch.queries.events import find_event, shell
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.shapes import Data
from hashwatch.serve.access import Asking
from hashwatch.serve.deciding import read_form
from hashwatch.serve.site import Site
from hashwatch.wording import say


async def check_data(site: Site, request: Request, _: Asking) -> Data:
    """What the page shows."""
    slug, checks = unquote(request.url_vars["slug"]), _checks(site)
    latest: Check | None = await asyncio.to_thread(checks.latest, slug)

    def question(connection: sqlite3.Connection) -> Data:
        event = find_event(connection, slug)
        page = check_page(connection, event, latest, site.wall())
        return {**shell(connection, event, site.wall()), **page}

    return await site.reader.read(question)


async def ask_check(site: Site, request: Request, asking: Asking) -> Response:
    """A check asked for; then the page again."""
    slug, checks = unquote(request.url_vars["slug"]), _checks(site)
    await read_form(site, request)
    await site.reader.read(lambda connection: find_event(connection, slug))
    await asyncio.to_thread(lambda: checks.ask(asking.name, now=int(site.wall())))
    return Response.redirect(event_href(slug, "check"), status=303)


def _checks(site: Site) -> Checks:
    checks = site.checks
    if checks is None:
        raise MissingError(say("Sources are asked on the machine that has the archive."))
    return checks
