"""Themes that people make: the latest decision stands, nobody overwrites another's unseen."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hashwatch.archive.store import Archive
from hashwatch.archive.themes import Themes
from hashwatch.errors import ArchiveError, ConflictError
from hashwatch.model import Theme


@pytest.fixture
def themes(tmp_path: Path) -> Themes:
    """The themes of an empty archive."""
    Archive(tmp_path / "archive.db").close()
    return Themes(tmp_path / "archive.db")


def test_the_latest_decision_stands(themes: Themes) -> None:
    """Under the name it was made with; the names between are remembered, in their order."""
    made = themes.decide("ana", "e", "Flood", "Flood", ["levee"], now=1, seen=0)
    second = themes.decide("ben", "e", "Flood", "Water", ["levee", "dike"], now=2, seen=made.id)
    themes.decide("ana", "e", "Fire", "Fire", [], now=3, seen=0)
    third = themes.decide("ana", "e", "Flood", "Rivers", ["dike"], now=4, seen=second.id)
    flood, fire = themes.decided("e")
    assert flood.theme == Theme("Rivers", ("dike",), former=("Flood", "Water"))
    assert (flood.id, flood.actor, flood.at) == (third.id, "ana", 4)
    assert fire.theme == Theme("Fire")
    back = themes.decide("ana", "e", "Flood", "Flood", ["dike"], now=5, seen=third.id)
    assert themes.decided("e")[0].former == ("Water", "Rivers")
    themes.decide("ana", "e", "Flood", "Flood", None, now=6, seen=back.id)
    assert themes.decided("e")[0].theme is None
    assert themes.decided("another") == []
    assert made.seq < second.seq < third.seq
    assert themes.last() == 6


def test_nobody_decides_on_what_they_have_not_seen(themes: Themes) -> None:
    """The second is told who was first; nothing is kept of it."""
    made = themes.decide("ana", "e", "Flood", "Flood", ["levee"], now=1, seen=0)
    with pytest.raises(ConflictError, match="ana made it “Flood”"):
        themes.decide("ben", "e", "Flood", "Flood", ["dike"], now=2, seen=0)
    gone = themes.decide("ana", "e", "Flood", "Flood", None, now=3, seen=made.id)
    with pytest.raises(ConflictError, match="ana withdrew it"):
        themes.decide("ben", "e", "Flood", "Flood", ["dike"], now=4, seen=made.id)
    [decided] = themes.decided("e")
    assert (decided.id, decided.terms) == (gone.id, None)


def test_decisions_are_never_changed(themes: Themes, tmp_path: Path) -> None:
    """The file itself refuses."""
    themes.decide("ana", "e", "Flood", "Flood", ["levee"], now=1, seen=0)
    with closing(sqlite3.connect(tmp_path / "archive.db")) as connection:
        for sql in ("DELETE FROM theme_decisions", "UPDATE theme_decisions SET name = 'x'"):
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                connection.execute(sql)


def test_without_an_archive_there_are_none(tmp_path: Path) -> None:
    """And none can be made."""
    themes = Themes(tmp_path / "archive.db")
    assert (themes.decided("e"), themes.last()) == ([], 0)
    with pytest.raises(ArchiveError, match="there is no archive yet"):
        themes.decide("ana", "e", "Flood", "Flood", [], now=1, seen=0)
