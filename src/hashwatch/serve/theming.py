"""Themes made, changed, withdrawn and brought back by people while the event goes on."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from datasette.utils.asgi import Request, Response

from hashwatch.archive.themes import ThemeDecision, Themes
from hashwatch.enrich.words import WORD, fold
from hashwatch.errors import ConflictError, FilterError, MissingError
from hashwatch.model import Theme
from hashwatch.queries.buckets import local_text, to_iso
from hashwatch.queries.emerging import theme_of, theme_toml
from hashwatch.queries.events import find_event
from hashwatch.queries.hrefs import event_href, posts_href
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.serve.access import Asking
from hashwatch.serve.deciding import Form, read_form, until_published
from hashwatch.serve.site import Site
from hashwatch.wording import say

NAME_LENGTH, TERM_LENGTH, TERMS = 80, 100, 50
ACTIONS = ("add", "change", "withdraw", "restore")
_PHRASE = re.compile(r'"?([^\W_][\w’\' -]{1,58}\w)"?')
_OPERATORS = re.compile(r"\b(?:OR|AND|NOT)\b")


async def take_theme(site: Site, request: Request, asking: Asking) -> Response:
    """A theme made or changed; then the themes again."""
    slug, themes = unquote(request.url_vars["slug"]), _themes(site)
    form = await read_form(site, request)
    action, seen = form.get("do", ""), form.get("seen", "0")
    if action not in ACTIONS:
        raise FilterError(
            "do",
            say(
                "“%(action)s” is none of %(actions)s",
                action=action[:40],
                actions=", ".join(ACTIONS),
            ),
        )
    if not (seen.isdecimal() and len(seen) < 19):
        raise FilterError("seen", say("“%(seen)s” is no number of a decision", seen=seen[:40]))

    def known(connection: sqlite3.Connection) -> list[str]:
        event = {"event": find_event(connection, slug).id}
        return [name for _, name, _ in ask(connection, "themes", event)]

    names = await site.reader.read(known)
    decided = {one.ref: one for one in await asyncio.to_thread(themes.decided, slug)}
    ref, wanted, withdrawn = _wanted(action, form, decided)
    if action == "add" and ref in decided:
        seen = str(decided[ref].id)  # it was withdrawn, and is taken up again
    if not withdrawn:
        # Those made here count as they stand by now, whatever is published of them yet.
        here = {fold(name) for one in decided.values() for name in (one.name, *one.former)}
        others = {fold(name) for name in names} - here
        others |= {
            fold(one.name) for one in decided.values() if one.terms is not None and one.ref != ref
        }
        if fold(wanted.name) in others:
            raise ConflictError(say("There is a theme “%(wanted)s” already.", wanted=wanted.name))
    made = await asyncio.to_thread(
        lambda: themes.decide(
            asking.name, slug, ref, wanted.name, None if withdrawn else wanted.terms,
            now=int(site.wall()), seen=int(seen), note=form.get("note", ""),
        )
    )  # fmt: skip
    await until_published(site, made.seq)
    back = event_href(slug, "themes", {"_decided": str(made.id)})
    return Response.redirect(f"{back}#added", status=303)


async def themes_toml(site: Site, request: Request) -> Response:
    """The added themes that stand, as they are written in the configuration."""
    slug = unquote(request.url_vars["slug"])
    await site.reader.read(lambda connection: find_event(connection, slug))
    decided = await asyncio.to_thread(_themes(site).decided, slug)
    text = theme_toml(one.theme for one in decided if one.theme is not None)
    disposition = f'attachment; filename="{slug}-themes.toml"'
    headers = {"Cache-Control": "no-store", "Content-Disposition": disposition}
    return Response(f"{text}\n" if text else "", 200, headers, "text/plain; charset=utf-8")


def theme_forms(site: Site, connection: sqlite3.Connection, slug: str) -> dict[str, Any]:
    """What the forms on the themes page show to those who may decide; empty without an archive."""
    themes = site.themes
    if themes is None:
        return {}
    event = find_event(connection, slug)
    tagged = {name for _, name, _ in ask(connection, "themes", {"event": event.id})}
    rows: list[Data] = [
        {
            "ref": one.ref,
            "seen": one.id,
            "name": one.name,
            "terms": list(one.terms or ()),
            "stands": one.terms is not None,
            "waits": one.terms is not None and one.name not in tagged,
            "href": posts_href(slug, theme=one.name),
            "actor": one.actor,
            "at": to_iso(one.at),
            "local": local_text(one.at, event.zone),
        }
        for one in themes.decided(slug)
    ]
    toml = theme_toml(Theme(one["name"], tuple(one["terms"])) for one in rows if one["stands"])
    return {"token": site.token, "added": rows, "added_toml": toml}


def last_decided(site: Site) -> int:
    """The number of the newest decision on a theme: what the forms show hangs on it."""
    return site.themes.last() if site.themes is not None else 0


def phrase_of(query: str, names: list[str]) -> Theme | None:
    """The theme that a search for one word or phrase would make, if it is none yet."""
    match = _PHRASE.fullmatch(query.strip())
    if match is None or _OPERATORS.search(match[1]):
        return None
    if " " in match[1] and not query.strip().startswith('"'):
        return None
    theme = theme_of(match[1])
    return None if fold(theme.name) in map(fold, names) else theme


def _wanted(
    action: str, form: Form, decided: Mapping[str, ThemeDecision]
) -> tuple[str, Theme, bool]:
    """The theme that is meant, how it is to stand, and whether it is withdrawn."""
    if action == "add":
        wanted = Theme(_name(form), _terms(form))
        ref, number = wanted.name, 2
        while ref in decided and decided[ref].terms is not None:  # renamed since
            ref, number = f"{wanted.name} {number}", number + 1
        return ref, wanted, False
    ref = form.get("ref", "")
    if ref not in decided:
        raise MissingError(say("Nobody has added a theme “%(ref)s” here.", ref=ref[:80]))
    one = decided[ref]
    if action == "change":
        return ref, Theme(_name(form), _terms(form)), False
    return ref, Theme(one.name, one.terms or (one.name,)), action == "withdraw"


def _name(form: Form) -> str:
    name = " ".join(form.get("name", "").split())
    if not 2 <= len(name) <= NAME_LENGTH or not WORD.search(name):
        raise FilterError(
            "name",
            say(
                "give the theme a name of 2 to %(name_length)s characters", name_length=NAME_LENGTH
            ),
        )
    return name


def _terms(form: Form) -> tuple[str, ...]:
    """Words and phrases parted by commas or lines."""
    given = (" ".join(term.split()) for term in re.split(r"[,;\n]", form.get("terms", "")))
    terms = tuple(dict.fromkeys(term for term in given if term))
    for term in terms:
        if not 2 <= len(term) <= TERM_LENGTH or not WORD.search(term):
            raise FilterError(
                "terms",
                say(
                    "“%(term)s” is no word or phrase of 2 to %(term_length)s characters",
                    term=term[:40],
                    term_length=TERM_LENGTH,
                ),
            )
    if len(terms) > TERMS:
        raise FilterError(
            "terms",
            say(
                "%(terms)s terms; a theme takes %(terms2)s at most", terms=len(terms), terms2=TERMS
            ),
        )
    return terms


def _themes(site: Site) -> Themes:
    if site.themes is None:
        raise MissingError(say("Themes are made on the machine that has the archive."))
    return site.themes
