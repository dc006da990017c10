"""Answers that do not end: line by line, bounded, and given up when they fall silent."""

from __future__ import annotations

import asyncio

import pytest

from fake_platform.mastodon import FakeMastodon, Fault
from hashwatch.collect.http import Http
from hashwatch.errors import (
    BadAnswerError,
    DeniedError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)

CANARY = "canary-91ab-do-not-tell"


def lines(
    server: FakeMastodon, silence: float = 5.0, **options: int
) -> tuple[list[bytes], SourceError]:
    """The lines until the answer ends, and then why it did."""
    found: list[bytes] = []

    async def run() -> None:
        http = Http(**options)  # type: ignore[arg-type]
        http.permit_loopback(server.url)
        url = f"{server.url}/api/v1/streaming/hashtag"
        try:
            async for line in http.lines(url, params={"tag": "a"}, token=CANARY, silence=silence):
                found.append(line)  # noqa: PERF401 - what came before the failure is kept
        finally:
            await http.close()

    with pytest.raises(SourceError) as raised:
        asyncio.run(run())
    assert CANARY not in str(raised.value)
    return found, raised.value


def test_lines_come_without_their_ends(mastodon: FakeMastodon) -> None:
    """Whatever end they have; the token goes along, and the end of the answer is told."""
    mastodon.faults = [Fault(body=b"event: update\r\ndata: \xc3\xa4\n\n:thump\nhalf a line")]
    found, ended = lines(mastodon)
    assert found == [b"event: update", b"data: \xc3\xa4", b"", b":thump"]
    (asked,) = mastodon.asked
    assert asked.headers["authorization"] == f"Bearer {CANARY}"
    assert asked.parameters == {"tag": "a"}
    assert isinstance(ended, UnreachableError)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=401), DeniedError),
        (Fault(status=429, headers={"Retry-After": "30"}), RateLimitedError),
        (Fault(status=503), UnreachableError),
        (Fault(status=302, headers={"Location": "http://127.0.0.1:9/"}), BadAnswerError),
        (Fault("drop"), UnreachableError),
        (Fault("half-open"), UnreachableError),
        (Fault("huge"), BadAnswerError),
    ],
    ids=lambda value: getattr(value, "kind", "") + str(getattr(value, "status", "")),
)
def test_each_failure_ends_it(
    mastodon: FakeMastodon, fault: Fault, error: type[SourceError]
) -> None:
    """Redirects are not followed, silence and lines without end not borne."""
    mastodon.faults = [fault]
    found, ended = lines(mastodon, silence=0.3, max_bytes=200_000)
    assert found == []
    assert mastodon.fired[fault.kind] == 1
    assert isinstance(ended, error)
    assert mastodon.sent < 50_000_000
