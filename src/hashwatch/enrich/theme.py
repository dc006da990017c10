"""Themes by phrase rules: a post that uses one of a theme's terms belongs to it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from hashwatch.model import Assignment, Reason, Theme

AT_MOST = 2


class ThemeAnnotator:
    """Finds the themes of texts. The same text always gets the same themes.

    A term matches whole words, whatever their case and accents, and also written together as a
    hashtag (``human rights`` finds ``#HumanRights``). One look-up a word, however many terms.
    """

    name = "phrases"

    def __init__(self, themes: Sequence[Theme]) -> None:
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        self._joined: dict[str, str] = {}
        for theme in themes:
            for term in (theme.name, *theme.terms):
                words = tuple(_fold(match.group()) for match in _WORD.finditer(term))
                if words:
                    self._phrases.setdefault(words[0], []).append((words, theme.name))
                    self._joined.setdefault("".join(words), theme.name)
        self.version = f"1-{_digest(themes)}"

    def annotate(self, texts: Sequence[str]) -> list[tuple[Assignment, ...]]:
        """At most two themes for each text, the one with most evidence first."""
        return [self._themes(text) for text in texts]

    def _themes(self, text: str) -> tuple[Assignment, ...]:
        if not self._phrases:
            return ()
        spans = [(match.start(), match.end()) for match in _WORD.finditer(text)]
        words = [_fold(text[start:end]) for start, end in spans]
        found: dict[str, list[Reason]] = {}
        for place, word in enumerate(words):
            for phrase, theme in self._phrases.get(word, ()):
                last = place + len(phrase)
                if tuple(words[place:last]) == phrase:
                    start, end = spans[place][0], spans[last - 1][1]
                    found.setdefault(theme, []).append(_reason(text, start, end, len(phrase)))
            start, end = spans[place]
            if start and text[start - 1] == "#" and (theme_of := self._joined.get(word)):
                reasons = found.setdefault(theme_of, [])
                if not any(reason.start == start for reason in reasons):
                    reasons.append(_reason(text, start, end, 2))
        ranked = sorted(found.items(), key=lambda item: -sum(reason.weight for reason in item[1]))
        return tuple(
            Assignment(theme, _confidence(reasons), tuple(reasons))
            for theme, reasons in ranked[:AT_MOST]
        )


def _reason(text: str, start: int, end: int, words: int) -> Reason:
    return Reason("phrase", text[start:end], 1.0 if words > 1 else 0.7, start, end)


def _confidence(reasons: Sequence[Reason]) -> float:
    doubt = 1.0
    for reason in reasons:
        doubt *= 1.0 - 0.85 * reason.weight
    return round(1.0 - doubt, 3)


def _fold(word: str) -> str:
    word = word.casefold()
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFKD", word)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _digest(themes: Sequence[Theme]) -> str:
    from zlib import crc32

    return f"{crc32(repr(themes).encode()):08x}"


_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
