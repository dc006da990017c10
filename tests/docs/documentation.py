"""The documentation as data: its pages, headings, tables, code blocks and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```\s*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) +(.+?) *$", re.MULTILINE)
_INLINE_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]\n]*\]\(([^)\s]+)\)")


class Block(NamedTuple):
    """A fenced block: the page and line it begins on, its info string in words, its text."""

    page: str
    line: int
    info: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for a test's name."""
        return f"{self.page}:{self.line}"


class Link(NamedTuple):
    """A link of a page, as it is written."""

    page: Path
    target: str


def pages() -> list[Path]:
    """Every page of the documentation that is there."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]


def read(name: str) -> str:
    """The text of a page, named from the repository's top level."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", text)


def blocks(*languages: str) -> list[Block]:
    """The fenced blocks in these languages, on all pages."""
    found = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            info = tuple(match[1].split())
            if info and info[0] in languages:
                line = text.count("\n", 0, match.start()) + 1
                found.append(Block(str(page.relative_to(ROOT)), line, info, match[2]))
    return found


def sections(name: str) -> dict[str, str]:
    """Heading (without marks of code) → what stands below it, up to the next heading."""
    text = _FENCE.sub(lambda match: re.sub("[^\n]", " ", match[0]), read(name))
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return {
        heading[2].replace("`", ""): text[heading.end() : end]
        for heading, end in zip(headings, ends, strict=True)
    }


def tables(section: str) -> Iterator[list[list[str]]]:
    """The tables of a section, each as rows of cells; the first row is the header."""
    rows: list[list[str]] = []
    for line in [*section.splitlines(), ""]:
        if line.startswith("|"):
            if not re.fullmatch(r"[|\s:-]+", line):
                rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
        elif rows:
            yield rows
            rows = []


def codes(text: str) -> list[str]:
    """Everything between single backticks, outside fenced blocks."""
    return [match[1] for match in _INLINE_CODE.finditer(prose(text))]


def anchors(page: Path) -> set[str]:
    """The anchors that a Markdown reader makes of a page's headings."""
    found = set()
    for _, title in _HEADING.findall(prose(page.read_text(encoding="utf-8"))):
        letters = re.sub(r"[^\w\- ]", "", title.replace("`", "").lower())
        found.add(letters.strip().replace(" ", "-"))
    return found


def links() -> list[Link]:
    """Every link of every page."""
    return [
        Link(page, target)
        for page in pages()
        for target in _LINK.findall(prose(page.read_text(encoding="utf-8")))
    ]
