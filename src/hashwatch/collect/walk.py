"""Which page of a hashtag's timeline to ask for next, and what the answer means. Pure.

A timeline is a list by the server's ids, newest first, of which there is a page just above an id
(Mastodon's ``min_id``) and one just below it (``max_id``). Ids are opaque: which is newer is known
only from their order within an answer. They are given on arrival, but also dated back, so that a
post can appear below the newest one seen: each run starts again from a mark that was passed
``overlap`` seconds before the last look.

The first run takes the newest page and then fills back to the window's start, a page at a time.
Later runs first walk forward to the present, then go on filling back; while that lasts, every few
pages back there is a look at the present.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from hashwatch.collect.source import Query
from hashwatch.model import Cursor

_BACKWARD_TURNS = 5
_STATE = "walk"


class Seen(msgspec.Struct, frozen=True, gc=False):
    """One item of a page as paging needs it: the server's id and the claimed time, if readable."""

    id: str
    created_at: int | None


class Request(msgspec.Struct, frozen=True):
    """One page to ask for: the newest, or the one just above or below ``mark``."""

    direction: Literal["newest", "forward", "backward"]
    mark: str | None = None


class Hole(msgspec.Struct, frozen=True):
    """A stretch of time (UTC seconds) of which the server will not give the posts."""

    start: int
    end: int
    reason: str


class Advance(msgspec.Struct, frozen=True):
    """Where a page has led: the cursor to keep with it, and whether to ask again now."""

    cursor: Cursor | None
    more: bool
    hole: Hole | None = None


class _Mark(msgspec.Struct, frozen=True):
    """An id, and the moment at which everything up to it had been read."""

    id: str
    at: int


class _Trail(msgspec.Struct, frozen=True):
    """Finds a walk that goes in a circle, however long, without keeping its steps.

    Brent's method: the walk is compared with one of its earlier positions, which is moved up
    whenever the number of steps since then has doubled.
    """

    position: str
    steps: int = 0
    limit: int = 1

    def step(self, position: str) -> _Trail | None:
        """The trail one step on; ``None`` when it has been at ``position`` before."""
        if position == self.position:
            return None
        if self.steps + 1 == self.limit:
            return _Trail(position, 0, 2 * self.limit)
        return msgspec.structs.replace(self, steps=self.steps + 1)


class _Walk(msgspec.Struct, frozen=True):
    """What the cursor's ``state`` holds as JSON.

    ``looked`` is when the walk began that last came to the present, ``deep`` whether a whole
    overlap lies above the first mark, ``rising`` where a walk stands that has not arrived yet,
    ``began`` when that one began, perhaps in an earlier run (what it has passed it read then),
    ``filled_from`` the window's start when back-fill came to its end, ``turns`` counts pages back
    since the last look at the present, ``fullest`` is the most that one page has held: servers cap
    it as they like.
    """

    marks: tuple[_Mark, ...] = ()
    looked: int = 0
    deep: bool = False
    rising: str | None = None
    began: int | None = None
    up: _Trail | None = None
    down: _Trail | None = None
    filled_from: int | None = None
    turns: int = 0
    fullest: int = 0


def next_request(cursor: Cursor | None, query: Query, run_start: bool, overlap: int) -> Request:
    """The page to ask for from ``cursor``; at the start of a run the overlap is read again."""
    if cursor is None or cursor.forward is None:
        return Request("newest")
    walk = _walk_of(cursor)
    if walk.rising is not None:
        return Request("forward", walk.rising)
    if run_start:
        return Request("forward", _overlap_mark(walk, overlap, cursor.forward))
    if not _is_filled(walk, query) and walk.turns < _BACKWARD_TURNS:
        return Request("backward", cursor.backward)
    return Request("forward", cursor.forward)


def advance(
    cursor: Cursor | None, query: Query, request: Request, seen: tuple[Seen, ...], overlap: int
) -> Advance:
    """What ``seen``, the answer to ``request``, leads to."""
    if cursor is None or request.direction == "newest":
        return _begin(query, seen, overlap)
    if request.direction == "backward":
        return _go_back(cursor, query, request, seen, overlap)
    return _go_forward(cursor, query, request, seen, overlap)


def _begin(query: Query, seen: tuple[Seen, ...], overlap: int) -> Advance:
    if not seen:
        # Nothing to hold on to: the next run asks for the newest page again.
        return Advance(None, more=False)
    filled = _all_before(seen, query.since)
    walk = _Walk(
        marks=(_Mark(seen[-1].id, query.now),),
        looked=query.now,
        deep=_all_before(seen, query.now - overlap),
        filled_from=query.since if filled else None,
        fullest=len(seen),
    )
    return Advance(_cursor(seen[0].id, seen[-1].id, walk), more=not filled)


