"""The repository of an account on Bluesky, in a CAR file made here block by block."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import libipld
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.collect.repository import key_time
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page

DID = "did:plc:adaexample"
POST = "app.bsky.feed.post"
EMPTY: bytes = libipld.encode_dag_cbor({"roots": [], "version": 1})
RKEYS = ("3lbabcdefgh2k", "3lbabcdefgi2k", "3lbabcdefgj2k")
TEXT = "Grüße an #NatSec17 https://a.example/x"


def varint(number: int) -> bytes:
    """A length in seven bits a byte."""
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def block(octets: bytes) -> tuple[bytes, bytes]:
    """The content id of a block, and the block as it stands in the file."""
    identity = b"\x01\x71\x12\x20" + hashlib.sha256(octets).digest()
    return identity, varint(len(identity) + len(octets)) + identity + octets


def record(text: str = TEXT, **changes: Any) -> dict[str, Any]:
    """A post as its author's repository holds it."""
    start = len(text.encode().partition(b"#")[0])
    tag = {"$type": "app.bsky.richtext.facet#tag", "tag": "NatSec17"}
    return {
        "$type": POST, "text": text, "createdAt": "2026-11-20T10:00:00.000Z", "langs": ["de"],
        "facets": [{"index": {"byteStart": start, "byteEnd": start + 9}, "features": [tag]}],
    } | changes  # fmt: skip


def entries(keys: list[tuple[str, bytes]]) -> list[dict[str, Any]]:
    """A node's entries: each holds what differs from the key before it."""
    found, before = [], b""
    for key, identity in sorted(keys):
        octets = key.encode()
        shared = 0
        while shared < min(len(before), len(octets)) and before[shared] == octets[shared]:
            shared += 1
        found.append({"p": shared, "k": octets[shared:], "v": identity, "t": None})
        before = octets
    return found


