"""docs/queries.md: every question is SQL that runs and answers."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^## (\d+\. [^\n]+)\n(?:(?!^## ).)*?```sql\n(.*?)```", TEXT, re.M | re.S)


def test_there_are_a_dozen() -> None:
    """At least twelve questions, numbered in order."""
    assert len(QUESTIONS) >= 12
    numbers = [int(title.partition(".")[0]) for title, _ in QUESTIONS]
    assert numbers == list(range(1, len(QUESTIONS) + 1))


@pytest.mark.parametrize(("title", "sql"), QUESTIONS, ids=[title for title, _ in QUESTIONS])
def test_each_question_is_answered(dashboard: sqlite3.Connection, title: str, sql: str) -> None:
    """On a dashboard with something of everything, each has rows, and reads only."""
    assert title.endswith("?")
    assert sql.lstrip().startswith("SELECT")
    assert dashboard.execute(sql).fetchall()


def test_the_first_answer_is_right(dashboard: sqlite3.Connection) -> None:
    """The days' sum is the number of posts."""
    rows = dashboard.execute(QUESTIONS[0][1]).fetchall()
    assert sum(row[1] for row in rows) == 600
    assert [row[0] for row in rows] == ["2017-03-28", "2017-03-29", "2017-03-30", "2017-03-31"]
