"""Files into the archive: stopped anywhere and begun again, and beside a running collector."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hashwatch.archive.connection import open_archive, sole, transaction
from hashwatch.collect.importers.csv import TableRows
from hashwatch.collect.importing import Imported, Importing, Progress, import_settings
from hashwatch.collect.pages import PAGE_ROWS, Outcome
from hashwatch.collect.table import Record
from hashwatch.errors import InUseError
from hashwatch.model import Event

ROWS = 12_345


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of three pages, the last row of which is refused."""
    rows = [
        f"{n},2017-03-31T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z,ada,Row {n} #NatSec17"
        for n in range(1, ROWS)
    ]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["id,created_at,author,text", *rows, "0,never,ada,Nothing", ""]))
    return path


def import_into(data: Path, path: Path, on_progress: Progress = lambda *_: None) -> Imported:
    """One import as the command does it."""
    event = Event(
        slug="natsec17", title="Security", hashtags=("NatSec17",), timezone="UTC",
        starts=0, ends=1, collect_from=0, collect_until=1,
    )  # fmt: skip
    with Importing(data, event, "csv", import_settings("csv", None, ())) as importing:
        return importing.read(path, on_progress)


def rows_of(data: Path, question: str) -> list[tuple[object, ...]]:
    """What the archive answers."""
    connection = sqlite3.connect(data / "archive.db")
    found = connection.execute(question).fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("stop", [1, 5_001, 5_002, ROWS])
def test_stopped_at_any_row_it_is_whole_once_begun_again(
    tmp_path: Path, path: Path, stop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C keeps the pages before it, and the second time brings what is missing, once."""
    read = TableRows.outcome
    passed = 0

    def interrupted(rows: TableRows, record: Record) -> Outcome:
        nonlocal passed
        passed += 1
        if passed == stop:
            raise KeyboardInterrupt
        return read(rows, record)

    data = tmp_path / "data"
    with monkeypatch.context() as patch:
        patch.setattr(TableRows, "outcome", interrupted)
        with pytest.raises(KeyboardInterrupt):
            import_into(data, path)
    assert passed == stop
    # A page is handed over when the row after it has been read.
    kept = max(0, stop - 2) // PAGE_ROWS * PAGE_ROWS
    assert rows_of(data, "SELECT count(*) FROM posts") == [(kept,)]
    assert rows_of(data, "SELECT state, reason, new FROM runs") == [("failed", "stopped", kept)]

    again = import_into(data, path)
    assert (again.stored.new, again.stored.changed) == (ROWS - 1 - kept, 0)
    assert rows_of(data, "SELECT count(*), count(DISTINCT key) FROM posts") == [
        (ROWS - 1, ROWS - 1)
    ]
    assert rows_of(data, "SELECT count(*) FROM event_posts") == [(ROWS - 1,)]
    assert again.rejects_path is not None
    assert len(again.rejects_path.read_text().splitlines()) == 2


def test_beside_a_running_collector_it_has_the_lock_a_page_at_a_time(
    tmp_path: Path, path: Path
) -> None:
    """The collector keeps its role, and writes between any two pages without waiting."""
    data = tmp_path / "data"
    archive = data / "archive.db"
    collected = 0
    with sole(archive, "collector"), closing(open_archive(archive)) as collector:
        collector.execute("PRAGMA busy_timeout = 0")

        def collect(*_: int) -> None:
            nonlocal collected
            collected += 1
            with transaction(collector):
                collector.execute("INSERT INTO changes (kind, ref) VALUES ('post', 0)")

        done = import_into(data, path, collect)
        with pytest.raises(InUseError, match="another collector"), sole(archive, "collector"):
            pass
    assert collected == 3
    assert (done.stored.new, done.stored.rejected) == (ROWS - 1, 1)
    assert rows_of(data, "SELECT count(*) FROM changes WHERE ref = 0") == [(3,)]
