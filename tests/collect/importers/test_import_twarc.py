"""twarc's JSONL: X's posts in v1.1 and v2, in pages, flattened, streamed, cut."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.collect.x2 import parse_answer
from hashwatch.model import Engagement, Media, Page, Post, Reject

RECORDED = Path(__file__).parents[4] / "shared" / "recorded" / "x"

Payload = dict[str, Any]


def read(path: Path, form: str = "twarc") -> Page:
    """Everything in the file, as one page."""
    pages = list(find_importer(form, path).read(path, ImportSettings()))
    return Page(
        posts=tuple(post for page in pages for post in page.posts),
        tombstones=tuple(stone for page in pages for stone in page.tombstones),
        rejects=tuple(reject for page in pages for reject in page.rejects),
        progress=pages[-1].progress,
        warnings=pages[-1].warnings,
    )


def read_lines(tmp_path: Path, *lines: Payload | bytes) -> Page:
    """What a file with these lines holds."""
    path = tmp_path / "posts.jsonl"
    path.write_bytes(
        b"".join(
            (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n"
            for line in lines
        )
    )
    return read(path, "auto")


def user1(number: int, **more: Any) -> Payload:
    """An author in v1.1."""
    return {
        "id": number, "id_str": str(number), "screen_name": f"User{number}", "protected": False,
        "name": f"User {number}", "description": "writes", "followers_count": 10, **more,
    }  # fmt: skip


def post1(identifier: int, text: str = "Hello", **more: Any) -> Payload:
    """A post in v1.1."""
    return {
        "created_at": "Fri Mar 31 10:30:00 +0000 2017", "id": identifier, "id_str": str(identifier),
        "full_text": text, "user": user1(1), "lang": "en", "retweet_count": 3, "favorite_count": 4,
        "entities": {"hashtags": [], "user_mentions": [], "urls": []}, **more,
    }  # fmt: skip


def user2(number: int, **more: Any) -> Payload:
    """An author in v2."""
    return {
        "id": str(number), "username": f"User{number}", "name": f"User {number}",
        "description": "writes", "protected": False,
        "public_metrics": {"followers_count": 10}, **more,
    }  # fmt: skip


def post2(identifier: int, text: str = "Hello", **more: Any) -> Payload:
    """A post in v2."""
    return {
        "id": str(identifier), "text": text, "author_id": "1", "lang": "en",
        "created_at": "2017-03-31T10:30:00.000Z", "conversation_id": str(identifier),
        "public_metrics": {"retweet_count": 3, "reply_count": 1, "like_count": 4, "quote_count": 2},
        **more,
    }  # fmt: skip


def answer(*posts: Payload, **includes: list[Payload]) -> Payload:
    """A page of v2 as twarc writes it."""
    users = [user2(1), user2(2)]
    return {
        "data": list(posts), "includes": {"users": users, **includes},
        "meta": {"result_count": len(posts)}, "__twarc": {"version": "2.0.0"},
    }  # fmt: skip


def by_uri(page: Page) -> dict[str, Post]:
    """The posts by the end of their URIs."""
    assert len({post.uri for post in page.posts}) == len(page.posts)
    return {post.uri.rpartition("/")[2]: post for post in page.posts}


def test_a_v1_post_is_read(tmp_path: Path) -> None:
    """Entities, media, counts and what the post answers; X's escapes are undone."""
    line = post1(
        847763,
        "R&amp;D #NatSec17 @User2 https://t.co/a https://t.co/m",
        in_reply_to_status_id_str="12",
        possibly_sensitive=True,
        withheld_in_countries=["IN"],
        entities={
            "hashtags": [{"text": "NatSec17"}],
            "user_mentions": [{"screen_name": "User2"}],
            "urls": [{"url": "https://t.co/a", "expanded_url": "https://a.example/x"}],
            "media": [{"type": "photo"}],
        },
        extended_entities={
            "media": [
                {
                    "type": "photo",
                    "media_url_https": "https://p.example/1.jpg",
                    "ext_alt_text": "map",
                },
                {"type": "animated_gif", "media_url_https": "https://p.example/2.jpg"},
            ]
        },
    )
    page = read_lines(tmp_path, line)
    (post,) = page.posts
    assert page.rejects == ()
    assert post.uri == "https://x.com/i/status/847763"
    assert post.url == "https://x.com/User1/status/847763"
    assert (post.source, post.instance, post.raw_format) == ("x", "x.com", "x1")
    assert post.raw == json.dumps(line).encode()
    assert post.author.uri == "https://x.com/i/user/1"
    assert (post.author.handle, post.author.followers) == ("User1", 10)
    assert post.created_at == 1_490_956_200
    assert post.text == "R&D #NatSec17 @User2 https://t.co/a https://t.co/m"
    assert (post.kind, post.reply_to) == ("reply", "https://x.com/i/status/12")
    assert (post.hashtags, post.mentions) == (("NatSec17",), ("User2",))
    assert post.links == ("https://a.example/x",)
    assert post.media == (
        Media("image", "https://p.example/1.jpg", "map"),
        Media("gif", "https://p.example/2.jpg"),
    )
    assert post.engagement == Engagement(boosts=3, likes=4)
    assert post.sensitive
    assert post.labels == ("withheld:IN",)


