"""What becomes of an answer when something is wrong with its host."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from email.utils import formatdate

from simulator.network import Fault, Reply, Request

# Decoded sizes; the simulator's clients take a megabyte at most.
HUGE = 3_000_000
_BOMB = gzip.compress(b"[" + b" " * HUGE)


def disturbed(fault: Fault, request: Request, reply: Reply, now: float) -> Reply:
    """``reply`` as ``fault`` makes it; ``now`` is the true time."""
    kind = fault.kind
    if kind.startswith("429"):
        return Reply(429, b'{"error": "Zu viele Anfragen"}', _limits(kind, fault, now))
    if kind == "budget spent":
        # Counted as fired only where the answer itself is whole.
        reset = datetime.fromtimestamp(now + fault.detail, UTC).isoformat()
        more = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
        return Reply(reply.status, reply.body, {**reply.headers, **more})
    if kind in ("500", "503"):
        return Reply(int(kind), b"<html>down for maintenance</html>")
    if kind == "token expired":
        return Reply(401, b'{"error": "The access token expired"}')
    if kind == "forbidden":
        return Reply(403, b'{"error": "This action is not allowed"}')
    if kind == "website":
        return Reply(200, b"<!doctype html><p>Please log in to the wi-fi", {})
    if kind == "cut JSON":
        at = int(len(reply.body) * fault.detail)
        return Reply(reply.status, reply.body[: min(at, len(reply.body) - 1)], reply.headers)
    if kind == "cut connection":
        return Reply(reply.status, reply.body, reply.headers, how="drop", cut=fault.detail)
    if kind == "half-open":
        return Reply(how="hang")
    if kind == "a byte a second":
        return Reply(reply.status, reply.body, reply.headers, how="drip")
    if kind == "huge body":
        return Reply(200, b"[" + b" " * HUGE, {})
    if kind == "gzip bomb":
        return Reply(200, _BOMB, {"Content-Encoding": "gzip"})
    if kind == "broken gzip":
        return Reply(200, _BOMB[: len(_BOMB) // 2], {"Content-Encoding": "gzip"})
    raise ValueError(f"nobody knows what {kind!r} does to an answer to {request.path}")


def _limits(kind: str, fault: Fault, now: float) -> dict[str, str]:
    reset = now + fault.detail
    date = {"Date": formatdate(now, usegmt=True)}
    iso = datetime.fromtimestamp(reset, UTC).isoformat()
    return {
        "429 with seconds": {"Retry-After": str(int(fault.detail))},
        "429 with a date": {"Retry-After": formatdate(reset, usegmt=True), **date},
        "429 with ISO time": {"X-RateLimit-Reset": iso, **date},
        "429 with epoch time": {"RateLimit-Reset": str(int(reset)), **date},
        "429 of the past": {"X-RateLimit-Reset": "2001-01-01T00:00:00Z", **date},
        "429 in ten years": {"Retry-After": str(10 * 366 * 86_400)},
        "429 with garbage": {"Retry-After": "soon"},
        "429 without a word": {},
    }[kind]
