"""The archive that X makes of an account: the zip, or its ``tweets.js`` (once ``tweet.js``).

Large ones come in parts. Nothing else in the zip is read but whose it is and whether its posts
were public; messages, deleted posts and posts for circles lie in files of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from hashwatch.collect.containers import find_members, member_names, open_part, read_beside
from hashwatch.collect.encoding import choose_encoding
from hashwatch.collect.files import SourceFile
from hashwatch.collect.importers import ImportSettings
from hashwatch.collect.objects import Item, mend_json, read_array_after, utf8_head
from hashwatch.collect.pages import Outcome, RowError, paginate, refuse, survive_damage
from hashwatch.collect.x1 import User
from hashwatch.collect.x_account import ASSIGNMENT, is_protected, parse_account, parse_written
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page


class XArchiveImporter:
    """Reads the posts and boosts of one account."""

    name = "x_archive"
    members = re.compile(r"tweets?(-part\d+)?\.js")

    def recognise(self, head: bytes) -> float:
        """Sure when a script assigns posts."""
        head = utf8_head(head)
        return 0.95 if re.match(rb"window\.YTD\.tweets?\.part\d+\s*=", head) else 0.0

    def read(self, path: Path, settings: ImportSettings) -> Iterator[Page]:
        """See :class:`~hashwatch.collect.importers.Importer`."""
        parts: list[str | None] = [None]
        if member_names(path) is not None:
            parts = [*find_members(path, self.members)]
            if not parts:
                raise ImportFormatError(f"{path}: holds no tweets.js")
        posts = Posts(path, settings, read_user(path, parts[0], settings.author))
        yield from paginate(posts.outcomes(parts), posts.position)
        if not posts.items:
            raise ImportFormatError(f"{path}: holds no list of posts")


class Posts:
    """The posts of an account, part after part."""

    def __init__(self, path: Path, settings: ImportSettings, user: User) -> None:
        self.path = path
        self.settings = settings
        self.user = user
        self.items = 0
        self.line = 0
        self.taken = 0
        self.source: SourceFile | None = None

    def position(self) -> int:
        """Bytes read so far."""
        if self.source is not None:
            self.taken = self.source.position()
        return self.taken

    def outcomes(self, parts: list[str | None]) -> Iterator[Outcome]:
        """A post or a reject for every item."""
        for part in parts:
            place = f"{PurePosixPath(part).name} " if part and len(parts) > 1 else ""
            with open_part(self.path, part) as source:
                self.source = source
                encoding = choose_encoding(self.settings.encoding, source.stream.peek())
                items = read_array_after(ASSIGNMENT, source.stream, encoding)
                yield from survive_damage(self.of_part(items, place), lambda: self.line)
                self.position()
                self.source = None

    def of_part(self, items: Iterator[Item], place: str) -> Iterator[Outcome]:
        """A post or a reject for every item of one part."""
        for item in items:
            self.items += 1
            self.line = item.line
            yield self.outcome(item, f"{place}{item.place}")

    def outcome(self, item: Item, place: str) -> Outcome:
        """What becomes of one item."""
        try:
            try:
                return parse_written(item.octets, self.user)
            except RowError:
                raise
            except (ValueError, RecursionError):
                return parse_written(mend_json(item.octets), self.user)
        except RowError as error:
            return refuse(str(error), item.octets, place)
        except (ValueError, RecursionError) as error:
            return refuse(f"it is no post of X: {error}", item.octets, place)


def read_user(path: Path, part: str | None, stated: str | None) -> User:
    """Whose posts they are: as the operator says, else as ``account.js`` beside them does.

    Raises ``ImportFormatError`` where nobody says, and for an account that was closed to all but
    its followers.
    """
    try:
        history = read_beside(path, part, "protected-history.js")
        if history is not None and is_protected(history):
            raise ImportFormatError(
                f"{path}: the posts of this account are for its followers only; it is not imported"
            )
        account = read_beside(path, part, "account.js")
        user = parse_account(account) if account is not None else None
    except (ValueError, RecursionError) as error:
        raise ImportFormatError(
            f"{path}: what stands beside its posts cannot be read: {error}"
        ) from error
    if stated is not None:
        handle = stated.lstrip("@")
        same = user is not None and user.screen_name.casefold() == handle.casefold()
        return user if user and same else User("", handle)
    if user is None:
        raise ImportFormatError(
            f"{path}: does not say whose posts these are (there is no account.js beside them);"
            " state the handle with --author"
        )
    return user


IMPORTER = XArchiveImporter()
