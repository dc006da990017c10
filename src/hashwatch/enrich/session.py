"""Which session of the programme a post is about.

Evidence, the strongest first: the session's own hashtag, code or address; a speaker named or
mentioned; phrases of its title; words of its abstract; the session of the post that this one
answers; the time. All of it is weighed together: a post chooses among the sessions that anything in
its content speaks for, and *none* (`hashwatch.enrich.session_weights` says how it was fitted). Time
alone never assigns a post. Where no session is likely enough, two rules are left
(`hashwatch.enrich.weak`), with the extra the likeness of meaning across languages
(`hashwatch.enrich.similar`), and then the post stays without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp
from operator import mul
from zlib import crc32

from msgspec import structs

from hashwatch.enrich.agenda import Agenda
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.evidence import Found, author_hits, is_hopeless, look_at
from hashwatch.enrich.programme import without_track_themes
from hashwatch.enrich.reasons import reasons_for
from hashwatch.enrich.session_weights import WEIGHTS
from hashwatch.enrich.similar import SessionSimilarity
from hashwatch.enrich.weak import WeakRules
from hashwatch.enrich.weighing import (
    FEATURES,
    POINTED_THRESHOLD,
    THRESHOLD,
    WORDS_ALONE_THRESHOLD,
    candidates,
    threshold_for,
    weigh,
)
from hashwatch.model import Assignment, Event

RULE_CONFIDENCE = 0.98
REMEMBERED_TEXTS = 4_000
HIGHEST = 0.99

Words = tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]


class SessionAnnotator:
    """Gives each post at most one session (``Assignment.key`` is its code), or none.

    The same post and programme always get the same answer; ``version`` changes with the programme,
    the themes it refers to, and the way of weighing. ``confidence`` is the calibrated chance that
    the session is right. An instance remembers words and is not safe to share between threads.
    """

    name = "sessions"

    def __init__(self, event: Event, similarity: SessionSimilarity | None = None) -> None:
        event = without_track_themes(event)
        self._agenda = Agenda(event)
        self._weak = WeakRules(event, self._agenda)
        self._weights = [WEIGHTS[feature] for feature in FEATURES]
        self._looks: dict[Words, Found] = {}
        stated = (
            event.sessions,
            event.themes,
            event.title,
            event.hashtags,
            event.languages,
            event.timezone,
        )
        ways = (self._weights, THRESHOLD, POINTED_THRESHOLD, WORDS_ALONE_THRESHOLD)
        digest = crc32(repr((stated, ways)).encode())
        self._similarity = similarity
        self.version = f"4-{digest:08x}"
        if similarity is not None:
            self.version += f" similarity {similarity.version}"

    def annotate(self, candidates: Sequence[Candidate]) -> list[Assignment | None]:
        """The session of each post, ``None`` where it belongs to none."""
        if not self._agenda.sessions:
            return [None] * len(candidates)
        found = [self._session(candidate) for candidate in candidates]
        if self._similarity is not None:
            left = [place for place, one in enumerate(found) if one is None]
            alike = self._similarity.annotate([candidates[place] for place in left])
            for place, one in zip(left, alike, strict=True):
                found[place] = one
        return found

    def _look(self, candidate: Candidate) -> Found:
        """What is in a post; boosts repeat each other's words, which are looked at once."""
        words = (candidate.text, candidate.mentions, candidate.hashtags, candidate.links)
        found = self._looks.get(words)
        if found is None:
            if len(self._looks) >= REMEMBERED_TEXTS:
                self._looks.clear()
            found = self._looks[words] = look_at(self._agenda, candidate)
        authors = author_hits(self._agenda, candidate)
        return structs.replace(found, hits=[*found.hits, *authors]) if authors else found

    def _session(self, candidate: Candidate) -> Assignment | None:
        agenda = self._agenda
        found = self._look(candidate)
        if is_hopeless(found, candidate):
            return self._weak.session(candidate, found)
        if found.rules:
            return self._by_rule(found, candidate)
        best = None
        total, highest = 1.0, 0.0
        for session in candidates(agenda, found, candidate):
            features = weigh(agenda, found, candidate, session)
            odds = exp(min(30.0, sum(map(mul, self._weights, features))))
            total += odds
            if odds > highest:
                best, highest = (session, features), odds
        confidence = highest / total
        if best is None or confidence < threshold_for(best[1]):
            return self._weak.session(candidate, found)
        return self._assign(best[0], min(HIGHEST, confidence), found, candidate, best[1])

    def _by_rule(self, found: Found, candidate: Candidate) -> Assignment:
        """Its hashtag or address stands in the post; among several, the one with most evidence."""
        weighed = [
            (session, weigh(self._agenda, found, candidate, session)) for session in found.rules
        ]
        session, features = max(weighed, key=lambda one: sum(map(mul, self._weights, one[1])))
        confidence = RULE_CONFIDENCE if len(weighed) == 1 else 1.0 / len(weighed)
        return self._assign(session, confidence, found, candidate, features)

    def _assign(
        self, session: int, confidence: float, found: Found, candidate: Candidate,
        features: Sequence[float],
    ) -> Assignment:  # fmt: skip
        reasons = reasons_for(self._agenda, session, found, candidate, features, self._weights)
        code = self._agenda.sessions[session].code
        return Assignment(code, round(confidence, 3), reasons)
