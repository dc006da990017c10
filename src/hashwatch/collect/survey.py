"""What is in a file that would be imported: enough to see whether it is understood."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from hashwatch.model import Page, Reject, fold_hashtag

# So many places are named for each reason.
FIRST = 3
# So many hashtags and languages are named, the most frequent first.
MOST = 10

# What a reason says of its own row: quoted values, and figures.
_VALUE = re.compile(r"'[^']*'|\"[^\"]*\"|\S*\d\S*")


class Refusal(msgspec.Struct, frozen=True):
    """Rows refused for reasons alike: that of the first, how many, where the first few stand."""

    reason: str
    rows: int
    first: tuple[str, ...]


class Survey:
    """Counts what pages hold, as they pass by. Nothing is kept of a post."""

    def __init__(self) -> None:
        self.earliest: int | None = None
        self.latest: int | None = None
        self._hashtags: Counter[str] = Counter()
        self._spellings: dict[str, str] = {}
        self._languages: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._first: dict[str, list[Reject]] = {}

    def take(self, page: Page) -> None:
        """Counts one more page."""
        for post in page.posts:
            written = {fold_hashtag(hashtag): hashtag for hashtag in post.hashtags}
            self._hashtags.update(written.keys())
            for folded, hashtag in written.items():
                self._spellings.setdefault(folded, hashtag)
            self._languages[post.language or ""] += 1
            at = post.created_at
            self.earliest = at if self.earliest is None else min(at, self.earliest)
            self.latest = at if self.latest is None else max(at, self.latest)
        self._count(page.rejects)

    def _count(self, rejects: Sequence[Reject]) -> None:
        for reject in rejects:
            kind = _VALUE.sub("…", reject.reason)
            self._refused[kind] += 1
            first = self._first.setdefault(kind, [])
            if len(first) < FIRST:
                first.append(reject)

    @property
    def hashtags(self) -> list[tuple[str, int]]:
        """The most frequent hashtags as they were first written, and how many posts they are in."""
        return [(self._spellings[tag], count) for tag, count in self._hashtags.most_common(MOST)]

    @property
    def languages(self) -> list[tuple[str, int]]:
        """The languages that posts declare, and how many do; empty for those that declare none."""
        return self._languages.most_common(MOST)

    @property
    def refusals(self) -> list[Refusal]:
        """Why rows are refused, the most frequent reason first."""
        return [
            Refusal(
                self._first[kind][0].reason, rows, tuple(one.where for one in self._first[kind])
            )
            for kind, rows in self._refused.most_common()
        ]
