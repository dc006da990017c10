"""Erased is erased: no byte of any file holds it, it does not come back, and others keep theirs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import zstandard
from msgspec.structs import replace

from archive import strategies
from fake_platform.nostr import Person
from hashwatch.alert.outbox import Outbox
from hashwatch.archive.connection import sole
from hashwatch.archive.copies import back_up, restore
from hashwatch.archive.decisions import Decisions
from hashwatch.archive.erased import NAME, Erased
from hashwatch.archive.erasing import Erasure, Sought, erase, look_up
from hashwatch.archive.payloads import decompress
from hashwatch.bech32 import nevent, npub
from hashwatch.collect.source import Query
from hashwatch.collect.sources.nostr import parse_page
from hashwatch.collect.sources.nostr.events import find_verify
from hashwatch.errors import ArchiveError, ConfigError, InUseError, MissingError
from hashwatch.model import Author, Page, Post, Reject, Tombstone
from publish.test_publish_dashboard import NOW, PLACE, Room

HANDLE = "quillwort@town.example"
AUTHOR = Author(
    uri="https://town.example/users/quillwort", handle=HANDLE, name="Quilla Wort",
    url="https://town.example/@quillwort", bio="zanzibarbio",
)  # fmt: skip
WORD = "xyzzyword"
UNIQUE = (b"quillwort", b"Quilla Wort", b"zanzibarbio", b"xyzzyword", b"plughword")


def by_her(number: int, text: str, **more: object) -> Post:
    """A post by the one who wants to be erased, its profile in the payload as platforms send it."""
    raw = json.dumps({"content": text, "account": {"acct": HANDLE, "display_name": AUTHOR.name}})
    made = strategies.post(number, text=text, **more)
    uri = f"https://town.example/users/quillwort/statuses/{number}"
    return replace(made, author=AUTHOR, raw=raw.encode(), uri=uri)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """Posts by her and about her, edited, boosted, quoted, refused, decided, alerted and logged."""
    made = Room(tmp_path)
    hers = by_her(1, f"My {WORD} on oversight #NATSEC17")
    second = by_her(2, "plughword #NATSEC17", edited_at=strategies.BEGIN + 500)
    quote = json.dumps({"text": "hear hear", "quote": {"content": WORD, "acct": HANDLE}}).encode()
    made.store(
        by_her(2, "an earlier plughword #NATSEC17"), hers, second,
        strategies.post(3, text="Well said @quillwort@town.example and @Quillwort! #NATSEC17",
                        mentions=("quillwort@town.example",)),
        replace(strategies.post(4, text="hear hear #NATSEC17"), raw=quote, quote_of=hers.uri),
        strategies.post(5, kind="boost", boost_of=hers.uri, text=None),
        strategies.post(6, text="I never met a quillworter #NATSEC17"),
        strategies.post(7, kind="reply", reply_to=hers.uri, text="Yes #NATSEC17"),
    )  # fmt: skip
    reject = Reject(reason="no time", raw=f'{{"acct": "{HANDLE}"}}'.encode(), where="line 4")
    made.archive.store(Page(rejects=(reject,)), made.run, PLACE, NOW)
    decisions = Decisions(made.archive_path)
    decisions.append("ana", "natsec17", "correct", made.id_of(hers), "sentiment", "neutral",
                     now=NOW, note="quillwort is ironic")  # fmt: skip
    made.publish()
    with closing(Outbox(tmp_path / "alerts.db")) as outbox:
        outbox._connection.execute(
            "INSERT INTO alerts (rule, kind, event, title, words, href, event_at, made_at) VALUES"
            " ('A', 'account', 'natsec17', 'A', '@quillwort@town.example wrote', ?, 1, 1)",
            (f"/events/natsec17/posts/{made.id_of(hers)}",),
        )
    (tmp_path / "hashwatch.log").write_text('{"message": "kept"}\n{"message": "@quillwort"}\n')
    (tmp_path / "old.rejects.csv").write_text(f'line,reason,raw\n1,x,"{HANDLE}"\n2,y,fine\n')
    yield made
    with suppress(sqlite3.ProgrammingError):  # some tests have closed it
        made.archive.close()


def everything(folder: Path) -> bytes:
    """Every byte of every file, payloads decompressed."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    found = [path.read_bytes() for path in files]
    databases = [
        path for path, octets in zip(files, found, strict=True)
        if octets.startswith(b"SQLite format 3")
    ]  # fmt: skip
    for path in databases:
        with closing(sqlite3.connect(path)) as connection:
            tables = connection.execute(
                "SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c"
                " WHERE m.type = 'table' AND c.name = 'raw'"
            ).fetchall()
            for table, column in tables:
                for (raw,) in connection.execute(f"SELECT {column} FROM {table}"):
                    try:
                        found.append(decompress(raw))
                    except zstandard.ZstdError:
                        found.append(raw)
    return b"\n".join(found)


