"""What everybody may see, and that it is nothing more: wall, public page, panel, feed, export."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar
from xml.etree import ElementTree as ET

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.model import Author, Tombstone
from hashwatch.queries.public import WALL_LENGTH, wall_text
from hashwatch.serve.app import build_app
from hashwatch.serve.feed import ATOM, atom_feed
from hashwatch.serve.people import NAME, People
from publish.test_publish_dashboard import NOW
from publish.test_publish_moderation import LATE, Stage, post

T = TypeVar("T")
EVENT, PUBLIC = "/events/natsec17", "/public/natsec17"
SURFACES = (
    f"{EVENT}/wall", f"{EVENT}/wall.json", PUBLIC, f"{PUBLIC}.json", f"{PUBLIC}/embed",
    f"{PUBLIC}/feed.atom", f"{PUBLIC}/posts.csv", f"{PUBLIC}/posts.jsonl",
    f"{PUBLIC}?theme=Oversight", f"{PUBLIC}.json?session=s1", f"{PUBLIC}/feed.atom?session=s1",
)  # fmt: skip
STAFF = (
    EVENT, f"{EVENT}.json", f"{EVENT}?tab=questions", f"{EVENT}/posts", f"{EVENT}/posts.json",
    f"{EVENT}/posts.csv", f"{EVENT}/posts.jsonl", f"{EVENT}/sessions/s1", f"{EVENT}/themes.json",
    f"{EVENT}/questions", f"{EVENT}/voices", "/dashboard/posts",
    "/dashboard/posts.json?_shape=array",
    "/dashboard/posts.csv?_stream=1", "/dashboard/posts?_facet=text", "/dashboard/post_links",
    "/dashboard/authors.json", "/dashboard/posts_index.json", "/.json",
)  # fmt: skip


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """One post of every kind there is, each with a word of its own; the wall is pre-moderated."""
    made = Stage(tmp_path)
    shy = Author(
        uri="https://town.example/users/shy", handle="shyhandle@town.example", noindex=True
    )
    blocked = Author(uri="https://town.example/users/blk", handle="blk@town.example")
    words = {
        1: "zebrapproved", 2: "zebrapending", 3: "zebrarejected", 4: "zebrahidden",
        5: "zebradeleted", 6: "zebrashy", 7: "zebrablocked", 8: "zebraterm forbidden",
    }  # fmt: skip
    authors = {6: shy, 7: blocked}
    made.store(
        *(
            post(
                number, text=f"{word} about oversight https://{word.split()[0]}.example #NATSEC17",
                **({"author": authors[number]} if number in authors else {}),
            )
            for number, word in words.items()
        )
    )  # fmt: skip
    for number, verdict in (
        (1, "approve"),
        (3, "reject"),
        (4, "hide"),
        (5, "approve"),
        (6, "approve"),
    ):
        made.rule("post", made.id_of(post(number)), verdict)
    made.rule("author", made.author_of(post(7, author=blocked)), "hide")
    made.rule("term", "forbidden", "hide")
    made.store(tombstones=[Tombstone(uri=post(5).uri, reason="deleted", at=NOW)])
    made.publish()
    yield made
    made.archive.close()


def visit(
    stage: Stage, ask: Callable[[httpx.AsyncClient], Coroutine[Any, Any, T]], **options: Any
) -> T:
    """Runs ``ask`` against a server on the stage's files."""
    app = build_app(
        stage.dashboard_path, archive_path=stage.archive_path, wall=lambda: float(NOW), **options
    )

    async def run() -> T:
        transport = httpx.ASGITransport(app=app)
        base = "http://127.0.0.1:8001"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await ask(client)

    return asyncio.run(run())


def read(stage: Stage, paths: tuple[str, ...], **options: Any) -> dict[str, str]:
    """Each page's text."""

    async def ask(client: httpx.AsyncClient) -> dict[str, str]:
        found = {}
        for path in paths:
            answer = await client.get(path)
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:200])
            found[path] = answer.text
        return found

    return visit(stage, ask, **options)


