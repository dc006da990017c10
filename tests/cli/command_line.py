"""A configuration and a data directory for commands, and a way to run one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hashwatch.cli import exit_code

CONFIG = """
[[event]]
slug = "natsec17"
title = "Security and cybersecurity"
hashtags = ["NATSEC17"]
timezone = "Europe/London"
starts = 2017-03-28
ends = 2017-04-01
languages = ["en"]
[[event.theme]]
name = "Rights"
terms = ["human rights"]
[[event.session]]
code = "d4-1"
title = "Security and rights"
date = 2017-03-31
start = 10:00:00
end = 11:00:00
speakers = [{ name = "Rosa Example", handles = ["rosa@town.example"] }]

[sources.replay]
[sentiment]
annotator = "textblob"
"""

ROWS = """\
id,created_at,author,text,likes
1,2017-03-31T09:10:00Z,ada@town.example,"A great talk about human rights #NATSEC17",3
2,2017-03-31T09:20:00Z,kim@town.example,"Terrible sound in the hall #NATSEC17",0
3,not a time,kim@town.example,"A row without a time #NATSEC17",0
4,2017-03-31T09:30:00Z,ada@town.example,"Something about lunch",1
"""


class Answer(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it reported."""
        return json.loads(self.out)


Hashwatch = Callable[..., Answer]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with config.toml and rows.csv."""
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rows.csv").write_text(ROWS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def hashwatch(capsys: pytest.CaptureFixture[str]) -> Hashwatch:
    """Runs a command in this process."""

    def run(*arguments: str) -> Answer:
        capsys.readouterr()
        code = exit_code(arguments)
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return run


@pytest.fixture
def imported(place: Path, hashwatch: Hashwatch) -> Path:
    """The working directory after an import of its rows."""
    assert hashwatch("import", "rows.csv", "--event", "natsec17").code == 3
    return place
