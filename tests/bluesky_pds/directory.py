"""A directory of identities (PLC) on loop-back, as far as a PDS asks it. Nothing is verified.

https://github.com/did-method-plc/did-method-plc
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote


class Directory(ThreadingHTTPServer):
    """``with`` runs it; ``operations`` holds the latest operation of each identity."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.operations: dict[str, dict[str, Any]] = {}
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Directory:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Directory

    def do_POST(self) -> None:
        """An operation: it stands."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.operations[unquote(self.path[1:])] = json.loads(body)
        self._answer({})

    def do_GET(self) -> None:
        """The document of an identity, its data, or its latest operation."""
        did, _, what = unquote(self.path[1:]).partition("/")
        operation = self.server.operations.get(did)
        if operation is None:
            self._answer({"message": f"{did} is not registered"}, 404)
        elif what == "log/last":
            self._answer(operation)
        else:
            self._answer({"did": did, **operation} if what == "data" else document(did, operation))

    def _answer(self, what: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def document(did: str, operation: dict[str, Any]) -> dict[str, Any]:
    """The document that an operation makes of an identity."""
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "alsoKnownAs": operation["alsoKnownAs"],
        "verificationMethod": [
            {
                "id": f"{did}#{name}",
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": key.removeprefix("did:key:"),
            }
            for name, key in operation["verificationMethods"].items()
        ],
        "service": [
            {"id": f"#{name}", "type": service["type"], "serviceEndpoint": service["endpoint"]}
            for name, service in operation["services"].items()
        ],
    }
