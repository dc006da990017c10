"""Archive files → pages of posts. One format, one module.

Each module offers ``IMPORTER`` (see :class:`Importer`). Nothing here touches the database: a page
of bounded size is yielded (see :mod:`hashwatch.collect.pages`), the caller stores it, then the
next one is read, so that memory stays bounded whatever the file's size. Every file may be plain,
gzip or zstd; a format whose file lies in a zip or tar file names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path, PurePosixPath
from pkgutil import iter_modules
from typing import Protocol

import msgspec

from hashwatch.collect.containers import member_names
from hashwatch.collect.table import WORKBOOK, read_table_head
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page


class ImportSettings(msgspec.Struct, frozen=True):
    """What the operator says about a file.

    ``timezone`` is the IANA zone of times that carry none; ``columns`` maps a field's name
    (``id, uri, url, created_at, author, name, text, language, …``) to a column of the file.
    ``author`` is the handle of the one account whose archive it is.
    """

    timezone: str | None = None
    columns: Mapping[str, str] = {}
    encoding: str | None = None
    author: str | None = None


class Importer(Protocol):
    """What a module of this package offers."""

    name: str
    members: re.Pattern[str] | None
    """What its file is called inside a zip or tar file; ``None`` where it comes in none."""

    def recognise(self, head: bytes) -> float:
        """How sure (0–1) the first 64 kB of a file, decompressed, are that it has this format."""
        ...

    def read(self, path: Path, settings: ImportSettings) -> Iterator[Page]:
        """The file's posts in pages, rejects with ``where="line N"``, ``progress`` in bytes read.

        ``N`` is the line on which the row begins, from 1. The last page has ``more=False`` and
        the warnings on the file as a whole; it may hold nothing else. A post's original or its
        earlier versions, where the file holds them, come as posts of their own.

        Raises :class:`~hashwatch.errors.ImportFormatError` when the file as a whole is unusable.
        """
        ...


def find_importer(name: str, path: Path) -> Importer:
    """The importer called ``name``, or the one that recognises ``path`` when it is ``auto``."""
    importers = {module.name: load(module.name) for module in iter_modules(__path__)}
    if name != "auto":
        if name not in importers:
            raise ImportFormatError(f"no format {name!r}; there are {', '.join(sorted(importers))}")
        return importers[name]
    inside = member_names(path)
    if inside is not None and WORKBOOK not in inside:
        return find_by_members(path, inside, importers.values())
    head = read_table_head(path)
    sure, best = max((importer.recognise(head), importer.name) for importer in importers.values())
    if sure < 0.3:
        raise ImportFormatError(
            f"{path}: in none of the known formats ({', '.join(sorted(importers))});"
            " say which with --format"
        )
    return importers[best]


def find_by_members(path: Path, names: Iterable[str], importers: Iterable[Importer]) -> Importer:
    """The importer for a zip or tar file with members of these names."""
    own = {PurePosixPath(name).name for name in names}
    for importer in importers:
        if importer.members is not None and any(map(importer.members.fullmatch, own)):
            return importer
    raise ImportFormatError(
        f"{path}: nothing in it is known by its name; unpack it and import the file that holds"
        " the posts"
    )


def importer_names() -> list[str]:
    """What :func:`find_importer` can be asked for."""
    return sorted(module.name for module in iter_modules(__path__))


def load(name: str) -> Importer:
    """The importer in the module ``name`` of this package."""
    importer: Importer = import_module(f"{__name__}.{name}").IMPORTER
    return importer
