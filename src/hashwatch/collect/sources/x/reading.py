"""Which part of a search to ask for next, and what the answer means. Pure.

A search gives the newest posts first. Every page of it is asked for with the same ``since_id``, and
the first one tells the newest id, where the next run begins. X's own mark of the next page lives
only as long as the run; what is durable are the stretches that are still unread, by time and ids.

A long stretch is counted before it is read. One that would cost too much is put off, but for its
latest hour: what happens now comes first. What is put off is read once the budget allows it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from hashwatch.collect.snowflakes import EPOCH_MILLISECONDS, snowflake_time
from hashwatch.collect.source import UNAFFORDED, UNREAD_FROM, Query
from hashwatch.collect.times import iso_of
from hashwatch.model import Cursor

LONG = 3_600
"""A stretch of more seconds is counted before it is read."""
# The search of the last seven days refuses what is older; the question is a while on its way, and
# X's clock may be another.
RECENT = 7 * 86_400 - 600
TOO_OLD = "the search reaches back seven days"
_STATE = ("unread", "deferred")


class Stretch(msgspec.Struct, frozen=True, omit_defaults=True):
    """Unread posts: written from ``since`` on (UTC seconds), or with an id above ``after`` where
    that is known, and with one below ``before``. ``posts`` is how many they were counted to be."""

    since: int
    after: str | None = None
    before: str | None = None
    posts: int | None = None


class Reading(msgspec.Struct, frozen=True):
    """Where the reading of a place stands.

    Everything from ``begin`` to ``end`` (UTC seconds) has been read, up to the post ``newest``, but
    for the ``stretches``, of which the last is being read, and those ``deferred``. ``token`` is X's
    mark of the next page, ``passed`` those before it, ``low`` the oldest post that came of the
    stretch; ``counted`` are the posts of a count that has more pages. ``answers`` counts those of
    the run.
    """

    begin: int
    end: int
    newest: str | None = None
    stretches: tuple[Stretch, ...] = ()
    deferred: tuple[Stretch, ...] = ()
    token: str | None = None
    passed: tuple[str, ...] = ()
    low: str | None = None
    counted: int = 0
    answers: int = 0


class Hole(msgspec.Struct, frozen=True):
    """Time (UTC seconds) of which the platform will not give the posts, or not for this money."""

    start: int
    end: int
    reason: str


def first_id(at: float) -> int:
    """The lowest id that a post written at ``at`` (UTC seconds) can have."""
    return max(0, int(at * 1_000) - EPOCH_MILLISECONDS) << 22


def begin(cursor: Cursor | None, query: Query, overlap: int) -> Reading:
    """A run from the durable ``cursor``: first what is new, then what was left."""
    if cursor is None:
        return Reading(query.since, query.now, stretches=(Stretch(query.since),))
    end, read_from = (int(cursor.state[name]) for name in ("end", "begin"))
    left, deferred = (
        msgspec.json.decode(cursor.state.get(name, "[]"), type=tuple[Stretch, ...])
        for name in _STATE
    )
    earlier: tuple[Stretch, ...] = ()
    if query.since < read_from:
        earlier = (Stretch(query.since, before=str(first_id(read_from))),)
    # The clock may have been put back.
    since = max(query.since, min(end, query.now) - overlap)
    newest = Stretch(since, after=_lowered(cursor.forward, overlap))
    unread = tuple(each for each in (*earlier, *left) if not _is_empty(each))
    return Reading(
        min(read_from, query.since), max(end, query.now), cursor.forward, (*unread, newest),
        deferred,
    )  # fmt: skip


def resumed(reading: Reading, affords: Callable[[int], bool]) -> Reading:
    """With those stretches that were put off and can be paid for now, the latest first."""
    now_read: list[Stretch] = []
    posts = 0
    for stretch in sorted(reading.deferred, key=lambda each: -each.since):
        if affords(posts + (stretch.posts or 0)):
            posts += stretch.posts or 0
            now_read.append(stretch)
    left = tuple(each for each in reading.deferred if each not in now_read)
    return msgspec.structs.replace(
        reading, stretches=(*reversed(now_read), *reading.stretches), deferred=left
    )


def within_reach(reading: Reading, now: int, reach: int | None) -> tuple[Reading, tuple[Hole, ...]]:
    """Without what the search reaches back to no more; ``reach`` in seconds, ``None`` for all."""
    if reach is None:
        return reading, ()
    bound = now - reach
    kept: list[Stretch] = []
    holes: list[Hole] = []
    for stretch in reading.stretches:
        if stretch.since < bound:
            end = _end(stretch, now)
            holes.append(Hole(stretch.since, min(bound, end), TOO_OLD))
            if end <= bound:
                continue
            stretch = msgspec.structs.replace(stretch, since=bound)
        if stretch.after is not None and _time(stretch.after) < bound:
            stretch = msgspec.structs.replace(stretch, after=None)
        kept.append(stretch)
    return msgspec.structs.replace(reading, stretches=tuple(kept)), tuple(holes)


def is_to_be_counted(reading: Reading, now: int) -> bool:
    """Whether the stretch to be read is long, and not counted yet."""
    if not reading.stretches or reading.low is not None:
        return False
    stretch = reading.stretches[-1]
    return stretch.posts is None and _end(stretch, now) - _start(stretch) > LONG


def is_old(reading: Reading, now: int) -> bool:
    """Whether the stretch to be read goes back beyond the search of the last days."""
    return _start(reading.stretches[-1]) < now - RECENT


def bounds(reading: Reading, now: int) -> dict[str, str]:
    """The parameters that say which posts are to be read, the same for all pages of a stretch."""
    stretch = reading.stretches[-1]
    asked: dict[str, str] = {}
    if stretch.after is not None:
        asked["since_id"] = stretch.after
    else:
        asked["start_time"] = iso_of(min(stretch.since, now - 60) * 1_000)
    if stretch.before is not None:
        asked["until_id"] = stretch.before
    if reading.token is not None:
        asked["next_token"] = reading.token
    return asked


def counted(
    reading: Reading, posts: int, token: str | None, affords: Callable[[int], bool], now: int
) -> tuple[Reading, Hole | None]:
    """What a page of the count of the stretch leads to."""
    total = reading.counted + posts
    here = msgspec.structs.replace(reading, counted=total, answers=reading.answers + 1)
    if token is not None and token not in (reading.token, *reading.passed):
        passed = reading.passed if reading.token is None else (*reading.passed, reading.token)
        return msgspec.structs.replace(here, token=token, passed=passed), None
    here = msgspec.structs.replace(here, token=None, passed=(), counted=0)
    if affords(total):
        known = msgspec.structs.replace(here.stretches[-1], posts=total)
        return msgspec.structs.replace(here, stretches=(*here.stretches[:-1], known)), None
    return put_off(here, total, now)


def put_off(reading: Reading, posts: int | None, now: int) -> tuple[Reading, Hole]:
    """The stretch, which has so many ``posts`` if they were counted, is not read now, but for what
    it has of the last hour."""
    stretch = reading.stretches[-1]
    latest = now - LONG
    rest: tuple[Stretch, ...] = ()
    old = msgspec.structs.replace(stretch, posts=posts)
    if stretch.before is None:
        rest = (Stretch(latest),)
        old = msgspec.structs.replace(old, before=str(first_id(latest)))
    hole = Hole(_start(stretch), min(_end(old, now), now), UNAFFORDED)
    return msgspec.structs.replace(
        reading,
        stretches=(*reading.stretches[:-1], *rest),
        deferred=(*reading.deferred, old),
        token=None, passed=(), counted=0, answers=reading.answers + 1,
    ), hole  # fmt: skip


def advance(
    reading: Reading, newest: str | None, oldest: str | None, token: str | None
) -> tuple[Reading, Hole | None]:
    """What a page leads to: the ids of its newest and oldest post, and X's mark of the next."""
    here = msgspec.structs.replace(
        reading,
        newest=_greater(reading.newest, newest),
        low=_lesser(reading.low, oldest),
        answers=reading.answers + 1,
    )
    if token is None:
        return _finished(here), None
    if token in (reading.token, *reading.passed):
        return _broken(here, "the search repeats its pages")
    passed = reading.passed if reading.token is None else (*reading.passed, reading.token)
    return msgspec.structs.replace(here, token=token, passed=passed), None


