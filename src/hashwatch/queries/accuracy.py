"""How often tags are right, from a labelled sample, and what that does to shares. Pure.

A stratum's labelled posts stand for all its posts. Intervals are 95%: Wilson's, with the effective
number of labels that the strata's own variances give, never more than there are labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import sqrt

import msgspec

SIDES = ("positive", "neutral", "negative")
Z = 1.959963984540054
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Edges of the groups of confidence in which calibration is looked at."""


class Labelled(msgspec.Struct, frozen=True):
    """A labelled post: what the annotator says, what the person says, what it stands for."""

    post_id: int
    label: str
    truth: str
    confidence: float | None
    language: str
    stratum: str
    stratum_posts: int
    weight: float


class Estimate(msgspec.Struct, frozen=True):
    """A share (0..1) with its 95% interval, from ``n`` labels."""

    value: float
    low: float
    high: float
    n: int


class Bin(msgspec.Struct, frozen=True):
    """Labels whose confidence is within bounds: its mean, and how many of them are right."""

    confidence: float
    right: Estimate


def balanced(labelled: Sequence[Labelled]) -> list[Labelled]:
    """The same with weights that add up to each stratum's posts, however many are labelled."""
    sums: dict[str, float] = {}
    for one in labelled:
        sums[one.stratum] = sums.get(one.stratum, 0.0) + one.weight
    return [
        msgspec.structs.replace(one, weight=one.weight * one.stratum_posts / sums[one.stratum])
        for one in labelled
    ]


def accuracy(labelled: Sequence[Labelled]) -> Estimate | None:
    """The share of posts whose tag is right; ``None`` without labels. Takes `balanced` weights."""
    if not labelled:
        return None
    n = len(labelled)
    total = sum(one.weight for one in labelled)
    value = sum(one.weight for one in labelled if one.label == one.truth) / total
    pooled = (sum(one.label == one.truth for one in labelled) + 1) / (n + 2)
    variance = 0.0
    for held in _by_stratum(labelled).values():
        weight, size = sum(one.weight for one in held), _effective(held)
        right = sum(one.weight for one in held if one.label == one.truth) / weight
        # A stratum of few labels, all right, is not therefore without error.
        likely = (size * right + pooled) / (size + 1)
        variance += (weight / total) ** 2 * likely * (1 - likely) / size
    centre = (n * value + 1) / (n + 2)
    low, high = wilson(value, min(float(n), centre * (1 - centre) / variance))
    return Estimate(value, low, high, n)


def by_language(labelled: Sequence[Labelled]) -> dict[str, Estimate]:
    """The same by language, the one with the most labels first."""
    groups: dict[str, list[Labelled]] = {}
    for one in labelled:
        groups.setdefault(one.language, []).append(one)
    found = {language: accuracy(held) for language, held in groups.items()}
    ordered = sorted(found.items(), key=lambda item: (-(item[1].n if item[1] else 0), item[0]))
    return {language: estimate for language, estimate in ordered if estimate is not None}


def confusion(labelled: Sequence[Labelled]) -> dict[str, dict[str, float]]:
    """Truth → label → share of all posts. Takes `balanced` weights."""
    total = sum(one.weight for one in labelled)
    table = {truth: dict.fromkeys(SIDES, 0.0) for truth in SIDES}
    for one in labelled:
        table[one.truth][one.label] += one.weight / total
    return table


def adjusted(counts: Mapping[str, int], labelled: Sequence[Labelled]) -> dict[str, Estimate]:
    """Shares of tone among posts whose labels are counted in ``counts``, corrected for the error.

    Of each label's posts, as many are what a person says as in the sample. That holds for the
    event as a whole; for a part of it, as far as errors there are those of the whole. A label that
    the sample does not have is taken as it is, with the widest interval.
    """
    all_posts = sum(counts[side] for side in SIDES)
    if not all_posts or not labelled:
        return {}
    found = {}
    for truth in SIDES:
        value = variance = 0.0
        for label in SIDES:
            share = counts[label] / all_posts
            held = [one for one in labelled if one.label == label]
            if not held:
                value += share * (truth == label)
                variance += share * share * 0.25
                continue
            size = _effective(held)
            likely = sum(one.weight for one in held if one.truth == truth) / sum(
                one.weight for one in held
            )
            value += share * likely
            smooth = (size * likely + 1 / 3) / (size + 1)
            variance += share * share * smooth * (1 - smooth) / size
        margin = Z * sqrt(variance)
        found[truth] = Estimate(
            value, max(0.0, value - margin), min(1.0, value + margin), len(labelled)
        )
    return found


def calibration(labelled: Sequence[Labelled]) -> list[Bin]:
    """How often tags are right that claim about the same confidence; empty groups left out."""
    bins = []
    for low, high in pairwise(BINS):
        held = [
            one
            for one in labelled
            if one.confidence is not None
            and (low <= one.confidence < high or one.confidence == high == 1.0)
        ]
        right = accuracy(held)
        if right is not None:
            weight = sum(one.weight for one in held)
            mean = sum(one.weight * (one.confidence or 0.0) for one in held) / weight
            bins.append(Bin(mean, right))
    return bins


def wilson(share: float, n: float) -> tuple[float, float]:
    """The 95% Wilson interval of a share out of ``n`` (which need not be whole)."""
    square = Z * Z
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = Z * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def _by_stratum(labelled: Iterable[Labelled]) -> dict[str, list[Labelled]]:
    strata: dict[str, list[Labelled]] = {}
    for one in labelled:
        strata.setdefault(one.stratum, []).append(one)
    return strata


def _effective(labelled: Sequence[Labelled]) -> float:
    """Kish's number of equally weighted labels that say as much as these."""
    return sum(one.weight for one in labelled) ** 2 / sum(one.weight**2 for one in labelled)
