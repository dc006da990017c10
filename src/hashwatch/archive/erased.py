"""Who and what was erased, as keyed hashes: known again when it comes, and told to nobody.

The list stands in ``erased.json`` beside the archive, not in it, so that a restored back-up is held
against it. Without its key nobody can tell whom it names, or try names out.
"""

from __future__ import annotations

import hmac
import os
import secrets
import tempfile
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from hashwatch.errors import ArchiveError
from hashwatch.model import Author, Post, fold_account

NAME = "erased.json"


class Entry(msgspec.Struct, frozen=True):
    """What one erasure took: how many authors, posts and mentions, when and by whom; not whose."""

    at: int
    by: str
    authors: int
    posts: int
    mentions: int


class _File(msgspec.Struct):
    key: str
    hashes: set[str] = set()
    log: list[Entry] = []


class Erased:
    """The list of one data folder; what its file says now, however it came there."""

    def __init__(self, archive_path: Path) -> None:
        self._path = archive_path.with_name(NAME)
        self._held = _File(secrets.token_hex(32))
        self._seen: tuple[int, int] | None = None

    def keep(self, posts: Sequence[Post]) -> list[Post]:
        """``posts`` without those that are erased, by erased authors, or boosts of either."""
        if not self._read().hashes:
            return list(posts)
        return [
            post
            for post in posts
            if not self.has_author(post.author)
            and not self.has_post(post.uri)
            and not (post.boost_of and self.has_post(post.boost_of))
        ]

    def has_author(self, author: Author) -> bool:
        """Whether an author's posts are not to be kept."""
        return self.has_author_of(author.uri, author.handle)

    def has_author_of(self, uri: str, handle: str) -> bool:
        """The same of somebody with this URI and handle."""
        return self._has(f"author {uri}", f"handle {fold_account(handle)}")

    def has_post(self, uri: str) -> bool:
        """Whether a post is not to be kept."""
        return self._has(f"post {uri}")

    def log(self) -> list[Entry]:
        """What was erased, the first first."""
        return list(self._read().log)

    def add(
        self, entry: Entry, *, authors: Iterable[tuple[str, str]] = (), handles: Iterable[str] = (),
        posts: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """Puts an erasure on the list: authors as (URI, handle), more handles, posts by URI."""
        held = self._read()
        words = [f"post {uri}" for uri in posts]
        words += [f"handle {fold_account(handle)}" for handle in handles]
        for uri, handle in authors:
            words += [f"author {uri}", f"handle {fold_account(handle)}"]
        held.hashes |= {self._hash(word) for word in words}
        held.log.append(entry)
        with tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=NAME, delete=False) as file:
            file.write(msgspec.json.encode(held))
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(self._path)  # tempfile makes it with mode 600

    def _has(self, *words: str) -> bool:
        hashes = self._read().hashes
        return bool(hashes) and any(self._hash(word) in hashes for word in words)

    def _hash(self, word: str) -> str:
        return hmac.new(bytes.fromhex(self._held.key), word.encode(), sha256).hexdigest()

    def _read(self) -> _File:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return self._held
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._seen:
            try:
                self._held = msgspec.json.decode(self._path.read_bytes(), type=_File)
            except (msgspec.DecodeError, OSError) as error:
                # Nothing is stored that may have been erased.
                raise ArchiveError(
                    f"{self._path}: cannot be read ({error}); it says who was erased: put it back"
                    " from a copy before anything is collected"
                ) from error
            self._seen = seen
        return self._held