def test_a_v1_boost_carries_its_original_and_no_counts(tmp_path: Path) -> None:
    """The original comes as a post of its own, once a page, as last seen."""
    original = post1(5, "The whole long text", user=user1(2), lang="fr")
    cut = "RT @User2: The whole…"
    lines = [post1(7 + i, cut, retweeted_status={**original, "retweet_count": i}) for i in range(3)]
    posts = by_uri(read_lines(tmp_path, *lines))
    assert sorted(posts) == ["5", "7", "8", "9"]
    boost, first = posts["7"], posts["5"]
    assert (boost.kind, boost.boost_of) == ("boost", "https://x.com/i/status/5")
    assert (boost.text, boost.language) == ("The whole long text", "fr")
    assert (boost.author.handle, first.author.handle) == ("User1", "User2")
    assert boost.engagement == Engagement()
    assert first.engagement.boosts == 2
    assert json.loads(first.raw)["id"] == 5


def test_a_v1_streamed_post_has_its_whole_text(tmp_path: Path) -> None:
    """The streaming interface hides it in ``extended_tweet``; deletions are tombstones."""
    line = {
        **post1(5, quoted_status_id_str="3"), "text": "The wh…", "truncated": True,
        "extended_tweet": {"full_text": "The whole", "entities": {"hashtags": [{"text": "A"}]}},
    }  # fmt: skip
    del line["full_text"]
    gone = {"delete": {"status": {"id": 9, "id_str": "9"}, "timestamp_ms": "1490956200123"}}
    page = read_lines(tmp_path, line, gone)
    (post,) = page.posts
    assert (post.text, post.hashtags) == ("The whole", ("A",))
    assert (post.kind, post.quote_of) == ("quote", "https://x.com/i/status/3")
    (stone,) = page.tombstones
    assert (stone.uri, stone.at) == ("https://x.com/i/status/9", 1_490_956_200)


def test_a_v2_post_is_read_with_what_the_page_includes(tmp_path: Path) -> None:
    """Authors, media, polls and long texts come by their ids."""
    line = answer(
        post2(
            847763,
            "Cut… https://t.co/a",
            attachments={"media_keys": ["3_1"], "poll_ids": ["p"]},
            note_tweet={
                "text": "The whole &lt;text&gt; #NatSec17",
                "entities": {
                    "hashtags": [{"tag": "NatSec17"}],
                    "mentions": [{"username": "User2"}],
                },
            },
            withheld={"copyright": True, "country_codes": ["DE"]},
            referenced_tweets=[{"type": "quoted", "id": "3"}],
        ),
        media=[{"media_key": "3_1", "type": "photo", "url": "https://p.example/1.jpg"}],
        polls=[{"id": "p", "options": [{"label": "yes"}, {"label": "no"}]}],
    )
    (post,) = read_lines(tmp_path, line).posts
    assert post.uri == "https://x.com/i/status/847763"
    assert post.author.uri == "https://x.com/i/user/1"
    assert post.text == "The whole <text> #NatSec17"
    assert (post.hashtags, post.mentions) == (("NatSec17",), ("User2",))
    assert post.media == (Media("image", "https://p.example/1.jpg"),)
    assert post.poll == ("yes", "no")
    assert (post.kind, post.quote_of) == ("quote", "https://x.com/i/status/3")
    assert post.engagement == Engagement(boosts=3, likes=4, replies=1, quotes=2)
    assert post.labels == ("withheld:DE", "withheld:copyright")


