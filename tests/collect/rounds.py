"""Rounds of collecting from some servers and asking them again, on a clock of the test's own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from typing import Any

from fake_platform.mastodon import FakeMastodon
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect, no_wait
from hashwatch.collect.http import Http
from hashwatch.collect.refreshing import DAY, refresh
from hashwatch.collect.source import Place, Query, RefreshingSource
from hashwatch.collect.sources.mastodon import Mastodon, Settings, connect
from hashwatch.model import RunState

AT = 1_490_961_600
SINCE = AT - 30 * DAY


class Round:
    """Collects from some servers and asks them again, on a clock of the test's own."""

    def __init__(self, archive: Archive, source: Mastodon, servers: Sequence[FakeMastodon]) -> None:
        self.archive, self.source, self.servers = archive, source, servers
        self.now = AT + 60
        self.requests = 100

    async def poll(self) -> None:
        """Every server's timeline."""
        query = Query(("natsec17",), (), SINCE, AT + 30 * DAY, self.now)
        for server in self.servers:
            place = Place("mastodon", server.instance, "natsec17")
            report = await collect(self.source, place, self.archive, query, now=lambda: self.now)
            assert report.state is RunState.OK, report.reason

    async def again(self, server: FakeMastodon) -> RunReport | None:
        """What is due at one server."""
        return await refresh(
            self.source, server.instance, self.archive, SINCE,
            now=lambda: self.now, turn=no_wait, requests=self.requests,
        )  # fmt: skip


def going(
    archive: Archive, servers: Sequence[FakeMastodon], job: Callable[[Round], Awaitable[None]]
) -> None:
    """Runs ``job`` with a source that knows these servers."""

    async def run() -> None:
        http = Http(deadline=5)
        try:
            urls = {"servers": [server.url for server in servers]}
            source = connect(Settings.model_validate(urls), http)
            assert isinstance(source, RefreshingSource)
            await job(Round(archive, source, servers))
        finally:
            await http.close()

    asyncio.run(run())


def rows(archive: Archive, sql: str) -> list[Any]:
    """What another connection sees; single columns bare."""
    with closing(sqlite3.connect(archive.path)) as connection:
        found = connection.execute(sql).fetchall()
    return [row[0] if len(row) == 1 else row for row in found]
