"""A broken ``[[event]]`` table, with what is wrong in it made good for the moment.

Only so that the rest of what it says (its times, its programme, its sessions' themes) can be
checked in the same go; no event is ever made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import date as Date
from typing import Any

from pydantic import ValidationError

from hashwatch.config.lines import KeyPath
from hashwatch.config.problems import key_path
from hashwatch.config.tables import EventTable

# Compared with one another: where one is wrong, nothing can be said of the others.
_COMPANIONS = (
    ("starts", "ends", "collect_from", "collect_until"),
    ("date", "start", "end"),
)


def mended(written: object, number: int, error: ValidationError) -> EventTable | None:
    """Event ``number`` as ``written``, without what ``error`` found in it.

    ``None`` where even that makes no event.
    """
    if not isinstance(written, Mapping):
        return None
    table = deepcopy(dict(written))
    for found in error.errors(include_url=False):
        _take_out(table, key_path(found["loc"]))
    _fill(table, number)
    try:
        return EventTable.model_validate(table)
    except ValidationError:
        return None


def _take_out(table: dict[str, Any], path: KeyPath) -> None:
    holder: Any = table
    for depth, key in enumerate(path):
        if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
            if depth == len(path) - 1:
                # Something stays in its place: the items after it keep their numbers.
                holder[key] = {} if path[depth - 1] in ("theme", "session") else "xx"
                return
            holder = holder[key]
        elif isinstance(holder, dict) and isinstance(holder.get(key), (dict, list)):
            if depth == len(path) - 1:
                del holder[key]
                return
            holder = holder[key]
        elif isinstance(holder, dict):
            for gone in next((group for group in _COMPANIONS if key in group), (key,)):
                holder.pop(gone, None)
            return


def _fill(table: dict[str, Any], number: int) -> None:
    """Puts something harmless where a required key is missing."""
    table.setdefault("slug", f"event-{number}")
    table.setdefault("title", "xx")
    table.setdefault("hashtags", ["xx"])
    table.setdefault("timezone", "UTC")
    if "starts" not in table or "ends" not in table:
        table["starts"] = table["ends"] = Date(2000, 1, 1)
        table.pop("collect_from", None)
        table.pop("collect_until", None)
    for key, names in (("theme", ("name",)), ("session", ("code", "title"))):
        items = table.get(key, [])
        for position, item in enumerate(items if isinstance(items, list) else []):
            for name in names:
                item.setdefault(name, f"{name}-{position}")
