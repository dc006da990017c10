"""JSON Lines, or one JSON array however it is laid out → its objects one by one, in bounded memory.

An array is split by its brackets and strings alone, so that an object which is not quite JSON
costs nothing but itself.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import BinaryIO, NamedTuple

from hashwatch.collect.encoding import MEND, clean, decoded, detect_encoding, utf8_lines
from hashwatch.collect.files import LINE_LIMIT
from hashwatch.collect.pages import refuse
from hashwatch.model import Reject

CHUNK = 1 << 18
HEAD_LIMIT = 1 << 20
BLANK = b" \t\r\n"
# The last alternative meets a string that the chunk's end cuts.
TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|"', re.DOTALL)


class Item(NamedTuple):
    """An object's bytes, the line it begins on, and for an array which one it is, from 1."""

    octets: bytes
    line: int
    position: int = 0
    cut: bool = False

    @property
    def place(self) -> str:
        """Where it stands, for a reject."""
        return f"line {self.line}, item {self.position}" if self.position else f"line {self.line}"

    def refuse(self, error: Exception) -> Reject:
        """A reject for an object that ``error`` says is no JSON."""
        reason = f"it is not JSON: {error}"
        if len(self.octets) >= LINE_LIMIT - 2:
            reason = f"the line is longer than {LINE_LIMIT >> 20} MB"
        elif self.cut:
            reason = "the file is cut off in this line"
        return refuse(reason, self.octets, self.place)


def read_items(stream: BinaryIO, encoding: str, sample: bytes) -> Iterator[Item]:
    """Every object of the file that begins with ``sample``, parsed by nobody yet."""
    if utf8_head(sample).startswith(b"["):
        yield from split_array(utf8_chunks(stream, encoding))
        return
    for number, line in utf8_lines(stream, encoding, sample):
        octets = line.strip(BLANK)
        if octets:
            yield Item(octets, number, cut=not line.endswith(b"\n"))


def read_array_after(mark: re.Pattern[bytes], stream: BinaryIO, encoding: str) -> Iterator[Item]:
    """The objects of the array that begins where ``mark``, somewhere in the head, ends."""
    chunks = utf8_chunks(stream, encoding)
    head = b""
    for chunk in chunks:
        head += chunk
        found = mark.search(head)
        if found:
            rest = chain([head[found.end() :]], chunks)
            yield from split_array(rest, head.count(b"\n", 0, found.end()) + 1)
            return
        if len(head) > HEAD_LIMIT:
            return


def utf8_head(head: bytes) -> bytes:
    """The beginning of a JSON file as UTF-8, from its first character that is not blank."""
    encoding = detect_encoding(head)
    if encoding != "utf-8":
        head = head.decode(encoding, "ignore").encode("utf-8", "ignore")
    return head.removeprefix(codecs.BOM_UTF8).lstrip(BLANK)


def utf8_chunks(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The file in pieces, re-encoded where it is not UTF-8."""
    if encoding == "utf-8":
        yield from iter(partial(stream.read, CHUNK), b"")
        return
    with decoded(stream, encoding) as text:
        for words in iter(partial(text.read, CHUNK), ""):
            yield words.encode("utf-8", "replace")


def split_array(chunks: Iterator[bytes], line: int = 1) -> Iterator[Item]:
    """The objects of an array; what the file's end leaves open comes last, marked as cut.

    ``line`` is the one on which the array begins.
    """
    splitter = Splitter(line)
    for chunk in chunks:
        yield from splitter.split(chunk)
        if len(splitter.data) > LINE_LIMIT:
            break  # no post is as long: the brackets do not match
    if splitter.depth > 1:
        yield splitter.item(len(splitter.data), cut=True)


class Splitter:
    """Finds the objects one level inside an array, whatever pieces it comes in.

    ``data`` begins at the object being read, or at the token being read outside of one.
    """

    def __init__(self, line: int = 1) -> None:
        self.data = b""
        self.scanned = 0  # up to here in ``data`` the tokens have been read
        self.depth = 0
        self.line = line
        self.items = 0

    def split(self, chunk: bytes) -> Iterator[Item]:
        """The objects that end in this piece."""
        self.data += chunk
        start = 0
        self.scanned, begin = len(self.data), self.scanned
        for match in TOKEN.finditer(self.data, begin):
            token = match[0]
            if token == b'"':
                self.scanned = match.start()  # its end is in the next piece
                break
            if token in b"{[":
                self.depth += 1
                if self.depth == 2:
                    self.drop_lines(start, match.start())
                    start = match.start()
            elif token in b"}]":
                self.depth -= 1
                if self.depth == 1:
                    yield self.item(match.end(), start)
                    self.drop_lines(start, match.end())
                    start = match.end()
        if self.depth < 2:
            self.drop_lines(start, self.scanned)
            start = self.scanned
        self.data = self.data[start:]
        self.scanned -= start

    def item(self, end: int, start: int = 0, cut: bool = False) -> Item:
        """The object that stands at ``start`` to ``end``."""
        self.items += 1
        return Item(self.data[start:end], self.line, self.items, cut)

    def drop_lines(self, start: int, end: int) -> None:
        """Count the lines that lie behind."""
        self.line += self.data.count(b"\n", start, end)


def mend_json(octets: bytes) -> bytes:
    """JSON that a strict parser takes, from what is nearly that; raises ``ValueError``.

    Mended are other encodings, lone surrogates, control characters in strings and ``NaN``.
    """
    text = octets.decode("utf-8", MEND)
    value = json.loads(text, strict=False, parse_constant=lambda _: None)
    return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":"))).encode()
