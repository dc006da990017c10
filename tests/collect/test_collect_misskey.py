"""The Misskey source: what it reads from notes, how it walks, and deletions."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fake_platform.mastodon import Fault
from fake_platform.misskey import FakeMisskey
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect, no_wait
from hashwatch.collect.http import Http
from hashwatch.collect.refreshing import refresh
from hashwatch.collect.source import (
    Place,
    PollingSource,
    Query,
    RefreshingSource,
    find_source,
)
from hashwatch.collect.sources.misskey import Misskey, Settings, asked_for, connect, parse_page
from hashwatch.collect.walk import Request
from hashwatch.errors import BadAnswerError, RateLimitedError, UnreachableError
from hashwatch.model import Author, Engagement, Media, Post, RunState

AT = 1_490_961_600
QUERY = Query(("natsec17",), (), AT - 3_600, AT + 86_400, AT + 600)


@pytest.fixture
def misskey() -> Iterator[FakeMisskey]:
    """The server."""
    with FakeMisskey() as server:
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


class Rounds:
    """Runs of the page loop, and of asking again."""

    def __init__(self, server: FakeMisskey, archive: Archive, source: Misskey) -> None:
        self.server, self.archive, self.source = server, archive, source
        self.now = AT + 600

    async def once(self) -> RunReport:
        """One run, as if just begun."""
        place = Place("misskey", self.server.instance, "natsec17")
        query = Query(("natsec17",), (), AT - 3_600, AT + 86_400, self.now)
        return await collect(self.source, place, self.archive, query, now=lambda: self.now)

    async def again(self) -> RunReport | None:
        """What is due of known posts."""
        return await refresh(
            self.source, self.server.instance, self.archive, AT - 3_600,
            now=lambda: self.now, turn=no_wait, requests=9,
        )  # fmt: skip


def going(server: FakeMisskey, archive: Archive, job: Callable[[Rounds], Awaitable[None]]) -> None:
    """Runs ``job`` with a source for ``server``."""

    async def run() -> None:
        http = Http(deadline=5)
        try:
            source = connect(Settings.model_validate({"servers": [server.url]}), http)
            await job(Rounds(server, archive, source))
        finally:
            await http.close()

    asyncio.run(run())


def post_of(**fields: Any) -> Post:
    """The post of a note with these fields."""
    number = FakeMisskey.note
    server = FakeMisskey()
    server._server.server_close()
    note = server.notes[number(server, "Hello #NatSec17", AT)]
    page = parse_page(json.dumps([note | fields]).encode(), "mi.example")
    assert not page.rejects, page.rejects
    return page.posts[0]


def test_it_is_found_by_name() -> None:
    """As every source is."""
    module = find_source("misskey")
    source = module.connect(module.Settings.model_validate({"servers": ["mi.example"]}), Http())
    assert isinstance(source, PollingSource)
    assert isinstance(source, RefreshingSource)
    assert source.places(QUERY) == (Place("misskey", "mi.example", "natsec17"),)


@pytest.mark.parametrize(
    "table",
    [{}, {"servers": []}, {"servers": "mi.example"}, {"servers": ["mi.example", "MI.example"]},
     {"servers": ["http://mi.example"]}, {"servers": ["mi.example/x"]}, {"nothing": 1}],
)  # fmt: skip
def test_wrong_settings_are_refused(table: dict[str, Any]) -> None:
    """With a reason."""
    with pytest.raises(ValidationError):
        Settings.model_validate(table)


def test_a_note_of_this_server_has_every_field() -> None:
    """Its address is made from its number; words, files, poll and counts are taken over."""
    post = post_of(
        text="See https://parliament.example/a @bo @cy@other.example #NatSec17 #Über",
        tags=["natsec17", "über", "hidden"], cw="long", repliesCount=1, renoteCount=2,
        reactionCount=3, updatedAt="2017-03-31T12:30:00.000Z", visibility="home",
        files=[{"type": "image/png", "url": "https://f.example/1", "comment": "A hall",
                "isSensitive": True},
               {"type": "application/pdf", "url": "https://f.example/2"}],
        poll={"choices": [{"text": "Yes", "votes": 1, "isVoted": False}], "multiple": False},
    )  # fmt: skip
    assert post.uri == post.url == f"https://mi.example/notes/{post.local_id}"
    assert post.author == Author(
        uri="https://mi.example/users/9u", handle="ana@mi.example", name="Ana",
        url="https://mi.example/@ana", bot=False,
    )  # fmt: skip
    assert post.hashtags == ("NatSec17", "Über", "hidden")
    assert post.mentions == ("bo@mi.example", "cy@other.example")
    assert post.links == ("https://parliament.example/a",)
    assert post.media == (
        Media("image", "https://f.example/1", "A hall"), Media("other", "https://f.example/2"),
    )  # fmt: skip
    assert (post.poll, post.content_warning, post.sensitive) == (("Yes",), "long", True)
    assert post.engagement == Engagement(boosts=2, likes=3, replies=1)
    assert (post.created_at, post.edited_at, post.kind) == (AT, AT + 1_800, "post")


def test_a_note_from_elsewhere_is_the_same_post_as_on_mastodon() -> None:
    """By the address on its own server, and so is its author."""
    uri = "https://social.example/users/ana/statuses/7"
    post = post_of(
        uri=uri, url="https://social.example/@ana/7",
        user={"id": "1", "username": "ana", "host": "social.example", "name": None},
    )  # fmt: skip
    assert (post.uri, post.url) == (uri, "https://social.example/@ana/7")
    assert post.author.uri == "https://social.example/users/ana"
    assert post.author.handle == "ana@social.example"


def test_replies_quotes_and_renotes() -> None:
    """A renote with words is a quote; a bare one a boost, followed by its original."""
    inner = post_of()
    note = json.loads(inner.raw)
    assert post_of(replyId="1", reply=note).reply_to == inner.uri
    quote = post_of(renoteId=note["id"], renote=note)
    assert (quote.kind, quote.quote_of) == ("quote", inner.uri)
    boost = post_of(renoteId=note["id"], renote=note, text=None, id="zz")
    assert (boost.kind, boost.boost_of, boost.text) == ("boost", inner.uri, inner.text)
    assert boost.uri == "https://mi.example/notes/zz/activity"
    page = parse_page(json.dumps([json.loads(boost.raw)]).encode(), "mi.example")
    assert [each.kind for each in page.posts] == ["boost", "post"]


@pytest.mark.parametrize("visibility", ["followers", "specified", "", None])
def test_private_notes_leave_nothing(visibility: str | None) -> None:
    """Not even in the rejects."""
    note = json.loads(post_of().raw) | {"visibility": visibility}
    page = parse_page(json.dumps([note]).encode(), "mi.example")
    assert not page.posts
    assert [reject.raw for reject in page.rejects] == [b""]


@given(
    st.dictionaries(
        st.sampled_from([
            "id", "createdAt", "text", "user", "visibility", "files", "poll", "tags", "renote",
            "reply", "uri", "reactions", "updatedAt",
        ]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
            max_leaves=4,
        ),
    )
)  # fmt: skip
def test_one_strange_note_does_not_spoil_the_page(changes: dict[str, Any]) -> None:
    """It becomes a post or a reject, and its neighbour a post."""
    note = json.loads(post_of().raw)
    payload = json.dumps([note | changes, note | {"id": "zz"}]).encode("utf-8", "surrogatepass")
    page = parse_page(payload, "mi.example")
    assert page.posts[-1].local_id == "zz"


@pytest.mark.parametrize("payload", [b"", b"{}", b"<html>", b"[", b'"x"', b"\xff"])
def test_what_is_no_list_is_refused(payload: bytes) -> None:
    """As a whole."""
    with pytest.raises(BadAnswerError):
        parse_page(payload, "mi.example")


def test_every_spelling_of_a_hashtag_is_asked_for() -> None:
    """Misskey does not fold accents."""
    query = Query(("uber", "other"), (), 0, 1, 0, written=("Über", "UBER", "Other"))
    body = asked_for("uber", query, Request("forward", "9x"))
    assert body == {"query": [["uber"], ["über"]], "limit": 100, "sinceId": "9x"}
    assert asked_for("uber", query, Request("backward", "9x"))["untilId"] == "9x"
    assert set(asked_for("uber", query, Request("newest"))) == {"query", "limit"}


def test_pages_are_walked_forward_and_back(misskey: FakeMisskey, archive: Archive) -> None:
    """Back to the window's start, then upwards; a note that came late is found in the overlap."""
    for number in range(250):
        misskey.note(f"{number} #NatSec17", AT - 3_000 + number)
    misskey.note("too old #NatSec17", AT - 90_000)
    misskey.note("another #other", AT)

    async def job(rounds: Rounds) -> None:
        assert (await rounds.once()).state is RunState.OK
        assert rows(archive, f"SELECT count(*) FROM posts WHERE created_at > {AT - 4_000}") == [250]
        for number in range(230):
            misskey.note(f"new {number} #natsec17", AT + 600 + number / 10)
        misskey.note("late #natsec17", AT + 590, id_at=AT + 100)
        rounds.now += 60
        report = await rounds.once()
        assert report.state is RunState.OK
        assert report.stored.new == 231
        asked = [body for body in misskey.bodies if "sinceId" in body]
        assert len(asked) >= 3
        before = len(misskey.bodies)
        rounds.now += 60
        assert (await rounds.once()).stored.new == 0
        assert len(misskey.bodies) > before

    going(misskey, archive, job)


