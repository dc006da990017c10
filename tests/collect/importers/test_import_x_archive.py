"""The archive that X makes of an account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collect.importers.containers import zip_of
from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page

ACCOUNT = {
    "email": "ada@mail.example", "createdVia": "web", "username": "Ada_Example",
    "accountId": "55", "accountDisplayName": "Ada Example",
}  # fmt: skip
FIRST = "847763000000000123"
LATER = "847763500000000123"


def item(**changes: Any) -> dict[str, Any]:
    """One post as it stands in the file: every number is a string."""
    return {
        "tweet": {
            "edit_info": {"initial": {"editTweetIds": [FIRST], "isEditEligible": True}},
            "retweeted": False, "source": "<a>Web</a>", "display_text_range": ["0", "40"],
            "entities": {
                "hashtags": [{"text": "NatSec17", "indices": ["0", "9"]}], "symbols": [],
                "user_mentions": [{"name": "Bo", "screen_name": "bo", "indices": ["0", "3"],
                                   "id_str": "2", "id": "2"}],
                "urls": [{"url": "https://t.co/a", "expanded_url": "https://a.example/x",
                          "display_url": "a.example/x", "indices": ["0", "5"]}],
            },
            "favorite_count": "12", "id_str": FIRST, "truncated": False, "retweet_count": "3",
            "id": FIRST, "possibly_sensitive": False,
            "created_at": "Fri Mar 31 10:30:00 +0000 2017", "favorited": False,
            "full_text": "R&amp;D at #NatSec17 @bo https://t.co/a", "lang": "en",
        } | changes
    }  # fmt: skip


def script(name: str, *items: object, part: int = 0) -> bytes:
    """A file of the archive."""
    return f"window.YTD.{name}.part{part} = {json.dumps(items, indent=1)}".encode()


def packed(folder: Path, **files: bytes) -> Path:
    """The zip with these scripts in ``data/``."""
    path = folder / "twitter-2022.zip"
    names = {f"data/{name.replace('_', '-')}.js": content for name, content in files.items()}
    names["data/tweets_media/1.jpg"] = b"\xff\xd8" * 1_000
    path.write_bytes(zip_of(names))
    return path


def read(path: Path, form: str = "auto", author: str | None = None) -> Page:
    """Everything in the file, as one page."""
    pages = list(find_importer(form, path).read(path, ImportSettings(author=author)))
    return Page(
        posts=tuple(post for page in pages for post in page.posts),
        rejects=tuple(reject for page in pages for reject in page.rejects),
        progress=pages[-1].progress,
    )


def read_items(folder: Path, *items: object) -> Page:
    """What is in an archive with these posts."""
    account = script("account", {"account": ACCOUNT})
    return read(packed(folder, account=account, tweets=script("tweets", *items)))


def test_a_post_is_the_one_of_every_other_file_of_x(tmp_path: Path) -> None:
    """The author comes from beside it; numbers that are strings are numbers."""
    page = read_items(tmp_path, item())
    assert page.rejects == ()
    (post,) = page.posts
    assert post.uri == f"https://x.com/i/status/{FIRST}"
    assert (post.source, post.instance, post.kind) == ("x", "import", "post")
    assert (post.author.uri, post.author.handle) == ("https://x.com/i/user/55", "Ada_Example")
    assert post.author.name == "Ada Example"
    assert post.created_at == 1_490_956_200
    assert post.text == "R&D at #NatSec17 @bo https://t.co/a"
    assert (post.hashtags, post.mentions) == (("NatSec17",), ("bo",))
    assert (post.links, post.language) == (("https://a.example/x",), "en")
    assert (post.engagement.likes, post.engagement.boosts) == (12, 3)
    assert "mail.example" not in repr(page)


def test_replies_boosts_and_media(tmp_path: Path) -> None:
    """A boost is its cut text, and its counts are the original's."""
    media = [{"type": "photo", "media_url_https": "https://pbs.example/1.jpg"}]
    page = read_items(
        tmp_path,
        item(in_reply_to_status_id_str="847000000000000001"),
        item(full_text="RT @bo: long words that end in…", retweet_count="900"),
        item(extended_entities={"media": media}),
    )
    reply, boost, pictured = page.posts
    assert (reply.kind, reply.reply_to) == ("reply", "https://x.com/i/status/847000000000000001")
    assert (boost.kind, boost.boost_of, boost.engagement.boosts) == ("boost", None, None)
    assert [medium.kind for medium in pictured.media] == ["image"]


def test_an_edited_post_is_one_with_versions(tmp_path: Path) -> None:
    """The later one names the first."""
    later = {"edit": {"initialTweetId": FIRST, "editControlInitial": {"editTweetIds": [FIRST]}}}
    first, second = read_items(
        tmp_path,
        item(),
        item(
            id_str=LATER, id=LATER, edit_info=later, full_text="Mended",
            created_at="Fri Mar 31 10:55:00 +0000 2017",
        ),
    ).posts  # fmt: skip
    assert first.uri == second.uri
    assert (first.edited_at, second.edited_at) == (None, 1_490_957_700)
    assert second.text == "Mended"
    assert second.created_at < second.edited_at  # type: ignore[operator]


