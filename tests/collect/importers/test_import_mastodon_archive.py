"""The archive of an account on Mastodon: its public posts, and not a word of the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collect.importers.containers import tar_gz_of, tar_of, zip_of
from hashwatch.collect.importers import ImportSettings, find_importer
from hashwatch.errors import ImportFormatError
from hashwatch.model import Page

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
ADA = "https://town.example/users/ada"
FOLLOWERS = f"{ADA}/followers"
SECRET = "zanzibarquux"
ACTOR = {
    "@context": "https://www.w3.org/ns/activitystreams", "id": ADA, "type": "Service",
    "preferredUsername": "ada", "name": "Ada Example", "summary": "<p>Reads <b>laws</b></p>",
    "url": "https://town.example/@ada", "discoverable": True, "indexable": False,
    "publicKey": {"publicKeyPem": "x"},
}  # fmt: skip


def create(number: int = 1, **note: Any) -> dict[str, Any]:
    """The activity of a public post, with these changes to it."""
    written = {
        "id": f"{ADA}/statuses/{number}", "type": "Note", "summary": None, "inReplyTo": None,
        "published": "2022-11-07T20:00:00Z", "url": f"https://town.example/@ada/{number}",
        "attributedTo": ADA, "to": [PUBLIC], "cc": [FOLLOWERS], "sensitive": False,
        "content": '<p>Hello <a href="https://town.example/tags/natsec17" class="mention hashtag"'
        ' rel="tag">#<span>NatSec17</span></a></p>',
        "contentMap": {"en": "<p>Hello</p>"}, "attachment": [],
        "tag": [{"type": "Hashtag", "href": "https://town.example/tags/natsec17",
                 "name": "#natsec17"}],
        "replies": {"id": "x", "type": "Collection"},
    } | note  # fmt: skip
    return {
        "id": f"{ADA}/statuses/{number}/activity", "type": "Create", "actor": ADA,
        "published": "2022-11-07T20:00:00Z", "to": written["to"], "cc": written["cc"],
        "object": written,
    }  # fmt: skip


def announce(number: int = 9, **changes: Any) -> dict[str, Any]:
    """The activity of a public boost."""
    return {
        "id": f"{ADA}/statuses/{number}/activity", "type": "Announce", "actor": ADA,
        "published": "2022-11-08T20:00:00Z", "to": [PUBLIC], "cc": [FOLLOWERS],
        "object": "https://lake.example/users/bo/statuses/5",
    } | changes  # fmt: skip


def outbox(*items: object) -> bytes:
    """An outbox as Mastodon writes it, in one line."""
    return json.dumps(
        {
            "@context": "https://www.w3.org/ns/activitystreams", "id": "outbox.json",
            "type": "OrderedCollection", "totalItems": len(items), "orderedItems": items,
        }
    ).encode()  # fmt: skip


def read(path: Path) -> Page:
    """Everything in the file, as one page."""
    pages = list(find_importer("auto", path).read(path, ImportSettings()))
    return Page(
        posts=tuple(post for page in pages for post in page.posts),
        rejects=tuple(reject for page in pages for reject in page.rejects),
        warnings=pages[-1].warnings,
        progress=pages[-1].progress,
    )


def read_items(folder: Path, *items: object) -> Page:
    """What is in an outbox with these items."""
    path = folder / "outbox.json"
    path.write_bytes(outbox(*items))
    return read(path)


def test_a_public_post_is_the_one_that_its_server_shows(tmp_path: Path) -> None:
    """Its URI is that of the live timelines, so that both are one row."""
    page = read_items(tmp_path, create())
    (post,) = page.posts
    assert (page.rejects, page.warnings) == ((), ())
    assert post.uri == f"{ADA}/statuses/1"
    assert (post.source, post.instance, post.kind) == ("mastodon", "import", "post")
    assert (post.author.uri, post.author.handle) == (ADA, "ada@town.example")
    assert post.text == "Hello #NatSec17"
    assert post.hashtags == ("NatSec17",)
    assert (post.language, post.created_at) == ("en", 1_667_851_200)
    assert post.url == "https://town.example/@ada/1"
    assert json.loads(post.raw)["object"]["id"] == post.uri


def test_all_that_a_note_says_is_kept(tmp_path: Path) -> None:
    """Answer, warning, edit, media, mentions, poll, counts."""
    (post,) = read_items(
        tmp_path,
        create(
            type="Question", inReplyTo="https://lake.example/users/bo/statuses/4",
            summary="Politics", sensitive=True, updated="2022-11-07T21:00:00Z",
            content='<p><span class="h-card"><a href="https://lake.example/@bo" class="u-url'
            ' mention">@<span>bo</span></a></span> <a href="https://a.example/x">a.example/x</a>',
            tag=[{"type": "Mention", "href": "https://lake.example/users/bo",
                  "name": "@bo@lake.example"}, {"type": "Emoji", "name": ":x:"}],
            attachment=[{"type": "Document", "mediaType": "image/png", "name": "A hall",
                         "url": "/media_attachments/files/1.png"}],
            oneOf=[{"type": "Note", "name": "Yes"}, {"type": "Note", "name": "No"}],
            contentMap={"en": "a", "de": "b"},
            likes={"type": "Collection", "totalItems": 3}, shares={"totalItems": 2},
        ),
    ).posts  # fmt: skip
    assert post.kind == "reply"
    assert post.reply_to == "https://lake.example/users/bo/statuses/4"
    assert (post.content_warning, post.sensitive) == ("Politics", True)
    assert post.edited_at == post.created_at + 3600
    assert post.text == "@bo@lake.example https://a.example/x"
    assert (post.mentions, post.links) == (("bo@lake.example",), ("https://a.example/x",))
    assert [(one.kind, one.url, one.alt) for one in post.media] == [("image", None, "A hall")]
    assert post.poll == ("Yes", "No")
    assert post.language is None
    assert (post.engagement.likes, post.engagement.boosts) == (3, 2)


def test_a_boost_names_its_original(tmp_path: Path) -> None:
    """Its object is a string."""
    (post,) = read_items(tmp_path, announce()).posts
    assert post.uri == f"{ADA}/statuses/9/activity"
    assert (post.kind, post.boost_of) == ("boost", "https://lake.example/users/bo/statuses/5")
    assert post.created_at == 1_667_937_600


PACKINGS: list[tuple[str, Callable[[dict[str, bytes]], bytes]]] = [
    ("archive.zip", zip_of),
    ("archive.tar.gz", tar_gz_of),
    ("archive.tar", tar_of),
]


@pytest.mark.parametrize(("name", "pack"), PACKINGS)
@pytest.mark.parametrize("folder", ["", "archive-2022/"])
def test_the_archive_is_read_as_it_was_downloaded(
    tmp_path: Path, name: str, pack: Callable[[dict[str, bytes]], bytes], folder: str
) -> None:
    """The account's own description comes from beside the outbox, whatever stands before it."""
    path = tmp_path / name
    path.write_bytes(
        pack(
            {
                f"{folder}media_attachments/files/1.png": b"\x89PNG" * 50_000,
                f"{folder}outbox.json": outbox(create(), announce()),
                f"{folder}actor.json": json.dumps(ACTOR).encode(),
            }
        )
    )
    page = read(path)
    assert [post.kind for post in page.posts] == ["post", "boost"]
    assert {post.author for post in page.posts} == {page.posts[0].author}
    author = page.posts[0].author
    assert (author.handle, author.name, author.bio) == (
        "ada@town.example", "Ada Example", "Reads laws",
    )  # fmt: skip
    assert (author.bot, author.discoverable, author.indexable) == (True, True, False)
    assert 0 < page.progress <= path.stat().st_size


