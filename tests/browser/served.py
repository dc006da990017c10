"""The real server on loop-back, on a dashboard of invented posts, for the browser tests."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from pathlib import Path

import uvicorn

import dashboard_builder
from hashwatch.serve.app import build_app

PUBLISHED = 1e9
"""The wall time at which the builder's dashboard says it was published."""


class Served:
    """A server in a thread; ``address`` is where. Its figures are ``age`` seconds old."""

    def __init__(self, path: Path, age: float = 8) -> None:
        self._path = path
        self._posts = 0
        app = build_app(path, config_path="config.toml", wall=lambda: PUBLISHED + age)
        config = uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        """Ends the server and its streams."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)

    def post(self, text: str = "A new post about the debate #NATSEC17") -> None:
        """Publishes one more post, newer than all others."""
        self._posts += 1
        number = 100_000 + self._posts
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        row = {
            "second": dashboard_builder.NOW + 600 + self._posts, "text": text, "language": "en",
            "of": None, "kind": "post", "uri": f"https://m.example/posts/{number}",
        }  # fmt: skip
        dashboard_builder._insert(connection, random.Random(number), number, row)
        connection.execute(
            "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'published_seq'"
        )
        connection.execute("COMMIT")
        connection.close()