@pytest.mark.usefixtures("room")
def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """A search that could find nothing would prove nothing."""
    held = everything(tmp_path)
    assert all(word in held for word in UNIQUE)


def test_a_person_is_gone_from_every_byte_of_every_file(room: Room, tmp_path: Path) -> None:
    """Posts, versions, payloads, boosts, mentions, index, rollups, alerts, log and refused rows."""
    room.archive.close()
    said = look_up(room.archive_path, Sought(handle="@Quillwort@town.example"))
    assert (said.authors, said.posts, said.mentions) == (1, 3, 2)
    done = erase(room.archive_path, Sought(handle=HANDLE), now=NOW, by="operator")
    assert done == said
    held = everything(tmp_path)
    for word in UNIQUE:
        assert word not in held.replace(b"quillworter", b""), word
    room.publish()
    held = everything(tmp_path)
    for word in UNIQUE:
        assert word not in held.replace(b"quillworter", b""), word
    texts = sorted(str(row[0]) for row in room.rows("SELECT text FROM posts"))
    assert texts == [
        "I never met a quillworter #NATSEC17", "Well said @… and @…! #NATSEC17", "Yes #NATSEC17",
        "hear hear #NATSEC17",
    ]  # fmt: skip
    assert (tmp_path / "hashwatch.log").read_text() == '{"message": "kept"}\n'
    assert "2,y,fine" in (tmp_path / "old.rejects.csv").read_text()
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_the_erased_do_not_come_back(room: Room) -> None:
    """From whatever source, in other cases and spellings; others do."""
    erase(room.archive_path, Sought(handle=HANDLE), now=NOW, by="operator")
    again = by_her(9, "I am back #NATSEC17")
    elsewhere = replace(
        again, author=replace(AUTHOR, uri="https://x.example/q", handle="Quillwort@Town.example")
    )
    boost = strategies.post(10, kind="boost", boost_of=by_her(1, "x").uri, text=None)
    room.store(again, elsewhere, boost, strategies.post(11, text="somebody else #NATSEC17"))
    room.publish()
    texts = {str(row[0]) for row in room.rows("SELECT text FROM posts")}
    assert "somebody else #NATSEC17" in texts
    assert not any("back" in text for text in texts)
    assert room.rows("SELECT count(*) FROM posts WHERE kind = 'boost'") == [(0,)]
    (entry,) = Erased(room.archive_path).log()
    assert (entry.at, entry.by, entry.authors, entry.posts, entry.mentions) == (
        NOW,
        "operator",
        1,
        3,
        2,
    )


def test_a_restored_back_up_is_erased_before_anybody_sees_it(room: Room, tmp_path: Path) -> None:
    """The list stands outside the archive."""
    kept = tmp_path / "elsewhere" / "kept.db"
    back_up(room.archive_path, kept)
    erase(room.archive_path, Sought(handle=HANDLE), now=NOW, by="operator")
    room.archive.close()
    assert WORD.encode() in kept.read_bytes()
    restore(kept, room.archive_path, "now")
    kept.unlink()
    for path in tmp_path.glob("archive.db.before-*"):
        path.unlink()
    held = everything(tmp_path)
    assert all(word not in held.replace(b"quillworter", b"") for word in UNIQUE)