def test_an_unpacked_outbox_finds_its_actor_beside_it(tmp_path: Path) -> None:
    """One of another account describes nobody here."""
    (tmp_path / "actor.json").write_text(json.dumps(ACTOR))
    assert read_items(tmp_path, create()).posts[0].author.name == "Ada Example"
    (tmp_path / "actor.json").write_text(json.dumps(ACTOR | {"id": "https://x.example/users/ada"}))
    assert read_items(tmp_path, create()).posts[0].author.name == ""
    (tmp_path / "actor.json").write_text("{")
    assert read_items(tmp_path, create()).posts[0].author.handle == "ada@town.example"


def test_two_outboxes_in_one_file_are_refused(tmp_path: Path) -> None:
    """Nobody can tell which one is meant."""
    path = tmp_path / "both.zip"
    path.write_bytes(zip_of({"a/outbox.json": outbox(create()), "b/outbox.json": outbox(create())}))
    with pytest.raises(ImportFormatError, match=r"outbox\.json twice \(a/outbox"):
        read(path)


@pytest.mark.parametrize("public", [PUBLIC, "as:Public", "Public"])
def test_unlisted_posts_are_public_too(tmp_path: Path, public: str) -> None:
    """They are addressed to followers, with a copy to everybody."""
    assert len(read_items(tmp_path, create(to=[FOLLOWERS], cc=[public])).posts) == 1
    assert len(read_items(tmp_path, create(to=public, cc=None)).posts) == 1


