"""What a command that failed has to say: one sentence that names the place and the remedy."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def database_complaint(error: sqlite3.Error, data_dir: Path | None) -> str:
    """SQLite's own complaint as a sentence: which of the two files it is, and what to do."""
    from hashwatch.archive.connection import check
    from hashwatch.errors import DamagedError, HashwatchError

    if data_dir is None:
        return f"a database refuses: {error}"
    archive, dashboard = data_dir / "archive.db", data_dir / "dashboard.db"
    for path in (archive, dashboard):
        if not path.exists():
            continue
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as file:
                check(file, path)
        except DamagedError as damage:
            return str(damage) if path == archive else _damaged_dashboard(dashboard, error)
        except HashwatchError as other:
            return str(other)
    return f"{data_dir}: a database cannot be used: {error}"


def _damaged_dashboard(path: Path, error: sqlite3.Error) -> str:
    return (
        f"{path}: the file is damaged ({error}); remove it with its -wal and -shm, then run"
        " hashwatch publish, which makes it anew from the archive"
    )
