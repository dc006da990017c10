"""The Bluesky source against a Jetstream server on loop-back that misbehaves to a plan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import msgspec
import pytest
from pydantic import ValidationError

from fake_platform.jetstream import (
    V2,
    FakeJetstream,
    Faults,
    as_second_version,
    delete_event,
    identity_event,
    post_event,
)
from hashwatch.collect.http import Answer, Http
from hashwatch.collect.source import Place, Query, StreamingSource, find_source
from hashwatch.collect.sources import bluesky
from hashwatch.collect.sources.bluesky import INSTANCE, OLDEST, OVERLAP, Bluesky, Settings, connect
from hashwatch.errors import (
    BadAnswerError,
    DeniedError,
    NotFoundError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Cursor, Page

NOON = 1_490_961_600
PLACE = Place("bluesky", INSTANCE)
QUERY = Query(("natsec17",), (), NOON - 600, NOON + 86_400, NOON)
SECOND = 10**6


class NoHttp:
    """Stands where nothing is to be asked; answers which account a handle belongs to."""

    def __init__(self, dids: dict[str, str] | None = None) -> None:
        self.dids = dids or {}
        self.asked: list[str] = []

    async def get(self, url: str, *, params: dict[str, str]) -> Answer:
        self.asked.append(params["handle"])
        if params["handle"] not in self.dids:
            raise NotFoundError(f"{url} knows no such handle")
        body = msgspec.json.encode({"did": self.dids[params["handle"]]})
        return Answer(200, {}, body, url)


def events(count: int, start: int = 0, every: int = 3) -> list[bytes]:
    """One event a second from noon on; every third has the hashtag."""
    return [
        post_event(
            number,
            f"post {number} #natsec17" if number % every == 0 else f"post {number}",
            time_us=(NOON + number) * SECOND,
        )
        for number in range(start, start + count)
    ]


def wanted(count: int, every: int = 3) -> set[str]:
    return {f"post {number} #natsec17" for number in range(0, count, every)}


def source(server: FakeJetstream, http: NoHttp | None = None, **settings: object) -> Bluesky:
    chosen = Settings.model_validate(
        {"endpoints": (server.url,), "allow_loopback": True, **settings}
    )
    return Bluesky(chosen, http or NoHttp(), silence=0.4)  # type: ignore[arg-type]


class Kept:
    """What an archive would hold after some pages."""

    def __init__(self) -> None:
        self.pages: list[Page] = []
        self.cursor: Cursor | None = None
        self.failures: list[SourceError] = []

    @property
    def texts(self) -> set[str]:
        return {post.text for page in self.pages for post in page.posts}

    @property
    def gaps(self) -> list[tuple[int, int | None]]:
        return [(gap.start, gap.end) for page in self.pages for gap in page.gaps]

    async def take(
        self, pages: AsyncIterator[Page], enough: Callable[[], bool] = lambda: False
    ) -> None:
        """Take pages until there are enough, or the stream fails."""
        try:
            async with aclosing(pages):  # type: ignore[type-var]
                async for page in pages:
                    self.pages.append(page)
                    self.cursor = page.cursor or self.cursor
                    if enough():
                        return
        except SourceError as error:
            self.failures.append(error)


def run(
    make: Callable[[], FakeJetstream],
    *,
    until: Callable[[Kept], bool] = lambda _: False,
    cursor: Cursor | None = None,
    streams: int = 1,
    query: Query = QUERY,
    http: NoHttp | None = None,
    **settings: object,
) -> tuple[Kept, FakeJetstream]:
    """Open the stream so many times, each where the last one ended."""

    async def everything() -> tuple[Kept, FakeJetstream]:
        kept = Kept()
        kept.cursor = cursor
        async with make() as server:
            bluesky_source = source(server, http, **settings)
            for _ in range(streams):
                await kept.take(
                    bluesky_source.stream(PLACE, kept.cursor, query), lambda: until(kept)
                )
                if until(kept):
                    break
        return kept, server

    return asyncio.run(everything())


def test_the_source_is_found_and_has_one_place() -> None:
    """``[sources.bluesky]`` finds it; one stream carries all, none if nothing is asked for."""
    module = find_source("bluesky")
    made = module.connect(module.Settings(), NoHttp())
    assert module.connect is connect
    assert isinstance(made, StreamingSource)
    assert made.places(QUERY) == (PLACE,)
    assert made.places(Query((), (), 0, 1, 0)) == ()


@pytest.mark.parametrize("version", [1, 2])
def test_wanted_posts_arrive(version: int) -> None:
    """Of what the server sends, the posts with the hashtag come, with a cursor after them."""
    kept, server = run(
        lambda: FakeJetstream([*events(30), delete_event(1, time_us=(NOON + 30) * SECOND)]),
        until=lambda kept: len(kept.texts) == 10,
        version=version,
    )
    assert kept.texts == wanted(30)
    assert kept.cursor is not None
    assert int(kept.cursor.forward or 0) >= (NOON + 27) * SECOND
    assert kept.pages[-1].reached == int(kept.cursor.forward or 0) // SECOND - OVERLAP
    path, query = server.asked[0]
    assert path == (V2 if version == 2 else "/subscribe")
    assert query["cursor"] == [str((NOON - 600) * SECOND)]
    assert "app.bsky.feed.post" in (query.get("wantedCollections") or query["collections"])


@pytest.mark.parametrize("version", [1, 2])
def test_a_connection_cut_in_a_frame_loses_nothing(version: int) -> None:
    """Cut in the middle of a frame again and again, every post is there in the end."""
    faults = Faults(drop_after=[0, 7, 12, 12, 7, None])
    kept, server = run(
        lambda: FakeJetstream(events(30), faults),
        until=lambda kept: kept.texts == wanted(30),
        streams=6,
        version=version,
    )
    assert server.fired["dropped"] == 5
    assert [type(failure) for failure in kept.failures] == [UnreachableError] * 5
    assert kept.texts == wanted(30)
    # The only hole is the time before the stream was first opened.
    assert kept.gaps == [(NOON - 600, NOON)]


def test_it_goes_on_a_little_before_its_cursor() -> None:
    """After a reconnect a few seconds are read again."""
    reached = (NOON + 20) * SECOND
    _, server = run(
        lambda: FakeJetstream(events(30)),
        until=lambda kept: bool(kept.texts),
        cursor=Cursor(forward=str(reached)),
    )
    assert server.asked[0][1]["cursor"] == [str(reached - OVERLAP * SECOND)]


@pytest.mark.parametrize("version", [1, 2])
def test_a_clamped_cursor_leaves_a_gap(version: int) -> None:
    """A server that no longer reaches back leaves a gap from what was surely read to its first
    event.
    """
    faults = Faults(clamp_to=(NOON + 100) * SECOND)
    kept, server = run(
        lambda: FakeJetstream(events(130), faults),
        until=lambda kept: bool(kept.texts),
        cursor=Cursor(forward=str((NOON + 10) * SECOND)),
        version=version,
    )
    assert server.fired["clamped"] == 1
    assert kept.gaps == [(NOON + 10 - OVERLAP, NOON + 100)]
    assert kept.pages[0].gaps[0].instance == INSTANCE
    assert bool(kept.pages[0].warnings) == (version == 2)


def test_a_cursor_clamped_within_what_is_read_twice_leaves_a_gap() -> None:
    """An event of that stretch may have been late the first time."""
    kept, server = run(
        lambda: FakeJetstream(events(30), Faults(clamp_to=(NOON + 18) * SECOND)),
        until=lambda kept: bool(kept.texts),
        cursor=Cursor(forward=str((NOON + 20) * SECOND)),
        version=2,
    )
    assert server.fired["clamped"] == 1
    assert kept.gaps == [(NOON + 20 - OVERLAP, NOON + 18)]


def test_a_refused_cursor_starts_from_the_oldest_with_a_gap() -> None:
    """Version 2 may refuse a cursor as too old; the stream then begins with the oldest event."""
    refusal = (400, b'{"error":"CursorTooOld","message":"floor is 9"}', {})
    kept, server = run(
        lambda: FakeJetstream(events(90, start=60), Faults(refuse=[refusal])),
        until=lambda kept: bool(kept.texts),
        cursor=Cursor(forward=str(NOON * SECOND)),
        version=2,
    )
    assert server.fired["refused with 400"] == 1
    assert server.asked[1][1]["cursor"] == [str(OLDEST)]
    assert kept.gaps == [(NOON - OVERLAP, NOON + 60)]


def test_no_gap_where_nothing_is_missing() -> None:
    """A resumed stream that begins near its cursor has no gap."""
    kept, _ = run(
        lambda: FakeJetstream(events(30)),
        until=lambda kept: bool(kept.texts),
        cursor=Cursor(forward=str((NOON + 3) * SECOND)),
    )
    assert kept.gaps == []


def test_the_first_start_looks_back_as_far_as_it_is_told() -> None:
    """The first start asks for some hours back, and names what lies before them as a gap."""
    query = msgspec.structs.replace(QUERY, since=NOON - 86_400)
    kept, server = run(
        lambda: FakeJetstream(events(3)),
        until=lambda kept: bool(kept.texts),
        query=query,
        look_back=2,
    )
    assert server.asked[0][1]["cursor"] == [str((NOON - 7200) * SECOND)]
    assert kept.gaps == [(NOON - 86_400, NOON)]


def test_duplicates_and_disorder_lose_nothing() -> None:
    """Events twice and out of order all come; the cursor is the newest."""
    faults = Faults(duplicate=True, reorder=9)
    kept, server = run(
        lambda: FakeJetstream(events(31), faults),
        until=lambda kept: kept.texts == wanted(31),
    )
    assert server.fired["duplicated"] == 31
    assert server.fired["reordered"] == 1
    assert kept.texts == wanted(31)
    assert kept.cursor == Cursor(forward=str((NOON + 30) * SECOND))


def test_a_stalled_server_is_given_up() -> None:
    """A connection that stays open but says nothing more is called dead; what came is kept."""
    kept, server = run(lambda: FakeJetstream(events(30), Faults(stall_after=[10])))
    assert server.fired["stalled"] == 1
    assert kept.texts == wanted(10)
    (failure,) = kept.failures
    assert isinstance(failure, UnreachableError)
    assert "has sent nothing" in str(failure)


def test_an_unreadable_frame_is_rejected_alone() -> None:
    """Something that is no event is kept as a reject, and the stream goes on."""
    kept, server = run(
        lambda: FakeJetstream(events(4), Faults(garbage=b"<html>nothing here</html>")),
        until=lambda kept: len(kept.texts) == 2,
    )
    assert server.fired["garbage"] == 1
    (reject,) = [reject for page in kept.pages for reject in page.rejects]
    assert reject.raw == b"<html>nothing here</html>"


def test_the_servers_own_error_ends_the_stream() -> None:
    """Version 2's error frame ends the stream with its words."""
    frame = b'{"$type":"error","error":"ConsumerTooSlow","message":"far behind"}'
    kept, _ = run(lambda: FakeJetstream(events(4), Faults(garbage=frame)), version=2)
    (failure,) = kept.failures
    assert isinstance(failure, UnreachableError)
    assert "ConsumerTooSlow far behind" in str(failure)


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (429, {"Retry-After": "7"}, RateLimitedError),
        (401, {}, DeniedError),
        (403, {}, DeniedError),
        (404, {}, NotFoundError),
        (400, {}, BadAnswerError),
        (500, {}, UnreachableError),
        (503, {}, UnreachableError),
        (302, {"Location": "ws://elsewhere.example/"}, UnreachableError),
        (302, {"Location": "http://127.0.0.1/"}, UnreachableError),
    ],
)
def test_refusals_become_errors(
    status: int, headers: dict[str, str], expected: type[SourceError]
) -> None:
    """Each status the server may refuse with is the error that the supervisor knows."""
    kept, server = run(lambda: FakeJetstream(faults=Faults(refuse=[(status, b"no", headers)])))
    assert server.fired[f"refused with {status}"] == 1
    (failure,) = kept.failures
    assert type(failure) is expected
    if isinstance(failure, RateLimitedError):
        assert failure.retry_after == 7


