"""Themes by phrase rules: a post that uses one of a theme's terms belongs to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zlib import crc32

import msgspec

from hashwatch.enrich.words import (
    fold,
    light_root,
    parts_of_hashtag,
    token_spans,
    tokens_of,
)
from hashwatch.model import Assignment, Reason, Theme

AT_MOST = 2
PHRASE_WEIGHT = 1.0
WORD_WEIGHT = 0.7
CERTAINTY = 0.85
REMEMBERED_WORDS = 200_000
# What French and Italian leave of a word before an apostrophe: nobody means it by itself.
ELIDED = frozenset({"l", "d", "s", "n", "qu", "dell", "all", "nell"})
ADDRESS = re.compile(r"https?://\S+|(?<![\w/])@\w[\w.-]*(?:@[\w.-]+)?")

Words = tuple[str, ...]


class Meaning(msgspec.Struct, frozen=True, gc=False):
    """What a token means for the themes: its words' roots, and themes whose term it is, joined."""

    roots: Words
    joined: tuple[int, ...]


_NOTHING = Meaning((), ())


class Match(msgspec.Struct, frozen=True, gc=False):
    """A term found from token ``first`` to ``last``."""

    first: int
    last: int
    weight: float


class ThemeAnnotator:
    """Finds the themes of texts. The same text always gets the same themes.

    A term matches whole words, whatever their case, accents, number and gender; and joined, as a
    hashtag (``human rights`` finds ``#HumanRights`` and ``#humanrights``) or inside one
    (``#HumanRightsDay``). One look-up a word, however many terms. An instance remembers words and
    is not safe to share between threads.
    """

    name = "phrases"

    def __init__(self, themes: Sequence[Theme]) -> None:
        self._names = [theme.name for theme in themes]
        self._phrases: dict[str, list[tuple[Words, int]]] = {}
        self._joined: dict[str, tuple[int, ...]] = {}
        self._roots: set[str] = set()
        for number, theme in enumerate(themes):
            for term in dict.fromkeys((theme.name, *theme.terms)):
                self._add(term, number)
        self._meanings: dict[str, Meaning] = {}
        self.version = f"2-{crc32(repr(tuple(themes)).encode()):08x}"

    def _add(self, term: str, theme: int) -> None:
        folded = [fold(part) for token in tokens_of(term) for part in _parts(token)]
        words = [word for word in folded if word not in ELIDED] or folded
        if not words:
            return
        roots = tuple(map(light_root, words))
        self._roots.update(roots)
        phrases = self._phrases.setdefault(roots[0], [])
        if (roots, theme) not in phrases:
            phrases.append((roots, theme))
        for joined in dict.fromkeys(("".join(folded), "".join(words), light_root("".join(words)))):
            known = self._joined.get(joined, ())
            self._joined[joined] = known if theme in known else (*known, theme)

    def annotate(self, texts: Sequence[str]) -> list[tuple[Assignment, ...]]:
        """At most two themes for each text, the one with most evidence first."""
        if not self._phrases:
            return [()] * len(texts)
        return [self._themes(text) for text in texts]

    def _themes(self, text: str) -> tuple[Assignment, ...]:
        bare = text
        if "//" in text or "@" in text:
            bare = ADDRESS.sub(_blank, text)
        known = self._meanings
        tokens = tokens_of(bare)
        seen: list[tuple[int, str]] = []
        found: dict[int, list[Match]] = {}
        for place, meaning in enumerate(map(known.get, tokens)):
            if meaning is None:
                meaning = self._look_up(tokens[place])
            if meaning is not _NOTHING:
                for theme in meaning.joined:
                    found.setdefault(theme, []).append(Match(place, place, PHRASE_WEIGHT))
                seen += [(place, root) for root in meaning.roots]
        if not seen:
            return ()
        for order, (place, root) in enumerate(seen):
            for phrase, theme in self._phrases.get(root, ()):
                last = place if len(phrase) == 1 else _follow(phrase, seen, order, tokens)
                if last >= 0:
                    weight = PHRASE_WEIGHT if len(phrase) > 1 else WORD_WEIGHT
                    found.setdefault(theme, []).append(Match(place, last, weight))
        return self._assign(text, bare, found) if found else ()

    def _look_up(self, token: str) -> Meaning:
        if len(self._meanings) > REMEMBERED_WORDS:
            self._meanings.clear()
        found = self._meanings[token] = self._meaning(token)
        return found

    def _meaning(self, token: str) -> Meaning:
        roots = tuple(light_root(fold(part)) for part in _parts(token))
        joined: tuple[int, ...] = ()
        if token[0] == "#":
            body = fold(token[1:])
            joined = self._joined.get(body) or self._joined.get(light_root(body), ())
        if not joined and not any(root in self._roots for root in roots):
            return _NOTHING
        return Meaning(roots, joined)

    def _assign(
        self, text: str, bare: str, found: dict[int, list[Match]]
    ) -> tuple[Assignment, ...]:
        spans = token_spans(bare)
        ranked = []
        for theme, matches in found.items():
            reasons = []
            for match in _longest(matches):
                start, end = spans[match.first][0], spans[match.last][1]
                reasons.append(Reason("phrase", text[start:end], match.weight, start, end))
            ranked.append((-sum(reason.weight for reason in reasons), theme, tuple(reasons)))
        ranked.sort()
        return tuple(
            Assignment(self._names[theme], _confidence(reasons), reasons)
            for _, theme, reasons in ranked[:AT_MOST]
        )


def _parts(token: str) -> list[str]:
    return parts_of_hashtag(token[1:]) if token[0] == "#" else [token]


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _follow(
    phrase: Words, seen: Sequence[tuple[int, str]], order: int, tokens: Sequence[str]
) -> int:
    """The place of the phrase's last word when its words stand in a row from here, else −1."""
    place, step = seen[order][0], 1
    for next_place, root in seen[order + 1 :]:
        if next_place - place > 1 and any(
            fold(token) not in ELIDED for token in tokens[place + 1 : next_place]
        ):
            return -1
        if root != phrase[step]:
            return -1
        place, step = next_place, step + 1
        if step == len(phrase):
            return place
    return -1


def _longest(matches: Sequence[Match]) -> list[Match]:
    """The matches that lie in no other, in the text's order, each stretch once."""
    kept: list[Match] = []
    for match in sorted(matches, key=lambda one: (one.first, -one.last, -one.weight)):
        if not kept or match.last > kept[-1].last:
            kept.append(match)
    return kept


def _confidence(reasons: Sequence[Reason]) -> float:
    doubt = 1.0
    for reason in reasons:
        doubt *= 1.0 - CERTAINTY * reason.weight
    return round(1.0 - doubt, 3)
