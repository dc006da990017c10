"""What everybody may see: the wall, the public page, its panel, feed and export.

All of it is read from public.db, which holds nothing else; nobody needs to sign in for it.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote
from zlib import crc32

import msgspec
from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from hashwatch import __version__
from hashwatch.errors import FilterError
from hashwatch.queries.buckets import to_iso
from hashwatch.queries.events import Event, find_event, list_events
from hashwatch.queries.hrefs import public_href
from hashwatch.queries.public import (
    EXPORT_COLUMNS,
    PAGE_PARAMETERS,
    WALL_PARAMETERS,
    feed_posts,
    public_language,
    public_page,
    public_rows,
    wall_page,
)
from hashwatch.queries.rows import neutral_row
from hashwatch.queries.shapes import Data
from hashwatch.serve.answers import Answer
from hashwatch.serve.compress import compressed
from hashwatch.serve.export import TYPES
from hashwatch.serve.feed import atom_feed
from hashwatch.serve.pages import render
from hashwatch.serve.reading import open_read_only
from hashwatch.serve.site import PUBLIC, Site, site_of
from hashwatch.serve.speaking import language_of, query_of
from hashwatch.serve.stream import stream_changes
from hashwatch.wording import say, speaking

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
PIECE = 500
_SLUG = r"(?P<slug>[^/.]+)"
_JSON = r"(?P<suffix>\.json)?$"

Params = Mapping[str, str]
Fill = Callable[[sqlite3.Connection, Event, Params, float], Data]

_PAGES: dict[str, tuple[Fill, tuple[str, ...]]] = {
    "wall": (wall_page, WALL_PARAMETERS),
    "public": (public_page, PAGE_PARAMETERS),
    "embed": (public_page, ("theme", "session")),
}


def public_routes(datasette: Datasette) -> list[tuple[str, Any]]:
    """Patterns and views of this module's pages."""
    return [
        (rf"^/events/{_SLUG}/wall{_JSON}", _page_view(datasette, "wall")),
        (rf"^/public/{_SLUG}{_JSON}", _page_view(datasette, "public")),
        (rf"^/public/{_SLUG}/embed$", _page_view(datasette, "embed")),
        (rf"^/public/{_SLUG}/feed\.atom$", _feed_view(datasette)),
        (rf"^/public/{_SLUG}/posts\.(?P<format>csv|jsonl)$", _export_view(datasette)),
        (rf"^/public/{_SLUG}/live$", _live_view(datasette)),
    ]


def _page_view(datasette: Datasette, page: str) -> Callable[..., Awaitable[Response]]:
    fill, parameters = _PAGES[page]

    async def view(request: Request) -> Response:
        from hashwatch.serve.routes import error_response

        site = site_of(datasette)
        is_json = bool(request.url_vars.get("suffix"))

        def make(connection: sqlite3.Connection, event: Event, params: Params) -> tuple[str, bytes]:
            data = fill(connection, event, params, site.wall())
            if is_json:
                return JSON, msgspec.json.encode(data)
            return HTML, render(f"{page}.html", page, request, data)

        try:
            return await _answer(site, request, parameters, make)
        except Exception as error:
            return await error_response(site, request, error, is_json)

    return view


def _feed_view(datasette: Datasette) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request) -> Response:
        from hashwatch.serve.routes import error_response

        site = site_of(datasette)

        def make(connection: sqlite3.Connection, event: Event, params: Params) -> tuple[str, bytes]:
            posts = feed_posts(connection, event, params)
            path = public_href(event.slug, "feed.atom", params)
            now = to_iso(event.now(site.wall()))
            return ATOM, atom_feed({"title": event.title}, posts, _address(site), path, now)

        try:
            return await _answer(site, request, ("theme", "session"), make)
        except Exception as error:
            return await error_response(site, request, error, is_json=False)

    return view


Make = Callable[[sqlite3.Connection, Event, Params], tuple[str, bytes]]


