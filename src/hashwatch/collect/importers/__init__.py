"""Archive files → pages of posts. One format, one module.

Each module offers ``recognise`` and ``read`` (see :class:`Importer`). Nothing here touches the
database: a page of at most ``PAGE_ROWS`` rows is yielded, the caller stores it, then the next one
is read, so that memory stays bounded whatever the file's size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Protocol

import msgspec

from hashwatch.errors import ImportFormatError
from hashwatch.model import Page

PAGE_ROWS = 5_000


class ImportSettings(msgspec.Struct, frozen=True):
    """What the operator says about a file.

    ``timezone`` is the IANA zone of times that carry none; ``columns`` maps a field's name
    (``id, uri, url, created_at, author, name, text, language, …``) to a column of the file.
    """

    timezone: str | None = None
    columns: Mapping[str, str] = {}
    encoding: str | None = None


class Importer(Protocol):
    """What a module of this package offers."""

    name: str

    def recognise(self, head: bytes) -> float:
        """How sure (0–1) the first 64 kB of a file are that it is in this format."""
        ...

    def read(self, path: Path, settings: ImportSettings) -> Iterator[Page]:
        """The file's posts in pages, rejects with ``where="line N"``, ``progress`` in bytes read.

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
    with path.open("rb") as file:
        head = file.read(65_536)
    sure, best = max((importer.recognise(head), importer.name) for importer in importers.values())
    if sure < 0.3:
        raise ImportFormatError(
            f"{path}: in none of the known formats ({', '.join(sorted(importers))});"
            " say which with --format"
        )
    return importers[best]


def load(name: str) -> Importer:
    """The importer in the module ``name`` of this package."""
    importer: Importer = import_module(f"{__name__}.{name}").IMPORTER
    return importer
