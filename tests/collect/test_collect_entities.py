"""Hashtags, mentions and links in plain text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.collect.entities import entities
from hashwatch.model import fold_hashtag


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good morning #NATSEC17!", ["NATSEC17"]),
        ("#natsec17#cyberparl", ["natsec17"]),
        ("full width ＃NATSEC17 and #ＮＡＴＳＥＣ１７", ["NATSEC17", "ＮＡＴＳＥＣ１７"]),
        (
            "#Über, #Sécurité… #أمن #الحرب_السيبرانية",
            ["Über", "Sécurité", "أمن", "الحرب_السيبرانية"],
        ),
        ("#مُحَمَّد with harakat, #हिन्दी with vowel signs", ["مُحَمَّد", "हिन्दी"]),
        ("#one·two #三・四 #می\u200cخواهم", ["one·two", "三・四", "می\u200cخواهم"]),
        ("#2025 is a number, #2_5 and #y2k are not", ["2_5", "y2k"]),
        ("keycap #️⃣ and lone # and #- are none", []),
        ('(#brackets) "#quotes" #end. #end', ["brackets", "quotes", "end"]),
        ("a#b c/#d e=#f )#g are none", []),
        ("https://town.example/#part and https://town.example/a?b#c", []),
        ("#trailing· stops before the dot", ["trailing"]),
        ("#NATSEC17🎉 stops before the emoji", ["NATSEC17"]),
    ],
)
def test_hashtags_as_mastodon_finds_them(text: str, expected: list[str]) -> None:
    """Hashtags are words in any script, with separators inside, and not digits alone."""
    assert list(entities(text).hashtags) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thanks @ada", ["ada"]),
        ("@ada@town.example, @CPA_UK: hello", ["ada@town.example", "CPA_UK"]),
        ("@cy.sky.example. And ＠bo", ["cy.sky.example", "bo"]),
        ("ada@town.example is an address", []),
        ("https://town.example/@ada is a link", []),
        ("(@ada) @ada @", ["ada"]),
        ("@-dash- and @_score_", ["_score_"]),
    ],
)
def test_mentions(text: str, expected: list[str]) -> None:
    """Mentions are handles with or without a host; an e-mail address is none."""
    assert list(entities(text).mentions) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://parl.example/agenda.", ["https://parl.example/agenda"]),
        ("(see https://parl.example/a_(b))", ["https://parl.example/a_(b)"]),
        (
            "“https://parl.example/a”, HTTP://B.example/?q=1&r=2!",
            [
                "https://parl.example/a",
                "HTTP://B.example/?q=1&r=2",
            ],
        ),
        ("https:// and http://. are none", []),
        ("javascript:alert(1) ftp://x.example", []),
        (
            "https://parl.example/a、https://parl.example/b",
            ["https://parl.example/a、https://parl.example/b"],
        ),
        ("https://parl.example/\u202efdp.exe", ["https://parl.example/"]),
        ("twice https://a.example https://a.example", ["https://a.example"]),
    ],
)
def test_links(text: str, expected: list[str]) -> None:
    """Links are http or https, without the sentence's closing punctuation."""
    assert list(entities(text).links) == expected


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    """No text breaks it, and what it finds stands in the text."""
    found = entities(text)
    for hashtag in found.hashtags:
        assert hashtag in text
        assert fold_hashtag(hashtag)
    for link in found.links:
        assert link in text


@pytest.mark.parametrize("piece", ["#", "@", "@a.", "https://a(", ")", "https://", "#a·", "a@b."])
def test_hostile_repetition_is_quick(piece: str) -> None:
    """A long repetition costs time in proportion to its length, not to its square."""
    started = time.process_time()
    entities("https://a.example/" + piece * 20_000)
    entities(piece * 20_000)
    entities("@a" + piece * 20_000)
    assert time.process_time() - started < 2