def test_links_of_a_post_to_itself_and_its_media_are_none(tmp_path: Path) -> None:
    """Only what leads elsewhere counts as a link."""
    addresses = [
        {"expanded_url": "https://twitter.com/User1/status/5/photo/1"},
        {"expanded_url": "https://twitter.com/i/web/status/5"},
        {"expanded_url": "https://x.example/1", "media_key": "3_1"},
        {"expanded_url": "https://twitter.com/User2/status/4"},
        {"expanded_url": "https://s.example/a", "unwound_url": "https://long.example/a"},
        {"url": "https://t.co/z"},
    ]
    (post,) = read_lines(tmp_path, answer(post2(5, entities={"urls": addresses}))).posts
    assert post.links == (
        "https://twitter.com/User2/status/4", "https://long.example/a", "https://t.co/z",
    )  # fmt: skip


@pytest.mark.parametrize("shape", ["page", "flattened", "streamed"])
def test_v2_shapes_give_the_same_posts(tmp_path: Path, shape: str) -> None:
    """A page, one streamed post and the flattened form say the same."""
    original = post2(5, "The whole text", author_id="2", lang="fr")
    boost = post2(
        7, "RT @User2: The…", referenced_tweets=[{"type": "retweeted", "id": "5"}],
        created_at="2017-04-01T00:00:00Z",
    )  # fmt: skip
    if shape == "flattened":
        inside = {"type": "retweeted", **original, "author": user2(2)}
        line = {**boost, "author": user2(1), "referenced_tweets": [inside]}
    else:
        line = answer(boost, tweets=[original])
        if shape == "streamed":
            line["data"] = line["data"][0]
    posts = by_uri(read_lines(tmp_path, line))
    assert sorted(posts) == ["5", "7"]
    assert (posts["7"].kind, posts["7"].boost_of) == ("boost", "https://x.com/i/status/5")
    assert (posts["7"].text, posts["7"].language) == ("The whole text", "fr")
    assert posts["7"].engagement == Engagement()
    assert posts["7"].author.handle == "User1"
    assert (posts["5"].kind, posts["5"].engagement.likes) == ("post", 4)
    assert posts["5"].author.handle == "User2"


def test_a_v2_boost_without_its_original_still_names_it(tmp_path: Path) -> None:
    """What X could not include is a reject that says so."""
    line = answer(post2(7, "RT @User2: The…", referenced_tweets=[{"type": "retweeted", "id": "5"}]))
    line["errors"] = [{"title": "Not Found Error", "detail": "Could not find tweet 5."}]
    page = read_lines(tmp_path, line)
    (boost,) = page.posts
    assert (boost.kind, boost.boost_of) == ("boost", "https://x.com/i/status/5")
    assert boost.text == "RT @User2: The…"
    (reject,) = page.rejects
    assert reject.reason == "X left it out: Not Found Error: Could not find tweet 5."
    assert reject.where == "line 1, errors"


def test_the_versions_of_an_edited_post_are_one_post(tmp_path: Path) -> None:
    """The first id is the identity; each later version says when it was made."""
    first, last = 1576994746135764992, 1576994789110992896
    history = [str(first), str(last)]
    old = post2(first, "Before", edit_history_tweet_ids=history, created_at="2022-10-03T17:57:01Z")
    new = post2(last, "After", edit_history_tweet_ids=history, created_at="2022-10-03T17:57:11Z")
    answering = post2(last + 1, "Yes", referenced_tweets=[{"type": "replied_to", "id": str(last)}])
    for line in (answer(new, answering, tweets=[old]), answer(old, answering, tweets=[new])):
        posts = read_lines(tmp_path, line).posts
        assert [post.text for post in posts[:2]] == ["Before", "After"]
        assert {post.uri for post in posts[:2]} == {f"https://x.com/i/status/{first}"}
        assert posts[1].url == f"https://x.com/User1/status/{last}"
        assert [post.edited_at for post in posts[:2]] == [None, 1_664_819_831]
        assert [post.created_at for post in posts[:2]] == [1_664_819_821] * 2
    assert posts[2].reply_to in {
        f"https://x.com/i/status/{first}",
        f"https://x.com/i/status/{last}",
    }


