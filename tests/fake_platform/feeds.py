"""A server of feeds on loop-back that knows entity tags and dates, and counts what it gave."""

from __future__ import annotations

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class FakeFeeds:
    """Serves ``feeds`` (path → bytes). ``answered`` counts statuses, ``plan`` holds faults to come:
    (status, headers, body) of the next answers.
    """

    def __init__(self) -> None:
        self.feeds: dict[str, bytes] = {}
        self.answered: Counter[int] = Counter()
        self.plan: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake._answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> FakeFeeds:
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append((request.path, headers))
        body = self.feeds.get(request.path)
        status, extra = (200, {}) if body is not None else (404, {})
        tag = f'"{hash(body)}"'
        if self.plan:
            status, extra, body = self.plan.pop(0)
        elif body is not None:
            extra = {"ETag": tag, "Last-Modified": "Fri, 31 Mar 2017 10:00:00 GMT"}
            if headers.get("if-none-match") == tag:
                status, body = 304, b""
        self.answered[status] += 1
        request.send_response(status)
        for name, value in extra.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body or b"")))
        request.end_headers()
        request.wfile.write(body or b"")
