"""Tokens stay where they were given, also where a platform says them back."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import zstandard

from hashwatch.config import Config, parse_config
from hashwatch.publish.publisher import Publisher
from hashwatch.schedule.starting import collect_once
from hashwatch.schedule.trying import try_sources

SOURCES = ("mastodon", "bluesky", "x", "youtube", "threads")
CANARIES = {name: f"canary-{name}-8d2f71c4" for name in SOURCES}
SESSION = ("canary-access-51ab", "canary-refresh-77e0")
EVERY = (*CANARIES.values(), *SESSION)


class Parrot(ThreadingHTTPServer):
    """Answers everything in one way, and says back all that it was sent; keeps what it heard."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.way, self.heard = "refused", b""
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Parrot

    def do_GET(self) -> None:
        """Path, headers and body, said back."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = f"{self.path} {dict(self.headers.items())} ".encode() + body
        self.server.heard += said
        if self.server.way != "refused" and self.path.endswith("createSession"):
            session = {"did": "did:plc:abcdefghijklmnopqrstuvwx", "handle": "team.example"}
            session |= {"accessJwt": SESSION[0], "refreshJwt": SESSION[1]}
            status, answer = 200, json.dumps(session).encode()
        else:
            status = {"refused": 401, "broken": 500, "limited": 429}.get(self.server.way, 200)
            words = {"message": said.decode(), "error": said.decode()}
            answer = said if self.server.way == "nonsense" else json.dumps(words).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Parrot]:
    """The server, and every token in the environment."""
    for name, canary in CANARIES.items():
        monkeypatch.setenv(f"{name.upper()}_TOKEN", canary)
    server = Parrot()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def config_for(parrot: Parrot, folder: Path) -> Config:
    """Every source that takes a token, asked at the parrot."""
    socket = parrot.url.replace("http", "ws")
    text = f"""
[[event]]
slug = "fair"
title = "Fair"
hashtags = ["TownFair"]
timezone = "UTC"
starts = 2020-01-01
ends = 2090-01-02
[sources.mastodon]
servers = [{{ host = "{parrot.url}", token_env = "MASTODON_TOKEN" }}]
[sources.bluesky]
allow_loopback = true
endpoints = ["{socket}"]
handle = "team.example"
token_env = "BLUESKY_TOKEN"
pds = "{parrot.url}"
[sources.x]
token_env = "X_TOKEN"
budget = 5
host = "{parrot.url}"
[sources.youtube]
token_env = "YOUTUBE_TOKEN"
address = "{parrot.url}"
[sources.threads]
token_env = "THREADS_TOKEN"
address = "{parrot.url}"
"""
    return parse_config(text, folder / "config.toml")


@pytest.mark.parametrize("way", ["refused", "broken", "limited", "nonsense", "wrong"])
def test_no_token_is_kept_or_told(
    parrot: Parrot, tmp_path: Path, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in any file, report, verdict or log, whatever a platform answers to its own token."""
    caplog.set_level(logging.INFO)  # what the processes log at
    parrot.way = way
    config = config_for(parrot, tmp_path)
    reports = asyncio.run(collect_once(config, tmp_path / "archive.db"))
    trials = asyncio.run(try_sources(config, ask="all", archive_path=tmp_path / "archive.db"))
    with Publisher(
        tmp_path / "archive.db", tmp_path / "dashboard.db", config.events, "textblob"
    ) as publisher:
        publisher.catch_up()
    for name in SOURCES:
        assert CANARIES[name].encode() in parrot.heard, f"{name}'s token must have been used"
    assert {report.place.source for report in reports} >= set(SOURCES)
    assert any(report.reason for report in reports), "something must have gone wrong"
    told = f"{reports} {trials} {caplog.text} {sys.argv}"
    found = [canary for canary in EVERY if canary in told]
    assert not found
    assert not list(in_files(tmp_path))


def in_files(folder: Path) -> Iterator[tuple[str, str]]:
    """File and canary, of each that stands in a file, or compressed in one of its rows."""
    for name, raw in [(path.name, path.read_bytes()) for path in folder.iterdir()]:
        yield from ((name, canary) for canary in EVERY if canary.encode() in raw)
    for path in list(folder.glob("*.db")):
        yield from ((path.name, canary) for canary in EVERY if canary in unpacked(path))


def unpacked(path: Path) -> str:
    """Every value of every table, in plain text."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        values = [
            value
            for (name,) in names
            for row in connection.execute(f'SELECT * FROM "{name}"')
            for value in row
        ]
    return " ".join(plain(value) for value in values)


def plain(value: object) -> str:
    """A value as text; what is compressed, unpacked."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        return zstandard.ZstdDecompressor().decompress(value, 10_000_000).decode(errors="replace")
    except zstandard.ZstdError:
        return value.decode(errors="replace")
