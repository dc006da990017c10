"""The Mastodon source: what it reads from answers, and how it bears a server that misbehaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fake_platform.mastodon import FakeMastodon, Fault
from fake_platform.statuses import iso, status
from hashwatch.collect.http import Http
from hashwatch.collect.source import Place, PollingSource, Query, find_source
from hashwatch.collect.sources.mastodon import Mastodon, Settings, connect, parse_page
from hashwatch.errors import (
    BadAnswerError,
    ConfigError,
    DeniedError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Author, Cursor, Engagement, Media, Page, Post

RECORDED = Path(__file__).parents[2] / ".." / "shared" / "recorded" / "mastodon"
AT = 1_490_961_600
QUERY = Query(("natsec17",), (), AT - 3_600, AT + 86_400, AT + 600)
CANARY = "canary-77d0-do-not-tell"


def page_of(*statuses: dict[str, Any], instance: str = "social.example") -> Page:
    return parse_page(json.dumps(statuses).encode(), instance)


def post_of(**fields: Any) -> Post:
    page = page_of(status("1", "Hello", AT, ("NatSec17",)) | fields)
    assert not page.rejects
    return page.posts[0]


# --- what is read from a status


def test_post_has_every_field() -> None:
    """A status with everything in it becomes a post with everything in it."""
    sent = status("7", "Hello <all>", AT, ("NatSec17",)) | {
        "spoiler_text": "long",
        "sensitive": True,
        "edited_at": iso(AT + 60),
        "replies_count": 1,
        "reblogs_count": 2,
        "favourites_count": 3,
        "quotes_count": 4,
        "mentions": [
            {"id": "9", "username": "bo", "acct": "bo", "url": "https://social.example/@bo"},
            {"id": "8", "acct": "cy@other.example", "url": "https://other.example/@cy"},
        ],
        "tags": [{"name": "natsec17"}, {"name": "hidden"}],
        "media_attachments": [
            {"type": "image", "url": "https://files.example/1.png", "description": "A hall"},
            {"type": "gifv", "url": None, "remote_url": "https://far.example/2.mp4"},
            {"type": "unknown", "url": None},
        ],
        "poll": {"id": "3", "options": [{"title": "Yes"}, {"title": "No", "votes_count": 2}]},
    }
    raw = json.dumps(sent).encode()
    assert parse_page(b"[" + raw + b"]", "social.example").posts == (
        Post(
            uri="https://social.example/users/ana/statuses/7",
            source="mastodon",
            instance="social.example",
            author=Author(
                uri="https://social.example/users/ana",
                handle="ana@social.example",
                name="Ana",
                url="https://social.example/@ana",
                bot=False,
                followers=12,
                noindex=False,
                indexable=False,
                discoverable=True,
                bio="Ana is invented.",
            ),
            created_at=AT,
            text="Hello <all> #NatSec17",
            raw=raw,
            raw_format="mastodon",
            url="https://social.example/@ana/7",
            language="en",
            hashtags=("NatSec17", "hidden"),
            mentions=("bo@social.example", "cy@other.example"),
            media=(
                Media("image", "https://files.example/1.png", "A hall"),
                Media("gif", "https://far.example/2.mp4"),
                Media("other"),
            ),
            poll=("Yes", "No"),
            content_warning="long",
            sensitive=True,
            edited_at=AT + 60,
            engagement=Engagement(boosts=2, likes=3, replies=1, quotes=4),
            local_id="7",
        ),
    )


def test_boost_comes_with_its_original() -> None:
    """A boost carries its original's text and is followed by the original itself."""
    original = status("5", "Said first", AT, ("NatSec17",), "bo")
    sent = status("6", "", AT + 9) | {"reblog": original, "uri": "https://social.example/boost/6"}
    boost, first = page_of(sent).posts
    assert (boost.kind, boost.boost_of, boost.text) == ("boost", first.uri, "Said first #NatSec17")
    assert (boost.uri, boost.created_at) == ("https://social.example/boost/6", AT + 9)
    assert boost.author.handle == "ana@social.example"
    assert boost.engagement == Engagement()
    assert (first.kind, first.author.handle) == ("post", "bo@social.example")
    assert json.loads(first.raw) == original
    assert json.loads(boost.raw) == sent


