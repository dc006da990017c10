"""Zip and tar files: the files inside, read where they are. Nothing is ever unpacked to the disk.

What people download from a network holds much besides their posts, and may come from anybody:
members that lead out of the file, links, encrypted ones and bombs are refused with a sentence.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from hashwatch.collect.files import (
    BUFFER,
    SourceFile,
    container_kind,
    decompress,
    open_source,
    open_stored,
    refuse_bomb,
    undamaged,
)
from hashwatch.errors import ImportFormatError

MOST_MEMBERS = 500_000
DIRECTORY_BYTES = 64 * 1024 * 1024
BESIDE_BYTES = 1024 * 1024
# Long names and extended attributes stand in headers of their own, which are read as a whole.
HEADER_BYTES = 1024 * 1024
END_OF_ZIP = b"PK\x05\x06"
END_BYTES = 22
COMMENT_BYTES = 65_535
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

UNREADABLE = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, NotImplementedError, struct.error,
    ValueError, OverflowError, EOFError,
)  # fmt: skip


def member_names(path: Path) -> tuple[str, ...] | None:
    """The names of the files inside a zip or tar file; ``None`` where it is neither.

    Raises ``ImportFormatError`` where it is damaged or one of them leads outside.
    """
    with open_stored(path) as stored:
        stream = decompress(stored)
        kind = container_kind(stream)
        if not kind:
            return None
        with readable(path):
            if kind == "zip":
                with open_zip(path, stored) as archive:
                    names = [info.filename for info in archive.infolist() if not info.is_dir()]
            else:
                names = [info.name for info in tar_members(path, stream)[1] if not info.isdir()]
    for name in names:
        refuse_escape(path, name)
    return tuple(names)


def find_members(path: Path, wanted: re.Pattern[str]) -> list[str]:
    """The members whose own name, without its folder, matches ``wanted`` as a whole, by name.

    Raises ``ImportFormatError`` where two of them have the same name: nobody can tell which one
    is meant.
    """
    found: dict[str, str] = {}
    for name in member_names(path) or ():
        own = PurePosixPath(name).name
        if not wanted.fullmatch(own):
            continue
        if own in found:
            raise ImportFormatError(
                f"{path}: holds {own} twice ({found[own]}, {name});"
                " unpack it and import each by itself"
            )
        found[own] = name
    return [found[own] for own in sorted(found, key=natural_order)]


@contextmanager
def open_member(path: Path, name: str) -> Iterator[SourceFile]:
    """One file inside a zip or tar file; raises ``ImportFormatError`` where it cannot be read."""
    with open_stored(path) as stored:
        stream = decompress(stored)
        if container_kind(stream) == "zip":
            with readable(path):
                archive = open_zip(path, stored)
            with archive:
                with readable(path):
                    member = zip_member(path, archive, name)
                with member, undamaged(path):
                    yield SourceFile(stored, io.BufferedReader(cast(io.RawIOBase, member), BUFFER))
        else:
            with readable(path):
                member = tar_member(path, stream, name)
            with undamaged(path):
                yield SourceFile(stored, io.BufferedReader(cast(io.RawIOBase, member), BUFFER))


@contextmanager
def open_part(path: Path, name: str | None) -> Iterator[SourceFile]:
    """The member ``name`` of a container, or the whole of a file that is none."""
    with open_source(path) if name is None else open_member(path, name) as source:
        yield source


def read_beside(path: Path, member: str | None, name: str) -> bytes | None:
    """The head of a small file beside a member, or beside the file itself; ``None`` without one.

    ``member`` is the posts' place in a container, ``None`` where ``path`` is the posts' file.
    """
    if member is None:
        beside = path.with_name(name)
        if beside == path or not beside.is_file() or beside.stat().st_size == 0:
            return None
        with open_source(beside) as source:
            return source.stream.read(BESIDE_BYTES)
    inside = str(PurePosixPath(member).with_name(name))
    if inside not in (member_names(path) or ()):
        return None
    with open_member(path, inside) as source:
        return source.stream.read(BESIDE_BYTES)


def natural_order(name: str) -> list[int | str]:
    """For sorting: the whole before its ``part2``, and that before ``part10``."""
    pieces = re.split(r"(\d+)", PurePosixPath(name).stem)
    return [int(piece) if number % 2 else piece for number, piece in enumerate(pieces)]


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turns what the libraries raise for a broken container into a sentence."""
    try:
        yield
    except UNREADABLE as error:
        raise ImportFormatError(f"{path}: is a damaged zip or tar file: {error}") from error


