"""The addresses of every page, and what answers them."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, unquote
from zlib import crc32

import msgspec
from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

from hashwatch import __version__
from hashwatch.errors import ConflictError, FilterError, HashwatchError, MissingError
from hashwatch.queries.buckets import from_iso
from hashwatch.queries.events import list_events
from hashwatch.queries.first_page import events_page
from hashwatch.queries.shapes import Data
from hashwatch.serve.access import MODERATOR, VIEWER, Asking
from hashwatch.serve.alerting import alerts_data, take_alert
from hashwatch.serve.answers import Answer
from hashwatch.serve.checking import ask_check, check_data
from hashwatch.serve.compress import accepts_gzip, compressed
from hashwatch.serve.deciding import (
    StaleFormError,
    correction_choices,
    evaluation,
    take_correction,
    take_label,
)
from hashwatch.serve.export import stream_export
from hashwatch.serve.moderating import log_data, moderation_data, take_ruling
from hashwatch.serve.noting import notes_data, take_note
from hashwatch.serve.pages import PAGES, event_data, known_parameters, render
from hashwatch.serve.public import public_routes
from hashwatch.serve.reading import NotPublishedError
from hashwatch.serve.signing_in import asking_of, sign_in_routes
from hashwatch.serve.site import Site, site_of
from hashwatch.serve.speaking import without_language
from hashwatch.serve.static import static_file
from hashwatch.serve.stream import stream_changes
from hashwatch.serve.theming import last_decided, phrase_of, take_theme, theme_forms, themes_toml
from hashwatch.serve.triaging import take_step, triage_data
from hashwatch.wording import say, spoken

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
SILENT_SECONDS = 120
"""After so long without a word from publisher or collector the health check fails."""

_log = logging.getLogger(__name__)
_SLUG = r"(?P<slug>[^/.]+)"
_JSON = r"(?P<suffix>\.json)?$"


def routes(datasette: Datasette) -> list[tuple[str, Any]]:
    """Patterns and views, in Datasette's form."""
    of_event = {
        rf"^/events/{_SLUG}{_JSON}": "overview",
        rf"^/events/{_SLUG}/posts{_JSON}": "posts",
        rf"^/events/{_SLUG}/columns{_JSON}": "columns",
        rf"^/events/{_SLUG}/posts/(?P<name>\d{{1,18}}){_JSON}": "post",
        rf"^/events/{_SLUG}/sessions{_JSON}": "sessions",
        rf"^/events/{_SLUG}/sessions/(?P<name>[^/]+?){_JSON}": "session",
        rf"^/events/{_SLUG}/sessions/(?P<name>[^/]+)/replay{_JSON}": "replay",
        rf"^/events/{_SLUG}/agenda{_JSON}": "agenda",
        rf"^/events/{_SLUG}/themes{_JSON}": "themes",
        rf"^/events/{_SLUG}/questions{_JSON}": "questions",
        rf"^/events/{_SLUG}/voices{_JSON}": "voices",
        rf"^/events/{_SLUG}/coverage{_JSON}": "coverage",
    }
    return [
        (rf"^/{_JSON}", _view(datasette, "events")),
        *((pattern, _view(datasette, page)) for pattern, page in of_event.items()),
        (rf"^/events/{_SLUG}/posts\.(?P<format>csv|jsonl)$", _export_view(datasette)),
        (rf"^/events/{_SLUG}/live$", _live_view(datasette)),
        (
            rf"^/events/{_SLUG}/evaluate{_JSON}",
            _deciding_view(datasette, "evaluate", evaluation, take_label),
        ),
        (
            rf"^/events/{_SLUG}/alerts{_JSON}",
            _deciding_view(datasette, "alerts", alerts_data, take_alert),
        ),
        (
            rf"^/events/{_SLUG}/moderation{_JSON}",
            _deciding_view(datasette, "moderation", moderation_data, take_ruling),
        ),
        (
            rf"^/events/{_SLUG}/triage{_JSON}",
            _deciding_view(datasette, "triage", triage_data, take_step),
        ),
        (
            rf"^/events/{_SLUG}/check{_JSON}",
            _deciding_view(datasette, "check", check_data, ask_check),
        ),
        (
            rf"^/events/{_SLUG}/notes{_JSON}",
            _deciding_view(datasette, "notes", notes_data, take_note),
        ),
        (rf"^/events/{_SLUG}/log{_JSON}", _deciding_view(datasette, "log", log_data, take_ruling)),
        (rf"^/events/{_SLUG}/posts/(?P<name>\d{{1,18}})/correct$", _correct_view(datasette)),
        (rf"^/events/{_SLUG}/themes/decide$", _theme_view(datasette)),
        (rf"^/events/{_SLUG}/themes\.toml$", _toml_view(datasette)),
        *public_routes(datasette),
        *sign_in_routes(datasette),
        (r"^/-/healthz$", _health_view(datasette)),
        (r"^/-/hashwatch/static/(?P<digest>[0-9a-f]+)/(?P<path>.+)$", _static_view),
    ]


