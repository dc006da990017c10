"""The holes in what was collected."""

from __future__ import annotations

import sqlite3

from hashwatch.model import fold_account, fold_hashtag
from hashwatch.queries.buckets import from_iso, local_text, to_iso
from hashwatch.queries.events import Event
from hashwatch.queries.shapes import Data
from hashwatch.queries.statements import ask
from hashwatch.wording import say


def find_gaps(
    connection: sqlite3.Connection, event: Event, start: int, end: int, unfilled: bool = False
) -> list[Data]:
    """The event's gaps that touch ``[start, end)``, the latest first; one of several hashtags is
    one gap. ``from`` and ``to`` are Unix seconds, ``to`` None while it is open.
    """
    own = {fold_hashtag(hashtag) for hashtag in event.hashtags}
    own |= {f"@{fold_account(account)}" for account in event.accounts}
    window = {"from": to_iso(start), "to": to_iso(end)}
    found: dict[tuple[object, ...], Data] = {}
    for source, instance, hashtag, starts_at, ends_at, reason, filled_at in ask(
        connection, "gaps", window
    ):
        if (hashtag and _folded(hashtag) not in own) or (unfilled and filled_at):
            continue
        key = (source, instance, starts_at, ends_at, reason, filled_at)
        gap = found.setdefault(
            key,
            {
                "source": source,
                "instance": instance,
                "hashtag": "",
                "from": from_iso(starts_at),
                "to": from_iso(ends_at) if ends_at else None,
                "local": _span(event, starts_at, ends_at),
                "reason": reason,
                "filled": local_text(from_iso(filled_at), event.zone) if filled_at else None,
            },
        )
        if hashtag:
            gap["hashtag"] = f"{gap['hashtag']} {hashtag}".strip()
    return list(found.values())


def _folded(hashtag: str) -> str:
    """A place's hashtag, or its account, as it is compared."""
    return hashtag if hashtag.startswith("@") else fold_hashtag(hashtag)


def _span(event: Event, starts_at: str, ends_at: str | None) -> str:
    first = local_text(from_iso(starts_at), event.zone)
    if ends_at is None:
        return say("since %(time)s", time=first)
    last = local_text(from_iso(ends_at), event.zone)
    same_day = first.rsplit(" ", 1)[0] == last.rsplit(" ", 1)[0]
    return f"{first}–{last.rsplit(' ', 1)[1] if same_day else last}"
