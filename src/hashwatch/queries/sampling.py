"""A stratified sample of an event's posts for a person to label. Pure but for
`frame`.

Every label and every language is in it: square-root allocation gives small parts more than their
share, and weights put that right again. Repeated texts are one unit that stands for all of them.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Iterable
from hashlib import blake2b
from math import sqrt

import msgspec

from hashwatch.model import Sample, Sampled
from hashwatch.queries.events import Event
from hashwatch.queries.statements import ask, statement

SIZE = 100
SEED = 17
LEAST = 2
"""Posts drawn from every stratum that has them: one alone says nothing of its own error."""
RARE = 0.03
"""Languages below this share of the texts are one stratum together, called ``other``."""


class Candidate(msgspec.Struct, frozen=True):
    """A post that may be drawn; ``words`` are the same for posts that say the same."""

    post_id: int
    words: str
    label: str
    confidence: float | None
    language: str


class _Unit(msgspec.Struct):
    first: Candidate
    posts: int = 0


def frame(connection: sqlite3.Connection, event: Event) -> list[Candidate]:
    """All posts of the event that may be drawn, in order of time."""
    cursor = connection.cursor()
    cursor.row_factory = None
    # Row by row: the texts of a large event do not stand in memory all at once.
    rows = cursor.execute(statement("sample_frame"), {"event": event.id})
    return [
        Candidate(post_id, _words(text), label, confidence, language)
        for post_id, text, label, confidence, language in rows
    ]


def new_sample(
    connection: sqlite3.Connection, event: Event, now: int, size: int = SIZE, seed: int = SEED
) -> Sample:
    """A sample of what the dashboard has of an event, drawn at ``now`` (UTC seconds)."""
    annotator = dict(ask(connection, "meta", {})).get("words", "")
    drawn = tuple(draw(frame(connection, event), size, seed))
    return Sample(event.slug, now, seed, size, annotator, drawn)


def draw(candidates: Iterable[Candidate], size: int = SIZE, seed: int = SEED) -> list[Sampled]:
    """At most ``size`` posts, no two with the same words, in the order to show them in.

    The same candidates and seed give the same sample. The weights of a stratum's posts add up to
    the posts in it, repeated ones included.
    """
    units: dict[tuple[str, str, str], _Unit] = {}
    for one in candidates:
        unit = units.setdefault((one.label, one.language, one.words), _Unit(one))
        unit.posts += 1
    strata = _strata(list(units.values()))
    chance = random.Random(seed)
    drawn: list[Sampled] = []
    wanted = _allocate({name: len(held) for name, held in strata.items()}, size)
    for name in sorted(strata):
        held = sorted(strata[name], key=lambda unit: unit.first.post_id)
        chosen = chance.sample(held, wanted[name])
        posts, stand_for = sum(unit.posts for unit in held), sum(unit.posts for unit in chosen)
        drawn += [
            Sampled(
                unit.first.post_id, name, posts, unit.first.label, unit.first.confidence,
                unit.first.language, unit.posts * posts / stand_for,
            )
            for unit in chosen
        ]  # fmt: skip
    chance.shuffle(drawn)
    return drawn


def _strata(units: list[_Unit]) -> dict[str, list[_Unit]]:
    languages = Counter(unit.first.language for unit in units)
    strata: dict[str, list[_Unit]] = {}
    for unit in units:
        common = languages[unit.first.language] >= RARE * len(units)
        language = unit.first.language if common else "other"
        strata.setdefault(f"{unit.first.label} {language}", []).append(unit)
    return strata


def _allocate(sizes: dict[str, int], size: int) -> dict[str, int]:
    """How many to draw from each stratum: `LEAST` of all, the rest by the root of their sizes."""
    wanted = dict.fromkeys(sizes, 0)
    left = min(size, sum(sizes.values()))

    def need(name: str) -> tuple[bool, float, str]:
        return wanted[name] < LEAST, sqrt(sizes[name]) / (wanted[name] + 0.5), name

    while left:
        name = max((name for name in sizes if wanted[name] < sizes[name]), key=need)
        wanted[name] += 1
        left -= 1
    return wanted


def _words(text: str) -> str:
    """A checksum of what a text says, without case, links and whom it addresses."""
    words = [word for word in text.casefold().split() if not word.startswith(("http", "@"))]
    return blake2b((" ".join(words) or text).encode(), digest_size=10).hexdigest()
