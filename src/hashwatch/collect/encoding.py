"""Bytes of unknown origin → Unicode that can be stored: no NUL, no lone surrogates.

Real archives come as UTF-8 (with and without a byte order mark), UTF-16, Windows code pages and
mixtures of these. UTF-8 is decoded line by line with an error handler that mends what is broken,
so that one bad line costs nothing but itself.
"""

from __future__ import annotations

import codecs
import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO

from hashwatch.collect.files import LINE_LIMIT, Numbered, byte_lines
from hashwatch.errors import ImportFormatError

MEND = "hashwatch.mend"
SAMPLE_SIZE = 1 << 20

CESU_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")
CESU_HALF = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# Scripts in which detection is reliable. Among the Latin code pages it is not (French is often
# called cp1250), so that those are all read as Windows-1252, the most common by far.
DETECTABLE = frozenset(
    (
        "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874", "shift_jis", "cp932",
        "euc_jp", "gb18030", "gbk", "gb2312", "big5", "euc_kr", "cp949",
    )
)  # fmt: skip

TextLines = Iterator[tuple[int, str]]


def mend(error: UnicodeError) -> tuple[str, int]:
    """Stand in for bytes that are no UTF-8: CESU-8 pairs are joined, the rest is Windows-1252."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    octets = error.object[error.start : error.start + 6]
    if CESU_PAIR.fullmatch(octets):
        units = octets.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")
        return units.decode("utf-16-le"), error.start + 6
    if CESU_HALF.match(octets):
        return "\ufffd", error.start + 3
    if octets.startswith(b"\xc0\x80"):  # NUL as Java writes it
        return "", error.start + 2
    return single_bytes(error.object[error.start : error.end]), error.end


def single_bytes(octets: bytes) -> str:
    """Windows-1252, with Latin-1 for the five bytes that it leaves undefined."""
    try:
        return octets.decode("cp1252")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


codecs.register_error(MEND, mend)


def clean(text: str) -> str:
    """The text without NUL and with U+FFFD for each lone surrogate."""
    if text.isascii() and "\0" not in text:
        return text
    return UNSTORABLE.sub(lambda match: "" if match[0] == "\0" else "\ufffd", text)


def unescape(text: str) -> str:
    """The text with the HTML entities that X writes replaced, once.

    Only those closed by a semicolon: ``?a=1&copy=2`` is a link, not a copyright sign.
    """
    if "&" not in text:
        return text
    return ENTITY.sub(lambda match: html.unescape(match[0]), text)


def detect_encoding(sample: bytes) -> str:
    """The encoding of the file that starts with ``sample``; ``utf-8`` is mended where broken."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if sample.startswith(mark):
            return encoding
    start = sample[:2000]
    if start[1::2].count(0) > len(start) // 3:
        return "utf-16-le"
    if start[0::2].count(0) > len(start) // 3:
        return "utf-16-be"
    return detect_code_page(sample)


def detect_code_page(sample: bytes) -> str:
    """``utf-8`` when most lines that are not ASCII are, else the likeliest code page."""
    foreign = [line for line in sample.splitlines() if not line.isascii()]
    broken = [line for line in foreign if not is_utf8(line)]
    if len(broken) * 2 <= len(foreign):
        return "utf-8"
    from charset_normalizer import from_bytes  # 60 ms, and most files never need it

    best = from_bytes(b"\n".join(broken)[:100_000]).best()
    return best.encoding if best and best.encoding in DETECTABLE else "cp1252"


def is_utf8(octets: bytes) -> bool:
    """Whether it is UTF-8, CESU-8 included."""
    try:
        octets.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def choose_encoding(stated: str | None, sample: bytes) -> str:
    """What the operator stated, else what was detected; raises ``ImportFormatError``."""
    if stated is None:
        return detect_encoding(sample)
    try:
        name = codecs.lookup(stated).name
    except LookupError as error:
        raise ImportFormatError(f"no encoding is called {stated!r}") from error
    return "utf-8" if name == "utf-8-sig" else name


def guess_warnings(stated: str | None, encoding: str) -> tuple[str, ...]:
    """A sentence for the operator where a code page was guessed."""
    if stated is not None or encoding.startswith("utf"):
        return ()
    guess = f"the file is not UTF-8: it was read as {encoding}, which is a guess"
    return (f"{guess}; if names or accents look wrong, state the encoding with --encoding",)


def text_lines(stream: BinaryIO, encoding: str, sample: bytes) -> TextLines:
    """Each line as text, with its ending and its number from 1, without a byte order mark."""
    if encoding == "utf-8" and not (b"\r" in sample and b"\n" not in sample):
        for number, line in byte_lines(stream):
            octets = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            yield number, octets.decode("utf-8", MEND)
        return
    with decoded(stream, encoding) as text:
        for number, words in enumerate(iter(partial(text.readline, LINE_LIMIT), ""), 1):
            yield number, words.removeprefix("\ufeff") if number == 1 else words


@contextmanager
def decoded(stream: BinaryIO, encoding: str) -> Iterator[io.TextIOWrapper]:
    """The stream as text with its line endings; the stream stays open afterwards."""
    errors = MEND if encoding == "utf-8" else "replace"
    text = io.TextIOWrapper(stream, encoding, errors, newline="")
    try:
        yield text
    finally:
        if not stream.closed:  # as it is where a table is given up before its end
            text.detach()


def utf8_lines(stream: BinaryIO, encoding: str, sample: bytes) -> Numbered:
    """Each line as it stands in a UTF-8 file, re-encoded from any other encoding."""
    if encoding != "utf-8":
        for number, words in text_lines(stream, encoding, sample):
            yield number, words.encode("utf-8", "replace")
        return
    for number, line in byte_lines(stream):
        yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
