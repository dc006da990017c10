"""What X's answers mean, by recorded shapes with invented content: posts, prices, words, rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hashwatch.collect.http import Http
from hashwatch.collect.source import Query
from hashwatch.collect.sources.x import Settings, connect, parse_page
from hashwatch.collect.sources.x.billing import tariff, things_in
from hashwatch.collect.sources.x.posts import read_count, read_known, read_results
from hashwatch.collect.sources.x.settings import Prices, micro
from hashwatch.collect.sources.x.streaming import MARK, ending, page_of, to_change
from hashwatch.collect.sources.x.words import ALONE, groups, rules, searchable, words_for
from hashwatch.errors import BadAnswerError, ConfigError
from hashwatch.model import Engagement, KnownPost, Media, fold_hashtag

DATA = Path(__file__).parents[1] / "data" / "sources" / "x"
URI = "https://x.com/i/status/210100000000000000"
ALL = tariff(Prices(), ("authors", "originals", "media"))


def data(name: str) -> bytes:
    """An answer of X's shape."""
    return (DATA / name).read_bytes()


def test_a_search_answer_becomes_posts() -> None:
    """A boost with the whole of its original, an edited post, a quote that is an answer, too."""
    found = read_results(data("search_recent.json"))
    posts = {post.uri.removeprefix(URI): post for post in found.page.posts}
    assert set(posts) == {"5", "3", "2", "1"}
    assert not found.page.rejects, "what X could not include is no post"
    boost, original = posts["5"], posts["3"]
    assert (boost.kind, boost.boost_of, boost.author.handle) == ("boost", URI + "3", "ana_invented")
    assert original.text.endswith("after them. #WaterDays #pipes")
    assert boost.text == original.text
    assert original.hashtags == ("WaterDays", "pipes")
    assert original.engagement == Engagement(boosts=4, likes=9, replies=1, quotes=0)
    edited = posts["2"]
    assert (edited.local_id, edited.url) == (
        "2101000000000000004", "https://x.com/bo_invented/status/2101000000000000004",
    )  # fmt: skip
    assert edited.edited_at is not None
    assert edited.text == "The bridge session moved to room 5 & starts at ten #WaterDays"
    assert edited.media == (Media("image", "https://pictures.example/bridge.jpg", "A bridge"),)
    reply = posts["1"]
    assert (reply.kind, reply.reply_to, reply.quote_of) == ("reply", URI + "3", URI + "0")
    assert reply.links == ("https://water.example/measure",)
    assert (reply.language, reply.sensitive, reply.local_id) == (None, True, "2101000000000000001")
    assert found.meta.next_token == "b26v89c19zqg8o3invented"
    assert (found.meta.newest_id, found.meta.oldest_id) == (
        "2101000000000000005", "2101000000000000001",
    )  # fmt: skip


def test_each_post_can_be_read_again_from_what_is_kept_of_it() -> None:
    """The raw payload of each is an answer of one."""
    for post in read_results(data("search_recent.json")).page.posts:
        again = {each.uri: each for each in parse_page(post.raw).posts}
        assert again[post.uri].text == post.text


def test_an_empty_answer_has_no_posts() -> None:
    """X leaves ``data`` out then."""
    found = read_results(data("search_empty.json"))
    assert (found.page.posts, found.meta.next_token) == ((), None)


def test_what_is_missing_and_what_is_not() -> None:
    """Deleted and protected posts are; one that could not be loaded now is neither there nor gone.

    The author's name, which was not asked for, stays as it is.
    """
    asked = [KnownPost(URI + n, f"210100000000000000{n}", 0, 0) for n in ("1", "2", "3", "5")]
    refreshed = read_known(data("lookup.json"), asked)
    assert refreshed.missing == (URI + "1", URI + "3")
    assert refreshed.answered == (URI + "2",)
    (post,) = refreshed.page.posts
    assert post.engagement.likes == 7
    assert (post.author.handle, post.author.name, post.url) == ("", "", URI + "2")
    assert post.local_id == "2101000000000000004", "its newest version is asked for next"


def test_counts_and_prices() -> None:
    """How many there are; what an answer cost, thing by thing."""
    assert read_count(data("counts.json")) == (52, "1jzu9lk96invented")
    things = things_in(data("search_recent.json"), ALL)
    assert things == {
        **{f"post 210100000000000000{n}": 5_000 for n in (5, 4, 1, 3)},
        **{f"user 900{n}": 10_000 for n in (1, 2, 3)},
        "medium 3_1001": 5_000,
    }
    assert things_in(data("search_empty.json"), ALL) == {}
    assert ALL.most_a_post == 3 * 5_000 + 3 * 10_000 + 4 * 5_000
    assert tariff(Prices(), ()).most_a_post == tariff(Prices(), ()).likely_a_post == 5_000


@given(st.lists(st.sampled_from(["id", "media_key", "text"]), max_size=5), st.booleans())
def test_no_thing_is_counted_twice_or_not_at_all(names: list[str], one: bool) -> None:
    """Those without a name count by their place."""
    import json

    posts = [{name: f"{place}"} for place, name in enumerate(names)]
    body = {"data": posts[0] if one and posts else posts}
    things = things_in(json.dumps(body).encode(), ALL)
    assert len(things) == (1 if one and posts else len(posts))


def test_the_stream_says_posts_and_its_end() -> None:
    """What only rules of others matched is not taken in; signs of life and the end are no posts."""
    lines = data("stream.jsonl").split(b"\r\n")
    page = page_of([line for line in lines if line])
    assert [post.text for post in page.posts] == ["Live from the weir #WaterDays"]
    assert not page.rejects
    assert [bool(ending(line)) for line in lines if line] == [False, False, True]
    (reject,) = page_of([b'{"data": {"id": 5']).rejects
    assert reject.raw == b'{"data": {"id": 5'


