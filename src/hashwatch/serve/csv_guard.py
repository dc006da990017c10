"""Datasette's own CSV, made harmless for spreadsheets while it streams."""

from __future__ import annotations

import csv
import io
import re
from codecs import getincrementaldecoder

from hashwatch.queries.rows import neutral_cell

_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


class CsvGuard:
    """Takes CSV in pieces, gives it back with formulas neutralised; plain numbers stay."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._pending = ""

    def feed(self, piece: bytes, last: bool) -> bytes:
        """The rows that ``piece`` completes, neutralised; with ``last`` also the rest."""
        text = self._pending + self._decoder.decode(piece, final=last)
        end = len(text) if last else _whole_rows(text)
        self._pending = text[end:]
        return _neutral(text[:end]).encode("utf-8")


def _whole_rows(text: str) -> int:
    """Where the last line break outside quotation marks ends."""
    end = position = quotes = 0
    for line in text.splitlines(keepends=True):
        position += len(line)
        quotes += line.count('"')
        if quotes % 2 == 0 and line.endswith("\n"):
            end = position
    return end


def _neutral(text: str) -> str:
    if not text:
        return ""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    csv.field_size_limit(1 << 30)
    for row in csv.reader(io.StringIO(text, newline="")):
        writer.writerow([cell if _NUMBER.fullmatch(cell) else neutral_cell(cell) for cell in row])
    return out.getvalue()
