"""Static files under addresses that carry their content's hash: they may be kept for ever."""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

import msgspec

PREFIX = "/-/hashwatch/static/"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".json": "application/json",
}
_COMPRESSED = (".css", ".js", ".svg", ".txt", ".md", ".json")


class StaticFile(msgspec.Struct, frozen=True):
    """A file of ``static/``: its content, also compressed where that helps, and type."""

    digest: str
    content_type: str
    body: bytes
    compressed: bytes | None


@cache
def static_file(path: str) -> StaticFile | None:
    """The file at ``path`` under ``static/``; None where there is none."""
    parts = PurePosixPath(path).parts
    suffix = PurePosixPath(path).suffix
    if not parts or ".." in parts or parts[0] == "/" or suffix not in TYPES:
        return None
    found = files("hashwatch.serve").joinpath("static", *parts)
    if not found.is_file():
        return None
    body = found.read_bytes()
    compressed = gzip.compress(body, 9, mtime=0) if suffix in _COMPRESSED else None
    return StaticFile(hashlib.sha256(body).hexdigest()[:12], TYPES[suffix], body, compressed)


def static_href(path: str) -> str:
    """The address of a static file; a missing one is a mistake in a template."""
    found = static_file(path)
    if found is None:
        raise FileNotFoundError(f"there is no static file {path}")
    return f"{PREFIX}{found.digest}/{path}"
