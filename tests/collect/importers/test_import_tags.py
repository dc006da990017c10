"""TAGS archives: X's posts from a Google sheet."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page

RECORDED = Path(__file__).parents[4] / "shared" / "recorded" / "tags" / "sample-data.csv"
COLUMNS = (
    "id_str", "from_user", "text", "created_at", "time", "geo_coordinates", "user_lang",
    "in_reply_to_user_id_str", "in_reply_to_screen_name", "from_user_id_str",
    "in_reply_to_status_id_str", "source", "profile_image_url", "user_followers_count",
    "user_friends_count", "user_location", "status_url", "entities_str",
)  # fmt: skip
ENTITIES = {
    "hashtags": [{"text": "NatSec17", "indices": [0, 9]}],
    "user_mentions": [{"screen_name": "bo", "id_str": "2"}],
    "urls": [
        {"url": "https://t.co/a", "expanded_url": "https://a.example/x"},
        {
            "url": "https://t.co/b",
            "expanded_url": "https://twitter.com/i/web/status/847763000000000123",
        },
    ],
    "media": [{"type": "photo", "media_url_https": "https://pbs.example/1.jpg"}],
}
ROW = {
    "id_str": "847763000000000123",
    "from_user": "Ada_Example",
    "text": "R&amp;D at #NatSec17 @bo https://t.co/a",
    "created_at": "Fri Mar 31 10:30:00 +0000 2017",
    "time": "31/03/2017 11:30:00",
    "from_user_id_str": "55",
    "user_followers_count": "120",
    "status_url": "http://twitter.com/Ada_Example/statuses/847763000000000123",
    "entities_str": json.dumps(ENTITIES),
}


def read(path: Path, form: str = "auto") -> Page:
    """Everything in the file, as one page."""
    pages = list(find_importer(form, path).read(path, ImportSettings()))
    return Page(
        posts=tuple(post for page in pages for post in page.posts),
        rejects=tuple(reject for page in pages for reject in page.rejects),
        warnings=pages[-1].warnings,
    )


def read_rows(tmp_path: Path, *changes: dict[str, str]) -> Page:
    """An archive with one row for each set of changes to the usual row."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({**ROW, **change} for change in changes)
    path = tmp_path / "tags.csv"
    path.write_text(buffer.getvalue(), encoding="utf-8", newline="")
    return read(path)


def test_a_row_becomes_a_post_of_x(tmp_path: Path) -> None:
    """The identity is the address of X's post, the same as from any other file."""
    page = read_rows(tmp_path, {})
    assert page.rejects == ()
    (post,) = page.posts
    assert post.uri == "https://x.com/i/status/847763000000000123"
    assert post.url == ROW["status_url"]
    assert (post.source, post.instance, post.kind, post.raw_format) == ("x", "x.com", "post", "row")
    assert (post.author.uri, post.author.handle) == ("https://x.com/i/user/55", "Ada_Example")
    assert post.author.followers == 120
    assert post.created_at == 1_490_956_200
    assert post.text == "R&D at #NatSec17 @bo https://t.co/a"
    assert (post.hashtags, post.mentions) == (("NatSec17",), ("bo",))
    assert post.links == ("https://a.example/x",)
    assert [medium.kind for medium in post.media] == ["image"]
    assert json.loads(post.raw)["time"] == ROW["time"]


def test_boosts_and_replies_are_told_apart(tmp_path: Path) -> None:
    """A cut boost names no original; a reply names the post that it answers."""
    page = read_rows(
        tmp_path,
        {"text": "RT @bo: long words that end in…"},
        {"in_reply_to_status_id_str": "847000000000000001"},
        {"in_reply_to_status_id_str": "NA"},
        {"in_reply_to_status_id_str": "8.47E+17"},
    )
    assert [post.kind for post in page.posts] == ["boost", "reply", "post", "post"]
    assert page.posts[0].boost_of is None
    assert page.posts[1].reply_to == "https://x.com/i/status/847000000000000001"


