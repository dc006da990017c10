"""What stands in front of every answer: who may ask, what is closed, and the headers."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import logging
import re
import socket
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode, urlsplit

from datasette.app import Datasette

from hashwatch.errors import HashwatchError
from hashwatch.serve.access import EVERYBODY, Asking, needed
from hashwatch.serve.compress import Compressor, accepts_gzip
from hashwatch.serve.csv_guard import CsvGuard
from hashwatch.serve.signing_in import identify_request, local_path
from hashwatch.serve.site import Site, attach_dashboard, site_of
from hashwatch.serve.speaking import cookie_for, language_of, query_of
from hashwatch.wording import say, speaking

_log = logging.getLogger(__name__)

HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self'{styles}; "
    "img-src 'self'{data}; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors {frames}"
)
_EMBEDDED = re.compile(r"/public/[^/.]+/embed$")
_OURS = re.compile(
    r"/(\.json)?$|/((events|public)(/|$|\.)|favicon\.ico$|-/(healthz$|hashwatch/|sign-in$|account$|people$))"
)
_DATA = re.compile(r"\.(json|csv|jsonl)$|/live$")
_STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def guard(app: Any, datasette: Datasette) -> Any:
    """``app`` behind the host check, the closed doors and the headers."""

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        site = site_of(datasette)
        if scope["type"] == "lifespan":
            await app(scope, receive, _closing(site, send))
            return
        if scope["type"] != "http":
            return
        headers = dict(scope.get("headers") or [])
        ours = _OURS.match(scope["path"]) is not None
        query = query_of(scope)
        language = language_of(scope["path"], query, headers)
        try:
            asking = await identify_request(site, datasette, scope)
            with speaking(language):
                refusal = _refusal(site, scope, headers, ours, asking)
        except HashwatchError as error:
            _log.error("%s", error)
            refusal = 503, "Nobody can be let in at the moment; the server's log says why."
        secure = site.settings.address.startswith("https://")
        cookie = cookie_for(scope["path"], query, secure) if ours and refusal is None else None
        frames = site.settings.embed_origins if _EMBEDDED.match(scope["path"]) else ()
        csv = not ours and scope["path"].endswith(".csv")
        finish = _Finish(send, plain=ours, csv=csv, frames=frames, cookie=cookie)
        outgoing: Any = finish.send
        if accepts_gzip(headers):
            finish.pass_on = Compressor(send).send
        if not ours:
            attach_dashboard(datasette, site)
        with speaking(language):
            if refusal is not None:
                await _refuse(outgoing, *refusal)
            else:
                await app(_without_cookies(scope) if ours else scope, receive, outgoing)

    return guarded


def from_own_page(headers: dict[bytes, bytes]) -> bool:
    """Whether a request that changes something comes from a page of this server, or no browser.

    Every current browser says so in ``Sec-Fetch-Site``. Forms under ``no-referrer`` say ``null``
    in ``Origin``, so that alone tells only older ones apart.
    """
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site == b"same-origin"
    origin = headers.get(b"origin")
    return origin is None or origin.partition(b"//")[2] == headers.get(b"host", b"")


def _without_cookies(scope: dict[str, Any]) -> dict[str, Any]:
    """Our pages know no cookies: what a browser holds for Datasette's own has no say in them."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
    return {**scope, "headers": headers}


