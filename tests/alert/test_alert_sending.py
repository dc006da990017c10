"""A real webhook on loop-back: what arrives, what pings nobody, what never leaks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from hashwatch.alert.sending import NotSentError, check_address, harmless, send
from hashwatch.errors import ConfigError

CANARY = "canary-5f1e"


class Hook(ThreadingHTTPServer):
    """Takes what is posted, or refuses with ``status``."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def address(self) -> str:
        """As Apprise takes it, with a secret in its path."""
        return f"json://127.0.0.1:{self.server_port}/{CANARY}"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        """One message."""
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook."""
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_message_arrives_as_it_is(hook: Hook) -> None:
    """Title and words."""
    send(hook.address, "Spike: harbour27", "42 posts in five minutes; mostly about Flood defence.")
    [got] = hook.got
    assert got["title"] == "Spike: harbour27"
    assert got["message"] == "42 posts in five minutes; mostly about Flood defence."


def test_a_post_pings_nobody(hook: Hook) -> None:
    """What chat services take for a call to everybody arrives broken up, but reads the same."""
    calls = ["<!channel>", "<!here>", "<@U012AB>", "@everyone", "@here", "@room", "<at>all</at>"]
    send(hook.address, "A post by @everyone", " ".join(calls))
    [got] = hook.got
    for call in [*calls, "@everyone"]:
        assert call not in got["message"] + got["title"], call
    assert harmless(" ".join(calls)).replace("\N{WORD JOINER}", "") == " ".join(calls)


def test_a_refusal_says_why_and_not_where(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    """The address is a secret: it stands in no error and no log."""
    hook.status = 500
    with pytest.raises(NotSentError) as caught:
        send(hook.address, "t", "b")
    assert len(hook.got) == 1
    assert str(caught.value)
    assert CANARY not in str(caught.value) + repr(caught.value) + caplog.text


def test_nobody_there_is_a_refusal() -> None:
    """A port that nobody listens on."""
    with pytest.raises(NotSentError) as caught:
        send(f"json://127.0.0.1:9/{CANARY}", "t", "b")
    assert CANARY not in str(caught.value)


def test_an_address_of_no_service_is_a_matter_of_configuration() -> None:
    """Named by its setting, never shown."""
    with pytest.raises(ConfigError) as caught:
        check_address("notify.team", f"nothing-{CANARY}")
    assert "notify.team" in str(caught.value)
    assert CANARY not in str(caught.value)
