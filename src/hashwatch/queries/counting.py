"""Whether the figures of a page count boosts: as a rule, but not under ``boosts=hidden``.

Rollups keep the boosts among the posts, so that both figures come from the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from hashwatch.errors import FilterError
from hashwatch.queries.filters import CHOICES
from hashwatch.queries.shapes import Data
from hashwatch.wording import say

Sums = Sequence[int]
"""posts, boosts, positive, neutral, negative, unknown: a row of a rollup."""


class Counting(msgspec.Struct, frozen=True):
    """What a page counts; the links of its figures carry ``filters``, to find as many posts."""

    hides_boosts: bool = False

    @property
    def boosts(self) -> str:
        """The filter by which a list holds what is counted."""
        return "hidden" if self.hides_boosts else ""

    @property
    def filters(self) -> dict[str, str]:
        """That filter, where there is one, by its name."""
        return {"boosts": "hidden"} if self.hides_boosts else {}

    @property
    def bound(self) -> dict[str, int]:
        """The statements' ``:without``: how often a boost is taken off the posts."""
        return {"without": int(self.hides_boosts)}

    def sums(self, sums: Sums) -> tuple[int, ...]:
        """A rollup's row as it is counted."""
        posts, boosts, *tones = sums
        return (posts - boosts, 0, *tones) if self.hides_boosts else (posts, boosts, *tones)

    def choice(self, sums: Sums, href: str, other_href: str) -> Data:
        """The boosts among the posts of a page, and the address where they are left out or counted
        again: ``href`` without the filter, ``other_href`` with it.
        """
        posts, boosts = sums[0], sums[1]
        return {
            "posts": boosts,
            "share": round(boosts / posts, 4) if posts else None,
            "hidden": self.hides_boosts,
            "href": href if self.hides_boosts else other_href,
        }


ALL = Counting()


def chosen_counting(params: Mapping[str, str]) -> Counting:
    """What the parameter ``boosts`` says; raises ``FilterError`` for what it cannot be."""
    value = params.get("boosts", "")
    if value not in ("", *CHOICES["boosts"]):
        allowed = ", ".join(CHOICES["boosts"])
        words = say("“%(values)s” is not one of %(allowed)s", values=value, allowed=allowed)
        raise FilterError("boosts", words)
    return Counting(value == "hidden")
