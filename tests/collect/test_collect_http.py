"""The HTTP layer against a server that misbehaves to a plan."""

from __future__ import annotations

import asyncio
import gzip
import logging
import time
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_platform.mastodon import HUGE, FakeMastodon, Fault
from hashwatch.collect.body import Body, CorruptError, TooLongError, excerpt, said
from hashwatch.collect.guard import is_loopback, is_public
from hashwatch.collect.http import USER_AGENT, Answer, Http
from hashwatch.collect.rates import (
    DEFAULT_WAIT,
    LEAST_WAIT,
    LONGEST_WAIT,
    budget_is_spent,
    requested_wait,
)
from hashwatch.collect.tokens import read_token
from hashwatch.errors import (
    BadAnswerError,
    ConfigError,
    DeniedError,
    NotFoundError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)

NOW = 1_490_961_600.0
CANARY = "canary-5f1c-do-not-tell"
PATH = "/api/v1/timelines/tag/natsec17"


def asking(
    server: FakeMastodon, ask: Callable[[Http], Awaitable[Answer]], **options: float
) -> Answer:
    """What ``ask`` gives with a client that may connect to ``server``."""

    async def run() -> Answer:
        http = Http(**options)  # type: ignore[arg-type]
        http.permit_loopback(server.url)
        try:
            return await ask(http)
        finally:
            await http.close()

    return asyncio.run(run())


def get(server: FakeMastodon, token: str | None = None, **options: float) -> Answer:
    return asking(server, lambda http: http.get(server.url + PATH, token=token), **options)


# --- what a good answer is


def test_answer_is_given(mastodon: FakeMastodon) -> None:
    """An answer has its status, headers in lower case, the decoded body and the address."""
    mastodon.faults = [
        Fault(body=gzip.compress(b"[1]"), headers={"Content-Encoding": "gzip", "X-Made-UP": "yes"})
    ]
    answer = asking(mastodon, lambda http: http.get(mastodon.url + PATH, params={"limit": 40}))
    assert (answer.status, answer.body) == (200, b"[1]")
    assert answer.headers["x-made-up"] == "yes"
    assert answer.url == f"{mastodon.url}{PATH}?limit=40"
    assert mastodon.asked[0].headers["user-agent"] == USER_AGENT
    assert mastodon.asked[0].headers["accept-encoding"] == "gzip"
    assert "authorization" not in mastodon.asked[0].headers


def test_repeated_parameters_are_sent(mastodon: FakeMastodon) -> None:
    """Parameters may repeat a name."""
    pairs = [("id[]", "1"), ("id[]", "2")]
    answer = asking(mastodon, lambda http: http.get(mastodon.url + PATH, params=pairs))
    assert answer.url.endswith("?id%5B%5D=1&id%5B%5D=2")


def test_post_sends_json(mastodon: FakeMastodon) -> None:
    """A POST carries its JSON and its token."""
    answer = asking(
        mastodon, lambda http: http.post(mastodon.url + PATH, json={"a": 1}, token="letmein")
    )
    assert answer.status == 200
    assert mastodon.asked[0].headers["content-type"] == "application/json"
    assert mastodon.asked[0].headers["authorization"] == "Bearer letmein"


def test_cookies_are_not_kept(mastodon: FakeMastodon) -> None:
    """A server's cookie is not sent back to it."""
    mastodon.faults = [Fault(headers={"Set-Cookie": "id=1; Path=/"}, body=b"[]")]

    async def twice(http: Http) -> Answer:
        await http.get(mastodon.url + PATH)
        return await http.get(mastodon.url + PATH)

    asking(mastodon, twice)
    assert "cookie" not in mastodon.asked[1].headers


# --- statuses become errors


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadAnswerError),
        (401, DeniedError),
        (403, DeniedError),
        (404, NotFoundError),
        (408, UnreachableError),
        (410, NotFoundError),
        (418, BadAnswerError),
        (422, DeniedError),
        (429, RateLimitedError),
        (451, DeniedError),
        (500, UnreachableError),
        (502, UnreachableError),
        (503, UnreachableError),
        (304, BadAnswerError),
    ],
)
def test_status_becomes_error(
    mastodon: FakeMastodon, status: int, error: type[SourceError]
) -> None:
    """Each status is one error, whatever language the text is in."""
    body = '{"error":"このメソッドには認証されたユーザーが必要です"}'.encode()
    mastodon.faults = [Fault(status=status, body=b"" if status == 304 else body)]
    with pytest.raises(error) as caught:
        get(mastodon)
    assert type(caught.value) is error
    assert "127.0.0.1" in str(caught.value)
    assert mastodon.fired["answer"] == 1


