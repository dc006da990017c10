"""JSON Lines and JSON arrays: mapped by their keys, nested ones too."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.collect.objects import split_array
from hashwatch.errors import ImportFormatError
from hashwatch.model import Media, Page, Reject

ROW = {"id": 9007199254740993, "created_at": "2017-03-31T10:30:00Z", "author": "ada", "text": "Hi"}


def read(path: Path, form: str = "auto", **stated: object) -> Page:
    """Everything in the file, as one page."""
    pages = list(find_importer(form, path).read(path, ImportSettings(**stated)))  # type: ignore[arg-type]
    return Page(
        posts=tuple(post for page in pages for post in page.posts),
        rejects=tuple(reject for page in pages for reject in page.rejects),
        progress=pages[-1].progress,
        warnings=pages[-1].warnings,
    )


def read_bytes(tmp_path: Path, data: bytes, **stated: object) -> Page:
    """What a JSON file with this content holds."""
    path = tmp_path / "posts.jsonl"
    path.write_bytes(data)
    return read(path, "jsonl", **stated)


def test_integer_ids_keep_every_digit_and_the_line_is_the_raw_payload(tmp_path: Path) -> None:
    """JSON numbers past 2^53 are not rounded."""
    line = json.dumps(ROW).encode()
    (post,) = read_bytes(tmp_path, line + b"\n").posts
    assert post.uri == "jsonl:post/9007199254740993"
    assert (post.source, post.instance, post.raw_format) == ("jsonl", "import", "row")
    assert post.raw == line


def test_nested_keys_and_lists_are_mapped(tmp_path: Path) -> None:
    """Objects are named with dots, by the file's own names or by the operator's mapping."""
    row = {
        "uri": "https://s.example/users/ada/1",
        "published": 1490956200000,
        "author": {"handle": "ada@s.example", "name": "Ada", "bot": False},
        "body": {"plain": "Hi #A"},
        "tags": [{"name": "A"}, {"name": "NatSec17"}],
        "urls": ["https://a.example/x", "ftp://b.example"],
        "public_metrics": {"like_count": 3, "retweet_count": 0},
        "media": [{"kind": "image", "url": "https://s.example/1.png", "alt": "a map"}],
        "poll": ["yes", "no"],
    }
    page = read_bytes(tmp_path, json.dumps(row).encode(), columns={"text": "body.plain"})
    (post,) = page.posts
    assert post.uri == "https://s.example/users/ada/1"
    assert post.created_at == 1_490_956_200
    assert (post.author.handle, post.author.name, post.author.bot) == (
        "ada@s.example",
        "Ada",
        False,
    )
    assert post.hashtags == ("A", "NatSec17")
    assert post.links == ("https://a.example/x",)
    assert (post.engagement.likes, post.engagement.boosts) == (3, 0)
    assert post.media == (Media("image", "https://s.example/1.png", "a map"),)
    assert post.poll == ("yes", "no")


def test_a_stated_key_is_not_replaced_by_another(tmp_path: Path) -> None:
    """An object without the key that the operator named has no such field."""
    rows = [{**ROW, "body": "right"}, {**ROW, "text": "wrong"}]
    page = read_bytes(
        tmp_path,
        b"\n".join(json.dumps(row).encode() for row in rows),
        columns={"text": "Body"},
    )
    assert [post.text for post in page.posts] == ["right"]
    assert page.rejects[0].reason == "its text is empty"


def test_objects_with_different_keys_share_a_file(tmp_path: Path) -> None:
    """What is null may be missing."""
    rows = [ROW, {**ROW, "id": 2, "likes": 4}, {"id": 3, "created_at": ROW["created_at"]}]
    page = read_bytes(tmp_path, b"\n".join(json.dumps(row).encode() for row in rows))
    assert [post.engagement.likes for post in page.posts] == [None, 4]
    assert page.rejects[0].where == "line 3"
    assert page.rejects[0].reason == "its text is empty"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b'{"id":1,"created_at":"2017-03-31T10:30:00Z","text":"half \\ud83d x"}', "half \ufffd x"),
        (b'{"id":1,"created_at":"2017-03-31T10:30:00Z","text":"caf\xe9"}', "café"),
        (b'{"id":1,"created_at":"2017-03-31T10:30:00Z","text":"\xed\xa0\xbd\xed\xb8\x80"}', "😀"),
        (b'{"id":1,"created_at":"2017-03-31T10:30:00Z","text":"tab\there"}', "tab\there"),
        (b'{"id":1,"created_at":"2017-03-31T10:30:00Z","text":"n\\u0000ul"}', "nul"),
        (b'{"id":1,"created_at":"2017-03-31T10:30:00Z","text":"x","likes":NaN}', "x"),
    ],
)
def test_nearly_json_is_mended(tmp_path: Path, line: bytes, text: str) -> None:
    """Lone surrogates, other encodings, control characters and NaN do not lose a post."""
    good = json.dumps({**ROW, "text": "gut é"}, ensure_ascii=False).encode()
    page = read_bytes(tmp_path, good + b"\n" + line + b"\n" + good)
    assert [post.text for post in page.posts] == ["gut é", text, "gut é"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": 1, "te', "cut off"),
        (b"[1]", "no JSON object"),
        (b'{"id":1.26426e+18,"created_at":"2017-03-31T10:30:00Z","text":"x"}', "spreadsheet"),
        (b'{"id":1,"created_at":"2017-03-31T10:30:00","text":"x"}', "--timezone"),
        (b"[" * 100_000, "cut off"),
    ],
)
def test_a_line_that_is_no_post_is_refused(tmp_path: Path, line: bytes, reason: str) -> None:
    """The reject names the line and keeps a bounded piece of it."""
    page = read_bytes(tmp_path, json.dumps(ROW).encode() + b"\n\n" + line)
    (reject,) = page.rejects
    assert reason in reject.reason
    assert reject.where == "line 3"
    assert line.startswith(reject.raw)
    assert len(reject.raw) <= 20_000


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_array_is_read_however_it_is_laid_out(
    tmp_path: Path, indent: int | None, encoding: str
) -> None:
    """A ``.json`` export is one array; a reject names the line and which item it is."""
    rows = [{**ROW, "id": i, "text": '] } \\" é 😀'} for i in range(3)]
    rows[1]["created_at"] = "no time"
    text = json.dumps(rows, indent=indent, ensure_ascii=False)
    page = read_bytes(tmp_path, text.encode(encoding))
    assert [post.text for post in page.posts] == ['] } \\" é 😀'] * 2
    assert page.rejects[0].where == ("line 8, item 2" if indent else "line 1, item 2")
    path = tmp_path / "posts.jsonl"
    path.write_bytes(text.encode(encoding)[:-20])
    assert "cut off" in read(path, "auto").rejects[-1].reason


@settings(deadline=None, max_examples=200)
@given(
    rows=st.lists(
        st.recursive(
            st.text() | st.integers() | st.booleans(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=6,
        ).map(lambda value: {"v": value}),
        max_size=5,
    ),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    indent=st.sampled_from([None, 1]),
)
@example(rows=[{"v": '"\\'}], cuts=[8, 9, 10, 11], indent=None)
def test_an_array_is_split_whatever_pieces_it_comes_in(
    rows: list[object], cuts: list[int], indent: int | None
) -> None:
    """Strings, escapes and nested brackets may be cut anywhere."""
    data = json.dumps(rows, indent=indent, ensure_ascii=False).encode("utf-8", "replace")
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[a:b] for a, b in pairwise(edges)]
    items = list(split_array(iter(pieces)))
    assert [json.loads(item.octets) for item in items] == json.loads(data)
    for item in items:
        assert data.split(b"\n")[item.line - 1].lstrip(b"[, ").startswith(b"{")


def test_utf16_lines_are_read(tmp_path: Path) -> None:
    """A shell's redirection may write UTF-16."""
    page = read_bytes(tmp_path, (json.dumps({**ROW, "text": "Grüße"}) + "\n").encode("utf-16"))
    assert page.posts[0].text == "Grüße"