@pytest.mark.parametrize(
    ("quote", "kind", "quote_of"),
    [
        ({"state": "accepted", "quoted_status": {"uri": "https://q.example/1"}}, "quote", 1),
        ({"state": "accepted", "quoted_status_id": "4"}, "quote", None),
        ({"state": "pending", "quoted_status": None}, "quote", None),
        ({"state": "revoked", "quoted_status": None}, "post", None),
        ({"uri": "https://q.example/1", "content": "…"}, "quote", 1),
        (None, "post", None),
    ],
)
def test_quote(quote: Any, kind: str, quote_of: int | None) -> None:
    """A quote names what it quotes where the server tells it, and its stand-in line is left out."""
    content = '<p>So<span class="quote-inline"><br>RE: …</span></p>'
    post = post_of(quote=quote, content=content)
    assert post.kind == kind
    assert post.quote_of == ("https://q.example/1" if quote_of else None)
    assert post.text == ("So" if kind == "quote" else "So\nRE: …")


def test_reply_finds_its_parent() -> None:
    """A reply names its parent when that is on the same page or the author's own at home."""
    parent = status("3", "Question", AT, (), "bo")
    other = status("4", "Answer", AT) | {"in_reply_to_id": "3", "in_reply_to_account_id": "9"}
    own = status("8", "More", AT) | {
        "in_reply_to_id": "7",
        "in_reply_to_account_id": other["account"]["id"],
    }
    away = own | {"id": "9", "uri": "https://far.example/users/ana/statuses/77"}
    posts = page_of(away, own, other, parent).posts
    assert [post.kind for post in posts] == ["reply", "reply", "reply", "post"]
    assert [post.reply_to for post in posts] == [
        None,
        "https://social.example/users/ana/statuses/7",
        "https://social.example/users/bo/statuses/3",
        None,
    ]


def test_author_of_older_servers() -> None:
    """Where the actor's address is not given it is that with which the status' own begins."""
    account = status("1", "", AT)["account"] | {"uri": None, "acct": "ana"}
    author = post_of(account=account).author
    assert author.uri == "https://social.example/users/ana"
    assert author.handle == "ana@social.example"
    pleroma = post_of(account=account, uri="https://p.example/objects/0a").author
    assert pleroma.uri == "https://social.example/@ana"


@pytest.mark.parametrize(
    "created_at", ["2017-03-31T12:00:00Z", "2017-03-31T14:00:00.999+02:00", "2017-03-31T12:00:00"]
)
def test_times(created_at: str) -> None:
    """Times are UTC seconds, whatever their offset or fraction."""
    assert post_of(created_at=created_at).created_at == AT


def test_private_status_is_not_kept() -> None:
    """A status that was not for everyone is refused and nothing of it is kept."""
    for sent in (
        {"visibility": "private"},
        {"visibility": "direct"},
        {"reblog": status("2", "secret", AT) | {"visibility": "private"}},
    ):
        page = page_of(status("1", "secret", AT) | sent)
        assert not page.posts
        assert page.rejects[0].raw == b""
        assert page_of(status("1", "x", AT) | {"visibility": "unlisted"}).posts


# --- bad input


@pytest.mark.parametrize(
    "broken",
    [
        {"uri": None},
        {"uri": ""},
        {"uri": 5},
        {"account": None},
        {"account": {}},
        {"created_at": "yesterday"},
        {"created_at": 5},
        {"content": None},
        {"content": ["x"]},
        {"replies_count": "many"},
        {"media_attachments": {}},
        {"reblog": {"id": "1"}},
    ],
)
def test_one_bad_status_is_refused_alone(broken: dict[str, Any]) -> None:
    """A missing or retyped field costs that status only; it is kept as it came."""
    bad = status("2", "bad", AT) | broken
    page = page_of(status("3", "good", AT), bad, status("1", "good", AT))
    assert [post.text for post in page.posts] == ["good", "good"]
    assert len(page.rejects) == 1
    assert json.loads(page.rejects[0].raw) == bad
    assert page.rejects[0].where == "social.example 2"
    assert page.rejects[0].reason


def test_items_that_are_no_statuses() -> None:
    """Anything at all in the list is refused by itself."""
    page = parse_page(b'[1, null, "x", [], {}, {"id": 5}]', "social.example")
    assert len(page.rejects) == 6
    assert not page.posts