def repository(
    records: dict[str, dict[str, Any]],
    *,
    profile: dict[str, Any] | None = None,
    split: bool = False,
    lose: tuple[str, ...] = (),
) -> bytes:
    """A CAR file; with ``split`` its tree has a second node, ``lose`` leaves out records."""
    blocks, keys = [], []
    whole = {f"{POST}/{rkey}": value for rkey, value in records.items()}
    if profile is not None:
        whole["app.bsky.actor.profile/self"] = {"$type": "app.bsky.actor.profile", **profile}
    for key, value in whole.items():
        identity, octets = block(libipld.encode_dag_cbor(value))
        keys.append((key, identity))
        if key.rpartition("/")[2] not in lose:
            blocks.append(octets)
    parts = [keys[: len(keys) // 2], keys[len(keys) // 2 :]] if split else [keys, []]
    left = None
    if split:
        left, octets = block(libipld.encode_dag_cbor({"l": None, "e": entries(parts[0])}))
        blocks.append(octets)
    rest = parts[1] if split else parts[0]
    root, octets = block(libipld.encode_dag_cbor({"l": left, "e": entries(rest)}))
    blocks.append(octets)
    commit = {"did": DID, "version": 3, "data": root, "rev": RKEYS[-1], "prev": None, "sig": b"s"}
    top, octets = block(libipld.encode_dag_cbor(commit))
    header = libipld.encode_dag_cbor({"roots": [top], "version": 1})
    return varint(len(header)) + header + octets + b"".join(blocks)


def read(path: Path, author: str | None = None) -> tuple[Page, tuple[str, ...]]:
    """Everything in the file as one page, and the warnings."""
    pages = list(find_importer("auto", path).read(path, ImportSettings(author=author)))
    whole = Page(
        posts=tuple(post for page in pages for post in page.posts),
        rejects=tuple(reject for page in pages for reject in page.rejects),
    )
    return whole, tuple(warning for page in pages for warning in page.warnings)


def written(folder: Path, octets: bytes) -> Path:
    """The file."""
    path = folder / "ada.car"
    path.write_bytes(octets)
    return path


@pytest.mark.parametrize("split", [False, True])
def test_every_post_is_read_with_what_stands_in_it(tmp_path: Path, split: bool) -> None:
    """URI, text, hashtags, links, language and author; one tree node or several."""
    records = {rkey: record(f"{number}: {TEXT}") for number, rkey in enumerate(RKEYS)}
    profile = {"displayName": "Ada", "description": "Hello"}
    car = repository(records, profile=profile, split=split)
    page, warnings = read(written(tmp_path, car), author="@ada.example")
    assert page.rejects == ()
    assert warnings == ()
    assert [post.uri for post in page.posts] == [f"at://{DID}/{POST}/{rkey}" for rkey in RKEYS]
    (first, *_) = page.posts
    assert first.text == f"0: {TEXT}"
    assert first.hashtags == ("NatSec17",)
    assert first.language == "de"
    assert (first.author.uri, first.author.handle) == (DID, "ada.example")
    assert (first.author.name, first.author.bio) == ("Ada", "Hello")
    assert first.raw


def test_without_a_handle_the_did_stands_for_it_and_that_is_said(tmp_path: Path) -> None:
    """The file does not hold it."""
    page, warnings = read(written(tmp_path, repository({RKEYS[0]: record()})))
    assert page.posts[0].author.handle == DID
    assert any("state it with --author" in warning for warning in warnings)


def test_an_author_who_is_not_to_be_shown_to_strangers_is_marked(tmp_path: Path) -> None:
    """By the label that the profile gives itself."""
    labels = {"labels": {"values": [{"val": "!no-unauthenticated"}]}}
    car = repository({RKEYS[0]: record()}, profile=labels)
    page, _ = read(written(tmp_path, car))
    assert page.posts[0].author.noindex is True


def test_a_time_that_lies_in_the_future_is_not_believed(tmp_path: Path) -> None:
    """The key was made when the post was: it cannot be later."""
    made = key_time(RKEYS[0])
    assert made is not None
    car = repository({RKEYS[0]: record(createdAt="2999-01-01T00:00:00Z")})
    page, _ = read(written(tmp_path, car))
    assert page.posts[0].uri.endswith(RKEYS[0])


def test_a_damaged_record_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    """One flipped byte in the text: its checksum tells."""
    records = {rkey: record(f"{number}: words") for number, rkey in enumerate(RKEYS)}
    car = repository(records).replace(b"1: words", b"1: sword")
    page, _ = read(written(tmp_path, car))
    assert [post.text for post in page.posts] == ["0: words", "2: words"]
    (reject,) = page.rejects
    assert "it is damaged" in reject.reason


def test_what_is_named_and_not_there_is_said(tmp_path: Path) -> None:
    """A repository may be fetched in part."""
    records = {rkey: record() for rkey in RKEYS}
    records[RKEYS[1]] = record("another text #NatSec17")
    page, warnings = read(written(tmp_path, repository(records, lose=(RKEYS[1],))))
    assert len(page.posts) == 2
    assert any("1 posts are named but are not in the file" in one for one in warnings)


@pytest.mark.parametrize(
    "value",
    [
        {"$type": "app.bsky.feed.like", "subject": {}},
        {"$type": POST, "text": 5, "createdAt": "2026-11-20T10:00:00Z"},
        {"$type": POST, "text": "no time"},
    ],
)
def test_a_record_that_is_no_post_is_refused_by_its_reason(
    tmp_path: Path, value: dict[str, Any]
) -> None:
    """Kept as a reject with its key, or read where the key gives what is missing."""
    page, _ = read(written(tmp_path, repository({RKEYS[0]: value, RKEYS[1]: record()})))
    assert len(page.posts) + len(page.rejects) == 2
    assert all(RKEYS[0] in reject.reason for reject in page.rejects)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (varint(len(EMPTY)) + EMPTY, "holds no repository"),
        (b"\x3a\xa2\x65roots" + b"\xff" * 60, "does not begin as a CAR file does"),
    ],
    ids=["no commit", "no header"],
)
def test_what_is_no_repository_is_named(tmp_path: Path, octets: bytes, words: str) -> None:
    """With the file."""
    path = written(tmp_path, octets)
    with pytest.raises(ImportFormatError, match=words) as caught:
        list(find_importer("bluesky_car", path).read(path, ImportSettings()))
    assert str(path) in str(caught.value)


WHOLE = repository({rkey: record(f"{n}: {TEXT}") for n, rkey in enumerate(RKEYS)}, split=True)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cut=st.integers(1, len(WHOLE)), flip=st.integers(0, len(WHOLE) - 1), to=st.integers(0, 255))
def test_a_cut_or_flipped_file_never_gives_another_post(
    tmp_path: Path, cut: int, flip: int, to: int
) -> None:
    """What is read is what was written; the rest is refused or the file is."""
    octets = bytearray(WHOLE)
    octets[flip] = to
    path = written(tmp_path, bytes(octets[:cut]))
    try:
        pages = list(find_importer("bluesky_car", path).read(path, ImportSettings()))
    except ImportFormatError:
        return
    texts = {f"{n}: {TEXT}" for n in range(len(RKEYS))}
    assert {post.text for page in pages for post in page.posts} <= texts
