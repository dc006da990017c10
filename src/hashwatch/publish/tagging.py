"""Tags for batches of posts: language, sentiment, themes, sessions. Pure, and the same every time.

Texts that were seen before are not looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.language import LanguageDetector
from hashwatch.enrich.sentiment import load_annotator
from hashwatch.enrich.session import SessionAnnotator
from hashwatch.enrich.theme import ThemeAnnotator
from hashwatch.model import Assignment, Event, Sentiment

REMEMBERED_TEXTS = 200_000


class Words(msgspec.Struct, frozen=True, gc=False):
    """What depends on a text alone: its language and its tone."""

    language: str
    sentiment: Sentiment | None


class Tagger:
    """Annotates the posts of a fixed set of events.

    ``annotator`` is the name of the sentiment annotator; empty tags nothing, and takes languages
    as platforms declare them.
    """

    def __init__(self, events: Sequence[Event], annotator: str) -> None:
        languages = dict.fromkeys(code for event in events for code in event.languages)
        self._detector = LanguageDetector(tuple(languages)) if annotator else None
        self._sentiment = load_annotator(annotator) if annotator else None
        self._tags = bool(annotator)
        self._themes = [ThemeAnnotator(event.themes) for event in events]
        self._sessions = [SessionAnnotator(event) for event in events]
        self._remembered: dict[tuple[str, str | None], Words] = {}

    @property
    def sentiment_name(self) -> str:
        """Name and version of the sentiment annotator."""
        if self._sentiment is None:
            return "none"
        return f"{self._sentiment.name} {self._sentiment.version}"

    @property
    def words_version(self) -> str:
        """What a text's language and tone depend on."""
        if self._detector is None:
            return "none"
        return f"{self._detector.name} {self._detector.version}, {self.sentiment_name}"

    def theme_version(self, event: int) -> tuple[str, str]:
        """Name and version of an event's theme annotator."""
        return self._themes[event].name, self._themes[event].version

    def session_version(self, event: int) -> tuple[str, str]:
        """Name and version of an event's session annotator."""
        return self._sessions[event].name, self._sessions[event].version

    def words(
        self, texts: Sequence[tuple[str, str | None]], known: Mapping[tuple[str, str | None], Words]
    ) -> list[Words]:
        """Language and tone of texts with their declared languages; ``known`` is taken over."""
        remembered = self._remembered
        if len(remembered) > REMEMBERED_TEXTS:
            remembered.clear()
        for text in texts:
            if text not in remembered and text in known:
                remembered[text] = known[text]
        fresh = list(dict.fromkeys(text for text in texts if text not in remembered))
        if fresh:
            remembered.update(zip(fresh, self._annotate(fresh), strict=True))
        return [remembered[text] for text in texts]

    def themes(self, event: int, texts: Sequence[str]) -> list[tuple[Assignment, ...]]:
        """Themes (by name) of texts in an event."""
        return self._themes[event].annotate(texts) if self._tags else [()] * len(texts)

    def sessions(self, event: int, candidates: Sequence[Candidate]) -> list[Assignment | None]:
        """Session (by code) of posts in an event."""
        if not self._tags:
            return [None] * len(candidates)
        return self._sessions[event].annotate(candidates)

    def _annotate(self, texts: Sequence[tuple[str, str | None]]) -> list[Words]:
        if self._detector is None or self._sentiment is None:
            return [Words(declared or "und", None) for _, declared in texts]
        plain = [text for text, _ in texts]
        languages = self._detector.detect(plain, [declared for _, declared in texts])
        tones = self._sentiment.annotate(plain, languages)
        return [Words(language, tone) for language, tone in zip(languages, tones, strict=True)]
