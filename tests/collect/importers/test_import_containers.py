"""Hostile files are refused with a sentence: bombs, members that lead outside, links."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from collect.importers.containers import tar_of, zip_of
from hashwatch.collect.files import BOMB_RATIO
from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.errors import ImportFormatError

OUTBOX = b'{"@context": "https://www.w3.org/ns/activitystreams", "orderedItems": []}'
OUTSIDE = ["../outbox.json", "a/../../outbox.json", "/etc/outbox.json", "..\\outbox.json",
           "C:\\outbox.json"]  # fmt: skip
LIMIT = 8 << 20
PIECE = (b"x" * 4095 + b"\n") * 256


def refusal(path: Path) -> str:
    """What is said of a file that is refused as a whole; it names the file."""
    with pytest.raises(ImportFormatError) as caught:
        list(find_importer("auto", path).read(path, ImportSettings(author="ada")))
    said = str(caught.value)
    assert str(path) in said
    return said


def write(folder: Path, content: bytes) -> Path:
    """A file in a folder of its own, so that what leaves it would be seen."""
    path = folder / "inside" / "archive.bin"
    path.parent.mkdir()
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("pack", [zip_of, tar_of, lambda files: gzip.compress(tar_of(files))])
@pytest.mark.parametrize("name", OUTSIDE)
def test_a_member_that_leads_outside_is_refused(tmp_path: Path, pack: object, name: str) -> None:
    """Wherever it leads and however it is packed; nothing is written anywhere."""
    assert callable(pack)
    path = write(tmp_path, pack({"outbox.json": OUTBOX, name: b"{}"}))
    assert "would lead outside of it" in refusal(path)
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Neither in a zip nor in a tar file, soft or hard."""
    secret = tmp_path / "secret.json"
    secret.write_bytes(OUTBOX)
    link = zipfile.ZipInfo("outbox.json")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(link, str(secret))
    files = [packed.getvalue()]
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            info = tarfile.TarInfo("outbox.json")
            info.type, info.linkname = kind, str(secret)
            tar.addfile(info)
        files.append(buffer.getvalue())
    path = write(tmp_path, b" ")
    for content in files:
        path.write_bytes(content)
        assert "is a link, not a file" in refusal(path)


def bomb_in_zip(path: Path) -> None:
    """A member of more than the limit, packed a thousand times smaller."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("outbox.json", "w", force_zip64=True) as member,
    ):
        for _ in range((LIMIT >> 20) + 1):
            member.write(PIECE)


def bomb_in_gzip(path: Path) -> None:
    """The same as a gzip file."""
    with gzip.open(path, "wb") as file:
        file.write(b"id,created_at,author,text\n")
        for _ in range((LIMIT >> 20) + 8):
            file.write(PIECE)


def bomb_in_zstd(path: Path) -> None:
    """And as a zstd file, which packs best of all."""
    with path.open("wb") as raw, zstandard.ZstdCompressor(level=1).stream_writer(raw) as file:
        file.write(b"id,created_at,author,text\n")
        for _ in range((LIMIT >> 20) + 8):
            file.write(PIECE)


def bomb_in_tar(path: Path) -> None:
    """Before the posts in a tar file, where it need only be passed over."""
    with gzip.open(path, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("media.bin")
        info.size = ((LIMIT >> 20) + 8) * len(PIECE)
        archive.addfile(info, io.BytesIO(PIECE * ((LIMIT >> 20) + 8)))
        info = tarfile.TarInfo("outbox.json")
        info.size = len(OUTBOX)
        archive.addfile(info, io.BytesIO(OUTBOX))


def bomb_of_members(path: Path) -> None:
    """Many gzip members one after another, each of them small."""
    member = gzip.compress(PIECE)
    path.write_bytes(gzip.compress(b"id,created_at,author,text\n") + member * ((LIMIT >> 20) + 8))


def bomb_of_one_line(path: Path) -> None:
    """One object of JSON that does not end, in a zstd file."""
    with path.open("wb") as raw, zstandard.ZstdCompressor(level=1).stream_writer(raw) as file:
        file.write(b'{"id": "1", "created_at": "2017-03-31T10:30:00Z", "text": "')
        for _ in range((LIMIT >> 20) + 24):
            file.write(b"x" * len(PIECE))


@pytest.mark.parametrize(
    "make",
    [bomb_in_zip, bomb_in_gzip, bomb_in_zstd, bomb_in_tar, bomb_of_members, bomb_of_one_line],
)
def test_a_bomb_is_refused(tmp_path: Path, make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to far more than posts do is left packed; a lower limit spares the time."""
    assert callable(make)
    monkeypatch.setattr("hashwatch.collect.files.BOMB_SIZE", LIMIT)
    path = write(tmp_path, b" ")
    make(path)
    assert BOMB_RATIO * path.stat().st_size < LIMIT
    assert f"unpacks to more than {BOMB_RATIO} times its size" in refusal(path)