def host_allowed(site: Site, host: str) -> bool:
    """Whether a ``Host`` header names this server, so that no other name can be rebound to it.

    A bare address cannot be rebound; of names only the machine's own and the one bound are known.
    """
    name = re.sub(r":\d+$", "", host.strip().lower()).strip("[]").rstrip(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        known = {"localhost", site.settings.host.lower()}
        known.add(urlsplit(site.settings.address).hostname or "localhost")
        if not site.loop_back:
            known |= _machine_names()
        return name in known
    return address.is_loopback or not site.loop_back


@cache
def _machine_names() -> frozenset[str]:
    return frozenset({socket.gethostname().lower(), socket.getfqdn().lower()})


def _refusal(
    site: Site, scope: dict[str, Any], headers: dict[bytes, bytes], ours: bool, asking: Asking
) -> tuple[int, str] | None:
    """Why a request is not answered, as status and words; for 303 the words are an address."""
    host = headers.get(b"host", b"").decode("latin-1")
    if not host_allowed(site, host):
        return 421, say("This server does not go by that name.")
    path, method = scope["path"], scope["method"]
    role = needed(path, method)
    reads = method in ("GET", "HEAD")
    if role is None or (ours and not reads and path.startswith("/events") and not site.decisions):
        return 405, say("This page can only be read.")
    if ours and not reads and not from_own_page(headers):
        return 403, say("Decisions are taken from this server's own pages only.")
    if asking.may(role):
        return None
    if asking.role != EVERYBODY:
        return 403, say("This needs somebody who is %(role)s.", role=say(role))
    if not reads or _DATA.search(path) or not site.people.everybody():
        return 401, say("Sign in first.")
    query = scope.get("query_string", b"").decode("latin-1")
    asked = local_path(path + (f"?{query}" if query else ""))
    return 303, f"/-/sign-in?{urlencode({'next': asked})}"


async def _refuse(send: Any, status: int, words: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    body = json.dumps({"error": words}).encode()
    if status == 303:
        headers.append((b"location", words.encode("latin-1")))
        body = b"{}"
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _closing(site: Site, send: Any) -> Any:
    """Ends our tasks when the server says that it has shut down."""

    async def tell(message: dict[str, Any]) -> None:
        if message["type"].startswith("lifespan.shutdown"):
            site.close()
        await send(message)

    return tell


class _Finish:
    """Puts the headers on an answer; of Datasette's it also neutralises CSV and allows by hash the
    inline blocks that its own templates are known to hold.
    """

    def __init__(
        self, send: Any, *, plain: bool, csv: bool, frames: Sequence[str], cookie: bytes | None
    ) -> None:
        self.pass_on = send
        self._cookie = cookie
        self._plain, self._frames = plain, " ".join(frames) or "'none'"
        self._csv = CsvGuard() if csv else None
        self._start: dict[str, Any] | None = None

    async def send(self, message: dict[str, Any]) -> None:
        """An ASGI ``send``."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self.pass_on(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            await self.pass_on(self._headed(self._start, body))
            self._start = None
        if self._csv is not None:
            body = self._csv.feed(body, last=not more)
        await self.pass_on({**message, "body": body})

    def _headed(self, start: dict[str, Any], body: bytes) -> dict[str, Any]:
        kept = [
            (name, value)
            for name, value in start.get("headers", [])
            if name.lower() not in HEADERS
            and not (self._csv is not None and name.lower() == b"content-length")
        ]
        if start["status"] >= 400:
            self._csv = None
        policy = _plain_policy(self._frames) if self._plain else _tables_policy(body)
        headers = [*kept, *HEADERS.items(), (b"content-security-policy", policy)]
        if self._cookie is not None:
            headers.append((b"set-cookie", self._cookie))
        if self._frames == "'none'":
            headers.append((b"x-frame-options", b"DENY"))
        return {**start, "headers": headers}


@cache
def _plain_policy(frames: str) -> bytes:
    """The policy of our own pages; ``frames`` are those that may show this one in theirs."""
    return _POLICY.format(scripts="", styles="", data="", frames=frames).encode()


def _tables_policy(body: bytes) -> bytes:
    """The policy for a page of Datasette's: ours, and the hashes of its own inline blocks.

    Scripts are those of its templates, known beforehand; styles are read from the page's head,
    where they hold names of columns.
    """
    blocks = _STYLE.findall(body.partition(b"</head>")[0])
    styles = "".join(f" 'sha256-{_hash(block)}'" for block in blocks[:8])
    scripts = "".join(f" 'sha256-{digest}'" for digest in _known_scripts())
    policy = _POLICY.format(scripts=scripts, styles=styles, data=" data:", frames="'none'")
    return policy.encode()


@cache
def _known_scripts() -> tuple[str, ...]:
    """Hashes of the inline scripts in Datasette's templates."""
    found = []
    for template in (files("datasette") / "templates").iterdir():
        if not template.name.endswith(".html"):
            continue
        for script in _SCRIPT.findall(template.read_text(encoding="utf-8")):
            if "{{ datasette_allow_facet }}" in script:
                found += [
                    script.replace("{{ datasette_allow_facet }}", value)
                    for value in ("true", "false")
                ]
            elif "{{" not in script and "{%" not in script:
                found.append(script)
    return tuple(sorted({_hash(script.encode()) for script in found}))


def _hash(block: bytes) -> str:
    return base64.b64encode(hashlib.sha256(block).digest()).decode()
