"""What people decided, in the place of what annotators said. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from hashwatch.model import Assignment, Decision, Reason, Sentiment
from hashwatch.publish.tagging import Tagger

if TYPE_CHECKING:
    from hashwatch.publish.batch import Tagged

PERSON = "person"
"""The annotator named beside a tag that a person gave; its version is the decision's number."""
REASON = Reason("rule", "corrected by a person", 1.0)


class Tone(msgspec.Struct, frozen=True, gc=False):
    """A post's tone as it is shown; a person's has neither polarity nor confidence."""

    label: str | None
    polarity: float | None = None
    confidence: float | None = None


UNKNOWN = Tone(None)


class Corrected(msgspec.Struct, frozen=True, gc=False):
    """A decision that stands; ``event`` is a place in the configured sequence.

    ``tagged`` is what annotators say: a label, names of themes as a JSON list, a session's code.
    """

    decision: Decision
    event: int
    tagged: str | None


def tone_of(sentiment: Sentiment | None) -> Tone:
    """An annotator's tone."""
    if sentiment is None:
        return UNKNOWN
    return Tone(sentiment.label, sentiment.polarity, sentiment.confidence)


def correct(one: Tagged, decisions: Iterable[Decision], tagger: Tagger) -> None:
    """Puts the decisions that stand in the place of the post's tags."""
    for (field, event), decision in _standing(decisions, tagger).items():
        if field == "sentiment":
            tagged, one.tone = one.tone.label, Tone(decision.value)
        elif event not in one.events:
            continue
        elif field == "theme":
            themes = one.themes.pop(event, ())
            tagged = msgspec.json.encode([theme.key for theme in themes]).decode()
            if decision.value:
                one.themes[event] = (Assignment(decision.value, 1.0, (REASON,)),)
        else:
            session = one.sessions.pop(event, None)
            tagged = session.key if session else None
            if decision.value:
                one.sessions[event] = Assignment(decision.value, 1.0, (REASON,))
        one.corrected[field, event] = Corrected(decision, event, tagged)


def _standing(decisions: Iterable[Decision], tagger: Tagger) -> dict[tuple[str, int], Decision]:
    """By field and event, what was decided last and not taken back.

    A post has one tone in all its events. What names an event, theme or session that is no longer
    configured waits until it is.
    """
    standing: dict[tuple[str, int], Decision] = {}
    for decision in sorted(decisions, key=lambda one: one.id):
        event = tagger.event_of(decision.event)
        if event is None:
            continue
        if decision.field == "sentiment":
            standing = {key: held for key, held in standing.items() if key[0] != "sentiment"}
        standing.pop((decision.field, event), None)
        if decision.value:
            called = tagger.called_now(decision.field, event, decision.value)
            decision = msgspec.structs.replace(decision, value=called)
        if decision.value is not None and tagger.knows(decision.field, event, decision.value):
            standing[decision.field, event] = decision
    return standing
