"""Precision and recall of what emerges: planted subjects in hours of the demonstration's events.

``python tests/enrich/test_enrich_emerging_labelled.py`` prints what was named in which hour.
"""

from __future__ import annotations

import json
import tomllib
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from hashwatch.enrich.emerging import find_emerging
from hashwatch.enrich.words import WORD, fold, light_root
from hashwatch.model import Said

DATA = Path(__file__).parents[1] / "data"
TUNED, FRESH = DATA / "emerging.toml", DATA / "emerging_fresh.toml"
"""With the first the numbers were chosen; the second was written afterwards."""
GENUINE = ("closures", "closed", "youth", "clubs", "logs", "menu")
"""What does emerge in the demonstration itself: read by hand, hour by hour."""


@cache
def told(event: str) -> list[tuple[datetime, Said]]:
    """An event's originals in their order."""
    people: dict[str, int] = {}
    text = (files("hashwatch.demo") / f"{event}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    found = [
        (datetime.fromisoformat(row["at"]),
         Said(people.setdefault(row["who"], len(people)), row["text"]))
        for row in rows
        if not row.get("boost_of")
    ]  # fmt: skip
    return sorted(found, key=lambda one: one[0])


@cache
def covered(event: str) -> tuple[str, ...]:
    """What an event's title, hashtags, themes and people cover."""
    config = tomllib.loads((files("hashwatch.demo") / "config.toml").read_text(encoding="utf-8"))
    [own] = [one for one in config["event"] if one["slug"] == event]
    found = [own["title"], *own["hashtags"]]
    for theme in own["theme"]:
        found += [theme["name"], *theme["terms"]]
    roster = (files("hashwatch.demo") / own["roster"]).read_text(encoding="utf-8")
    return (*found, *(line.split(",")[1] for line in roster.splitlines()[1:]))


def named(hour: str, posts: list[str], people: int | None = None) -> list[str]:
    """What is named in an hour of an event with these posts in it."""
    event, _, begins = hour.partition(" ")
    recent = [one for at, one in told(event) if at.isoformat().startswith(begins)]
    before = [one for at, one in told(event) if at.isoformat()[:13] < begins]
    planted = [
        Said(10_000 + place % (people or len(posts)), f"{text} #{event.upper()}")
        for place, text in enumerate(posts)
    ]
    return [one.phrase for one in find_emerging([*recent, *planted], before, covered(event))]


def keys(words: list[str] | tuple[str, ...] | str) -> set[str]:
    """Words as they are compared."""
    listed = WORD.findall(words) if isinstance(words, str) else words
    return {light_root(fold(word)) for word in listed}


def judged(path: Path) -> list[tuple[dict[str, Any], list[str], list[str]]]:
    """Each burst with what was rightly and what was wrongly named in its hour."""
    bursts = tomllib.loads(path.read_text(encoding="utf-8"))["burst"]
    found = []
    for burst in bursts:
        phrases = named(burst["hour"], burst["posts"], burst.get("people"))
        right = [one for one in phrases if keys(one) & keys(burst["subject"])]
        wrong = [
            one for one in phrases if one not in right and not keys(one) & keys(GENUINE)
        ]  # fmt: skip
        found.append((burst, right, wrong))
    return found


def hours() -> list[str]:
    """Every hour of both events that holds ten posts."""
    found: dict[str, int] = {}
    for event in ("natsec17", "ipu137"):
        for at, _ in told(event):
            hour = f"{event} {at.isoformat()[:13]}"
            found[hour] = found.get(hour, 0) + 1
    return [hour for hour, posts in found.items() if posts >= 10]


@pytest.mark.parametrize("path", [TUNED, FRESH], ids=["tuned", "fresh"])
def test_planted_subjects_are_named_and_little_else(path: Path) -> None:
    """Of what is named at least 85 in 100 are subjects; of the subjects at least 80 in 100 are."""
    results = judged(path)
    planted = [(right, wrong) for burst, right, wrong in results if burst["subject"]]
    right = sum(len(one) for _, one, _ in results)
    wrong = sum(len(one) for _, _, one in results)
    assert right / (right + wrong) >= 0.85
    assert sum(bool(one) for one, _ in planted) / len(planted) >= 0.8


def test_hours_without_a_burst_stay_silent() -> None:
    """But for what the conversations themselves quarrel about."""
    wrong = [one for hour in hours() for one in named(hour, []) if not keys(one) & keys(GENUINE)]
    assert len(wrong) <= 2, wrong


if __name__ == "__main__":
    for path in (TUNED, FRESH):
        for burst, right, wrong in judged(path):
            print(burst["hour"], "|", burst["posts"][0][:40], "| right", right, "| wrong", wrong)
    for hour in hours():
        print(hour, named(hour, []))
