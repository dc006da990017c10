"""How much the evidence in a post speaks for a session: the features that are weighed."""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p
from operator import itemgetter

from hashwatch.enrich.agenda import EARLY, LATE, Agenda
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.evidence import FEWEST_GAIN, Found, Hit

MOST_CANDIDATES = 4
COMPARABLE = 0.75
MOST_SESSIONS_OF_ONE = 40
# Sessions of one room or track that are or were just on stage, the one before and after included.
MOST_AT_ONCE = 3
CUE_REACH = 4
NEAR = 2 * 3_600
TITLE_GAP = 4

FEATURES = (
    "bias", "crowd", "name", "first", "author", "likely_handle",
    "name_and_words", "title_share", "whole_title", "title_run", "gain", "density", "lead",
    "one_word", "track", "parent", "other_parent", "now", "near", "live", "only_live",
    "initials_now", "cued", "place_now", "own",
)  # fmt: skip


(CROWD, NAME, FIRST, LIKELY_HANDLE, WHOLE_TITLE, TITLE_RUN, PARENT, INITIALS_NOW, ONE_WORD,
 TITLE_SHARE, CUED, PLACE_NOW, OWN) = map(
    FEATURES.index,
    ("crowd", "name", "first", "likely_handle", "whole_title", "title_run", "parent",
     "initials_now", "one_word", "title_share", "cued", "place_now", "own"),
)  # fmt: skip
WORDS_ALONE_THRESHOLD = 0.92
NEVER = 2.0
MOST_OF_TITLE = 0.6
THRESHOLD = 0.55
POINTED_THRESHOLD = 0.7
PLACE_THRESHOLD = 0.85
CUED_SHARE = 0.3
LONG_RUN = 0.6
SURE_NAMING = 0.8


def candidates(agenda: Agenda, found: Found, candidate: Candidate) -> list[int]:
    """The sessions worth weighing: named ones, and those whose words the post shares most."""
    chosen: dict[int, None] = dict.fromkeys(found.rules)
    for hit in found.hits:
        if hit.kind in ("title", "own"):
            chosen[hit.key] = None
        elif hit.kind in ("track", "room"):
            places = agenda.tracks if hit.kind == "track" else agenda.rooms
            on_stage = [
                place
                for place in sorted(places[hit.key])
                if slot_match(agenda, candidate.created_at, place)[0]
            ]
            if len(on_stage) <= MOST_AT_ONCE:
                chosen.update(dict.fromkeys(on_stage))
        else:
            sessions = agenda.people.sessions[hit.key]
            chosen.update(dict.fromkeys(sessions[:MOST_SESSIONS_OF_ONE]))
    if candidate.parent_session is not None:
        parent = agenda.places.get(candidate.parent_session)
        if parent is not None:
            chosen[parent] = None
    least = max(0.5 * FEWEST_GAIN, COMPARABLE * found.best)
    likely = [one for one in found.gains.items() if one[1] >= least]
    if len(likely) > MOST_CANDIDATES:
        likely = sorted(likely, key=itemgetter(1), reverse=True)[:MOST_CANDIDATES]
    chosen.update((session, None) for session, _ in likely)
    return list(chosen)


def weigh(agenda: Agenda, found: Found, candidate: Candidate, session: int) -> tuple[float, ...]:
    """The features of a post and a session, in the order of `FEATURES`."""
    name = first = author = likely = initials = track = title = room = own = 0.0
    if found.hits:
        name, first, author, likely, initials, track, title, room, own = name_match(
            agenda, found.hits, session
        )
    named = max(name, likely)
    share, run, cued = title_match(agenda, found, session)
    gain = found.gains.get(session, 0.0)
    count = len(agenda.sessions)
    lead = 0.0
    if gain and count > 1:
        lead = max(0.0, 1.0 - (found.second if gain == found.best else found.best) / gain)
    now, near = slot_match(agenda, candidate.created_at, session)
    parent = -1
    if candidate.parent_session is not None:
        parent = agenda.places.get(candidate.parent_session, -1)
    one_word = (
        not named and parent != session
        and len(found.terms.keys() & agenda.words_of[session]) < 2
    )  # fmt: skip
    # The more sessions, the more of them share some words with a post; names do not wear out so.
    crowd = agenda.size * (1.0 - max(named, 1.0 if parent == session else 0.0))
    return (
        1.0, crowd, name, first, author, likely,
        named * min(1.0, 0.5 * gain), share,
        1.0 if title or (share > 0.9 and gain > 1.0) else 0.0, log1p(run), log1p(gain),
        gain / (6.0 + found.length), lead, 1.0 if one_word else 0.0, track,
        1.0 if parent == session else 0.0, 1.0 if parent >= 0 and parent != session else 0.0,
        now, near, 1.0 if found.live else 0.0, 1.0 if found.live and count == 1 else 0.0,
        initials * max(now, 0.4 * near), cued, max(track, room) * now, own,
    )  # fmt: skip


