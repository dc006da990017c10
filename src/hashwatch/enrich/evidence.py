"""What in a post speaks for which session: found once a post, weighed once a candidate session."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import log1p
from operator import itemgetter

import msgspec

from hashwatch.enrich.agenda import EARLY, LATE, Agenda, Entry, link_key
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.common import bits
from hashwatch.enrich.people import TITLES, Naming
from hashwatch.enrich.words import NOISE, TOKEN, fold
from hashwatch.model import fold_hashtag

MOST_CANDIDATES = 4
FEWEST_GAIN = 0.68
COMPARABLE = 0.75
MOST_SESSIONS_OF_ONE = 40
NEAR = 2 * 3_600
TITLE_GAP = 4
WITH_INITIAL = 0.95
NAME_BITS = 10.0

HANDLE = re.compile(r"(?<![\w/])@(\w[\w.-]*(?:@[\w.-]+\w)?)")
BOOSTED = re.compile(r"(?:RT|MT) @(\w+)")
LINK = re.compile(r"https?://[^\s<>\"]+")
FEATURES = (
    "bias", "size", "name", "first", "author", "likely_handle",
    "name_and_words", "title_share", "whole_title", "title_run", "gain", "density", "lead",
    "one_word", "track", "parent", "other_parent", "now", "near", "live", "only_live",
    "initials_now",
)  # fmt: skip


NAME, LIKELY_HANDLE, WHOLE_TITLE, TITLE_RUN, PARENT, INITIALS_NOW = map(
    FEATURES.index,
    ("name", "likely_handle", "whole_title", "title_run", "parent", "initials_now"),
)
WORDS_ALONE_THRESHOLD = 0.85
THRESHOLD = 0.6
LONG_RUN = 0.6


class Hit(msgspec.Struct, frozen=True, gc=False):
    """A naming found in a post, at tokens ``first`` to ``last``; or a handle (−1)."""

    kind: str
    key: int
    strength: float
    text: str
    first: int = -1
    last: int = -1


class Found(msgspec.Struct, gc=False):
    """What a post holds that the programme knows.

    ``terms`` are term → (place, quality), ``gains`` session → the worth of the words they share,
    ``best`` and ``second`` the two highest of these, ``rules`` the sessions that are stated.
    """

    length: int
    terms: dict[int, tuple[int, float]]
    hits: list[Hit]
    gains: dict[int, float]
    rules: dict[int, Hit]
    live: bool
    best: float
    second: float


def look_at(agenda: Agenda, candidate: Candidate) -> Found | None:
    """What the programme knows of a post, or ``None`` where that can lead to no session."""
    text, boosted = candidate.text, ""
    if "//" in text or "@" in text or "&" in text:
        if "T @" in text and (boost := BOOSTED.search(text)):
            boosted = boost[1]
        text = masked(text)
    known, look_up = agenda.entries, agenda.look_up
    seen: list[tuple[int, Entry]] = []
    tokens = TOKEN.findall(text)
    for place, token in enumerate(tokens):
        entries = known.get(token)
        if entries is None:
            entries = look_up(token)
        for entry in entries:
            seen.append((place, entry))  # noqa: PERF401 - most words have none
    hits = handle_hits(agenda, candidate, boosted)
    terms: dict[int, tuple[int, float]] = {}
    gains: dict[int, float] = {}
    live, postings = False, agenda.postings
    for order, (place, entry) in enumerate(seen):
        term = entry.term
        if term >= 0 and term not in terms:
            quality = entry.quality
            terms[term] = (place, quality)
            for session, gain in postings[term]:
                gains[session] = gains.get(session, 0.0) + gain * quality
        if entry.follows:
            hits += named(agenda, seen, order, tokens, text)
        live = live or entry.live
    rules = ruled(agenda, candidate, hits)
    best = second = 0.0
    for gain in gains.values():
        if gain > best:
            best, second = gain, best
        elif gain > second:
            second = gain
    if best < FEWEST_GAIN and not hits and not rules and candidate.parent_session is None:
        return None
    return Found(len(tokens), terms, hits, gains, rules, live, best, second)


def masked(text: str) -> str:
    """The text with everything that is not its author's words blanked, its length unchanged."""
    return NOISE.sub(lambda match: " " * len(match[0]), text)


