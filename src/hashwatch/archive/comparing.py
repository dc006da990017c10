"""What became different between two programmes, in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from hashwatch.model import Session

ChangeKind = Literal[
    "imported", "added", "moved", "renamed", "changed", "cancelled", "forgotten"
]  # fmt: skip
LONG = ("abstract",)
SHORT = ("code", "track", "theme", "language", "url", "speakers", "hashtags")


class ProgrammeChange(msgspec.Struct, frozen=True):
    """One thing that became different. ``before`` and ``after`` say how, where there is a how.

    ``imported`` and ``forgotten`` are about a whole programme: ``title`` is where it came from.
    """

    kind: ChangeKind
    code: str
    title: str
    before: str
    after: str


def differences(
    old: Sequence[Session], new: Sequence[Session], timezone: str, location: str
) -> list[ProgrammeChange]:
    """The changes from ``old`` to ``new``, in the new one's order; times are said in ``timezone``.

    Sessions are the same by their code. One whose code is gone is looked for by its title, then by
    its slot, room and speakers, as many exports number their sessions anew or by their titles.
    Where no session is left of the old ones, a whole programme was imported, from ``location``.
    """
    zone = ZoneInfo(timezone)
    earlier = {session.code: session for session in old}
    later = {session.code for session in new}
    gone = [session for session in old if session.code not in later]
    twins = _twins(gone, [session for session in new if session.code not in earlier])
    if new and len(gone) == len(old) and not twins:
        return [ProgrammeChange("imported", "", location, _counted(old), _counted(new))]
    found: list[ProgrammeChange] = []
    for session in new:
        before = earlier.get(session.code) or twins.get(session.code)
        if before is None:
            found.append(_about(session, "added", "", _slot(session, zone)))
        elif before != session:
            found += _differences(before, session, zone)
    known_again = {session.code for session in twins.values()}
    found += [
        _about(session, "cancelled", _slot(session, zone), "")
        for session in gone
        if session.code not in known_again
    ]
    return found


def _twins(gone: Sequence[Session], fresh: Sequence[Session]) -> dict[str, Session]:
    """Codes of new sessions that are old ones with another code → the old ones."""
    twins: dict[str, Session] = {}
    left = list(gone)
    for alike in (_same_title, _same_slot):
        for session in fresh:
            if session.code in twins:
                continue
            match = next((one for one in left if alike(one, session)), None)
            if match is not None:
                twins[session.code] = match
                left.remove(match)
    return twins


def _same_title(one: Session, other: Session) -> bool:
    return one.title.casefold() == other.title.casefold()


def _same_slot(one: Session, other: Session) -> bool:
    same = (one.start, one.room, one.speakers) == (other.start, other.room, other.speakers)
    return same and one.start is not None and bool(one.room or one.speakers)


def _differences(before: Session, after: Session, zone: ZoneInfo) -> list[ProgrammeChange]:
    found = []
    if before.title != after.title:
        found.append(_about(after, "renamed", before.title, after.title))
    if _slot(before, zone) != _slot(after, zone):
        found.append(_about(after, "moved", _slot(before, zone), _slot(after, zone)))
    rest = [name for name in SHORT if getattr(before, name) != getattr(after, name)]
    whats = [[f"{name} {_shown(one, name) or 'none'}" for name in rest] for one in (before, after)]
    whats[1] += [name for name in LONG if getattr(before, name) != getattr(after, name)]
    if any(whats):
        found.append(_about(after, "changed", *("; ".join(what) for what in whats)))
    return found


def _about(session: Session, kind: ChangeKind, before: str, after: str) -> ProgrammeChange:
    return ProgrammeChange(kind, session.code, session.title, before, after)


def _shown(session: Session, name: str) -> str:
    if name == "speakers":
        return ", ".join(
            " ".join((one.name, *("@" + handle for handle in one.handles)))
            for one in session.speakers
        )
    if name == "hashtags":
        return " ".join("#" + hashtag for hashtag in session.hashtags)
    return str(getattr(session, name))


def _counted(sessions: Sequence[Session]) -> str:
    if not sessions:
        return ""
    return "1 session" if len(sessions) == 1 else f"{len(sessions):,} sessions"


def _slot(session: Session, zone: ZoneInfo) -> str:
    """``2017-03-31 09:00–10:00, Hall A``, as far as it is known."""
    parts = []
    if session.start is not None:
        start = datetime.fromtimestamp(session.start, zone)
        parts.append(f"{start:%Y-%m-%d %H:%M}")
        if session.end is not None:
            end = datetime.fromtimestamp(session.end, zone)
            same_day = end.date() == start.date()
            parts[0] += f"–{end:%H:%M}" if same_day else f"–{end:%Y-%m-%d %H:%M}"
    elif session.date is not None:
        parts.append(session.date.isoformat())
    if session.room:
        parts.append(session.room)
    return ", ".join(parts)
