"""Samples are fair and repeatable; accuracy, intervals and corrected shares are what they say."""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard_builder import NOW, build_dashboard
from hashwatch.model import Sampled
from hashwatch.queries.accuracy import (
    SIDES,
    Labelled,
    accuracy,
    adjusted,
    balanced,
    by_language,
    calibration,
    confusion,
    wilson,
)
from hashwatch.queries.events import find_event
from hashwatch.queries.measured import FEWEST_TO_ADJUST, measure, measured_accuracy
from hashwatch.queries.overview import recent_tone
from hashwatch.queries.sampling import Candidate, draw, frame

# How the invented annotator errs: truth → chances of its labels.
ERRS = {"positive": (0.8, 0.15, 0.05), "neutral": (0.1, 0.8, 0.1), "negative": (0.05, 0.3, 0.65)}


def population(seed: int, size: int = 3000) -> list[tuple[Candidate, str]]:
    """Posts with the label that the annotator gives and the truth."""
    chance = random.Random(seed)
    posts = []
    for number in range(size):
        truth = chance.choices(SIDES, (0.2, 0.6, 0.2))[0]
        label = chance.choices(SIDES, ERRS[truth])[0]
        language = chance.choices(("en", "fr", "ar"), (0.7, 0.25, 0.05))[0]
        sure = chance.uniform(0.4, 1.0)
        posts.append((Candidate(number, f"words {number}", label, sure, language), truth))
    return posts


def labelled(drawn: Sequence[Sampled], truth: dict[int, str]) -> list[Labelled]:
    """What comes of a person who is always right."""
    return balanced(
        [
            Labelled(
                one.post_id, one.label, truth[one.post_id], one.confidence, one.language,
                one.stratum, one.stratum_posts, one.weight,
            )
            for one in drawn
        ]
    )  # fmt: skip


def test_a_sample_is_the_same_every_time() -> None:
    """Seed and posts decide it; another seed gives another."""
    posts = [one for one, _ in population(1)]
    assert draw(posts, 100, 17) == draw(posts, 100, 17)
    assert draw(posts, 100, 17) != draw(posts, 100, 18)


def test_every_label_and_language_is_in_it() -> None:
    """Small strata have at least two, and the weights add up to all posts."""
    posts = [one for one, _ in population(1)]
    drawn = draw(posts, 100)
    assert len(drawn) == 100
    strata = Counter(one.stratum for one in drawn)
    assert len(strata) == 9
    assert min(strata.values()) >= 2
    assert sum(one.weight for one in drawn) == pytest.approx(3000)
    # Shuffled: the first half already has most of them.
    assert len({one.stratum for one in drawn[:50]}) > 6


def test_repeated_texts_are_drawn_once_and_stand_for_all() -> None:
    """They are one unit of the drawing."""
    posts = [
        Candidate(number, "the same" if number % 2 else f"words {number}", "neutral", 0.5, "en")
        for number in range(20)
    ]
    drawn = draw(posts, 100)
    assert len(drawn) == 11
    assert sum(one.weight for one in drawn) == pytest.approx(20)
    assert max(one.weight for one in drawn) == pytest.approx(10)


@given(
    st.lists(
        st.builds(
            Candidate, st.integers(0, 10**6), st.sampled_from("abcdefgh"), st.sampled_from(SIDES),
            st.none() | st.floats(0, 1), st.sampled_from(("en", "fr", "ar", "und")),
        ),
        max_size=60,
    ),
    st.integers(1, 40),
)  # fmt: skip
def test_samples_hold_for_any_posts(posts: list[Candidate], size: int) -> None:
    """Never too many, never two alike, and each stratum's weights add up to its posts."""
    drawn = draw(posts, size)
    assert len(drawn) <= size
    texts = {one.post_id: one.words for one in posts}
    assert all(one.post_id in texts for one in drawn)
    sums: dict[str, float] = {}
    for one in drawn:
        sums[one.stratum] = sums.get(one.stratum, 0) + one.weight
    sizes = {one.stratum: one.stratum_posts for one in drawn}
    assert sums == pytest.approx(sizes)


