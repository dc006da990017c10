"""Searches as people type them."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.queries.fold import index_text
from hashwatch.queries.fulltext import Match, translate

TEXTS = (
    "human rights and security",
    "rights of man, human error",
    "Sécurité des données",
    "securities market",
    "C'est l'été à Sao Paulo",
    "議会制民主主義とサイバー",
    "حُقُوق الإنسان",
    "the end",
    "a.b.c co-operation e-mail",
    "ﬁnance ＣＹＢＥＲ",
)
OPERATORS = (
    "human", '"', "(", ")", "*", "OR", "AND", "NOT", "-", " ", "^", "end*", "NEAR", "{", "}", "+",
    ":", ",",
)  # fmt: skip
WORDS = ("human", "rights", "security", "market", "the", "end", "error")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("human rights", {0, 1}),
        ('"human rights"', {0}),
        ("human rights NOT error", {0}),
        ("human -error", {0}),
        ("market OR end", {3, 7}),
        ("NOT human", {2, 3, 4, 5, 6, 7, 8, 9}),
        ("market OR NOT the", {0, 1, 2, 3, 4, 5, 6, 8, 9}),
        ("(market OR human) NOT rights", {3}),
        ("secur*", {0, 2, 3}),
        ("securite", {2}),
        ("SECURITÉ", {2}),
        ("se*", set()),
        ("ete", {4}),
        ("民主", {5}),
        ("義", {5}),
        ("主民", set()),
        ("حقوق", {6}),
        ("الانسان", {6}),
        ("co-operation", {8}),
        ("finance cyber", {9}),
        ('"human', {0, 1}),
        ("human)", {0, 1}),
        ("((human", {0, 1}),
        ("text:human", set()),
        ("NEAR(human rights)", set()),
        ("^human", {0, 1}),
        ("human AND", {0, 1}),
        ("OR human OR", {0, 1}),
        ("NOT NOT human", {0, 1}),
        ("", set()),
        ("!!! 😀", set()),
        ("\x00human\x00", {0, 1}),
    ],
)
def test_searches_find_what_they_say(query: str, found: set[int]) -> None:
    """Words, phrases, OR, NOT, prefixes and every script; what is no operator is text."""
    assert _search(query) == found


@given(st.text(max_size=80))
def test_no_text_is_a_wrong_search(query: str) -> None:
    """Whatever is typed, SQLite takes the expression."""
    _search(query)


@given(st.lists(st.sampled_from(OPERATORS), max_size=30))
def test_no_arrangement_of_operators_is_a_wrong_search(pieces: list[str]) -> None:
    """Nor is any heap of operators."""
    _search(" ".join(pieces))
    _search("".join(pieces))


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.booleans()), min_size=1, max_size=4),
       st.lists(st.tuples(st.sampled_from(WORDS), st.booleans()), max_size=3))  # fmt: skip
def test_simple_searches_agree_with_a_model(
    first: list[tuple[str, bool]], second: list[tuple[str, bool]]
) -> None:
    """Two groups of words, wanted or not, joined by OR, find what sets of words say."""
    groups = [group for group in (first, second) if group]
    query = " OR ".join(
        " ".join(f"NOT {word}" if negated else word for word, negated in group) for group in groups
    )
    words = [set(text.lower().replace(",", "").split()) for text in TEXTS]
    expected = {
        number
        for number, held in enumerate(words)
        if any(all((word in held) != negated for word, negated in group) for group in groups)
    }
    assert _search(query) == expected


def test_a_search_of_very_many_words_is_cut() -> None:
    """More words than the limit are left out rather than refused."""
    assert translate("human " * 500).expression is not None
    assert _search("human " * 500) == {0, 1}


def _search(query: str) -> set[int]:
    match: Match = translate(query)
    if match.expression is None:
        return set()
    sql = "SELECT rowid FROM posts_index WHERE posts_index MATCH ?"
    found = {row[0] for row in _index().execute(sql, (match.expression,))}
    return set(range(len(TEXTS))) - found if match.excluded else found


def _index() -> sqlite3.Connection:
    global _made
    if _made is None:
        _made = sqlite3.connect(":memory:", check_same_thread=False)
        _made.execute(
            "CREATE VIRTUAL TABLE posts_index USING fts5 (text, content='', "
            "tokenize='unicode61 remove_diacritics 2', detail=full)"
        )
        for number, text in enumerate(TEXTS):
            _made.execute(
                "INSERT INTO posts_index (rowid, text) VALUES (?, ?)", (number, index_text(text))
            )
    return _made


_made: sqlite3.Connection | None = None
