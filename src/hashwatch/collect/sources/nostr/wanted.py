"""What is collected from relays, what has been read of it, and whose key is whose. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import msgspec

from hashwatch.collect.sources.nostr.events import (
    NOTE,
    Event,
    Profile,
    hashtags_of,
    mentions_of,
    read_profile,
)
from hashwatch.model import Cursor, fold_hashtag


class Wanted(msgspec.Struct, frozen=True):
    """What is collected: hashtags as they are asked for and folded, and keys of accounts."""

    spellings: tuple[str, ...] = ()
    hashtags: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()

    def filters(self) -> list[dict[str, Any]]:
        """As the protocol asks for it."""
        found: list[dict[str, Any]] = []
        if self.spellings:
            found.append({"kinds": [NOTE], "#t": list(self.spellings)})
        if self.keys:
            found.append({"kinds": [NOTE], "authors": list(self.keys)})
            found.append({"kinds": [NOTE], "#p": list(self.keys)})
        return found

    def matches(self, event: Event) -> bool:
        """Whether a note is one of these: a relay may send what it likes."""
        if self.keys and (event.pubkey in self.keys or {*mentions_of(event)} & {*self.keys}):
            return True
        return any(fold_hashtag(each) in self.hashtags for each in hashtags_of(event))


class Progress(msgspec.Struct, frozen=True):
    """What has been read at a relay: of each hashtag and key, from when until when (UTC seconds);
    and up to when deletions have been heard of."""

    read: dict[str, tuple[int, int]] = {}
    reached: int = 0

    def since(self, wanted: Wanted, start: int, overlap: int) -> int:
        """From when notes are to be read for all that is ``wanted`` to be known from ``start``."""
        starts = [start]
        for name in (*wanted.hashtags, *wanted.keys):
            begin, until = self.read.get(name, (start + 1, start))
            starts.append(start if begin > start else max(start, until - overlap))
        return min(starts[1:], default=start)

    def after(self, wanted: Wanted, since: int, until: int) -> Progress:
        """Once all that is ``wanted`` has been read from ``since`` to ``until``."""
        read = dict(self.read)
        for name in (*wanted.hashtags, *wanted.keys):
            begin, end = read.get(name, (since, since))
            # A hashtag that was not asked for in between begins anew.
            read[name] = (min(begin, since) if end >= since else since, until)
        return Progress(read, until)


def read_progress(cursor: Cursor | None) -> Progress:
    """The progress in a cursor."""
    return msgspec.json.decode(
        cursor.state.get("progress", "{}") if cursor else "{}", type=Progress
    )


class Profiles:
    """Whose key is whose, as far as relays have told; the least recently used are forgotten."""

    def __init__(self, most: int = 20_000) -> None:
        self._known: OrderedDict[str, tuple[int, Profile]] = OrderedDict()
        self._most = most

    def learn(self, event: Event) -> None:
        """A profile's event; the newest one stands."""
        at, _ = self._known.get(event.pubkey, (-1, None))
        if event.created_at > at:
            self._known[event.pubkey] = (event.created_at, read_profile(event))
            self._known.move_to_end(event.pubkey)
            if len(self._known) > self._most:
                self._known.popitem(last=False)

    def of(self, key: str) -> Profile | None:
        """What is known."""
        return self._known.get(key, (0, None))[1]
