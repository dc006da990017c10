"""The past of a relay, read backwards by one question after another. Pure.

An answer brings the newest first and at most so much; what lies before its oldest event is asked
for by a subscription of its own, until nothing more comes.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hashwatch.collect.sources.nostr.events import Event

# So many events are asked for at once; relays give as many as they like, but hardly fewer than FEW.
LIMIT = 500
FEW = 20
# Answers to one question about the past, after which what is left is a gap.
ANSWERS = 200


def frame_of(*message: object) -> bytes:
    """A message to a relay."""
    return msgspec.json.encode(message)


class Reading(msgspec.Struct):
    """A question about the past: what came of the answer under way, and from where it goes on."""

    name: str
    filter: dict[str, Any]
    since: int
    until: int | None = None
    answers: int = 0
    count: int = 0
    fresh: int = 0
    oldest: int | None = None
    newest: int = 0
    fullest: int = 0
    ended: bool = False
    seen: set[str] = set()

    @property
    def subscription(self) -> str:
        """The one whose answer is under way. The first goes on with what is new."""
        return f"{self.name}:{self.answers}" if self.answers else self.name

    def question(self) -> bytes:
        """What asks for that answer."""
        until = {} if self.until is None else {"until": self.until}
        bounds = {"since": self.since, **until, "limit": LIMIT}
        return frame_of("REQ", self.subscription, {**self.filter, **bounds})

    def heard(self, event: Event) -> None:
        """One more event of the answer, proven or not: whoever sends others only cheats itself."""
        self.count += 1
        self.fresh += event.id not in self.seen
        self.seen.add(event.id)
        at = event.created_at
        self.oldest = at if self.oldest is None else min(at, self.oldest)
        self.newest = max(at, self.newest)

    def onward(self) -> int | None:
        """Up to when the next answer reaches; ``None`` when nothing more is to come."""
        self.fullest = max(self.fullest, self.count)
        if self.oldest is None or self.oldest < self.since or self.answers >= ANSWERS:
            return None
        if self.fresh and not self.is_deaf:
            return self.oldest
        return self.until - 1 if self.until is not None and self.is_clipped else None

    @property
    def is_clipped(self) -> bool:
        """Whether an answer brought nothing new and was full: more is of that second than fits."""
        is_full = self.count >= max(self.fullest, FEW)
        return is_full and not self.fresh and self.newest == self.oldest == self.until

    @property
    def is_deaf(self) -> bool:
        """Whether the relay gives what is newer than was asked for."""
        return self.until is not None and self.newest > self.until
