"""Sessions for posts whose own evidence is too weak to be weighed: two rules, each measured.

- A theme that just one session of the post's day is about, named by a phrase or by several words,
  or by somebody in the room; not long before the session, and not beside a link, unless by
  somebody in the room.
- The one session on stage, in a programme without parallel tracks, for a post that carries the
  event's hashtag and shares a word with the session or speaks like somebody in the room.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from hashwatch.enrich.agenda import Agenda
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.evidence import Found
from hashwatch.enrich.theme import ThemeAnnotator
from hashwatch.model import Assignment, Event, Reason, fold_hashtag

# Right on the labelled demo events: 57 of 64 posts by theme and day, 62 of 65 by hashtag and slot.
THEME_CONFIDENCE = 0.85
SLOT_CONFIDENCE = 0.85
SURE_THEME = 0.8
AFTERWARDS = 600
BEFOREHAND = 3_600
DAY_BEGINS = time(8, 45)


class WeakRules:
    """The two rules for one event; they never apply where the programme gives nothing to go by."""

    def __init__(self, event: Event, agenda: Agenda) -> None:
        self._agenda = agenda
        self._zone = ZoneInfo(event.timezone)
        self._hashtags = frozenset(map(fold_hashtag, event.hashtags))
        self._by_day: dict[tuple[str, date], list[int]] = defaultdict(list)
        for place, session in enumerate(event.sessions):
            day = session.date or (self._day(session.start) if session.start is not None else None)
            if session.theme and day is not None:
                self._by_day[session.theme, day].append(place)
        self._themes = ThemeAnnotator(event.themes) if self._by_day else None
        self._stage = stage_of(event)

    def _day(self, moment: int) -> date:
        return datetime.fromtimestamp(moment, UTC).astimezone(self._zone).date()

    def session(self, candidate: Candidate, found: Found) -> Assignment | None:
        """The session that a rule gives, if any."""
        return self._by_theme(candidate, found) or self._by_slot(candidate, found)

    def _by_theme(self, candidate: Candidate, found: Found) -> Assignment | None:
        if self._themes is None:
            return None
        (themes,) = self._themes.annotate([candidate.text])
        if len(themes) != 1:
            return None
        sessions = self._by_day.get((themes[0].key, self._day(candidate.created_at)), ())
        if len(sessions) != 1:
            return None
        if self._is_early(candidate.created_at, sessions[0]):
            return None
        if "://" in candidate.text and not found.live:
            return None
        shared = found.terms.keys() & self._agenda.words_of[sessions[0]]
        if themes[0].confidence < SURE_THEME and not found.live and len(shared) < 2:
            return None
        session = self._agenda.sessions[sessions[0]]
        return Assignment(session.code, THEME_CONFIDENCE, themes[0].reasons)

    def _is_early(self, moment: int, place: int) -> bool:
        """Whether a theme is not yet the session's: well before it begins, or before the day does
        where its time is not known.
        """
        start = self._agenda.sessions[place].start
        if start is not None:
            return moment < start - BEFOREHAND
        return datetime.fromtimestamp(moment, UTC).astimezone(self._zone).time() < DAY_BEGINS

    def _by_slot(self, candidate: Candidate, found: Found) -> Assignment | None:
        # Who reports from the room links to nothing; who advertises does.
        if (
            not self._stage
            or "://" in candidate.text
            or not any(fold_hashtag(hashtag) in self._hashtags for hashtag in candidate.hashtags)
        ):
            return None
        for start, end, place in self._stage:
            if start <= candidate.created_at < end:
                shared = found.terms.keys() & self._agenda.words_of[place]
                if not shared and not found.live:
                    return None
                code = self._agenda.sessions[place].code
                return Assignment(code, SLOT_CONFIDENCE, (Reason("slot", code, 1.0),))
        return None


def stage_of(event: Event) -> list[tuple[int, int, int]]:
    """Start, end and place of each session, where no two are ever on at once; else nothing.

    A session's last words are posted a little after its end, unless the next has begun.
    """
    slots = sorted(
        (session.start, session.end, place)
        for place, session in enumerate(event.sessions)
        if session.start is not None and session.end is not None
    )
    if not slots or len(slots) < len(event.sessions):
        return []
    stage = []
    for (start, end, place), following in zip(slots, [*slots[1:], None], strict=True):
        if following is not None and following[0] < end:
            return []
        latest = end + AFTERWARDS
        stage.append((start, latest if following is None else min(latest, following[0]), place))
    return stage
