"""datasette-metadata.yml against the schema."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
from datasette.utils import parse_metadata

from dashboard_server import with_client

METADATA = Path(__file__).parents[2] / "datasette-metadata.yml"


def test_every_table_and_column_is_described() -> None:
    """Exactly the schema's tables and columns have a title and a description."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        (files("hashwatch.publish") / "schema.sql").read_text(encoding="utf-8")
    )
    sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'posts_index_*'"
    schema = {
        name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        for (name,) in connection.execute(sql).fetchall()
    }
    connection.close()
    described = _metadata()["databases"]["dashboard"]["tables"]
    assert {name: list(table["columns"]) for name, table in described.items()} == schema
    for table in described.values():
        assert table["title"]
        assert table["description"]
        assert all(table["columns"].values())


def test_it_holds_no_sql_and_no_secret() -> None:
    """Titles, descriptions, licence, source, sorting and facets; nothing that runs or permits."""
    allowed = {"title", "description", "license", "source", "databases", "tables", "columns",
               "facets", "sort", "sort_desc", "hidden"}  # fmt: skip

    def keys(value: Any, inside: str) -> set[str]:
        if inside == "columns" or not isinstance(value, dict):
            return set()
        found = set() if inside in ("databases", "tables") else set(value)
        return found.union(*(keys(item, name) for name, item in value.items()))

    assert keys(_metadata(), "") <= allowed
    assert _metadata()["license"]


def test_table_pages_show_it(dashboard_path: Path) -> None:
    """What the file says of a table stands on its page."""

    async def ask(client: httpx.AsyncClient) -> str:
        return (await client.get("/dashboard/posts")).text

    page = with_client(dashboard_path, ask, metadata_path=METADATA)
    assert "One row a post, however many servers it was seen on." in page
    assert "empty where it is unknown (never neutral instead)" in page


def _metadata() -> dict[str, Any]:
    return dict(parse_metadata(METADATA.read_text(encoding="utf-8")))