@pytest.mark.parametrize("data", [b'{"a": 1}\n', b"[]", b"{}\n", b'{"text": "x"}\n', b"not json"])
def test_a_file_that_cannot_be_mapped_is_refused_as_a_whole(tmp_path: Path, data: bytes) -> None:
    """It says which keys there are, or that there are none."""
    with pytest.raises(ImportFormatError):
        read_bytes(tmp_path, data)


def test_a_mapped_key_that_no_object_has_is_named(tmp_path: Path) -> None:
    """The operator sees which keys exist."""
    with pytest.raises(ImportFormatError, match=r"'when'.*'created_at'"):
        read_bytes(tmp_path, json.dumps(ROW).encode(), columns={"time": "when"})


field = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "uri": st.uuids().map(lambda key: f"https://s.example/{key}"),
                "source": st.sampled_from(["mastodon", "bluesky", "x"]),
                "instance": st.just("s.example"),
                "created_at": st.integers(0, 4_000_000_000).map(
                    lambda moment: datetime.fromtimestamp(moment, UTC).isoformat()
                ),
                "author": st.from_regex(r"[a-z]{1,9}", fullmatch=True),
                "name": st.just("Ada"),
                "text": field.filter(str.strip),
                "kind": st.sampled_from(["post", "reply", "quote", "boost"]),
                "reply_to": st.none() | st.just("https://s.example/0"),
                "likes": st.none() | st.integers(0, 10**6),
            }
        ),
        min_size=1,
        max_size=5,
    )
)
def test_an_own_export_comes_back_as_it_was(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    """What the columns hold is what the posts hold."""
    page = read_bytes(tmp_path, b"\n".join(map(msgspec.json.encode, rows)))
    assert page.rejects == ()
    for row, post in zip(rows, page.posts, strict=True):
        for name in ("uri", "source", "instance", "text", "kind", "reply_to"):
            assert getattr(post, name) == row[name]
        assert (post.author.handle, post.engagement.likes) == (row["author"], row["likes"])


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=200), row=st.booleans())
def test_no_bytes_make_it_fail_otherwise_than_it_says(
    tmp_path: Path, data: bytes, row: bool
) -> None:
    """Any file gives pages or an ``ImportFormatError``."""
    try:
        page = read_bytes(tmp_path, (json.dumps(ROW).encode() + b"\n" if row else b"") + data)
    except ImportFormatError:
        return
    assert all(isinstance(reject, Reject) for reject in page.rejects)
