"""docs/tables.md against the schema, and what it says of states, exports and ids."""

from __future__ import annotations

import re
import sqlite3
from typing import get_args

import pytest

from docs.documentation import Block, blocks, codes, read, sections, tables
from hashwatch.archive.identity import TIE_BREAK_BITS
from hashwatch.archive.runs import PlaceState
from hashwatch.model import RunState
from hashwatch.publish.dashboard import create
from hashwatch.queries.rows import COLUMNS

PAGE = "docs/tables.md"
METADATA = "datasette-metadata.yml"
SHADOWS = re.compile(r"posts_index_\w+")


def _schema() -> dict[str, list[str]]:
    """Table → its columns, as the schema makes them; FTS5's own tables left out."""
    connection = sqlite3.connect(":memory:")
    create(connection)
    names = [
        row[0]
        for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not SHADOWS.fullmatch(row[0]) and not row[0].startswith("sqlite_")
    ]
    found = {
        name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in names
    }
    connection.close()
    return found


def _documented() -> dict[str, list[str]]:
    """Table → its columns, as the page lists them.

    A heading may name several tables of the same columns; a table whose header says
    ``Column of `name` `` belongs to that one.
    """
    found: dict[str, list[str]] = {}
    for heading, section in sections(PAGE).items():
        for table in tables(section):
            columns = [row[0].strip("`") for row in table[1:]]
            if owner := re.fullmatch(r"Column of `(\w+)`", table[0][0]):
                found[owner[1]] = columns
            elif table[0] == ["Column", "Type", "Meaning"]:
                found |= {name.strip(): columns for name in heading.split(",")}
    return found


SCHEMA = _schema()


def test_each_table_is_described() -> None:
    """The page describes every table of dashboard.db and no other."""
    assert set(_documented()) == set(SCHEMA)


@pytest.mark.parametrize("table", SCHEMA)
def test_each_column_is_described(table: str) -> None:
    """The columns of a table stand in the page, in the order of the schema."""
    assert _documented()[table] == SCHEMA[table]


def test_each_column_has_words() -> None:
    """No description is left empty."""
    for heading, section in sections(PAGE).items():
        for table in tables(section):
            for row in table[1:]:
                assert row[-1], f"{heading}: {row[0]}"


def test_states_are_named() -> None:
    """Every state of a source and of a run is named where its column is."""
    for table, states in (("places", get_args(PlaceState)), ("runs", [*RunState])):
        (rows,) = tables(sections(PAGE)[table])
        (row,) = [row for row in rows if row[0] == "`state`"]
        assert {str(state) for state in states} <= set(codes(row[2])), table


def test_columns_of_exports_are_listed() -> None:
    """The columns of an export stand in the page, in their order."""
    (table,) = tables(sections(PAGE)["Exports"])
    assert [row[0].strip("`") for row in table[1:]] == list(COLUMNS)


def test_the_time_in_an_id_is_where_the_page_says() -> None:
    """The page's shift is the one that ids are made with."""
    section = sections(PAGE)["What posts.id is"]
    assert f"id >> {TIE_BREAK_BITS}" in codes(section)


@pytest.mark.parametrize("block", blocks("sql"), ids=lambda block: block.place)
def test_each_query_runs(block: Block, dashboard: sqlite3.Connection) -> None:
    """The SQL in the documentation runs on a dashboard."""
    for statement in filter(str.strip, block.text.split(";")):
        dashboard.execute(statement).fetchall()


def test_rollup_facets_are_as_stated(dashboard: sqlite3.Connection) -> None:
    """Each facet stands in just those rollups that the page says."""
    section = sections(PAGE)["rollup_minute, rollup_hour, rollup_day"]
    (table,) = [t for t in tables(section) if t[0][0] == "`facet`"]
    stated = {row[0].strip("`"): set(row[2].split(", ")) for row in table[1:]}
    for grain in ("minute", "hour", "day"):
        found = {row[0] for row in dashboard.execute(f"SELECT DISTINCT facet FROM rollup_{grain}")}
        allowed = {facet for facet, grains in stated.items() if grain in grains}
        assert found <= allowed
        assert found, f"no facet in rollup_{grain}"


def test_metadata_describes_each_column() -> None:
    """Datasette's table pages have a text for every table and column."""
    import yaml

    from docs.documentation import ROOT

    if not (ROOT / METADATA).exists():
        pytest.skip(f"{METADATA} is not written yet")
    described = yaml.safe_load(read(METADATA))["databases"]["dashboard"]["tables"]
    for table, columns in SCHEMA.items():
        if described.get(table, {}).get("hidden"):
            continue
        assert described[table].get("description"), table
        if table != "posts_index":
            assert set(described[table].get("columns", {})) == set(columns), table
