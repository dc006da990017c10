"""Who hides what: decisions that stand, applied to posts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hashwatch.archive.moderation import Standing
from hashwatch.archive.reading import ArchivedPost
from hashwatch.enrich.theme import ThemeAnnotator
from hashwatch.model import Event, Theme


class Terms:
    """Words and phrases that are kept off, matched as the terms of themes are."""

    def __init__(self, terms: Sequence[str]) -> None:
        self.terms = tuple(terms)
        self._annotator = ThemeAnnotator([Theme(name=term) for term in terms]) if terms else None

    def in_text(self, text: str) -> bool:
        """Whether one of them stands in ``text``."""
        return self._annotator is not None and bool(self._annotator.annotate([text])[0])


class Visibility:
    """What is hidden in each event (a place in the configured sequence)."""

    def __init__(self, events: Sequence[Event], standing: Mapping[str, Standing]) -> None:
        self._standing = [standing.get(event.slug, Standing()) for event in events]
        self._hidden = [
            Terms([one.ref for one in stands.all("term") if one.verdict == "hide"])
            for stands in self._standing
        ]
        self._decided = any(stands.rulings for stands in self._standing)

    def shown_in(self, post: ArchivedPost, events: Sequence[int]) -> tuple[int, ...]:
        """Those of a post's ``events`` in which nobody has hidden it.

        A boost shows its original's words: what hides those hides it too.
        """
        if not self._decided:
            return tuple(events)
        return tuple(event for event in events if not self._hides(post, event))

    def _hides(self, post: ArchivedPost, event: int) -> bool:
        stands = self._standing[event]
        return (
            stands.of("post", post.id) == "hide"
            or (post.original_id is not None and stands.of("post", post.original_id) == "hide")
            or stands.of("author", post.author_id) == "hide"
            or (
                post.original_author_id is not None
                and stands.of("author", post.original_author_id) == "hide"
            )
            or self._hidden[event].in_text(post.text or "")
        )