def _view(datasette: Datasette, page: str) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request) -> Response:
        site = site_of(datasette)
        is_json = bool(request.url_vars.get("suffix"))
        await site.live.ensure_started()
        try:
            params = parameters(request)
            truth = await _truth(site, request.url_vars.get("slug"))
            role = asking_of(request).role
            key = f"{'json' if is_json else f'html {role}'} {spoken()} {request.full_path}"
            if page == "themes" and asking_of(request).may(MODERATOR):
                key += f" {await asyncio.to_thread(last_decided, site)}"
            etag = f'W/"{crc32(f"{__version__} {truth} {key}".encode()):08x}"'
            if etag in request.headers.get("if-none-match", ""):
                return Response("", status=304, headers={"ETag": etag, **_KEEP})
            answer = await site.answers.get(
                key, truth, lambda: _make(site, page, request, params, is_json, etag)
            )
        except Exception as error:
            return await error_response(site, request, error, is_json)
        return answer_response(request, answer)

    return view


_NO_STORE = {"Cache-Control": "no-store"}
_KEEP = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding, Accept-Language, Cookie"}


async def _truth(site: Site, slug: str | None) -> str:
    """What the answers of an event hang on: the dashboard's stamp and its clock's minute."""

    def minute(connection: sqlite3.Connection) -> int:
        wall = site.wall()
        nows = [e.now(wall) // 60 for e in list_events(connection) if slug in (None, e.slug)]
        return sum(nows)

    try:
        return f"{site.live.stamp} {await site.reader.read(minute)}"
    except NotPublishedError:
        return "nothing yet"


async def _make(
    site: Site, page: str, request: Request, params: dict[str, str], is_json: bool, etag: str
) -> Answer:
    """A finished answer, made in one of the reading threads."""
    slug = unquote(request.url_vars.get("slug") or "")
    name = unquote(request.url_vars.get("name") or "")
    asking = asking_of(request)

    def answer(connection: sqlite3.Connection) -> Answer:
        if page == "events":
            data = events_page(connection, site.wall())
        else:
            data = event_data(connection, page, slug, name, params, site.wall())
        if is_json:
            body = msgspec.json.encode(data)
        elif page == "events" and not data["events"]:
            body = first_start(site, request)
        else:
            template = "events.html" if page == "events" else PAGES[page].template
            more: dict[str, Any] = {"asking": asking}
            if page == "post" and site.decisions is not None and asking.may(MODERATOR):
                more["token"] = site.token
                more["choices"] = correction_choices(connection, slug)
            if page == "themes" and asking.may(MODERATOR):
                more |= theme_forms(site, connection, slug)
            if page == "posts" and asking.may(MODERATOR) and site.decisions is not None:
                names = [key for key, _ in correction_choices(connection, slug)["theme"]]
                more |= {"token": site.token, "theme": phrase_of(data["query"].get("q", ""), names)}
            body = render(template, page, request, data, **more)
        return Answer(200, JSON if is_json else HTML, body, compressed(body), etag)

    try:
        return await site.reader.read(answer)
    except NotPublishedError:
        if page != "events":
            raise
        empty: Data = {"events": [], "built_at": None, "age_seconds": None, "version": 0}
        body = msgspec.json.encode(empty) if is_json else first_start(site, request)
        return Answer(200, JSON if is_json else HTML, body, compressed(body), etag)


def first_start(site: Site, request: Request) -> bytes:
    """What stands at ``/`` while there is no event."""
    data: Data = {"config_path": site.settings.config_path, "example": None, "events": []}
    return render("first_start.html", "events", request, data, asking=asking_of(request))


def answer_response(request: Request, answer: Answer) -> Response:
    """A finished answer, in the form that this request takes."""
    headers = {"ETag": answer.etag, **_KEEP}
    body = answer.body
    if accepts_gzip(_raw_headers(request)):
        headers["Content-Encoding"] = "gzip"
        body = answer.compressed
    headers["Content-Length"] = str(len(body))
    return Response(body, answer.status, headers, content_type=answer.content_type)


async def error_response(site: Site, request: Request, error: Exception, is_json: bool) -> Response:
    """An error as JSON or as a page, with the right status and one sentence."""
    status, words = _error(error)
    if status >= 500:
        _log.error("%s: %s", request.path, error, exc_info=error)
    headers = {"Cache-Control": "no-store"}
    if is_json:
        return Response(msgspec.json.encode({"error": words}), status, headers, content_type=JSON)
    asking = asking_of(request)
    data = {"events": await site.shell_events() if asking.may(VIEWER) else []}
    page = render(
        "error.html", "", request, data, status=status, title=None, error=words, asking=asking
    )
    return Response(page, status, headers, content_type=HTML)


def _error(error: Exception) -> tuple[int, str]:
    if isinstance(error, FilterError):
        return 400, str(error)
    if isinstance(error, MissingError):
        return 404, str(error)
    if isinstance(error, StaleFormError):
        return 403, str(error)
    if isinstance(error, ConflictError):
        return 409, str(error)
    if isinstance(error, NotPublishedError):
        return 503, say("Nothing has been published yet; the first posts appear in a moment.")
    if isinstance(error, sqlite3.Error):
        return 503, say("The dashboard cannot be read at the moment; ask again in a few seconds.")
    if isinstance(error, HashwatchError):
        return 500, str(error)
    return 500, say("This page could not be made; the server’s log says why.")


def parameters(request: Request) -> dict[str, str]:
    """The query's parameters; empty ones count as absent, of repeated ones the last stands."""
    try:
        found = dict(parse_qsl(request.query_string, max_num_fields=60))
    except ValueError:
        raise FilterError("query", say("more than 60 parameters")) from None
    return without_language(found)


def _export_view(datasette: Datasette) -> Callable[..., Awaitable[Response | None]]:
    async def view(request: Request, send: Any) -> Response | None:
        site = site_of(datasette)
        try:
            params = known_parameters("posts", parameters(request))
            params = {name: value for name, value in params.items() if name != "after"}
            slug, suffix = unquote(request.url_vars["slug"]), request.url_vars["format"]
            await stream_export(site, slug, params, suffix, send)
        except Exception as error:
            return await error_response(site, request, error, is_json=True)
        return None

    return view


def _live_view(datasette: Datasette) -> Callable[..., Awaitable[Response | None]]:
    async def view(request: Request, receive: Any, send: Any) -> Response | None:
        site = site_of(datasette)
        await site.live.ensure_started()
        slug = unquote(request.url_vars["slug"])
        if slug not in [event["slug"] for event in await site.shell_events()]:
            missing = MissingError(say("There is no event “%(slug)s”.", slug=slug[:80]))
            return await error_response(site, request, missing, is_json=True)
        return await stream_changes(site.live, receive, send)

    return view


def _deciding_view(
    datasette: Datasette,
    page: str,
    fill: Callable[[Site, Request, Asking], Awaitable[Data]],
    take: Callable[[Site, Request, Asking], Awaitable[Response]],
) -> Callable[..., Awaitable[Response]]:
    """A page that ``fill`` answers afresh each time and whose forms ``take`` takes."""

    async def view(request: Request) -> Response:
        site = site_of(datasette)
        is_json = bool(request.url_vars.get("suffix")) or "json" in request.headers.get(
            "accept", ""
        )
        asking = asking_of(request)
        await site.live.ensure_started()
        try:
            if request.method == "POST":
                return await take(site, request, asking)
            data = await fill(site, request, asking)
        except Exception as error:
            return await error_response(site, request, error, is_json)
        if is_json:
            return Response(msgspec.json.encode(data), 200, _NO_STORE, content_type=JSON)
        body = render(f"{page}.html", page, request, data, token=site.token, asking=asking)
        return Response(body, 200, _NO_STORE, content_type=HTML)

    return view


def _correct_view(datasette: Datasette) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request) -> Response:
        site = site_of(datasette)
        try:
            if request.method != "POST":
                return Response.redirect(request.path.removesuffix("/correct"), status=303)
            return await take_correction(site, request, asking_of(request))
        except Exception as error:
            return await error_response(site, request, error, is_json=False)

    return view