def test_deleted_notes_go(misskey: FakeMisskey, archive: Archive) -> None:
    """Misskey has no call for several: each is asked for by itself, and its counts with it."""
    gone, stays = misskey.note("goes #natsec17", AT), misskey.note("stays #natsec17", AT + 1)
    address = f"https://{misskey.instance}/notes"

    async def job(rounds: Rounds) -> None:
        await rounds.once()
        assert rows(archive, "SELECT url FROM posts ORDER BY id") == [
            f"{address}/{gone}", f"{address}/{stays}",
        ]  # fmt: skip
        del misskey.notes[gone]
        misskey.notes[stays]["reactionCount"] = 5
        rounds.now += 600
        report = await rounds.again()
        assert report is not None
        assert (report.state, report.stored.deleted, report.stored.changed) == (RunState.OK, 1, 1)
        assert rows(archive, "SELECT text, likes FROM posts") == [("stays #natsec17", 5)]

    going(misskey, archive, job)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=429, headers={"Retry-After": "9"}), RateLimitedError),
        (Fault(status=503), UnreachableError),
        (Fault("cut", cut=5), BadAnswerError),
        (Fault(status=400, body=b'{"error": {"code": "INVALID_PARAM"}}'), BadAnswerError),
        (Fault(status=200, body=b"<html>"), BadAnswerError),
    ],
    ids=lambda value: getattr(value, "kind", "") + str(getattr(value, "status", "")),
)
def test_faults_lose_and_delete_nothing(
    misskey: FakeMisskey, archive: Archive, fault: Fault, error: type[Exception]
) -> None:
    """Neither while polling nor while asking again."""
    misskey.note("stays #natsec17", AT)

    async def job(rounds: Rounds) -> None:
        misskey.faults = [Fault(**vars(fault))]
        report = await rounds.once()
        assert isinstance(report.error, error)

    going(misskey, archive, job)

    async def later(rounds: Rounds) -> None:
        assert (await rounds.once()).state is RunState.OK
        rounds.now += 600
        misskey.faults = [Fault(**vars(fault))]
        report = await rounds.again()
        assert report is not None
        assert isinstance(report.error, error)
        assert misskey.fired[fault.kind] == 2
        assert rows(archive, "SELECT text FROM posts") == ["stays #natsec17"]

    going(misskey, archive, later)


