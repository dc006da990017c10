"""What a second sight of a post means. Pure: rows in, a decision out.

The outcome must not depend on the order in which servers and hashtags bring the same post: the
newest edit wins, then the post's own server, then the server whose name sorts first.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from hashwatch.archive.identity import is_home
from hashwatch.model import Engagement


class Content(msgspec.Struct, frozen=True, gc=False):
    """The part of a post that an edit can change, as the archive keeps it."""

    text: str | None
    content_warning: str | None
    detail: str | None


class Known(msgspec.Struct, frozen=True, gc=False):
    """A post that the archive already holds."""

    id: int
    host: str
    edited_at: int | None
    collected_at: int
    content: Content
    counts: Engagement
    instance_id: int


class Decision(Enum):
    """What to do with an incoming sight's content."""

    KEEP = "keep"  # nothing new in it
    REPLACE = "replace"  # the same edit from a server that has precedence
    EDIT = "edit"  # a newer edit: what stood becomes a version
    OLDER = "older"  # an edit older than what stands: it becomes a version


def decide(known: Known, content: Content, edited_at: int | None, host: str, uri: str) -> Decision:
    """Compares an incoming sight of ``uri`` by ``host`` with what is known."""
    held, incoming = known.edited_at or 0, edited_at or 0
    if incoming > held:
        return Decision.EDIT
    if incoming < held:
        return Decision.OLDER
    if content == known.content:
        takes_precedence = _precedence(uri, host) < _precedence(uri, known.host)
        return Decision.REPLACE if takes_precedence else Decision.KEEP
    if host == known.host:
        return Decision.EDIT  # a server that edits without saying when
    takes_precedence = _precedence(uri, host) < _precedence(uri, known.host)
    return Decision.REPLACE if takes_precedence else Decision.KEEP


def greatest(sightings: list[Engagement]) -> Engagement:
    """The counts to show: the greatest that any server gives, ``None`` where none gives one."""

    def most(values: list[int | None]) -> int | None:
        return max((value for value in values if value is not None), default=None)

    return Engagement(
        boosts=most([counts.boosts for counts in sightings]),
        likes=most([counts.likes for counts in sightings]),
        replies=most([counts.replies for counts in sightings]),
        quotes=most([counts.quotes for counts in sightings]),
    )


def _precedence(uri: str, host: str) -> tuple[bool, str]:
    return (not is_home(uri, host), host)
