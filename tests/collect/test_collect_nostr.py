"""The Nostr source: relays read to their bottom, events proven, deletions by their authors only."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, closing
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fake_platform.nostr import FakeRelay, Faults, Person, Signed
from hashwatch.archive.runs import PlaceKey
from hashwatch.archive.store import Archive
from hashwatch.bech32 import key_of, nevent, note, npub
from hashwatch.collect import RunReport
from hashwatch.collect.http import Http
from hashwatch.collect.source import Query, StreamingSource, find_source
from hashwatch.collect.sources.nostr import Nostr, Settings, connect, instance_of, parse_page
from hashwatch.collect.sources.nostr.events import find_verify
from hashwatch.collect.sources.nostr.wanted import Progress, Wanted
from hashwatch.collect.streaming import read_once
from hashwatch.errors import (
    ConfigError,
    DeniedError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Cursor, Media, Page, Post, Reject, RunState

AT = 1_490_961_600
SINCE = AT - 86_400
KEY = PlaceKey("nostr", "relay.example", "")
QUERY = Query(("natsec17",), (), SINCE, AT + 86_400, AT, ("NatSec17",))
DATA = Path(__file__).parents[1] / "data" / "sources" / "nostr"
ADA, BO, CY = Person("Ada"), Person("Bo"), Person("Cy")
VERIFY = find_verify()


def read(*events: Signed, query: Query = QUERY) -> Page:
    """What some events hold, as a relay sends them."""
    frames = [json.dumps(["EVENT", "notes-0", event]).encode() for event in events]
    return parse_page(frames, "relay.example", query, VERIFY)


def short(person: Person) -> str:
    """How somebody without a name is shown."""
    return f"{npub(person.key)[:10]}…{npub(person.key)[-5:]}"


def only(page: Page) -> Post:
    """The one post of a page."""
    (post,) = page.posts
    return post


def rows(archive: Archive, sql: str) -> list[Any]:
    """What another connection sees; single columns bare."""
    with closing(sqlite3.connect(archive.path)) as connection:
        found = connection.execute(sql).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


class Listener:
    """A collector's view of some relays, on a clock of the test's own."""

    def __init__(self, archive: Archive, *relays: FakeRelay, overlap: int = 60) -> None:
        self.archive, self.now = archive, float(AT)
        self.http = Http(deadline=5)
        settings = Settings(
            relays=tuple(relay.url for relay in relays),
            allow_loopback=True,
            overlap_minutes=overlap,
        )
        self.source = Nostr(settings, self.http, VERIFY, now=lambda: self.now, patience=0.5)

    async def round(self, query: Query = QUERY) -> list[RunReport]:
        """Reads every relay up to the present."""
        return [
            await read_once(
                self.source, place, self.archive, query,
                now=lambda: self.now, tell=lambda *_: None, seconds=10,
            )
            for place in self.source.places(query)
        ]  # fmt: skip


def listening(
    archive: Archive, job: Callable[[Listener], Awaitable[None]], *relays: FakeRelay
) -> None:
    """Runs ``job`` beside these relays."""

    async def run() -> None:
        for relay in relays:
            await relay.__aenter__()
        listener = Listener(archive, *relays)
        try:
            await job(listener)
        finally:
            await listener.http.close()
            for relay in relays:
                await relay.__aexit__(None, None, None)

    asyncio.run(run())


def test_a_note_carries_what_its_event_says() -> None:
    """Text, hashtags in the text and beside it, links, media, language, warning, reply, quote."""
    first = BO.note("The debate", AT - 60)
    event = ADA.note(
        f"Live: #NatSec17 https://paper.example/a nostr:{npub(CY.key)}", AT,
        ["t", "cyberparl"], ["t", "natsec17"], ["content-warning", "loud"],
        ["L", "ISO-639-1"], ["l", "en", "ISO-639-1"],
        ["e", first["id"], "", "reply", BO.key], ["p", BO.key], ["p", CY.key],
        ["q", first["id"], "", BO.key],
        ["imeta", "url https://media.example/a.jpg", "m image/jpeg", "alt The hall"],
    )  # fmt: skip
    post = only(read(event))
    assert post.uri == f"nostr:{nevent(event['id'], ADA.key)}"
    assert post.url == f"https://njump.me/{nevent(event['id'], ADA.key)}"
    assert (post.author.handle, post.author.uri) == (npub(ADA.key), f"nostr:{npub(ADA.key)}")
    assert (post.created_at, post.source, post.instance) == (AT, "nostr", "relay.example")
    assert post.hashtags == ("NatSec17", "cyberparl")
    assert (post.links, post.mentions) == (("https://paper.example/a",), (npub(CY.key),))
    assert post.media == (Media("image", "https://media.example/a.jpg", "The hall"),)
    assert (post.language, post.content_warning, post.sensitive) == ("en", "loud", True)
    assert (post.kind, post.reply_to) == ("reply", f"nostr:{nevent(first['id'], BO.key)}")
    assert post.quote_of == f"nostr:{nevent(first['id'], BO.key)}"
    assert json.loads(post.raw) == event


@pytest.mark.parametrize(
    ("tags", "answered"),
    [
        ([["e", "a" * 64], ["e", "b" * 64], ["p", BO.key]], nevent("b" * 64, BO.key)),
        ([["e", "a" * 64, "", "root"], ["p", BO.key]], nevent("a" * 64, BO.key)),
        ([["e", "a" * 64, "", "reply"], ["p", BO.key], ["p", CY.key]], note("a" * 64)),
        ([["e", "a" * 64, "", "mention"], ["p", BO.key]], None),
        ([["e", "not hexadecimal"]], None),
    ],
)
def test_what_is_answered_is_found_in_every_form(tags: list[list[str]], answered: str) -> None:
    """Marked, by place, and with an author that can only be guessed: then it is not guessed."""
    post = only(read(ADA.note("Yes #natsec17", AT, *tags)))
    assert post.reply_to == (answered and f"nostr:{answered}")
    assert post.kind == ("reply" if answered else "post")


def test_only_what_is_wanted_is_kept() -> None:
    """By hashtag in text or beside it, whatever its case and accents, by account and mention."""
    query = msgspec.structs.replace(QUERY, accounts=(npub(BO.key), "press@town.example"))
    notes = [
        ADA.sign(1, "a", AT, ["t", "NATSEC17"]), ADA.sign(1, "#Nätsec17", AT),
        BO.sign(1, "anything", AT), ADA.sign(1, f"hi nostr:{npub(BO.key)}", AT),
    ]  # fmt: skip
    others = [
        ADA.sign(1, "#natsec18", AT), ADA.sign(7, "+", AT, ["t", "natsec17"]),
        ADA.sign(1, "#natsec17", AT, ["expiration", str(AT + 60)]),
    ]  # fmt: skip
    page = read(*others, *notes, query=query)
    assert [json.loads(post.raw)["id"] for post in page.posts] == [each["id"] for each in notes]
    assert page.rejects == ()


def test_events_that_their_authors_did_not_write_are_refused() -> None:
    """Another text, another author, another signature, none: with a reason, and nothing stored."""
    good = ADA.note("I resign #natsec17", AT)
    others = BO.note("I resign #natsec17", AT)
    forged = [
        good | {"content": "I stay #natsec17"},
        good | {"pubkey": BO.key},
        others | {"pubkey": ADA.key, "id": good["id"]},
        good | {"sig": others["sig"]},
        good | {"sig": "zz"},
        good | {"created_at": AT + 1},
        good | {"pubkey": "f" * 64},
    ]
    page = read(*forged, good)
    assert [json.loads(post.raw)["id"] for post in page.posts] == [good["id"]]
    assert [reject.reason.partition(":")[0] for reject in page.rejects] == ["forged"] * len(forged)


@pytest.mark.parametrize(
    "text", ['"\\\n\t\b\f\r', "\x01 \\u0001 \\\\u0001", "é ﷽ 🏛️ \u2028", "\x7f"]
)
def test_every_character_survives_the_proof(text: str) -> None:
    """Escaped as most clients do, and verbatim as the specification says."""
    event = ADA.note(f"#natsec17 {text}", AT)
    assert only(read(event)).text == event["content"]
    verbatim = BO.sign(1, "#natsec17 \x01", AT)
    parts = f'[0,"{BO.key}",{AT},1,[],"#natsec17 \x01"]'
    digest = sha256(parts.encode())
    verbatim["id"] = digest.hexdigest()
    verbatim["sig"] = BO._secret.sign_schnorr(digest.digest(), bytes(32)).hex()
    assert only(read(verbatim)).text == "#natsec17 \x01"


def test_the_contract_data_is_read_as_it_says() -> None:
    """The messages of an invented relay, and what must come of them."""
    frames = (DATA / "messages.jsonl").read_bytes().splitlines()
    expected = json.loads((DATA / "expected.json").read_bytes())
    page = parse_page(frames, "relay.example", QUERY, VERIFY)
    assert [
        {"uri": post.uri, "text": post.text, "name": post.author.name, "hashtags": [*post.hashtags]}
        for post in page.posts
    ] == expected["posts"]
    assert [stone.uri for stone in page.tombstones] == expected["tombstones"]
    assert [reject.reason for reject in page.rejects] == expected["rejects"]


def test_relays_are_read_to_the_bottom_side_by_side(archive: Archive) -> None:
    """However little one gives at once; a post of two relays is one post; names are asked for."""
    notes = [ADA.note(f"Post {number} #natsec17", AT - 60 * number) for number in range(130)]
    early = BO.note("Too early #natsec17", SINCE - 60)
    small = FakeRelay([*notes, early, ADA.profile(AT - 9, display_name="Ada L.")], Faults(most=30))
    large = FakeRelay([*notes[:40], BO.note("Only here #natsec17", AT - 5)])

    async def job(listener: Listener) -> None:
        reports = await listener.round()
        assert [report.state for report in reports] == [RunState.OK] * 2, reports

    listening(archive, job, small, large)
    assert small.fired["clipped"] >= 4
    assert rows(archive, "SELECT count(*) FROM posts") == [131]
    assert rows(archive, "SELECT count(*) FROM gaps") == [0]
    assert set(rows(archive, "SELECT name FROM authors")) == {"Ada L.", short(BO)}
    assert set(small.closed) >= {"notes-0:1", "who-1"}


def test_more_in_one_second_than_a_relay_gives_is_a_gap(archive: Archive) -> None:
    """The rest is read all the same."""
    crowd = [ADA.note(f"Now! {number} #natsec17", AT - 500) for number in range(50)]
    relay = FakeRelay([*crowd, BO.note("Before #natsec17", AT - 900)], Faults(most=25))

    async def job(listener: Listener) -> None:
        await listener.round()

    listening(archive, job, relay)
    assert rows(archive, "SELECT count(*) FROM posts") == [26]
    assert rows(archive, "SELECT start, reason FROM gaps") == [
        (AT - 500, "the relay gives no more of one second")
    ]


def test_a_later_round_goes_on_where_the_last_one_was(archive: Archive) -> None:
    """With the overlap, in which late notes come; the cursor stays behind the clock."""
    relay = FakeRelay([ADA.note("First #natsec17", AT - 7_200)])

    async def job(listener: Listener) -> None:
        await listener.round()
        listener.now = AT + 600.0
        await relay.publish(BO.note("Late #natsec17", AT - 1_800), BO.note("New #natsec17", AT + 9))
        (report,) = await listener.round()
        assert report.stored.new == 2

    listening(archive, job, relay)
    asked = [each["since"] for name, each in relay.asked if name == "notes-0"]
    assert asked == [SINCE, AT - 60 - 3_600]
    deletions = [each["since"] for name, each in relay.asked if name == "deletions"]
    assert deletions == [AT - 3_600, AT - 60 - 3_600]


def test_what_is_asked_for_later_is_read_from_the_start(archive: Archive) -> None:
    """Another hashtag, an earlier window, and a hashtag that was not asked for in between."""
    relay = FakeRelay([
        ADA.note("First #natsec17", AT - 7_200), ADA.note("Other #cyberparl", AT - 7_100),
        BO.note("Early #natsec17", SINCE - 600), BO.note("While away #natsec17", AT + 7_200),
    ])  # fmt: skip
    both = msgspec.structs.replace(QUERY, hashtags=("natsec17", "cyberparl"))
    other = msgspec.structs.replace(QUERY, hashtags=("cyberparl",))
    earlier = msgspec.structs.replace(QUERY, since=SINCE - 3_600)
    relay.events, away = relay.events[:3], relay.events[3]
    texts = "SELECT text FROM posts ORDER BY id"

    async def job(listener: Listener) -> None:
        await listener.round()
        await listener.round(both)
        assert rows(archive, texts) == ["First #natsec17", "Other #cyberparl"]
        await listener.round(earlier)
        assert rows(archive, texts)[0] == "Early #natsec17"
        await relay.publish(away)
        for hours in (3, 30):
            listener.now = AT + hours * 3_600.0
            await listener.round(other)
        await listener.round(earlier)
        assert rows(archive, texts)[-1] == "While away #natsec17"

    listening(archive, job, relay)


@given(st.lists(st.tuples(st.sets(st.sampled_from("abc"), min_size=1), st.integers(1, 500)),
                max_size=8), st.integers(0, 40))  # fmt: skip
def test_no_time_of_a_hashtag_is_left_out(rounds: list[tuple[set[str], int]], start: int) -> None:
    """Whatever is asked for when: what is wanted has been read from the start until now."""
    progress, now, seen = Progress(), 100, {name: set[int]() for name in "abc"}
    for names, later in rounds:
        now += later
        wanted = Wanted(hashtags=frozenset(names))
        since = progress.since(wanted, start, 10)
        progress = progress.after(wanted, since, now)
        for name in names:
            seen[name] |= set(range(since, now))
            assert seen[name] >= set(range(start, now))


def test_what_is_new_comes_at_once_and_once(archive: Archive) -> None:
    """After the past, on the same connection; an event that is sent again is the same post."""
    relay = FakeRelay([ADA.note("First #natsec17", AT - 60)], Faults(twice=True))

    async def job(listener: Listener) -> None:
        place = listener.source.places(QUERY)[0]
        stream = cast(Any, listener.source.stream(place, None, QUERY))
        async with aclosing(stream) as pages:
            first = await anext(pages)
            assert len(first.posts) == 1
            while (page := first).cursor is None:
                first = await anext(pages)
            event = BO.note("New #natsec17", AT + 5)
            await relay.publish(event, event)
            while not (page := await anext(pages)).posts:
                pass
            assert [post.text for post in page.posts] == ["New #natsec17"]
            await relay.publish(event)
            while not (page := await anext(pages)).posts:
                pass
            archive.store(page, archive.begin_run(KEY, AT), KEY, AT)
            stored = archive.store(page, archive.begin_run(KEY, AT), KEY, AT)
            assert (stored.new, stored.changed) == (0, 0)

    listening(archive, job, relay)
    assert relay.fired["twice"] > 0


def test_a_deletion_counts_when_it_is_by_the_author(archive: Archive) -> None:
    """A stranger's leaves the post; one of other kinds does; the author's takes it, for ever."""
    mine, other, liked = (ADA.note(f"{word} #natsec17", AT - 60) for word in ("A", "B", "C"))
    relay = FakeRelay([mine, other, liked])

    relay.events += [BO.delete(other, AT + 5), ADA.delete(liked, AT + 6, ["k", "7"])]
    forged = ADA.delete(other, AT + 7) | {"sig": "0" * 128}
    relay.events += [forged]

    async def job(listener: Listener) -> None:
        await listener.round()
        assert len(rows(archive, "SELECT text FROM posts")) == 3
        listener.now = AT + 60.0
        await relay.publish(ADA.delete(mine, AT + 50, ["k", "1"]))
        (report,) = await listener.round()
        assert report.stored.deleted == 1
        listener.now = AT + 120.0
        await listener.round()  # the relay still has the note itself

    listening(archive, job, relay)
    assert sorted(rows(archive, "SELECT text FROM posts")) == ["B #natsec17", "C #natsec17"]
    assert rows(archive, "SELECT DISTINCT reason FROM rejects") == [
        "forged: the signature does not fit"
    ]


def failing(archive: Archive, relay: FakeRelay) -> RunReport:
    """One round that fails."""
    reports: list[RunReport] = []

    async def job(listener: Listener) -> None:
        reports.extend(await listener.round())

    listening(archive, job, relay)
    (report,) = reports
    return report


@pytest.mark.parametrize(
    ("faults", "kind", "words"),
    [
        (Faults(refuse=[403]), DeniedError, "403"),
        (Faults(refuse=[429]), RateLimitedError, "limits the rate"),
        (Faults(refuse=[503]), UnreachableError, "503"),
        (Faults(close={"notes": "auth-required: sign in"}), DeniedError, "sign in"),
        (Faults(close={"notes": "rate-limited: slow down"}), RateLimitedError, "slow down"),
        (Faults(close={"notes": "error: \x1b[31moh"}), UnreachableError, "error: [31moh"),
        (Faults(cut_after=[2]), UnreachableError, "broke off"),
        (Faults(no_end=("notes",)), UnreachableError, "has said nothing"),
    ],
)  # fmt: skip
def test_a_relay_that_fails_moves_nothing(
    archive: Archive, faults: Faults, kind: type[SourceError], words: str
) -> None:
    """Its posts so far stay, its cursor does not move, and the next round has all."""
    notes = [ADA.note(f"{number} #natsec17", AT - number) for number in range(5)]
    relay = FakeRelay(notes, faults)
    report = failing(archive, relay)
    assert isinstance(report.error, kind)
    assert words in report.reason
    assert relay.fired.total() >= 1
    assert rows(archive, "SELECT cursor FROM cursors") == []
    relay.faults = Faults()
    assert failing(archive, FakeRelay(notes)).state is RunState.OK
    assert rows(archive, "SELECT count(*) FROM posts") == [5]


def test_one_relay_that_fails_leaves_the_others_alone(archive: Archive) -> None:
    """Each is a place with runs of its own."""
    broken = FakeRelay(faults=Faults(refuse=[503]))
    sound = FakeRelay([ADA.note("Here #natsec17", AT - 1)])

    async def job(listener: Listener) -> None:
        first, second = await listener.round()
        assert (first.state, second.state) == (RunState.FAILED, RunState.OK)

    listening(archive, job, broken, sound)
    assert rows(archive, "SELECT text FROM posts") == ["Here #natsec17"]


def test_a_relay_that_tells_of_no_deletions_is_still_read(archive: Archive) -> None:
    """With a warning; a notice is one, too."""
    relay = FakeRelay(
        [ADA.note("Here #natsec17", AT - 1)],
        Faults(
            close={"deletions": "unsupported: too broad"}, greeting=b'["NOTICE","be \\u0007nice"]'
        ),
    )
    warnings: list[str] = []

    async def job(listener: Listener) -> None:
        (place,) = listener.source.places(QUERY)
        stream = cast(Any, listener.source.stream(place, None, QUERY))
        async with aclosing(stream) as pages:
            async for page in pages:
                warnings.extend(page.warnings)
                if page.cursor:
                    break

    listening(archive, job, relay)
    assert any("unsupported: too broad" in words for words in warnings)
    assert any(words.endswith("says: be nice") for words in warnings)


def test_a_relay_that_is_silent_on_deletions_is_still_read(archive: Archive) -> None:
    """It is not waited for for ever."""
    relay = FakeRelay([ADA.note("Here #natsec17", AT - 1)], Faults(no_end=("deletions",)))
    report = failing(archive, relay)
    assert relay.fired["no end"] == 1
    assert (report.state, report.stored.new) == (RunState.OK, 1)


def test_a_connection_that_is_cut_later_goes_on_where_it_was(archive: Archive) -> None:
    """What was written in between comes with the next one."""
    relay = FakeRelay([ADA.note("First #natsec17", AT - 60)])

    async def job(listener: Listener) -> None:
        (place,) = listener.source.places(QUERY)
        cursors: list[Cursor] = []

        async def listen() -> None:
            async with aclosing(cast(Any, listener.source.stream(place, None, QUERY))) as pages:
                async for page in pages:
                    cursors.extend([page.cursor] if page.cursor else [])
                    if cursors and not relay.fired["cut"]:
                        await relay.publish(BO.note("Last #natsec17", AT))
                        await relay.cut()

        with pytest.raises(UnreachableError, match="broke off"):
            await listen()
        relay.events.append(BO.note("Meanwhile #natsec17", AT + 5))
        texts: list[str] = []
        again = cast(Any, listener.source.stream(place, cursors[-1], QUERY))
        async with aclosing(again) as pages:
            async for page in pages:
                texts += [post.text for post in page.posts]
                if page.cursor:
                    break
        assert texts == ["Meanwhile #natsec17", "Last #natsec17", "First #natsec17"]

    listening(archive, job, relay)
    assert relay.fired["cut"] == 1


@pytest.mark.parametrize(
    "frame",
    [b"\xff", b"{}", b"[]", b'["HELLO"]', b'["EVENT","notes-0"]', b'["EVENT","notes-0",{"id":7}]',
     b"[" * 3_000, b"<html>"],
)  # fmt: skip
def test_nonsense_is_refused_and_the_rest_goes_on(archive: Archive, frame: bytes) -> None:
    """A message that is none costs nothing but itself."""
    relay = FakeRelay([ADA.note("Here #natsec17", AT - 1)], Faults(greeting=frame))
    if frame == b"\xff":
        relay.faults.greeting = b'"\\ud800"'
    report = failing(archive, relay)
    assert relay.fired["greeted"] == 1
    assert (report.state, report.stored.new) == (RunState.OK, 1)
    assert rows(archive, "SELECT count(*) FROM rejects") == [1]


def test_a_relay_that_ignores_its_filters_is_no_danger(archive: Archive) -> None:
    """What was not asked for is passed over, and the reading comes to its end."""
    notes = [ADA.note(f"{number} #natsec17", AT - 60 * number) for number in range(40)]
    others = [BO.note(f"{number} #elsewhere", AT - 60 * number) for number in range(40)]
    relay = FakeRelay([*notes, *others], Faults(ignores={"until", "since", "#t"}, most=30))
    report = failing(archive, relay)
    assert report.state is RunState.OK
    assert relay.fired["clipped"] > 0
    assert not any("elsewhere" in text for text in rows(archive, "SELECT text FROM posts"))
    assert len(relay.asked) < 12
    assert rows(archive, "SELECT DISTINCT reason FROM gaps") == ["the relay ignores until"]


def test_what_is_asked_for() -> None:
    """Hashtags in the forms that clients write, accounts that are keys, one filter a question."""
    accounts = (npub(BO.key), "npub1nonsense", "a@b")
    query = msgspec.structs.replace(QUERY, hashtags=("uber",), written=("Über",), accounts=accounts)
    relay = FakeRelay()

    async def go() -> None:
        async with relay:
            listener = Listener(cast(Any, None), relay)
            (place,) = listener.source.places(query)
            async with aclosing(cast(Any, listener.source.stream(place, None, query))) as pages:
                await anext(pages)
            assert await listener.source.check(place) == f"{relay.instance}: fake 1.0"
            nothing = msgspec.structs.replace(query, hashtags=(), accounts=("a@b",))
            assert listener.source.places(nothing) == ()
            await listener.http.close()

    asyncio.run(go())
    bounds = {"since": SINCE, "limit": 500}
    assert relay.asked == [
        ("notes-0", {"kinds": [1], "#t": ["uber", "über", "Über"], **bounds}),
        ("notes-1", {"kinds": [1], "authors": [BO.key], **bounds}),
        ("notes-2", {"kinds": [1], "#p": [BO.key], **bounds}),
        ("deletions", {"kinds": [5], **bounds, "since": AT - 3_600}),
    ]


@given(st.lists(st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5)
        | st.sampled_from(["EVENT", "EOSE", "CLOSED", "NOTICE", "notes-0", "deletions"]),
        lambda inner: st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["id", "pubkey", "kind", "tags", "content"]), inner),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
), max_size=6))  # fmt: skip
def test_any_message_is_read_or_refused(frames: list[bytes]) -> None:
    """Nothing else is raised."""
    try:
        page = parse_page(frames, "relay.example", QUERY, VERIFY)
    except SourceError:
        return
    assert page.posts == ()


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_keys_survive_being_shown(event: bytes, author: bytes) -> None:
    """There and back; a letter that was changed is noticed."""
    shown = npub(author.hex())
    assert key_of(shown) == author.hex()
    with pytest.raises(ValueError, match="checksum"):
        key_of(shown[:-1] + ("q" if shown[-1] != "q" else "p"))
    assert len({nevent(event.hex(), author.hex()), note(event.hex()), shown}) == 3


def test_keys_are_shown_as_the_specification_shows_them() -> None:
    """Its own examples."""
    key = "3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d"
    assert npub(key) == "npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6"
    profile = (
        "nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4"
        "mhxue69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p"
    )
    assert key_of(profile) == key
    for wrong in ("", "npub1", "note1" + npub(key)[5:], "npub1!", note(key), "npub"):
        with pytest.raises(ValueError, match=r"."):
            key_of(wrong)


def test_the_source_is_found_and_its_relays_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name; addresses that are none, a relay twice; and no coincurve."""
    assert find_source("nostr").connect is connect
    assert Settings(relays=("nos.lol",)).relays == ("wss://nos.lol",)
    assert instance_of("wss://Relay.example:444/inbox/") == "relay.example:444/inbox"
    for relays, words in (
        (["ws://nos.lol"], "wss://"), (["ws://127.0.0.1:7"], "wss://"), ([], "at least 1"),
        (["wss://a@nos.lol"], "wss://"), (["nos.lol", "wss://NOS.lol/"], "twice"),
    ):  # fmt: skip
        with pytest.raises(ValidationError, match=words):
            Settings.model_validate({"relays": relays})

    async def go() -> None:
        http = Http()
        assert isinstance(connect(Settings(relays=("nos.lol",)), http), StreamingSource)
        monkeypatch.setitem(sys.modules, "coincurve", None)
        with pytest.raises(ConfigError, match="coincurve"):
            connect(Settings(relays=("nos.lol",)), http)
        await http.close()

    asyncio.run(go())


def test_profiles_that_say_nonsense_name_nobody() -> None:
    """Each part by itself."""
    bad = ADA.sign(0, '{"name": 7, "display_name": "Ada", "bot": "yes", "about": "\\ud800"}', AT)
    worse = BO.sign(0, "[" * 2_000, AT)
    page = read(bad, worse, ADA.note("A #natsec17", AT), BO.note("B #natsec17", AT))
    assert [(post.author.name, post.author.bot) for post in page.posts] == [
        ("Ada", None),
        (short(BO), None),
    ]
    assert not any(isinstance(each, Reject) for each in page.rejects)