def test_error_quotes_platform(mastodon: FakeMastodon) -> None:
    """What the platform says in words is quoted, on one bounded line."""
    mastodon.faults = [Fault(status=403, body=b'{"error":"No\\nway\\u0000 %s"}' % (b"x" * 5_000))]
    with pytest.raises(DeniedError) as caught:
        get(mastodon)
    assert '"No way x' in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("kind", ["huge", "bomb"])
def test_endless_error_body_is_left(mastodon: FakeMastodon, kind: str) -> None:
    """A gigabyte ends at the limit, compressed or not, and little memory is taken."""
    mastodon.faults = [Fault(kind)]
    tracemalloc.start()
    try:
        with pytest.raises(BadAnswerError, match="more than 1,000,000 bytes"):
            get(mastodon, max_bytes=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 25_000_000
    finally:
        tracemalloc.stop()
    assert mastodon.fired[kind] == 1
    assert mastodon.sent < HUGE // 10


@pytest.mark.parametrize("kind", ["drip", "half-open"])
def test_deadline_is_total(mastodon: FakeMastodon, kind: str) -> None:
    """A server that sends a byte a second, or nothing, is given up at the deadline."""
    mastodon.post("slow", NOW)
    mastodon.faults = [Fault(kind)]
    began = time.monotonic()
    with pytest.raises(UnreachableError, match=r"did not answer in full within 0\.4 s"):
        get(mastodon, deadline=0.4)
    assert time.monotonic() - began < 3
    assert mastodon.fired[kind] == 1


def test_dropped_connection(mastodon: FakeMastodon) -> None:
    """A connection that ends within the body is no answer."""
    mastodon.post("dropped", NOW)
    mastodon.faults = [Fault("drop")]
    with pytest.raises(UnreachableError, match="cannot be reached"):
        get(mastodon)
    assert mastodon.fired["drop"] == 1


def test_refused_connection_and_unknown_name() -> None:
    """A closed port and a name that does not exist are unreachable."""

    async def run(url: str) -> None:
        http = Http(allow_loopback=True)
        try:
            await http.get(url)
        finally:
            await http.close()

    for url in ("http://127.0.0.1:1/", "http://no-such-host.invalid/"):
        with pytest.raises(UnreachableError):
            asyncio.run(run(url))


@pytest.mark.parametrize("url", ["ftp://social.example/", "not a url", "http://", "http://[::"])
def test_not_a_web_address(url: str) -> None:
    """What is no web address is an error of ours, not of the library."""

    async def run() -> None:
        http = Http()
        try:
            await http.get(url)
        finally:
            await http.close()

    with pytest.raises(UnreachableError):
        asyncio.run(run())


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_unasked_encoding(mastodon: FakeMastodon, encoding: str) -> None:
    """An encoding whose size cannot be bounded is refused."""
    mastodon.faults = [Fault(body=b"x", headers={"Content-Encoding": encoding})]
    with pytest.raises(BadAnswerError, match="was not asked for"):
        get(mastodon)


# --- where it may connect


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("192.0.2.1", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::1", False),
        ("2002:a00:1::1", False),
        ("2001:0:53aa:64c::1", False),
        ("2001:db8::1", False),
        ("fc00::1", False),
        ("fd12:3456::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    """Only addresses of the public internet count as public, however they are wrapped."""
    assert is_public(address) is public


def test_loopback_addresses() -> None:
    """Loop-back is recognised in both families and mapped."""
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")))
    assert not any(map(is_loopback, ("128.0.0.1", "::2", "0.0.0.0")))


def test_loopback_is_refused_unless_allowed(mastodon: FakeMastodon) -> None:
    """Without being allowed, nothing on this machine is connected to."""

    async def run() -> None:
        http = Http()
        try:
            await http.get(mastodon.url)
        finally:
            await http.close()

    with pytest.raises(UnreachableError, match="not on the public internet"):
        asyncio.run(run())
    assert mastodon.asked == []


def test_connects_to_the_checked_address(mastodon: FakeMastodon) -> None:
    """A name is looked up once a connection; a second, different answer is never used."""
    port = int(mastodon.instance.partition(":")[2])
    answers = [["10.0.0.7", "127.0.0.1"], ["10.0.0.7"]]
    looked_up = []

    async def resolve(host: str, _port: int) -> list[str]:
        looked_up.append(host)
        return answers.pop(0)

    async def run() -> None:
        http = Http(resolve=resolve)
        http.permit_loopback(f"http://rebinding.example:{port}")
        try:
            await http.get(f"http://rebinding.example:{port}/")
            assert looked_up == ["rebinding.example"]
            with pytest.raises(UnreachableError, match=r"is at 10\.0\.0\.7"):
                await http.get(f"http://other.example:{port}/")
        finally:
            await http.close()

    asyncio.run(run())
    assert len(mastodon.asked) == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:192.168.0.1]/",
        "http://2130706433/",
        "http://0x7f.1:9/",
        "http://localhost:9/",
        "//100.64.0.1/",
    ],
)
def test_redirect_into_the_house(mastodon: FakeMastodon, target: str) -> None:
    """A redirect to an address that is not public is refused."""
    mastodon.faults = [Fault(status=302, headers={"Location": target})]
    with pytest.raises(UnreachableError):
        get(mastodon)
    assert mastodon.fired["answer"] == 1


def test_redirect_to_another_permitted_server(mastodon: FakeMastodon) -> None:
    """What an operator permits for itself is not permitted as another server's redirect."""
    with FakeMastodon() as other:
        mastodon.faults = [Fault(status=302, headers={"Location": other.url})]

        async def ask(http: Http) -> Answer:
            http.permit_loopback(other.url)
            return await http.get(mastodon.url)

        with pytest.raises(UnreachableError, match="redirects to this machine"):
            asking(mastodon, ask)
        assert other.asked == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://x.example/", "", "https://"])
def test_redirect_to_nowhere(mastodon: FakeMastodon, target: str) -> None:
    """A redirect to what is no web address is a bad answer."""
    mastodon.faults = [Fault(status=301, headers={"Location": target})]
    with pytest.raises(BadAnswerError, match="redirects"):
        get(mastodon)


def test_redirects_end(mastodon: FakeMastodon) -> None:
    """A circle of redirects ends."""
    mastodon.faults = [Fault(status=307, headers={"Location": PATH}, times=100)]
    with pytest.raises(BadAnswerError, match="more than 5 times"):
        get(mastodon)
    assert mastodon.fired["answer"] == 6


def test_redirect_keeps_token_at_home_only(mastodon: FakeMastodon) -> None:
    """A redirect within an origin keeps the token; to another origin it goes without."""
    with FakeMastodon() as other:
        mastodon.faults = [
            Fault(status=302, headers={"Location": "/elsewhere"}),
            Fault(status=302, headers={"Location": other.url + "/api/v1/instance"}),
        ]

        async def run() -> Answer:
            http = Http(allow_loopback=True)
            try:
                return await http.get(mastodon.url, token=CANARY, headers={"X-Key": CANARY})
            finally:
                await http.close()

        asyncio.run(run())
        assert [asked.headers["authorization"] for asked in mastodon.asked] == [
            f"Bearer {CANARY}",
            f"Bearer {CANARY}",
        ]
        assert CANARY not in str(other.asked[0].headers)


def test_post_is_not_redirected(mastodon: FakeMastodon) -> None:
    """A body that may hold a password is not sent on."""
    mastodon.faults = [Fault(status=308, headers={"Location": "/elsewhere"})]
    with pytest.raises(BadAnswerError, match="must not be repeated"):
        asking(mastodon, lambda http: http.post(mastodon.url, json={"password": CANARY}))
    assert len(mastodon.asked) == 1


# --- rate limits

DATE = formatdate(NOW, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120),
        ({"retry-after": " 7.5 "}, 7.5),
        ({"retry-after": "0"}, LEAST_WAIT),
        ({"retry-after": formatdate(NOW + 90, usegmt=True)}, 90),
        ({"x-ratelimit-reset": "2017-03-31T12:05:00.290188Z"}, 300.290188),
        ({"x-ratelimit-reset": "2017-03-31T12:05:00"}, 300),
        ({"x-ratelimit-reset": "2017-03-31T14:05:00+02:00"}, 300),
        ({"x-ratelimit-reset": str(int(NOW) + 200)}, 200),
        ({"x-rate-limit-reset": str(int(NOW) + 200)}, 200),
        ({"ratelimit-reset": str((int(NOW) + 200) * 1_000)}, 200),
        ({"ratelimit-reset": "45"}, 45),
        ({"retry-after": "10", "x-ratelimit-reset": str(int(NOW) + 200)}, 10),
        ({"retry-after": "soon", "x-ratelimit-reset": str(int(NOW) + 200)}, 200),
        ({"x-ratelimit-reset": str(int(NOW) - 3)}, LEAST_WAIT),
    ],
)
def test_requested_wait(headers: dict[str, str], seconds: float) -> None:
    """Every way of naming the time is understood, and this machine's clock does not matter."""
    for wrong in (-86_400 * 365, -600, 0, 600, 86_400 * 365):
        wait = requested_wait({**headers, "date": DATE}, NOW + wrong)
        assert wait is not None
        assert wait.seconds == pytest.approx(seconds)
        assert not wait.warning
    wait = requested_wait(headers, NOW)
    assert wait is not None
    assert wait.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("2007-03-31T12:00:00Z", DEFAULT_WAIT),
        ("2027-03-31T12:00:00Z", LONGEST_WAIT),
        ("86400", LONGEST_WAIT),
        ("-300", DEFAULT_WAIT),
        ("soon", DEFAULT_WAIT),
        ("nan", DEFAULT_WAIT),
        ("inf", LONGEST_WAIT),
        ("9" * 400, LONGEST_WAIT),
        ("Fri, 99 Foo 2017", DEFAULT_WAIT),
    ],
)
def test_absurd_wait(value: str, seconds: float) -> None:
    """A reset in the past, years ahead or without sense is capped, with a warning."""
    wait = requested_wait({"x-ratelimit-reset": value, "date": DATE}, NOW)
    assert wait is not None
    assert wait.seconds == seconds
    assert wait.warning


