"""CSV as R's rtweet saves it, and what 4CAT keeps."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page

FIRST = "847763000000000123"
ROW = {
    "user_id": "x55", "status_id": f"x{FIRST}", "created_at": "2017-03-31 10:30:00",
    "screen_name": "Ada_Example", "text": "R&amp;D at #NatSec17 @bo https://t.co/a",
    "source": "Web", "display_text_width": "40", "reply_to_status_id": "NA",
    "is_quote": "FALSE", "is_retweet": "FALSE", "favorite_count": "12", "retweet_count": "3",
    "quote_count": "NA", "reply_count": "NA", "hashtags": "NatSec17 law",
    "urls_expanded_url": "https://a.example/x", "media_url": "NA", "media_type": "NA",
    "ext_media_url": "NA", "ext_media_type": "NA", "mentions_screen_name": "bo", "lang": "en",
    "quoted_status_id": "NA", "retweet_status_id": "NA", "retweet_text": "NA",
    "retweet_created_at": "NA", "retweet_favorite_count": "NA", "retweet_retweet_count": "NA",
    "retweet_user_id": "NA", "retweet_screen_name": "NA", "retweet_name": "NA",
    "retweet_followers_count": "NA", "retweet_description": "NA", "name": "Ada Example",
    "description": "Reads laws", "protected": "FALSE", "followers_count": "120",
    "status_url": f"https://twitter.com/Ada_Example/status/{FIRST}",
}  # fmt: skip
BOOST = {
    "status_id": "x847763000000000999", "is_retweet": "TRUE", "text": "RT @bo: All of it",
    "retweet_status_id": "x847700000000000001", "retweet_text": "All of it",
    "retweet_created_at": "2017-03-31T06:20:00Z", "retweet_favorite_count": "40",
    "retweet_retweet_count": "9", "retweet_user_id": "x7", "retweet_screen_name": "bo",
    "retweet_name": "Bo", "retweet_followers_count": "8", "retweet_description": "NA",
}  # fmt: skip


def read(path: Path, form: str = "auto", **stated: Any) -> Page:
    """Everything in the file, as one page."""
    pages = list(find_importer(form, path).read(path, ImportSettings(**stated)))
    return Page(
        posts=tuple(post for page in pages for post in page.posts),
        rejects=tuple(reject for page in pages for reject in page.rejects),
        warnings=pages[-1].warnings,
    )


def read_rows(tmp_path: Path, *changes: dict[str, str], **stated: Any) -> Page:
    """A file with one row for each set of changes to the usual row."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(ROW))
    writer.writeheader()
    writer.writerows({**ROW, **change} for change in changes)
    path = tmp_path / "tweets.csv"
    path.write_text(buffer.getvalue(), encoding="utf-8", newline="")
    assert find_importer("auto", path).name == "rtweet"
    return read(path, **stated)


def test_a_row_becomes_a_post_of_x(tmp_path: Path) -> None:
    """The same one as in any other file of X; times without a zone are UTC."""
    (post,) = read_rows(tmp_path, {}).posts
    assert post.uri == f"https://x.com/i/status/{FIRST}"
    assert (post.source, post.kind, post.created_at) == ("x", "post", 1_490_956_200)
    assert (post.author.uri, post.author.handle) == ("https://x.com/i/user/55", "Ada_Example")
    assert (post.author.name, post.author.followers) == ("Ada Example", 120)
    assert post.text == "R&D at #NatSec17 @bo https://t.co/a"
    assert (post.hashtags, post.mentions) == (("NatSec17", "law"), ("bo",))
    assert (post.links, post.language) == (("https://a.example/x",), "en")
    assert (post.engagement.likes, post.engagement.boosts) == (12, 3)
    assert json.loads(post.raw)["source"] == "Web"


def test_a_boost_brings_its_original(tmp_path: Path) -> None:
    """The original comes once, with its own counts and author."""
    boost, original = read_rows(tmp_path, BOOST).posts
    assert (boost.kind, boost.boost_of) == ("boost", original.uri)
    assert boost.engagement.likes is None
    assert original.uri == "https://x.com/i/status/847700000000000001"
    assert (original.text, original.kind) == ("All of it", "post")
    assert (original.author.uri, original.author.handle) == ("https://x.com/i/user/7", "bo")
    assert original.created_at == 1_490_941_200
    assert (original.engagement.likes, original.engagement.boosts) == (40, 9)


