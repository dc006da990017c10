"""The questions' SQL, one file each in ``sql/``."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def statement(name: str) -> str:
    """The text of ``sql/<name>.sql``."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def ask(
    connection: sqlite3.Connection, name: str, parameters: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """The rows that answer ``sql/<name>.sql``, as plain tuples whatever the row factory."""
    return run(connection, statement(name), parameters)


def run(
    connection: sqlite3.Connection, sql: str, parameters: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """The rows of ``sql``, as plain tuples whatever the row factory."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor.execute(sql, parameters).fetchall()
