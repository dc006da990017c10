"""Files to import, as lines of bytes: plain, gzip or zstd, told apart by their first bytes.

Memory stays bounded whatever the file holds: a line longer than ``LINE_LIMIT`` is not kept.
"""

from __future__ import annotations

import io
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

DAMAGED = (EOFError, zlib.error, zstandard.ZstdError)
"""What reading raises when the compressed file is cut off or damaged."""

Numbered = Iterator[tuple[int, bytes]]


class SourceFile:
    """An open file: ``stream`` gives its decompressed bytes, ``position`` the bytes taken."""

    def __init__(self, stored: io.BufferedReader) -> None:
        self.stored = stored
        magic = stored.read(4)
        stored.seek(0)
        self.stream = stored
        if magic[:2] == b"\x1f\x8b":
            members = Members(stored, lambda: zlib.decompressobj(wbits=31), GZIP_STEP)
            self.stream = io.BufferedReader(members, BUFFER)
        elif magic == b"\x28\xb5\x2f\xfd":
            # 128 MB is what `zstd --long` makes; a larger window would break the bound on memory.
            decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
            members = Members(stored, decompressor.decompressobj, ZSTD_STEP)
            self.stream = io.BufferedReader(members, BUFFER)

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

    def __init__(self, stored: BinaryIO, begin: Callable[[], Decompressor], step: int) -> None:
        self.stored = stored
        self.begin = begin
        self.step = step
        self.member = begin()
        self.inside = False
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


@contextmanager
def open_source(path: Path) -> Iterator[SourceFile]:
    """The file at ``path``; raises ``ImportFormatError`` where it cannot be opened or is empty."""
    try:
        stored = path.open("rb")
    except OSError as error:
        raise ImportFormatError(f"{path}: cannot be opened: {error.strerror}") from error
    with stored:
        if not stored.peek(1):
            raise ImportFormatError(f"{path}: is empty")
        yield SourceFile(stored)


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
