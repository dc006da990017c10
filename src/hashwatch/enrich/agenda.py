"""A programme indexed for attribution: which words, names, rooms and slots lead to which session.

Everything that can be worked out once a programme is worked out here; a post costs one look-up a
word. Sessions go by their place in the programme, words of one root by a number (a *term*).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from hashwatch.enrich.common import bits
from hashwatch.enrich.people import Naming, People, rarity
from hashwatch.enrich.words import NOISE, WORD, fold, light_root, parts_of_hashtag, root
from hashwatch.model import Event, Session, fold_hashtag

TITLE_WEIGHT = 1.6
THEME_WEIGHT = 0.8
TRACK_WEIGHT = 0.5
EVENT_SHARE = 0.08
OWN_WORD = 0.02
FLOOR = 2.0**-16
SATURATION = 1.2
LENGTH_PART = 0.6
DEFAULT_LENGTH = 1_800
BUCKET = 300
EARLY = 300
LATE = 900
LONGEST_SLOT = 2 * 86_400
REMEMBERED_WORDS = 200_000
COMMON_SHARE = 0.2
CODE = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[\w-]{3,24}|[A-Z]{6}")


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What a word of a post may mean: a term, how surely, and ways of naming that begin with it.

    ``term`` is −1 for a word that is in no session's text; ``follows`` are the namings (places in
    `Agenda.namings`) whose first word it is.
    """

    word: str
    term: int
    quality: float
    follows: tuple[int, ...]


class Slot(msgspec.Struct, frozen=True, gc=False):
    """When a session takes place; ``start`` is ``None`` where only the day or nothing is known."""

    start: int | None
    end: int
    day: tuple[int, int] | None


