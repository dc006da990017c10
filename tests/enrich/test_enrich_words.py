"""Words of a text: the quick way for ASCII finds what the way for every script finds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hashwatch.enrich.words import TOKEN, token_spans, tokens_of


@given(st.text(st.sampled_from("aZ09#_-' .@é\u0301م\u064b\u200c中"), max_size=40) | st.text())
def test_words_are_the_same_in_any_script(text: str) -> None:
    assert tokens_of(text) == TOKEN.findall(text)
    assert [text[start:end] for start, end in token_spans(text)] == TOKEN.findall(text)


@given(st.text(st.characters(max_codepoint=127)))
def test_words_of_ascii_are_found_as_elsewhere(text: str) -> None:
    assert tokens_of(text) == TOKEN.findall(text)