def is_named(features: Sequence[float]) -> bool:
    """Whether a post names the session or somebody who speaks in it, or answers a post about it."""
    return (
        max(features[NAME], features[LIKELY_HANDLE], features[INITIALS_NOW]) >= 0.5
        or features[FIRST] >= SURE_NAMING
        or features[PARENT] > 0
        or features[WHOLE_TITLE] > 0
    )


def is_pointed(features: Sequence[float]) -> bool:
    """Whether a post points at the session (by some of its title, a word of it beside a word for a
    session, or by a name in it), rather than merely sharing words with it.
    """
    return (
        features[TITLE_RUN] >= LONG_RUN
        or features[OWN] >= SURE_NAMING
        or (
            features[CUED] >= LONG_RUN
            # Nothing is crowded where there is one session: *the cyber panel*.
            and (features[TITLE_SHARE] >= CUED_SHARE or not features[CROWD])
        )
    )


def threshold_for(features: Sequence[float]) -> float:
    """How likely a session must be to be assigned: pointing must be surer than naming, a room or
    track with the time and words alone surer still, and a single word that is not most of the title
    is never enough.
    """
    if is_named(features):
        return THRESHOLD
    if is_pointed(features):
        return POINTED_THRESHOLD
    if features[PLACE_NOW] >= SURE_NAMING:
        return PLACE_THRESHOLD
    if features[ONE_WORD] and features[TITLE_SHARE] < MOST_OF_TITLE:
        return NEVER
    return WORDS_ALONE_THRESHOLD


def name_match(
    agenda: Agenda, hits: Sequence[Hit], session: int
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """How surely a session's people are named: by name or handle, by first name, as the author, by
    a likely handle, by initials; how surely its track is; whether its title stands there; how
    surely its room is named, and a name in its title.
    """
    name = first = author = likely = initials = track = title = room = own = 0.0
    people = agenda.people.sessions
    for hit in hits:
        kind, strength = hit.kind, hit.strength
        if kind == "track":
            if session in agenda.tracks[hit.key]:
                track = max(track, strength)
        elif kind == "room":
            if session in agenda.rooms[hit.key]:
                room = max(room, strength)
        elif kind == "title":
            if session == hit.key:
                title = 1.0
        elif kind == "own":
            if session == hit.key:
                own = max(own, strength)
        elif session not in people[hit.key]:
            continue
        elif kind in ("full", "handle"):
            name = 1.0
        elif kind == "surname":
            name = max(name, strength)
        elif kind == "first":
            first = max(first, strength)
        elif kind == "author":
            author = max(author, strength)
        elif kind == "likely_handle":
            likely = max(likely, strength)
        else:
            initials = max(initials, strength)
    return name, first, author, likely, initials, track, title, room, own


def title_match(agenda: Agenda, found: Found, session: int) -> tuple[float, float, float]:
    """How much of a title stands in a post: its share, the weight of its longest run, and that of
    its words beside a word for a session: *the ransomware panel*.
    """
    terms, weights, cues = found.terms, agenda.terms, found.cues
    gain = run = longest = cued = 0.0
    last = -99
    for term in agenda.titles[session]:
        if term in terms:
            place, quality = terms[term]
            part = weights[term] * quality
            gain += part
            run = run + part if 0 <= place - last <= TITLE_GAP else 0.0
            if run > longest:
                longest = run
            last = place
            if cues and min(abs(place - cue) for cue in cues) <= CUE_REACH:
                cued += part
    whole = agenda.title_weights[session]
    return (gain / whole if whole else 0.0), longest, cued


def slot_match(agenda: Agenda, moment: int, session: int) -> tuple[float, float]:
    """Whether a session is on stage, and whether it is or was within two hours."""
    slot = agenda.slots[session]
    if slot.start is None:
        return 0.0, 0.0
    if slot.start - EARLY <= moment < slot.end + LATE:
        return 1.0, 1.0
    off = slot.start - moment if moment < slot.start else moment - slot.end
    return 0.0, 1.0 if off < NEAR else 0.0