def test_one_post_is_erased_and_its_author_stays(room: Room, tmp_path: Path) -> None:
    """By its address; the others of the same author are there."""
    uri = by_her(1, "").uri
    done = erase(room.archive_path, Sought(uri=uri), now=NOW, by="operator")
    assert (done.authors, done.posts) == (0, 2)
    held = everything(tmp_path)
    assert WORD.encode() not in held
    assert b"plughword" in held


def test_a_person_is_found_by_did_and_by_address(room: Room) -> None:
    """Whatever of the two the archive has."""
    for uri in (AUTHOR.uri, AUTHOR.url or ""):
        assert look_up(room.archive_path, Sought(uri=uri)).authors == 1


def test_what_is_not_clear_or_not_there_is_said(room: Room) -> None:
    """A handle without its server may be anybody's; an unknown one is remembered all the same."""
    with pytest.raises(ConfigError, match=r"may be quillwort@town\.example: give it whole"):
        look_up(room.archive_path, Sought(handle="quillwort"))
    with pytest.raises(MissingError, match="no author and no post"):
        erase(room.archive_path, Sought(uri="https://none.example/1"), now=NOW, by="operator")
    done = erase(room.archive_path, Sought(handle="new@town.example"), now=NOW, by="operator")
    assert (done.authors, done.posts, done.mentions) == (0, 0, 0)
    assert Erased(room.archive_path).has_author_of("https://a.example", "New@town.example")


@pytest.mark.parametrize("role", ["collector", "publisher", "alerter"])
def test_nothing_is_erased_under_a_running_process(room: Room, role: str) -> None:
    """It would write back what it has in its hands."""
    name = "archive.db" if role == "collector" else "dashboard.db"
    with (
        sole(room.archive_path.with_name(name), role),
        pytest.raises(InUseError, match=f"another {role}"),
    ):
        erase(room.archive_path, Sought(handle=HANDLE), now=NOW, by="operator")


def test_a_broken_list_stops_what_would_be_kept(room: Room, tmp_path: Path) -> None:
    """Better nothing collected than somebody who was erased."""
    (tmp_path / NAME).write_text("{", encoding="utf-8")
    with pytest.raises(ArchiveError, match=r"erased\.json: cannot be read"):
        room.store(strategies.post(70))


def test_an_erased_post_that_was_deleted_leaves_no_tombstone(room: Room, tmp_path: Path) -> None:
    """Its address would name its author."""
    room.store(tombstones=[Tombstone(uri=by_her(1, "").uri, reason="deleted", at=NOW)])
    erase(room.archive_path, Sought(handle=HANDLE), now=NOW, by="operator")
    held = everything(tmp_path).replace(b"quillworter", b"")
    assert b"quillwort" not in held
    assert isinstance(look_up(room.archive_path, Sought(handle=HANDLE)), Erasure)


def test_a_key_is_gone_in_each_way_of_writing_it(tmp_path: Path) -> None:
    """Nostr's events name people and posts by plain numbers, its pages by letters."""
    ada, bo = Person("Ada"), Person("Bo")
    hers = ada.note("Mine #natsec17", NOW)
    answer = bo.note(
        f"Well said, nostr:{npub(ada.key)} #natsec17", NOW + 1,
        ["e", hers["id"], "", "reply", ada.key], ["p", ada.key],
    )  # fmt: skip
    named = bo.note("Whom else? #natsec17", NOW + 2, ["p", ada.key])
    other = bo.note("And I #natsec17", NOW + 3)
    frames = [json.dumps(["EVENT", "n", each]).encode() for each in (hers, answer, named, other)]
    query = Query(("natsec17",), (), 0, NOW + 9, NOW)
    made = Room(tmp_path)
    made.store(*parse_page(frames, "relay.example", query, find_verify()).posts)
    made.archive.close()
    words = (ada.key, npub(ada.key), hers["id"], nevent(hers["id"], ada.key)[10:60])
    held = everything(tmp_path)
    assert all(word.encode() in held for word in words)
    done = erase(made.archive_path, Sought(handle=npub(ada.key)), now=NOW, by="ana")
    assert done.posts == 1
    held = everything(tmp_path)
    assert not [word for word in words if word.encode() in held]
    assert b"And I #natsec17" in held
    assert b"Well said" in held
    assert bo.key.encode() in held, "others keep theirs"
