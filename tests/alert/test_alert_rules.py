"""When a rule speaks: once a matter, not again in its cool-down, not of what never ended."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, cast

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.alert.rules import KINDS, Rule, Sight, Standing, decide

RULE = Rule("Spike", "spike", ("team",), cool_down=30)
ON, BETWEEN, OFF = Sight("on", "a"), Sight("between"), Sight("off")


def spoken(rule: Rule, sights: list[tuple[int, Sight]]) -> list[int]:
    """The minutes in which a rule speaks that sees this."""
    standing, minutes = Standing(), []
    for minute, sight in sights:
        standing, speaks = decide(rule, standing, sight, 60 * minute)
        if speaks:
            minutes.append(minute)
    return minutes


def test_it_speaks_once_while_the_matter_lasts() -> None:
    """However long; a figure that wavers between the thresholds does not end it."""
    sights = [(minute, BETWEEN if minute % 3 == 1 else ON) for minute in range(120)]
    assert spoken(RULE, sights) == [0]


def test_it_speaks_again_once_it_was_over_and_the_cool_down_has_passed() -> None:
    """A matter that comes back within the cool-down is told when that is over, if it lasts."""
    sights = [(0, ON), (5, OFF), (10, ON), (29, ON), (30, ON), (31, OFF), (70, ON)]
    assert spoken(RULE, sights) == [0, 30, 70]


def test_another_matter_is_told_after_the_cool_down() -> None:
    """A second spike on the heels of the first is a matter of its own."""
    second = Sight("on", "b")
    assert spoken(RULE, [(0, ON), (10, second), (40, second), (50, second)]) == [0, 40]


def test_a_clock_that_is_put_back_does_not_silence_it() -> None:
    """A replay begun anew tells its spikes anew."""
    assert spoken(RULE, [(100, ON), (101, OFF), (3, ON)]) == [100, 3]


@given(
    st.lists(
        st.tuples(st.sampled_from(["on", "between", "off"]), st.sampled_from("ab")), max_size=60
    ),
    st.integers(0, 20),
)
def test_two_alerts_are_never_closer_than_the_cool_down(
    seen: list[tuple[str, str]], cool_down: int
) -> None:
    """Whatever is seen minute by minute; and it speaks only of what it sees."""
    rule = msgspec.structs.replace(RULE, cool_down=cool_down)
    states = [(cast(Literal["on", "between", "off"], state), key) for state, key in seen]
    minutes = spoken(rule, [(n, Sight(state, key)) for n, (state, key) in enumerate(states)])
    assert all(later - earlier >= cool_down for earlier, later in pairwise(minutes))
    assert all(states[minute][0] == "on" for minute in minutes)


def test_every_kind_says_what_it_looks_for() -> None:
    """In words, with its figures."""
    rules = [
        Rule(
            kind,
            kind,
            ("team",),
            minutes=17,
            posts=23,
            terms="tides",
            account="ana@x.example",
            group="delegates",
        )
        for kind in KINDS
    ]
    words = {rule.kind: rule.words() for rule in rules}
    assert len(set(words.values())) == len(KINDS)
    assert "tides" in words["keyword"]
    assert "@ana@x.example" in words["account"]
    assert "delegates" in words["group"]
    assert words["queue"].startswith("23 or more questions")
    assert all("23 posts" in words[kind] for kind in ("spike", "negative", "keyword", "account"))
