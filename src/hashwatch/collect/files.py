"""Files to import, as lines of bytes: plain, gzip or zstd, told apart by their first bytes.

Memory stays bounded whatever the file holds: a line longer than ``LINE_LIMIT`` is not kept. So
does time: a compressed file that unpacks to far more than posts ever do is refused as a bomb.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import zstandard

from hashwatch.errors import ImportFormatError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LINE_LIMIT = 8 * 1024 * 1024
HEAD_SIZE = 65_536
BUFFER = 1 << 18
# So many compressed bytes give at most 16 or 32 MB, whoever made them.
GZIP_STEP = 16_384
ZSTD_STEP = 1_024

# Posts shrink to a tenth, repeated ones to a fiftieth; a bomb to a thousandth.
BOMB_RATIO = 200
BOMB_SIZE = 256 * 1024 * 1024

DAMAGED = (EOFError, zlib.error, zstandard.ZstdError, zipfile.BadZipFile, tarfile.TarError)
"""What reading raises when the compressed file is cut off or damaged."""

Numbered = Iterator[tuple[int, bytes]]


class SourceFile:
    """An open file: ``stream`` gives its decompressed bytes, ``position`` the bytes taken."""

    def __init__(self, stored: io.BufferedReader, stream: io.BufferedReader) -> None:
        self.stored = stored
        self.stream = stream

    def position(self) -> int:
        """Bytes of the stored file read so far (compressed ones, so that its size is the end)."""
        return self.stored.tell()


class Decompressor(Protocol):
    """What :mod:`zlib` and ``zstandard`` have in common: an object for one member of a file."""

    @property
    def eof(self) -> bool:
        """Whether the member is whole."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What follows the member."""
        ...

    def decompress(self, data: bytes, /) -> bytes:
        """As much as the data so far give."""
        ...


class Members(io.RawIOBase):
    """The decompressed bytes of a file of one or more compressed members, one after another.

    Unlike the libraries' own readers it gives all that precedes damage before it raises, and
    raises ``EOFError`` where the last member is cut. ``step`` bounds what is decompressed at once.
    """

    def __init__(
        self, stored: io.BufferedReader, begin: Callable[[], Decompressor], step: int
    ) -> None:
        self.stored = stored
        self.begin = begin
        self.step = step
        self.member = begin()
        self.inside = False
        self.given = 0
        self.compressed = b""
        self.ready = memoryview(b"")

    def readable(self) -> bool:
        """True: it is there to be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer as far as the bytes at hand go; 0 at the end."""
        while not self.ready:
            self.compressed = self.compressed or self.stored.read(self.step)
            if not self.compressed:
                if self.inside:
                    raise EOFError("its compressed data end too early")
                return 0
            self.ready = memoryview(self.member.decompress(self.compressed))
            self.given += len(self.ready)
            refuse_bomb(self.stored.name, self.given, self.stored.tell())
            self.inside = not self.member.eof
            self.compressed = b""
            if self.member.eof:
                self.compressed = self.member.unused_data
                self.member = self.begin()
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self.ready))
        target[:size] = self.ready[:size]
        self.ready = self.ready[size:]
        return size


def refuse_bomb(name: str, unpacked: int, packed: int) -> None:
    """Raises ``ImportFormatError`` where so few bytes unpack to so many."""
    if unpacked > BOMB_SIZE and unpacked > BOMB_RATIO * packed:
        raise ImportFormatError(
            f"{name}: unpacks to more than {BOMB_RATIO} times its size, as no posts do:"
            " it is refused, unpack it yourself if you trust it"
        )


@contextmanager
def open_stored(path: Path) -> Iterator[io.BufferedReader]:
    """The file as it is; raises ``ImportFormatError`` where it cannot be opened or is empty."""
    try:
        stored = path.open("rb")
    except OSError as error:
        raise ImportFormatError(f"{path}: cannot be opened: {error.strerror}") from error
    with stored:
        if not stored.peek(1):
            raise ImportFormatError(f"{path}: is empty")
        yield stored


def decompress(stored: io.BufferedReader) -> io.BufferedReader:
    """The bytes of a file, without its compression where it is gzip or zstd."""
    magic = stored.read(4)
    stored.seek(0)
    if magic[:2] == b"\x1f\x8b":
        members = Members(stored, lambda: zlib.decompressobj(wbits=31), GZIP_STEP)
        return io.BufferedReader(members, BUFFER)
    if magic == b"\x28\xb5\x2f\xfd":
        # 128 MB is what `zstd --long` makes; a larger window would break the bound on memory.
        decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
        members = Members(stored, decompressor.decompressobj, ZSTD_STEP)
        return io.BufferedReader(members, BUFFER)
    return stored


def container_kind(stream: io.BufferedReader) -> str:
    """``zip`` or ``tar`` where decompressed bytes begin like one, else empty."""
    try:
        head = stream.peek(512)
    except DAMAGED:
        return ""  # reading the file will say what is wrong
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    return "tar" if head[257:262] == b"ustar" else ""


@contextmanager
def open_source(path: Path) -> Iterator[SourceFile]:
    """The file at ``path``; raises ``ImportFormatError`` where there is nothing to read in it.

    So it does for a zip or tar file: see :mod:`hashwatch.collect.containers`.
    """
    with open_stored(path) as stored:
        stream = decompress(stored)
        kind = container_kind(stream)
        if kind:
            raise ImportFormatError(
                f"{path}: is a {kind} file in which nothing is known by its name;"
                " unpack it and import the file that holds the posts"
            )
        with undamaged(path):
            yield SourceFile(stored, stream)


@contextmanager
def undamaged(path: Path) -> Iterator[None]:
    """Turns what reading a cut or damaged file raises into a sentence, where nobody else took it:
    rows that precede the damage are kept, but a file without its beginning is none."""
    try:
        yield
    except DAMAGED as error:
        raise ImportFormatError(f"{path}: is cut off or damaged: {error}") from error


def read_head(path: Path, size: int = HEAD_SIZE) -> bytes:
    """The first ``size`` decompressed bytes, fewer where the file is shorter or damaged."""
    with open_source(path) as source:
        head = b""
        try:
            while len(head) < size:
                part = source.stream.read1(size - len(head))  # what precedes damage counts
                if not part:
                    break
                head += part
        except DAMAGED:
            pass  # what could be read decides; reading the file will say what is wrong
        return head


def byte_lines(stream: BinaryIO) -> Numbered:
    """Each line with its number from 1; of one over ``LINE_LIMIT`` only the first part."""
    number = 0
    while line := stream.readline(LINE_LIMIT):
        number += 1
        yield number, line
        rest = line
        while len(rest) == LINE_LIMIT and not rest.endswith(b"\n"):
            rest = stream.readline(LINE_LIMIT)
