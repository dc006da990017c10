"""The demo's labelled conference posts: what the student is adapted to, and folds to measure it.

The other labelled posts are everyday ones; a conference announces, thanks and reports. The names of
the two events are taken out of what is learnt, so that no weight stands for one event.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from training.data import LABELS, Labels

ROOT = Path(__file__).resolve().parents[1]
EVENTS = ("natsec17", "ipu137")
FOLDS = 5
BLOCK_HOURS = 2
ALIKE = 0.5
_EVENT_NAME = re.compile(r"#?(natsec|ipu)\d*", re.IGNORECASE)
_UNTELLING = re.compile(r"#\w+|\d+|http\S+")


@dataclass(frozen=True)
class Conference:
    """Labelled posts (``unsure`` left out): texts, what is learnt of them, and a fold each."""

    texts: list[str]
    learnt: list[str]
    languages: list[str]
    labels: Labels
    folds: Labels
    events: Labels

    def take(self, english: bool) -> Conference:
        """The English posts, or the others."""
        rows = [i for i, code in enumerate(self.languages) if (code == "en") == english]
        return Conference(
            [self.texts[i] for i in rows],
            [self.learnt[i] for i in rows],
            [self.languages[i] for i in rows],
            self.labels[rows],
            self.folds[rows],
            self.events[rows],
        )

    def importance(self, rows: Labels, weight: float, praise: float = 1.0) -> Any:
        """Each class weighs alike, praise ``praise`` times as much; ``weight`` a post on average
        when praise is 1."""
        shares = np.bincount(self.labels[rows], minlength=3) / len(rows)
        by_class = weight / 3 / shares * np.array([1.0, 1.0, praise])
        return by_class[self.labels[rows]].astype(np.float32)


def conference() -> Conference:
    """Both events. Posts of one thread, or nearly alike, share a fold, as do two-hour blocks."""
    posts: list[dict[str, Any]] = []
    labels: dict[tuple[int, str], str] = {}
    for place, event in enumerate(EVENTS):
        lines = (ROOT / f"src/hashwatch/demo/{event}.jsonl").read_text(encoding="utf-8")
        posts += [json.loads(line) | {"event": place} for line in lines.splitlines()]
        with (ROOT / f"tests/data/demo_labels_{event}.csv").open(encoding="utf-8") as file:
            labels |= {(place, row["id"]): row["sentiment"] for row in csv.DictReader(file)}
    folds = _folds(posts)
    tones = [labels[post["event"], post["id"]] for post in posts]
    rows = [row for row, tone in enumerate(tones) if tone in LABELS]
    texts = [posts[row]["text"] for row in rows]
    return Conference(
        texts,
        [_EVENT_NAME.sub(" ", text) for text in texts],
        [posts[row]["lang"] for row in rows],
        np.array([LABELS.index(tones[row]) for row in rows]),
        np.array([folds[row] for row in rows]),
        np.array([posts[row]["event"] for row in rows]),
    )


def _folds(posts: list[dict[str, Any]]) -> list[int]:
    blocks = []
    for first in _firsts(posts):
        at = datetime.fromisoformat(posts[first]["at"])
        blocks.append((posts[first]["event"], at.date(), at.hour // BLOCK_HOURS))
    sizes, filled, chosen = Counter(blocks), [0] * FOLDS, {}
    for block in sorted(sizes, key=lambda block: (-sizes[block], block)):
        chosen[block] = filled.index(min(filled))
        filled[chosen[block]] += sizes[block]
    return [chosen[block] for block in blocks]


def _firsts(posts: list[dict[str, Any]]) -> list[int]:
    """For each post the first of those that it hangs together with."""
    parent = list(range(len(posts)))

    def first(row: int) -> int:
        while parent[row] != row:
            row = parent[row]
        return row

    def join(one: int, other: int) -> None:
        low, high = sorted((first(one), first(other)))
        parent[high] = low

    rows = {(post["event"], post["id"]): row for row, post in enumerate(posts)}
    words = [set(re.findall(r"\w+", _UNTELLING.sub("", p["text"].lower()))) for p in posts]
    for row, post in enumerate(posts):
        for answered in (post.get("reply_to"), post.get("quote_of")):
            if (post["event"], answered) in rows:
                join(row, rows[post["event"], answered])
        for other in range(row):
            shared = len(words[row] & words[other])
            if shared and shared >= ALIKE * len(words[row] | words[other]):
                join(row, other)
    return [first(row) for row in range(len(posts))]
