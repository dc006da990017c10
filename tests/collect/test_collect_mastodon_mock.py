"""The Mastodon source and the page loop against an independent server with Mastodon's API.

``mastodon-mock`` knows nothing of this project: what is posted there must come to the archive, also
when its fault injection limits the rate, fails, dawdles or answers rubbish.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect, key_of, no_wait
from hashwatch.collect.http import Http
from hashwatch.collect.refreshing import refresh
from hashwatch.collect.source import Place, Query
from hashwatch.collect.sources.mastodon import Settings, connect
from hashwatch.errors import BadAnswerError, RateLimitedError, SourceError, UnreachableError
from hashwatch.model import RunState

pytest.importorskip("mastodon_mock", reason="mastodon-mock is a development dependency")

from mastodon_mock.testing import MockServer

RunOnce = Callable[[], Awaitable[RunReport]]


class Mock:
    """The server, as people and as the one who makes it fail use it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, trust_env=False)

    def post(self, text: str, who: str = "alice", **fields: str) -> dict[str, Any]:
        return self._ask("POST", "/api/v1/statuses", who, data={"status": text, **fields})

    def edit(self, number: str, text: str) -> None:
        self._ask("PUT", f"/api/v1/statuses/{number}", "alice", data={"status": text})

    def boost(self, number: str, who: str = "bob") -> None:
        self._ask("POST", f"/api/v1/statuses/{number}/reblog", who)

    def delete(self, number: str) -> None:
        self._ask("DELETE", f"/api/v1/statuses/{number}", "alice")

    def fail(self, **effect: Any) -> None:
        """The next timeline has this effect."""
        rule = {"match": {"path": "/api/v1/timelines/tag/*"}, "effect": effect, "count": 1}
        self._client.post("/api/v1/_mock/faults", json=rule).raise_for_status()

    def faults_left(self) -> int:
        answer = self._client.get("/api/v1/_mock/faults").json()
        return len(answer["faults"] if isinstance(answer, dict) else answer)

    def close(self) -> None:
        self._client.close()

    def _ask(self, method: str, path: str, who: str, **rest: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {who}_token"}
        answer = self._client.request(method, path, headers=headers, **rest)
        answer.raise_for_status()
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture
def mock() -> Iterator[Mock]:
    with MockServer() as server:
        mock = Mock(server.base_url)
        yield mock
        mock.close()


def collecting(
    mock: Mock,
    tmp_path: Path,
    job: Callable[[RunOnce, Archive], Coroutine[Any, Any, None]],
    deadline: float = 10.0,
) -> None:
    """``await job(run, archive)``; each ``run()`` is one run of the page loop, as if just begun."""
    archive = Archive(tmp_path / "archive.db")
    settings = Settings.model_validate({"servers": [mock.url]})
    place = Place("mastodon", mock.url.removeprefix("http://"), "natsec17")

    async def run() -> RunReport:
        now = int(time.time())
        http = Http(deadline=deadline)
        try:
            query = Query(("natsec17",), (), now - 86_400, now + 86_400, now)
            return await collect(connect(settings, http), place, archive, query, now=lambda: now)
        finally:
            await http.close()

    try:
        asyncio.run(job(run, archive))
    finally:
        archive.close()


def ask(archive: Archive, question: str) -> list[Any]:
    """The first column of the answer to ``question``."""
    with closing(sqlite3.connect(f"{archive.path.as_uri()}?mode=ro", uri=True)) as connection:
        return [row[0] for row in connection.execute(question)]


def texts(archive: Archive) -> list[str]:
    return sorted(ask(archive, "SELECT text FROM posts"))


def test_posts_arrive(mock: Mock, tmp_path: Path) -> None:
    """What people post, also in several paragraphs and pages, is in the archive once."""
    sent = {f"Post {n} #NatSec17" for n in range(60)}
    for text in sorted(sent):
        mock.post(text, language="en", visibility="public")
    mock.post("not about it #other")
    first = mock.post("One\n\nTwo https://parliament.example/report?a=1&b=2 #natsec17")

    async def job(run: RunOnce, archive: Archive) -> None:
        report = await run()
        assert report.state is RunState.OK
        expected = sent | {"One\n\nTwo https://parliament.example/report?a=1&b=2 #natsec17"}
        assert texts(archive) == sorted(expected)
        mock.edit(first["id"], "Better #natsec17")
        mock.boost(first["id"])
        mock.post("late question #natsec17", "bob", in_reply_to_id=first["id"])
        assert (await run()).state is RunState.OK
        assert texts(archive) == sorted(sent | {"Better #natsec17", "late question #natsec17"})
        assert ask(archive, "SELECT count(*) FROM versions") == [1]
        before = ask(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'")
        assert (await run()).state is RunState.OK
        assert ask(archive, "SELECT max(seq) FROM changes WHERE kind = 'post'") == before

    collecting(mock, tmp_path, job)


@pytest.mark.parametrize(
    ("effect", "error"),
    [
        ({"type": "ratelimit"}, RateLimitedError),
        ({"type": "status", "status": 429, "headers": {"Retry-After": "2"}}, RateLimitedError),
        ({"type": "status", "status": 500}, UnreachableError),
        ({"type": "status", "status": 503}, UnreachableError),
        ({"type": "malformed"}, BadAnswerError),
        ({"type": "malformed", "truncate": False}, BadAnswerError),
        ({"type": "latency", "delay_ms": 100}, None),
        ({"type": "latency", "delay_ms": 1500}, UnreachableError),
        ({"type": "timeout"}, UnreachableError),
    ],
    ids=lambda value: str(value)[:60],
)
def test_faults_lose_nothing(
    mock: Mock, tmp_path: Path, effect: dict[str, Any], error: type[SourceError] | None
) -> None:
    """A fault ends that run, if it must; what is posted meanwhile is there after the next one."""
    sent = {f"Post {n} #natsec17" for n in range(42)}
    for text in sorted(sent):
        mock.post(text)

    async def job(run: RunOnce, archive: Archive) -> None:
        mock.fail(**effect)
        report = await run()
        assert mock.faults_left() == 0
        if error is None:
            assert report.state is RunState.OK
        else:
            assert isinstance(report.error, error)
            assert report.state is RunState.FAILED
            assert texts(archive) == []
        for text in ("during #natsec17", "the fault #natsec17"):
            mock.post(text)
            sent.add(text)
        report = await run()
        assert report.state is RunState.OK, report.reason
        assert texts(archive) == sorted(sent)

    collecting(mock, tmp_path, job, deadline=1.0)


def test_edits_and_deletions_are_noticed_later(
    mock: Mock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By asking for known posts again, the way this server knows."""
    gone, edited = mock.post("goes #natsec17"), mock.post("stays #natsec17")
    posted = int(time.time())

    async def job(run: RunOnce, archive: Archive) -> None:
        await run()
        mock.delete(gone["id"])
        mock.edit(edited["id"], "is better #natsec17")
        http = Http(deadline=5)
        settings = Settings.model_validate({"servers": [mock.url]})
        source = connect(settings, http)
        # Wherever it runs, it calls itself mock.local.
        monkeypatch.setattr(source, "is_home", lambda _, uri: uri.startswith("https://mock.local/"))
        try:
            for _ in range(2):  # where several at once are refused, the next asks one by one
                await refresh(
                    source, mock.url.removeprefix("http://"), archive, posted - 60,
                    now=lambda: posted + 700, turn=no_wait, requests=9,
                )  # fmt: skip
        finally:
            await http.close()
        assert texts(archive) == ["is better #natsec17"]
        assert ask(archive, "SELECT count(*) FROM versions") == [1]

    collecting(mock, tmp_path, job)


@pytest.mark.long  # the server takes seconds to end its streams
@pytest.mark.parametrize("how", ["websocket", "sse"])
def test_posts_edits_and_deletions_are_streamed(
    mock: Mock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """As this server streams them, to one of its people."""
    monkeypatch.setenv("MOCK_TOKEN", "alice_token")
    table = {"host": mock.url, "token_env": "MOCK_TOKEN", "stream": how}
    place = Place("mastodon", mock.url.removeprefix("http://"), "~natsec17")

    async def job(run: RunOnce, archive: Archive) -> None:  # noqa: ARG001 - streamed, not polled
        now = int(time.time())
        query = Query(("natsec17",), (), now - 86_400, now + 86_400, now)
        number = archive.begin_run(key_of(place), now)
        http = Http(deadline=5)
        source = connect(Settings.model_validate({"servers": [table]}), http)
        assert source.beside is not None
        stream = source.beside.stream(place, None, query)

        async def next_change() -> None:
            async with asyncio.timeout(10):
                while True:
                    page = await anext(stream)  # type: ignore[call-overload]
                    stored = archive.store(page, number, key_of(place), now)
                    if stored.new or stored.changed or stored.deleted:
                        return

        try:
            await anext(stream)  # type: ignore[call-overload]
            made = await asyncio.to_thread(mock.post, "Helo #natsec17")
            await next_change()
            assert texts(archive) == ["Helo #natsec17"]
            await asyncio.to_thread(mock.edit, made["id"], "Hello #natsec17")
            await next_change()
            assert texts(archive) == ["Hello #natsec17"]
            await asyncio.to_thread(mock.delete, made["id"])
            await next_change()
            assert texts(archive) == []
        finally:
            await stream.aclose()  # type: ignore[attr-defined]
            await http.close()

    collecting(mock, tmp_path, job)
