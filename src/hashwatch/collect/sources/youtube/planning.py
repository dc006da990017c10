"""What to ask YouTube next about a hashtag, and what the answers lead to. Pure.

A run searches for videos, reads those that were found, goes on back to the start of the window as
far as the day's searches allow, and then reads new comments on the videos, those first that have
waited longest for their age.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hashwatch.collect.source import UNREAD_FROM, Query
from hashwatch.collect.sources.youtube.items import Found, Listed
from hashwatch.model import Cursor

VIDEOS_AT_ONCE = 50
MOST_VIDEOS = 500
# Requests for comments in one run; what is left waits for the next.
COMMENTS_A_RUN = 30
HOUR, DAY = 3_600, 86_400
# Seconds from one look at a video's comments to the next, by the video's age.
STEPS = ((DAY, HOUR), (3 * DAY, 6 * HOUR))
SELDOM = DAY
# Comments appear a little after they were written.
COMMENT_OVERLAP = 600
_STATE = "youtube"


class Video(msgspec.Struct, frozen=True):
    """A video whose comments are read.

    ``hashtags`` are those of the events that it carries, as written; ``read_until`` is up to when
    (UTC seconds) comments are read, 0 before the first time.
    """

    id: str
    published: int
    hashtags: tuple[str, ...] = ()
    read_until: int = 0


class Look(msgspec.Struct, frozen=True):
    """A search under way, begun at ``began``: what was published from ``until`` to ``before``
    (UTC seconds) is still to be found."""

    began: int
    until: int
    before: int


class Reading(msgspec.Struct, frozen=True):
    """Comments of a video under way: begun at ``began``, the token of the next page."""

    video: str
    began: int
    token: str = ""


class State(msgspec.Struct, frozen=True):
    """Where a hashtag stands.

    ``searched`` is up to when everything has been searched for and ``read_from`` since when, but
    for what ``back`` leaves; ``look`` is this run's search for what is new. ``found`` are videos
    not read yet, ``closed`` those without comments; ``searches`` and ``comments`` count the
    requests of this run.
    """

    read_from: int | None = None
    searched: int = 0
    look: Look | None = None
    back: Look | None = None
    found: tuple[str, ...] = ()
    videos: tuple[Video, ...] = ()
    reading: Reading | None = None
    searches: int = 0
    comments: int = 0
    closed: tuple[str, ...] = ()


class Search(msgspec.Struct, frozen=True):
    """Ask for videos published from ``since`` to ``before`` (UTC seconds)."""

    since: int
    before: int


class Details(msgspec.Struct, frozen=True):
    """Ask for these videos."""

    videos: tuple[str, ...]


class Comments(msgspec.Struct, frozen=True):
    """Ask for a page of a video's comments."""

    video: str
    token: str = ""


Step = Search | Details | Comments


def read_state(cursor: Cursor | None) -> State:
    """The state in a cursor."""
    return msgspec.json.decode(cursor.state.get(_STATE, "{}") if cursor else "{}", type=State)


def cursor_of(state: State, further: dict[str, str]) -> Cursor:
    """A state, and what else is to be remembered, as a cursor."""
    kept = {_STATE: msgspec.json.encode(state).decode(), **further}
    left = state.look or state.back
    if left is not None:
        kept[UNREAD_FROM] = str(left.until)
    return Cursor(str(state.searched) if state.searched else None, None, left is None, kept)


def begin_run(state: State, query: Query, overlap: int) -> State:
    """A run begins: it looks for what is new, the first time back to the window's start."""
    state = put_off(msgspec.structs.replace(state, searches=0, comments=0, reading=None))
    down_to = state.back.until if state.back else state.read_from
    if down_to is None or down_to > query.since:
        # The first time, or the window begins earlier now.
        state = msgspec.structs.replace(state, back=None)
        until = query.since
    else:
        until = max(query.since, min(state.searched, query.now) - overlap)
    return msgspec.structs.replace(state, look=Look(query.now, until, query.now))


