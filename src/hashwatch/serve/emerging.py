"""What emerges, beside the themes: posts of the dashboard, judged by an annotator."""

from __future__ import annotations

import sqlite3

from hashwatch.enrich.emerging import find_emerging
from hashwatch.queries.emerging import MINUTES, emerging_rows, hear
from hashwatch.queries.events import Event
from hashwatch.queries.shapes import Data


def with_emerging(connection: sqlite3.Connection, event: Event, now: int, page: Data) -> Data:
    """``page`` with what has come up in the last hour and no theme covers."""
    heard = hear(connection, event, now)
    found = find_emerging(heard.recent, heard.before, heard.covered) if heard else []
    rows = emerging_rows(connection, event, heard, found) if heard else []
    return {**page, "emerging": rows, "emerging_minutes": MINUTES}
