"""An event with the programme that stands for it, and its tracks as themes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from hashwatch.enrich.common import bits
from hashwatch.enrich.words import WORD, fold
from hashwatch.model import Event, Session, Theme

# In so many bits (see `bits`) a word must be rare to be a theme's term by itself.
TELLING_BITS = 9.0
# The same for a word that is only a part of a track's name.
TELLING_PART_BITS = 10.0
# Of several words, the rarest.
TELLING_PHRASE_BITS = 7.0
_ACRONYM = re.compile(r"\(([A-Z][A-Z0-9]{2,7})\)")
_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_BETWEEN = re.compile(
    r"\s*(?:[,;/|+]|\s[&–—-]\s|\band\b|\bet\b|\bund\b|\by\b|\be\b)\s*", re.IGNORECASE
)
# Words for the kind of a track, which say nothing of its subject.
_KIND_WORDS = """
    track tracks devroom dev room rooms session sessions stream day main stage keynote keynotes
    lightning talk talks plenary parallel workshop workshops tutorial tutorials poster posters bof
    bofs panel panels special invited contributed general other misc stand stands junior social
    break opening closing registration lunch coffee hall block
"""
_KIND = frozenset(_KIND_WORDS.split())


def with_programme(event: Event, sessions: Sequence[Session] | None) -> Event:
    """``event`` with the programme ``sessions`` (``None``: the one it has), tracks as themes.

    A session that the configuration itself states stands in the place of one of the programme with
    the same code.
    """
    programme = event.programme_sessions() if sessions is None else sessions
    stated = {session.code for session in event.stated}
    kept = (session for session in programme if session.code not in stated)
    return with_track_themes(msgspec.structs.replace(event, sessions=(*kept, *event.stated)))


def with_added_themes(event: Event, added: Sequence[Theme]) -> Event:
    """``event`` with the themes that people ``added``; of one name, the configured one stands."""
    names = {fold(theme.name) for theme in event.themes}
    kept = tuple(theme for theme in added if fold(theme.name) not in names)
    return msgspec.structs.replace(event, themes=(*event.themes, *kept)) if kept else event


def with_track_themes(event: Event) -> Event:
    """The event with a theme for each track that says what it is about, if it wants that.

    Sessions that name no theme get their track's. Of a theme and a track of one name, the theme's
    own terms stand.
    """
    if not event.track_themes:
        return event
    names = {fold(theme.name): theme.name for theme in event.themes}
    made: list[Theme] = []
    for track in dict.fromkeys(session.track for session in event.sessions):
        terms = terms_of_track(track)
        if terms and fold(track) not in names:
            names[fold(track)] = track
            made.append(Theme(track, terms, from_track=True))
    sessions = tuple(
        msgspec.structs.replace(session, theme=names[fold(session.track)])
        if session.track and not session.theme and fold(session.track) in names
        else session
        for session in event.sessions
    )
    return msgspec.structs.replace(event, themes=(*event.themes, *made), sessions=sessions)


def without_track_themes(event: Event) -> Event:
    """The event as it was before `with_track_themes`: what tells sessions apart is their track."""
    from_track = {theme.name for theme in event.themes if theme.from_track}
    if not from_track:
        return event
    return msgspec.structs.replace(
        event,
        themes=tuple(theme for theme in event.themes if not theme.from_track),
        sessions=tuple(
            msgspec.structs.replace(session, theme="") if session.theme in from_track else session
            for session in event.sessions
        ),
    )


def terms_of_track(name: str) -> tuple[str, ...]:
    """The terms by which a post is about a track; none for a track that is only a place or a kind.

    ``Identity and Access Management (IAM)`` → the phrase and ``IAM``; ``Main track`` → nothing.
    """
    plain = _without_kind(_BRACKETS.sub("", name))
    terms = [plain] if _is_telling(plain) else []
    parts = [_without_kind(part) for part in _BETWEEN.split(plain)]
    if len(parts) > 1:
        terms += [part for part in parts if _is_telling(part, TELLING_PART_BITS)]
    terms += _ACRONYM.findall(name) if terms else []
    return tuple(dict.fromkeys(terms))


def _without_kind(name: str) -> str:
    words = name.split()
    while words and _is_kind(words[-1]):
        words.pop()
    while words and _is_kind(words[0]):
        words.pop(0)
    return " ".join(words).strip(" :–—-")


def _is_kind(word: str) -> bool:
    plain = fold(word).strip(".:,–—-")
    return plain in _KIND or not WORD.search(word) or plain.isdigit() or len(plain) == 1


def _is_telling(name: str, least: float = TELLING_BITS) -> bool:
    words = [fold(word) for word in WORD.findall(name)]
    rarest = max((bits(word) for word in words if len(word) > 2), default=0.0)
    return rarest >= (least if len(words) == 1 else TELLING_PHRASE_BITS)
