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


@pytest.mark.parametrize("make", [bomb_in_zip, bomb_in_gzip, bomb_in_zstd])
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