def test_public_surfaces_hold_what_was_let_on_and_nothing_else(stage: Stage) -> None:
    """A unique word in each kind of post is looked for on every surface, and in the file itself."""
    for path, page in read(stage, SURFACES).items():
        assert "zebrapproved" in page or "session=" in path, path
        for word in ("pending", "rejected", "hidden", "deleted", "shy", "blocked", "term"):
            assert f"zebra{word}" not in page, (path, word)
        assert "shyhandle" not in page, path
    bytes_of_file = stage.dashboard_path.with_name("public.db").read_bytes()
    assert b"zebrapending" not in bytes_of_file
    assert b"zebrahidden" not in bytes_of_file


def test_what_is_hidden_is_on_no_page_of_the_staff_either(stage: Stage) -> None:
    """Pages, data, exports, tables, facets, the index; what merely waits is there."""
    for path, page in read(stage, STAFF).items():
        for word in ("hidden", "deleted", "blocked", "term"):
            assert f"zebra{word}" not in page, (path, word)
    pages = read(stage, (f"{EVENT}/posts", f"{EVENT}/posts?q=zebrahidden", "/dashboard/posts.json"))
    assert "zebrapending" in pages[f"{EVENT}/posts"]
    assert "zebrarejected" in pages[f"{EVENT}/posts"]
    assert "zebrahidden about" not in pages[f"{EVENT}/posts?q=zebrahidden"]


def test_public_surfaces_need_nobody_to_sign_in_and_tell_no_tone(stage: Stage) -> None:
    """Open where people sign in and bound to the network; staff's judgements are not in them."""
    People(stage.dashboard_path.with_name(NAME)).put("ana", "admin", "a long password", NOW)
    for path, page in read(stage, SURFACES, host="0.0.0.0").items():
        for word in ("sentiment", "polarity", "positive", "negative", EVENT + "/posts"):
            assert word not in page, (path, word)


def test_other_sites_may_show_the_panel_if_they_are_listed(stage: Stage) -> None:
    """The panel alone; every other page refuses to be framed."""

    async def ask(client: httpx.AsyncClient) -> dict[str, httpx.Headers]:
        return {path: (await client.get(path)).headers for path in SURFACES}

    listed = visit(stage, ask, embed_origins=["https://www.example.org", "https://a.example"])
    for path, headers in listed.items():
        policy = headers["content-security-policy"]
        if path.endswith("/embed"):
            assert policy.endswith("frame-ancestors https://www.example.org https://a.example")
            assert "x-frame-options" not in headers
        else:
            assert policy.endswith("frame-ancestors 'none'")
            assert headers["x-frame-options"] == "DENY"
    for headers in visit(stage, ask).values():
        assert headers["content-security-policy"].endswith("frame-ancestors 'none'")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        (f"{EVENT}/wall.json?scene=sports", 400, "is none of latest, top"),
        (f"{EVENT}/wall.json?pace=1", 400, "is no number of seconds from 5 to 120"),
        (f"{EVENT}/wall.json?pace=fast", 400, "is no number of seconds"),
        (f"{EVENT}/wall.json?size=9", 400, "no such parameter; there are scene, pace"),
        (f"{PUBLIC}.json?theme=None", 400, "there is no theme"),
        (f"{PUBLIC}.json?session=z9", 400, "there is no session"),
        (f"{PUBLIC}.json?before=x", 400, "is no number of a post"),
        ("/public/nope.json", 404, "There is no event"),
        ("/events/nope/wall.json", 404, "There is no event"),
    ],
)
def test_what_is_wrong_is_named(stage: Stage, path: str, status: int, words: str) -> None:
    """With what there is."""

    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        return await client.get(path)

    answer = visit(stage, ask)
    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_the_wall_knows_its_scenes_and_its_pace(stage: Stage) -> None:
    """From the address; pinned posts come first."""
    stage.event = LATE
    stage.rule("post", stage.id_of(post(2)), "approve")
    stage.rule("pin", stage.id_of(post(1)), "pin")
    stage.publish()
    page = json.loads(read(stage, (f"{EVENT}/wall.json?scene=latest,themes&pace=20",)).popitem()[1])
    assert (page["scenes"], page["pace"]) == (["latest", "themes"], 20)
    assert [one["text"].split()[0] for one in page["latest"]][:2] == [
        "zebrapproved",
        "zebrapending",
    ]
    assert page["themes"][0]["name"] == "Oversight"


