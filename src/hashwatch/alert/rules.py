"""What people want to be told of, and when a figure is worth telling: pure decisions.

A rule looks at one event; its *sight* says whether there is something now, and under what key. A
rule speaks once a key, is silent for its cool-down afterwards, and must have seen the matter end
before it speaks of another (hysteresis): *on* and *off* have different thresholds.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

Kind = Literal[
    "spike", "negative", "keyword", "account", "group", "queue", "silence", "source", "digest"
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)


class Rule(msgspec.Struct, frozen=True):
    """One rule of the configuration. ``events`` are slugs, empty for all; ``to`` destinations.

    ``minutes`` is the time looked at, ``posts`` how many posts it takes, ``share`` the share of
    negative posts, ``cool_down`` the minutes of silence after an alert, all in the event's time.
    ``terms`` is a search as the posts page takes it, ``account`` a folded handle,
    ``group`` a group of the roster, or ``inside`` for all of it.
    """

    name: str
    kind: Kind
    to: tuple[str, ...]
    events: tuple[str, ...] = ()
    minutes: int = 30
    posts: int = 1
    share: float = 0.4
    cool_down: int = 30
    terms: str = ""
    account: str = ""
    group: str = ""

    def concerns(self, slug: str) -> bool:
        """Whether the rule looks at the event ``slug``."""
        return not self.events or slug in self.events

    def words(self) -> str:
        """What it looks for, in words."""
        posts = "a post" if self.posts == 1 else f"{self.posts:,} posts"
        return {
            "spike": f"a spike of {posts} or more",
            "negative": f"{self.share:.0%} or more of {posts} or more in {self.minutes} minutes are"
            " negative, and half as many again as before",
            "keyword": f"{posts} or more in {self.minutes} minutes that match {self.terms}",
            "account": f"{posts} or more by @{self.account} in {self.minutes} minutes",
            "group": f"{posts} or more by {self.group} in {self.minutes} minutes",
            "queue": f"{self.posts:,} or more questions of the day wait for an answer",
            "silence": f"no posts for {self.minutes} minutes, when some are usual",
            "source": "a source that cannot be reached or refuses",
            "digest": f"every {self.minutes} minutes, what there was",
        }[self.kind]


class Sight(msgspec.Struct, frozen=True):
    """What a rule sees now: ``on``, ``off``, or ``between`` its two thresholds.

    ``key`` names the matter (the same key is the same matter), ``words`` is a sentence with its
    figures, ``href`` the path of the posts behind them.
    """

    state: Literal["on", "between", "off"]
    key: str = ""
    words: str = ""
    href: str = ""


class Standing(msgspec.Struct, frozen=True):
    """Where a rule stands with an event. ``spoke_at`` is in the event's seconds."""

    active: bool = False
    key: str = ""
    spoke_at: int | None = None


def decide(rule: Rule, standing: Standing, sight: Sight, now: int) -> tuple[Standing, bool]:
    """The rule's next standing, and whether it speaks now. ``now`` is the event's clock.

    A clock that was put back (a replay begun anew) starts the cool-down anew.
    """
    if sight.state == "off":
        return msgspec.structs.replace(standing, active=False), False
    if sight.state == "between" or (standing.active and standing.key == sight.key):
        return standing, False
    spoke_at = standing.spoke_at
    if spoke_at is not None and 0 <= now - spoke_at < 60 * rule.cool_down:
        return standing, False
    return Standing(True, sight.key, now), True
