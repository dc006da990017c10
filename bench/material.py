"""The 100,000 invented posts that the bulk benchmarks read: written once to a folder, then reused.

Half are Mastodon answers of 40 statuses a page, half lines of X API v1.1 of which 70% are boosts,
as measured at real conferences.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from bench.payloads import BEGIN, Payloads
from hashwatch.model import Event, Session, Theme

POSTS = 100_000
PAGE = 40
BOOSTS = 0.7
REPEATS = 0.03
SEED = 17


def write(folder: Path, posts: int = POSTS) -> tuple[Path, Path]:
    """The files with Mastodon pages (one a line) and with X's posts (one a line)."""
    mastodon, x = folder / f"mastodon-{posts}.ndjson", folder / f"x1-{posts}.jsonl"
    if not (mastodon.exists() and x.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        payloads = Payloads(SEED, repeats=REPEATS)
        with mastodon.open("wb") as file:
            for _ in range(posts // 2 // PAGE):
                statuses = b",".join(payloads.mastodon() for _ in range(PAGE))
                file.write(b"[" + statuses + b"]\n")
        _write_x(x, posts - posts // 2)
    return mastodon, x


def event() -> Event:
    """The conference that these posts are about: 20 themes, 40 sessions."""
    return Event(
        slug="bench", title="A benchmark", hashtags=("NATSEC17", "CYBERPARL"),
        timezone="Europe/London", starts=BEGIN, ends=BEGIN + 400_000, collect_from=0,
        collect_until=BEGIN + 4_000_000, languages=("en", "fr"),
        themes=tuple(Theme(f"Theme {n}", (word,)) for n, word in enumerate(_THEMES)),
        sessions=tuple(
            Session(f"s{n}", f"Session {n}", start=BEGIN + n * 8_000, end=BEGIN + n * 8_000 + 5_000)
            for n in range(40)
        ),
    )  # fmt: skip


def _write_x(path: Path, posts: int) -> None:
    payloads = Payloads(SEED + 1, repeats=REPEATS)
    draw = random.Random(SEED)
    originals: list[dict[str, object]] = []
    with path.open("w", encoding="utf-8") as file:
        for _ in range(posts):
            if originals and draw.random() < BOOSTS:
                post = payloads.x1(draw.choice(originals[-400:]))
            else:
                post = payloads.x1()
                originals.append(post)
            file.write(json.dumps(post, separators=(",", ":")) + "\n")


_THEMES = (
    "oversight", "human rights", "surveillance", "extremism", "cohesion", "equality", "women",
    "partnership", "private sector", "strategy", "legislation", "cyber attack", "evidence",
    "transparency", "police budget", "youth education", "regional network", "court", "liberty",
    "public trust",
)  # fmt: skip