def test_intervals_hold_what_they_promise() -> None:
    """Over many samples, at least nine in ten intervals have the truth inside; means agree."""
    held, values, shares_held, shares = 0, [], 0, 0
    posts = population(3)
    truth = {one.post_id: said for one, said in posts}
    right = sum(one.label == said for one, said in posts) / len(posts)
    counts = Counter(one.label for one, _ in posts)
    real = Counter(truth.values())
    for seed in range(120):
        found = labelled(draw([one for one, _ in posts], 100, seed), truth)
        estimate = accuracy(found)
        assert estimate is not None
        held += estimate.low <= right <= estimate.high
        values.append(estimate.value)
        for side, one in adjusted(counts, found).items():
            shares += 1
            shares_held += one.low <= real[side] / len(posts) <= one.high
    assert held >= 0.9 * 120
    assert shares_held >= 0.9 * shares
    assert sum(values) / len(values) == pytest.approx(right, abs=0.01)


def test_corrected_shares_are_nearer_to_the_truth() -> None:
    """An annotator that calls a third of the negative posts neutral is seen through."""
    posts = population(5, 6000)
    truth = {one.post_id: said for one, said in posts}
    counts = Counter(one.label for one, _ in posts)
    found = adjusted(counts, labelled(draw([one for one, _ in posts], 400, 1), truth))
    real = Counter(truth.values())["negative"] / 6000
    assert abs(found["negative"].value - real) < abs(counts["negative"] / 6000 - real)
    assert sum(one.value for one in found.values()) == pytest.approx(1)


def test_a_part_of_the_labels_is_a_sample_too() -> None:
    """Half-way through, weights still add up to the posts of the strata that have labels."""
    posts = population(1)
    truth = {one.post_id: said for one, said in posts}
    found = labelled(draw([one for one, _ in posts], 100)[:40], truth)
    sizes = {one.stratum: one.stratum_posts for one in found}
    assert sum(one.weight for one in found) == pytest.approx(sum(sizes.values()))
    table = confusion(found)
    assert sum(sum(row.values()) for row in table.values()) == pytest.approx(1)
    estimate = accuracy(found)
    assert estimate is not None
    assert sum(table[side][side] for side in SIDES) == pytest.approx(estimate.value)


def test_nothing_is_certain_from_few_labels() -> None:
    """Three right answers leave a wide interval, none at all leave nothing."""
    three = [Labelled(n, "neutral", "neutral", 0.9, "en", "neutral en", 50, 1.0) for n in range(3)]
    estimate = accuracy(balanced(three))
    assert estimate is not None
    assert estimate.value == 1
    assert estimate.low < 0.5
    assert accuracy([]) is None
    assert adjusted({"positive": 1, "neutral": 0, "negative": 0}, []) == {}


def test_languages_and_confidence_are_told_apart() -> None:
    """The language with the most labels comes first; each group of confidence has its own share."""
    items = balanced([
        *(Labelled(n, "neutral", "neutral", 0.95, "en", "neutral en", 50, 1.0) for n in range(9)),
        *(Labelled(n, "negative", "neutral", 0.55, "fr", "negative fr", 20, 1.0) for n in range(4)),
    ])  # fmt: skip
    languages = by_language(items)
    assert [(name, one.value, one.n) for name, one in languages.items()] == [
        ("en", 1.0, 9), ("fr", 0.0, 4),
    ]  # fmt: skip
    assert [(round(one.confidence, 2), one.right.value) for one in calibration(items)] == [
        (0.55, 0.0), (0.95, 1.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Well said", "well  SAID", True), ("Well said", "@ada Well said https://a.example", True),
     ("Well said", "Well done", False), ("https://a.example", "https://b.example", False)],
)  # fmt: skip
def test_texts_that_say_the_same(
    labelled_dashboard: sqlite3.Connection, one: str, other: str, same: bool
) -> None:
    """Case, links and the addressed make no other text, unless there is nothing else."""
    event = find_event(labelled_dashboard, "natsec17")
    first, second = (each.post_id for each in frame(labelled_dashboard, event)[:2])
    for number, text in ((first, one), (second, other)):
        labelled_dashboard.execute("UPDATE posts SET text = ? WHERE id = ?", (text, number))
    found = {each.post_id: each.words for each in frame(labelled_dashboard, event)}
    assert (found[first] == found[second]) == same