def test_the_raw_payload_of_a_v2_post_parses_to_the_same_post(tmp_path: Path) -> None:
    """What is kept of a page is enough to read the post again."""
    line = answer(
        post2(5, attachments={"media_keys": ["3_1"]}),
        post2(7, referenced_tweets=[{"type": "retweeted", "id": "6"}]),
        post2(8, referenced_tweets=[{"type": "replied_to", "id": "6"}]),
        tweets=[post2(6, "Original", author_id="2")],
        media=[{"media_key": "3_1", "type": "video", "preview_image_url": "https://p.example/1"}],
    )
    posts = read_lines(tmp_path, line).posts
    assert len(posts) == 4
    for post in posts:
        again = parse_answer(post.raw)[0]
        assert isinstance(again, Post)
        assert msgspec.structs.replace(again, raw=b"") == msgspec.structs.replace(post, raw=b"")


@pytest.mark.parametrize(
    ("line", "reason", "where"),
    [
        (answer(post2(5, created_at=7)), "Expected `str | null`, got `int`", "line 2, post 1"),
        (answer({"id": "5", "text": "x"}), "ask for author_id", "line 2, post 1"),
        (answer({"id": "5", "text": "x", "author_id": "1"}), "its id holds none", "line 2, post 1"),
        (answer({"id": "5"}), "missing required field `text`", "line 2, post 1"),
        ({**answer(post2(5)), "includes": {"users": [user2(1, protected=True)]}}, "protected",
         "line 2, post 1"),
        ({"data": [{"tweet_count": 3, "start": "x"}]}, "counts posts", "line 2, data"),
        ({"id": "5", "action": "delete"}, "no post of X", "line 2"),
        (post1(5, user=user1(1, protected=True)), "protected", "line 2"),
        (post1(5, created_at="31/03/2017"), "not a time as X writes it", "line 2"),
        (post1(5, full_text=None), "no text", "line 2"),
        (post1(5, user=None), "no post of X", "line 2"),
        (b'{"data": [{"id": "5", "te', "not JSON", "line 2"),
        (b"[1, 2]", "no post of X", "line 2"),
        (b"\xff\xfe\x00", "not JSON", "line 2"),
    ],
)  # fmt: skip
def test_what_is_no_post_is_refused_and_the_rest_goes_on(
    tmp_path: Path, line: Payload | bytes, reason: str, where: str
) -> None:
    """A reject says where and why; the lines around it are read."""
    page = read_lines(tmp_path, answer(post2(3)), line, post1(4), {**post2(6), "author": user2(1)})
    (reject,) = page.rejects
    assert reason in reject.reason
    assert reject.where == where
    assert sorted(by_uri(page)) == ["3", "4", "6"]


def test_a_cut_last_line_is_refused(tmp_path: Path) -> None:
    """A broken download ends in the middle of a line."""
    path = tmp_path / "cut.jsonl"
    whole = json.dumps(post1(5)).encode() + b"\n"
    for cut in range(1, len(whole) - 1, 7):
        path.write_bytes(whole + whole[:cut])
        page = read(path)
        assert len(page.posts) == 1
        assert [(r.where, r.reason) for r in page.rejects] == [
            ("line 2", "the file is cut off in this line")
        ]
        assert whole.startswith(page.rejects[0].raw)


def test_a_half_surrogate_does_not_lose_the_line(tmp_path: Path) -> None:
    """Texts cut by code units end in half an emoji."""
    line = json.dumps(post1(5, "cut X")).replace("cut X", "cut \\ud83d").encode()
    page = read_lines(
        tmp_path,
        post1(4),
        line,
        json.dumps(answer(post2(6, "Y"))).replace('"Y"', '"\\ud83d"').encode(),
    )
    assert [post.text for post in page.posts] == ["Hello", "cut \ufffd", "\ufffd"]
    assert page.rejects == ()


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    """What is longer than any answer is not kept in memory."""
    page = read_lines(tmp_path, post1(4), b'{"a": "' + b"x" * 20_000_000 + b'"}', post1(5))
    assert sorted(by_uri(page)) == ["4", "5"]
    assert [(r.where, r.reason) for r in page.rejects] == [
        ("line 2", "the line is longer than 8 MB")
    ]


