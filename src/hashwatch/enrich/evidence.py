"""What in a post speaks for which session: found once a post, weighed once a candidate session."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log, log1p
from operator import itemgetter

import msgspec

from hashwatch.enrich.agenda import Agenda, Entry, link_key
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.people import Naming, handle_key
from hashwatch.enrich.words import NOISE, TOKEN
from hashwatch.model import fold_account, fold_hashtag

MOST_CANDIDATES = 5
FEWEST_GAIN = 0.9
MOST_SESSIONS_OF_ONE = 40
NEAR = 2 * 3_600
SAME_DAY = 14 * 3_600
FAR = 3 * 86_400
TITLE_GAP = 4

HANDLE = re.compile(r"(?<![\w/])@(\w[\w.-]*(?:@[\w.-]+\w)?)")
BOOSTED = re.compile(r"(?:RT|MT) @(\w+)")
LINK = re.compile(r"https?://[^\s<>\"]+")
# Words that posts from within a session use, in the languages of the list of common words.
LIVE = re.compile(
    r"\b(?:now|speaking|speaks|says|said|talking|talks? (?:by|on|about|from)|presenting|presents"
    r"|on stage|up next|next up|listening to|asks|shows|slides?|keynote|panel|session|paper"
    r"|présente|parle|intervient|séance|habla|presenta|ponencia|sesión|fala|apresenta|sessão"
    r"|spricht|sagt|vortrag|sitzung|يتحدث|تتحدث|الجلسة)\b",
    re.IGNORECASE,
)

FEATURES = (
    "bias", "full", "surname", "first", "handle", "likely_handle", "author",
    "title_share", "whole_title", "title_gain", "title_run", "abstract_gain", "abstract_more",
    "density", "track", "room_now", "parent", "other_parent", "now", "sole_now", "near", "same_day",
    "far", "live", "name_and_words", "size", "busy_person", "rival",
)  # fmt: skip


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A naming found in a post, at tokens ``first`` to ``last``; or a handle (−1)."""

    kind: str
    key: int
    strength: float
    text: str
    first: int = -1
    last: int = -1


class Found(msgspec.Struct, gc=False):
    """What a post holds that the programme knows. ``terms`` are term → (place, quality)."""

    length: int
    terms: dict[int, tuple[int, float]]
    hits: list[Hit]
    gains: dict[int, float]
    rules: dict[int, Hit]
    live: bool


def look_at(agenda: Agenda, candidate: Candidate) -> Found | None:
    """What the programme knows of a post, or ``None`` where that can lead to no session."""
    text, boosted = candidate.text, ""
    if "//" in text or "@" in text or "&" in text:
        if "T @" in text and (boost := BOOSTED.search(text)):
            boosted = boost[1]
        text = masked(text)
    entries_of = agenda.entries
    seen: list[tuple[int, Entry]] = []
    tokens = TOKEN.findall(text)
    for place, token in enumerate(tokens):
        if entries := entries_of(token):
            seen += [(place, entry) for entry in entries]
    hits = handle_hits(agenda, candidate, boosted)
    terms: dict[int, tuple[int, float]] = {}
    for order, (place, entry) in enumerate(seen):
        if entry.term >= 0 and entry.term not in terms:
            terms[entry.term] = (place, entry.quality)
        if entry.follows:
            hits += named(agenda, seen, order, tokens)
    rules = ruled(agenda, candidate)
    gains: dict[int, float] = {}
    postings = agenda.postings
    for term, (_, quality) in terms.items():
        for session, gain in postings[term]:
            gains[session] = gains.get(session, 0.0) + gain * quality
    if not hits and not rules and candidate.parent_session is None and (
        not gains or max(gains.values()) < FEWEST_GAIN
    ):  # fmt: skip
        return None
    return Found(len(tokens), terms, hits, gains, rules, LIVE.search(text) is not None)


def masked(text: str) -> str:
    """The text with everything that is not its author's words blanked, its length unchanged."""
    return NOISE.sub(lambda match: " " * len(match[0]), text)


