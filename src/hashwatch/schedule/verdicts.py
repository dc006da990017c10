"""What a trial of a source amounts to, in a word or two. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeVar

from hashwatch.errors import (
    BadAnswerError,
    DeniedError,
    NotFoundError,
    RateLimitedError,
    SourceError,
)
from hashwatch.model import Page

Verdict = Literal[
    "", "collects", "needs a token", "blocked", "sees too little", "rate-limited", "unreachable",
    "unusable",
]  # fmt: skip
# Servers are compared where together they show so many posts; one that shows less than this share
# of them sees too little.
COMPARED = 10
SHARE = 0.5
# No server gives less than this where it has more: a shorter page is all there is.
FULL = 20

Key = TypeVar("Key")


def verdict_on(error: SourceError | None) -> Verdict:
    """What a platform's refusal means; without one, it collects."""
    if error is None:
        return "collects"
    if isinstance(error, DeniedError):
        return "needs a token" if error.wants_token else "blocked"
    if isinstance(error, RateLimitedError):
        return "rate-limited"
    return "unusable" if isinstance(error, (BadAnswerError, NotFoundError)) else "unreachable"


def too_little(pages: Mapping[Key, Page]) -> dict[Key, str]:
    """Which of several servers show too little of a hashtag, and in what words.

    Only the stretch of time is compared that all of the first pages reach back to.
    """
    start = max(
        (
            min(post.created_at for post in page.posts)
            for page in pages.values()
            if page.more and len(page.posts) >= FULL
        ),
        default=0,
    )
    shown = {
        key: {post.uri for post in page.posts if post.created_at >= start}
        for key, page in pages.items()
    }
    together = set().union(*shown.values())
    if len(pages) < 2 or len(together) < COMPARED:
        return {}
    return {
        key: f"shows {len(uris)} of the {len(together)} latest posts that the servers show together"
        for key, uris in shown.items()
        if len(uris) < SHARE * len(together)
    }