def test_all_parts_are_read_in_their_order(tmp_path: Path) -> None:
    """Ten comes after two; a reject says in which part it stands."""
    parts = {
        name: script("tweets", item(id_str=str(number), full_text=text), part=number)
        for number, (name, text) in enumerate(
            [("tweets", "a"), ("tweets_part1", "b"), ("tweets_part2", ""), ("tweets_part10", "d")],
            start=1,
        )
    }
    parts["tweets_part2"] = script("tweets", {"tweet": {"id_str": "x"}}, part=2)
    page = read(packed(tmp_path, account=script("account", {"account": ACCOUNT}), **parts))
    assert [post.text for post in page.posts] == ["a", "b", "d"]
    (reject,) = page.rejects
    assert reject.where == "tweets-part2.js line 2, item 1"


def test_files_of_other_kinds_are_never_read(tmp_path: Path) -> None:
    """Deleted posts, posts for a circle, messages."""
    files = {
        name: script(name, item(full_text="hidden"))
        for name in ("deleted_tweets", "twitter_circle_tweet", "direct_messages", "tweet_headers")
    }
    account = script("account", {"account": ACCOUNT})
    page = read(packed(tmp_path, account=account, tweets=script("tweets", item()), **files))
    assert len(page.posts) == 1
    assert "hidden" not in repr(page)


def test_a_script_alone_needs_an_author(tmp_path: Path) -> None:
    """From beside it, or stated; old scripts have another name and nothing around a post."""
    path = tmp_path / "tweet.js"
    path.write_bytes(script("tweet", item()["tweet"]))
    with pytest.raises(ImportFormatError, match=r"state the handle with --author"):
        read(path)
    (post,) = read(path, author="@Kim").posts
    assert (post.author.uri, post.author.handle) == ("https://x.com/kim", "Kim")
    (tmp_path / "account.js").write_bytes(script("account", {"account": ACCOUNT}))
    assert read(path).posts[0].author.handle == "Ada_Example"
    assert read(path, author="ada_example").posts[0].author.uri == "https://x.com/i/user/55"
    assert read(path, author="kim").posts[0].author.uri == "https://x.com/kim"


def test_a_closed_account_is_refused(tmp_path: Path) -> None:
    """Only public posts are kept; one that was opened again is public."""

    def history(*actions: str) -> Path:
        steps = [
            {"protectedHistory": {"protectedAt": f"202{year}-01-01T00:00:00.000Z", "action": act}}
            for year, act in enumerate(actions)
        ]
        return packed(
            tmp_path,
            account=script("account", {"account": ACCOUNT}),
            tweets=script("tweets", item()),
            protected_history=script("protected_history", *steps),
        )

    with pytest.raises(ImportFormatError, match="for its followers only"):
        read(history("Protect", "Unprotect", "Protect"))
    assert len(read(history("Protect", "Unprotect")).posts) == 1
    assert len(read(history()).posts) == 1


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"tweet": {"full_text": "x"}}, "no id"),
        (item(created_at="never"), "never"),
        (item(full_text=None), "no text"),
        (item(entities=5), "no post of X"),
        ([], "no post of X"),
    ],
)
def test_an_item_that_is_no_post_is_refused(tmp_path: Path, broken: object, reason: str) -> None:
    """The others go in."""
    page = read_items(tmp_path, item(), broken, item(id_str="5"))
    assert len(page.posts) == 2
    (reject,) = page.rejects
    assert reason in reject.reason
    assert reject.where.startswith("line ")


def test_a_cut_script_keeps_what_precedes_the_cut(tmp_path: Path) -> None:
    """Its last item is refused."""
    path = tmp_path / "tweets.js"
    path.write_bytes(script("tweets", item(), item(id_str="5"))[:-60])
    page = read(path, author="ada")
    assert (len(page.posts), len(page.rejects)) == (1, 1)


@pytest.mark.parametrize("content", [b"window.YTD.tweets.part0 = []", b"window.YTD.tweets.part0 ="])
def test_a_script_without_posts_says_so(tmp_path: Path, content: bytes) -> None:
    """It is no success."""
    path = tmp_path / "tweets.js"
    path.write_bytes(content)
    with pytest.raises(ImportFormatError, match="no list of posts"):
        read(path, author="ada")


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0&"), min_size=1
    ).filter(lambda text: not text.startswith("RT @"))
)
def test_texts_come_back_as_they_were(tmp_path: Path, text: str) -> None:
    """Brackets, quotes and whatever else stands in them."""
    page = read_items(tmp_path, item(full_text=text), item(full_text="last", id_str="5"))
    assert [post.text for post in page.posts] == [text, "last"]
