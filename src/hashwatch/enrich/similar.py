"""Sessions by likeness of meaning, across languages: a French post finds an English session.

The multilingual sentence encoder of the extra ``hashwatch[best]`` sets a post beside the sentences
of each session's title and abstract. It is asked only for what nothing else gave a session, and
only where post and session are known to be in different languages: within one language the words
themselves say more, and likeness alone was right in half of the cases or less.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.encoder import PACKAGE, open_encoder
from hashwatch.enrich.evidence import masked
from hashwatch.enrich.language import UNDETERMINED, LanguageDetector
from hashwatch.model import Assignment, Event, Reason, Session

Vectors = NDArray[np.float32]
Encode = Callable[[Sequence[str]], Vectors]

ALIKE = 0.4
"""The least likeness (cosine) of a post to a sentence of its session …"""
ALIKE_IN_A_CROWD = 0.5
"""… and where the programme is long, and something always happens to be like it."""
CROWD = 12
LEAD = 0.05
"""By how much the likeness to the next session is less, at least."""
VERY_ALIKE = 0.45
# Of 17 posts of the demonstration's events in other languages 15 were right, of those above
# VERY_ALIKE all 10: see docs/accuracy.md.
CONFIDENCE, HIGH_CONFIDENCE = 0.8, 0.88
FEWEST_WORDS = 4

_NEAR = 1e-4
"""More than company ever moves a likeness."""
_SENTENCES = 8
_LONGEST = 400
_SHOWN = 80
_TELLING = 200
"""Characters of a session, and letters of a programme's different words, that tell a language."""
_PROGRAMME = 5_000
_TAGS = re.compile(r"<[^<>]{0,200}>")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_NAMED = re.compile(r"[#@]\S+")
_WORD = re.compile(r"[^\W\d_]+")


class SessionSimilarity:
    """The likeness of posts to the sessions of one event.

    ``encode`` turns texts into rows of length one; the installed encoder where it is not given.
    """

    def __init__(self, event: Event, encode: Encode | None = None) -> None:
        self._encode = encode or _encode
        self._codes = [session.code for session in event.sessions]
        self._languages = _languages(event)
        self._spoken = frozenset(self._languages) - {UNDETERMINED}
        self._sentences: list[str] = []
        firsts = []
        for session in event.sessions:
            firsts.append(len(self._sentences))
            self._sentences += _sentences_of(session)
        self._firsts = np.array(firsts, np.intp)
        self._vectors: Vectors | None = None
        self._least = ALIKE if len(self._codes) <= CROWD else ALIKE_IN_A_CROWD
        self.version = f"1-{version(PACKAGE) if encode is None else 'given'}"

    def annotate(self, candidates: Sequence[Candidate]) -> list[Assignment | None]:
        """The session that each post is most like, ``None`` where none is near enough."""
        answers: list[Assignment | None] = [None] * len(candidates)
        places, texts = [], []
        for place, candidate in enumerate(candidates):
            text = _own_words(candidate.text)
            if (
                candidate.language != UNDETERMINED
                and self._spoken - {candidate.language}
                and len(text.split()) >= FEWEST_WORDS
            ):
                places.append(place)
                texts.append(text)
        if not texts or not self._codes:
            return answers
        if self._vectors is None:
            self._vectors = self._encode(self._sentences)
        distinct = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        likeness = self._encode(list(distinct)) @ self._vectors.T
        for text, place in zip(texts, places, strict=True):
            language = candidates[place].language
            answers[place] = self._session(text, likeness[distinct[text]], language)
        return answers

    def _session(self, text: str, likeness: Vectors, language: str) -> Assignment | None:
        found = self._judge(likeness, language)
        if found is not None and found[2]:
            # So near to an edge, its neighbours in the batch could decide: it is read alone.
            assert self._vectors is not None
            found = self._judge(self._encode([text])[0] @ self._vectors.T, language)
        if found is None or not found[1]:
            return None
        place, confidence, _ = found
        begin = self._firsts[place]
        end = self._firsts[place + 1] if place + 1 < len(self._firsts) else len(likeness)
        nearest = int(begin + likeness[begin:end].argmax())
        reason = Reason("similarity", self._sentences[nearest][:_SHOWN], 1.0)
        return Assignment(self._codes[place], confidence, (reason,))

    def _judge(self, likeness: Vectors, language: str) -> tuple[int, float, bool] | None:
        """The likeliest session, the confidence (0 for too little), whether it is a close call."""
        by_session = np.maximum.reduceat(likeness, self._firsts)
        place = int(by_session.argmax())
        best = float(by_session[place])
        if best < self._least - _NEAR or self._languages[place] in (UNDETERMINED, language):
            return None
        rest = np.delete(by_session, place)
        lead = best - float(rest.max()) if len(rest) else 1.0
        edges = (best - self._least, best - VERY_ALIKE, lead - LEAD)
        close = min(map(abs, edges)) < _NEAR
        if best < self._least or lead < LEAD:
            return place, 0.0, close
        return place, HIGH_CONFIDENCE if best >= VERY_ALIKE else CONFIDENCE, close


def _languages(event: Event) -> list[str]:
    """The language of each session, as the programme says or as its words do."""
    texts = [f"{session.title}. {_TAGS.sub(' ', session.abstract)}" for session in event.sessions]
    detector = LanguageDetector(event.languages)
    # A title alone is easily taken for another language: it has that of the programme, if that
    # says more than "Session 1" to "Session 40".
    programme = " ".join(texts)[:_PROGRAMME]
    letters = sum(map(len, set(_WORD.findall(programme))))
    (whole,) = detector.detect([programme], [None]) if letters >= _TELLING else (UNDETERMINED,)
    found = [
        detected if len(text) >= _TELLING else whole
        for text, detected in zip(texts, detector.detect(texts, [None] * len(texts)), strict=True)
    ]
    return [
        session.language[:2].lower() or detected
        for session, detected in zip(event.sessions, found, strict=True)
    ]


def _sentences_of(session: Session) -> list[str]:
    abstract = " ".join(_TAGS.sub(" ", session.abstract).split())
    parts = [part for part in _SENTENCE.split(abstract) if len(part) > 20]
    whole = f"{session.title}. {abstract[:_LONGEST]}"
    return [session.title or session.code, *parts[:_SENTENCES], whole]


def _own_words(text: str) -> str:
    return " ".join(_NAMED.sub(" ", masked(text)).split())[:_LONGEST]


def _encode(texts: Sequence[str]) -> Vectors:
    return _installed()(texts)


@cache
def _installed() -> Encode:
    """The encoder of the extra, loaded once a process, when the first post needs it."""
    encode: Encode = open_encoder().encode
    return encode
