"""Hearing of changes, keeping answers, and stopping at once."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dashboard_builder import build_dashboard
from hashwatch.errors import InUseError
from hashwatch.serve import live as live_module
from hashwatch.serve.answers import Answer, Answers
from hashwatch.serve.app import serve
from hashwatch.serve.live import Live
from hashwatch.serve.stream import stream_changes


def test_listeners_hear_of_a_commit(tmp_path: Path) -> None:
    """A stream begins with the version now and tells of the next one soon after its commit."""
    writer = build_dashboard(tmp_path / "dashboard.db", posts=20)
    writer.execute("PRAGMA journal_mode = WAL")

    async def run() -> list[bytes]:
        live = Live(tmp_path / "dashboard.db")
        await live.ensure_started()
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        hung_up = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await hung_up.wait()
            return {"type": "http.disconnect"}

        streaming = asyncio.create_task(stream_changes(live, receive, heard.put))
        start = await asyncio.wait_for(heard.get(), 5)
        assert dict(start["headers"])[b"content-type"].startswith(b"text/event-stream")
        first = await asyncio.wait_for(heard.get(), 5)
        writer.execute("UPDATE meta SET value = '43' WHERE key = 'published_seq'")
        second = await asyncio.wait_for(heard.get(), 5)
        hung_up.set()
        await asyncio.wait_for(streaming, 5)
        assert live.listeners == 0
        live.close()
        return [first["body"], second["body"]]

    first, second = asyncio.run(run())
    assert first == b'event: changed\ndata: {"version": 42}\n\n'
    assert second == b'event: changed\ndata: {"version": 43}\n\n'
    writer.close()


def test_a_quiet_stream_beats_and_a_full_house_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without news a heartbeat keeps the stream; one listener too many is asked to poll."""
    build_dashboard(tmp_path / "dashboard.db", posts=5).close()
    monkeypatch.setattr(live_module, "HEARTBEAT_SECONDS", 0.01)

    async def run() -> None:
        live = Live(tmp_path / "dashboard.db")
        await live.ensure_started()
        changes = live.changes()
        assert await anext(changes) == 42
        assert await anext(changes) is None
        live.listeners = 10**6
        refused = await stream_changes(live, None, None)
        assert refused is not None
        assert refused.status == 503
        await changes.aclose()
        live.close()

    asyncio.run(run())


def test_what_no_page_shows_is_no_change(tmp_path: Path) -> None:
    """The publisher's word that it is up to date alone tells nobody, until half a minute passed."""
    writer = build_dashboard(tmp_path / "dashboard.db", posts=5)
    before = live_module.stamp(writer)
    writer.execute("UPDATE meta SET value = '1000000005.5' WHERE key = 'published_at'")
    assert live_module.stamp(writer) == before
    writer.execute("UPDATE meta SET value = '1000000050.5' WHERE key = 'published_at'")
    assert live_module.stamp(writer) != before
    before = live_module.stamp(writer)
    writer.execute("UPDATE places SET state = 'denied' WHERE source = 'bluesky'")
    assert live_module.stamp(writer) != before
    writer.close()


def test_an_answer_is_made_once_for_many(tmp_path: Path) -> None:  # noqa: ARG001
    """Those who ask while it is made get the same answer; a second later a new truth counts."""
    now = [0.0]
    answers = Answers(clock=lambda: now[0])
    made: list[int] = []

    async def make() -> Answer:
        made.append(1)
        await asyncio.sleep(0)
        return Answer(200, "text/plain", b"%d" % len(made), b"")

    async def run() -> None:
        together = await asyncio.gather(*(answers.get("a", "1", make) for _ in range(50)))
        assert {answer.body for answer in together} == {b"1"}
        assert (await answers.get("a", "2", make)).body == b"1"
        now[0] = 1.5
        assert (await answers.get("a", "1", make)).body == b"1"
        assert (await answers.get("a", "2", make)).body == b"2"
        now[0] = 20.0
        assert (await answers.get("a", "2", make)).body == b"3"

    asyncio.run(run())


@pytest.mark.parametrize(("took", "fresh"), [(0.0, 0.2), (0.1, 0.5), (3.0, 1.0)])
def test_under_a_writer_an_answer_is_new_enough_for_five_times_what_it_took(
    took: float, fresh: float
) -> None:
    """From a fifth of a second to one: quick pages are seldom old, slow ones seldom made."""
    now = [0.0]
    answers = Answers(clock=lambda: now[0])
    made: list[int] = []

    async def make() -> Answer:
        made.append(1)
        now[0] += took
        return Answer(200, "text/plain", b"%d" % len(made), b"")

    async def run() -> None:
        await answers.get("a", "1", make)
        begun = now[0]
        now[0] = begun + fresh - 0.01
        assert (await answers.get("a", "2", make)).body == b"1"
        now[0] = begun + fresh
        assert (await answers.get("a", "3", make)).body == b"2"

    asyncio.run(run())


def test_a_failure_is_told_to_all_and_not_kept() -> None:
    """Everyone who waited gets the error, and the next one who asks tries again."""
    answers = Answers()
    tries: list[int] = []

    async def fail() -> Answer:
        tries.append(1)
        await asyncio.sleep(0)
        raise ValueError("no")

    async def run() -> None:
        for expected in (1, 2):
            got = await asyncio.gather(
                *(answers.get("a", "1", fail) for _ in range(3)), return_exceptions=True
            )
            assert [type(error) for error in got] == [ValueError] * 3
            assert len(tries) == expected

    asyncio.run(run())


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    """The error names the port and says what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InUseError, match=rf"Port {port} .* choose another with --port"):
            serve(tmp_path / "dashboard.db", port=port)


def test_the_server_stops_at_once_with_open_streams(dashboard_path: Path) -> None:
    """On SIGINT a server with an open stream ends within a few seconds, the stream before it."""
    code = (
        "import sys; from hashwatch.serve.app import serve; "
        "serve(sys.argv[1], port=0, announce=lambda a: print(a, flush=True))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(dashboard_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        port = int(address.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as stream:
            request = f"GET /events/natsec17/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
            stream.sendall(request.encode())
            received = b""
            while b"event: changed" not in received:
                received += stream.recv(4096)
            assert b"200 OK" in received
            started = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.wait(timeout=10)
            assert time.monotonic() - started < 4
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
