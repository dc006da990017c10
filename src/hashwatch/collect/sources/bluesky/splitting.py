"""Which part of a search to ask for next, and what the answer means. Pure.

A search gives the newest first, page by page by a cursor that lives only as long as the search, and
dies near 10,000 results. So what is durable is time: the stretches that are still unread. A search
that has come far, or broke off, is begun again below what it gave; one that says it is at its end
is asked once more whether there is anything below.

The order was that of time in all recorded answers, but nobody promises it: a search is begun again
from the latest post of the last page, and that page read twice.
"""

from __future__ import annotations

import msgspec

from hashwatch.collect.source import UNREAD_FROM, Query
from hashwatch.collect.times import iso_of
from hashwatch.model import Cursor

PAGE_SIZE = 100
# A search is begun anew after so many results: half of what it is good for.
FAR = 5_000
_STATE = "unread"


class Stretch(msgspec.Struct, frozen=True):
    """Unread time: from ``since`` (UTC seconds) to before ``until`` (milliseconds; now if open)."""

    since: int
    until: int | None = None


class Reading(msgspec.Struct, frozen=True):
    """Where the reading of a hashtag stands.

    Everything from ``begin`` to ``end`` (UTC seconds) has been read but for the ``stretches``, of
    which the last is being read: ``page`` is the platform's cursor, ``passed`` those before it,
    ``results`` what this search has given; it would be begun again at ``mark``, the latest post of
    the last page, or else at ``low``, its earliest. ``answers`` counts those of the run.
    """

    begin: int
    end: int
    stretches: tuple[Stretch, ...] = ()
    page: str | None = None
    passed: tuple[str, ...] = ()
    results: int = 0
    mark: int | None = None
    low: int | None = None
    answers: int = 0


class Hole(msgspec.Struct, frozen=True):
    """Time (UTC seconds) of which the platform will not give the posts."""

    start: int
    end: int
    reason: str


def begin(cursor: Cursor | None, query: Query, overlap: int) -> Reading:
    """A run from the durable ``cursor``: first what is new, then what was left."""
    if cursor is None or cursor.forward is None:
        return Reading(query.since, query.now, (Stretch(query.since),))
    end = int(cursor.forward)
    read_from = int(cursor.state.get("begin", query.since))
    left = msgspec.json.decode(cursor.state.get(_STATE, "[]"), type=tuple[Stretch, ...])
    earlier = (Stretch(query.since, read_from * 1_000),) if query.since < read_from else ()
    newest = Stretch(max(query.since, end - overlap))
    if query.now < end:  # the clock was put back
        newest = Stretch(max(query.since, query.now - overlap))
    return Reading(min(read_from, query.since), max(end, query.now), (*earlier, *left, newest))


def parameters(reading: Reading, words: str) -> dict[str, str | int]:
    """What to ask for: a page of the last stretch."""
    stretch = reading.stretches[-1]
    asked: dict[str, str | int] = {"q": words, "sort": "latest", "limit": PAGE_SIZE}
    asked["since"] = iso_of(stretch.since * 1_000)
    if stretch.until is not None:
        asked["until"] = iso_of(stretch.until)
    if reading.page is not None:
        asked["cursor"] = reading.page
    return asked


def advance(
    reading: Reading, times: tuple[int, ...], count: int, page: str | None
) -> tuple[Reading, Hole | None]:
    """What an answer leads to: ``times`` (milliseconds) of its posts, ``count`` of them in all,
    and the cursor of the next page, if it gave one."""
    results = reading.results + count
    here = msgspec.structs.replace(
        reading,
        results=results,
        answers=reading.answers + 1,
        mark=max(times) + 1 if times else reading.mark,
        low=min(times) + 1 if times else reading.low,
    )
    if times and max(times) < reading.stretches[-1].since * 1_000:
        return _finished(here), None
    if page is None:
        onward = _again(here) if results >= PAGE_SIZE else None
        return onward or _finished(here), None
    if page in (reading.page, *reading.passed):
        return _broken(here, "the search repeats its pages")
    if results >= FAR:
        return _broken(here, "more posts in a moment than the search gives")
    passed = reading.passed if reading.page is None else (*reading.passed, reading.page)
    return msgspec.structs.replace(here, page=page, passed=passed), None


def refused(reading: Reading) -> tuple[Reading, Hole | None] | None:
    """Where to go on when the search's cursor is refused; ``None`` if it was not the cursor."""
    if reading.page is None:
        return None
    counted = msgspec.structs.replace(reading, answers=reading.answers + 1)
    return _broken(counted, "the search ends here")


def durable(reading: Reading) -> Cursor:
    """What to keep of it: times, never the platform's cursor."""
    stretches = reading.stretches
    if stretches and reading.mark is not None:
        stretches = (_again(reading) or reading).stretches
    state = {
        "begin": str(reading.begin),
        _STATE: msgspec.json.encode(stretches).decode(),
        "answers": str(reading.answers),
    }
    if not stretches:
        return Cursor(forward=str(reading.end), complete=True, state=state)
    state[UNREAD_FROM] = str(min(stretch.since for stretch in stretches))
    until = stretches[-1].until
    return Cursor(forward=str(reading.end), backward=str(until or ""), complete=False, state=state)


def _again(reading: Reading) -> Reading | None:
    """A new search below what this one has given; ``None`` where that would be the same one."""
    stretch = reading.stretches[-1]
    for until in (reading.mark, reading.low):
        if until is not None and (stretch.until is None or until < stretch.until):
            rest = Stretch(stretch.since, until)
            return Reading(
                reading.begin, reading.end, (*reading.stretches[:-1], rest), answers=reading.answers
            )
    return None


def _finished(reading: Reading) -> Reading:
    return Reading(reading.begin, reading.end, reading.stretches[:-1], answers=reading.answers)


def _broken(reading: Reading, reason: str) -> tuple[Reading, Hole | None]:
    """The search leads no further: begun again where that helps, else the rest is a hole."""
    onward = _again(reading)
    if onward is not None:
        return onward, None
    stretch = reading.stretches[-1]
    end = reading.end if stretch.until is None else -(-stretch.until // 1_000)
    return _finished(reading), Hole(stretch.since, max(stretch.since, end), reason)
