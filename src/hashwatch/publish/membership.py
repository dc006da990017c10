"""Which events a post belongs to. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from hashwatch.archive.reading import ArchivedPost
from hashwatch.model import Event, fold_account, fold_hashtag


class Membership:
    """Matches posts with events, by hashtag, account, and what an import said.

    A post joins an event by one of its hashtags or by mentioning or being by one of its accounts,
    if it was written within the event's collection window. Posts that an import put into an event
    belong to it whenever they were written.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self._windows = [(event.collect_from, event.collect_until) for event in events]
        self._slugs = {event.slug: number for number, event in enumerate(events)}
        self._by_hashtag: dict[str, list[int]] = {}
        self._by_account: dict[str, list[int]] = {}
        for number, event in enumerate(events):
            for hashtag in event.hashtags:
                self._by_hashtag.setdefault(fold_hashtag(hashtag), []).append(number)
            for account in event.accounts:
                self._by_account.setdefault(fold_account(account), []).append(number)

    def of(
        self, post: ArchivedPost, hashtags: Sequence[str], author: str, mentions: Sequence[str]
    ) -> tuple[int, ...]:
        """Places (in the sequence of events) of a post's events, in order.

        ``hashtags`` are the post's, folded; ``author`` is its author's handle and ``mentions``
        those it names, as written.
        """
        windows, at = self._windows, post.created_at
        found = [
            number
            for number in self._candidates(hashtags, author, mentions)
            if windows[number][0] <= at < windows[number][1]
        ]
        found += [self._slugs[slug] for slug in post.forced_events if slug in self._slugs]
        return tuple(sorted(set(found))) if len(found) > 1 else tuple(found)

    def _candidates(
        self, hashtags: Sequence[str], author: str, mentions: Sequence[str]
    ) -> set[int]:
        by_hashtag, found = self._by_hashtag, set()
        for hashtag in hashtags:
            if hashtag in by_hashtag:
                found.update(by_hashtag[hashtag])
        if self._by_account:
            for handle in map(fold_account, (author, *mentions)):
                found.update(self._by_account.get(handle, ()))
                found.update(self._by_account.get(handle.partition("@")[0], ()))
        return found
