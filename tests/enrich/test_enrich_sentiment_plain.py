"""What says a tone plainly, and when it may decide."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.enrich.sentiment.plain import SHORT, SURE, plainly, said_tone

NEUTRAL, PRAISE, BLAME = (-2.0, -2.0), (-2.0, 2.0), (2.0, -2.0)


@pytest.mark.parametrize(
    ("text", "language", "tone"),
    [
        ("Plenary resumes 😠", "en", -1),
        ("Plenary resumes 😍", "en", 1),
        ("Plenary resumes 😍😠", "en", None),
        ("Plenary resumes", "en", None),
        ("Who chairs? 😍", "en", None),
        ("We couldn't fault the host", "en", 1),
        ("We couldn’t have asked for a better host", "en", 1),
        ("The stream was a total mess", "en", -1),
        ("Lunch #nottasty", "en", -1),
        ("Lunch #tasty", "en", 1),
        ("Lunch #notallmen", "en", None),
        ("La salle n'est pas agréable", "fr", -1),
        ("La salle est agréable", "fr", 1),
        ("Keine Pannen heute", "de", 1),
        ("Nur Pannen heute", "de", -1),
        ("No drama, no trouble, lovely day", "en", 1),
        (f"{'word ' * SHORT}wonderful", "en", None),
    ],
)
def test_what_is_said_plainly(text: str, language: str, tone: int | None) -> None:
    """Signs that agree say it; those that do not, questions and long posts say nothing."""
    assert said_tone(text, language) == tone


def test_it_decides_where_the_weights_are_not_sure() -> None:
    """Neutral gives way, and a contrary label that is not sure; one that is sure stays."""
    posts = [("Plenary resumes 😍", "en")] * 4
    given_ = np.array([NEUTRAL, BLAME, PRAISE, (9.0, -9.0)])
    found = plainly(given_, posts)
    labels = np.insert(found, 1, 0.0, axis=1).argmax(axis=1).tolist()
    assert labels == [2, 2, 2, 0]
    shares = np.exp(9.0) / (np.exp(9.0) + 1)
    assert shares > SURE
    assert given_[0].tolist() == list(NEUTRAL)


def test_where_nothing_is_said_nothing_changes() -> None:
    """The same numbers come back."""
    given_ = np.array([NEUTRAL, BLAME])
    assert plainly(given_, [("Plenary resumes", "en")] * 2) is given_


@given(st.text(max_size=200), st.sampled_from(["en", "fr", "de", "es", "pt", "it", "ar"]))
def test_any_text_is_read(text: str, language: str) -> None:
    """Any text, twice the same."""
    assert said_tone(text, language) == said_tone(text, language)
    assert said_tone(text, language) in (None, 1, -1)