def put_off(state: State) -> State:
    """What is left of the search for what is new is left for later, with what was left before."""
    look, back = state.look, state.back
    if look is None:
        return state
    if back is not None:
        look = Look(look.began, min(look.until, back.until), max(look.before, back.before))
    return msgspec.structs.replace(state, look=None, back=look, searched=look.began)


def next_step(state: State, now: int, *, comments: bool, further: bool) -> Step | None:
    """What to ask next; ``None`` when the run has come to its end.

    ``further`` allows searches that go on back, beside the run's first one.
    """
    if state.found:
        return Details(state.found[:VIDEOS_AT_ONCE])
    look = state.look or state.back
    if look is not None and (further or not state.searches):
        return Search(look.until, look.before)
    if not comments or state.comments >= COMMENTS_A_RUN:
        return None
    if state.reading is not None:
        return Comments(state.reading.video, state.reading.token)
    video = most_overdue(state.videos, now)
    return None if video is None else Comments(video.id)


def most_overdue(videos: Sequence[Video], now: int) -> Video | None:
    """The video whose comments have waited longest for its age, if one has waited long enough."""

    def lateness(video: Video) -> float:
        age = now - video.published
        wanted = next((seconds for oldest, seconds in STEPS if age < oldest), SELDOM)
        return (now - video.read_until) / wanted

    latest = max(videos, key=lateness, default=None)
    return latest if latest is not None and lateness(latest) >= 1.0 else None


def searched(state: State, found: Found) -> State:
    """After a search: what it found is to be read, and it goes on below, or is at its end."""
    look = state.look or state.back
    assert look is not None
    new = tuple(dict.fromkeys([*state.found, *(number for number, _ in found.videos)]))
    state = msgspec.structs.replace(state, found=new, searches=state.searches + 1)
    oldest = min((at for _, at in found.videos), default=None)
    if found.more and oldest is not None and oldest > look.until:
        # That second is asked for again, unless the whole page was of it.
        before = oldest if oldest < look.before else look.before - 1
        onward = Look(look.began, look.until, before)
        if state.look is not None:
            return msgspec.structs.replace(state, look=onward)
        return msgspec.structs.replace(state, back=onward)
    if state.look is None:
        return msgspec.structs.replace(state, back=None, read_from=look.until)
    state = msgspec.structs.replace(state, look=None, searched=look.began)
    if state.back is not None or (state.read_from or look.until) < look.until:
        return state
    return msgspec.structs.replace(state, read_from=look.until)


def detailed(state: State, asked: Sequence[str], kept: Sequence[Video]) -> State:
    """After videos were read: ``kept`` are those that carry the hashtag."""
    known = {video.id: video for video in state.videos}
    for video in kept:
        if video.id not in state.closed:
            before = known.get(video.id, video).read_until
            known[video.id] = msgspec.structs.replace(video, read_until=before)
    videos = sorted(known.values(), key=lambda video: video.published)[-MOST_VIDEOS:]
    left = tuple(number for number in state.found if number not in asked)
    return msgspec.structs.replace(state, found=left, videos=tuple(videos))


def commented(state: State, step: Comments, listed: Listed, now: int) -> State:
    """After a page of comments: to the next one, until those that were read before."""
    reading = state.reading or Reading(step.video, now)
    before = next((each.read_until for each in state.videos if each.id == step.video), 0)
    reached = listed.oldest is not None and listed.oldest < before - COMMENT_OVERLAP
    state = msgspec.structs.replace(state, comments=state.comments + 1)
    if listed.next_page and not reached and listed.next_page != step.token:
        onward = Reading(step.video, reading.began, listed.next_page)
        return msgspec.structs.replace(state, reading=onward)
    read = [
        msgspec.structs.replace(each, read_until=reading.began) if each.id == step.video else each
        for each in state.videos
    ]
    return msgspec.structs.replace(state, videos=tuple(read), reading=None)


def without(state: State, video: str) -> State:
    """A video whose comments cannot be read: it has none, or is gone."""
    return msgspec.structs.replace(
        state,
        videos=tuple(each for each in state.videos if each.id != video),
        closed=(*state.closed, video)[-MOST_VIDEOS:],
        comments=state.comments + 1,
        reading=None,
    )