def test_page_cut_at_every_byte() -> None:
    """A page that was cut anywhere is a bad answer, never half a page."""
    payload = json.dumps([status("2", "a", AT), status("1", "b", AT)]).encode()
    for length in range(len(payload)):
        with pytest.raises(BadAnswerError) as caught:
            parse_page(payload[:length], "social.example")
        assert len(caught.value.excerpt) <= 500


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"null", b'{"error":"x"}', b"<!doctype html><p>", b"\xff\xfe", b"[,]"]
)
def test_no_list(payload: bytes) -> None:
    """An answer that is no list is a bad answer and quoted."""
    with pytest.raises(BadAnswerError, match=r"social\.example") as caught:
        parse_page(payload, "social.example")
    assert caught.value.excerpt == payload


@pytest.mark.parametrize(
    ("escaped", "text"),
    [
        (rb"a\u0000b", "ab"),
        (rb"a\ud800b", "a�b"),
        (rb"a\udc00b\ud800", "a�b�"),
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"\\ud800", r"\ud800"),
        (b"a\xffb", "a�b"),
        (b"\xed\xa0\x80", "���"),
        ("\u202eabc\u0300\u0301".encode(), "\u202eabc\u0300\u0301"),
    ],
)
def test_hostile_characters(escaped: bytes, text: str) -> None:
    """NUL, half surrogates and broken UTF-8 become safe text; the raw post stays as it came."""
    good = json.dumps(status("1", "good", AT)).encode()
    bad = json.dumps(status("2", "X-X", AT)).encode().replace(b"X-X", escaped)
    page = parse_page(b"[" + good + b", " + bad + b"," + good + b"]", "social.example")
    assert [post.text for post in page.posts] == ["good", text, "good"]
    assert [post.raw for post in page.posts] == [good, bad, good]
    assert page.posts[1].text.encode()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(st.data())
def test_any_field_may_be_anything(data: st.DataObject) -> None:
    """Whatever stands in any field, the page goes on and every status is a post or a reject."""
    sent = status("2", "odd", AT, ("NatSec17",))
    sent["account"] = dict(sent["account"])
    for _ in range(data.draw(st.integers(1, 3))):
        target = data.draw(st.sampled_from([sent, sent["account"]]))
        if isinstance(target, dict) and target:
            name = data.draw(st.sampled_from(sorted(target)))
            if name == "account":
                continue
            if data.draw(st.booleans()):
                target[name] = data.draw(JSON)
            else:
                del target[name]
    page = page_of(status("3", "good", AT), sent, status("1", "good", AT))
    assert sum(post.text == "good" for post in page.posts) == 2
    assert len(page.rejects) + len(page.posts) >= 3


@given(st.binary(max_size=200))
def test_any_bytes(payload: bytes) -> None:
    """Any bytes give a page or a bad answer."""
    with suppress(BadAnswerError):
        parse_page(payload, "social.example")


# --- recorded answers


def recorded(pattern: str) -> Iterator[tuple[str, str, bytes]]:
    """File, address and body of every recorded answer."""
    yaml = pytest.importorskip("yaml", reason="PyYAML reads the recordings")
    files = sorted(RECORDED.glob(pattern))
    if not files:
        pytest.skip("the recorded answers are not here")
    for file in files:
        cassette = yaml.load(file.read_text("utf-8"), yaml.CSafeLoader)
        for exchange in cassette.get("http_interactions") or cassette["interactions"]:
            body = exchange["response"]["body"]["string"]
            yield file.name, exchange["request"]["uri"], body.encode()


def host(address: str) -> str:
    return address.split("/")[2]


def test_every_recorded_status_is_read() -> None:
    """No recorded status is lost, whichever request brought it."""
    count = 0
    for file, address, body in recorded("*.y*ml"):
        try:
            answer = json.loads(body)
        except ValueError:
            assert file == "test_stream_user_local.yaml", "only the streamed one is no JSON"
            continue
        found = answer if isinstance(answer, list) else [answer]
        statuses = [each for each in found if "uri" in each and "content" in each]
        page = parse_page(json.dumps(statuses).encode(), host(address))
        assert not page.rejects, file
        assert [post.uri for post in page.posts] == [each["uri"] for each in statuses]
        for post, sent in zip(page.posts, statuses, strict=True):
            assert post.text or post.media or "<p></p>" in sent["content"] or not sent["content"]
            assert "<" not in post.text or "&lt;" in sent["content"]
            assert {t["name"].casefold() for t in sent["tags"]} <= {
                tag.casefold() for tag in post.hashtags
            }
        count += len(statuses)
    assert count == 342