def refuse_escape(path: Path, name: str) -> None:
    """Raises ``ImportFormatError`` for the name of a member that leads out of its container."""
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or re.match(r"[A-Za-z]:", name):
        raise ImportFormatError(
            f"{path}: holds a file that would lead outside of it ({name[:200]!r}): it is refused"
        )


def open_zip(path: Path, stored: io.BufferedReader) -> zipfile.ZipFile:
    """The zip file, once its table of contents is known to be of a size that fits in memory."""
    size = stored.seek(0, io.SEEK_END)
    stored.seek(max(0, size - END_BYTES - COMMENT_BYTES))
    tail = stored.read()
    start = tail.rfind(END_OF_ZIP)
    if start >= 0 and len(tail) - start >= END_BYTES:
        entries, directory = struct.unpack("<HI", tail[start + 10 : start + 16])
        if 0xFFFF in (entries, directory >> 16):  # the true size stands in the zip64 record
            directory = size_of_directory(stored, size - len(tail) + start) or directory
        if directory > DIRECTORY_BYTES:
            raise ImportFormatError(
                f"{path}: its table of contents has {directory >> 20:,} MB: it is refused"
            )
    stored.seek(0)
    return zipfile.ZipFile(stored)


def size_of_directory(stored: io.BufferedReader, end: int) -> int | None:
    """The size in the zip64 record that the locator just before ``end`` leads to."""
    stored.seek(max(0, end - 20))
    locator = stored.read(20)
    if not locator.startswith(b"PK\x06\x07"):
        return None
    (offset,) = struct.unpack("<Q", locator[8:16])
    stored.seek(min(offset, end))
    record = stored.read(56)
    return struct.unpack("<Q", record[40:48])[0] if record.startswith(b"PK\x06\x06") else None


def zip_member(path: Path, archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    """One member's bytes; raises ``ImportFormatError`` for what is no plain file, or a bomb."""
    info = archive.getinfo(name)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ImportFormatError(f"{path}: {name} in it is a link, not a file: it is refused")
    if info.flag_bits & 1:
        raise ImportFormatError(f"{path}: {name} in it is encrypted; unpack it and import that")
    if info.compress_type not in METHODS:
        raise ImportFormatError(
            f"{path}: {name} in it is compressed in a way that is not read (method"
            f" {info.compress_type}); unpack it and import that"
        )
    refuse_bomb(f"{path}: {name}", info.file_size, info.compress_size)
    return archive.open(info)


class Forward:
    """A stream that only goes forward, as ``tarfile`` reads it. No piece is over a limit."""

    def __init__(self, path: Path, stream: io.BufferedReader) -> None:
        self.path = path
        self.stream = stream
        self.at = 0

    def tell(self) -> int:
        """Bytes read so far."""
        return self.at

    def read(self, size: int = 0) -> bytes:
        """The next bytes, fewer at the end."""
        if size > HEADER_BYTES:
            raise ImportFormatError(f"{self.path}: has a header of {size:,} bytes: it is refused")
        octets = self.stream.read(size)
        self.at += len(octets)
        return octets

    def seek(self, position: int) -> int:
        """Skip to a place further on, or to the end if that comes first."""
        if position < self.at:
            raise tarfile.ReadError("its headers contradict each other")
        while self.at < position and self.read(min(HEADER_BYTES, position - self.at)):
            pass
        return self.at


class Walk(tarfile.TarFile):
    """A tar file that is gone through once."""

    members: list[tarfile.TarInfo]


def tar_members(
    path: Path, stream: io.BufferedReader
) -> tuple[tarfile.TarFile, Iterator[tarfile.TarInfo]]:
    """The tar file in a stream, and its members in their order, each read when it is asked for."""
    archive = Walk(fileobj=cast(IO[bytes], Forward(path, stream)))

    def members() -> Iterator[tarfile.TarInfo]:
        number = 0
        while (info := archive.next()) is not None:
            archive.members.clear()  # or it would remember them all
            number += 1
            if number > MOST_MEMBERS:
                raise ImportFormatError(f"{path}: holds over {MOST_MEMBERS:,} files: it is refused")
            yield info

    return archive, members()


def tar_member(path: Path, stream: io.BufferedReader, name: str) -> IO[bytes]:
    """One member's bytes; raises ``ImportFormatError`` for what is no plain file."""
    archive, members = tar_members(path, stream)
    info = next((info for info in members if info.name == name), None)
    if info is not None and (info.issym() or info.islnk()):
        raise ImportFormatError(f"{path}: {name} in it is a link, not a file: it is refused")
    found = archive.extractfile(info) if info and info.isreg() and not info.issparse() else None
    if found is None:
        raise ImportFormatError(f"{path}: {name} in it is no plain file: it is refused")
    return found
