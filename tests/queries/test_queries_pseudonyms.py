"""Exports under pseudonyms: no name, handle or address is left, and all still fits together."""

from __future__ import annotations

import io
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.strategies import post
from hashwatch.cli.keys import NAME, pseudonym_key
from hashwatch.errors import ArchiveError
from hashwatch.queries.events import find_event
from hashwatch.queries.filters import Filters
from hashwatch.queries.pseudonyms import Pseudonyms, host_alone
from hashwatch.queries.rows import export_rows, pseudonymous_rows, write_csv, write_jsonl
from hashwatch.queries.selection import select
from publish.test_publish_dashboard import Room

KEY = Pseudonyms(b"a key of these tests")
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{2,14}", fullmatch=True)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """A question, its answer, and a boost of the question; people mention each other."""
    made = Room(tmp_path)
    asked = post(1, text="Well said @person2! See https://town.example/@person1/1 #NATSEC17",
                 mentions=("person2@town.example",))  # fmt: skip
    made.store(
        asked,
        post(2, text="@person1@town.example thanks #NATSEC17", kind="reply", reply_to=asked.uri,
             mentions=("person1@town.example",)),
        post(3, text=asked.text, kind="boost", boost_of=asked.uri),
    )  # fmt: skip
    made.publish()
    yield made
    made.archive.close()


def exported(room: Room, *, words: bool = True) -> list[dict[str, object]]:
    """The rows of everything."""
    with closing(sqlite3.connect(room.dashboard_path)) as connection:
        event = find_event(connection, "natsec17")
        rows = export_rows(connection, select(connection, event, Filters()))
        return list(pseudonymous_rows(connection, rows, KEY, words=words))


def test_nobody_is_named_and_all_fits_together(room: Room) -> None:
    """Not in CSV, not in JSONL; answers and boosts lead to the same post, mentions to a person."""
    rows = exported(room)
    files = io.StringIO(), io.StringIO()
    write_csv(rows, files[0])
    write_jsonl(rows, files[1])
    for file in files:
        for told in ("person1@", "person2@", "@person1 ", "@person2!", "/@person1", "users/person"):
            assert told not in file.getvalue()
    asked, answer, boost = rows
    assert answer["reply_to"] == boost["boost_of"] == asked["uri"]
    assert f"@{answer['author']}!" in str(asked["text"])
    assert str(answer["text"]).startswith(f"@{asked['author']} thanks")
    assert "https://town.example/… #NATSEC17" in str(asked["text"])
    assert (asked["url"], asked["author_name"], asked["instance"]) == (None, "", "")


def test_without_words_there_are_none(room: Room) -> None:
    """What was judged of them stays."""
    rows = exported(room, words=False)
    assert {row["text"] for row in rows} == {""}
    assert all(row["language"] for row in rows)


@given(NAMES, NAMES, st.text(max_size=60))
def test_no_handle_is_left_in_any_text(name: str, host: str, around: str) -> None:
    """However it is written, wherever it stands; the same person is the same pseudonym."""
    handle = f"{name}@{host}.example"
    text = f"{around} @{handle} and @{name}, https://{host}.example/@{name} {around}"
    without = KEY.text(text, [handle])
    assert f"@{handle}" not in without
    assert f"/@{name}" not in without
    assert without.count(KEY.person(handle)) >= 2
    assert KEY.person(f"@{handle.upper()}") == KEY.person(handle)


@given(NAMES, st.binary(min_size=1, max_size=40))
def test_another_key_gives_other_pseudonyms(name: str, key: bytes) -> None:
    """So that two data folders cannot be held against each other."""
    assert Pseudonyms(key).person(name) != Pseudonyms(key + b"x").person(name)
    assert name not in KEY.person(name)


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("https://town.example/@ana/17?x=1", "https://town.example/…"),
        ("http://town.example:8080/", "http://town.example/…"),
        ("did:plc:abc", "…"),
        ("https:///x", "…"),
    ],
)
def test_of_an_address_the_host_is_left(address: str, left: str) -> None:
    """And of other identifiers nothing."""
    assert host_alone(address) == left


def test_the_key_is_made_once_and_its_owner_alone_reads_it(tmp_path: Path) -> None:
    """A file that is no key is refused with a word on what to do."""
    key = pseudonym_key(tmp_path)
    assert pseudonym_key(tmp_path) == key
    path = tmp_path / NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("short")
    with pytest.raises(ArchiveError, match="delete it, and a new one is made"):
        pseudonym_key(tmp_path)
