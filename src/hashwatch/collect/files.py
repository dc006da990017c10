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
from typing import BinaryIO

import zstandard

from hashwatch.errors import ImportFormatError

LINE_LIMIT = 32 * 1024 * 1024
HEAD_SIZE = 65_536
BUFFER = 1 << 18

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
            # 128 MB: what `zstd --long` makes by default; a larger window would break the bound.
            frames = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
                stored, read_across_frames=True
            )
            self.stream = io.BufferedReader(frames, BUFFER)

    def position(self) -> int:
        """Bytes of the stored file read so far (compressed ones, so that its size is the end)."""
        return self.stored.tell()


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
