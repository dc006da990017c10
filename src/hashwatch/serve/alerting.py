"""The page of alerts, and the form that sends a test."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from urllib.parse import unquote

from datasette.utils.asgi import Request, Response

from hashwatch.alert.outbox import Outbox
from hashwatch.errors import MissingError
from hashwatch.queries.alerts import alerts_page
from hashwatch.queries.events import Event, find_event, shell
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.shapes import Data
from hashwatch.serve.access import MODERATOR, Asking
from hashwatch.serve.deciding import read_form
from hashwatch.serve.site import Site


async def alerts_data(site: Site, request: Request, asking: Asking) -> Data:
    """What the page shows; ``can_test`` says whether this person may have a test sent here."""
    slug = unquote(request.url_vars["slug"])
    can_test = _may_test(site) and asking.may(MODERATOR)

    def question(connection: sqlite3.Connection) -> Data:
        event = find_event(connection, slug)
        page = alerts_page(site.alerts_path, event)
        return {**shell(connection, event, site.wall()), **page, "can_test": can_test}

    return await site.reader.read(question)


async def send_test(site: Site, request: Request, _: Asking) -> Response:
    """Puts a test into the outbox, then the page again."""
    slug = unquote(request.url_vars["slug"])
    await read_form(site, request)
    if not _may_test(site):
        raise MissingError("No alerts are configured on this machine.")

    def now_of(connection: sqlite3.Connection) -> Event:
        return find_event(connection, slug)

    event = await site.reader.read(now_of)
    wall = site.wall()

    def put() -> None:
        with closing(Outbox(site.alerts_path)) as outbox:
            outbox.put_test(event.slug, event.now(wall), wall)

    await asyncio.to_thread(put)
    return Response.redirect(event_href(slug, "alerts"), status=303)


def _may_test(site: Site) -> bool:
    return site.decisions is not None and site.alerts_path.exists()