async def _answer(
    site: Site, request: Request, parameters: tuple[str, ...], make: Make
) -> Response:
    """A finished answer, kept while public.db says the same and the event's minute lasts."""
    from hashwatch.serve.routes import answer_response
    from hashwatch.serve.routes import parameters as parameters_of

    slug = unquote(request.url_vars["slug"])
    params = parameters_of(request)
    for name in params:
        if name not in parameters and not name.startswith("_"):
            known = (
                say("there are %(names)s", names=", ".join(parameters))
                if parameters
                else say("this takes none")
            )
            raise FilterError(name, say("no such parameter; %(known)s", known=known))
    params = {name: value for name, value in params.items() if name in parameters}
    await site.public_live.ensure_started()

    def minute(connection: sqlite3.Connection) -> int:
        wall = site.wall()
        return sum(one.now(wall) // 60 for one in list_events(connection) if one.slug == slug)

    truth = f"public {site.public_live.stamp} {await site.public.read(minute)}"
    own = await site.public.read(lambda connection: public_language(connection, slug))
    language = language_of(request.path, query_of(request.scope), _headers(request), own)
    key = f"public {language} {request.full_path}"
    etag = f'W/"{crc32(f"{__version__} {truth} {key}".encode()):08x}"'
    if etag in request.headers.get("if-none-match", ""):
        return Response("", status=304, headers={"ETag": etag, "Cache-Control": "no-cache"})

    def question(connection: sqlite3.Connection) -> Answer:
        content_type, body = make(connection, find_event(connection, slug), params)
        return Answer(200, content_type, body, compressed(body), etag)

    with speaking(language):
        found = await site.answers.get(key, truth, lambda: site.public.read(question))
    return answer_response(request, found)


def _headers(request: Request) -> dict[bytes, bytes]:
    return dict(request.scope.get("headers") or [])


def _export_view(datasette: Datasette) -> Callable[..., Awaitable[Response | None]]:
    async def view(request: Request, send: Any) -> Response | None:
        from hashwatch.serve.routes import error_response

        site = site_of(datasette)
        slug, suffix = unquote(request.url_vars["slug"]), request.url_vars["format"]
        try:
            await _export(site, slug, suffix, send)
        except Exception as error:
            return await error_response(site, request, error, is_json=True)
        return None

    return view


async def _export(site: Site, slug: str, suffix: str, send: Any) -> None:
    path = site.settings.dashboard_path.with_name(PUBLIC)
    connection = await asyncio.to_thread(open_read_only, path)
    try:
        event = find_event(connection, slug)
        headers = [
            (b"content-type", TYPES[suffix].encode()),
            (b"content-disposition", f'attachment; filename="{slug}-public.{suffix}"'.encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        after, first = 0, True
        while after or first:
            rows, after = await asyncio.to_thread(public_rows, connection, event, after, PIECE)
            body = _written(rows, suffix, first)
            await send({"type": "http.response.body", "body": body, "more_body": bool(after)})
            first = False
    finally:
        connection.close()


def _written(rows: list[dict[str, str | None]], suffix: str, first: bool) -> bytes:
    if suffix == "jsonl":
        return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    if first:
        writer.writerow(EXPORT_COLUMNS)
    writer.writerows(neutral_row([row[name] for name in EXPORT_COLUMNS]) for row in rows)
    return text.getvalue().encode()


def _live_view(datasette: Datasette) -> Callable[..., Awaitable[Response | None]]:
    async def view(request: Request, receive: Any, send: Any) -> Response | None:
        from hashwatch.serve.routes import error_response

        site = site_of(datasette)
        await site.public_live.ensure_started()
        slug = unquote(request.url_vars["slug"])
        try:
            await site.public.read(lambda connection: find_event(connection, slug))
        except Exception as error:
            return await error_response(site, request, error, is_json=True)
        return await stream_changes(site.public_live, receive, send)

    return view


def _address(site: Site) -> str:
    return site.settings.address or f"http://{site.settings.host}:{site.settings.port}"
