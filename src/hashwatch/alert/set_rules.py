"""The rules that people have set on the page of alerts, as the dashboard holds them."""

from __future__ import annotations

import logging
import sqlite3

import msgspec

from hashwatch.alert.rules import Rule
from hashwatch.queries.statements import ask

_log = logging.getLogger(__name__)


def set_rules(connection: sqlite3.Connection) -> list[Rule]:
    """The rules of all events. Names are unique: of those of several events all but the first
    have their event's slug after them.
    """
    found: list[Rule] = []
    for slug, name, text in ask(connection, "set_rules", {}):
        try:
            rule = decode(text)
        except msgspec.DecodeError as error:
            _log.warning("the rule %r of %s cannot be read: %s", name, slug, error)
            continue
        taken = any(one.name == rule.name for one in found)
        named = f"{rule.name} ({slug})" if taken else rule.name
        found.append(msgspec.structs.replace(rule, name=named, events=(slug,)))
    return found


def encode(rule: Rule) -> str:
    """A rule as the archive keeps it."""
    return msgspec.json.encode(rule).decode()


def decode(text: str) -> Rule:
    """The rule that `encode` wrote; ``msgspec.DecodeError`` for anything else."""
    return msgspec.json.decode(text, type=Rule)
