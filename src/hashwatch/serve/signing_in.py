"""Pages by which people sign in and out, and by which an admin says who may do what."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from datasette.app import Datasette
from datasette.utils import await_me_maybe
from datasette.utils.asgi import Request, Response
from datasette.utils.baseconv import base62

from hashwatch.errors import ConfigError, FilterError
from hashwatch.serve.access import ADMIN, LOCAL, Asking, identify
from hashwatch.serve.deciding import read_form
from hashwatch.serve.pages import render
from hashwatch.serve.people import PASSWORD_LENGTH, ROLES, Person
from hashwatch.serve.site import Site, site_of
from hashwatch.wording import plural, say

COOKIE = "ds_actor"
SESSION_SECONDS = 12 * 3600
_LOCAL_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x1f]*")
_ASKING = "hashwatch_asking"
_FORWARDED = {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"}


async def identify_request(site: Site, datasette: Datasette, scope: dict[str, Any]) -> Asking:
    """Who is behind a request, by Datasette's authentication; noted in ``scope``."""
    actor = None
    if site.people.everybody():
        from datasette.plugins import pm

        request = Request(scope, None)
        for answer in pm.hook.actor_from_request(datasette=datasette, request=request):
            actor = await await_me_maybe(answer)
            if actor:
                break
    asking = identify(actor, site.people, site.loop_back and not _is_passed_on(scope))
    scope[_ASKING] = asking
    return asking


def _is_passed_on(scope: dict[str, Any]) -> bool:
    """Whether a request comes through something in front, from somebody elsewhere."""
    return any(name in _FORWARDED for name, _ in scope["headers"])


def asking_of(request: Request) -> Asking:
    """Who is behind a request that the guard has let in."""
    asking: Asking = request.scope[_ASKING]
    return asking


def local_path(path: str | None) -> str:
    """``path`` if it leads to a page here, else the first page."""
    return path if path and _LOCAL_PATH.fullmatch(path) and len(path) < 2000 else "/"


def sign_in_routes(datasette: Datasette) -> list[tuple[str, Any]]:
    """Patterns and views of this module's pages."""
    return [
        (r"^/-/sign-in$", _view(datasette, _show_sign_in, _sign_in)),
        (r"^/-/account$", _view(datasette, _show_account, _change_account)),
        (r"^/-/people$", _view(datasette, _show_people, _change_people)),
    ]


Form = Mapping[str, str]
_Show = Callable[[Site, Request, str], Response]
_Take = Callable[[Site, Datasette, Request, Form], Awaitable[Response]]


def _view(datasette: Datasette, show: _Show, take: _Take) -> Callable[..., Awaitable[Response]]:
    async def view(request: Request) -> Response:
        from hashwatch.serve.routes import error_response

        site = site_of(datasette)
        try:
            if request.method != "POST":
                return show(site, request, "")
            form = await read_form(site, request)
            try:
                return await take(site, datasette, request, form)
            except ConfigError as error:
                return show(site, request, f"{str(error)[0].upper()}{str(error)[1:]}.")
        except Exception as error:
            return await error_response(site, request, error, is_json=False)

    return view


def _page(
    template: str, site: Site, request: Request, status: int = 200, **variables: Any
) -> Response:
    body = render(
        template, "", request, None, token=site.token, asking=asking_of(request), **variables
    )
    return Response(body, status, {"Cache-Control": "no-store"}, "text/html; charset=utf-8")


def _show_sign_in(site: Site, request: Request, problem: str, status: int = 200) -> Response:
    return _page(
        "sign_in.html", site, request, status, problem=problem,
        next_path=local_path(dict(parse_qsl(request.query_string)).get("next")),
        nobody=not site.people.everybody(),
    )  # fmt: skip


async def _sign_in(site: Site, datasette: Datasette, request: Request, form: Form) -> Response:
    name, password = form.get("name", "").strip(), form.get("password", "")
    address, now = (request.scope.get("client") or ("",))[0], site.wall()
    wait = site.throttle.wait(name, address, now)
    if wait:
        words = plural(
            (wait + 59) // 60,
            "Too many tries. Wait %(count)s minute, then try again.",
            "Too many tries. Wait %(count)s minutes, then try again.",
        )
        answer = _show_sign_in(site, request, words, 429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    person = await asyncio.to_thread(site.people.with_password, name, password)
    if person is None:
        site.throttle.failed(name, address, now)
        return _show_sign_in(site, request, say("Nobody has this name and this password."), 401)
    return _signed_in(site, datasette, person, local_path(form.get("next")))


def _signed_in(site: Site, datasette: Datasette, person: Person, path: str) -> Response:
    expires = int(time.time()) + SESSION_SECONDS  # Datasette holds it against this clock
    session = {"a": {"id": person.name, "mark": person.mark}, "e": base62.encode(expires)}
    answer = Response.redirect(path, status=303)
    _set_cookie(site, answer, datasette.sign(session, "actor"), SESSION_SECONDS)
    return answer


def _set_cookie(site: Site, answer: Response, value: str, seconds: int) -> None:
    answer.set_cookie(
        COOKIE, value, max_age=seconds, httponly=True, samesite="lax",
        secure=site.settings.address.startswith("https://"),
    )  # fmt: skip


def _show_account(site: Site, request: Request, problem: str) -> Response:
    return _page(
        "account.html", site, request, 400 if problem else 200, problem=problem,
        local=asking_of(request).name == LOCAL, length=PASSWORD_LENGTH,
    )  # fmt: skip


async def _change_account(
    site: Site, datasette: Datasette, request: Request, form: Form
) -> Response:
    asking = asking_of(request)
    if form.get("action") == "sign-out":
        answer = Response.redirect("/-/sign-in", status=303)
        _set_cookie(site, answer, "", 0)
        return answer
    if form.get("action") != "password":
        raise FilterError("action", say("is none of sign-out, password"))
    old = await asyncio.to_thread(site.people.with_password, asking.name, form.get("old", ""))
    if old is None:
        raise ConfigError([say("the present password is another one")])
    person = await asyncio.to_thread(
        site.people.put, old.name, old.role, form.get("new", ""), int(site.wall())
    )
    return _signed_in(site, datasette, person, "/-/account")


def _show_people(site: Site, request: Request, problem: str) -> Response:
    return _page(
        "people.html", site, request, 400 if problem else 200, problem=problem,
        people=site.people.everybody(), roles=ROLES, length=PASSWORD_LENGTH,
    )  # fmt: skip


async def _change_people(site: Site, datasette: Datasette, _: Request, form: Form) -> Response:
    name = form.get("name", "").strip()
    match form.get("action"):
        case "remove":
            await asyncio.to_thread(site.people.remove, name)
        case "add":
            first = not site.people.everybody()
            role: Any = ADMIN if first else form.get("role", "")
            if not first and site.people.find(name) is not None:
                raise ConfigError([say("%(name)s is there already; give another name", name=name)])
            person = await asyncio.to_thread(
                site.people.put, name, role, form.get("password", ""), int(site.wall())
            )
            if first:  # from now on everybody signs in, so this one is
                return _signed_in(site, datasette, person, "/-/people")
        case "role":
            await asyncio.to_thread(site.people.give_role, name, form.get("role", ""))
        case _:
            raise FilterError("action", say("is none of add, role, remove"))
    return Response.redirect("/-/people", status=303)