@given(st.text(max_size=60), st.text(max_size=40), st.floats(0, 4e9))
def test_any_wait_is_within_reason(value: str, date: str, now: float) -> None:
    """Whatever the headers hold, the wait is positive and capped."""
    wait = requested_wait({"retry-after": value, "date": date}, now)
    assert wait is None or LEAST_WAIT <= wait.seconds <= LONGEST_WAIT


def test_nothing_asked() -> None:
    """Headers that say nothing ask for nothing."""
    assert requested_wait({"date": DATE, "retry-after": " "}, NOW) is None
    assert budget_is_spent({"x-ratelimit-remaining": "0"})
    assert not budget_is_spent({"x-ratelimit-remaining": "10", "x-ratelimit-limit": "0"})


def test_limited_host_is_left_alone(
    mastodon: FakeMastodon, caplog: pytest.LogCaptureFixture
) -> None:
    """After a 429 the host is not asked again before its time; an absurd one is logged."""
    caplog.set_level(logging.WARNING)
    mastodon.faults = [Fault(status=429, headers={"X-RateLimit-Reset": "2227-01-01T00:00:00Z"})]

    async def twice(http: Http) -> Answer:
        with pytest.raises(RateLimitedError) as first:
            await http.get(mastodon.url)
        assert first.value.retry_after == LONGEST_WAIT
        with pytest.raises(RateLimitedError) as second:
            await http.get(mastodon.url + PATH)
        assert LONGEST_WAIT - 60 < second.value.retry_after <= LONGEST_WAIT
        return await http.get(mastodon.url, token="another")

    asking(mastodon, twice)
    assert len(mastodon.asked) == 2
    assert "too far ahead" in caplog.text