def named(
    agenda: Agenda, seen: Sequence[tuple[int, Entry]], order: int, tokens: Sequence[str], text: str
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
        if naming.kind == "surname" and place:
            before = tokens[place - 1]
            if before.casefold() == agenda.people.initials[naming.key]:
                strength = max(strength, WITH_INITIAL)
            elif len(naming.words) == 1 and is_other_name(before, tokens[place], text):
                strength *= 0.35
        elif naming.kind == "code":
            if naming.capital and not tokens[place].lstrip("#").isupper():
                continue
        elif naming.kind == "initials":
            if not tokens[place].isupper():
                continue
            strength *= 1.0 if f"{tokens[place]}:" in text else 0.4
        words = " ".join(tokens[place : last + 1])
        found.append(Hit(naming.kind, naming.key, strength, words, place, last))
    return found


def follow(words: Sequence[str], seen: Sequence[tuple[int, Entry]], order: int) -> int:
    """The place of the last of ``words`` when they stand in a row from here, else −1.

    One foreign word (an initial) may stand in between.
    """
    place, step = seen[order][0], 1
    for next_place, entry in seen[order + 1 :]:
        if next_place - place > 2:
            return -1
        if entry.word == words[step]:
            place, step = next_place, step + 1
            if step == len(words):
                return place
    return -1


def is_capital(token: str) -> bool:
    """Whether a word begins as names do (scripts without capitals always do)."""
    first = token[1] if token[0] == "#" else token[0]
    return first.isupper() or first.isdigit() or not first.islower()


def is_other_name(before: str, token: str, text: str) -> bool:
    """Whether the word before a surname looks like the first name of somebody else."""
    return (
        before[0].isupper()
        and before[1:].islower()
        and len(before) > 2
        and f"{before} {token}" in text
        and fold(before) not in TITLES
        and bits(fold(before)) >= NAME_BITS
    )


def handle_hits(agenda: Agenda, candidate: Candidate, boosted: str) -> list[Hit]:
    """Speakers whose handle is mentioned, or who wrote the post (``author``)."""
    hits: list[Hit] = []
    author = boosted or candidate.author
    if author:
        hits += handle_hit(agenda, author, "author", "author")
    handles = candidate.mentions
    if "@" in candidate.text:
        handles = (*handles, *HANDLE.findall(candidate.text))
    if handles:
        for handle in dict.fromkeys(handles):
            if handle != boosted:
                hits += handle_hit(agenda, handle, "handle", "likely_handle")
    return hits


def handle_hit(agenda: Agenda, handle: str, given: str, likely: str) -> list[Hit]:
    """Whom a handle means: beyond doubt where the programme gives it, else by its likeness."""
    sure, guesses = agenda.owners(handle)
    if sure:
        return [Hit(given, key, 1.0, handle) for key in sure]
    return [Hit(likely, key, strength, handle) for key, strength in guesses]


def ruled(agenda: Agenda, candidate: Candidate, hits: list[Hit]) -> dict[int, Hit]:
    """Sessions whose own hashtag, address or code stands in a post; codes are taken out of
    ``hits``.
    """
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
    for hit in [hit for hit in hits if hit.kind == "code"]:
        hits.remove(hit)
        rules.setdefault(hit.key, hit)
    return rules


def candidates(agenda: Agenda, found: Found, candidate: Candidate) -> list[int]:
    """The sessions worth weighing: named ones, and those whose words the post shares most."""
    chosen: dict[int, None] = dict.fromkeys(found.rules)
    for hit in found.hits:
        if hit.kind != "track":
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
    name = first = author = likely = initials = track = 0.0
    if found.hits:
        name, first, author, likely, initials, track = name_match(agenda, found.hits, session)
    named = max(name, likely)
    share, run = title_match(agenda, found, session)
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
    return (
        1.0, agenda.size, name, first, author, likely,
        named * min(1.0, 0.5 * gain), share,
        1.0 if share > 0.9 and gain > 1.0 else 0.0, log1p(run), log1p(gain),
        gain / (6.0 + found.length), lead, 1.0 if one_word else 0.0, track,
        1.0 if parent == session else 0.0, 1.0 if parent >= 0 and parent != session else 0.0,
        now, near, 1.0 if found.live else 0.0, 1.0 if found.live and count == 1 else 0.0,
        initials * max(now, 0.4 * near),
    )  # fmt: skip


def is_pointed(features: Sequence[float]) -> bool:
    """Whether a post points at the session (by a name, its title or the post that it answers),
    rather than merely sharing words with it.
    """
    return (
        max(features[NAME], features[LIKELY_HANDLE], features[INITIALS_NOW]) >= 0.5
        or features[PARENT] > 0
        or features[WHOLE_TITLE] > 0
        or features[TITLE_RUN] >= LONG_RUN
    )


def threshold_for(features: Sequence[float]) -> float:
    """How likely a session must be to be assigned: words alone must be surer."""
    return THRESHOLD if is_pointed(features) else WORDS_ALONE_THRESHOLD


def name_match(
    agenda: Agenda, hits: Sequence[Hit], session: int
) -> tuple[float, float, float, float, float, float]:
    """How surely a session's people are named: by name or handle, by first name, as the author, by
    a likely handle, by initials; and how surely its track is.
    """
    name = first = author = likely = initials = track = 0.0
    people = agenda.people.sessions
    for hit in hits:
        kind, strength = hit.kind, hit.strength
        if kind == "track":
            if session in agenda.tracks[hit.key]:
                track = max(track, strength)
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
    return name, first, author, likely, initials, track


def title_match(agenda: Agenda, found: Found, session: int) -> tuple[float, float]:
    """How much of a title stands in a post: its share, and the weight of its longest run."""
    terms, weights = found.terms, agenda.terms
    gain = run = longest = 0.0
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
    whole = agenda.title_weights[session]
    return (gain / whole if whole else 0.0), longest


def slot_match(agenda: Agenda, moment: int, session: int) -> tuple[float, float]:
    """Whether a session is on stage, and whether it is or was within two hours."""
    slot = agenda.slots[session]
    if slot.start is None:
        return 0.0, 0.0
    if slot.start - EARLY <= moment < slot.end + LATE:
        return 1.0, 1.0
    off = slot.start - moment if moment < slot.start else moment - slot.end
    return 0.0, 1.0 if off < NEAR else 0.0
