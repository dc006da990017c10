"""A source of another package: the example in the documentation, installed and used."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fake_platform.mastodon import FakeMastodon, Fault
from fake_platform.statuses import iso
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect
from hashwatch.collect.http import Http
from hashwatch.collect.source import PollingSource, Query, find_source, known_sources
from hashwatch.config import load_config
from hashwatch.errors import BadAnswerError, ConfigError
from hashwatch.model import RunState

EXAMPLE = Path(__file__).parents[2] / "docs" / "example_source"
AT = 1_490_961_600


class FakePeerTube(FakeMastodon):
    """Videos, the newest first, by offset."""

    def __init__(self) -> None:
        super().__init__()
        self.videos: list[Any] = []

    def film(self, name: str, at: int, **fields: Any) -> None:
        """A new video by an invented person."""
        self.videos.append({
            "url": f"https://tube.example/w/{len(self.videos)}", "name": name,
            "truncatedDescription": "What was said.", "publishedAt": iso(at), "likes": 3,
            "account": {"url": "https://tube.example/a/ana", "name": "ana",
                        "host": "tube.example", "displayName": "Ana"},
        } | fields)  # fmt: skip

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:  # noqa: ARG002
        """As PeerTube does."""
        asked = self.asked[-1].parameters
        assert (path, asked["tagsOneOf"]) == ("/api/v1/search/videos", "natsec17")
        ordered = sorted(self.videos, key=lambda video: str(video["publishedAt"]), reverse=True)
        start = int(asked["start"])
        page = ordered[start : start + int(asked["count"])]
        return 200, {"total": len(ordered), "data": page}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example, installed as anybody would; its source stays as it is."""
    copy, target = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("installed")
    for name in ("pyproject.toml", "hashwatch_peertube.py"):
        (copy / name).write_bytes((EXAMPLE / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
         "--no-build-isolation", "--disable-pip-version-check", "--target", target, copy],
        check=True, capture_output=True,
    )  # fmt: skip
    return target


@pytest.fixture
def present(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """It is there for one test."""
    monkeypatch.syspath_prepend(str(installed))
    yield
    sys.modules.pop("hashwatch_peertube", None)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


def rows(archive: Archive, sql: str) -> list[Any]:
    """What another connection sees."""
    with closing(sqlite3.connect(archive.path)) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.usefixtures("present")
def test_the_example_is_found_by_its_name_and_its_settings_are_checked(tmp_path: Path) -> None:
    """Like any other source: a good table is read, a wrong key named."""
    assert "peertube" in known_sources()
    assert find_source("peertube").__name__ == "hashwatch_peertube"
    written = tmp_path / "config.toml"
    event = (
        '[[event]]\nslug = "e"\ntitle = "E"\nhashtags = ["natsec17"]\nstarts = 2017-03-31\n'
        'ends = 2017-03-31\ntimezone = "Europe/London"\n'
    )
    written.write_text(f'{event}[sources.peertube]\nserver = "https://tube.example"\n')
    assert load_config(written).sources["peertube"].model_dump() == {
        "server": "https://tube.example"
    }
    written.write_text(f'{event}[sources.peertube]\nserver = "https://tube.example"\nsever = 1\n')
    with pytest.raises(ConfigError, match=r"sources\.peertube\.sever"):
        load_config(written)


@pytest.mark.usefixtures("present")
def test_the_example_collects(archive: Archive) -> None:
    """To the start, then what is new; a bad video is rejected, a cut answer moves nothing."""
    with FakePeerTube() as tube:
        for number in range(230):
            tube.film(f"Session {number}", AT - 60 * number)
        tube.film("Broken", AT - 30, account=None)
        reports = asyncio.run(runs(tube, archive, AT))
        assert [each.state for each in reports] == [RunState.OK]
        assert (reports[0].pages, reports[0].stored.new, reports[0].stored.rejected) == (3, 230, 1)
        tube.film("Closing", AT + 30)
        tube.faults = [Fault("cut", cut=9)]
        before = rows(archive, "SELECT cursor FROM cursors")
        failed, again = asyncio.run(runs(tube, archive, AT + 60, times=2))
        assert (failed.state, tube.fired["cut"]) == (RunState.FAILED, 1)
        assert (again.state, again.stored.new) == (RunState.OK, 1)
        assert rows(archive, "SELECT cursor FROM cursors") != before
    text = "SELECT text, handle FROM posts JOIN authors ON authors.id = author_id"
    (newest, *_) = rows(archive, f"{text} ORDER BY posts.id DESC")
    assert newest == ("Closing\n\nWhat was said.", "ana@tube.example")


async def runs(tube: FakePeerTube, archive: Archive, now: int, times: int = 1) -> list[RunReport]:
    """Runs of the page loop."""
    http = Http(allow_loopback=True)
    module = find_source("peertube")
    source = module.connect(module.Settings(server=tube.url), http)
    assert isinstance(source, PollingSource)
    query = Query(("natsec17",), (), AT - 86_400, AT + 86_400, now)
    (place,) = source.places(query)
    try:
        return [await collect(source, place, archive, query, now=lambda: now) for _ in range(times)]
    finally:
        await http.close()


@pytest.mark.usefixtures("present")
def test_the_example_refuses_what_is_no_answer() -> None:
    """Whatever it is."""
    parse_page = find_source("peertube").parse_page
    for payload in (b"", b"<html>", b"7", b"{}", b'{"data": 7}', b'{"data": null}'):
        with pytest.raises(BadAnswerError):
            parse_page(payload, "tube.example", "natsec17")
    page = parse_page(json.dumps({"data": [7, {}, None]}).encode(), "tube.example", "natsec17")
    assert len(page.rejects) == 3


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise RuntimeError('half installed')", "cannot be loaded (RuntimeError: half installed)"),
        ("Settings = connect = None", "lacks parse_page"),
    ],
)
def test_a_package_that_cannot_be_used_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    """What is wrong with it, and whose it is; no traceback."""
    (tmp_path / "bad_source.py").write_text(code)
    about = tmp_path / "bad_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-package\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[hashwatch.sources]\nbad = bad_source\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigError) as caught:
        find_source("bad")
    sys.modules.pop("bad_source", None)
    assert told in str(caught.value)
    assert "bad-package" in str(caught.value)
