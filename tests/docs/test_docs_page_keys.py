"""docs/pages.md names what the pages' JSON holds."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from dashboard_builder import NOW
from hashwatch.queries.filters import CHOICES, NAMES
from hashwatch.queries.first_page import events_page
from hashwatch.queries.rows import COLUMNS
from hashwatch.serve.pages import PAGES, event_data

TEXT = (Path(__file__).parents[2] / "docs" / "pages.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([a-z0-9_]+)`", TEXT))


def test_every_key_of_every_answer_is_named(dashboard: sqlite3.Connection) -> None:
    """No key comes with an answer that the documentation does not name."""
    rich = dashboard.execute("SELECT post_id FROM engagement ORDER BY post_id DESC").fetchone()[0]
    names = {"post": str(rich), "session": "d4-2", "replay": "d4-2"}
    keys = _keys(events_page(dashboard, 1e9))
    for page in PAGES:
        data = event_data(dashboard, page, "natsec17", names.get(page, ""), {}, 1e9)
        keys |= _keys(msgspec.json.decode(msgspec.json.encode(data)))
    assert keys - NAMED == set()
    assert NOW


def test_every_filter_choice_and_column_is_named() -> None:
    """The filters, what they may say, the parameters and the export's columns are all there."""
    choices = {choice for allowed in CHOICES.values() for choice in allowed}
    parameters = {name for page in PAGES.values() for name in page.parameters}
    assert {*NAMES, *choices, *COLUMNS, *parameters} - NAMED == set()


def _keys(data: Any) -> set[str]:
    if isinstance(data, list):
        return set().union(*(_keys(item) for item in data))
    if isinstance(data, dict):
        return set(data).union(*(_keys(value) for value in data.values()))
    return set()
