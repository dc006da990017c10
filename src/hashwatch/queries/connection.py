"""Opening dashboard.db to ask it something."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hashwatch.errors import HashwatchError


def open_dashboard(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; raises ``HashwatchError`` when nothing was published yet."""
    if not path.exists():
        raise HashwatchError(f"{path}: there is no dashboard yet; run hashwatch publish first")
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=30.0)
