"""The one way out: every request to a platform passes through :class:`Http`.

It bounds time and size, follows redirects by hand, connects only where it may, and turns statuses
into the errors of :mod:`hashwatch.errors`, once, here. It never waits or repeats anything: that is
for the schedule to decide.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Literal, NoReturn

import httpcore
import httpx
import msgspec

from hashwatch import __version__
from hashwatch.collect.body import (
    Body,
    CorruptError,
    TooLongError,
    excerpt,
    redacted,
    said,
    without,
)
from hashwatch.collect.guard import GuardedBackend, Resolve, resolve_name
from hashwatch.collect.rates import DEFAULT_WAIT, Wait, budget_is_spent, requested_wait
from hashwatch.errors import (
    BadAnswerError,
    DeniedError,
    NotFoundError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)

USER_AGENT = f"hashwatch/{__version__} (conference monitor)"

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_REQUESTS_A_HOST = 4
_ERROR_BYTES = 16_384

# 401, 403, 451 (RFC 9110, RFC 7725), and 422: Mastodon's word for "this needs a signed-in user".
_DENIED = (401, 403, 422, 451)
_MISSING = (404, 410)

_log = logging.getLogger(__name__)

Origin = tuple[str, str, int | None]
Parameters = Mapping[str, str | int] | Sequence[tuple[str, str]]


class Answer(msgspec.Struct, frozen=True):
    """A successful answer: header names in lower case, the body decoded, the last address.

    The token that it was asked with is not in the body, even where the platform says it back.
    Status 304 (to a request with a condition) comes without a body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class _Call(msgspec.Struct, frozen=True):
    """One request as the caller means it; redirects change the address and drop secrets."""

    method: Literal["GET", "POST"]
    url: httpx.URL
    token: str | None
    headers: Mapping[str, str]
    content: bytes | None = None
    limit: str = ""
    token_header: str = ""


