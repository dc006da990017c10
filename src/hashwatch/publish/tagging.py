"""Tags for batches of posts: language, sentiment, themes, sessions. Pure, and the same every time.

Texts that were seen before are not looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.language import LanguageDetector
from hashwatch.enrich.question import Question, QuestionAnnotator
from hashwatch.enrich.sentiment import load_annotator
from hashwatch.enrich.session import SessionAnnotator
from hashwatch.enrich.similar import SessionSimilarity
from hashwatch.enrich.theme import ThemeAnnotator
from hashwatch.errors import ConfigError
from hashwatch.model import Assignment, Event, Sentiment

REMEMBERED_TEXTS = 200_000

TextKey = tuple[str, str | None]
"""A text and the language that its platform declared."""


class Words(msgspec.Struct, frozen=True, gc=False):
    """What depends on a text alone: its language and its tone."""

    language: str
    sentiment: Sentiment | None


@lru_cache(maxsize=1_024)
def _as_declared(language: str | None) -> Words:
    return Words(language or "und", None)


class WordsTagger:
    """Finds the language and the tone of texts.

    ``languages`` are those of all events; ``annotator`` is the name of the sentiment annotator,
    empty to look at nothing and take languages as platforms declare them. Raises ``ConfigError``
    for an annotator that is not there.
    """

    def __init__(self, languages: Sequence[str], annotator: str) -> None:
        self._detector = LanguageDetector(languages) if annotator else None
        try:
            self._sentiment = load_annotator(annotator) if annotator else None
        except ValueError as error:
            raise ConfigError([f"sentiment.annotator: {error}"]) from error
        self._remembered: dict[TextKey, Words] = {}

    @property
    def sentiment_name(self) -> str:
        """Name and version of the sentiment annotator."""
        return f"{self._sentiment.name} {self._sentiment.version}" if self._sentiment else "none"

    @property
    def version(self) -> str:
        """Names every annotator and its version: when it changes, texts are looked at again."""
        if self._detector is None:
            return "none"
        detector = self._detector
        return f"{detector.name} {detector.version}, {self.sentiment_name}"

    def words(self, texts: Sequence[TextKey], known: Mapping[TextKey, Words]) -> list[Words]:
        """Language and tone of each text; what ``known`` holds is taken over."""
        if self._detector is None:
            return [_as_declared(declared) for _, declared in texts]
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

    def _annotate(self, texts: Sequence[TextKey]) -> list[Words]:
        assert self._detector is not None
        assert self._sentiment is not None
        plain = [text for text, _ in texts]
        languages = self._detector.detect(plain, [declared for _, declared in texts])
        tones = self._sentiment.annotate(plain, languages)
        return [Words(language, tone) for language, tone in zip(languages, tones, strict=True)]


class Tagger:
    """Annotates the posts of a fixed set of events.

    An empty ``annotator`` tags nothing: ``tags`` is then false, and themes and sessions are not to
    be asked for.
    """

    def __init__(self, events: Sequence[Event], annotator: str) -> None:
        self.tags = bool(annotator)
        self._words = WordsTagger(languages_of(events), annotator)
        self._themes = [ThemeAnnotator(event.themes) for event in events]
        across = annotator == "best"  # its extra has the encoder
        self._sessions = [
            SessionAnnotator(event, SessionSimilarity(event) if across and event.sessions else None)
            for event in events
        ]
        self._questions = [
            QuestionAnnotator(
                [speaker for session in event.sessions for speaker in session.speakers],
                event.accounts,
            )
            for event in events
        ]
        self._places = {event.slug: place for place, event in enumerate(events)}
        self._keys = {
            "theme": [{theme.name for theme in event.themes} for event in events],
            "session": [{session.code for session in event.sessions} for event in events],
        }
        self._renamed = [
            {former: theme.name for theme in event.themes for former in theme.former}
            for event in events
        ]

    @property
    def sentiment_name(self) -> str:
        """Name and version of the sentiment annotator."""
        return self._words.sentiment_name

    @property
    def words_version(self) -> str:
        """What a text's language and tone depend on."""
        return self._words.version

    def theme_version(self, event: int) -> tuple[str, str]:
        """Name and version of an event's theme annotator."""
        return self._themes[event].name, self._themes[event].version

    def session_version(self, event: int) -> tuple[str, str]:
        """Name and version of an event's session annotator."""
        return self._sessions[event].name, self._sessions[event].version

    def question_version(self, event: int) -> tuple[str, str]:
        """Name and version of what finds an event's questions."""
        return self._questions[event].name, self._questions[event].version

    def event_of(self, slug: str) -> int | None:
        """An event's place in the configured sequence."""
        return self._places.get(slug)

    def called_now(self, field: str, event: int, key: str) -> str:
        """What somebody meant who named a theme before it was renamed; anything else as it is."""
        if field != "theme" or key in self._keys[field][event]:
            return key
        return self._renamed[event].get(key, key)

    def knows(self, field: str, event: int, key: str) -> bool:
        """Whether an event has that theme (by name) or session (by code); none at all is known."""
        return field == "sentiment" or not key or key in self._keys[field][event]

    def words(self, texts: Sequence[TextKey], known: Mapping[TextKey, Words]) -> list[Words]:
        """See `WordsTagger.words`."""
        return self._words.words(texts, known)

    def themes(self, event: int, texts: Sequence[str]) -> list[tuple[Assignment, ...]]:
        """Themes (by name) of texts in an event."""
        return self._themes[event].annotate(texts)

    def questions(
        self, event: int, texts: Sequence[str], languages: Sequence[str]
    ) -> list[Question | None]:
        """What texts ask in an event."""
        return self._questions[event].annotate(texts, languages)

    def sessions(self, event: int, candidates: Sequence[Candidate]) -> list[Assignment | None]:
        """Session (by code) of posts in an event."""
        return self._sessions[event].annotate(candidates)


def languages_of(events: Sequence[Event]) -> tuple[str, ...]:
    """The languages of all events, each once, in order."""
    return tuple(dict.fromkeys(code for event in events for code in event.languages))
