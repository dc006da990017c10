"""What people want to be told of, and when a figure is worth telling: pure decisions.

A rule looks at one event; its *sight* says whether there is something now, and under what key. A
rule speaks once a key, is silent for its cool-down afterwards, and must have seen the matter end
before it speaks of another (hysteresis): *on* and *off* have different thresholds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, get_args

import msgspec

from hashwatch.errors import FilterError
from hashwatch.model import fold_account

Kind = Literal[
    "spike", "negative", "keyword", "account", "group", "queue", "silence", "source", "digest"
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
NAMES: Mapping[Kind, str] = {
    "spike": "Spike",
    "negative": "Negative posts",
    "keyword": "Words",
    "account": "Account",
    "group": "Group",
    "queue": "Questions waiting",
    "silence": "Silence",
    "source": "Source down",
    "digest": "Digest",
}
NEEDS: Mapping[Kind, str] = {"keyword": "terms", "account": "account", "group": "group"}
"""What a rule of a kind cannot do without, and no other kind takes."""
EVERYBODY = ("inside", "public")
"""Groups that every roster has: those on it, and the rest."""
MOST_MINUTES = 1440
NAME_LENGTH = 80
_MINUTES: Mapping[Kind, int] = {"digest": 60}
_POSTS: Mapping[Kind, int] = {"negative": 20, "spike": 15, "queue": 5}
_COOL_DOWN: Mapping[Kind, int] = {"digest": 0}
_SHARE = 0.4


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


def make_rule(
    kind: Kind, to: tuple[str, ...], events: tuple[str, ...], *, name: str = "",
    minutes: int | None = None, posts: int | None = None, share: float | None = None,
    cool_down: int | None = None, terms: str = "", account: str = "", group: str = "",
) -> Rule:  # fmt: skip
    """A rule with the defaults of its kind for what is left out."""
    return Rule(
        name=name or " ".join(part for part in (NAMES[kind], terms, account, group) if part),
        kind=kind,
        to=to,
        events=events,
        minutes=minutes or _MINUTES.get(kind, 30),
        posts=posts or _POSTS.get(kind, 1),
        share=_SHARE if share is None else share,
        cool_down=_COOL_DOWN.get(kind, 30) if cool_down is None else cool_down,
        terms=terms,
        account=account,
        group=group,
    )


def rule_of(
    form: Mapping[str, str], event: str, destinations: Collection[str], groups: Collection[str]
) -> Rule:
    """The rule that a form asks for; `FilterError` says what is wrong with it.

    ``to-NAME`` ticks a destination; figures that are left empty are those of the kind, and what
    belongs to other kinds is not looked at.
    """
    asked = form.get("kind", "")
    kind = next((one for one in KINDS if one == asked), None)
    if kind is None:
        raise FilterError("kind", f"“{asked[:40]}” is none of {', '.join(KINDS)}")
    to = tuple(name for name in destinations if f"to-{name}" in form)
    needed = NEEDS.get(kind)
    given = {needed: " ".join(form.get(needed, "").split())} if needed else {}
    if needed and not 1 <= len(given[needed]) <= 200:
        raise FilterError(needed, f"give it, in at most 200 characters: {NAMES[kind]} needs it")
    if kind == "group" and given["group"] not in (*EVERYBODY, *groups):
        there_are = ", ".join([*EVERYBODY, *groups])
        raise FilterError("group", f"“{given['group']}” is none of {there_are}")
    if "account" in given:
        given["account"] = fold_account(given["account"])
    share = _figure(form, "share", 1, 100)
    name = " ".join(form.get("name", "").split())
    if len(name) > NAME_LENGTH:
        raise FilterError("name", f"longer than {NAME_LENGTH} characters")
    return make_rule(
        kind, to, (event,), name=name, minutes=_figure(form, "minutes", 1, MOST_MINUTES),
        posts=_figure(form, "posts", 1, 1_000_000), share=None if share is None else share / 100,
        cool_down=_figure(form, "cool_down", 0, MOST_MINUTES), **given,
    )  # fmt: skip


def _figure(form: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    """A whole number, None where it is left empty."""
    value = form.get(name, "").strip()
    if not value:
        return None
    if not value.isdecimal() or len(value) > 9 or not least <= int(value) <= most:
        raise FilterError(name, f"“{value[:40]}” is no whole number from {least} to {most:,}")
    return int(value)


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