def test_recorded_timelines_are_pages() -> None:
    """Answers of tag timelines are read as they came, byte for byte."""
    for file, address, body in recorded("*.y*ml"):
        if "/timelines/" not in address:
            continue
        page = parse_page(body, host(address))
        assert not page.rejects, file
        assert len(page.posts) == len(json.loads(body))
        assert all(post.raw in body for post in page.posts)


def test_same_posts_from_two_servers() -> None:
    """The three recordings of #rstats hold the same five posts under the same identities."""
    identities = []
    for _, address, body in recorded("get_timeline_hashtag_*"):
        page = parse_page(body, host(address))
        identities.append([post.uri for post in page.posts])
        handles = sorted(post.author.handle for post in page.posts)
        actors = sorted(post.author.uri for post in page.posts)
        identities[-1] += handles + actors
    assert len(identities) == 3
    assert all(each == identities[0] for each in identities)
    assert len(set(identities[0][:5])) == 5


def test_recorded_streams() -> None:
    """Of lines that were cut only the cut pieces are refused."""
    for name in ("streaming_public.ndjson", "streaming_cut_line.ndjson"):
        file = RECORDED / name
        if not file.exists():
            pytest.skip("the recorded answers are not here")
        for line in file.read_bytes().splitlines():
            try:
                json.loads(line)
            except ValueError:
                with pytest.raises(BadAnswerError):
                    parse_page(b"[" + line + b"]", "mastodon.social")
            else:
                page = parse_page(b"[" + line + b"]", "mastodon.social")
                assert (len(page.posts), len(page.rejects)) == (1, 0)


# --- settings


def test_settings() -> None:
    """Servers are names, addresses on this machine, or tables with a token."""
    made = Settings.model_validate(
        {
            "servers": [
                "Mastodon.Social",
                "http://127.0.0.1:3000/",
                {"host": "fosstodon.org", "token_env": "FOSSTODON_TOKEN"},
            ]
        }
    )
    assert [server.instance for server in made.servers] == [
        "mastodon.social",
        "127.0.0.1:3000",
        "fosstodon.org",
    ]
    assert made.servers[0] == Settings().servers[0]
    assert made.servers[1].host == "http://127.0.0.1:3000"


@pytest.mark.parametrize(
    "settings",
    [
        {"servers": []},
        {"servers": "mastodon.social"},
        {"servers": ["http://mastodon.social"]},
        {"servers": ["http://10.0.0.1"]},
        {"servers": ["https://user:secret@mastodon.social"]},
        {"servers": ["https://mastodon.social/tags/x"]},
        {"servers": ["ftp://mastodon.social"]},
        {"servers": [""]},
        {"servers": ["a.example:99999999"]},
        {"servers": ["a.example", "https://A.example"]},
        {"servers": [{"host": "a.example", "token": "secret"}]},
        {"servers": [{"name": "a.example"}]},
        {"servers": ["a.example"], "server": "b"},
        {"servers": ["a.example"], "overlap_minutes": -1},
    ],
)
def test_wrong_settings(settings: dict[str, Any]) -> None:
    """What cannot be right is refused: unknown keys, secrets in the file, http to the outside."""
    with pytest.raises(ValidationError):
        Settings.model_validate(settings)


# --- the source at work


class Run:
    """A source against a server, and what the page loop would keep."""

    def __init__(self, server: FakeMastodon, http: Http, **server_settings: Any) -> None:
        table = {"host": server.url, **server_settings}
        self.source = connect(Settings.model_validate({"servers": [table]}), http)
        self.place = Place("mastodon", server.instance, "natsec17")
        self.cursor: Cursor | None = None
        self.posts: dict[str, Post] = {}
        self.gaps: list[object] = []

    async def once(self, query: Query = QUERY) -> int:
        """One run; gives the number of pages."""
        for number in range(1_000):
            page = await self.source.fetch(self.place, self.cursor, query, number == 0)
            self.posts |= {post.uri: post for post in page.posts}
            self.gaps += page.gaps
            self.cursor = page.cursor or self.cursor
            if not page.more:
                return number + 1
        raise AssertionError("the run never ended")


