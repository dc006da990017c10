"""A roster: one handle a row; everything that is wrong is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.test_config_load import EVENT, parse, problems
from hashwatch.model import Member

ROSTER = EVENT + 'roster = "roster.csv"\n'


def written(folder: Path, text: str) -> Path:
    """Where the configuration beside a roster with this text would stand."""
    (folder / "roster.csv").write_text(text, encoding="utf-8")
    return folder / "config.toml"


def test_a_roster_is_read(tmp_path: Path) -> None:
    """Handles without ``@``, networks in lower case; who has no handle is left out."""
    text = "group,name,network,handle\ndelegates,Ana,Mastodon,@ana@a.example\npress,,,\n"
    [event] = parse(ROSTER, written(tmp_path, text)).events
    assert event.roster == (Member("delegates", "Ana", "mastodon", "ana@a.example"),)


def test_the_same_handle_stands_once(tmp_path: Path) -> None:
    """In a group and network; in two groups it stands twice."""
    text = "group,handle\ndelegates,@Ana\ndelegates,ana\nspeakers,ana\n"
    [event] = parse(ROSTER, written(tmp_path, text)).events
    assert [member.group for member in event.roster] == ["delegates", "speakers"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("group,name\nx,y\n", ":1: the column handle is missing"),
        ("group,handle,party\n", ":1: there is no column 'party'"),
        ("group,handle\n,ana\n", ":2: group: is empty"),
        ("group,handle\ninside,ana\n", ":2: group: 'inside' is what a side is called"),
        ("group,network,handle\na,myspace,ana\n", ":2: network: 'myspace' is none of"),
        ("group,handle\na,ana and bo\n", ":2: handle: 'ana and bo' is no handle"),
        ('group,handle\na,"ana\n', "is no CSV"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    """With the file and the line."""
    [problem] = problems(ROSTER, written(tmp_path, text))
    assert problem.startswith(str(tmp_path / "roster.csv"))
    assert said in problem


def test_a_roster_that_is_not_there(tmp_path: Path) -> None:
    """Is named."""
    [problem] = problems(ROSTER, tmp_path / "config.toml")
    assert "roster.csv: cannot be read: No such file" in problem
