"""Files to import, as lines of bytes: plain, gzip or zstd, told apart by their first bytes.

Memory stays bounded whatever the file holds: a line longer than ``LINE_LIMIT`` is not kept.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import zstandard

from hashwatch.errors import ImportFormatError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LINE_LIMIT = 32 * 1024 * 1024
HEAD_SIZE = 65_536
BUFFER = 1 << 18
ZSTD_STEP = 1024  # at most 32 MB come out of so many bytes, whoever made them

DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError)
"""What reading raises when the compressed file is cut off or damaged."""

Numbered = Iterator[tuple[int, bytes]]


class SourceFile:
    """An open file: ``stream`` gives its decompressed bytes, ``position`` the bytes taken."""

    def __init__(self, stored: BinaryIO) -> None:
        self.stored = stored
        magic = stored.read(4)
        stored.seek(0)
        self.stream: BinaryIO = stored
        if magic[:2] == b"\x1f\x8b":
            self.stream = io.BufferedReader(gzip.GzipFile(fileobj=stored), BUFFER)
        elif magic == b"\x28\xb5\x2f\xfd":
            self.stream = io.BufferedReader(ZstdFrames(stored), BUFFER)

    def position(self) -> int:
        """Bytes of the stored file read so far (compressed ones, so that its size is the end)."""
        return self.stored.tell()


class ZstdFrames(io.RawIOBase):
    """The decompressed bytes of zstd frames; raises ``EOFError`` where the last one is cut.

    ``ZstdDecompressor.stream_reader`` ends without a word there.
    """

    def __init__(self, stored: BinaryIO) -> None:
        self.stored = stored
        # 128 MB is what `zstd --long` makes; a larger window would break the bound on memory.
        self.decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
        self.frame = self.decompressor.decompressobj()
        self.inside = False
        self.compressed = b""
        self.ready = memoryview(b"")

    def readable(self) -> bool:
        """True: it is there to be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer as far as the bytes at hand go; 0 at the end."""
        while not self.ready:
            if not self.compressed:
                self.compressed = self.stored.read(ZSTD_STEP)
                if not self.compressed:
                    if self.inside:
                        raise EOFError("the last zstd frame is incomplete")
                    return 0
            self.ready = memoryview(self.frame.decompress(self.compressed))
            self.inside = not self.frame.eof
            self.compressed = b""
            if self.frame.eof:
                self.compressed = self.frame.unused_data
                self.frame = self.decompressor.decompressobj()
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
                part = source.stream.read(size - len(head))
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
