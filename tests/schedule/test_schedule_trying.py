"""What trying the sources says: a verdict for each, from servers that behave as told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_platform.mastodon import FakeMastodon, Fault
from fake_platform.mastodon_stream import TOKEN, FakeStream
from hashwatch.config import parse_config
from hashwatch.errors import (
    BadAnswerError,
    DeniedError,
    NotFoundError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)
from hashwatch.model import Author, Page, Post
from hashwatch.schedule.trying import Trial, try_sources
from hashwatch.schedule.verdicts import COMPARED, too_little, verdict_on

AT = 1_490_961_600


def page(*numbers: int, more: bool = False) -> Page:
    """A page with these posts, each a second after the one before."""
    posts = [
        Post(
            f"https://a.example/{n}", "mastodon", "a.example", Author("u", "u"), AT + n, "", b"", ""
        )
        for n in numbers
    ]
    return Page(posts=tuple(posts), more=more)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (None, "collects"), (DeniedError("no", wants_token=True), "needs a token"),
        (DeniedError("no"), "blocked"), (RateLimitedError("wait", 9), "rate-limited"),
        (UnreachableError("no"), "unreachable"), (BadAnswerError("?"), "unusable"),
        (NotFoundError("?"), "unusable"),
    ],
)  # fmt: skip
def test_each_failure_has_its_verdict(error: SourceError | None, verdict: str) -> None:
    """Which says what to do about it."""
    assert verdict_on(error) == verdict


def test_servers_are_compared_over_the_same_time() -> None:
    """A page that is full reaches back less far; only what lies after that is compared."""
    full = page(*range(100, 140), more=True)
    assert too_little({"a": full, "b": page(*range(60, 140))}) == {}
    told = too_little({"a": full, "b": page(100, 110, *range(20))})
    assert told == {"b": "shows 2 of the 40 latest posts that the servers show together"}
    assert too_little({"a": full}) == {}
    assert too_little({"a": page(*range(COMPARED - 1)), "b": page()}) == {}
    assert set(too_little({"a": page(*range(COMPARED)), "b": page()})) == {"b"}


@given(st.dictionaries(st.integers(0, 4), st.lists(st.integers(0, 60), unique=True)))
def test_not_every_server_of_one_timeline_sees_too_little(shown: dict[int, list[int]]) -> None:
    """One that shows all that is shown never does."""
    pages = {key: page(*numbers) for key, numbers in shown.items()}
    everything = sorted({number for numbers in shown.values() for number in numbers})
    assert 9 not in too_little({**pages, 9: page(*everything)})


@pytest.fixture
def two() -> Iterator[tuple[FakeMastodon, FakeMastodon]]:
    """Two servers."""
    with FakeMastodon() as one, FakeMastodon() as other:
        yield one, other


def trying(tmp_path: Path, servers: list[dict[str, str]]) -> list[Trial]:
    """What is said of these servers."""
    tables = "".join(
        "{" + ", ".join(f"{name} = '{value}'" for name, value in server.items()) + "}, "
        for server in servers
    )
    text = f"""
[[event]]
slug = "fair"
title = "Fair"
hashtags = ["natsec17"]
timezone = "Europe/London"
starts = 2017-03-28
ends = 2017-04-01
[sources.mastodon]
servers = [{tables}]
"""
    return asyncio.run(try_sources(parse_config(text, tmp_path / "config.toml"), ask="all"))


def test_servers_that_collect_and_one_that_sees_too_little(
    tmp_path: Path, two: tuple[FakeMastodon, FakeMastodon]
) -> None:
    """Compared by what each shows of the same hashtag."""
    big, small = two
    for number in range(20):
        shown = big.post(f"{number}", AT + number)
        if number > 16:
            small.receive(big.statuses[int(shown)], AT + number)
    first, second = trying(tmp_path, [{"host": big.url}, {"host": small.url}])
    assert (first.ok, first.verdict) == (True, "collects")
    assert (second.ok, second.verdict) == (True, "sees too little")
    assert "shows 3 of the 20 latest posts" in second.answer


@pytest.mark.parametrize(
    ("arrange", "verdict", "words"),
    [
        (lambda s: setattr(s, "token", "secret"), "needs a token", "it wants a token"),
        (lambda s: s.faults.append(Fault(status=403, body=b"<h1>Blocked</h1>")), "blocked", "403"),
        (lambda s: s.faults.append(Fault(status=503)), "unreachable", "503"),
        (lambda s: s.faults.append(Fault(status=429)), "rate-limited", "limits the rate"),
        (lambda s: setattr(s, "is_website", True), "unusable", "no server with Mastodon's API"),
        (
            lambda s: setattr(s, "access", {"local": "public", "remote": "authenticated"}),
            "sees too little", "it does not show other servers' (needs a token) posts",
        ),
        (
            lambda s: setattr(s, "access", {"local": "disabled", "remote": "disabled"}),
            "sees too little", "its own people's (switched off) and other servers' (switched off)",
        ),
        (lambda s: setattr(s, "access", {"local": "public", "remote": "public"}), "collects", ""),
    ],
)  # fmt: skip
def test_a_verdict_for_each(
    tmp_path: Path,
    mastodon: FakeMastodon,
    arrange: Callable[[FakeMastodon], None],
    verdict: str,
    words: str,
) -> None:
    """With the reason, in words."""
    mastodon.post("hello", AT)
    arrange(mastodon)
    (trial,) = trying(tmp_path, [{"host": mastodon.url}])
    assert trial.verdict == verdict
    assert words in trial.answer
    assert trial.ok == (verdict in ("collects", "sees too little"))


def test_a_stream_has_a_verdict_of_its_own(
    tmp_path: Path, mastodon: FakeMastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose token must be that of a person."""
    monkeypatch.setenv("HOME_TOKEN", TOKEN)
    mastodon.post("hello", AT)

    async def run(refuse: int | None) -> list[Trial]:
        async with FakeStream() as stream:
            mastodon.streaming = stream.socket_url
            stream.refuse = [refuse]
            table = [{"host": mastodon.url, "token_env": "HOME_TOKEN"}]
            return await asyncio.to_thread(trying, tmp_path, table)

    polled, streamed = asyncio.run(run(None))
    assert (polled.verdict, streamed.verdict) == ("collects", "collects")
    assert (streamed.hashtag, streamed.answer) == ("~natsec17", "the stream stands")
    polled, streamed = asyncio.run(run(403))
    assert (polled.verdict, streamed.verdict) == ("collects", "needs a token")
    assert "a token of an account" in streamed.answer
