"""Which importer a file is given to."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from hashwatch.collect.importers import find_importer
from hashwatch.errors import ImportFormatError

V1 = {
    "created_at": "Fri Mar 31 10:30:00 +0000 2017", "id_str": "5", "text": "Hi",
    "user": {"screen_name": "ada"},
}  # fmt: skip
V2 = {"data": [{"id": "5", "text": "Hi", "author_id": "1"}], "includes": {}}
FLAT = {"id": "5", "text": "Hi", "author_id": "1", "conversation_id": "5"}
PLAIN = {"id": "5", "text": "Hi", "author": "ada", "created_at": "2017-03-31T10:30:00Z"}
OWN = {
    "uri": "https://s.example/1",
    "text": "Hi",
    "author_id": 7,
    "created_at": "x",
    "kind": "post",
}


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ("id,created_at,author,text\n", "csv"),
        ("\ufeffnr;wann;was\n1;x;y\n", "csv"),
        ("id_str,from_user,text,created_at,time,status_url,entities_str\n", "tags"),
        (json.dumps(V1), "twarc"),
        (json.dumps(V2), "twarc"),
        (json.dumps(FLAT), "twarc"),
        (json.dumps([FLAT], indent=1), "twarc"),
        (json.dumps(PLAIN), "jsonl"),
        (json.dumps(OWN), "jsonl"),
        (json.dumps([PLAIN]), "jsonl"),
    ],
)
def test_a_file_is_recognised_by_its_content(tmp_path: Path, content: str, form: str) -> None:
    """Plain, compressed or in UTF-16, whatever it is called."""
    path = tmp_path / "export.dat"
    for data in (content.encode(), gzip.compress(content.encode()), content.encode("utf-16")):
        path.write_bytes(data)
        assert find_importer("auto", path).name == form
    assert find_importer(form, path).name == form


@pytest.mark.parametrize("content", [b"hello", b"\x89PNG\r\n\x1a\n\0\0\0", b"<html></html>"])
def test_what_nobody_recognises_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    """The error names the formats there are."""
    path = tmp_path / "export.dat"
    path.write_bytes(content)
    with pytest.raises(ImportFormatError, match=r"csv, jsonl, .*tags, twarc"):
        find_importer("auto", path)
    with pytest.raises(ImportFormatError, match=r"no format 'xml'.*csv"):
        find_importer("xml", path)


def test_a_missing_or_empty_file_is_refused(tmp_path: Path) -> None:
    """One sentence says what is wrong with it."""
    with pytest.raises(ImportFormatError, match="cannot be opened"):
        find_importer("auto", tmp_path / "none.csv")
    empty = tmp_path / "empty.csv"
    empty.touch()
    with pytest.raises(ImportFormatError, match="is empty"):
        find_importer("auto", empty)
