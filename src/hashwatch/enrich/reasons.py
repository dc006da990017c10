"""Why a post was given a session, in words and places that a person can check."""

from __future__ import annotations

from collections.abc import Sequence

from hashwatch.enrich.agenda import Agenda
from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.evidence import Found, Hit, masked
from hashwatch.enrich.weighing import FEATURES
from hashwatch.enrich.words import token_spans
from hashwatch.model import Reason

RULE_WEIGHT = 9.0
LEAST = 0.1
MOST_REASONS = 8
MOST_WORDS = 5

NAME_FEATURES = {
    "full": "name", "handle": "name", "surname": "name", "first": "first", "author": "author",
    "likely_handle": "likely_handle", "initials": "initials_now",
}  # fmt: skip
PHRASE_FEATURES = ("title_share", "whole_title", "title_run", "cued", "own")
WORD_FEATURES = ("gain", "density", "lead", "name_and_words", "one_word")
SLOT_FEATURES = ("now", "near")


def reasons_for(
    agenda: Agenda,
    session: int,
    found: Found,
    candidate: Candidate,
    features: Sequence[float],
    weights: Sequence[float],
) -> tuple[Reason, ...]:
    """The evidence that speaks for a session, the strongest first.

    A reason's weight is what it adds to the log-odds of the session against none.
    """
    gave = {
        name: value * weight
        for name, value, weight in zip(FEATURES, features, weights, strict=True)
    }
    spans = token_spans(masked(candidate.text))
    reasons = _of_rules(session, found, candidate, spans)
    reasons += _of_people(agenda, session, found, gave, spans, candidate)
    reasons += _of_title(agenda, session, found, gave, spans, candidate.text)
    words = sum(gave.get(name, 0.0) for name in WORD_FEATURES)
    if words > LEAST and session in found.gains:
        reasons.append(Reason("similarity", _shared(agenda, session, found, spans, candidate.text),
                              round(words, 2)))  # fmt: skip
    if gave["parent"] > LEAST:
        reasons.append(Reason("parent", candidate.parent_session or "", round(gave["parent"], 2)))
    slot = sum(gave.get(name, 0.0) for name in SLOT_FEATURES)
    if slot > LEAST:
        reasons.append(Reason("slot", agenda.sessions[session].code, round(slot, 2)))
    reasons.sort(key=lambda reason: -reason.weight)
    return tuple(reasons[:MOST_REASONS])


def _of_rules(
    session: int, found: Found, candidate: Candidate, spans: Sequence[tuple[int, int]]
) -> list[Reason]:
    rule = found.rules.get(session)
    if rule is None:
        return []
    if rule.first >= 0:
        place = (spans[rule.first][0], spans[rule.last][1])
        return [_reason("rule", rule.text, RULE_WEIGHT, place)]
    sign = "#" if rule.kind == "hashtag" else ""
    start = candidate.text.casefold().find(sign + rule.text.casefold())
    end = start + len(sign + rule.text)
    return [_reason(rule.kind, rule.text, RULE_WEIGHT, (start, end) if start >= 0 else None)]


def _reason(kind: str, text: str, weight: float, place: tuple[int, int] | None) -> Reason:
    start, end = place if place is not None else (None, None)
    return Reason(kind, text, round(weight, 2), start, end)


def _of_people(
    agenda: Agenda, session: int, found: Found, gave: dict[str, float],
    spans: Sequence[tuple[int, int]], candidate: Candidate,
) -> list[Reason]:  # fmt: skip
    """The longest naming of each speaker, with all that naming them adds."""
    best: dict[int, tuple[float, Hit]] = {}
    for hit in found.hits:
        feature = NAME_FEATURES.get(hit.kind)
        if feature is None or session not in agenda.people.sessions[hit.key]:
            continue
        weight = gave[feature] * hit.strength
        if weight > best.get(hit.key, (LEAST, hit))[0]:
            best[hit.key] = (weight, hit)
    reasons = []
    for weight, hit in best.values():
        if hit.first >= 0:
            place = (spans[hit.first][0], spans[hit.last][1])
            reasons.append(_reason("speaker", candidate.text[place[0] : place[1]], weight, place))
        else:
            start = candidate.text.find(hit.text)
            end = start + len(hit.text)
            found_at = (start, end) if start >= 0 and hit.kind != "author" else None
            reasons.append(_reason("speaker", hit.text, weight, found_at))
    where = gave["track"] + gave["place_now"]
    for hit in found.hits:
        groups = {"track": agenda.tracks, "room": agenda.rooms}.get(hit.kind)
        if groups is not None and session in groups[hit.key] and where > LEAST:
            place = (spans[hit.first][0], spans[hit.last][1])
            text = candidate.text[place[0] : place[1]]
            reasons.append(_reason("phrase", text, where, place))
            break
    return reasons


def _of_title(
    agenda: Agenda, session: int, found: Found, gave: dict[str, float],
    spans: Sequence[tuple[int, int]], text: str,
) -> list[Reason]:  # fmt: skip
    """The words of the title that stand in the post, each run of them a phrase."""
    whole = sum(gave[name] for name in PHRASE_FEATURES)
    places = sorted(
        found.terms[term][0]
        for term in agenda.titles[session]
        if term in found.terms and agenda.terms[term] > 0.25
    )
    if whole <= LEAST or not places:
        return []
    runs = [[places[0], places[0]]]
    for place in places[1:]:
        if place - runs[-1][1] <= 3:
            runs[-1][1] = place
        else:
            runs.append([place, place])
    longest = max(runs, key=lambda run: run[1] - run[0])
    start, end = spans[longest[0]][0], spans[longest[1]][1]
    return [_reason("phrase", text[start:end], whole, (start, end))]


def _shared(
    agenda: Agenda, session: int, found: Found, spans: Sequence[tuple[int, int]], text: str
) -> str:
    """The words of the post that say most for the session."""
    gains = [
        (gain * quality, place)
        for term, (place, quality) in found.terms.items()
        for other, gain in agenda.postings[term]
        if other == session
    ]
    best = sorted(gains, key=lambda one: -one[0])[:MOST_WORDS]
    return ", ".join(text[spans[place][0] : spans[place][1]] for _, place in best)