@pytest.mark.parametrize("entities_str", ["", "NA", json.dumps(ENTITIES)[:60]])
def test_entities_come_from_the_text_where_their_column_is_cut(
    tmp_path: Path, entities_str: str
) -> None:
    """Sheets cut long cells."""
    (post,) = read_rows(tmp_path, {"entities_str": entities_str}).posts
    assert (post.hashtags, post.mentions) == (("NatSec17",), ("bo",))
    assert post.links == ("https://t.co/a",)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id_str": "8.47763E+17"}, "ruined by a spreadsheet"),
        ({"id_str": ""}, "no id"),
        ({"text": " "}, "text is empty"),
        ({"from_user": "NA"}, "who wrote it"),
        ({"created_at": "Fri Apr 07 10:30:00 +0000"}, "no year, and its day is not the one"),
        ({"created_at": "31/03/2017 11:30:00"}, "--timezone"),
    ],
)
def test_a_row_that_cannot_be_a_post_is_refused(
    tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    """The reject has the row's line and text."""
    page = read_rows(tmp_path, {"text": "two\nlines"}, change)
    (reject,) = page.rejects
    assert reason in reject.reason
    assert reject.where == "line 4"
    assert reject.raw.startswith(change.get("id_str", "847").encode())


def test_a_year_that_is_missing_is_that_in_the_id(tmp_path: Path) -> None:
    """The post is of that day; how many were so is said."""
    (whole,) = read_rows(tmp_path, {}).posts
    page = read_rows(tmp_path, {"created_at": "Fri Mar 31 10:30:00 +0000"}, {})
    assert page.posts[0].created_at == whole.created_at - whole.created_at % 86_400 + 37_800
    assert page.warnings == ("1 row states no year; it is that in the id",)


def test_ids_that_were_all_rounded_are_refused(tmp_path: Path) -> None:
    """They would merge posts that differ."""
    page = read_rows(tmp_path, *({"id_str": f"84776300000000{i}000"} for i in range(4)))
    assert page.posts == ()
    assert {"rounded" in reject.reason for reject in page.rejects} == {True}


def test_a_ruined_author_id_leaves_the_handle(tmp_path: Path) -> None:
    """The identity falls back to the profile's address."""
    (post,) = read_rows(tmp_path, {"from_user_id_str": "8.46E+17"}).posts
    assert post.author.uri == "https://x.com/ada_example"


def test_another_table_is_no_tags_archive(tmp_path: Path) -> None:
    """The missing columns are named."""
    path = tmp_path / "other.csv"
    path.write_text("id,text\n1,x\n")
    with pytest.raises(ImportFormatError, match="id_str, from_user, created_at"):
        read(path, "tags")


def test_a_stray_carriage_return_is_text(tmp_path: Path) -> None:
    """Before the closing quotation mark, on a line that has as many commas as a row."""
    assert [post.text for post in read_rows(tmp_path, {"text": "0\n\r"}).posts] == ["0\n\r"]


@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(
        st.text(
            st.characters(exclude_categories=["Cs"], exclude_characters="\0&"), min_size=1
        ).filter(str.strip),
        min_size=1,
        max_size=5,
    )
)
def test_texts_come_back_as_they_were(tmp_path: Path, texts: list[str]) -> None:
    """Whatever stands in a text, rows and texts survive."""
    page = read_rows(tmp_path, *({"text": text} for text in texts))
    assert [post.text for post in page.posts] == texts


def test_a_recorded_archive_is_in_whole() -> None:
    """No post is lost."""
    if not RECORDED.exists():
        pytest.skip("the recorded archive is not on this machine")
    page = read(RECORDED)
    with RECORDED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert page.rejects == ()
    assert page.warnings == ()
    assert [post.uri for post in page.posts] == [
        f"https://x.com/i/status/{row['id_str']}" for row in rows
    ]