@pytest.mark.parametrize(
    "lack", [{"retweet_text": "NA"}, {"retweet_created_at": "NA"}, {"retweet_screen_name": "NA"}]
)
def test_a_boost_without_its_original_stands_alone(tmp_path: Path, lack: dict[str, str]) -> None:
    """It still names it."""
    (boost,) = read_rows(tmp_path, BOOST | lack).posts
    assert boost.boost_of == "https://x.com/i/status/847700000000000001"


def test_replies_quotes_and_media(tmp_path: Path) -> None:
    """The extended columns name all attachments."""
    reply, quote, pictured = read_rows(
        tmp_path,
        {"reply_to_status_id": "x847700000000000001"},
        {"quoted_status_id": "x847700000000000001", "is_quote": "TRUE"},
        {
            "media_url": "http://pbs.example/1.jpg", "media_type": "photo",
            "ext_media_url": "http://pbs.example/1.jpg http://pbs.example/2.jpg",
        },
    ).posts  # fmt: skip
    assert (reply.kind, reply.reply_to) == ("reply", "https://x.com/i/status/847700000000000001")
    assert (quote.kind, quote.quote_of) == ("quote", "https://x.com/i/status/847700000000000001")
    assert [medium.kind for medium in pictured.media] == ["image", "image"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"protected": "TRUE"}, "protected"),
        ({"status_id": "8.47763E+17"}, "ruined by a spreadsheet"),
        ({"status_id": "NA"}, "no id"),
        ({"text": ""}, "text is empty"),
        ({"screen_name": "NA"}, "who wrote it"),
        ({"created_at": "soon"}, "cannot be read as a time"),
    ],
)
def test_a_row_that_cannot_be_a_post_is_refused(
    tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    """With its line; the others go in."""
    page = read_rows(tmp_path, {}, change)
    assert len(page.posts) == 1
    (reject,) = page.rejects
    assert reason in reject.reason
    assert reject.where == "line 3"


def test_times_that_are_not_utc_are_noticed(tmp_path: Path) -> None:
    """The ids know better."""
    rows = [
        {"status_id": f"x{FIRST[:-1]}{number}", "created_at": "2017-03-31 12:50:24"}
        for number in range(5)
    ]
    assert "run ahead of UTC by +02:00" in read_rows(tmp_path, *rows).warnings[0]
    assert read_rows(tmp_path, *rows, timezone="Europe/Berlin").warnings == ()


def test_another_table_is_no_file_of_rtweet(tmp_path: Path) -> None:
    """The missing columns are named."""
    path = tmp_path / "other.csv"
    path.write_text("status_id,text\n1,x\n")
    with pytest.raises(ImportFormatError, match="created_at, screen_name"):
        read(path, "rtweet")


def test_4cat_csv_of_x_maps_itself(tmp_path: Path) -> None:
    """Its time column has no zone; the one beside it needs none."""
    path = tmp_path / "4cat.csv"
    path.write_text(
        "id,thread_id,timestamp,unix_timestamp,link,subject,body,author,author_fullname,author_id,"
        "retweet_count,reply_count,like_count,quote_count,hashtags,urls,images,mentions\n"
        f"{FIRST},{FIRST},2017-03-31 10:30:00,1490956200,https://twitter.com/ada/status/{FIRST},,"
        'Hello #NatSec17,ada,Ada Example,55,3,0,12,1,NatSec17,https://a.example/x,,"bo,kim"\n'
    )
    (post,) = read(path).posts
    assert (post.created_at, post.text) == (1_490_956_200, "Hello #NatSec17")
    assert (post.author.handle, post.author.uri) == ("ada", "csv:author/ada")
    assert (post.mentions, post.links) == (("bo", "kim"), ("https://a.example/x",))
    assert (post.engagement.likes, post.engagement.quotes) == (12, 1)


def test_4cat_csv_of_bluesky_maps_itself(tmp_path: Path) -> None:
    """Its id is the post's URI, its author's id a DID: the post is the one from the stream."""
    path = tmp_path / "4cat.csv"
    path.write_text(
        "collected_at,query,rank,id,thread_id,created_at,author,author_id,body,link,tags,like_count,"
        "repost_count,author_display_name,timestamp\n"
        "2026-01-01T00:00:00,q,1,at://did:plc:a/app.bsky.feed.post/3k,at://x,"
        "2017-03-31T10:30:00+00:00,ada.example,did:plc:a,Hello,https://bsky.app/x,NatSec17,4,2,"
        "Ada,1490956200.0\n"
    )
    (post,) = read(path).posts
    assert post.uri == "at://did:plc:a/app.bsky.feed.post/3k"
    assert (post.author.uri, post.author.handle) == ("did:plc:a", "ada.example")
    assert (post.created_at, post.engagement.boosts) == (1_490_956_200, 2)


def enriched(identifier: str = FIRST, **changes: Any) -> dict[str, Any]:
    """A post of X's API as 4CAT keeps it."""
    return {
        "id": identifier, "text": "Hello #NatSec17", "author_id": "55",
        "created_at": "2017-03-31T10:30:00.000Z", "conversation_id": identifier,
        "author_user": {"id": "55", "username": "ada", "name": "Ada Example"},
        "attachments": {
            "media_keys": [{"media_key": "3_1", "type": "photo", "url": "https://p.example/1"}],
            "poll_ids": [{"id": "9", "options": [{"label": "Yes"}, {"label": "No"}]}],
        },
        "public_metrics": {"like_count": 12, "retweet_count": 3},
    } | changes  # fmt: skip


def test_4cat_ndjson_of_x_is_read_as_twarcs(tmp_path: Path) -> None:
    """With what is put in: the author, attachments, the original of a boost."""
    original = enriched("847700000000000001", text="All of it")
    original["author_user"] = {"id": "7", "username": "bo", "name": "Bo"}
    original["author_id"] = "7"
    lines = [
        enriched(),
        enriched("847763000000000999", text="RT @bo: All of…", attachments={"media_keys": ["3_1"]},
                 referenced_tweets=[{"type": "retweeted", **original}]),
        enriched("5", referenced_tweets=[{"type": "replied_to", "id": "4", "error": {}}]),
        enriched("6", author_user={"name": "UNKNOWN", "username": "UNKNOWN"}),
    ]  # fmt: skip
    path = tmp_path / "tweets.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert find_importer("auto", path).name == "twarc"
    page = read(path)
    post, boost, boosted, reply = page.posts
    assert post.uri == f"https://x.com/i/status/{FIRST}"
    assert (post.author.handle, post.poll) == ("ada", ("Yes", "No"))
    assert [(one.kind, one.url) for one in post.media] == [("image", "https://p.example/1")]
    assert json.loads(post.raw) == lines[0]
    assert (boost.kind, boost.boost_of, boosted.text) == ("boost", boosted.uri, "All of it")
    assert boosted.author.handle == "bo"
    assert reply.reply_to == "https://x.com/i/status/4"
    (reject,) = page.rejects
    assert reject.where == "line 4"


def test_4cat_ndjson_of_bluesky_is_read_as_jsonl(tmp_path: Path) -> None:
    """Its record lies one level deeper."""
    line = {
        "uri": "at://did:plc:a/app.bsky.feed.post/3k", "cid": "b",
        "author": {"did": "did:plc:a", "handle": "ada.example", "display_name": "Ada"},
        "record": {"text": "Hello #NatSec17", "created_at": "2017-03-31T10:30:00.000Z",
                   "langs": ["en"]},
        "like_count": 4, "repost_count": 2, "indexed_at": "2017-03-31T10:30:01Z",
    }  # fmt: skip
    path = tmp_path / "bsky.ndjson"
    path.write_text(json.dumps(line) + "\n")
    (post,) = read(path).posts
    assert (post.uri, post.text) == (line["uri"], "Hello #NatSec17")
    assert (post.author.uri, post.author.handle) == ("did:plc:a", "ada.example")
    assert (post.hashtags, post.engagement.likes) == (("NatSec17",), 4)
