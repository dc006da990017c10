"""Measure the session annotator conference by conference, each by weights that never saw it.

``python -m training.session_folds`` fits the weights eight times, each time without one conference
(its programme and its posts), and measures them on that conference. It writes nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.session import SessionAnnotator
from training.session import (
    DEMO_COPIES,
    KINDS,
    SEED,
    Example,
    Measured,
    apply,
    demo_world,
    examples,
    fit,
    foreign_world,
    summary,
)
from training.session_worlds import (
    World,
    event_of,
    found_world,
    made_world,
    other_posts,
    programmes,
)

WRITTEN = {"fosdem": 40, "c3": 28, "rc3": 16, "camp": 16, "user": 24}
POSTS = 250
EVERYDAY = 6_000
DRAWS = 6
DEMOS = ("natsec17", "ipu137")
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


def worlds_by_conference() -> dict[str, list[World]]:
    """Every conference's worlds; what is foreign to a programme goes with the posts' conference."""
    randomness = random.Random(SEED)
    read = programmes()
    worlds = {
        name: [made_world(name, read[name], POSTS, randomness) for _ in range(count)]
        for name, count in WRITTEN.items()
    }
    worlds["ismb"] = [found_world(random.Random(seed)) for seed in range(DRAWS)]
    worlds["ismb against fosdem"] = [foreign_world("fosdem", read["fosdem"], 0.3)]
    worlds["ismb against user"] = [foreign_world("user", read["user"], 0.3)]
    for slug in DEMOS:
        worlds[slug] = [demo_world(slug, True)]
        worlds[f"{slug} as shipped"] = [demo_world(slug, False)]
    return worlds


def conference_of(name: str) -> str:
    """The conference whose posts these are."""
    return name.partition(" ")[0]


def folds() -> dict[str, list[Measured]]:
    """The outcomes for each group of posts, by weights fitted without its conference."""
    data: dict[str, list[Example]] = {
        name: [one for world in worlds for one in examples(world)]
        for name, worlds in worlds_by_conference().items()
    }
    found: dict[str, list[Measured]] = {}
    for left_out in dict.fromkeys(map(conference_of, data)):
        training = [
            one
            for name, some in data.items()
            if conference_of(name) != left_out
            for one in some * (DEMO_COPIES if conference_of(name) in DEMOS else 1)
            if len(one.features)
        ]
        weights = fit(training)
        for name, some in data.items():
            if conference_of(name) == left_out:
                found[name] = apply(some, weights)
    return found


def print_everyday() -> None:
    """How many everyday posts get a session when they carry the event's hashtag, as shipped."""
    randomness = random.Random(SEED)
    texts = other_posts(randomness, EVERYDAY)
    for name, sessions in programmes().items():
        annotator = SessionAnnotator(event_of(name, sessions, "conf"))
        starts = [session.start for session in sessions if session.start is not None]
        posts = [
            Candidate(
                f"{text} #conf", int(randomness.choice(starts) + randomness.uniform(0, 3_000)),
                language="en", hashtags=("conf",),
            )
            for text in texts
        ]  # fmt: skip
        given = sum(found is not None for found in annotator.annotate(posts))
        print(f"everyday posts against {name:12} none_given={given / len(posts):.4f}")


def print_reliability(outcomes: Sequence[Measured]) -> None:
    """How often assignments of about the same confidence are right."""
    given = [one for one in outcomes if one.code is not None]
    for low, high in pairwise(BINS):
        inside = [one for one in given if low <= one.confidence < high or one.confidence == high]
        if inside:
            right = sum(one.code == one.known.code for one in inside) / len(inside)
            sure = sum(one.confidence for one in inside) / len(inside)
            print(f"{low:.2f}-{high:.2f} posts={len(inside):5} said={sure:.3f} right={right:.3f}")


def print_kinds(outcomes: Sequence[Measured]) -> None:
    """Precision and recall by the strongest kind of evidence."""
    for kind in (*KINDS, "first name", "place and time", "words"):
        some = [one for one in outcomes if one.kind == kind]
        given = [one for one in some if one.code]
        right = sum(one.code == one.known.code for one in given)
        due = sum(one.known.code is not None for one in some)
        shown = f"precision={right / max(1, len(given)):.3f} recall={right / max(1, due):.3f}"
        print(f"{kind:28} posts={len(some)} given={len(given)} {shown}")


def main() -> None:
    """Print everything."""
    outcomes = folds()
    for name, some in outcomes.items():
        figures = summary(some)
        print(f"{name:20}", " ".join(f"{key}={value:.3g}" for key, value in figures.items()))
    known = [one for name, some in outcomes.items() if "against" not in name for one in some]
    print_kinds(known)
    print_reliability(known)
    print_everyday()


if __name__ == "__main__":
    main()
