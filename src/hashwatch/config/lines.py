"""Where each key of a TOML text stands, so that a problem can name its line.

``tomllib`` checks the text but forgets the lines. This scanner runs only over text that ``tomllib``
has accepted, and so may skip all validation.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})(?!")'
    r"|'''.*?'''(?:'{0,2})(?!')"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_PLAIN_VALUE = re.compile(r"[^,\]\}\r\n#]*")


def locate(text: str) -> dict[KeyPath, int]:
    """The line (from 1) of every table, key and list item of a valid TOML ``text``.

    Items of lists, ``[[tables]]`` too, are counted from 0, as ``tomllib`` gives them.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """The line of ``path``, or of the nearest table around it; ``None`` where nothing is known."""
    for length in range(len(path), 0, -1):
        line = lines.get(path[:length])
        if line is not None:
            return line
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.lists: dict[KeyPath, int] = {}
        self.line = 1
        self.counted = 0

    def document(self) -> None:
        table: KeyPath = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                self.at += 2
                table = self.header(self.key(), is_list=True)
                self.at += 2
            elif self.text[self.at] == "[":
                self.at += 1
                table = self.header(self.key(), is_list=False)
                self.at += 1
            else:
                self.pair(table)
            self.skip(_BLANK)

    def header(self, key: tuple[str, ...], *, is_list: bool) -> KeyPath:
        """The path of a table, in the newest item of every list of tables on the way."""
        path: KeyPath = ()
        for part in key[:-1]:
            self.remember((*path, part))
            path = self.newest((*path, part))
        path = (*path, key[-1])
        if is_list:
            self.lists[path] = self.lists.get(path, -1) + 1
            self.remember(path)
            path = self.newest(path)
        self.remember(path)
        return path

    def newest(self, path: KeyPath) -> KeyPath:
        return (*path, self.lists[path]) if path in self.lists else path

    def pair(self, table: KeyPath) -> None:
        """``key = value``, recorded with every dotted part of the key."""
        start = self.at
        key = self.key()
        for length in range(1, len(key) + 1):
            self.remember((*table, *key[:length]), start)
        self.skip(_BLANK)
        self.at += 1  # =
        self.skip(_BLANK)
        self.value((*table, *key))

    def key(self) -> tuple[str, ...]:
        parts = []
        while True:
            self.skip(_SPACE)
            start = self.at
            if self.text[start] in "\"'":
                self.skip(_QUOTED)
                parts.append(tomllib.loads(f"_={self.text[start : self.at]}")["_"])
            else:
                self.skip(_BARE_KEY)
                parts.append(self.text[start : self.at])
            self.skip(_SPACE)
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def value(self, path: KeyPath) -> None:
        first = self.text[self.at]
        if first in "\"'":
            self.skip(_QUOTED)
        elif first == "[":
            self.items(path, "]")
        elif first == "{":
            self.items(path, "}")
        else:
            self.skip(_PLAIN_VALUE)

    def items(self, path: KeyPath, end: str) -> None:
        """What stands between brackets: the items of a list, or the pairs of an inline table."""
        number = 0
        self.at += 1
        while True:
            self.skip(_BLANK)
            if self.text[self.at] == end:
                self.at += 1
                return
            if self.text[self.at] == ",":
                self.at += 1
            elif end == "}":
                self.pair(path)
            else:
                self.remember((*path, number))
                self.value((*path, number))
                number += 1

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def remember(self, path: KeyPath, at: int | None = None) -> None:
        position = self.at if at is None else at
        self.line += self.text.count("\n", self.counted, position)
        self.counted = position
        self.lines.setdefault(path, self.line)
