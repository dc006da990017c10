"""The Lemmy source: what it reads of posts and comments, how it pages, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fake_platform.mastodon import FakeMastodon, Fault
from fake_platform.statuses import iso
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect
from hashwatch.collect.http import Http
from hashwatch.collect.source import PollingSource, Query, find_source
from hashwatch.collect.sources.lemmy import Settings, connect, parse_page
from hashwatch.errors import BadAnswerError, SourceError
from hashwatch.model import Author, Engagement, RunState

AT = 1_490_961_600
SINCE = AT - 86_400


class FakeLemmy(FakeMastodon):
    """Posts and comments, the newest first, by numbered pages of each."""

    def __init__(self) -> None:
        super().__init__()
        self.posts_of: list[Any] = []
        self.comments: list[Any] = []

    def write(self, title: str, at: int, **fields: Any) -> dict[str, Any]:
        """A post by an invented person."""
        view = self._view(title, at, fields)
        self.posts_of.append(view)
        return view

    def comment(self, text: str, at: int, **fields: Any) -> dict[str, Any]:
        """A comment on a post."""
        view = self._view("The debate", at, {})
        address = f"https://lemmy.example/comment/{len(self.comments)}"
        view["comment"] = {"ap_id": address, "content": text, "published": iso(at)} | fields
        view["counts"] = {"upvotes": 2, "child_count": 1}
        self.comments.append(view)
        return view

    def _view(self, title: str, at: int, fields: dict[str, Any]) -> dict[str, Any]:
        address = f"https://lemmy.example/post/{len(self.posts_of)}"
        return {
            "post": {"ap_id": address, "name": title, "published": iso(at)} | fields,
            "creator": {"name": "ana", "actor_id": "https://lemmy.example/u/ana",
                        "display_name": "Ana", "bot_account": False},
            "counts": {"upvotes": 5, "comments": 7},
        }  # fmt: skip

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:  # noqa: ARG002
        """As Lemmy does."""
        asked = self.asked[-1].parameters
        assert (path, asked["q"], asked["sort"]) == ("/api/v3/search", "natsec17", "New")
        limit = int(asked["limit"])
        start = (int(asked["page"]) - 1) * limit
        lists = {
            kind: sorted(
                items,
                key=lambda view: str((view.get("comment") or view["post"])["published"]),
                reverse=True,
            )[start : start + limit]
            for kind, items in (("posts", self.posts_of), ("comments", self.comments))
        }
        return 200, {"type_": "All", **lists, "communities": [], "users": []}


@pytest.fixture
def lemmy() -> Iterator[FakeLemmy]:
    """The server."""
    with FakeLemmy() as server:
        yield server


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


def rows(archive: Archive, sql: str) -> list[Any]:
    """What another connection sees; single columns bare."""
    with closing(sqlite3.connect(archive.path)) as connection:
        found = connection.execute(sql).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def run(
    server: FakeLemmy, archive: Archive, now: int = AT, cap: int = 50, since: int = SINCE
) -> RunReport:
    """A run of the page loop, by a collector that has just started."""

    async def go() -> RunReport:
        http = Http()
        source = connect(Settings.model_validate({"servers": [server.url]}), http)
        assert isinstance(source, PollingSource)
        query = Query(("natsec17",), (), since, AT + 86_400, now)
        (place,) = source.places(query)
        try:
            return await collect(source, place, archive, query, now=lambda: now, page_cap=cap)
        finally:
            await http.close()

    return asyncio.run(go())


def test_posts_and_comments_are_read(lemmy: FakeLemmy) -> None:
    """Title and words, author, counts, link, edit, and what a comment answers."""
    post = lemmy.write(
        "The debate", AT, body="Live at #NatSec17", url="https://paper.example/a",
        updated=iso(AT + 60),
    )  # fmt: skip
    comment = lemmy.comment("Agreed #NatSec17", AT + 5)
    page = parse_page(json.dumps({"posts": [post], "comments": [comment]}).encode(), "l.example")
    first, second = page.posts
    assert first.text == "The debate\n\nLive at #NatSec17"
    assert (first.uri, first.links) == (
        "https://lemmy.example/post/0",
        ("https://paper.example/a",),
    )
    assert (first.created_at, first.edited_at) == (AT, AT + 60)
    assert first.engagement == Engagement(likes=5, replies=7)
    assert first.author == Author(
        "https://lemmy.example/u/ana", "ana@lemmy.example", "Ana",
        url="https://lemmy.example/u/ana", bot=False,
    )  # fmt: skip
    assert (second.kind, second.text) == ("reply", "Agreed #NatSec17")
    assert second.reply_to == "https://lemmy.example/post/1"
    assert second.engagement == Engagement(likes=2, replies=1)
    old = lemmy.write("#natsec17", AT, published="2017-03-31T12:00:00.123456")
    (third,) = parse_page(json.dumps({"posts": [old], "comments": []}).encode(), "l").posts
    assert third.created_at == AT


def test_all_pages_are_read_and_only_what_carries_the_hashtag_is_kept(
    lemmy: FakeLemmy, archive: Archive
) -> None:
    """Both lists to the window's start; later only what is new, and the overlap."""
    for number in range(130):
        lemmy.write(f"Post {number} #natsec17", AT - 60 * number)
        lemmy.comment(f"Comment {number} #natsec17" if number % 2 else "natsec17", AT - 30 * number)
    lemmy.write("Too early #natsec17", SINCE - 86_400)
    report = run(lemmy, archive)
    assert report.state is RunState.OK
    assert rows(archive, "SELECT count(*) FROM posts WHERE text LIKE 'Post%'") == [130]
    assert rows(archive, "SELECT count(*) FROM posts WHERE text LIKE 'Comment%'") == [65]
    lemmy.write("New #natsec17", AT + 30)
    report = run(lemmy, archive, AT + 60)
    assert (report.state, report.stored.new) == (RunState.OK, 1)
    assert report.pages < 4
    lemmy.write("Before #natsec17", SINCE - 3_600)
    report = run(lemmy, archive, AT + 120, since=SINCE - 7_200)
    assert report.stored.new == 1, "the window begins earlier now"