def named(
    agenda: Agenda, seen: Sequence[tuple[int, Entry]], order: int, tokens: Sequence[str]
) -> list[Hit]:
    """The namings that begin at a word of a post."""
    found = []
    place = seen[order][0]
    for number in seen[order][1].follows:
        naming: Naming = agenda.namings[number]
        last = place
        if len(naming.words) > 1:
            last = follow(naming.words, seen, order)
            if last < 0:
                continue
        strength = naming.strength
        if naming.capital and not is_capital(tokens[place]):
            strength *= 0.3
        if naming.kind in ("surname", "first") and place and len(naming.words) == 1:
            strength *= 0.4 if is_other_name(agenda, tokens[place - 1]) else 1.0
        text = " ".join(tokens[place : last + 1])
        found.append(Hit(naming.kind, naming.key, strength, text, place, last))
    return found


def follow(words: Sequence[str], seen: Sequence[tuple[int, Entry]], order: int) -> int:
    """The place of the last of ``words`` when they stand in a row from here, else −1.

    One foreign word (an initial) may stand in between.
    """
    place = seen[order][0]
    for step, word in enumerate(words[1:], 1):
        if order + step >= len(seen):
            return -1
        next_place, entry = seen[order + step]
        if entry.word != word or next_place - place > 2:
            return -1
        place = next_place
    return place


def is_capital(token: str) -> bool:
    """Whether a word begins as names do (scripts without capitals always do)."""
    first = token[1] if token[0] == "#" else token[0]
    return first.isupper() or first.isdigit() or not first.islower()


def is_other_name(agenda: Agenda, before: str) -> bool:
    """Whether the word before a surname is a first name of somebody else."""
    return (
        before[0].isupper()
        and before.isalpha()
        and len(before) > 2
        and fold_account(before) in agenda.other_names
    )


def handle_hits(agenda: Agenda, candidate: Candidate, boosted: str) -> list[Hit]:
    """Speakers whose handle is mentioned, or who wrote the post (``author``)."""
    hits: list[Hit] = []
    handles = candidate.mentions
    if "@" in candidate.text:
        handles = (*handles, *HANDLE.findall(candidate.text))
    for handle in dict.fromkeys(handles):
        if handle != boosted:
            hits += handle_hit(agenda, handle, "handle", "likely_handle")
    for author in (boosted,) if boosted else (candidate.author,):
        if author:
            hits += handle_hit(agenda, author, "author", "author")
    return hits


def handle_hit(agenda: Agenda, handle: str, given: str, likely: str) -> list[Hit]:
    """Whom a handle means: beyond doubt where the programme gives it, else by its likeness."""
    account = fold_account(handle)
    keys = agenda.people.handles.get(account) or agenda.people.handles.get(
        account.partition("@")[0], []
    )
    if keys:
        return [Hit(given, key, 1.0, handle) for key in keys]
    guesses = agenda.likely_handles.get(handle_key(handle), ())
    return [Hit(likely, key, strength, handle) for key, strength in guesses]


def ruled(agenda: Agenda, candidate: Candidate) -> dict[int, Hit]:
    """Sessions whose own hashtag or address stands in a post."""
    rules: dict[int, Hit] = {}
    if agenda.hashtags:
        for hashtag in candidate.hashtags:
            session = agenda.hashtags.get(fold_hashtag(hashtag))
            if session is not None:
                rules[session] = Hit("hashtag", session, 1.0, hashtag)
    if agenda.urls:
        links = candidate.links
        if "//" in candidate.text:
            links = (*links, *LINK.findall(candidate.text))
        for link in links:
            session = agenda.urls.get(link_key(link))
            if session is not None:
                rules.setdefault(session, Hit("rule", session, 1.0, link))
    return rules


def candidates(agenda: Agenda, found: Found, candidate: Candidate) -> list[int]:
    """The sessions worth weighing: named ones, and those whose words the post shares most."""
    chosen: dict[int, None] = dict.fromkeys(found.rules)
    for hit in found.hits:
        if hit.kind == "code":
            chosen[hit.key] = None
        elif hit.kind == "room":
            stage, here = agenda.on_stage(candidate.created_at), agenda.rooms[hit.key]
            chosen.update((session, None) for session in stage if session in here)
        elif hit.kind != "track":
            sessions = agenda.people.sessions[hit.key]
            chosen.update(dict.fromkeys(sessions[:MOST_SESSIONS_OF_ONE]))
    if candidate.parent_session is not None:
        parent = agenda.places.get(candidate.parent_session)
        if parent is not None:
            chosen[parent] = None
    gains = found.gains
    if len(gains) > MOST_CANDIDATES:
        best = sorted(gains.items(), key=itemgetter(1), reverse=True)[:MOST_CANDIDATES]
    else:
        best = list(gains.items())
    chosen.update((session, None) for session, gain in best if gain >= 0.5 * FEWEST_GAIN)
    return list(chosen)