def refused(reading: Reading) -> tuple[Reading, Hole | None] | None:
    """Where to go on when X refuses its mark of the next page, or an older stretch; ``None`` where
    it must have been the question itself."""
    counted_up = msgspec.structs.replace(reading, answers=reading.answers + 1, counted=0)
    stretch = reading.stretches[-1]
    if reading.token is None:
        if stretch.before is None:
            return None
        start = _start(stretch)
        end = max(start, _end(stretch, reading.end))
        return _finished(counted_up), Hole(start, end, "the search refuses this time")
    if reading.low is None:  # it was a count
        return msgspec.structs.replace(counted_up, token=None, passed=()), None
    return _broken(counted_up, "the search ends here")


def durable(reading: Reading) -> Cursor:
    """What to keep of it."""
    stretches = reading.stretches
    if stretches and reading.low is not None:
        stretches = (*stretches[:-1], _rest(reading))
    # The next run reads anew from ``end`` on.
    stretches = tuple(
        each
        if each.before is not None
        else msgspec.structs.replace(each, before=str(first_id(reading.end)))
        for each in stretches
    )
    state = {
        "begin": str(reading.begin),
        "end": str(reading.end),
        "answers": str(reading.answers),
    }
    for name, kept in zip(_STATE, (stretches, reading.deferred), strict=True):
        if kept:
            state[name] = msgspec.json.encode(kept).decode()
    if not stretches:
        return Cursor(reading.newest, "", not reading.deferred, state)
    state[UNREAD_FROM] = str(min(_start(stretch) for stretch in stretches))
    return Cursor(reading.newest, stretches[-1].before or "", False, state)