def test_a_look_that_is_cut_off_goes_on_the_next_time(lemmy: FakeLemmy, archive: Archive) -> None:
    """What is left is a gap until then; posts that come meanwhile are not missed."""
    for number in range(330):
        lemmy.write(f"Post {number} #natsec17", AT - 60 * number)
    assert run(lemmy, archive, cap=3).state is RunState.PARTIAL
    unfilled = "SELECT start, reason FROM gaps WHERE filled_at IS NULL"
    assert rows(archive, unfilled) == [(SINCE, "poll cap")]
    for number in range(20):
        lemmy.write(f"Meanwhile {number} #natsec17", AT + number)
    assert run(lemmy, archive, AT + 60, cap=3).state is RunState.PARTIAL
    for minute in range(2, 5):
        report = run(lemmy, archive, AT + 60 * minute, cap=3)
    assert report.state is RunState.OK
    assert rows(archive, unfilled) == []
    assert rows(archive, "SELECT count(*) FROM posts") == [350]


def test_a_deleted_post_goes(lemmy: FakeLemmy, archive: Archive) -> None:
    """Once the search shows it as deleted by its author or removed by a moderator."""
    first = lemmy.write("First #natsec17", AT - 60)
    lemmy.write("Second #natsec17", AT - 50)
    run(lemmy, archive)
    first["post"]["deleted"] = True
    assert run(lemmy, archive, AT + 60).stored.deleted == 1
    assert rows(archive, "SELECT text FROM posts") == ["Second #natsec17"]


@pytest.mark.parametrize(
    "fault",
    [Fault("cut", cut=5), Fault(status=503), Fault(status=429, headers={"Retry-After": "30"}),
     Fault(body=b"<html>maintenance</html>")],
)  # fmt: skip
def test_a_failure_moves_nothing(lemmy: FakeLemmy, archive: Archive, fault: Fault) -> None:
    """The run fails, the next one has all."""
    lemmy.write("First #natsec17", AT - 60)
    lemmy.faults = [fault]
    assert run(lemmy, archive).state is RunState.FAILED
    assert lemmy.fired.total() == 1
    assert rows(archive, "SELECT cursor FROM cursors") == []
    assert run(lemmy, archive, AT + 60).stored.new == 1


def test_one_bad_item_is_rejected_and_the_others_stay(lemmy: FakeLemmy) -> None:
    """By its shape, its address, its time."""
    good = lemmy.write("a \0 #natsec17", AT)
    bad: list[Any] = [7, {}, good | {"post": good["post"] | {"published": "soon"}},
                      good | {"post": good["post"] | {"ap_id": "nowhere"}}]  # fmt: skip
    page = parse_page(json.dumps({"posts": [*bad, good], "comments": []}).encode(), "l.example")
    assert (len(page.posts), len(page.rejects)) == (1, 4)
    with pytest.raises(BadAnswerError):
        parse_page(b'{"error": "rate_limit_error"}', "l.example")


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["posts", "comments", "post", "creator", "ap_id", "name"]),
                      inner, max_size=4),
    max_leaves=12,
))  # fmt: skip
def test_any_answer_is_read_or_refused(value: Any) -> None:
    """Nothing else is raised."""
    for whole in (value, {"posts": [value], "comments": [value]}):
        try:
            parse_page(json.dumps(whole).encode(), "l.example")
        except SourceError:
            continue


def test_the_source_is_found_and_its_servers_are_checked() -> None:
    """By its name; one server twice is a mistake."""
    assert find_source("lemmy").connect is connect
    with pytest.raises(ValidationError, match="twice"):
        Settings.model_validate({"servers": ["lemmy.world", "lemmy.world"]})
    with pytest.raises(ValidationError):
        Settings.model_validate({"servers": []})
