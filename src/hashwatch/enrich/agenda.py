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
from hashwatch.enrich.people import Naming, People, handle_key, rarity
from hashwatch.enrich.skeleton import skeleton
from hashwatch.enrich.titles import title_hashtags, titles_own
from hashwatch.enrich.words import NOISE, WORD, fold, light_root, parts_of_hashtag, root
from hashwatch.model import Event, Session, fold_account, fold_hashtag

TITLE_WEIGHT = 1.6
THEME_WEIGHT = 0.8
TRACK_WEIGHT = 0.5
EVENT_SHARE = 0.02
OWN_WORD = 0.02
FEW = 3
FLOOR = 2.0**-14
UNSURPRISING = 0.4
SATURATION = 1.2
LENGTH_PART = 0.6
DEFAULT_LENGTH = 1_800
EARLY = 300
CODE_BITS = 13.0
A_WORD_TOO = 0.25
TELLING_TITLE = 1.2
LONGEST_TITLE = 8
ARABIC_NAME_BITS = 9.5
LATE = 900
REMEMBERED_WORDS = 200_000
COMMON_SHARE = 0.08
_LIVE_WORDS = """
now speaking speaks says said talking talk presenting presents presented stage next listening asks
shows showing slide slides keynote panel session paper explains argues announces introduces
presente parle dit explique intervient seance
habla dice explica presenta ponencia sesion fala diz apresenta palestra sessao
spricht sagt zeigt erklart vortrag sitzung parla dice spiega sessione
يتحدث تتحدث يقول تقول الجلسه الان
"""
LIVE = frozenset(_LIVE_WORDS.split())
_CUE_WORDS = """
session sessions panel talk talks keynote workshop lecture presentation tutorial plenary breakout
seance atelier expose intervention plenière table sesion charla ponencia mesa taller sessao
palestra painel oficina sitzung vortrag podium sessione intervento relazione
الجلسه جلسه جلسة الجلسة حلقه حلقة ندوه ندوة الندوه محاضره المحاضره
"""
# Beside one of these, a word of a title means the session rather than the subject.
CUES = frozenset(map(fold, _CUE_WORDS.split()))
CODE = re.compile(r"(?=.*[A-Za-z])(?=.*\d)[\w-]{3,24}|[A-Z]{6}")


