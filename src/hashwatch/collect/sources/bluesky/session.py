"""A session with a person's own server (PDS): opened by an app password, used again, renewed.

Servers permit 30 openings in five minutes and 300 a day; so a session is renewed where it can be,
and openings are counted here as well. https://docs.bsky.app/docs/advanced-guides/rate-limits
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from hashwatch.errors import (
    BadAnswerError,
    DeniedError,
    RateLimitedError,
    SourceError,
    UnreachableError,
)

if TYPE_CHECKING:
    # Reading the configuration asks every source for its settings, and needs no HTTP client.
    from hashwatch.collect.http import Http, Parameters

# Seconds, and how many openings in them: a little less than servers permit.
OPENINGS = ((300.0, 25), (86_400.0, 250))
_EXPIRED = (b"ExpiredToken", b"InvalidToken")


class _Service(msgspec.Struct):
    id: str = ""
    endpoint: str = msgspec.field(name="serviceEndpoint", default="")


class _Document(msgspec.Struct):
    service: tuple[_Service, ...] = ()


class _Tokens(msgspec.Struct):
    access: str = msgspec.field(name="accessJwt")
    refresh: str = msgspec.field(name="refreshJwt")
    document: _Document | None = msgspec.field(name="didDoc", default=None)


class Session:
    """Asks a server in a person's name. The tokens live in memory only.

    ``clock`` gives monotonic seconds.
    """

    def __init__(
        self,
        http: Http,
        server: str,
        handle: str,
        password: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http, self._server, self._handle, self._password = http, server, handle, password
        self._clock = clock
        self._home = server
        self._tokens: _Tokens | None = None
        self._opened: deque[float] = deque(maxlen=max(most for _, most in OPENINGS))
        self._turn = asyncio.Lock()

    async def get(self, method: str, parameters: Parameters) -> bytes:
        """The answer to a query; raises a :class:`~hashwatch.errors.SourceError`.

        Where the session has run out it is renewed, and the question asked once more.
        """
        tokens = await self._session(None)
        try:
            return await self._ask(method, parameters, tokens)
        except (BadAnswerError, DeniedError) as error:
            if isinstance(error, BadAnswerError) and not _says_expired(error):
                raise
        return await self._ask(method, parameters, await self._session(tokens))

    async def _ask(self, method: str, parameters: Parameters, tokens: _Tokens) -> bytes:
        url = f"{self._home}/xrpc/{method}"
        return (await self._http.get(url, params=parameters, token=tokens.access)).body

    async def _session(self, spent: _Tokens | None) -> _Tokens:
        """The tokens of now, other than the ``spent`` ones."""
        async with self._turn:
            if self._tokens is None:
                self._tokens = await self._open()
            elif self._tokens is spent:
                self._tokens = await self._renewed(spent) or await self._open()
            return self._tokens

    async def _renewed(self, spent: _Tokens) -> _Tokens | None:
        url = f"{self._home}/xrpc/com.atproto.server.refreshSession"
        try:
            answer = await self._http.post(url, token=spent.refresh)
            return msgspec.json.decode(answer.body, type=_Tokens)
        except (BadAnswerError, DeniedError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    async def _open(self) -> _Tokens:
        self._count()
        self._tokens = None
        url = f"{self._server}/xrpc/com.atproto.server.createSession"
        host = urlsplit(self._server).hostname
        who = {"identifier": self._handle, "password": self._password}
        try:
            answer = await self._http.post(url, json=who)
            tokens = msgspec.json.decode(answer.body, type=_Tokens)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise BadAnswerError(f"{host} opened no session: its answer has no tokens") from None
        except (RateLimitedError, UnreachableError) as error:
            raise _without(error, self._password) from None
        except SourceError as error:
            # A server may quote what it was sent, and the excerpt of its answer would be kept.
            words = str(error).replace(self._password, "…")
            raise DeniedError(
                f"{host} opened no session for {self._handle}; is the app password right? {words}",
                wants_token=True,
            ) from None
        self._home = _home_of(tokens.document) or self._server
        return tokens

    def _count(self) -> None:
        now = self._clock()
        for seconds, most in OPENINGS:
            recent = [at for at in self._opened if now - at < seconds]
            if len(recent) >= most:
                wait = seconds - (now - recent[0])
                raise RateLimitedError(
                    f"{len(recent)} sessions were opened within {seconds / 60:g} min; "
                    f"the next one in {wait:.0f} s",
                    wait,
                )
        self._opened.append(now)


def _says_expired(error: BadAnswerError) -> bool:
    return any(word in error.excerpt for word in _EXPIRED)


def _without(error: RateLimitedError | UnreachableError, secret: str) -> SourceError:
    words = str(error).replace(secret, "…")
    if isinstance(error, RateLimitedError):
        return RateLimitedError(words, error.retry_after)
    return UnreachableError(words)


def _home_of(document: _Document | None) -> str:
    """The server that the account lives on, by its own document: the entrance may be another."""
    for service in document.service if document else ():
        if service.id.endswith("#atproto_pds") and service.endpoint.startswith("https://"):
            return service.endpoint.rstrip("/")
    return ""