def running(server: FakeMastodon, job: Any, deadline: float = 5.0, **settings: Any) -> Run:
    """``await job(run)`` with a client of its own."""

    async def go() -> Run:
        http = Http(deadline=deadline)
        try:
            run = Run(server, http, **settings)
            await job(run)
            return run
        finally:
            await http.close()

    return asyncio.run(go())


def test_is_a_polling_source() -> None:
    """The module is found by its name and offers what a platform must."""
    module = find_source("mastodon")
    source = module.connect(module.Settings(servers=["mastodon.social", "b.example"]), Http())
    assert isinstance(source, PollingSource)
    query = msgspec.structs.replace(QUERY, hashtags=("natsec17", "über"))
    assert source.places(query) == tuple(
        Place("mastodon", server, tag)
        for server in ("mastodon.social", "b.example")
        for tag in ("natsec17", "über")
    )
    assert source.pace.busy >= 15
    assert source.pace.requests_a_minute <= 20


def test_collects_everything_once(mastodon: FakeMastodon) -> None:
    """Posts, boosts and edits of the window arrive, over any number of pages."""
    sent = [mastodon.post(f"{n}", AT + n) for n in range(130)]
    mastodon.boost(sent[0], AT + 200)

    async def job(run: Run) -> None:
        await run.once()
        mastodon.edit(sent[-1], "better", AT + 650)
        mastodon.post("new", AT + 700)
        await run.once(msgspec.structs.replace(QUERY, now=AT + 710))

    run = running(mastodon, job)
    assert len(run.posts) == 132
    assert run.posts[f"https://social.example/users/ana/statuses/{sent[-1]}"].text == "better"
    first = mastodon.asked[0]
    assert first.path == "/api/v1/timelines/tag/natsec17"
    assert first.parameters == {"limit": "40"}
    assert not run.gaps


def test_hashtags_of_any_script(mastodon: FakeMastodon) -> None:
    """A hashtag is encoded in the address, whatever it holds."""
    mastodon.post("Hallo", AT, tags=("Über/µ",))

    async def job(run: Run) -> None:
        run.place = Place("mastodon", mastodon.instance, "über/µ")
        await run.once()

    assert len(running(mastodon, job).posts) == 1
    assert mastodon.asked[0].path == "/api/v1/timelines/tag/%C3%BCber%2F%C2%B5"


HTML = b"<!doctype html><title>Wartung</title>"
LIMITS = [
    {"Retry-After": "30"},
    {"Retry-After": "Fri, 31 Mar 2217 12:00:00 GMT"},
    {"X-RateLimit-Reset": "2217-03-31T12:05:00.290188Z"},
    {"X-RateLimit-Reset": "1490961700"},
    {"x-rate-limit-reset": "soon"},
    {},
]
FAULTS: list[tuple[Fault, type[SourceError]]] = [
    *((Fault(status=429, headers=headers), RateLimitedError) for headers in LIMITS),
    *((Fault(status=code, body=HTML), UnreachableError) for code in (500, 502, 503, 504)),
    (Fault(status=401, body='{"error":"認証が必要です"}'.encode()), DeniedError),
    (Fault(status=403, body=HTML), DeniedError),
    (Fault(status=422, body=b'{"error":"Nein"}'), DeniedError),
    (Fault(body=HTML), BadAnswerError),
    (Fault(body=b'{"error":"odd"}'), BadAnswerError),
    (Fault(body=b""), BadAnswerError),
    (Fault("cut"), BadAnswerError),
    (Fault("cut", cut=700), BadAnswerError),
    (Fault("drop"), UnreachableError),
    (Fault("drip"), UnreachableError),
    (Fault("half-open"), UnreachableError),
    (Fault("huge"), BadAnswerError),
    (Fault("bomb"), BadAnswerError),
    (Fault(status=302, headers={"Location": "http://169.254.169.254/"}), UnreachableError),
]


