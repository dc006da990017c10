"""``hashwatch evaluate``: the sample, where to label it, and what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import Hashwatch

from hashwatch.archive.decisions import Decisions

MORE = "\n".join(
    f'{n},2017-03-31T10:{n % 60:02}:00Z,ada@town.example,'
    f'"{("A great talk", "Terrible sound", "<b>Lunch</b> at noon")[n % 3]} number {n} #NATSEC17",0'
    for n in range(100, 145)
)  # fmt: skip


@pytest.fixture
def event(place: Path, hashwatch: Hashwatch) -> Path:
    """The working directory after an import of more posts."""
    with (place / "rows.csv").open("a", encoding="utf-8") as rows:
        rows.write(MORE + "\n")
    assert hashwatch("import", "rows.csv", "--event", "natsec17").code == 3
    return place


def label(place: Path, *, right: bool) -> None:
    """A person who labels the whole sample, and finds everything right or neutral."""
    decisions = Decisions(place / "data" / "archive.db")
    sample = decisions.sample("natsec17")
    assert sample is not None
    for one in sample.posts:
        decisions.append(
            "someone", "natsec17", "label", one.post_id, "sentiment",
            one.label if right else "neutral", now=1_500_000_000,
        )  # fmt: skip


def test_a_sample_is_drawn_once_and_kept(event: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """The address of the page, and nothing measured yet; the next call finds the same sample."""
    answer = hashwatch("evaluate", "--event", "natsec17", "--sample", "30")
    assert answer.code == 0
    assert "labelled 0 of 30" in answer.out
    assert "http://127.0.0.1:8001/events/natsec17/evaluate" in answer.out
    assert "not yet measured" in answer.out
    again = hashwatch("evaluate", "--event", "natsec17", "--json").json
    assert again["sample"]["size"] == 30
    assert again["accuracy"] is None


def test_another_seed_draws_anew(event: Path, hashwatch: Hashwatch) -> None:
    """The same seed does not."""
    decisions = Decisions(event / "data" / "archive.db")
    drawn = []
    for seed in ("17", "18", "18", "17"):
        hashwatch("evaluate", "--event", "natsec17", "--sample", "20", "--seed", seed)
        sample = decisions.sample("natsec17")
        assert sample is not None
        drawn.append([one.post_id for one in sample.posts])
    assert drawn[1] == drawn[2] != drawn[0] == drawn[3]


def test_labels_become_figures(event: Path, hashwatch: Hashwatch) -> None:
    """Accuracy with its interval by language, and corrected shares beside the raw ones."""
    hashwatch("evaluate", "--event", "natsec17")
    label(event, right=False)
    hashwatch("publish")
    found = hashwatch("evaluate", "--event", "natsec17", "--json").json
    accuracy = found["accuracy"]
    assert found["sample"]["labelled"] == found["sample"]["size"] == accuracy["n"]
    assert 0 < accuracy["low"] < accuracy["value"] < accuracy["high"] < 1
    assert found["shares"]["neutral"]["adjusted"]["share"] == 1
    assert found["shares"]["neutral"]["share"] < 1
    shown = hashwatch("evaluate", "--event", "natsec17").out
    assert re.search(r"right +\d+% \(\d+%–\d+%\), \d+ labels", shown)
    assert "corrected 100%" in shown


@pytest.mark.parametrize("right", [True, False])
def test_the_report_needs_nothing_else(event: Path, hashwatch: Hashwatch, right: bool) -> None:
    """One page without scripts or addresses, in which posts are text."""
    hashwatch("evaluate", "--event", "natsec17")
    label(event, right=right)
    hashwatch("publish")
    hashwatch("evaluate", "--event", "natsec17", "--report", "accuracy.html")
    page = (event / "accuracy.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert not re.search(r"<script|<img|<link|<b>|src=|href=|url\(|https?:", page)
    assert ("None in the sample" in page) == right
    for heading in ("Error by language", "What is taken for what", "Worst mistakes"):
        assert f"<h2>{heading}</h2>" in page


def test_a_report_before_any_label_says_so(event: Path, hashwatch: Hashwatch) -> None:
    """No figures are made up."""
    hashwatch("evaluate", "--event", "natsec17", "--report", "accuracy.html")
    assert "Not yet measured" in (event / "accuracy.html").read_text(encoding="utf-8")


def test_an_unknown_event_is_named(event: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """Exit code 2."""
    answer = hashwatch("evaluate", "--event", "other")
    assert answer.code == 2
    assert "other" in answer.err
