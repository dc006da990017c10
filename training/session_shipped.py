"""Measure the session annotator as it is shipped, rules included, on the demo's labelled posts.

``python -m training.session_shipped`` prints the hours that its weights never saw, then all;
with ``best``, with likeness across languages as well.
"""

from __future__ import annotations

import sys

from hashwatch.enrich.session import SessionAnnotator
from hashwatch.enrich.similar import SessionSimilarity
from training.session import Measured, demo_world, half_of_demo, summary
from training.session_folds import DEMOS
from training.session_worlds import World


def outcomes(world: World) -> list[Measured]:
    """What the annotator says of a world's posts, beside what is known."""
    similarity = SessionSimilarity(world.event) if "best" in sys.argv else None
    annotator = SessionAnnotator(world.event, similarity)
    found = annotator.annotate([known.candidate for known in world.posts])
    return [
        Measured(known, one.key if one else None, one.confidence if one else 0.0, "")
        for known, one in zip(world.posts, found, strict=True)
    ]


def main() -> None:
    """Both events, with speakers on the programme and as shipped."""
    for slug in DEMOS:
        for speakers in (True, False):
            whole = demo_world(slug, speakers)
            for words, world in (("unfitted hours", half_of_demo(whole, 1)), ("all", whole)):
                figures = summary(outcomes(world))
                shown = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
                print(f"{whole.name}, {words}: {shown}")


if __name__ == "__main__":
    main()