def test_an_encrypted_member_says_what_to_do(tmp_path: Path) -> None:
    """Its flag is enough: nobody is asked for a password."""
    octets = bytearray(zip_of({"outbox.json": OUTBOX}))
    octets[6] |= 1
    octets[octets.index(b"PK\x01\x02") + 8] |= 1
    assert "is encrypted; unpack it and import that" in refusal(write(tmp_path, bytes(octets)))


@pytest.mark.parametrize("stated", [10, 1 << 31])
def test_a_zip_file_that_lies_about_a_size_is_bounded(tmp_path: Path, stated: int) -> None:
    """Whatever is stated: no more is unpacked than that, and what does not fit is said."""
    whole = b'{"orderedItems": [' + b'{"type": "Note"},' * 2_000 + b"{}]}"
    octets = bytearray(zip_of({"outbox.json": whole}))
    for marker, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = octets.index(marker) + offset
        octets[place : place + 4] = stated.to_bytes(4, "little")
    path = write(tmp_path, bytes(octets))
    what = "unpacks to more than" if stated > BOMB_RATIO * len(octets) else "damaged"
    assert what in refusal(path)


def test_a_window_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    """A zstd frame can ask for gigabytes before it has given a byte."""
    # A frame's header (RFC 8878): no checksum, no dictionary; a window of 2 ** 41 bytes.
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, 31 << 3]) + b"\x01\x00\x00"
    path = write(tmp_path, frame)
    with pytest.raises(ImportFormatError) as caught:
        list(find_importer("auto", path).read(path, ImportSettings(author="ada")))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("squeeze", [gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_compressed_file_that_is_cut_gives_what_precedes_the_cut(
    tmp_path: Path, squeeze: object, cut: float
) -> None:
    """And says where it ends, in a reject: nothing is invented for the rest."""
    assert callable(squeeze)
    rows = [f"{n},2017-03-31T10:30:00Z,ada,Post {n} {hash(n * 7919) % 10**9}" for n in range(9_000)]
    whole = squeeze("\n".join(["id,created_at,author,text", *rows, ""]).encode())
    path = write(tmp_path, whole[: int(len(whole) * cut)])
    pages = list(find_importer("csv", path).read(path, ImportSettings()))
    posts = [post for page in pages for post in page.posts]
    rejects = [reject for page in pages for reject in page.rejects]
    assert 0 < len(posts) < 9_000
    assert [post.uri for post in posts] == [f"csv:post/{n}" for n in range(len(posts))]
    assert any("cut off" in reject.reason for reject in rejects)


@pytest.mark.parametrize("squeeze", [gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("form", ["csv", "tags", "jsonl", "twarc", "mastodon_archive", "x_archive"])
def test_a_compressed_file_that_is_cut_in_its_beginning_is_refused(
    tmp_path: Path, squeeze: object, form: str
) -> None:
    """With a sentence, by every importer: of the whole, or in a reject where there is a line."""
    assert callable(squeeze)
    path = write(tmp_path, squeeze(OUTBOX * 9)[:14])
    said = ""
    try:
        for page in find_importer(form, path).read(path, ImportSettings(author="ada")):
            said += "".join(f"{path}: {reject.reason}" for reject in page.rejects)
    except ImportFormatError as error:
        said = str(error)
    assert str(path) in said
    assert "cut off" in said or "holds no" in said or "has no line" in said, said