@given(st.floats(0, 1), st.floats(0.5, 1e4))
def test_wilsons_interval_is_inside_and_around(share: float, n: float) -> None:
    """Between 0 and 1, with the share in it."""
    low, high = wilson(share, n)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


@pytest.fixture
def labelled_dashboard(tmp_path: Path) -> sqlite3.Connection:
    """A dashboard whose sample was labelled: positive posts rightly, the others half."""
    connection = build_dashboard(tmp_path / "dashboard.db")
    event = find_event(connection, "natsec17")
    label_sample(connection, draw(frame(connection, event), 80))
    return connection


def label_sample(connection: sqlite3.Connection, drawn: Sequence[Sampled]) -> None:
    """Writes labels as the publisher would."""
    for place, one in enumerate(drawn):
        person = one.label if one.label == "positive" or place % 2 else "neutral"
        connection.execute(
            "INSERT INTO labels VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, 'textblob 1', ?, ?)",
            (one.post_id, None if place % 20 == 19 else person, one.label, one.confidence,
             one.language, one.stratum, one.stratum_posts, one.weight, place, "2017-03-31"),
        )  # fmt: skip


def test_the_frame_has_scored_originals_only(dashboard: sqlite3.Connection) -> None:
    """No boosts, nothing without a tone."""
    event = find_event(dashboard, "natsec17")
    (posts,) = dashboard.execute(
        "SELECT count(*) FROM posts WHERE kind <> 'boost' AND sentiment IS NOT NULL"
    ).fetchone()
    candidates = frame(dashboard, event)
    assert len(candidates) == posts
    texts = {row[0] for row in dashboard.execute("SELECT text FROM posts WHERE kind <> 'boost'")}
    assert len({one.words for one in candidates}) <= len(texts)


def test_every_tone_says_how_right_it_is(labelled_dashboard: sqlite3.Connection) -> None:
    """Accuracy by language and corrected shares beside the raw ones, once there are labels."""
    event = find_event(labelled_dashboard, "natsec17")
    tone = recent_tone(labelled_dashboard, event, NOW)
    measured = tone["accuracy"]
    assert measured is not None
    assert measured["low"] < measured["value"] < measured["high"]
    assert (measured["n"], measured["unclear"]) == (76, 4)
    assert sum(one["n"] for one in measured["languages"]) == 76
    assert tone["adjusted"] is not None
    assert set(tone["adjusted"]) == set(SIDES)
    assert tone["measure_href"] == "/events/natsec17/evaluate"


def test_without_labels_it_is_not_yet_measured(dashboard: sqlite3.Connection) -> None:
    """None, not a guess."""
    event = find_event(dashboard, "natsec17")
    tone = recent_tone(dashboard, event, NOW)
    assert (tone["accuracy"], tone["adjusted"]) == (None, None)


def test_few_labels_correct_nothing(labelled_dashboard: sqlite3.Connection) -> None:
    """They are reported, and shares stay as they are."""
    keep = FEWEST_TO_ADJUST - 10
    labelled_dashboard.execute(
        "DELETE FROM labels WHERE post_id NOT IN (SELECT post_id FROM labels LIMIT ?)", (keep,)
    )
    event = find_event(labelled_dashboard, "natsec17")
    assert measured_accuracy(measure(labelled_dashboard, event)) is not None
    assert recent_tone(labelled_dashboard, event, NOW)["adjusted"] is None


def test_a_corrected_post_still_measures_the_annotator(
    labelled_dashboard: sqlite3.Connection,
) -> None:
    """What it says is read from the correction, not from the tone that is shown."""
    event = find_event(labelled_dashboard, "natsec17")
    before = measure(labelled_dashboard, event)
    one = next(one for one in before.labelled if one.label != one.truth)
    labelled_dashboard.execute(
        "UPDATE posts SET sentiment = ?, confidence = NULL WHERE id = ?", (one.truth, one.post_id)
    )
    labelled_dashboard.execute(
        "INSERT INTO corrections VALUES (?, 'sentiment', 1, ?, ?, 1, '2017-03-31')",
        (one.post_id, one.truth, one.label),
    )
    assert measure(labelled_dashboard, event) == before