def test_the_next_endpoint_is_tried_after_a_failure() -> None:
    """Endpoints take turns; a cursor of one holds at the next."""

    async def everything() -> None:
        async with FakeJetstream(events(6)) as server:
            settings = Settings(endpoints=("ws://127.0.0.1:9", server.url), allow_loopback=True)
            made = Bluesky(settings, NoHttp())  # type: ignore[arg-type]
            kept = Kept()
            await kept.take(made.stream(PLACE, None, QUERY))
            assert isinstance(kept.failures[0], UnreachableError)
            await kept.take(made.stream(PLACE, None, QUERY), lambda: bool(kept.texts))
            assert kept.texts == wanted(6)

    asyncio.run(everything())


def test_this_machine_is_connected_to_by_opt_in_only() -> None:
    """A name that leads to loop-back is refused unless the settings allow it."""

    async def everything() -> None:
        kept = Kept()
        settings = Settings(endpoints=("wss://localhost:9",))
        made = Bluesky(settings, NoHttp())  # type: ignore[arg-type]
        await kept.take(made.stream(PLACE, None, QUERY))
        assert "not on the public internet" in str(kept.failures[0])

    asyncio.run(everything())


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoints": ["ws://jetstream.example"]},
        {"endpoints": ["ws://127.0.0.1:9"]},
        {"endpoints": ["ws://jetstream.example"], "allow_loopback": True},
        {"endpoints": ["https://jetstream.example"]},
        {"endpoints": ["wss://"]},
        {"endpoints": []},
        {"version": 3},
        {"look_back": 37},
        {"token": "x"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    """An unsafe endpoint, an unknown version, an unknown key: refused when they are read."""
    with pytest.raises(ValidationError):
        Settings.model_validate(wrong)


def test_posts_of_a_wanted_account_are_found() -> None:
    """The account behind a wanted handle is asked for; an unknown handle does no harm."""
    http = NoHttp({"cpa.sky.example": "did:plc:inventedcpa"})
    query = Query((), ("cpa.sky.example", "gone.sky.example", "cpa_uk"), NOON, NOON + 99, NOON)
    kept, _ = run(
        lambda: FakeJetstream(
            [
                post_event(1, "ours", time_us=NOON * SECOND, did="did:plc:inventedcpa"),
                post_event(2, "theirs", time_us=NOON * SECOND),
                post_event(3, "for @cpa_uk", time_us=NOON * SECOND),
            ]
        ),
        until=lambda kept: len(kept.texts) == 2,
        query=query,
        http=http,
    )
    assert kept.texts == {"ours", "for @cpa_uk"}
    assert http.asked == ["cpa.sky.example", "gone.sky.example"]
    assert {p.author.handle for page in kept.pages for p in page.posts} >= {"cpa.sky.example"}


def test_a_quiet_stream_still_moves_its_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is wanted, an empty page now and then carries the cursor on."""
    monkeypatch.setattr(bluesky, "BEAT", 0.01)
    kept, _ = run(
        lambda: FakeJetstream([post_event(n, "no", time_us=(NOON + n) * SECOND) for n in range(9)]),
        until=lambda kept: kept.cursor == Cursor(forward=str((NOON + 8) * SECOND)),
        query=msgspec.structs.replace(QUERY, since=NOON),
        version=2,
    )
    assert kept.texts == set()
    assert kept.cursor == Cursor(forward=str((NOON + 8) * SECOND))


def test_pages_are_bounded() -> None:
    """A burst comes in pages of at most 200 posts; deletions in pages of at most a thousand."""
    burst = events(700, every=1)
    gone = [delete_event(n, time_us=(NOON + 700 + n) * SECOND) for n in range(2500)]
    last = post_event(9, "the end #natsec17", time_us=(NOON + 9999) * SECOND)
    kept, _ = run(
        lambda: FakeJetstream([*burst, *gone, last]),
        until=lambda kept: "the end #natsec17" in kept.texts,
    )
    assert len(kept.texts) == 701
    assert sum(len(page.tombstones) for page in kept.pages) == 2500
    assert max(len(page.posts) for page in kept.pages) <= 200
    assert max(len(page.tombstones) for page in kept.pages) <= 1000


def test_the_cursor_never_leads_what_was_handed_on() -> None:
    """Cut after any page, the stream opened again at that page's cursor has all that follows."""
    everything = [
        *events(40), identity_event("ada.example", time_us=(NOON + 41) * SECOND), *events(9, 42),
    ]  # fmt: skip
    sent = [as_second_version(frame, n) for n, frame in enumerate(everything)]
    assert len(sent) == 50
    faults = Faults(drop_after=[3, 9, 9, 9, 9, 9])
    kept, server = run(
        lambda: FakeJetstream(everything, faults),
        until=lambda kept: "post 48 #natsec17" in kept.texts,
        streams=8,
    )
    assert server.fired["dropped"] == 6
    assert kept.texts == wanted(51)
    marks = [int(page.cursor.forward or 0) for page in kept.pages if page.cursor]
    assert marks == sorted(marks)


def test_the_real_http_client_fits() -> None:
    """The source takes the project's own HTTP client."""

    async def everything() -> None:
        http = Http()
        try:
            assert connect(Settings(), http).places(QUERY)
        finally:
            await http.close()

    asyncio.run(everything())
