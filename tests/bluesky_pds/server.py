"""Bluesky's own PDS, installed once and started on loop-back, as people use it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

HERE = Path(__file__).parent
OLDEST_NODE = 18
INSTALL_SECONDS, START_SECONDS = 400, 60
POST = "app.bsky.feed.post"


class AbsentError(Exception):
    """The PDS cannot be had on this machine; the message says what was missing."""


def installed() -> Path:
    """The folder with the PDS and its packages; raises ``AbsentError``.

    They stay in the user's cache, under the versions that they are made for.
    """
    node = _version_of("node")
    _version_of("npm")
    if node < OLDEST_NODE:
        raise AbsentError(f"Node.js is {node}, and {OLDEST_NODE} is the oldest that will do")
    package = (HERE / "package.json").read_text(encoding="utf-8")
    (version,) = re.findall(r'"@atproto/pds": "([\d.]+)"', package)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "hashwatch-tests" / f"pds-{version}-node{node}"
    if not folder.exists():
        begun = folder.with_name(f"{folder.name}.{os.getpid()}")
        begun.mkdir(parents=True)
        shutil.copy(HERE / "package.json", begun)
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
        try:
            done = _run(command, begun, INSTALL_SECONDS)
            if done.returncode:
                raise AbsentError(f"npm cannot install the PDS: {done.stderr.strip()[-300:]}")
            begun.rename(folder)
        finally:
            shutil.rmtree(begun, ignore_errors=True)
    shutil.copy(HERE / "serve.mjs", folder)
    return folder


def _version_of(command: str) -> int:
    if shutil.which(command) is None:
        raise AbsentError(f"there is no {command} on this machine")
    said = _run([command, "--version"], HERE, 30).stdout
    return int(said.strip().removeprefix("v").split(".")[0])


def _run(command: list[str], folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=folder, timeout=seconds, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        raise AbsentError(f"{command[0]} took longer than {seconds:g} s") from None


class Person:
    """Somebody with an account there."""

    def __init__(self, pds: Pds, handle: str, session: dict[str, Any]) -> None:
        self.handle, self.did = handle, str(session["did"])
        self._pds, self._token = pds, str(session["accessJwt"])

    def call(self, method: str, **body: Any) -> dict[str, Any]:
        """A procedure, as this person."""
        return self._pds.call(method, self._token, body)

    def post(self, text: str, **record: Any) -> dict[str, str]:
        """Writes a post; its address and content id."""
        made = self.call(
            "com.atproto.repo.createRecord", repo=self.did, collection=POST,
            record={"$type": POST, "text": text, "createdAt": now(), **facets(text), **record},
        )  # fmt: skip
        return {"uri": made["uri"], "cid": made["cid"]}

    def edit(self, post: dict[str, str], text: str) -> None:
        """Puts another text in a post's place."""
        key = post["uri"].rpartition("/")[2]
        self.call(
            "com.atproto.repo.putRecord", repo=self.did, collection=POST, rkey=key,
            record={"$type": POST, "text": text, "createdAt": now(), **facets(text)},
        )  # fmt: skip

    def delete(self, post: dict[str, str]) -> None:
        """Takes a post away."""
        key = post["uri"].rpartition("/")[2]
        self.call("com.atproto.repo.deleteRecord", repo=self.did, collection=POST, rkey=key)


class Pds:
    """The server; ``with`` runs it. Raises ``AbsentError`` where it cannot start."""

    def __init__(self, folder: Path, data: Path, directory: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        data.mkdir()
        self.url, self._admin = f"http://localhost:{port}", secrets.token_hex(8)
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=30)
        self._log = data / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["node", "serve.mjs", str(port), str(data), directory, self._admin],
                cwd=folder, stdout=log, stderr=log, env={**os.environ, "LOG_ENABLED": "false"},
            )  # fmt: skip

    def __enter__(self) -> Pds:
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if b"ready" in self._log.read_bytes():
                return self
            time.sleep(0.05)
        said = self._log.read_text(errors="replace")[-300:]
        self.__exit__()
        raise AbsentError(f"the PDS does not start: {said}")

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        self._client.close()
        self._process.kill()
        self._process.wait()

    def join(self, name: str) -> Person:
        """Somebody opens an account."""
        handle = f"{name}.test"
        asked = {"handle": handle, "email": f"{name}@town.example", "password": name}
        return Person(self, handle, self.call("com.atproto.server.createAccount", None, asked))

    def expel(self, person: Person) -> None:
        """The server's people delete an account."""
        answer = self._client.post(
            "/xrpc/com.atproto.admin.deleteAccount",
            json={"did": person.did},
            auth=("admin", self._admin),
        )
        assert answer.is_success, answer.text

    def call(self, method: str, token: str | None, body: dict[str, Any]) -> dict[str, Any]:
        """A procedure's answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self._client.post(f"/xrpc/{method}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return dict(answer.json()) if answer.content else {}


def now() -> str:
    """This moment, as records have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


def facets(text: str) -> dict[str, Any]:
    """Where the hashtags of a text stand, in bytes, as apps mark them."""
    return {
        "facets": [
            {
                "index": {
                    "byteStart": len(text[: found.start()].encode()),
                    "byteEnd": len(text[: found.end()].encode()),
                },
                "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": found[1]}],
            }
            for found in re.finditer(r"#(\w+)", text)
        ]
    }