def test_a_server_says_what_it_is(misskey: FakeMisskey, archive: Archive) -> None:
    """For `check --live`."""

    async def job(rounds: Rounds) -> None:
        said = await rounds.source.check(Place("misskey", misskey.instance, "natsec17"))
        assert said == f"{misskey.instance}: version 2025.11.0"

    going(misskey, archive, job)


def of_ana(server: FakeMisskey, archive: Archive, *steps: Callable[[], object]) -> list[RunReport]:
    """A run of the account's place after each step."""
    reports = []

    async def job(rounds: Rounds) -> None:
        place = Place("misskey", server.instance, "@ana@elsewhere.example")
        for number, step in enumerate(steps):
            step()
            now = AT + 600 * (number + 1)
            query = Query(("natsec17",), (), AT - 3_600, AT + 86_400, now)
            reports.append(
                await collect(rounds.source, place, archive, query, now=lambda now=now: now)
            )

    going(server, archive, job)
    return reports


def test_accounts_are_places_behind_the_hashtags() -> None:
    """On their own server if that is named, else on the first; a name alone nowhere."""
    source = connect(Settings.model_validate({"servers": ["a.example", "b.example"]}), Http())
    accounts = ("ana@b.example", "bo@c.example", "cpa_uk")
    assert source.places(Query(("x",), accounts, 0, 1, 1))[2:] == (
        Place("misskey", "b.example", "@ana@b.example"),
        Place("misskey", "a.example", "@bo@c.example"),
    )


