"""Several hashtags in one request by ``any[]``: whether a server honours it, and which go together.

Mastodon takes four, one of them in the path, and answers with nothing at all when it has never seen
that one, whatever the others have. Takahē and GoToSocial ignore ``any[]``. Both would lose posts in
silence, so that a server is measured before it is relied upon. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hashwatch.collect.source import Query
from hashwatch.model import Cursor, Post, fold_hashtag

TOGETHER = 4
# So many hashtags are looked at in a measurement, and so long (seconds) it holds: a server may be
# replaced by another one. Where it could tell nothing it is soon made again.
_LOOKED_AT = 12
_HOLDS = 86_400
_AGAIN = 600
_STATE = "any"


class Learnt(msgspec.Struct, frozen=True):
    """What is known of a server: ``honours`` is ``None`` while nothing could be told.

    ``leaders`` are hashtags that it had posts of when it was ``asked`` about some, at ``at``.
    """

    honours: bool | None = None
    leaders: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    at: int = 0


def groups(hashtags: Sequence[str], learnt: Learnt) -> list[tuple[str, ...]]:
    """Which hashtags are asked for together; each by itself where that is not safe.

    The same hashtags always make the same groups, as a group has a cursor of its own.
    """
    if not learnt.honours:
        return [(hashtag,) for hashtag in hashtags]
    ordered = sorted(hashtags)
    made: list[tuple[str, ...]] = []
    for first in range(0, len(ordered), TOGETHER):
        group = tuple(ordered[first : first + TOGETHER])
        can_lead = any(hashtag in learnt.leaders for hashtag in group)
        made += [group] if can_lead else [(hashtag,) for hashtag in group]
    return made


def led(group: Sequence[str], learnt: Learnt) -> tuple[str, tuple[str, ...]]:
    """The hashtag for the path, one that the server has posts of, and the others."""
    leader = next((hashtag for hashtag in group if hashtag in learnt.leaders), group[0])
    return leader, tuple(hashtag for hashtag in group if hashtag != leader)


def to_ask(learnt: Learnt, query: Query) -> tuple[str, ...]:
    """The hashtags to measure with; none while what is known will do."""
    asked = query.hashtags[:_LOOKED_AT]
    if len(asked) < 2:
        return ()
    holds = _AGAIN if learnt.honours is None else _HOLDS
    is_fresh = 0 <= query.now - learnt.at < holds and set(asked) <= set(learnt.asked)
    return () if is_fresh else asked


def telling_pair(pages: Mapping[str, Sequence[Post]]) -> tuple[str, str] | None:
    """A hashtag with posts, and another with some that do not carry the first."""
    for leader, posts in pages.items():
        for other in pages if posts else ():
            if other != leader and _without(leader, pages[other]):
                return leader, other
    return None


def shows(posts: Sequence[Post], leader: str) -> bool:
    """Whether an answer to ``leader`` with ``any[]`` holds posts of the other hashtag alone."""
    return _without(leader, posts)


def learn(pages: Mapping[str, Sequence[Post]], honours: bool | None, at: int) -> Learnt:
    """What a measurement showed."""
    leaders = tuple(hashtag for hashtag, posts in pages.items() if posts)
    return Learnt(honours, leaders, tuple(pages), at)


def read_learnt(remembered: Cursor | None) -> Learnt:
    """What :func:`to_remember` made."""
    if remembered is None:
        return Learnt()
    return msgspec.json.decode(remembered.state.get(_STATE, "{}"), type=Learnt)


def to_remember(learnt: Learnt) -> Cursor:
    """In the form that the archive keeps."""
    return Cursor(state={_STATE: msgspec.json.encode(learnt).decode()})


def _without(hashtag: str, posts: Sequence[Post]) -> bool:
    return any(hashtag not in map(fold_hashtag, post.hashtags) for post in posts)