class Http:
    """One long-lived client for all sources; close it with :meth:`close`.

    ``deadline`` bounds a request in all, redirects and body included, in seconds; ``max_bytes``
    the decoded body. Loop-back addresses are refused unless ``allow_loopback`` is set or the
    operator's own settings name one (:meth:`permit_loopback`). After a 429 or a spent budget the
    same host and token are not asked again until the time the platform named; a request whose page
    has a rate limit of its own names it (``limit``) and is held up by that alone.
    """

    def __init__(
        self,
        *,
        deadline: float = 30.0,
        max_bytes: int = 16_000_000,
        allow_loopback: bool = False,
        resolve: Resolve = resolve_name,
    ) -> None:
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._allow_loopback = allow_loopback
        self._loopback: set[tuple[str, int]] = set()
        self._holds: dict[tuple[Origin, str | None, str], float] = {}
        self._turns: dict[Origin, asyncio.Semaphore] = {}
        self._client = httpx.AsyncClient(
            transport=_GuardedTransport(GuardedBackend(self._permits_loopback, resolve)),
            timeout=httpx.Timeout(deadline, connect=5.0),
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"},
        )

    async def get(
        self,
        url: str,
        *,
        params: Parameters | None = None,
        token: str | None = None,
        token_header: str = "",
        headers: Mapping[str, str] | None = None,
        limit: str = "",
    ) -> Answer:
        """The answer to a GET; raises a :class:`~hashwatch.errors.SourceError` for any other.

        The token goes as the bearer's authorisation, or in ``token_header`` where one is named.
        """
        where = _parse_url(url)
        if params:
            pairs = params.items() if isinstance(params, Mapping) else params
            where = where.copy_merge_params([(name, str(value)) for name, value in pairs])
        call = _Call("GET", where, token, headers or {}, limit=limit, token_header=token_header)
        return await self._ask(call)

    async def post(
        self,
        url: str,
        *,
        json: object = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to a POST of ``json``. Redirects are refused: the body may hold a secret."""
        content = b"" if json is None else msgspec.json.encode(json)
        kind = {} if json is None else {"Content-Type": "application/json"}
        call = _Call("POST", _parse_url(url), token, {**kind, **(headers or {})}, content)
        return await self._ask(call)

    async def lines(
        self,
        url: str,
        *,
        params: Mapping[str, str],
        token: str | None,
        silence: float,
        accept: str = "text/event-stream",
        limit: str = "",
    ) -> AsyncIterator[bytes]:
        """The lines of an answer that does not end, as they come.

        Redirects are refused. Raises a :class:`~hashwatch.errors.SourceError`, also after
        ``silence`` seconds without a byte and when the answer ends after all.
        """
        where = _parse_url(url).copy_merge_params(dict(params))
        call = _Call("GET", where, token, {"Accept": accept}, limit=limit)
        self._check_hold(_origin(where), call)
        request = self._client.build_request(
            "GET", where, headers=_headers(call), timeout=httpx.Timeout(silence, connect=5.0)
        )
        try:
            response = await self._client.send(request, stream=True)
            try:
                if response.status_code != 200:
                    await self._refuse(call, response)
                async for line in _lines(response, self._max_bytes):
                    yield without(line, token)
            finally:
                await response.aclose()
        except (httpx.HTTPError, OSError) as error:
            reason = str(error) or type(error).__name__
            failure = UnreachableError(f"{where.host}'s stream broke off: {reason[:200]}")
            failure.asked = not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
            raise failure from error
        raise UnreachableError(f"{where.host} closed the stream")

    def permit_loopback(self, url: str) -> None:
        """Allow connections to the host and port of ``url``, which an operator wrote down."""
        parsed = _parse_url(url)
        self._loopback.add((parsed.host, _port(parsed)))

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _ask(self, call: _Call) -> Answer:
        origin = _origin(call.url)
        if call.token is not None and not (call.token.isascii() and call.token.isprintable()):
            # Sent on, it would come back word for word in the protocol library's complaint.
            raise DeniedError(f"the token for {call.url.host} holds characters that no token has")
        async with self._turns.setdefault(origin, asyncio.Semaphore(_REQUESTS_A_HOST)):
            self._check_hold(origin, call)
            try:
                async with asyncio.timeout(self._deadline):
                    return await self._follow(call)
            except TimeoutError:
                raise UnreachableError(
                    f"{call.url.host} did not answer in full within {self._deadline:g} s"
                ) from None
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                reason = str(error) or type(error).__name__
                failure = UnreachableError(f"{call.url.host} cannot be reached: {reason[:200]}")
                failure.asked = not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
                raise failure from error

    async def _follow(self, call: _Call) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            request = self._client.build_request(
                call.method, call.url, headers=_headers(call), content=call.content
            )
            response = await self._client.send(request, stream=True)
            try:
                if response.status_code not in _REDIRECTS:
                    return await self._answer(call, response)
            finally:
                await response.aclose()
            call = self._redirected(call, response.headers.get("location", ""))
        raise BadAnswerError(f"{call.url.host} redirects more than {_MOST_REDIRECTS} times")

    async def _answer(self, call: _Call, response: httpx.Response) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code == 304 and _is_conditional(call):
            return Answer(304, headers, b"", str(response.url))
        if not response.is_success:
            await self._refuse(call, response)
        if budget_is_spent(headers):
            wait = requested_wait(headers, time.time())
            if wait is not None and not wait.warning:
                self._hold(call, wait.seconds)
        # Whatever is kept of an answer, be it a piece of one that nobody can read: no token is.
        body = without(await _whole(response, self._max_bytes), call.token)
        return Answer(response.status_code, headers, body, str(response.url))

    async def _refuse(self, call: _Call, response: httpx.Response) -> NoReturn:
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = await _beginning(response)
        error = _error_for(response.status_code, headers, body, call)
        error.status = response.status_code
        if isinstance(error, RateLimitedError):
            self._hold(call, error.retry_after)
        raise error

    def _redirected(self, call: _Call, location: str) -> _Call:
        host = call.url.host
        if call.method != "GET":
            raise BadAnswerError(f"{host} redirects a request that must not be repeated elsewhere")
        try:
            target = call.url.join(location).copy_with(userinfo=b"")
        except (httpx.InvalidURL, ValueError):
            raise BadAnswerError(f"{host} redirects to an address that is none") from None
        if target.scheme not in ("https", call.url.scheme) or not target.host or not location:
            raise BadAnswerError(f"{host} redirects to an address that is not fit: {target.scheme}")
        if _origin(target) == _origin(call.url):
            return msgspec.structs.replace(call, url=target)
        if (target.host, _port(target)) in self._loopback:
            raise UnreachableError(f"{host} redirects to this machine; that is refused")
        return _Call("GET", target, None, {})

    def _permits_loopback(self, host: str, port: int) -> bool:
        return self._allow_loopback or (host, port) in self._loopback

    def _hold(self, call: _Call, seconds: float) -> None:
        self._holds[_origin(call.url), call.token, call.limit] = time.monotonic() + seconds

    def _check_hold(self, origin: Origin, call: _Call) -> None:
        until = self._holds.get((origin, call.token, call.limit), 0.0)
        left = until - time.monotonic()
        if left > 0:
            error = RateLimitedError(
                f"{call.url.host} asked to be left alone for another {left:.0f} s", left
            )
            error.asked = False
            raise error


class _GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over a connection pool that opens its connections through the guard."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        context = httpx.create_ssl_context()
        super().__init__(verify=context)
        # httpx has no argument for the backend; the pool made above has opened nothing yet.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=20,
            keepalive_expiry=90.0,
            network_backend=backend,
        )


def _parse_url(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UnreachableError(f"{url[:200]!r} is not an address: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise UnreachableError(f"{url[:200]!r} is not a web address")
    return parsed


def _origin(url: httpx.URL) -> Origin:
    return url.scheme, url.host, _port(url)


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _headers(call: _Call) -> dict[str, str]:
    if call.token is None:
        return dict(call.headers)
    if call.token_header:
        return {**call.headers, call.token_header: call.token}
    return {**call.headers, "Authorization": f"Bearer {call.token}"}


def _is_conditional(call: _Call) -> bool:
    return bool({"if-none-match", "if-modified-since"} & {name.lower() for name in call.headers})


async def _whole(response: httpx.Response, limit: int) -> bytes:
    host = response.url.host
    try:
        body = Body(response.headers.get("content-encoding", ""), limit)
        async for chunk in response.aiter_raw():
            body.feed(chunk)
        return body.finish()
    except TooLongError:
        raise BadAnswerError(
            f"{host} sent more than {limit:,} bytes; the rest was refused"
        ) from None
    except CorruptError as error:
        raise BadAnswerError(f"{host} sent a body that cannot be decoded: {error}") from None


async def _lines(response: httpx.Response, longest: int) -> AsyncIterator[bytes]:
    """The lines of a body without their ends; one longer than ``longest`` is refused."""
    held = b""
    async for chunk in response.aiter_bytes():
        *whole, held = (held + chunk).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r")
        if len(held) > longest:
            raise BadAnswerError(f"{response.url.host} sent a line of more than {longest:,} bytes")


async def _beginning(response: httpx.Response) -> bytes:
    """As much of an error's body as is needed to quote it; the status says the rest."""
    try:
        body = Body(response.headers.get("content-encoding", ""), _ERROR_BYTES)
    except CorruptError:
        return b""
    try:
        async for chunk in response.aiter_raw():
            body.feed(chunk)
    except (TooLongError, CorruptError, httpx.HTTPError):
        pass
    return body.so_far()


def _error_for(status: int, headers: Mapping[str, str], body: bytes, call: _Call) -> SourceError:
    """The error that a status stands for. Texts are localised, so only the status decides."""
    secrets = (call.token, *call.headers.values())
    host, path = call.url.host, call.url.path
    words = said(body, secrets)
    quoted = f': "{words}"' if words else ""
    if status == 429:
        wait = requested_wait(headers, time.time()) or Wait(DEFAULT_WAIT)
        if wait.warning:
            _log.warning("%s limits the rate, but %s", host, wait.warning)
        return RateLimitedError(
            f"{host} limits the rate; trying again in {wait.seconds:.0f} s", wait.seconds
        )
    if status in _DENIED:
        advice = "its token was refused" if call.token else "it wants a token"
        words = f"{host} denied {path} ({status}){quoted}; {advice}"
        # 403 and 451 without a token are a wall, not a question for one.
        wants_token = call.token is None and status in (401, 422)
        return DeniedError(words, wants_token=wants_token, excerpt=redacted(body, secrets))
    if status in _MISSING:
        return NotFoundError(f"{host} knows no {path} ({status}){quoted}")
    if status >= 500 or status == 408:
        return UnreachableError(f"{host} failed to answer {path} ({status}){quoted}")
    return BadAnswerError(
        f"{host} answered {path} with status {status}{quoted}", excerpt(body, secrets)
    )
