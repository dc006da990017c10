"""Exports, streamed: exactly the filtered set, whatever its size, in constant memory."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Mapping
from typing import Any

from hashwatch.queries.events import find_event
from hashwatch.queries.filters import parse_filters
from hashwatch.queries.rows import Row, export_rows, write_csv, write_jsonl
from hashwatch.queries.selection import select
from hashwatch.serve.reading import open_read_only
from hashwatch.serve.site import Site

PIECE = 500
"""Rows written at once."""
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}


async def stream_export(
    site: Site, slug: str, params: Mapping[str, str], suffix: str, send: Any
) -> None:
    """Sends the export; what is wrong with the request raises before anything is sent."""
    connection = await asyncio.to_thread(open_read_only, site.settings.dashboard_path)
    try:
        event = find_event(connection, slug)
        selection = select(connection, event, parse_filters(params, event.zone))
        pieces = _pieces(export_rows(connection, selection), suffix)
        headers = [
            (b"content-type", TYPES[suffix].encode()),
            (b"content-disposition", f'attachment; filename="{slug}-posts.{suffix}"'.encode()),
            (b"cache-control", b"no-store"),
        ]
        piece = await asyncio.to_thread(next, pieces, None)
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while piece is not None:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await asyncio.to_thread(next, pieces, None)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        connection.close()


def _pieces(rows: Iterator[Row], suffix: str) -> Iterator[bytes]:
    """The file in pieces of `PIECE` rows; a CSV begins with its header even when it is empty."""
    first = True
    while True:
        piece = [row for _, row in zip(range(PIECE), rows, strict=False)]
        text = io.StringIO(newline="")
        if suffix == "csv":
            write_csv(piece, text)
        else:
            write_jsonl(piece, text)
        written = text.getvalue()
        if suffix == "csv" and not first:
            written = written.partition("\r\n")[2]
        if written:
            yield written.encode("utf-8")
        if len(piece) < PIECE:
            return
        first = False
