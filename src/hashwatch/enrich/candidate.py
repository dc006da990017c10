"""A post as the theme and session annotators see it."""

from __future__ import annotations

import msgspec


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """What is known of a post before it is assigned to themes and a session.

    ``hashtags`` stand without ``#`` as written, ``mentions`` and ``author`` are handles without
    ``@``. ``parent_session`` is the code of the session that the post it answers or quotes was
    given, ``None`` when there is no such post or it belongs to none. ``links`` are the addresses
    that stand in the post, besides those in its text.
    """

    text: str
    created_at: int
    author: str = ""
    language: str = "und"
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    parent_session: str | None = None
    links: tuple[str, ...] = ()
