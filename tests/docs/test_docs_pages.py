"""docs/pages.md against the routes, and docs/operations.md against what processes leave behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.documentation import DOCS, ROOT, codes, read, sections, tables
from hashwatch.archive.connection import sole
from hashwatch.run import logs
from hashwatch.serve.routes import SILENT_SECONDS, routes
from hashwatch.serve.site import Settings, Site

PAGE = DOCS / "pages.md"
STANDS_FOR = {
    "slug": "natsec17",
    "id": "1563274069909656",
    "code": "d4-1",
    "hash": "0a1b2c",
    "file": "hashwatch.css",
}
MINUTES = {"two": 2, "five": 5}


def _patterns() -> list[str]:
    site = Site(Settings(Path("dashboard.db")))
    found = [pattern for pattern, _ in routes(site)]
    site.close()
    return found


def _addresses() -> list[str]:
    """The addresses in the page, with something in the place of each placeholder."""
    found = []
    for code in codes(PAGE.read_text(encoding="utf-8")):
        if code.startswith("/") and " " not in code:
            address = re.sub(
                r"<(\w+)>", lambda m: STANDS_FOR.get(m[1], m[1]), code.partition("?")[0]
            )
            found.append(address)
    return found


@pytest.mark.parametrize("pattern", _patterns())
def test_each_route_is_described(pattern: str) -> None:
    """Every route has an address in docs/pages.md that leads to it."""
    assert any(re.match(pattern, address) for address in _addresses()), pattern


def test_each_address_leads_somewhere() -> None:
    """Every address in docs/pages.md is one of ours or one of Datasette's table pages."""
    patterns = _patterns()
    lost = [
        address
        for address in _addresses()
        if not any(re.match(pattern, address) for pattern in patterns)
        and not address.startswith("/dashboard")
    ]
    assert not lost


def test_routes_are_found() -> None:
    """The list of routes that the pages are held against is not empty."""
    assert len(_patterns()) > 8


def test_files_of_the_data_folder_are_described(tmp_path: Path) -> None:
    """The names of locks, log and address file stand in docs/operations.md."""
    from hashwatch.run.addresses import ADDRESS_NAME

    section = sections("docs/operations.md")["The data folder"]
    named = set(codes(section))
    for database, role in (("archive.db", "collector"), ("dashboard.db", "publisher")):
        with sole(tmp_path / database, role):
            pass
    assert {path.name for path in tmp_path.iterdir()} <= named
    assert {logs.LOG_NAME, ADDRESS_NAME, "archive.db", "dashboard.db"} <= named


def test_log_is_as_described() -> None:
    """Fields, size and number of the log's files are as docs/operations.md says."""
    import json
    import logging

    section = sections("docs/operations.md")["Log"]
    crash = (ValueError, ValueError("no"), None)
    record = logging.makeLogRecord({"msg": "hello", "exc_info": crash})
    written = set(json.loads(logs.JsonLines("run").format(record)))
    assert "traceback" in written
    assert written <= set(codes(section))
    assert f"{logs.LOG_BYTES // 1_000_000} MB" in section
    assert logs.LOG_FILES == 4
    assert "four old ones" in section


def test_health_check_is_as_described() -> None:
    """After how long the health check fails is what docs/operations.md says."""
    (words,) = re.findall(r"nothing was published for (\w+) minutes", read("docs/operations.md"))
    assert MINUTES[words] * 60 == SILENT_SECONDS


def test_restarts_are_as_described() -> None:
    """How soon an ended process is started again is what docs/operations.md says."""
    from hashwatch.run import children

    section = " ".join(sections("docs/operations.md")["Processes"].split())
    (first, longest) = re.findall(
        r"after (\S+) s, then with growing pauses of up to (\d+) s", section
    )[0]
    assert float(first) == children.FIRST_DELAY
    assert float(longest) == children.LONGEST_DELAY


def test_rooms_are_described() -> None:
    """docs/design.md lists the layers that import-linter holds, in their order."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = [
        contract
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    ]
    layers = [set(re.findall(r"hashwatch\.(\w+)", layer)) for layer in contract["layers"]]
    (table,) = tables(sections("docs/design.md")["Rooms"])
    described: dict[int, set[str]] = {}
    for row in table[1:]:
        described.setdefault(int(row[0]), set()).add(row[1].strip("`"))
    assert [described[number] for number in sorted(described)] == layers