@pytest.mark.parametrize(
    ("fault", "error"), FAULTS, ids=[f"{f.kind} {f.status} {f.headers}" for f, _ in FAULTS]
)
def test_fault_costs_nothing(
    mastodon: FakeMastodon, fault: Fault, error: type[SourceError]
) -> None:
    """Whatever goes wrong in the middle of a walk, the next run has every post."""
    for n in range(100):
        mastodon.post(f"{n}", AT + n)
    fault = Fault(fault.kind, fault.status, fault.headers, fault.body, fault.cut)

    async def job(run: Run) -> None:
        page = await run.source.fetch(run.place, None, QUERY, True)
        run.posts |= {post.uri: post for post in page.posts}
        run.cursor = page.cursor
        mastodon.faults = [fault]
        with pytest.raises(error):
            await run.source.fetch(run.place, run.cursor, QUERY, False)

    run = running(mastodon, job, deadline=0.5 if fault.kind in ("drip", "half-open") else 5.0)
    assert mastodon.fired[fault.kind] == 1

    async def again(later: Run) -> None:
        later.cursor, later.posts = run.cursor, run.posts
        await later.once()

    assert len(running(mastodon, again).posts) == 100


def test_missing_hashtag_is_empty(mastodon: FakeMastodon) -> None:
    """A server that answers 404 for an unused hashtag is simply without posts."""
    mastodon.unknown_tag_is_missing = True

    async def job(run: Run) -> None:
        assert await run.once() == 1
        assert await run.once() == 1
        mastodon.post("first", AT)
        await run.once()

    assert len(running(mastodon, job).posts) == 1
    assert [asked.path for asked in mastodon.asked].count("/api/v1/instance") == 1


def test_website_is_no_server(mastodon: FakeMastodon) -> None:
    """A host without the interface is not taken for one without posts."""
    mastodon.is_website = True

    async def job(run: Run) -> None:
        for _ in range(2):
            with pytest.raises(BadAnswerError, match="no server with Mastodon's API"):
                await run.once()

    running(mastodon, job)


def test_token_is_sent_and_never_told(
    mastodon: FakeMastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token comes from the environment, reaches the server, and no error repeats it."""
    mastodon.token = CANARY
    mastodon.post("for members", AT)
    monkeypatch.setenv("MASTODON_TOKEN", CANARY)

    async def job(run: Run) -> None:
        await run.once()
        mastodon.faults = [Fault(body=f'{{"you sent": "{CANARY}"}}'.encode())]
        with pytest.raises(BadAnswerError) as caught:
            await run.once()
        assert CANARY.encode() not in caught.value.excerpt
        assert CANARY not in str(caught.value)

    assert len(running(mastodon, job, token_env="MASTODON_TOKEN").posts) == 1

    async def without(run: Run) -> None:
        with pytest.raises(DeniedError, match="wants a token"):
            await run.once()

    running(mastodon, without)


def test_missing_token_is_a_problem_of_configuration() -> None:
    """A token that is named but not there is told at once, with the setting's name."""
    settings = Settings.model_validate({"servers": [{"host": "a.example", "token_env": "NO_SUCH"}]})
    with pytest.raises(ConfigError, match=r"sources\.mastodon\.servers\.a\.example.*NO_SUCH"):
        Mastodon(settings, Http())


def test_check_tells_what_the_server_allows(mastodon: FakeMastodon) -> None:
    """The check names version, access and whether the hashtag answers."""
    told: list[str] = []

    async def job(run: Run) -> None:
        told.append(await run.source.check(run.place))
        mastodon.access = {"local": "public", "remote": "authenticated"}
        mastodon.post("x", AT)
        told.append(await run.source.check(run.place))
        mastodon.token = "needed"
        told.append(await run.source.check(run.place))
        mastodon.faults = [Fault(body=HTML)]
        with pytest.raises(BadAnswerError):
            await run.source.check(run.place)

    running(mastodon, job)
    assert told[0].endswith(": version 4.5.0; #natsec17 answers with no post yet")
    assert "hashtags: local public, remote authenticated; #natsec17 answers with a post" in told[1]
    assert "wants a token" in told[2]


def test_server_that_repeats_itself(mastodon: FakeMastodon) -> None:
    """A server that gives the same page for ever is left after a few requests, with a gap."""
    for n in range(100):
        mastodon.post(f"{n}", AT + n)
    mastodon.ignores = {"max_id"}

    async def job(run: Run) -> None:
        assert await run.once() < 10

    run = running(mastodon, job)
    assert len(run.gaps) == 1
