"""Hashtags and handles as they are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.model import fold_account, fold_hashtag


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("#Über", "uber"), ("ＮＡＴＳＥＣ１７", "natsec17"), ("＃CyberParl", "cyberparl"),
        ("#Égalité_2017", "egalite_2017"), ("حقوق_الإنسان", "حقوق_الانسان"), ("¸", ""),
    ],
)  # fmt: skip
def test_hashtags_are_matched_as_mastodon_does(written: str, folded: str) -> None:
    """NFKC, lower case, accents folded, without the sign."""
    assert fold_hashtag(written) == folded


@given(st.text(max_size=30))
def test_folding_twice_changes_nothing(text: str) -> None:
    """What is folded stays as it is, so that a folded hashtag may be folded again."""
    once = fold_hashtag(text)
    assert fold_hashtag(once) == once


def test_handles_are_compared_without_case_and_sign() -> None:
    """As people type them."""
    assert fold_account(" @CPA_UK ") == fold_account("cpa_uk")
