"""What in a post speaks for which session, found once a post."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from hashwatch.enrich.agenda import Agenda, Entry, link_key
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.common import bits
from hashwatch.enrich.people import TITLES, Naming
from hashwatch.enrich.words import NOISE, fold, tokens_of

FEWEST_GAIN = 0.68
WITH_INITIAL = 0.95
NAME_BITS = 10.0
OTHER_SURNAME = 0.2
PART_OF_HASHTAG = 0.4

HANDLE = re.compile(r"(?<![\w/])@(\w[\w.-]*(?:@[\w.-]+\w)?)")
BOOSTED = re.compile(r"(?:RT|MT) @(\w+)")
LINK = re.compile(r"https?://[^\s<>\"]+")


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
    ``best`` and ``second`` the two highest of these, ``rules`` the sessions that are stated;
    ``cues`` are the tokens that are words for a session.
    """

    length: int
    terms: dict[int, tuple[int, float]]
    hits: list[Hit]
    gains: dict[int, float]
    rules: dict[int, Hit]
    live: bool
    best: float
    second: float
    cues: tuple[int, ...] = ()


def look_at(agenda: Agenda, candidate: Candidate) -> Found:
    """What the programme knows of a post's text, hashtags, mentions and links."""
    text, boosted = candidate.text, ""
    if "T @" in text and (boost := BOOSTED.search(text)):
        boosted = boost[1]
    text = masked(text)
    tokens = tokens_of(text)
    known = list(map(agenda.entries.get, tokens))
    if None in known:
        known = [
            agenda.look_up(token) if entries is None else entries
            for token, entries in zip(tokens, known, strict=True)
        ]
    seen: list[tuple[int, Entry]] = [
        (place, entry) for place, entries in enumerate(known) if entries for entry in entries
    ]
    hits = mention_hits(agenda, candidate, boosted)
    terms: dict[int, tuple[int, float]] = {}
    live, most, strongest = False, 0.0, agenda.strongest
    cues: tuple[int, ...] = ()
    for order, (place, entry) in enumerate(seen):
        term = entry.term
        if term >= 0 and term not in terms:
            terms[term] = (place, entry.quality)
            most += strongest[term] * entry.quality
        if entry.follows:
            hits += named(agenda, seen, order, tokens, text)
        if entry.live:
            live = True
        if entry.cue:
            cues = (*cues, place)
    gains = gains_of(agenda, terms) if most >= FEWEST_GAIN else {}
    rules = ruled(agenda, candidate, hits)
    best = second = 0.0
    for gain in gains.values():
        if gain > best:
            best, second = gain, best
        elif gain > second:
            second = gain
    return Found(len(tokens), terms, hits, gains, rules, live, best, second, cues)


def gains_of(agenda: Agenda, terms: dict[int, tuple[int, float]]) -> dict[int, float]:
    """What the words of a post are worth for each session that has any of them."""
    gains: dict[int, float] = {}
    postings = agenda.postings
    for term, (_, quality) in terms.items():
        for session, gain in postings[term]:
            gains[session] = gains.get(session, 0.0) + gain * quality
    return gains


def is_hopeless(found: Found, candidate: Candidate) -> bool:
    """Whether nothing in a post can lead to a session, so that weighing would be in vain."""
    return (
        found.best < FEWEST_GAIN
        and not found.hits
        and not found.rules
        and candidate.parent_session is None
    )


def masked(text: str) -> str:
    """The text with everything that is not its author's words blanked, its length unchanged."""
    if not ("//" in text or "@" in text or "&" in text or "www." in text):
        return text
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
            if last < 0 or (naming.kind == "full" and is_torn(tokens[place : last + 1], text)):
                continue
        strength = naming.strength
        if naming.capital and not is_capital(tokens[place]):
            strength *= 0.8 if text.islower() else 0.3
        if naming.kind == "surname" and place:
            before = tokens[place - 1]
            if before.casefold() == agenda.people.initials[naming.key]:
                strength = max(strength, WITH_INITIAL)
            elif len(naming.words) == 1 and is_other_name(before, tokens[place], text):
                strength *= 0.5
        if naming.kind in ("surname", "first") and len(naming.words) == 1:
            after = tokens[place + 1] if place + 1 < len(tokens) else ""
            if after and is_a_surname(agenda, naming, tokens[place], after, text):
                strength *= OTHER_SURNAME
            elif is_a_part(naming, tokens[place]):
                strength *= PART_OF_HASHTAG
        if naming.kind == "code":
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


def is_a_surname(agenda: Agenda, naming: Naming, token: str, after: str, text: str) -> bool:
    """Whether the word after a name looks like the last name of somebody else: *Olga Example*."""
    return (
        after[0].isupper()
        and after[1:].islower()
        and f"{token} {after}" in text
        and bits(fold(after)) >= NAME_BITS
        and fold(after) not in agenda.people.words_of(naming.key)
    )


def is_torn(tokens: Sequence[str], text: str) -> bool:
    """Whether a word that is no part of a name stands within one: *fun celebrating Alex*.

    A particle may: *Ana de Sousa*.
    """
    between = tokens[1:-1]
    return not text.islower() and any(one[0].islower() and len(one) > 3 for one in between)


def is_a_part(naming: Naming, token: str) -> bool:
    """Whether a name is only a part of a hashtag: *#RussButler* is nobody else called Butler."""
    return token[0] == "#" and fold(token[1:]) != naming.words[0]


def mention_hits(agenda: Agenda, candidate: Candidate, boosted: str) -> list[Hit]:
    """Speakers whose handle is mentioned, besides the one who is boosted."""
    hits: list[Hit] = []
    handles = candidate.mentions
    if "@" in candidate.text:
        handles = (*handles, *HANDLE.findall(candidate.text))
    if handles:
        for handle in dict.fromkeys(handles):
            if handle != boosted:
                hits += handle_hit(agenda, handle, "handle", "likely_handle")
    return hits


def author_hits(agenda: Agenda, candidate: Candidate) -> list[Hit]:
    """The speaker who wrote the post, or the words that it boosts."""
    author = candidate.author
    if "T @" in candidate.text and (boost := BOOSTED.search(candidate.text)):
        author = boost[1]
    return handle_hit(agenda, author, "author", "author") if author else []


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
            session = agenda.session_of_hashtag(hashtag)
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
