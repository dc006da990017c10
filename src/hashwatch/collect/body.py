"""An answer's body: bounded while it is decoded, and cut and redacted before it is shown. Pure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable

import msgspec

EXCERPT_BYTES = 500
_SAID_LENGTH = 200
_REDACTED = b"[redacted]"
_GZIP = 16 + zlib.MAX_WBITS

# What looks like a credential in an answer, whoever's it is; the value is what goes.
_CREDENTIAL = re.compile(
    rb"""(?ix) ( \b (?: bearer \s+
        | ["']? (?: authorization | (?:access|refresh|id|bearer)_?-?(?:token|jwt) | api_?-?key
            | client_?-?secret | (?:app_?-?)?password ) ["']? \s* [:=] \s* (?:bearer\s+)? ["']? ) )
        [^\s"'&<>,;}]+ """
)


class TooLongError(Exception):
    """The body is longer than was allowed."""


class CorruptError(Exception):
    """The body is not in the encoding that its headers name, or was cut."""


class Body:
    """Collects a body chunk by chunk, decoded, never holding more than ``limit`` bytes.

    Only ``gzip`` is asked for and understood: its output can be bounded while it is decoded, so
    that a bomb stops at the limit instead of after it.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip"):
            raise CorruptError(f"its encoding {name[:40]!r} was not asked for")
        self._gzip = zlib.decompressobj(_GZIP) if name.endswith("gzip") else None
        self._limit = limit
        self._wire = 0
        self._decoded = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what came from the wire; raises ``TooLongError`` or ``CorruptError``."""
        self._wire += len(data)
        if self._wire > self._limit:
            raise TooLongError
        if self._gzip is None:
            self._decoded += data
            return
        while data:
            if self._gzip.eof:
                self._gzip = zlib.decompressobj(_GZIP)
            room = self._limit - len(self._decoded)
            try:
                self._decoded += self._gzip.decompress(data, room + 1)
            except zlib.error:
                raise CorruptError("it is not gzip though it says so") from None
            if len(self._decoded) > self._limit:
                raise TooLongError
            data = self._gzip.unconsumed_tail or self._gzip.unused_data

    def finish(self) -> bytes:
        """The whole body; raises ``CorruptError`` when it ends in the middle."""
        if self._gzip is not None and self._wire and not self._gzip.eof:
            raise CorruptError("it was cut off")
        return bytes(self._decoded)

    def so_far(self) -> bytes:
        """What has been decoded up to now."""
        return bytes(self._decoded[: self._limit])


def excerpt(body: bytes, secrets: Iterable[str | None] = ()) -> bytes:
    """The beginning of a body, safe to keep: bounded, without ``secrets`` or credentials."""
    # A longer piece than is kept is redacted, so that no secret is cut in two and survives.
    return redacted(body[: 8 * EXCERPT_BYTES], secrets)[:EXCERPT_BYTES]


def redacted(text: bytes, secrets: Iterable[str | None]) -> bytes:
    """``text`` without ``secrets`` and without what looks like a credential."""
    for secret in secrets:
        text = without(text, secret)
    return _CREDENTIAL.sub(rb"\1" + _REDACTED, text)


def without(text: bytes, secret: str | None) -> bytes:
    """``text`` without ``secret``, wherever it stands."""
    return text.replace(secret.encode(), _REDACTED) if secret else text


def said(body: bytes, secrets: Iterable[str | None] = ()) -> str:
    """What a JSON error answer says in words, on one bounded line; empty when it says nothing."""
    answer = _fields(redacted(body, secrets))
    # Google and Meta say it one storey down: {"error": {"message": …}}.
    answer = _fields(bytes(answer.get("error", b""))) or answer
    for field in ("error_description", "error", "message", "detail"):
        try:
            text = msgspec.json.decode(answer.get(field, msgspec.Raw(b"null")), type=str)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return words[:_SAID_LENGTH]
    return ""


def _fields(octets: bytes) -> dict[str, msgspec.Raw]:
    """The fields of a JSON object; none of anything else."""
    try:
        return msgspec.json.decode(octets, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
