"""Which session of the programme a post is about."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from hashwatch.enrich.candidate import Candidate
from hashwatch.model import Assignment, Event, Reason, fold_account, fold_hashtag


class SessionAnnotator:
    """Gives each post at most one session (``Assignment.key`` is its code), or none.

    A session's hashtag or a speaker's handle decides; a reply inherits; failing those, a post
    written while just one session is on stage belongs to that one.
    """

    name = "sessions"

    def __init__(self, event: Event) -> None:
        self._by_hashtag: dict[str, str] = {}
        self._by_handle: dict[str, str] = {}
        for session in event.sessions:
            for hashtag in session.hashtags:
                self._by_hashtag[fold_hashtag(hashtag)] = session.code
            for speaker in session.speakers:
                for handle in speaker.handles:
                    self._by_handle[fold_account(handle)] = session.code
        self._slots = [
            (session.start, session.end, session.code)
            for session in event.sessions
            if session.start is not None and session.end is not None
        ]
        self.version = f"1-{crc32(repr(event.sessions).encode()):08x}"

    def annotate(self, candidates: Sequence[Candidate]) -> list[Assignment | None]:
        """The session of each post, ``None`` where it belongs to none."""
        return [self._session(candidate) for candidate in candidates]

    def _session(self, candidate: Candidate) -> Assignment | None:
        for hashtag in candidate.hashtags:
            if code := self._by_hashtag.get(fold_hashtag(hashtag)):
                return Assignment(code, 0.98, (Reason("hashtag", hashtag, 1.0),))
        for handle in candidate.mentions:
            if code := self._by_handle.get(fold_account(handle)):
                return Assignment(code, 0.9, (Reason("speaker", handle, 0.9),))
        if candidate.parent_session:
            return Assignment(
                candidate.parent_session, 0.8, (Reason("parent", candidate.parent_session, 0.8),)
            )
        on_stage = [
            code for start, end, code in self._slots if start <= candidate.created_at < end
        ]
        if len(on_stage) == 1:
            return Assignment(on_stage[0], 0.6, (Reason("slot", on_stage[0], 0.6),))
        return None