Owners = tuple[tuple[int, ...], tuple[tuple[int, float], ...]]


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What a word of a post may mean: a term, how surely, and ways of naming that begin with it.

    ``term`` is −1 for a word that is in no session's text; ``follows`` are the namings (places in
    `Agenda.namings`) whose first word it is; ``live`` marks words used by people in the room, and
    ``cue`` words for a session.
    """

    word: str
    term: int
    quality: float
    follows: tuple[int, ...]
    live: bool
    cue: bool = False


class Slot(msgspec.Struct, frozen=True, gc=False):
    """When a session takes place; ``start`` is ``None`` where no time is known."""

    start: int | None
    end: int


class Agenda:
    """An event's programme, indexed. Pure: the same event always gives the same agenda."""

    def __init__(self, event: Event) -> None:
        self.sessions: Sequence[Session] = event.sessions
        self.size = math.log(max(1, len(event.sessions)))
        self.places = {session.code: i for i, session in enumerate(event.sessions)}
        self.slots = [slot_of(session) for session in event.sessions]
        self.people = People([session.speakers for session in event.sessions])
        self._likely_handles = self.people.likely_handles()
        self._owners: dict[str, Owners] = {}
        self.terms: list[float] = []
        self.surfaces: dict[str, int] = {}
        self._light: dict[str, int] = {}
        self._roots: dict[str, int] = {}
        self.titles: list[tuple[int, ...]] = []
        self.title_weights: list[float] = []
        self._event_hashtags = frozenset(fold(one.lstrip("#")) for one in event.hashtags)
        self._own = frozenset(
            fold(part)
            for text in (event.title, *event.hashtags)
            for word in WORD.findall(text)
            for part in (word, *parts_of_hashtag(word))
        )
        self._build_terms(event)
        self.namings = [
            *self._unmistakable(self.people.namings()),
            *self._stated(),
            *titles_own(event.sessions, self._spread),
        ]
        self._arabic = "ar" in event.languages
        if self._arabic:
            self.namings += self.people.transliterated()
        self._starts: dict[str, list[int]] = defaultdict(list)
        for number, naming in enumerate(self.namings):
            self._starts[naming.words[0]].append(number)
        self._inside = {word for naming in self.namings for word in naming.words}
        self.entries: dict[str, tuple[Entry, ...]] = {}
        self.hashtags = self._session_hashtags()
        self._looked_up: dict[str, int | None] = {}
        self.urls = {link_key(one.url): i for i, one in enumerate(event.sessions) if one.url}

    def _build_terms(self, event: Event) -> None:
        """Number the terms, weigh them, and note in which sessions each stands."""
        themes = {theme.name: theme.terms for theme in event.themes}
        fields: list[dict[int, float]] = []
        surfaces_of: list[set[str]] = []
        for session in event.sessions:
            counts: dict[int, float] = defaultdict(float)
            title = [self._term(word, surfaces_of) for word in words_in(session.title)]
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
                    counts[self._term(word, surfaces_of)] += weight
            fields.append(counts)
        self._weigh(fields, surfaces_of)

    def _term(self, word: str, surfaces_of: list[set[str]]) -> int:
        known = self.surfaces.get(word)
        if known is None:
            known = self._roots.setdefault(root(word), len(surfaces_of))
            if known == len(surfaces_of):
                surfaces_of.append(set())
            self.surfaces[word] = known
            self._light.setdefault(light_root(word), known)
            surfaces_of[known].add(word)
        return known

    def _weigh(self, fields: Sequence[dict[int, float]], surfaces_of: Sequence[set[str]]) -> None:
        """Weights of terms (surprise, 0 to 1) and of terms in sessions (as BM25 counts them)."""
        spread = Counter(term for counts in fields for term in counts)
        self._spread = {
            surface: spread[term] for term, them in enumerate(surfaces_of) for surface in them
        }
        count = max(1, len(fields))
        for term, surfaces in enumerate(surfaces_of):
            chance = max(2.0 ** -bits(surface) for surface in surfaces)
            chance += EVENT_SHARE * (spread[term] - 1) / count
            if count > FEW and surfaces & self._own:
                chance += OWN_WORD
            surprise = math.log(chance + FLOOR) / math.log(FLOOR)
            self.terms.append(max(0.0, (surprise - UNSURPRISING) / (1.0 - UNSURPRISING)))
        lengths = [sum(counts.values()) for counts in fields]
        usual = sum(lengths) / count or 1.0
        postings: list[list[tuple[int, float]]] = [[] for _ in surfaces_of]
        for place, counts in enumerate(fields):
            damp = SATURATION * (1 - LENGTH_PART + LENGTH_PART * lengths[place] / usual)
            for term, times in counts.items():
                if not self.terms[term]:
                    continue
                gain = self.terms[term] * times * (SATURATION + 1) / (times + damp)
                postings[term].append((place, gain))
        common = max(12, COMMON_SHARE * count) if count > 1 else 1
        self.postings = [tuple(p) if len(p) <= common else () for p in postings]
        self._beginnings = set(map(beginning, self.surfaces))
        self.strongest = [max((gain for _, gain in p), default=0.0) for p in self.postings]
        self.words_of: list[set[int]] = [
            {term for term in counts if self.terms[term]} for counts in fields
        ]
        self.title_weights = [sum(self.terms[term] for term in title) for title in self.titles]

    def _unmistakable(self, namings: Sequence[Naming]) -> Iterable[Naming]:
        """The namings; names that sessions of other people use as a word (Rust) are less sure."""
        single = {one.words[0] for one in namings if len(one.words) == 1}
        used: dict[str, set[int]] = defaultdict(set)
        for place, session in enumerate(self.sessions):
            for word in single.intersection(words_in(f"{session.title} {session.abstract}")):
                used[word].add(place)
        for one in namings:
            elsewhere = used[one.words[0]].difference(self.people.sessions[one.key])
            if len(one.words) == 1 and len(elsewhere) > 1:
                yield msgspec.structs.replace(one, strength=one.strength * A_WORD_TOO)
            else:
                yield one

    def _stated(self) -> Iterable[Naming]:
        """Namings of tracks and rooms (the key is one of ``tracks``, ``rooms``), of session codes,
        and of titles whose words are too common to tell anything one by one: Little Big Data.
        """
        tracks, self.tracks = grouped([session.track for session in self.sessions])
        rooms, self.rooms = grouped([session.room for session in self.sessions])
        for place, session in enumerate(self.sessions):
            code = tuple(fold(word) for word in WORD.findall(session.code))
            if is_telling(session.code):
                yield Naming(code, "code", place, 1.0, session.code.isalpha())
            title = tuple(fold(word) for word in WORD.findall(session.title))
            if 3 <= len(title) <= LONGEST_TITLE and self.title_weights[place] < TELLING_TITLE:
                yield Naming(title, "title", place, 1.0)
        for name, number in tracks.items():
            words = tuple(fold(word) for word in WORD.findall(name.partition("(")[0]))
            if words:
                sure = max(rarity(word, 8) for word in words)
                yield Naming(words, "track", number, 1.0 if len(words) > 1 else sure, True)
        for name, number in rooms.items():
            words = tuple(fold(word) for word in WORD.findall(name.partition("(")[0]))
            if words and len(rooms) > 1:
                sure = max(rarity(word, 8) for word in words)
                yield Naming(words, "room", number, 1.0 if len(words) > 1 else sure, True)

    def _session_hashtags(self) -> dict[str, int]:
        found = dict(title_hashtags(self.sessions))
        for place, session in enumerate(self.sessions):
            if is_telling(session.code):
                found.setdefault(fold_hashtag(re.sub(r"[\W_]", "", session.code)), place)
        for place, session in enumerate(self.sessions):
            for hashtag in session.hashtags:
                found[fold_hashtag(hashtag)] = place
        return found

    def session_of_hashtag(self, hashtag: str) -> int | None:
        """The session whose own hashtag or code this is; the same few come again and again."""
        known = self._looked_up
        if hashtag in known:
            return known[hashtag]
        if len(known) > REMEMBERED_WORDS:
            known.clear()
        found = known[hashtag] = self.hashtags.get(fold_hashtag(hashtag))
        return found

    def owners(self, handle: str) -> Owners:
        """Whose handle this is: the people beyond doubt, and likely ones with their strengths."""
        known = self._owners.get(handle)
        if known is None:
            if len(self._owners) > REMEMBERED_WORDS:
                self._owners.clear()
            account = fold_account(handle)
            handles = self.people.handles
            sure = handles.get(account) or handles.get(account.partition("@")[0], [])
            guesses = self._likely_handles.get(handle_key(handle), [])
            known = self._owners[handle] = (tuple(sure), tuple(guesses))
        return known

    def look_up(self, token: str) -> tuple[Entry, ...]:
        """What a token of a post (with its ``#``, if any) may mean; nothing for most words.

        The answer is kept in ``entries``, where it is to be looked for first.
        """
        if len(self.entries) > REMEMBERED_WORDS:
            self.entries.clear()
        found = self.entries[token] = tuple(self._look_up(token))
        return found

    def _look_up(self, token: str) -> Iterable[Entry]:
        if fold(token.lstrip("#")) in self._event_hashtags:
            return
        parts = [token]
        if token[0] == "#":
            parts = parts_of_hashtag(token[1:])
            if len(parts) > 1:
                parts = [part for part in parts if len(part) > 1 or part.isdigit()]
        for part in parts:
            word = fold(part)
            if word[-1:] == "s" and len(word) > 4 and word not in self._inside:
                # A genitive without apostrophe: Lindners Vortrag.
                word = word[:-1] if word[:-1] in self._inside else word
            term, quality = self._find_term(word)
            follows = tuple(self._starts.get(word, ()))
            live, cue = word in LIVE, word in CUES
            if term >= 0 and not self.terms[term]:
                term = -1
            if term >= 0 or follows or live or cue or word in self._inside:
                yield Entry(word, term, quality, follows, live, cue)
            if self._arabic and "\u0600" <= word[:1] <= "\u06ff" and bits(word) > ARABIC_NAME_BITS:
                bones = "~" + skeleton(word)
                if bones in self._inside:
                    yield Entry(bones, -1, 0.0, tuple(self._starts.get(bones, ())), False)

    def _find_term(self, word: str) -> tuple[int, float]:
        if word in self.surfaces:
            return self.surfaces[word], 1.0
        if word.isascii() and beginning(word) not in self._beginnings:
            return -1, 0.0  # most words of posts: their roots need not be looked for
        if (term := self._light.get(light_root(word))) is not None:
            return term, 0.95
        if (term := self._roots.get(root(word))) is not None:
            return term, 0.7
        return -1, 0.0


def grouped(names: Sequence[str]) -> tuple[dict[str, int], list[set[int]]]:
    """Numbers for the names that are there, and the places of each."""
    numbers: dict[str, int] = {}
    places: list[set[int]] = []
    for place, name in enumerate(names):
        if name:
            number = numbers.setdefault(name, len(numbers))
            if number == len(places):
                places.append(set())
            places[number].add(place)
    return numbers, places


def beginning(word: str) -> str:
    """What a word has in common with every word of its root."""
    return word.replace("ph", "f").replace("ciber", "cyber").replace("kyber", "cyber")[:4]


def is_telling(code: str) -> bool:
    """Whether a code means nothing else in a post: ``PP44`` does, ``panel`` does not."""
    return CODE.fullmatch(code) is not None and bits(fold(code)) > CODE_BITS


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
    if session.start is None:
        return Slot(None, 0)
    return Slot(session.start, session.end or session.start + DEFAULT_LENGTH)
