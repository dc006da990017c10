"""Minimal pairs, in the manner of CheckList: what changes the tone, and what must not.

Each line of ``tests/data/behaviour/FAMILY.csv`` is a pair of invented posts that differ in little,
with what is expected of each. Failures are counted by post. ``KNOWN`` lists those that remain; one
that heals, or a new one, fails this test, so that the list stays true.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hashwatch.enrich.annotator import SentimentAnnotator
from hashwatch.enrich.sentiment import load_annotator
from hashwatch.model import Sentiment

PAIRS = Path(__file__).resolve().parents[1] / "data" / "behaviour"
FAMILIES = sorted(path.stem for path in PAIRS.glob("*.csv"))
UNSURE_BELOW = 0.65
KNOWN: dict[str, tuple[str, ...]] = {
    "absence": (
        "Could not be unhappier with the result",
        "There is no doubt, this was dreadful",
        "Couldn't have asked for a better host",
    ),
    "emoji": ("Day two 😡", "The chair just spoke 👏👏", "The chair just spoke 🙄🙄"),
    "mixed_languages": ("Salle 4: terrible panel",),
    "negated_hashtags": ("Two days in London #notfun",),
    "negation": ("Not impressive, the work of the volunteers",),
    "quoted_speech": ("Ce texte est vraiment nul",),
    "reported_topics": (
        "Terrible moderation while we discuss attacks on power grids",
        "A working group on terrorism financing meets at two",
        "Workshop: preventing ransomware in hospitals",
    ),
}


@pytest.fixture(scope="module")
def student() -> SentimentAnnotator:
    return load_annotator("student")


def test_there_are_at_least_150_pairs() -> None:
    """Nine families, each worth measuring."""
    sizes = [len(_pairs(family)) for family in FAMILIES]
    assert len(sizes) == 9
    assert sum(sizes) >= 150
    assert min(sizes) >= 15


@pytest.mark.parametrize("family", FAMILIES)
def test_fewer_than_a_tenth_of_a_family_fails(student: SentimentAnnotator, family: str) -> None:
    """And those that fail are the ones we say."""
    posts = [
        (pair["language"], pair[half], pair[f"expected_{half}"])
        for pair in _pairs(family)
        for half in ("first", "second")
    ]
    tones = student.annotate([text for _, text, _ in posts], [code for code, _, _ in posts])
    failed = tuple(
        text
        for (_, text, expected), tone in zip(posts, tones, strict=True)
        if tone is None or not _as_expected(tone, expected)
    )
    assert len(failed) < len(posts) / 10, failed
    assert failed == KNOWN.get(family, ())


def _pairs(family: str) -> list[dict[str, str]]:
    with (PAIRS / f"{family}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _as_expected(tone: Sentiment, expected: str) -> bool:
    """``not surely X`` also allows X itself when the annotator says that it is unsure."""
    if expected.startswith("not surely "):
        return tone.label != expected.removeprefix("not surely ") or tone.confidence < UNSURE_BELOW
    return tone.label == expected