def test_an_empty_page_holds_nothing(tmp_path: Path) -> None:
    """The last page of a search has no data."""
    page = read_lines(tmp_path, {"meta": {"result_count": 0}, "__twarc": {}}, post1(4))
    assert len(page.posts) == 1
    assert page.rejects == ()


def test_a_page_is_never_larger_than_agreed(tmp_path: Path) -> None:
    """Lines of 500 posts with their originals are cut at 5,000 rows."""
    lines = [
        answer(
            *(
                post2(1000 * n + i, referenced_tweets=[{"type": "retweeted", "id": str(9000 + i)}])
                for i in range(500)
            ),
            tweets=[post2(9000 + i, author_id="2") for i in range(500)],
        )
        for n in range(8)
    ]
    path = tmp_path / "pages.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join(json.dumps(line).encode() for line in lines)))
    pages = list(find_importer("auto", path).read(path, ImportSettings()))
    assert max(len(page.posts) for page in pages) <= 5000
    assert len({post.uri for page in pages for post in page.posts}) == 8 * 500 + 500
    assert pages[-1].progress == path.stat().st_size


def strip_member(payload: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
    """Drop, null or retype one member somewhere in a payload."""
    while True:
        keys = list(payload) if isinstance(payload, dict) else range(len(payload))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        inner = payload[key]
        if isinstance(inner, dict | list) and inner and draw(st.booleans()):
            payload = inner
            continue
        change = draw(st.sampled_from([None, 7, "x", [], {}, True, "drop"]))
        if change == "drop":
            del payload[key]
        else:
            payload[key] = change
        return


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_missing_or_retyped_field_stops_the_file(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is changed in a line, the lines around it are read and nothing is lost unsaid."""
    line = data.draw(
        st.sampled_from(
            [
                lambda: post1(5, retweeted_status=post1(6)),
                lambda: answer(post2(5), tweets=[post2(6)], media=[{"media_key": "1"}]),
                lambda: {**post2(5), "author": user2(1)},
            ]
        )
    )()
    strip_member(line, data.draw)
    page = read_lines(tmp_path, post1(3), line, answer(post2(4)))
    uris = {post.uri.rpartition("/")[2] for post in page.posts}
    assert {"3", "4"} <= uris
    assert all(isinstance(reject, Reject) and reject.reason for reject in page.rejects)
    if len(uris) == 2 and line.get("data") != []:
        assert page.rejects


def ids_of(path: Path) -> tuple[set[str], int]:
    """The ids of every post of a recorded file, read without hashwatch, and the bad lines."""
    found: set[str] = set()
    bad = 0
    for line in path.read_bytes().splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            bad += bool(line.strip())
            continue
        data = value.get("data", value)
        for one in data if isinstance(data, list) else [data]:
            if "text" in one or "full_text" in one:
                found.add(one.get("id_str") or one["id"])
    return found, bad


@pytest.mark.parametrize(
    "name",
    [
        "noflat", "flat", "edited", "edited_after", "edited_before", "quoted_edit", "withheld",
        "geo_tweets", "media_tweet", "mentions_tweet", "streaming_output_with_error",
        "v11_search_rstats", "counts", "tweets_compliance", "users_compliance",
    ],
)  # fmt: skip
def test_a_recorded_file_loses_no_post(name: str) -> None:
    """Every recorded post is in; every reject says why."""
    path = RECORDED / f"{name}.jsonl"
    if not path.exists():
        pytest.skip("the recorded answers are not on this machine")
    expected, bad = ids_of(path)
    page = read(path)
    kept = {post.url.rpartition("/")[2] for post in page.posts if post.url}
    assert expected <= kept
    unexplained = [r for r in page.rejects if not r.reason.startswith("X left it out")]
    if expected:
        assert len(unexplained) == bad
    else:
        assert unexplained


def test_flattened_and_paged_recordings_agree() -> None:
    """The same recorded posts, flattened by twarc or not, become the same posts."""
    paths = [RECORDED / "noflat.jsonl", RECORDED / "flat.jsonl"]
    if not all(path.exists() for path in paths):
        pytest.skip("the recorded answers are not on this machine")
    paged, flat = (
        {post.uri: msgspec.structs.replace(post, raw=b"") for post in read(path).posts}
        for path in paths
    )
    assert paged == flat
