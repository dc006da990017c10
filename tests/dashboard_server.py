"""The dashboards' application for tests: asked over ASGI, and left without a trace."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import httpx
from datasette import database
from datasette.app import Datasette

from hashwatch.serve.app import build_datasette
from hashwatch.serve.site import Settings, site_of

T = TypeVar("T")
WALL = 1e9 + 8
"""Eight seconds after the test dashboard was published."""


def with_client(
    path: Path,
    ask: Callable[[httpx.AsyncClient], Coroutine[Any, Any, T]],
    *,
    wall: float = WALL,
    metadata_path: Path | None = None,
    **options: Any,
) -> T:
    """What ``ask`` returns, given a client of an application on ``path``."""
    datasette = build_datasette(Settings(path, wall=lambda: wall, **options), metadata_path)

    async def run() -> T:
        transport = httpx.ASGITransport(app=datasette.app())
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8001"
        ) as client:
            try:
                return await ask(client)
            finally:
                close(datasette)

    return asyncio.run(run())


def close(datasette: Datasette) -> None:
    """Closes our connections, and Datasette's, which it leaves to the end of the process."""
    site_of(datasette).close()
    threads = datasette.setting("num_sql_threads")
    together = threading.Barrier(threads)

    def close_own() -> None:
        together.wait(10)
        held = vars(database.connections)
        while held:
            held.popitem()[1].close()

    for done in [datasette.executor.submit(close_own) for _ in range(threads)]:
        done.result()
    datasette.executor.shutdown()
    for held in datasette.databases.values():
        held.close()