def _rest(reading: Reading) -> Stretch:
    """What is left of the stretch being read, below what has come of it."""
    stretch = reading.stretches[-1]
    return msgspec.structs.replace(stretch, before=_lesser(stretch.before, reading.low))


def _finished(reading: Reading) -> Reading:
    return msgspec.structs.replace(
        reading, stretches=reading.stretches[:-1], token=None, passed=(), low=None
    )


def _broken(reading: Reading, reason: str) -> tuple[Reading, Hole | None]:
    """The search leads no further: begun again where that helps, else the rest is a hole."""
    stretch, rest = reading.stretches[-1], _rest(reading)
    again = msgspec.structs.replace(
        reading, stretches=(*reading.stretches[:-1], rest), token=None, passed=(), low=None
    )
    if rest != stretch:
        return again, None
    start = _start(stretch)
    return _finished(reading), Hole(start, max(start, _end(stretch, reading.end)), reason)


def _is_empty(stretch: Stretch) -> bool:
    """Whether no post can lie in it: X refuses to look."""
    if stretch.before is None:
        return False
    lowest = max(first_id(stretch.since) - 1, int(stretch.after or 0))
    return int(stretch.before) <= lowest + 1


def _start(stretch: Stretch) -> int:
    return stretch.since if stretch.after is None else max(stretch.since, _time(stretch.after))


def _end(stretch: Stretch, now: int) -> int:
    return now if stretch.before is None else min(now, _time(stretch.before))


def _time(identifier: str) -> int:
    """When a post was written; ids from before snowflakes are older than all that is asked for."""
    return snowflake_time(identifier) or 0


def _lowered(identifier: str | None, overlap: int) -> str | None:
    """The id of so many seconds before a post."""
    if identifier is None:
        return None
    return str(max(0, int(identifier) - (overlap * 1_000 << 22)))


def _greater(one: str | None, other: str | None) -> str | None:
    known = [each for each in (one, other) if each is not None]
    return max(known, key=int, default=None)


def _lesser(one: str | None, other: str | None) -> str | None:
    known = [each for each in (one, other) if each is not None]
    return min(known, key=int, default=None)
