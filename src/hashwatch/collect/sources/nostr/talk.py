"""What is said to one relay, and what its answers mean. No I/O: frames in, frames and pages out.

A subscription brings what the relay has, then the sign that this was all (``EOSE``), then what is
new. How far back it is read is decided in :mod:`.past`.
https://github.com/nostr-protocol/nips/blob/master/01.md
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from hashwatch.collect.source import Place
from hashwatch.collect.sources.nostr.events import (
    DELETION,
    NAME,
    NOTE,
    PROFILE,
    Event,
    Verify,
    deleted_by,
    expires,
    post_of,
    prove,
    read_event,
)
from hashwatch.collect.sources.nostr.past import ANSWERS, Reading, frame_of
from hashwatch.collect.sources.nostr.wanted import Profiles, Progress, Wanted
from hashwatch.errors import DeniedError, RateLimitedError, SourceError, UnreachableError
from hashwatch.model import Cursor, Gap, Page, Post, Reject, Tombstone

# Authors of whom a subscription asks who they are, and seconds that their posts wait for it.
AUTHORS = 100
PATIENCE = 3.0
# How far apart (seconds) the clocks of authors and relays may be.
SKEW = 15
MOST_REJECTS = 50
POSTS = 2_000
TOMBSTONES = 1_000
REJECT_BYTES = 2_000
RATE_LIMITED = 60.0

_NOTES, _DELETIONS, _WHO = "notes", "deletions", "who"
# The cursor stays so far (seconds) behind the clock: a connection that has died is noticed when a
# ping has gone unanswered.
LAG = 60


_decode_message = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Talk:
    """A conversation with one relay, from its opening on.

    ``since`` and ``deleted_since`` are UTC seconds: from when notes and deletions are wanted;
    ``progress`` is what was read before.
    """

    def __init__(
        self,
        place: Place,
        wanted: Wanted,
        since: int,
        deleted_since: int,
        profiles: Profiles,
        verify: Verify,
        progress: Progress,
    ) -> None:
        self._place, self._wanted = place, wanted
        self._since, self._progress = since, progress
        self._profiles, self._verify = profiles, verify
        # Each with one filter: of several, every one would end at another time.
        readings = [
            Reading(f"{_NOTES}-{number}", each, since)
            for number, each in enumerate(wanted.filters())
        ]
        readings.append(Reading(_DELETIONS, {"kinds": [DELETION]}, deleted_since))
        self._readings = {reading.name: reading for reading in readings}
        self._seen: set[str] = set()
        self._asked: dict[str, set[str]] = {}
        self._answered: set[str] = set()
        self._waiting_since: float | None = None
        self._told_present = False
        self._questions = 0
        self.frames = 0
        self._notes: dict[str, tuple[Event, bytes]] = {}
        self._clear()

    def _clear(self) -> None:
        self._tombstones: list[Tombstone] = []
        self._rejects: list[Reject] = []
        self._gaps: list[Gap] = []
        self._warnings: list[str] = []

    def begin(self) -> list[bytes]:
        """What opens the conversation."""
        return [reading.question() for reading in self._readings.values()]

    @property
    def is_present(self) -> bool:
        """Whether all of the past has been read."""
        return all(reading.ended for reading in self._readings.values())

    @property
    def is_full(self) -> bool:
        """Whether there is so much that a page must not wait any longer."""
        return len(self._notes) >= POSTS or len(self._tombstones) >= TOMBSTONES

    def is_due(self, monotonic: float) -> bool:
        """Whether there is something to hand on now. Posts wait a little for names, and those of
        the past for each other."""
        if not self.is_present and not self.is_full:
            return False
        if self._notes and self._waiting_since is None:
            self._waiting_since = monotonic
        waited = monotonic - (self._waiting_since or monotonic)
        if self._notes and self._asked and waited < PATIENCE and not self.is_full:
            return False
        news = self._notes or self._rejects or self._gaps or self.is_full
        # Deletions of other people's posts come all the time; they wait for company or the beat.
        return bool(news) or self.is_present != self._told_present

    def questions(self) -> list[bytes]:
        """Who the authors are that are not known yet."""
        unknown = [
            key
            for key in dict.fromkeys(event.pubkey for event, _ in self._notes.values())
            if self._profiles.of(key) is None
            and key not in self._answered
            and not any(key in keys for keys in self._asked.values())
        ]
        frames = []
        for start in range(0, len(unknown), AUTHORS):
            keys = unknown[start : start + AUTHORS]
            self._questions += 1
            name = f"{_WHO}-{self._questions}"
            self._asked[name] = set(keys)
            whose = {"kinds": [PROFILE], "authors": keys, "limit": len(keys)}
            frames.append(frame_of("REQ", name, whose))
        return frames

    def take(self, frame: bytes) -> list[bytes]:
        """What to say to a frame; raises a :class:`~hashwatch.errors.SourceError` that ends it."""
        self.frames += 1
        try:
            message = _decode_message(frame)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            message = []
        kind = _text(bytes(message[0])) if message else ""
        parts = [bytes(each) for each in message[1:]]
        if kind == "EVENT" and len(parts) == 2:
            self._take_event(_text(parts[0]), parts[1])
        elif kind == "EOSE" and parts:
            return self._end(_text(parts[0]))
        elif kind == "CLOSED" and parts:
            return self._closed(_text(parts[0]), _text(parts[1]) if len(parts) > 1 else "")
        elif kind == "NOTICE" and parts:
            self._warn(_text(parts[0]))
        elif kind not in ("OK", "AUTH", "COUNT"):
            self._reject("not a message of a relay", frame)
        return []

    def _take_event(self, name: str, raw: bytes) -> None:
        try:
            event = read_event(raw)
            reading = self._reading(name)
            if reading is not None:
                reading.heard(event)
            if event.id in self._seen or not self._concerns(event):
                return
            prove(event, self._verify)
        except ValueError as error:
            self._reject(str(error), raw)
            return
        if not self.is_present:
            self._seen.add(event.id)
        if event.kind == PROFILE:
            self._profiles.learn(event)
        elif event.kind == DELETION:
            for uri in deleted_by(event):
                self._tombstones.append(
                    Tombstone(event.created_at, "deleted by its author", uri=uri)
                )
        else:
            self._notes[event.id] = (event, raw)

    def _concerns(self, event: Event) -> bool:
        if event.kind == NOTE:
            return not expires(event) and self._wanted.matches(event)
        return event.kind in (PROFILE, DELETION)

    def _end(self, name: str) -> list[bytes]:
        """All that the relay has was sent in answer to ``name``."""
        if name in self._asked:
            self._answered |= self._asked.pop(name)
            return [frame_of("CLOSE", name)]
        reading = self._reading(name)
        if reading is None:
            return []
        frames = [frame_of("CLOSE", name)] if reading.answers else []
        until = reading.onward()
        if until is None:
            self._stop_reading(reading)
            return frames
        if reading.is_clipped:
            self._leave_gap(until + 1, until + 1, "the relay gives no more of one second")
        reading.answers += 1
        reading.until, reading.oldest = until, None
        reading.count = reading.fresh = reading.newest = 0
        return [*frames, reading.question()]

    def _reading(self, name: str) -> Reading | None:
        """What the subscription ``name`` is just answering, if it is about the past."""
        reading = self._readings.get(name.partition(":")[0])
        under_way = reading is not None and not reading.ended and reading.subscription == name
        return reading if under_way else None

    def _stop_reading(self, reading: Reading) -> None:
        reading.ended = True
        reading.seen.clear()
        unread = reading.is_deaf or reading.answers >= ANSWERS
        if unread and reading.oldest is not None and reading.oldest > reading.since:
            why = "the relay ignores until" if reading.is_deaf else "poll cap"
            self._leave_gap(reading.since, reading.oldest, why)
        if self.is_present:
            self._seen.clear()

    def _leave_gap(self, start: int, end: int, reason: str) -> None:
        self._gaps.append(Gap(NAME, self._place.instance, start, end, reason))

    def forgo_deletions(self) -> bool:
        """Goes on without those of the past, if the relay owes nothing else; whether that is so.

        Some say nothing at all to a question that is too broad for them.
        """
        owed = [name for name, reading in self._readings.items() if not reading.ended]
        if owed != [_DELETIONS]:
            return False
        self._stop_reading(self._readings[_DELETIONS])
        self._warn("nothing, when it is asked for deletions")
        return True

    def _closed(self, name: str, why: str) -> list[bytes]:
        """The relay ends a subscription, or never began it."""
        words = _printable(why)
        if name in self._asked:
            self._answered |= self._asked.pop(name)
            return []
        if name.partition(":")[0] == _DELETIONS:
            reading = self._readings[_DELETIONS]
            if not reading.ended:
                self._stop_reading(reading)
            self._warn(f"deletions cannot be heard of here: {words}")
            return []
        raise refusal(self._place.instance, words)

    def page(self, now: int) -> Page:
        """Everything since the last page; ``now`` is the time (UTC seconds) up to which it goes."""
        present = self.is_present
        page = Page(
            posts=tuple(self._posts()),
            tombstones=tuple(self._tombstones),
            rejects=tuple(self._rejects[:MOST_REJECTS]),
            gaps=tuple(self._gaps),
            cursor=self._cursor(now - LAG) if present else None,
            reached=now - SKEW if present else None,
            warnings=tuple(self._warnings[:MOST_REJECTS]),
        )
        for keys in self._asked.values():
            self._answered |= keys  # they have had their time
        self._asked.clear()
        self._notes.clear()
        self._waiting_since = None
        self._told_present = present
        self._clear()
        return page

    def _cursor(self, until: int) -> Cursor:
        progress = self._progress.after(self._wanted, self._since, until)
        return Cursor(str(until), state={"progress": msgspec.json.encode(progress).decode()})

    def _posts(self) -> Iterator[Post]:
        for event, raw in self._notes.values():
            yield post_of(event, raw, self._place.instance, self._profiles.of(event.pubkey))

    def _reject(self, reason: str, raw: bytes) -> None:
        self._rejects.append(Reject(reason, raw[:REJECT_BYTES], self._place.instance))

    def _warn(self, words: str) -> None:
        self._warnings.append(f"{self._place.instance} says: {_printable(words)}")


def read_page(frames: Iterable[bytes], instance: str, wanted: Wanted, verify: Verify) -> Page:
    """What some frames of one relay hold."""
    talk = Talk(Place(NAME, instance), wanted, 0, 0, Profiles(), verify, Progress())
    for frame in frames:
        talk.take(frame)
    return talk.page(0)


def refusal(instance: str, words: str) -> SourceError:
    """What it means that a relay ends the subscription of notes; it begins with a word for it."""
    kind = words.partition(":")[0]
    if kind == "rate-limited":
        return RateLimitedError(f"{instance} limits the rate: {words}", RATE_LIMITED)
    if kind in ("auth-required", "restricted", "blocked", "pow"):
        return DeniedError(f"{instance} gives nothing to strangers: {words}")
    return UnreachableError(f"{instance} ended the subscription: {words or 'without a word'}")


def _text(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _printable(words: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:300]
