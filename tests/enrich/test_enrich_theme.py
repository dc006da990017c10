"""Themes by phrase rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.enrich.theme import ThemeAnnotator
from hashwatch.model import Theme

THEMES = (
    Theme("Liberty", ("human rights", "droits de l'homme", "privacy", "Menschenrechte",
                     "حقوق الإنسان", "derechos humanos")),
    Theme("Extremism", ("extremism", "Radikalisierung", "التطرف", "counter-terrorism")),
    Theme("Treaties", ("treaty", "accord", "acuerdo", "threat")),
    Theme("Cyber", ("cyber", "cyber security", "encryption")),
)  # fmt: skip


def themes(text: str) -> list[str]:
    return [one.key for one in ThemeAnnotator(THEMES).annotate([text])[0]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("HUMAN RIGHTS now", ["Liberty"]),
        ("human, rights", ["Liberty"]),
        ("a human has rights", []),
        ("humans rights", ["Liberty"]),
        ("Les droits de l’homme d'abord", ["Liberty"]),
        ("le droit de l'Homme", ["Liberty"]),
        ("#HumanRights", ["Liberty"]),
        ("#humanrights", ["Liberty"]),
        ("#DroitsDeLHomme", ["Liberty"]),
        ("#droitsdelhomme", ["Liberty"]),
        ("#HumanRightsDay", ["Liberty"]),
        ("Menschenrecht", ["Liberty"]),
        ("prívacy", ["Liberty"]),
        ("حقوقَ الإنسان", ["Liberty"]),
        ("والتطرف", ["Extremism"]),
        ("counter terrorism", ["Extremism"]),
        ("#CounterTerrorism", ["Extremism"]),
        ("Treaties, threats", ["Treaties"]),
        ("According to them", []),
        ("recyber cybernetics", []),
        ("https://x.example/human-rights and @privacy@m.example", []),
        ("", []),
    ],
)
def test_what_a_term_matches(text: str, expected: list[str]) -> None:
    """Whole words in any case and number; joined in hashtags; never in addresses."""
    assert themes(text) == expected


def test_at_most_two_the_most_evident_first() -> None:
    """Two themes at most; a phrase counts more than a word, several more than one."""
    assert themes("privacy, cyber and encryption, a treaty") == ["Cyber", "Liberty"]


def test_reasons_name_the_stretch() -> None:
    """Each reason is the stretch of text that matched; the longer term swallows the shorter."""
    text = "🙂 On cyber security and #CyberPeace"
    (one,) = ThemeAnnotator(THEMES).annotate([text])[0]
    assert [reason.text for reason in one.reasons] == ["cyber security", "#CyberPeace"]
    for reason in one.reasons:
        assert reason.kind == "phrase"
        assert text[reason.start : reason.end] == reason.text
    assert 0.85 < one.confidence < 1


def test_version_follows_the_themes() -> None:
    """The version is the same for the same themes, and another for others."""
    version = ThemeAnnotator(THEMES).version
    assert version == ThemeAnnotator(list(THEMES)).version
    assert version != ThemeAnnotator(THEMES[1:]).version


def test_without_themes() -> None:
    """No themes, no assignments."""
    assert ThemeAnnotator(()).annotate(["human rights", ""]) == [(), ()]


@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_twice_the_same(texts: list[str]) -> None:
    """Any text is answered, twice the same, and every reason stands where it says."""
    annotator = ThemeAnnotator(THEMES)
    first = annotator.annotate(texts)
    assert first == ThemeAnnotator(THEMES).annotate(texts) == annotator.annotate(texts)
    for text, assignments in zip(texts, first, strict=True):
        for reason in (reason for one in assignments for reason in one.reasons):
            assert text[reason.start : reason.end] == reason.text
