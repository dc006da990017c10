"""Which posts' time is over: those that no event keeps any longer."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from hashwatch.archive import reading
from hashwatch.archive.identity import TIE_BREAK_BITS
from hashwatch.archive.reading import ArchivedPost
from hashwatch.model import Event, fold_hashtag
from hashwatch.publish.membership import Membership

SLICE = 5_000


def is_over(event: Event, now: float) -> bool:
    """Whether an event's posts are no longer to be kept."""
    return event.keep_until is not None and now >= event.keep_until


def expired_posts(archive: sqlite3.Connection, events: Sequence[Event], now: float) -> list[int]:
    """The posts that belong to events which are over, and to none that is not.

    Replies that are an event's only because of what they answer go with that. Posts of no event at
    all are left alone: they belong to one that the configuration no longer has.
    """
    over = {number for number, event in enumerate(events) if is_over(event, now)}
    if not over:
        return []
    membership = Membership(events)
    expired: dict[int, str] = {}
    kept: set[str] = set()
    unclaimed: list[ArchivedPost] = []
    # An import may hold posts from outside of every window.
    windows = [(events[number].collect_from, events[number].collect_until) for number in over]
    first = min(start for start, _ in windows) << TIE_BREAK_BITS
    last = max(end for _, end in windows) << TIE_BREAK_BITS
    slugs = [events[number].slug for number in over]
    with reading.snapshot(archive):
        for posts in _candidates(archive, first, last, slugs):
            handles = {
                author.id: author.handle
                for author in reading.authors_by_id(archive, [post.author_id for post in posts])
            }
            for post in posts:
                found = membership.of(
                    post, [fold_hashtag(one) for one in post.detail.hashtags],
                    handles.get(post.author_id, ""), post.detail.mentions,
                )  # fmt: skip
                if not found:
                    unclaimed.append(post)
                elif set(found) <= over:
                    expired[post.id] = post.uri
                else:
                    kept.add(post.uri)
    gone = set(expired.values())
    for post in sorted(unclaimed, key=lambda one: one.id):
        about = post.boost_of or post.reply_to
        if about in gone and about not in kept:
            expired[post.id] = post.uri
            gone.add(post.uri)
    return sorted(expired)


def _candidates(
    archive: sqlite3.Connection, first: int, last: int, slugs: Sequence[str]
) -> list[list[ArchivedPost]]:
    found = [
        [post for post in reading.posts_between(archive, low, high) if first <= post.id <= last]
        for low, high in reading.id_slices(archive, SLICE)
        if low <= last and high >= first
    ]
    imported = [
        number for number in reading.imported_into(archive, slugs) if not first <= number <= last
    ]
    return [*found, reading.posts_by_id(archive, imported)] if imported else found