class Agenda:
    """An event's programme, indexed. Pure: the same event always gives the same agenda."""

    def __init__(self, event: Event) -> None:
        self.sessions: Sequence[Session] = event.sessions
        self.places = {session.code: i for i, session in enumerate(event.sessions)}
        self.slots = [slot_of(session) for session in event.sessions]
        self._stage = self._stages()
        self.people = People([session.speakers for session in event.sessions])
        self.likely_handles = self.people.likely_handles()
        self.terms: list[float] = []
        self.surfaces: dict[str, int] = {}
        self._light: dict[str, int] = {}
        self._roots: dict[str, int] = {}
        self.titles: list[tuple[int, ...]] = []
        self.title_weights: list[float] = []
        self._own = frozenset(
            fold(part)
            for text in (event.title, *event.hashtags)
            for word in WORD.findall(text)
            for part in (word, *parts_of_hashtag(word))
        )
        self._build_terms(event)
        self.namings = [*self.people.namings(), *self._places_and_codes()]
        self._starts: dict[str, list[int]] = defaultdict(list)
        for number, naming in enumerate(self.namings):
            self._starts[naming.words[0]].append(number)
        self._inside = {word for naming in self.namings for word in naming.words}
        self.other_names = self.people.first_names()
        self._entries: dict[str, tuple[Entry, ...]] = {}
        self.hashtags = self._session_hashtags()
        self.urls = {link_key(one.url): i for i, one in enumerate(event.sessions) if one.url}

    def _build_terms(self, event: Event) -> None:
        """Number the terms, weigh them, and note in which sessions each stands."""
        themes = {theme.name: theme.terms for theme in event.themes}
        fields: list[dict[int, float]] = []
        surfaces_of: list[Counter[str]] = []
        for session in event.sessions:
            counts: dict[int, float] = defaultdict(float)
            language = session.language or (event.languages[0] if event.languages else "en")
            title = [self._term(word, language, surfaces_of) for word in words_in(session.title)]
            self.titles.append(tuple(dict.fromkeys(title)))
            for term in set(title):
                counts[term] += TITLE_WEIGHT
            theme_terms = themes.get(session.theme, ())
            for weight, text in (
                (1.0, session.abstract),
                (TRACK_WEIGHT, session.track),
                (THEME_WEIGHT, " ".join((session.theme, *theme_terms))),
            ):
                for word in words_in(text):
                    counts[self._term(word, language, surfaces_of)] += weight
            fields.append(counts)
        self._weigh(fields, surfaces_of)

    def _term(self, word: str, language: str, surfaces_of: list[Counter[str]]) -> int:
        known = self.surfaces.get(word)
        if known is None:
            base = root(word)
            known = self._roots.setdefault(base, len(surfaces_of))
            if known == len(surfaces_of):
                surfaces_of.append(Counter())
            self.surfaces[word] = known
            self._light.setdefault(light_root(word), known)
        surfaces_of[known][f"{language} {word}"] += 1
        return known

    def _weigh(
        self, fields: Sequence[dict[int, float]], surfaces_of: Sequence[Counter[str]]
    ) -> None:
        """Weights of terms (surprise, 0 to 1) and of terms in sessions (as BM25 counts them)."""
        spread = Counter(term for counts in fields for term in counts)
        count = max(1, len(fields))
        for term, surfaces in enumerate(surfaces_of):
            chance = max(
                2.0 ** -bits(surface.partition(" ")[2], surface.partition(" ")[0])
                for surface in surfaces
            )
            chance += EVENT_SHARE * spread[term] / count
            if any(surface.partition(" ")[2] in self._own for surface in surfaces):
                chance += OWN_WORD
            self.terms.append(max(0.0, math.log(chance + FLOOR) / math.log(FLOOR)))
        lengths = [sum(counts.values()) for counts in fields]
        usual = sum(lengths) / count or 1.0
        postings: list[list[tuple[int, float]]] = [[] for _ in surfaces_of]
        for place, counts in enumerate(fields):
            damp = SATURATION * (1 - LENGTH_PART + LENGTH_PART * lengths[place] / usual)
            for term, times in counts.items():
                gain = self.terms[term] * times * (SATURATION + 1) / (times + damp)
                postings[term].append((place, gain))
        common = max(12, COMMON_SHARE * count) if count > 1 else 1
        self.postings = [tuple(p) if len(p) <= common else () for p in postings]
        self.title_weights = [sum(self.terms[term] for term in title) for title in self.titles]

    def _places_and_codes(self) -> Iterable[Naming]:
        """Namings of rooms (kind ``room``), tracks and codes; their key is a session or a group."""
        self.rooms: list[list[int]] = []
        self.tracks: list[list[int]] = []
        rooms: dict[str, int] = {}
        tracks: dict[str, int] = {}
        for place, session in enumerate(self.sessions):
            if session.room:
                number = rooms.setdefault(session.room, len(rooms))
                self.rooms += [[]] if number == len(self.rooms) else []
                self.rooms[number].append(place)
            if session.track:
                number = tracks.setdefault(session.track, len(tracks))
                self.tracks += [[]] if number == len(self.tracks) else []
                self.tracks[number].append(place)
            code = tuple(fold(word) for word in WORD.findall(session.code))
            if code and CODE.fullmatch(session.code):
                yield Naming(code, "code", place, 1.0, session.code.isalpha())
        for kind, names in (("room", rooms), ("track", tracks)):
            for name, number in names.items():
                words = tuple(fold(word) for word in WORD.findall(name.partition("(")[0]))
                if words:
                    sure = max(rarity(word, 8) for word in words)
                    yield Naming(words, kind, number, 1.0 if len(words) > 1 else sure, True)

    def _session_hashtags(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for place, session in enumerate(self.sessions):
            if CODE.fullmatch(session.code):
                found.setdefault(fold_hashtag(re.sub(r"[\W_]", "", session.code)), place)
        for place, session in enumerate(self.sessions):
            for hashtag in session.hashtags:
                found[fold_hashtag(hashtag)] = place
        return found

    def entries(self, token: str) -> tuple[Entry, ...]:
        """What a token of a post (with its ``#``, if any) may mean; nothing for most words."""
        known = self._entries.get(token)
        if known is None:
            if len(self._entries) > REMEMBERED_WORDS:
                self._entries.clear()
            known = self._entries[token] = tuple(self._look_up(token))
        return known

    def _look_up(self, token: str) -> Iterable[Entry]:
        parts = [token]
        if token[0] == "#":
            parts = parts_of_hashtag(token[1:])
            if len(parts) > 1:
                parts = [part for part in parts if len(part) > 1 or part.isdigit()]
        for part in parts:
            word = fold(part)
            term, quality = self._find_term(word)
            follows = tuple(self._starts.get(word, ()))
            if term >= 0 or follows or word in self._inside:
                yield Entry(word, term, quality, follows)

    def _find_term(self, word: str) -> tuple[int, float]:
        if word in self.surfaces:
            return self.surfaces[word], 1.0
        if (term := self._light.get(light_root(word))) is not None:
            return term, 0.95
        if (term := self._roots.get(root(word))) is not None:
            return term, 0.7
        return -1, 0.0

    def on_stage(self, moment: int) -> tuple[int, ...]:
        """The sessions that are on at a moment, or were a quarter of an hour ago."""
        return self._stage.get(moment // BUCKET, ())

    def _stages(self) -> dict[int, tuple[int, ...]]:
        stages: dict[int, list[int]] = defaultdict(list)
        for place, slot in enumerate(self.slots):
            if slot.start is not None:
                last = min(slot.end, slot.start + LONGEST_SLOT) + LATE
                for bucket in range((slot.start - EARLY) // BUCKET, last // BUCKET + 1):
                    stages[bucket].append(place)
        return {bucket: tuple(places) for bucket, places in stages.items()}


def words_in(text: str) -> list[str]:
    """The folded words of a text of the programme that can mean anything."""
    plain = NOISE.sub(" ", text) if "//" in text or "&" in text else text
    words = [fold(word) for word in WORD.findall(plain)]
    return [word for word in words if len(word) > 1 or not word.isascii()]


def link_key(url: str) -> str:
    """A link for comparison: without scheme, ``www.``, query and closing slash."""
    bare = url.partition("//")[2] or url
    return bare.partition("?")[0].partition("#")[0].removeprefix("www.").rstrip("/").casefold()


def slot_of(session: Session) -> Slot:
    """When a session takes place; where the end is open, half an hour is assumed."""
    if session.start is not None:
        end = session.end if session.end is not None else session.start + DEFAULT_LENGTH
        return Slot(session.start, end, None)
    if session.date is None:
        return Slot(None, 0, None)
    # A day in any zone: noon in UTC, give or take 26 hours.
    noon = (session.date.toordinal() - 719_163) * 86_400 + 43_200
    return Slot(None, 0, (noon - 93_600, noon + 93_600))
