from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from hashwatch.archive.bulk import bind_quickly


@pytest.mark.parametrize("value", [None, True, False, b"", b"\x00raw", 7, 0.5, "words"])
def test_binding_quickly_changes_no_value(value: object) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        (before,) = connection.execute("SELECT ?", (value,)).fetchone()
        bind_quickly()
        (after,) = connection.execute("SELECT ?", (value,)).fetchone()
    assert (after, type(after)) == (before, type(before))
