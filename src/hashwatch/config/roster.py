"""``roster = "roster.csv"``: who belongs to the event, one handle a row, in groups."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from hashwatch.errors import ConfigError
from hashwatch.model import Member, fold_account

COLUMNS = ("group", "name", "network", "handle")
NETWORKS = ("", "mastodon", "bluesky", "x")
SIDES = ("inside", "public")
"""What the two sides are called; no group may be."""


def read_roster(path: Path) -> tuple[Member, ...]:
    """The members of a roster; raises ``ConfigError`` with every problem, its file and line.

    A row without a handle names somebody who cannot be found; it is left out.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, restkey="", strict=True)
            _check_columns(path, rows.fieldnames)
            read = [(rows.line_num, row) for row in rows]
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 text (byte {error.start})"]) from error
    except csv.Error as error:
        raise ConfigError([f"{path}: is no CSV: {error}"]) from error
    problems: list[str] = []
    members: dict[tuple[str, str, str], Member] = {}
    for line, row in read:
        cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
        problems += [f"{path}:{line}: {problem}" for problem in _wrong(cells)]
        if cells["handle"] and not problems:
            member = Member(
                cells["group"], cells["name"], cells["network"].lower(),
                cells["handle"].lstrip("@"),
            )  # fmt: skip
            members[member.group, member.network, fold_account(member.handle)] = member
    if problems:
        raise ConfigError(problems)
    return tuple(members.values())


def _check_columns(path: Path, found: object) -> None:
    names = [str(name).strip() for name in found] if isinstance(found, (list, tuple)) else []
    missing = [name for name in ("group", "handle") if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    wrong = [f"{path}:1: the column {name} is missing" for name in missing]
    wrong += [
        f"{path}:1: there is no column {name!r}; there are {', '.join(COLUMNS)}" for name in unknown
    ]
    if wrong:
        raise ConfigError(wrong)


def _wrong(cells: dict[str, str]) -> Iterator[str]:
    if not cells["group"]:
        yield "group: is empty; say which group the person belongs to"
    if cells["group"].casefold() in SIDES:
        yield f"group: {cells['group']!r} is what a side is called; choose another name"
    if cells["network"].lower() not in NETWORKS:
        yield f"network: {cells['network']!r} is none of {', '.join(NETWORKS[1:])}"
    if any(character.isspace() for character in cells["handle"]):
        yield f"handle: {cells['handle']!r} is no handle; write @name or @name@server.example"
