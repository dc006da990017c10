"""Somebody at a browser: pages as data, and forms with the token that the server gave out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import httpx

from hashwatch.serve.app import build_app
from publish.test_publish_moderation import Stage

T = TypeVar("T")
V = TypeVar("V", bound="Visitor")
OURS = {"Sec-Fetch-Site": "same-origin"}
A_FORM = "/events/natsec17/notes"
"""A page that always has a form."""


class Visitor:
    """Somebody who looks at the server of a stage."""

    def __init__(self, client: httpx.AsyncClient, stage: Stage) -> None:
        self.client, self.stage = client, stage

    async def look(self, page: str) -> dict[str, Any]:
        """A page's data."""
        path, _, query = page.partition("?")
        answer = await self.client.get(f"{path}.json?{query}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def send(self, page: str, **form: object) -> httpx.Response:
        """A form with the server's token."""
        text = (await self.client.get(A_FORM)).text
        token = re.search(r'name="token" value="([^"]+)"', text)
        fields = {"token": token[1] if token else "", **{k: str(v) for k, v in form.items()}}
        return await self.client.post(page, data=fields, headers=OURS)


def visit(
    stage: Stage,
    visitor: Callable[[httpx.AsyncClient, Stage], V],
    go: Callable[[V], Coroutine[Any, Any, T]],
    wall: Callable[[], float],
) -> T:
    """Runs ``go`` with a visitor of a server on the stage's files."""
    app = build_app(stage.dashboard_path, archive_path=stage.archive_path, wall=wall)

    async def run() -> T:
        transport = httpx.ASGITransport(app=app)
        base = "http://127.0.0.1:8001"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            return await go(visitor(client, stage))

    return asyncio.run(run())