def test_all_notes_of_an_account_arrive(misskey: FakeMisskey, archive: Archive) -> None:
    """With or without the hashtag, back to the window's start and forward; of others none."""

    def write() -> None:
        for number in range(230):
            misskey.note(f"{number}", AT + number, userId="u-ana")
        misskey.note("by somebody else", AT + 250)

    reports = of_ana(
        misskey, archive, write, lambda: misskey.note("later", AT + 900, userId="u-ana")
    )
    assert [report.state for report in reports] == [RunState.OK] * 2, reports
    assert rows(archive, "SELECT count(*) FROM posts") == [231]
    shown = [asked.path for asked in misskey.asked].count("/api/users/show")
    assert shown == 1
    assert misskey.bodies[0] == {"username": "ana", "host": "elsewhere.example"}
    body = next(body for body in misskey.bodies if "userId" in body)
    wishes = {"withReplies", "includeReplies", "withRenotes", "includeMyRenotes"}
    assert {name for name in body if body[name] is True} == wishes


def test_an_account_of_this_server_is_asked_for_by_its_name(
    misskey: FakeMisskey, archive: Archive
) -> None:
    """Without a host, which Misskey would take for another server."""

    async def job(rounds: Rounds) -> None:
        place = Place("misskey", misskey.instance, f"@ana@{misskey.instance}")
        await rounds.source.fetch(place, None, QUERY, True)

    going(misskey, archive, job)
    assert misskey.bodies[0] == {"username": "ana"}


@pytest.mark.parametrize(
    "fault",
    [None, Fault(status=500, body=json.dumps({"error": {
        "message": "Failed to resolve remote user.", "code": "FAILED_TO_RESOLVE_REMOTE_USER",
    }}).encode()), Fault(status=400, body=b'{"error": {"code": "NO_SUCH_USER"}}')],
)  # fmt: skip
def test_an_account_that_is_not_there_has_no_notes(
    misskey: FakeMisskey, archive: Archive, fault: Fault | None
) -> None:
    """Whatever the status; it is looked up again at the next run, since it may come."""
    misskey.note("hello", AT, userId="u-ana")

    def hide() -> None:
        misskey.faults = [fault] if fault else []
        misskey.no_users = set() if fault else {"ana"}

    (first, second) = of_ana(misskey, archive, hide, lambda: misskey.no_users.clear())
    assert (first.state, first.stored.new) == (RunState.OK, 0)
    assert second.stored.new == 1
    assert misskey.fired.total() == (fault is not None)


def test_a_refused_look_up_is_the_platforms_failure(misskey: FakeMisskey, archive: Archive) -> None:
    """It ends the run, and is said; an account that has gone is looked up again."""
    misskey.note("hello", AT, userId="u-ana")

    def break_it() -> None:
        misskey.faults = [Fault(body=b'["no account"]')]

    def gone() -> None:
        misskey.faults = [Fault(status=400, body=b'{"error": {"code": "NO_SUCH_USER"}}')]

    reports = of_ana(misskey, archive, break_it, lambda: None, gone, lambda: None)
    assert [report.state for report in reports] == [RunState.FAILED, *[RunState.OK] * 3]
    assert misskey.fired["answer"] == 2
    assert [asked.path for asked in misskey.asked].count("/api/users/show") == 3
    assert rows(archive, "SELECT count(*) FROM posts") == [1]
