"""The stream of changes as Server-Sent Events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from datasette.utils.asgi import Response

from hashwatch.serve.live import MAX_LISTENERS, Live


async def stream_changes(live: Live, receive: Any, send: Any) -> Response | None:
    """Tells the listener of each change until either side ends; refuses one too many."""
    if live.listeners >= MAX_LISTENERS:
        busy = {"error": "Too many pages listen; this one asks by itself."}
        return Response.json(busy, status=503, headers={"Retry-After": "30"})
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    telling = asyncio.create_task(_tell(live, send))
    gone = asyncio.create_task(_until_gone(receive))
    try:
        await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not telling.done():
            telling.cancel()
        await asyncio.gather(telling, gone, return_exceptions=True)
    return None


async def _tell(live: Live, send: Any) -> None:
    changes = live.changes()
    try:
        async for version in changes:
            text = (
                "event: heartbeat\ndata: {}\n\n"
                if version is None
                else f"event: changed\ndata: {json.dumps({'version': version})}\n\n"
            )
            message = {"type": "http.response.body", "body": text.encode(), "more_body": True}
            await send(message)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        await changes.aclose()


async def _until_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
