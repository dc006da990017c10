"""One message on two networks: how often that is seen, and how often it is seen where it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich import message_pairs, message_pairs_untouched
from enrich.message_pairs import Pair
from hashwatch.enrich.message import address_key, author_keys, why_same, words_of
from hashwatch.enrich.wording import are_alike, wording_key


def measured(pairs: Sequence[Pair]) -> tuple[float, float, Counter[str]]:
    """Precision, recall, and the kinds of pairs that came out wrong."""
    found = [(pair, why_same(pair.one, pair.other) is not None) for pair in pairs]
    right = sum(pair.same and same for pair, same in found)
    wrong = Counter(pair.kind for pair, same in found if same != pair.same)
    return right / sum(same for _, same in found), right / sum(p.same for p, _ in found), wrong


@pytest.mark.parametrize("half", [message_pairs, message_pairs_untouched])
def test_copies_are_found_and_little_else(half: object) -> None:
    """At least 98% of what is called one message is one, and 85% of those are found."""
    pairs: list[Pair] = half.pairs()  # type: ignore[attr-defined]  # a module
    precision, recall, wrong = measured(pairs)
    assert len(pairs) > 150
    assert precision >= 0.98, wrong
    assert recall >= 0.85, wrong


def test_there_are_enough_pairs_and_no_two_alike() -> None:
    pairs = [*message_pairs.pairs(), *message_pairs_untouched.pairs()]
    assert len({repr(pair) for pair in pairs}) >= 300
    assert sum(not pair.same for pair in pairs) >= len(pairs) / 3
    kinds = {kind: {p.kind for p in half.pairs()} for kind, half in
             (("tuning", message_pairs), ("untouched", message_pairs_untouched))}  # fmt: skip
    assert len(kinds["untouched"] - kinds["tuning"]) >= 15


def test_the_order_of_two_posts_does_not_matter() -> None:
    for pair in (*message_pairs.pairs(), *message_pairs_untouched.pairs()):
        assert why_same(pair.one, pair.other) == why_same(pair.other, pair.one), pair


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("at://did:plc:abc/app.bsky.feed.post/3kabc", "did:plc:abc/3kabc"),
        ("https://bsky.app/profile/did:plc:abc/post/3kabc", "did:plc:abc/3kabc"),
        ("https://Town.example/@ana/17", "town.example/17"),
        ("https://town.example/users/ana/statuses/17", "town.example/17"),
        ("https://www.blog.example/a/?utm_source=x&b=1#top", "blog.example/a?b=1"),
        ("tag:blog.example,2031:7", ""),
        ("https://[broken", ""),
    ],
)
def test_two_addresses_of_one_post_have_one_key(address: str, key: str) -> None:
    assert address_key(address) == key


@pytest.mark.parametrize(
    ("handle", "name", "keys"),
    [
        ("mirela@town.example", "Mirela Ossendorp", {"mirela", "mirelaossendorp"}),
        ("mirela.bsky.social", "Dr. Mirela Ossendorp (she/her) 🧵", {"mirela", "mirelaossendorp"}),
        ("hye-jin.example.org", "Hye-jin", {"hyejin"}),
        ("did:plc:abcdefg", "", set()),
        ("ana", "Ana", set()),
    ],
)
def test_what_an_author_may_be_known_by(handle: str, name: str, keys: set[str]) -> None:
    assert author_keys(handle, name) == keys


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_has_words_and_a_wording(one: str, other: str) -> None:
    """Nothing that people can write is an error, and a text is like itself."""
    words_of(one)
    author_keys(one, other)
    address_key(one)
    assert are_alike(one, one)
    assert are_alike(one, other) == are_alike(other, one)
    assert wording_key(one) == wording_key(f"  {one} #NATSEC31 https://a.example/")


def test_nearly_the_same_words_are_alike_and_others_are_not() -> None:
    text = "Join us at the open letter for independent oversight, sign it before Friday evening"
    near = text.replace("sign", "read").replace("Join", "JOIN") + " 🙏 @ana #NATSEC31"
    assert wording_key(text) == wording_key(near)
    assert are_alike(text, near)
    numbered = "Session 4 starts now in the plenary hall, follow along here"
    assert wording_key(numbered) != wording_key(numbered.replace("4", "5"))
    assert wording_key("Good morning everybody") is None
