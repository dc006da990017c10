"""The page of notes beside the chart, and the forms that write, change and take them back.

``do`` is ``write`` or ``back``; ``note`` and ``seen`` name a note and the wording that its author
had before their eyes, ``spike`` the beginning of a spike, ``moment`` the time of a note.
"""

from __future__ import annotations

import asyncio
import sqlite3
from urllib.parse import parse_qsl, unquote

from datasette.utils.asgi import Request, Response

from hashwatch.archive.notes import WORDS_LENGTH, Notes
from hashwatch.errors import FilterError, MissingError
from hashwatch.queries.events import Event, find_event, shell
from hashwatch.queries.filters import parse_moment
from hashwatch.queries.hrefs import event_href
from hashwatch.queries.notes import PARAMETERS, notes_page
from hashwatch.queries.shapes import Data
from hashwatch.serve.access import Asking
from hashwatch.serve.deciding import Form, read_form, until_published
from hashwatch.serve.site import Site
from hashwatch.wording import say


async def notes_data(site: Site, request: Request, _: Asking) -> Data:
    """What the page shows."""
    slug, notes = unquote(request.url_vars["slug"]), _notes(site)
    params = {name: value for name, value in parse_qsl(request.query_string) if name in PARAMETERS}
    standing = await asyncio.to_thread(notes.standing, slug)

    def question(connection: sqlite3.Connection) -> Data:
        event = find_event(connection, slug)
        page = notes_page(connection, event, params, standing, event.now(site.wall()))
        return {**shell(connection, event, site.wall()), **page, "longest": WORDS_LENGTH}

    return await site.reader.read(question)


async def take_note(site: Site, request: Request, asking: Asking) -> Response:
    """A note written, changed or taken back; then the page again."""
    slug, notes = unquote(request.url_vars["slug"]), _notes(site)
    form = await read_form(site, request)
    event = await site.reader.read(lambda connection: find_event(connection, slug))
    spike, moment = _moment(form, event)
    words = _words(form)
    seq = await asyncio.to_thread(
        lambda: notes.write(
            asking.name, slug, moment, words, now=int(site.wall()), is_spike=spike,
            note=_number(form, "note"), seen=_number(form, "seen"),
        )
    )  # fmt: skip
    await until_published(site, seq)
    return Response.redirect(event_href(slug, "notes"), status=303)


def _moment(form: Form, event: Event) -> tuple[bool, int]:
    """Whether a spike is meant, and the moment in Unix seconds."""
    if form.get("spike"):
        return True, _number(form, "spike")
    return False, parse_moment("moment", form.get("moment", "").strip(), event.zone)[0]


def _words(form: Form) -> str | None:
    """What to write, None to take back; `FilterError` for neither."""
    action = form.get("do", "")
    if action == "back":
        return None
    if action != "write":
        raise FilterError("do", say("“%(action)s” is none of write, back", action=action[:40]))
    words = " ".join(form.get("words", "").split())
    if not 1 <= len(words) <= WORDS_LENGTH:
        raise FilterError(
            "words", say("give 1 to %(words_length)s characters", words_length=WORDS_LENGTH)
        )
    return words


def _number(form: Form, name: str) -> int:
    value = form.get(name, "") or "0"
    if not value.isdecimal() or len(value) > 15:
        raise FilterError(name, say("“%(value)s” is no number", value=value[:40]))
    return int(value)


def _notes(site: Site) -> Notes:
    notes = site.notes
    if notes is None:
        raise MissingError(say("Notes are written on the machine that has the archive."))
    return notes