def weigh(agenda: Agenda, found: Found, candidate: Candidate, session: int) -> list[float]:
    """The features of a post and a session, in the order of `FEATURES`."""
    names = {"full": 0.0, "surname": 0.0, "first": 0.0, "handle": 0.0, "likely_handle": 0.0,
             "author": 0.0}  # fmt: skip
    track = room = busy = 0.0
    people = agenda.people.sessions
    for hit in found.hits:
        kind = hit.kind
        if kind == "track":
            track = max(track, hit.strength if session in agenda.tracks[hit.key] else 0.0)
        elif kind == "room":
            room = max(room, hit.strength if session in agenda.rooms[hit.key] else 0.0)
        elif kind != "code" and session in people[hit.key]:
            names[kind] = max(names[kind], hit.strength)
            busy = max(busy, log(len(people[hit.key])))
    share, gain, run = title_match(agenda, found, session)
    words = found.gains.get(session, 0.0)
    now, sole, near, same_day, far = slot_match(agenda, candidate.created_at, session)
    parent = agenda.places.get(candidate.parent_session or "", -1)
    named = max(names["full"], names["surname"], names["handle"], names["likely_handle"])
    rival = max((other for place, other in found.gains.items() if place != session), default=0.0)
    return [
        1.0, names["full"], names["surname"], names["first"], names["handle"],
        names["likely_handle"], names["author"],
        share, 1.0 if share > 0.9 and gain > 1.0 else 0.0, log1p(gain), log1p(run),
        log1p(words), max(0.0, log1p(words) - 2.0), words / (6.0 + found.length),
        track, room * now,
        1.0 if parent == session else 0.0, 1.0 if parent >= 0 and parent != session else 0.0,
        now, sole, near, same_day, far,
        1.0 if found.live else 0.0,
        named * min(1.0, 0.5 * words), log(len(agenda.sessions)), busy,
        max(0.0, 1.0 - rival / words) if words else 0.0,
    ]  # fmt: skip


def title_match(agenda: Agenda, found: Found, session: int) -> tuple[float, float, float]:
    """How much of a title stands in a post: its share, its weight, and its longest run's weight."""
    terms, weights = found.terms, agenda.terms
    gain = run = longest = 0.0
    last = -99
    for term in agenda.titles[session]:
        place_and_quality = terms.get(term)
        if place_and_quality is None:
            continue
        place, quality = place_and_quality
        gain += weights[term] * quality
        run = run + weights[term] * quality if 0 <= place - last <= TITLE_GAP else 0.0
        longest = max(longest, run)
        last = place
    whole = agenda.title_weights[session]
    return (gain / whole if whole else 0.0), gain, longest


def slot_match(
    agenda: Agenda, moment: int, session: int
) -> tuple[float, float, float, float, float]:
    """Whether a session is on, is the only one on, is near, on the same day, or days away."""
    slot = agenda.slots[session]
    if slot.start is None:
        if slot.day is None:
            return 0.0, 0.0, 0.0, 0.0, 0.0
        inside = slot.day[0] <= moment <= slot.day[1]
        off = min(abs(moment - slot.day[0]), abs(moment - slot.day[1]))
        return 0.0, 0.0, 0.0, 1.0 if inside else 0.0, 0.0 if inside or off < FAR else 1.0
    stage = agenda.on_stage(moment)
    if session in stage:
        return 1.0, 1.0 if len(stage) == 1 else 0.0, 1.0, 1.0, 0.0
    off = slot.start - moment if moment < slot.start else moment - slot.end
    return 0.0, 0.0, 1.0 if off < NEAR else 0.0, 1.0 if off < SAME_DAY else 0.0, float(off > FAR)
