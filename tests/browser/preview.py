"""Serve the pages' templates with sample data, without a database: for the browser tests and the eye.

``python tests/browser/preview.py [PORT]`` and open the printed address. The content security policy
is the strict one, so that anything it forbids shows here first.
"""

from __future__ import annotations

import hashlib
import json
import queue
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jinja2
import sample_pages as sample

SERVE = Path(__file__).parents[2] / "src" / "hashwatch" / "serve"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
BASE = sample.BASE

environment = jinja2.Environment(loader=jinja2.FileSystemLoader(SERVE / "templates"), autoescape=True)


def static(path: str) -> str:
    digest = hashlib.sha256((SERVE / "static" / path).read_bytes()).hexdigest()[:12]
    return f"/-/hashwatch/static/{digest}/{path}"


def overview(query: dict[str, str]) -> sample.Data:
    """The overview as its address asks for it: grain, zoom, tab."""
    data = sample.overview()
    grain = query.get("grain", "hour")
    whole = f"{BASE}?grain=day" if "from" in query else None
    data["series"] = sample.series(grain, whole=whole)
    data["tab"] = query.get("tab", "latest")
    return data


Page = tuple[str, str, Callable[[dict[str, str]], sample.Data]]
PAGES: dict[str, Page] = {
    "/": ("events.html", "events", lambda _: sample.events()),
    BASE: ("overview.html", "overview", overview),
    f"{BASE}/posts": ("posts.html", "posts", lambda _: sample.posts()),
    f"{BASE}/posts/1": ("post.html", "posts", lambda _: sample.one_post()),
    f"{BASE}/sessions": ("sessions.html", "sessions", lambda _: sample.sessions()),
    f"{BASE}/sessions/d4-2": ("session.html", "sessions", lambda _: sample.session()),
    f"{BASE}/themes": ("themes.html", "themes", lambda _: sample.themes()),
    f"{BASE}/coverage": ("coverage.html", "coverage", lambda _: sample.coverage()),
    "/state/empty": ("overview.html", "overview", lambda _: sample.empty_overview()),
    "/state/stale": ("overview.html", "overview", lambda _: sample.stale_overview()),
    "/state/no-result": ("posts.html", "posts", lambda _: sample.posts(posts=[], total=0, next=None)),
    "/state/first": ("first_start.html", "", lambda _: {"config_path": "config.toml"}),
    "/state/error": ("error.html", "", lambda _: {}),
}


class State:
    """What the tests may change: posts that are newer, the listeners of the stream."""

    def __init__(self) -> None:
        self.version = 41
        self.down = False
        self.listeners: list[queue.Queue[int]] = []

    def change(self) -> None:
        self.version += 1
        for listener in self.listeners:
            listener.put(self.version)


class Handler(BaseHTTPRequestHandler):
    server: Preview
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the tests' output stays readable."""

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        path = path if path == "/" else path.rstrip("/")
        if path.startswith("/-/hashwatch/static/"):
            file = SERVE / "static" / path.split("/", 5)[5]
            self.answer(200, TYPES.get(file.suffix, "text/plain"), file.read_bytes())
        elif path.endswith("/live"):
            self.stream()
        elif self.server.state.down:
            self.answer(503, "text/plain", b"down")
        elif path in PAGES:
            values = {key: value[-1] for key, value in parse_qs(query).items()}
            self.answer(200, "text/html; charset=utf-8", self.page(path, values, query).encode())
        else:
            self.answer(404, "text/plain", b"no such page")

    def page(self, path: str, values: dict[str, str], query: str) -> str:
        template, name, build = PAGES[path]
        data = json.loads(json.dumps(build(values)))
        newer = self.server.state.version - 41
        if "posts" in data and isinstance(data["posts"], list) and newer and "version" in data:
            fresh = [sample.post(n, id=1_600_000_000_000_000 + n) for n in range(newer)]
            data["posts"] = [*fresh, *data["posts"]]
            data["version"] = self.server.state.version
        return environment.get_template(template).render(
            data=data, page=name, static=static, status=404, title=None,
            error="There is no event called “natsec18”; the events are natsec17 and ipu137.",
            request=SimpleNamespace(path=urlsplit(path).path, query_string=query),
        )

    def stream(self) -> None:
        """Server-sent events: one "changed" for each change until the viewer goes."""
        inbox: queue.Queue[int] = queue.Queue()
        self.server.state.listeners.append(inbox)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            self.wfile.write(b": hello\n\n")
            while (version := inbox.get()) >= 0:
                self.wfile.write(f'event: changed\ndata: {{"version": {version}}}\n\n'.encode())
        except OSError:
            pass
        finally:
            self.server.state.listeners.remove(inbox)


class Preview(ThreadingHTTPServer):
    """The sample pages on loop-back; ``address`` is where."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        self.state = State()
        super().__init__(("127.0.0.1", port), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self) -> None:
        for listener in self.state.listeners:
            listener.put(-1)
        self.shutdown()
        self.server_close()


if __name__ == "__main__":
    preview = Preview(int(sys.argv[1]) if len(sys.argv) > 1 else 8765)
    print("\n".join(preview.address + path for path in PAGES))
    preview.serve_forever()
