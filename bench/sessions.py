"""Themes and sessions for posts, in posts a second of one core, beside a bare loop over words.

    python -m bench.sessions [POSTS]

Some of the posts are real ones of another conference, the others are written about the programme
and about nothing; no two have the same text. Two programmes: 100
sessions of FOSDEM 2026 with 20 themes, and all 1,079 with the same themes. Figures are CPU seconds.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from training.session_worlds import Writer, event_of, ismb_posts, other_posts, programmes

from hashwatch.archive.bulk import without_cycle_search
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.programme import with_track_themes
from hashwatch.enrich.session import SessionAnnotator
from hashwatch.enrich.theme import ThemeAnnotator
from hashwatch.enrich.words import TOKEN
from hashwatch.model import Event, Session

POSTS = 20_000
THEMES = 20
SLICE = 5_000
REPEATS = 3


def posts_for(event: Event, count: int) -> list[Candidate]:
    """Distinct posts, in an order that mixes both kinds."""
    randomness = random.Random(7)
    writer = Writer(event, (), other_posts(randomness, 2_000), randomness)
    found: dict[str, Candidate] = {}
    for number, row in enumerate(ismb_posts()):
        if len(found) < count // 2:
            text = row["text"]
            moment = event.starts + number * 37 % (event.ends - event.starts)
            found[text] = Candidate(
                text, moment, row["author"], "en", tuple(row["hashtags"].split())
            )
    while len(found) < count:
        session = randomness.choice(event.sessions)
        known = writer.about(session) if randomness.random() < 0.5 else writer.about_none()
        found[known.candidate.text] = known.candidate
    posts = list(found.values())
    randomness.shuffle(posts)
    return posts


def seconds(work: Callable[[], Any]) -> float:
    """CPU seconds of the quickest of some runs."""
    best = float("inf")
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def bare(posts: Sequence[Candidate]) -> int:
    """What no annotator can do without: each word of each post looked up once."""
    known: dict[str, int] = {}
    total = 0
    for post in posts:
        for token in TOKEN.findall(post.text):
            total += known.get(token, 0)
    return total


def tag(event: Event, posts: Sequence[Candidate]) -> Callable[[], None]:
    """Everything that is done for a post of an event, by annotators that remember nothing yet."""

    @without_cycle_search()  # as the publisher runs them
    def work() -> None:
        themes, sessions = ThemeAnnotator(event.themes), SessionAnnotator(event)
        for start in range(0, len(posts), SLICE):
            some = posts[start : start + SLICE]
            themes.annotate([post.text for post in some])
            sessions.annotate(some)

    return work


def measure(name: str, sessions: Sequence[Session], count: int) -> None:
    """One programme's line."""
    event = with_track_themes(event_of("fosdem", sessions, "FOSDEM"))
    event = msgspec.structs.replace(event, themes=event.themes[:THEMES])
    posts = posts_for(event, count)
    begun = seconds(tag(event, posts[:1]))
    took, least = seconds(tag(event, posts)) - begun, seconds(lambda: bare(posts))
    print(
        f"{name}, {len(event.themes)} themes: {len(posts) / took:,.0f} posts/s,"
        f" bare loop {len(posts) / least:,.0f} ({least / took:.1%}); made ready in {begun:.2f} s"
    )


def main() -> None:
    """Prints a line a programme."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else POSTS
    everything = programmes()["fosdem"]
    picked = random.Random(7).sample(everything, 100)
    measure("100 sessions", picked, count)
    measure(f"{len(everything):,} sessions", everything, count)


if __name__ == "__main__":
    main()
