"""TextBlob's lexicon, the plain choice: English only, no negation of contractions, no emoji."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from importlib.metadata import version as package_version
from typing import Any

from hashwatch.model import Driver, Label, Sentiment

POSITIVE_FROM = 0.15
"""Polarity from which a post is positive. Any polarity below zero is negative.

Chosen for macro-recall on the labelled training posts (0.501; 0.487 for ±0.05), where TextBlob
leans towards positive.
"""

# How often the label was right on the training posts, by polarity: the upper edge of each band.
_BANDS = (-0.6, -0.3, -0.15, 0.0, 1e-9, POSITIVE_FROM, 0.3, 0.5, 0.8)
_RIGHT = (0.51, 0.40, 0.29, 0.24, 0.57, 0.51, 0.47, 0.63, 0.66, 0.76)

_NOT_WORDS = re.compile(r"(?:https?://|www\.)\S*|@\w[\w.@-]*")
_CONTENT = re.compile(r"[^\W_]|[^\x00-\u206f\s]|[:;=8][-']?[()DPp/|\[\]]|<3")


def has_content(text: str) -> bool:
    """Whether there is anything to have a tone: letters, digits, emoji, but not only links."""
    return _CONTENT.search(_NOT_WORDS.sub(" ", text)) is not None


class TextBlobAnnotator:
    """TextBlob's polarity with tuned thresholds; about 10,000 posts a second and core."""

    name = "textblob"
    languages = frozenset({"en"})

    def __init__(self) -> None:
        from textblob.en import sentiment

        self.version = f"{package_version('textblob')}-1"
        self._score: Any = sentiment
        # Its lexicon loads at the first call, and threads that race there get wrong polarities.
        sentiment("good")

    def annotate(self, texts: Sequence[str], languages: Sequence[str]) -> list[Sentiment | None]:
        """Tone of each English text; ``None`` for other languages and for text without words."""
        return [
            self._tone(text) if language == "en" and has_content(text) else None
            for text, language in zip(texts, languages, strict=True)
        ]

    def explain(self, text: str, language: str) -> tuple[Driver, ...]:
        """The words of TextBlob's lexicon that stand in ``text``, strongest first."""
        if language != "en" or not has_content(text):
            return ()
        drivers = []
        position = 0
        lowered = text.lower()
        for words, polarity, _subjectivity, _label in self._score(text).assessments:
            span = _span(lowered, words, position)
            if span is None or not polarity:
                continue
            start, end = span
            position = end
            drivers.append(Driver(start, end, text[start:end], round(polarity, 4)))
        return tuple(sorted(drivers, key=lambda driver: (-abs(driver.weight), driver.start)))

    def _tone(self, text: str) -> Sentiment:
        polarity = max(-1.0, min(1.0, float(self._score(text)[0])))
        label: Label = "neutral"
        if polarity >= POSITIVE_FROM:
            label = "positive"
        elif polarity < 0:
            label = "negative"
        return Sentiment(label, round(polarity, 4), _RIGHT[bisect_right(_BANDS, polarity)])


def _span(lowered: str, words: Sequence[str], position: int) -> tuple[int, int] | None:
    """Where ``words`` stand in order from ``position`` on, or ``None`` when they do not.

    Lower-casing may lengthen text (``İ``); then offsets are not trusted.
    """
    start = -1
    for word in words:
        found = lowered.find(word, position)
        if found < 0:
            return None
        if start < 0:
            start = found
        position = found + len(word)
    return start, position
