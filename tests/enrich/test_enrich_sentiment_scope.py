"""What negation, absence and comparison make of words of praise and blame."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.enrich.common import UNLISTED_BITS, bits_in
from hashwatch.enrich.sentiment.polar_words import polarity
from hashwatch.enrich.sentiment.roles import in_words
from hashwatch.enrich.sentiment.scope import FAR, REACH, read
from hashwatch.enrich.words import fold

MADE_PRAISE, MADE_BLAME = (frozenset({1}), True), (frozenset({-1}), True)
PRAISE, BLAME = (frozenset({1}), False), (frozenset({-1}), False)
NOTHING = (frozenset[int](), False)
LANGUAGES = ("en", "fr", "de", "es", "pt", "it", "ar")


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        # Turned: by negation, by absence, by what undoes; a second negation changes nothing.
        ("the soup was not tasty", "en", MADE_BLAME),
        ("no glitches", "en", MADE_PRAISE),
        ("hardly helpful", "en", MADE_BLAME),
        ("anything but helpful", "en", MADE_BLAME),
        ("neither helpful nor funny", "en", MADE_BLAME),
        ("no me gusto nada", "es", MADE_BLAME),
        ("kein ärger", "de", MADE_PRAISE),
        ("لا مشاكل", "ar", MADE_PRAISE),
        # Turned back: what undoes does undo a negation.
        ("never fails to inspire", "en", MADE_PRAISE),
        ("no lack of courage", "en", MADE_PRAISE),
        ("not without courage", "en", MADE_PRAISE),
        ("nothing short of brilliant", "en", MADE_PRAISE),
        # Compared: a record is no negation, *less* is one, what could be better is not good.
        ("never been happier", "en", MADE_PRAISE),
        ("never been less impressed", "en", MADE_BLAME),
        ("could not be slower", "en", MADE_BLAME),
        ("could be better", "en", MADE_BLAME),
        ("could not agree more", "en", MADE_PRAISE),
        ("könnte nicht besser sein", "de", MADE_PRAISE),
        ("not better", "en", MADE_BLAME),
        ("no more problems", "en", MADE_PRAISE),
        # Not expected, and so all the more.
        ("did not expect to enjoy it", "en", MADE_PRAISE),
        ("nothing but trouble", "en", MADE_BLAME),
        # Nothing is negated: *surely*, *perhaps not*.
        ("no doubt useful", "en", NOTHING),
        ("not only helpful, also brilliant", "en", PRAISE),
        ("may not be useful", "en", NOTHING),
        # Behind its verb a negation looks back; lacking is blame where nothing is lacked by name.
        ("ich bereue es nicht", "de", MADE_PRAISE),
        ("regret nothing", "en", MADE_PRAISE),
        ("the tour lacked time", "en", MADE_BLAME),
        ("the tour lacked nothing", "en", MADE_PRAISE),
        # A milder word counts where it is asserted, not where something is about it.
        ("the host was prepared", "en", PRAISE),
        ("the host prepared lunch", "en", NOTHING),
        ("it is about delays", "en", NOTHING),
        ("it is in the warm room", "en", NOTHING),
        ("one delay after another", "en", BLAME),
        # Clauses: scope ends with them, a contrast outweighs what came before it.
        ("not here, lovely there", "en", PRAISE),
        ("lovely, but not helpful", "en", MADE_BLAME),
        ("lovely mais affreux", "fr", BLAME),
        ("lovely and awful", "en", (frozenset({1, -1}), False)),
        # Languages lend each other their strong words, but not those that mean something else.
        ("the soup was buonissima", "en", PRAISE),
        ("die suppe war disgusting", "de", BLAME),
        ("super bowl", "en", NOTHING),
        ("the soup was buena", "en", PRAISE),
        ("die suppe war yummy", "de", PRAISE),
        ("mein kind", "de", NOTHING),
    ],
)
def test_what_a_text_says(text: str, language: str, said: tuple[frozenset[int], bool]) -> None:
    """Praise, blame, and whether scope made it."""
    assert read(fold(text), language, True) == said


def test_of_a_longer_text_only_strong_words_count() -> None:
    """Others say too little among many."""
    assert read("no glitches", "en", False) == NOTHING
    assert read("the tour lacked time", "en", False) == NOTHING
    assert read("not lovely", "en", False) == MADE_BLAME


@pytest.mark.parametrize(("negation", "reach"), [("not", REACH), ("never", FAR)])
def test_a_negation_reaches_so_far(negation: str, reach: int) -> None:
    """And no word farther."""
    assert read(f"{negation} {'word ' * (reach - 1)}helpful", "en", True) == MADE_BLAME
    assert read(f"{negation} {'word ' * reach}helpful", "en", True) == NOTHING


def test_a_word_without_end_says_nothing() -> None:
    """And costs no more than its letters, whatever it begins with."""
    assert read("not horribl" + "e" * 1_000_000, "fr", True) == NOTHING


def test_turns_of_several_words_become_one() -> None:
    """And single words stay."""
    assert in_words("far from here").split() == ["⟨without⟩", "here"]
    assert in_words("no doubt here").split() == ["here"]
    assert in_words("a plain word") == "a plain word"


def test_a_word_that_is_only_a_topic_says_nothing() -> None:
    """Nor do oaths, and *worry*, whose negation is not their contrary."""
    for word in ("crime", "damn", "worry", "table"):
        assert polarity(word, "en") is None


@given(st.text(max_size=120), st.sampled_from(LANGUAGES), st.booleans())
def test_any_text_is_read(text: str, language: str, is_brief: bool) -> None:
    """Any text, twice the same."""
    folded = fold(text)
    assert read(folded, language, is_brief) == read(folded, language, is_brief)
    assert read(folded, language, is_brief).signs <= {1, -1}


def test_a_word_is_lent_that_is_much_commoner_at_home() -> None:
    """So a language keeps its own words, and those that it uses as much itself."""
    assert bits_in("malo", "es") < bits_in("malo", "en") == UNLISTED_BITS
    assert polarity("malo", "en") == (-1, True, True)
    assert polarity("unfriendly", "fr") == (-1, False, True)
    assert polarity("die", "de") is polarity("sin", "es") is None
    assert bits_in("content", "en") < bits_in("content", "fr")
    assert polarity("content", "fr") is not None
    assert polarity("content", "en") is None