def _go_back(
    cursor: Cursor, query: Query, request: Request, seen: tuple[Seen, ...], overlap: int
) -> Advance:
    walk = _lowered(_fuller(_walk_of(cursor), seen), seen, overlap)
    filled = msgspec.structs.replace(walk, filled_from=query.since, down=None)
    if _nothing_but(request.mark, seen):
        # Below the oldest post late ones can still appear, as long as the first look is recent.
        settled = not walk.marks or walk.marks[0].at <= query.now - overlap
        end = filled if settled else msgspec.structs.replace(walk, down=None)
        return Advance(_cursor(cursor.forward, cursor.backward, end), more=False)
    last = seen[-1].id
    trail = (walk.down or _Trail(request.mark or "")).step(last)
    if trail is None:
        hole = Hole(query.since, _oldest(seen, query.now), "the server repeats its older pages")
        return Advance(_cursor(cursor.forward, cursor.backward, filled), more=False, hole=hole)
    if _all_before(seen, query.since):
        return Advance(_cursor(cursor.forward, last, filled), more=False)
    onward = msgspec.structs.replace(walk, down=trail, turns=walk.turns + 1)
    return Advance(_cursor(cursor.forward, last, onward), more=True)


def _go_forward(
    cursor: Cursor, query: Query, request: Request, seen: tuple[Seen, ...], overlap: int
) -> Advance:
    walk = _walk_of(cursor)
    if _nothing_but(request.mark, seen):
        return _arrive(cursor, query, walk, walk.rising or cursor.forward, overlap)
    newest = seen[0].id
    is_short = len(seen) < walk.fullest
    walk = _fuller(walk, seen)
    if newest == cursor.forward and is_short:
        return _arrive(cursor, query, walk, newest, overlap)
    trail = (walk.up or _Trail(request.mark or "")).step(newest)
    if trail is None:
        # A server that knows min_id gives nothing at or below it: this one always gives the newest.
        hole = None
        if cursor.forward not in {item.id for item in seen}:
            start = walk.marks[-1].at if walk.marks else query.since
            hole = Hole(start, _oldest(seen, query.now), "the server ignores min_id")
        return _arrive(cursor, query, walk, newest, overlap, hole)
    began = query.now if walk.rising is None else walk.began
    onward = msgspec.structs.replace(walk, rising=newest, began=began, up=trail)
    return Advance(_cursor(cursor.forward, cursor.backward, onward), more=True)


def _arrive(
    cursor: Cursor,
    query: Query,
    walk: _Walk,
    newest: str | None,
    overlap: int,
    hole: Hole | None = None,
) -> Advance:
    """The walk has come to the present: ``newest`` is the newest there is."""
    looked = query.now if walk.began is None else min(walk.began, query.now)
    marks = walk.marks
    if newest is not None:
        marks = _marked(walk.marks, _Mark(newest, query.now), looked, overlap)
    arrived = msgspec.structs.replace(
        walk, marks=marks, looked=looked, rising=None, began=None, up=None, turns=0
    )
    filled = _is_filled(walk, query)
    return Advance(_cursor(newest, cursor.backward, arrived, filled), not filled, hole)


def _marked(marks: tuple[_Mark, ...], mark: _Mark, looked: int, overlap: int) -> tuple[_Mark, ...]:
    """The marks that later runs may start from: the newest one old enough and a few after it."""
    kept = [_Mark(each.id, min(each.at, mark.at)) for each in marks]
    if not kept or (kept[-1].id != mark.id and mark.at - kept[-1].at >= overlap // 4):
        kept.append(mark)
    while len(kept) > 1 and kept[1].at <= looked - overlap:
        del kept[0]
    return tuple(kept)


def _fuller(walk: _Walk, seen: tuple[Seen, ...]) -> _Walk:
    if len(seen) <= walk.fullest:
        return walk
    return msgspec.structs.replace(walk, fullest=len(seen))


def _lowered(walk: _Walk, seen: tuple[Seen, ...], overlap: int) -> _Walk:
    """The first mark goes down with the first back-fill, until a whole overlap lies above it."""
    first = walk.marks[0] if walk.marks else None
    if first is None or not seen or walk.deep:
        return walk
    lower = (_Mark(seen[-1].id, first.at), *walk.marks[1:])
    return msgspec.structs.replace(walk, marks=lower, deep=_all_before(seen, first.at - overlap))


def _overlap_mark(walk: _Walk, overlap: int, otherwise: str) -> str:
    passed = [mark.id for mark in walk.marks if mark.at <= walk.looked - overlap]
    return passed[-1] if passed else walk.marks[0].id if walk.marks else otherwise


def _nothing_but(mark: str | None, seen: tuple[Seen, ...]) -> bool:
    """Whether the end is reached: some servers give the mark's own post once more."""
    return all(item.id == mark for item in seen)


def _all_before(seen: tuple[Seen, ...], since: int) -> bool:
    """Ids follow arrival, so that a single old post does not show that the window is behind."""
    times = [item.created_at for item in seen if item.created_at is not None]
    return bool(times) and max(times) < since


def _oldest(seen: tuple[Seen, ...], otherwise: int) -> int:
    return min((item.created_at for item in seen if item.created_at is not None), default=otherwise)


def _is_filled(walk: _Walk, query: Query) -> bool:
    """A window that now begins earlier is filled no longer."""
    return walk.filled_from is not None and walk.filled_from <= query.since


def _walk_of(cursor: Cursor) -> _Walk:
    return msgspec.json.decode(cursor.state.get(_STATE, "{}"), type=_Walk)


def _cursor(
    forward: str | None, backward: str | None, walk: _Walk, complete: bool | None = None
) -> Cursor:
    if complete is None:
        complete = walk.filled_from is not None
    return Cursor(forward, backward, complete, {_STATE: msgspec.json.encode(walk).decode()})