def test_an_empty_wall_says_what_to_write(stage: Stage) -> None:
    """No post, no figure; the hashtag stands there."""
    stage.rule("surface", "wall", "stop")
    stage.publish()
    page = read(stage, (f"{EVENT}/wall",)).popitem()[1]
    assert "zebra" not in page
    assert "#NATSEC17" in page


def test_the_public_export_is_safe_and_gives_addresses_alone_of_posts_of_x(stage: Stage) -> None:
    """Formulas are neutralised; X's terms let nobody pass texts on."""
    formula = post(20, text="=HYPERLINK(1) #NATSEC17")
    tweet = post(21, text="a text of X #NATSEC17", source="twarc")
    stage.store(formula, tweet)
    for one in (formula, tweet):
        stage.rule("post", stage.id_of(one), "approve")
    stage.publish()
    pages = read(stage, (f"{PUBLIC}/posts.csv", f"{PUBLIC}/posts.jsonl"))
    rows = list(csv.DictReader(io.StringIO(pages[f"{PUBLIC}/posts.csv"], newline="")))
    assert [row["text"][:12] for row in rows] == ["zebrapproved", "'=HYPERLINK(", ""]
    last = json.loads(pages[f"{PUBLIC}/posts.jsonl"].splitlines()[-1])
    assert last["uri"] == tweet.uri
    assert {last[name] for name in ("text", "author", "author_name", "language")} == {None}


@given(st.text(max_size=60), st.text(max_size=30))
def test_a_feed_is_sound_whatever_people_write(text: str, name: str) -> None:
    """XML that parses, with the text in it as far as XML can hold it."""
    entry = {
        "id": 7, "url": "https://town.example/7", "created_at": "2017-03-31T09:00:00Z",
        "text": text, "content_warning": None, "themes": [{"name": name}],
        "author": {"name": name, "handle": "a", "url": None},
    }  # fmt: skip
    feed = atom_feed(
        {"title": name}, [entry], "https://watch.example", f"{PUBLIC}/feed.atom", "now"
    )
    root = ET.fromstring(feed)
    (found,) = root.findall(f"{{{ATOM}}}entry")
    assert found.findtext(f"{{{ATOM}}}id") == "https://town.example/7"
    kept = "".join(found.findtext(f"{{{ATOM}}}content") or "")
    assert kept.replace("\n", "").replace("\r", "") == "".join(
        letter
        for letter in text
        if letter == "\t"
        or (letter >= " " and letter not in "\ufffe\uffff" and not "\ud800" <= letter <= "\udfff")
    )


def test_the_wall_shows_addresses_by_their_host() -> None:
    """And long posts cut where they end."""
    assert (
        wall_text("see https://www.paper.example/a?b=1 now\n\nthere")
        == "see paper.example now there"
    )
    assert wall_text("x" * 400) == "x" * (WALL_LENGTH - 1) + "…"
    assert wall_text("https://[bad") == "…"


def test_public_pages_speak_the_event_s_language_unless_their_address_names_one(
    stage: Stage,
) -> None:
    """The address goes before the event's setting, that before the visitor's browser; no cookie."""
    stage.event = msgspec.structs.replace(stage.event, language="fr")
    stage.publish()

    async def ask(client: httpx.AsyncClient) -> None:
        for path in (PUBLIC, f"{PUBLIC}/embed", f"{EVENT}/wall"):
            own = await client.get(path, headers={"cookie": "hashwatch_lang=en"})
            named = await client.get(f"{path}?lang=en", headers={"accept-language": "fr"})
            assert '<html lang="fr" dir="ltr"' in own.text, path
            assert '<html lang="en" dir="ltr"' in named.text, path
            assert own.headers["etag"] != named.headers["etag"]
            assert "set-cookie" not in named.headers
        other = (await client.get("/public/other", headers={"accept-language": "fr"})).text
        assert '<html lang="fr"' in other
        assert (await client.get(f"{PUBLIC}?lang=xx")).status_code == 400

    visit(stage, ask)