@pytest.mark.parametrize("read", [parse_page, read_results, read_count])
@given(body=st.one_of(st.binary(max_size=40), st.sampled_from([b"[]", b"null", b"{}", b'{"data":5}',
       b"[" * 3_000])))  # fmt: skip
def test_what_is_no_answer_is_refused(read: object, body: bytes) -> None:
    """Whatever the bytes are, it is told as what it is."""
    with pytest.raises(BadAnswerError):
        read(body)  # type: ignore[operator]


def test_ids_that_are_none_are_refused() -> None:
    """They would be reckoned with."""
    with pytest.raises(BadAnswerError, match="ids that are none"):
        read_results(b'{"meta":{"newest_id":"x","result_count":1}}')


def query(*hashtags: str, accounts: tuple[str, ...] = ()) -> Query:
    """A query for hashtags as they are written."""
    folded = tuple(dict.fromkeys(map(fold_hashtag, hashtags)))
    return Query(folded, accounts, 0, 1, 0, hashtags)


def test_the_words_of_a_search() -> None:
    """Every spelling of a hashtag that X tells apart; an account's posts and mentions."""
    wanted = query("Über", "uber", "UBER", accounts=("cpa_uk", "ana@social.example", "ana.example"))
    assert groups(wanted, 512, boosts=True) == [("uber",), ("@cpa_uk",)]
    assert words_for(("uber",), wanted, boosts=True) == "(#Über OR #UBER)"
    assert words_for(("@cpa_uk",), wanted, boosts=False) == ("(from:cpa_uk OR @cpa_uk) -is:retweet")
    assert words_for(("natsec17",), query("NATSEC17"), boosts=True) == "#NATSEC17"
    assert searchable(("a" * 16, "b.c", "", "d_1")) == ("d_1",)


@given(
    st.lists(st.text("abcdefghij", min_size=1, max_size=80), min_size=1, max_size=60, unique=True),
    st.lists(st.text("klmnopqrs_0", min_size=1, max_size=15), max_size=30, unique=True),
    st.booleans(),
    st.sampled_from([512, 1_024]),
)
def test_queries_are_split_where_they_get_too_long(
    hashtags: list[str], accounts: list[str], boosts: bool, longest: int
) -> None:
    """Each name is asked for once, in no query longer than X takes; the same every time."""
    wanted = query(*hashtags, accounts=tuple(accounts))
    found = groups(wanted, longest, boosts=boosts)
    names = [name for group in found for name in group]
    assert sorted(names) == sorted([*hashtags, *(f"@{each}" for each in accounts)])
    assert all(len(words_for(group, wanted, boosts=boosts)) <= longest for group in found)
    if len(names) <= ALONE:
        assert all(len(group) == 1 for group in found)
    turned = query(*reversed(hashtags), accounts=tuple(reversed(accounts)))
    assert set(groups(turned, longest, boosts=boosts)) == set(found)
    ruled = rules(wanted, boosts=boosts)
    assert all(len(rule) <= 1_024 for rule in ruled)
    assert len(ruled) <= len(found) + 1


def test_rules_of_others_are_left_alone() -> None:
    """Ours that are wanted no more go, those that lack are added."""
    payload = (
        b'{"data":[{"id":"1","value":"#old","tag":"hashwatch"},'
        b'{"id":"2","value":"#kept","tag":"hashwatch"},{"id":"3","value":"#x","tag":"other"}]}'
    )
    assert MARK == "hashwatch"
    assert to_change(payload, ["#kept", "#new", "#x"]) == (["1"], ["#new", "#x"])
    assert to_change(b'{"meta":{}}', ["#a"]) == ([], ["#a"])
    with pytest.raises(BadAnswerError):
        to_change(b"<html>", [])


@pytest.mark.parametrize(
    ("table", "lacks"),
    [
        ({}, "a token (token_env or token_file) and a budget (US dollars a month)"),
        ({"budget": 5}, "it lacks a token (token_env or token_file)"),
        ({"token_env": "X_TOKEN"}, "it lacks a budget (US dollars a month)"),
        ({"token_env": "X_TOKEN", "budget": 0}, "it lacks a budget"),
    ],
)
def test_it_is_off_without_a_token_and_a_budget(
    table: dict[str, object], lacks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both must be set; what lacks is named."""
    monkeypatch.setenv("X_TOKEN", "t")
    with pytest.raises(ConfigError) as refusal:
        connect(Settings.model_validate(table), Http())
    assert "X costs money and is off" in str(refusal.value)
    assert lacks in str(refusal.value)


@pytest.mark.parametrize(
    "table",
    [
        {"budget": -1}, {"budget": float("nan")}, {"back_fill_share": 2}, {"prices": {"post": -1}},
        {"prices": {"tweet": 1}}, {"include": ["everything"]}, {"host": "http://api.x.com"},
        {"overlap_minutes": 60}, {"token": "secret"},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_cannot_be(table: dict[str, object]) -> None:
    """Refused before anything is asked."""
    with pytest.raises(ValidationError):
        Settings.model_validate(table)


@given(st.floats(min_value=0, max_value=1_000_000))
def test_dollars_are_rounded_up(dollars: float) -> None:
    """A price is never counted as less than it is, but for the error of a float."""
    assert micro(dollars) >= dollars * 1e6 * (1 - 1e-12) - 1e-6
    assert micro(dollars) - dollars * 1e6 <= 1
