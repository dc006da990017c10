"""``[[alert]]`` and ``[notify.NAME]`` tables → rules and destinations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from hashwatch.alert.rules import EVERYBODY, NEEDS, Rule, make_rule
from hashwatch.collect.tokens import read_token
from hashwatch.config.problems import Problem
from hashwatch.config.tables import AlertTable, NotifyTable
from hashwatch.errors import ConfigError


def alert_rules(
    tables: Sequence[AlertTable],
    notify: Mapping[str, NotifyTable],
    groups: Mapping[str, Collection[str] | None],
) -> tuple[tuple[Rule, ...], list[Problem]]:
    """The rules, each with a name of its own, and what is wrong with the tables.

    ``groups`` are those of each event's roster, by slug; None where the event could not be made.
    """
    problems = list(_problems(tables, notify, groups))
    rules = [
        make_rule(
            table.kind, table.to, table.events, name=table.name, minutes=table.minutes,
            posts=table.posts, share=table.share, cool_down=table.cool_down, terms=table.terms,
            account=table.account, group=table.group,
        )
        for table in tables
    ]  # fmt: skip
    for name, count in Counter(rule.name for rule in rules).items():
        if count > 1:
            what = f"{count} alerts are called {name!r}; give each a name of its own"
            problems.append(Problem(("alert",), what))
    return tuple(rules), problems


def destination_address(name: str, table: NotifyTable) -> str:
    """The Apprise address of a destination; raises ``ConfigError`` when it cannot be read."""
    address = read_token(f"notify.{name}", table.url_env, table.url_file)
    if address is None:
        raise ConfigError([f"notify.{name}: give url_env or url_file"])
    return address


def _problems(
    tables: Sequence[AlertTable],
    notify: Mapping[str, NotifyTable],
    groups: Mapping[str, Collection[str] | None],
) -> Iterator[Problem]:
    for name, destination in notify.items():
        if (destination.url_env is None) == (destination.url_file is None):
            yield Problem(("notify", name), "give url_env or url_file, one of the two")
    for number, table in enumerate(tables):
        place = ("alert", number)
        for name in table.to:
            if name not in notify:
                known = ", ".join(notify) or "none"
                yield Problem((*place, "to"), f"there is no [notify.{name}]; there is {known}")
        for slug in table.events:
            if slug not in groups:
                known = ", ".join(groups)
                yield Problem((*place, "events"), f"there is no event {slug!r}, only {known}")
        for kind, key in NEEDS.items():
            if (table.kind == kind) != bool(getattr(table, key)):
                what = f"an alert of kind {kind!r} needs it, others do not"
                yield Problem((*place, key), what)
        rosters = [groups.get(slug) for slug in table.events or groups]
        there_are = {group for roster in rosters for group in roster or ()}
        # Where an event could not be made, its own problem is told, and its groups are unknown.
        if table.group and None not in rosters and table.group not in {*there_are, *EVERYBODY}:
            known = ", ".join([*EVERYBODY, *sorted(there_are)])
            what = f"no roster has a group {table.group!r}; there are {known}"
            yield Problem((*place, "group"), what)