def test_spent_budget_is_not_overdrawn(mastodon: FakeMastodon) -> None:
    """An answer that leaves no request is good, and the next request waits for the reset."""
    mastodon.faults = [
        Fault(body=b"[]", headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "120"})
    ]

    async def twice(http: Http) -> Answer:
        answer = await http.get(mastodon.url)
        with pytest.raises(RateLimitedError):
            await http.get(mastodon.url)
        return answer

    assert asking(mastodon, twice).body == b"[]"
    assert len(mastodon.asked) == 1


# --- secrets


def chain(error: BaseException | None) -> str:
    """The text of an error and of all behind it."""
    return "" if error is None else f"{error!r} {error} {chain(error.__cause__)}"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500, 302])
def test_token_is_never_told(mastodon: FakeMastodon, status: int) -> None:
    """A server that echoes the token does not get it into an error."""
    body = f'{{"error":"bad token {CANARY}","Authorization":"Bearer {CANARY}"}}'.encode()
    mastodon.faults = [
        Fault(status=status, body=body, headers={"Location": f"http://x.invalid/{CANARY}"})
    ]
    with pytest.raises(SourceError) as caught:
        get(mastodon, token=CANARY)
    assert CANARY not in chain(caught.value)
    assert CANARY.encode() not in getattr(caught.value, "excerpt", b"")
    assert mastodon.asked[0].headers["authorization"] == f"Bearer {CANARY}"