def _theme_view(datasette: Datasette) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request) -> Response:
        site = site_of(datasette)
        try:
            if request.method != "POST":
                return Response.redirect(request.path.removesuffix("/decide"), status=303)
            return await take_theme(site, request, asking_of(request))
        except Exception as error:
            return await error_response(site, request, error, is_json=False)

    return view


def _toml_view(datasette: Datasette) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request) -> Response:
        site = site_of(datasette)
        try:
            return await themes_toml(site, request)
        except Exception as error:
            return await error_response(site, request, error, is_json=True)

    return view


def _health_view(datasette: Datasette) -> Callable[..., Awaitable[Response]]:
    async def view() -> Response:
        site = site_of(datasette)
        wall = site.wall()

        def question(connection: sqlite3.Connection) -> tuple[float | None, float | None]:
            meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
            published = meta.get("published_at")
            seen = meta.get("collector_at")
            if seen is None:
                checked = connection.execute("SELECT max(checked_at) FROM places").fetchone()[0]
                seen = from_iso(checked) if checked else None
            return (
                wall - float(published) if published else None,
                wall - float(seen) if seen else None,
            )

        try:
            published, collector = await site.reader.read(question)
        except (NotPublishedError, sqlite3.Error):
            published = collector = None
        ok = published is not None and published < SILENT_SECONDS
        ages = {"published_age_seconds": published, "collector_age_seconds": collector}
        body = msgspec.json.encode(
            {"ok": ok, **{k: None if v is None else max(0, int(v)) for k, v in ages.items()}}
        )
        return Response(body, 200 if ok else 503, {"Cache-Control": "no-store"}, content_type=JSON)

    return view


async def _static_view(request: Request) -> Response:
    found = static_file(unquote(request.url_vars["path"]))
    if found is None:
        return Response.json({"error": "There is no such file."}, status=404)
    is_current = request.url_vars["digest"] == found.digest
    keep = "public, max-age=31536000, immutable" if is_current else "no-cache"
    headers = {"Cache-Control": keep, "Vary": "Accept-Encoding"}
    body = found.body
    if found.compressed is not None and accepts_gzip(_raw_headers(request)):
        headers["Content-Encoding"] = "gzip"
        body = found.compressed
    return Response(body, 200, headers, content_type=found.content_type)


def _raw_headers(request: Request) -> dict[bytes, bytes]:
    return dict(request.scope.get("headers") or [])
