"""A file that takes no more bytes: the operating system refuses the write, at every length."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from archive.strategies import post
from hashwatch.archive.connection import open_reading
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.errors import ArchiveError
from hashwatch.model import Cursor, Page

PLACE = PlaceKey("mastodon", "town.example", "natsec17")
PAGE = Page(
    posts=tuple(post(n, text=f"{n} " * 90) for n in range(6, 60)), cursor=Cursor(forward="1059")
)


@contextmanager
def no_file_longer_than(length: int) -> Iterator[None]:
    """Writes past this many bytes of any file fail, which SQLite calls a disk I/O error."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_whichever_write_is_refused_the_page_is_undone_and_taken_later(tmp_path: Path) -> None:
    """Rolled back whole, said clearly, readable meanwhile; with room again the page goes in."""
    refused = 0
    for number in range(500):
        path = tmp_path / f"{number}.db"
        with closing(Archive(path)) as archive:
            run = archive.begin_run(PLACE, 1)
            first = Page(posts=(post(1),), cursor=Cursor(forward="1001"))
            archive.store(first, run, PLACE, 1)
            log = path.with_name(f"{path.name}-wal").stat().st_size
            with no_file_longer_than(log + number * 4096):
                try:
                    archive.store(PAGE, run, PLACE, 2)
                    break
                except ArchiveError as error:
                    said = str(error)
                refused += 1
                with closing(open_reading(path)) as reader:
                    assert reader.execute("SELECT count(*) FROM posts").fetchone() == (1,)
                assert archive.cursor(PLACE) == Cursor(forward="1001")
            assert path.name in said
            assert "nothing of this page was kept" in said
            assert archive.store(PAGE, run, PLACE, 3).new == 54
            assert archive.cursor(PLACE) == Cursor(forward="1059")
        with closing(open_reading(path)) as reader:
            assert reader.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    else:
        pytest.fail("no length was enough")
    assert refused > 5, "the fault must have fired"