def test_unsendable_token_is_never_told(mastodon: FakeMastodon) -> None:
    """A token with a line break is refused before the protocol library can quote it."""
    with pytest.raises(DeniedError) as caught:
        get(mastodon, token=f"{CANARY}\nX: y")
    assert CANARY not in chain(caught.value)


def test_excerpt_is_bounded_and_redacted() -> None:
    """A kept piece of a body has neither given secrets nor what looks like one."""
    body = (
        b'{"access_token":"abc123","password": "pw", "x":"Bearer zzz", "t":"s3cr3t"}' + b" " * 9_999
    )
    piece = excerpt(body, ("s3cr3t", None))
    assert len(piece) <= 500
    for secret in (b"abc123", b'"pw"', b"zzz", b"s3cr3t"):
        assert secret not in piece
    assert b"access_token" in piece


@given(st.binary(max_size=300), st.integers(0, 600))
def test_excerpt_cuts_no_secret_in_two(filler: bytes, at: int) -> None:
    """A secret across the cut leaves nothing behind."""
    body = (filler * 10)[:at] + CANARY.encode() + filler
    assert CANARY[:12].encode() not in excerpt(body, (CANARY,))


@given(st.binary(max_size=200))
def test_said_takes_anything(body: bytes) -> None:
    """Whatever an error's body is, what it says is a bounded line."""
    words = said(body)
    assert len(words) <= 200
    assert "\n" not in words


def test_tokens_come_from_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A token is read from a variable or a file, without the line's end."""
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(f"{CANARY}\n")
    monkeypatch.setenv("A_TOKEN", CANARY)
    monkeypatch.setenv("EMPTY", " ")
    monkeypatch.setenv("BROKEN", f"{CANARY} é")
    assert read_token("here", None, None) is None
    assert read_token("here", "A_TOKEN", None) == CANARY
    assert read_token("here", None, file) == CANARY
    for variable, path in (
        ("MISSING", None),
        ("EMPTY", None),
        ("BROKEN", None),
        ("A_TOKEN", file),
        (None, file.parent),
        (None, file / "no"),
    ):
        with pytest.raises(ConfigError, match=r"^here: ") as caught:
            read_token("here", variable, path)
        assert CANARY not in str(caught.value)


# --- bodies


@given(st.binary(max_size=5_000), st.integers(1, 700), st.integers(1, 3))
def test_gzip_in_any_pieces(content: bytes, size: int, members: int) -> None:
    """A compressed body is the same however it is cut into pieces or members."""
    step = len(content) // members + 1
    wire = b"".join(
        gzip.compress(content[n : n + step]) for n in range(0, max(len(content), 1), step)
    )
    body = Body("gzip", 10_000)
    for n in range(0, len(wire), size):
        body.feed(wire[n : n + size])
    assert body.finish() == content


def test_body_ends_at_limit() -> None:
    """A body of exactly the limit is taken, one byte more is not."""
    for encoding, encode in (("", bytes), ("gzip", gzip.compress)):
        body = Body(encoding, 1_000)
        body.feed(encode(bytes(1_000)))
        assert len(body.finish()) == 1_000
        with pytest.raises(TooLongError):
            Body(encoding, 1_000).feed(encode(bytes(1_001)))


def test_broken_gzip() -> None:
    """What is not gzip, or ends too soon, is told apart from a good body."""
    whole = gzip.compress(b"some text")
    for wire in (whole[:-1], whole[:9]):
        body = Body("gzip", 1_000)
        body.feed(wire)
        with pytest.raises(CorruptError, match="cut off"):
            body.finish()
    for wire in (b"plain", whole + b"rest", zlib.compress(b"x")):
        with pytest.raises(CorruptError, match="not gzip"):
            Body("gzip", 1_000).feed(wire)
