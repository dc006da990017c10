"""Who is asking, and what each role may ask for. The decisions are pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from hashwatch.serve.people import ROLES, People, Person
from hashwatch.wording import N_

LOCAL = N_("the person at this machine")
"""Who decides where nobody needs to sign in."""
EVERYBODY, VIEWER, MODERATOR, ADMIN = "everybody", *ROLES
_ORDER = (EVERYBODY, *ROLES)

_EVENT = r"/events/[^/]+"
# What each address needs to be read and, where it takes forms, to be decided on; first match.
RULES: tuple[tuple[re.Pattern[str], str, str | None], ...] = tuple(
    (re.compile(f"(?:{pattern})$"), reads, decides)
    for pattern, reads, decides in (
        (r"/-/healthz|/-/hashwatch/static/.+|/favicon\.ico", EVERYBODY, None),
        (rf"{_EVENT}/wall(?:\.json)?", EVERYBODY, None),
        (
            r"/public/[^/.]+(?:\.json|/embed|/live|/feed\.atom|/posts\.(?:csv|jsonl))?",
            EVERYBODY,
            None,
        ),
        (r"/-/sign-in", EVERYBODY, EVERYBODY),
        (r"/-/account", VIEWER, VIEWER),
        (r"/-/people", ADMIN, ADMIN),
        (rf"{_EVENT}/posts/\d{{1,18}}/correct", VIEWER, MODERATOR),
        (rf"{_EVENT}/themes/decide", VIEWER, MODERATOR),
        (rf"{_EVENT}/evaluate(?:\.json)?", VIEWER, MODERATOR),
        (rf"{_EVENT}/alerts(?:\.json)?", VIEWER, MODERATOR),
        (rf"{_EVENT}/(?:moderation|log|triage|notes|check)(?:\.json)?", MODERATOR, MODERATOR),
        (r"/(?:\.json)?", VIEWER, None),
        (r"/(?:events|public)(?:[/.].*)?", VIEWER, None),
        (r".*", ADMIN, ADMIN),  # Datasette's own pages: tables and SQL
    )
)


class Asking(msgspec.Struct, frozen=True):
    """Who is behind a request: ``role`` is ``everybody`` for one who has not signed in."""

    name: str = ""
    role: str = EVERYBODY

    def may(self, role: str) -> bool:
        """Whether this person may what ``role`` may."""
        return _ORDER.index(self.role) >= _ORDER.index(role)


NOBODY = Asking()


def needed(path: str, method: str) -> str | None:
    """The role that a request needs; None where the address takes no such method."""
    for pattern, reads, decides in RULES:
        if pattern.match(path):
            return reads if method in ("GET", "HEAD") else decides if method == "POST" else None
    return None


def identify(actor: dict[str, Any] | None, people: People, loop_back: bool) -> Asking:
    """Who an actor of Datasette's is here.

    While nobody can sign in, the person at the machine may all. A session names the password that
    opened it; an actor without such a mark comes from an authentication plugin and is taken by
    its name, if a person without a password is called that.
    """
    everybody: Sequence[Person] = people.everybody()
    if not everybody:
        return Asking(LOCAL, ADMIN) if loop_back else NOBODY
    if actor is None:
        return NOBODY
    person = people.find(str(actor.get("id", "")))
    if person is None:
        return NOBODY
    opened_by = actor.get("mark")
    if opened_by is None:
        return Asking(person.name, person.role) if person.hash is None else NOBODY
    return Asking(person.name, person.role) if opened_by == person.mark else NOBODY