@pytest.mark.parametrize(
    "item",
    [
        create(to=[FOLLOWERS], cc=[], content=SECRET),
        create(to=["https://lake.example/users/bo"], cc=[], content=SECRET),
        create(to=[], cc=[], content=SECRET),
        create(to=None, cc=None, content=SECRET),
        create(to={"id": PUBLIC}, content=SECRET),
        create(to=[f"{PUBLIC}#{SECRET}"], cc=[]),
        # The wrapping says one thing, what is inside another.
        create(content=SECRET) | {"to": [FOLLOWERS], "cc": []},
        create(to=[FOLLOWERS], cc=[], content=SECRET) | {"to": [PUBLIC]},
        announce(to=[FOLLOWERS], cc=[], object=f"{ADA}/statuses/{SECRET}"),
        # Unreadable besides.
        create(to=[FOLLOWERS], cc=[], published=SECRET),
        {"type": "Create", "object": {"content": SECRET}},
        [SECRET],
    ],
)
def test_what_is_not_for_the_public_is_counted_and_nothing_else(
    tmp_path: Path, item: object
) -> None:
    """Not among the posts, nor among the refused, nor in the warning."""
    page = read_items(tmp_path, create(), item, create(2))
    assert len(page.posts) == 2
    assert "Hello" in repr(page)  # what is kept would be found
    assert page.rejects == ()
    (warning,) = page.warnings
    assert warning.startswith("1 post was not addressed to the public")
    assert SECRET not in repr(page)


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), cut=st.integers(0, 400))
def test_a_private_word_never_leaves_the_file(
    tmp_path: Path, data: st.DataObject, cut: int
) -> None:
    """Whoever it is for, whatever else is wrong with it, and wherever the file ends."""
    someone = st.sampled_from([FOLLOWERS, ADA, "https://lake.example/users/bo", "", "public", "#"])
    addressed = st.one_of(someone, st.lists(someone), st.none(), st.integers())
    junk = st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text()), st.booleans())
    spoilt = data.draw(st.dictionaries(st.sampled_from(["id", "published", "tag", "url"]), junk))
    private = create(7, content=SECRET, to=data.draw(addressed), cc=data.draw(addressed), **spoilt)
    whole = outbox(create(1), private, create(2))
    path = tmp_path / "outbox.json"
    path.write_bytes(whole[: len(whole) - cut] if cut else whole)
    page = read(path)
    assert SECRET not in repr(page)
    assert page.posts[0].uri == f"{ADA}/statuses/1"


def test_the_files_end_in_the_midst_of_a_private_post(tmp_path: Path) -> None:
    """Cut at every byte, before its addresses or behind: its words stay out."""
    private = create(7, content=SECRET, to=[FOLLOWERS], cc=[])
    whole = outbox(create(1), private)
    start = whole.index(SECRET.encode())
    path = tmp_path / "outbox.json"
    refused = 0
    for end in range(start + len(SECRET), len(whole)):
        path.write_bytes(whole[:end])
        page = read(path)
        assert len(page.posts) == 1
        assert not any(SECRET.encode() in reject.raw for reject in page.rejects)
        refused += len(page.rejects)
    assert refused > 100


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (create(published="soon"), "not an ISO time"),
        (create() | {"type": "Like"}, "type is 'Like'"),
        (create(type="Video"), "type is 'Video'"),
        (create(content=""), "text is empty"),
        (create(content=5), "not as ActivityPub has it"),
        (create(attributedTo="https://lake.example/users/bo"), "somebody else"),
        (announce(object=None), "what it boosts"),
        (announce(published=None), "not an ISO time"),
    ],
)
def test_a_public_item_that_is_no_post_is_refused(
    tmp_path: Path, item: dict[str, Any], reason: str
) -> None:
    """The others go in; it is public, so that its words may stand among the refused."""
    page = read_items(tmp_path, create(1), item, create(2))
    assert len(page.posts) == 2
    (reject,) = page.rejects
    assert reason in reject.reason
    assert reject.where == "line 1, item 2"
    assert json.loads(reject.raw) == item


def test_broken_text_is_mended(tmp_path: Path) -> None:
    """Half a surrogate pair, and bytes that are no UTF-8."""
    path = tmp_path / "outbox.json"
    whole = outbox(create(content="<p>aXb</p>"), create(2, content="<p>cYd</p>"))
    path.write_bytes(whole.replace(b"aXb", rb"a\ud83db").replace(b"cYd", b"c\xe9d"))
    assert [post.text for post in read(path).posts] == ["a\ufffdb", "c\u00e9d"]


def test_an_outbox_laid_out_over_lines_names_them(tmp_path: Path) -> None:
    """As some tools reformat it."""
    path = tmp_path / "outbox.json"
    path.write_text(json.dumps(json.loads(outbox(create(), create(content=""))), indent=1))
    (reject,) = read(path).rejects
    line = int(reject.where.split()[1].rstrip(","))
    assert path.read_text().splitlines()[line - 1].strip() == "{"


def test_an_empty_outbox_says_so(tmp_path: Path) -> None:
    """It is no success."""
    with pytest.raises(ImportFormatError, match="no list of activities"):
        read_items(tmp_path)
