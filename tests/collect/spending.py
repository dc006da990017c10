"""An X source with a ledger in a real archive, on the clock of a fake X."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

from fake_platform.x import FakeX
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport, collect, no_wait
from hashwatch.collect.http import Http
from hashwatch.collect.refreshing import refresh
from hashwatch.collect.source import Ledger, Query, RefreshingSource, SpendingSource
from hashwatch.collect.sources.x import Settings, X, connect
from hashwatch.model import Page
from hashwatch.schedule.money import ArchiveLedger

# Noon of a day in the middle of a month.
AT = 1_805_716_800
HOUR, DAY = 3_600, 86_400
DOLLAR = 1_000_000


class Spender:
    """Collects and asks again, as a collector that has just started; ``since`` is the window's."""

    def __init__(self, server: FakeX, archive: Archive, **settings: Any) -> None:
        self.server, self.archive = server, archive
        self.settings = {"budget": 50, "token_env": "X_TOKEN", "host": server.url} | settings
        self.hashtags: tuple[str, ...] = ("natsec17",)
        self.accounts: tuple[str, ...] = ()
        self.since = AT - HOUR
        self.ledger: Ledger | None = None

    def query(self) -> Query:
        """What is wanted now."""
        now = int(self.server.now)
        return Query(self.hashtags, self.accounts, self.since, AT + 60 * DAY, now)

    def source(self, http: Http) -> X:
        """The source, with a ledger."""
        source = connect(Settings.model_validate(self.settings), http)
        assert isinstance(source, SpendingSource)
        self.ledger = ArchiveLedger(self.archive, "x", source.budget, lambda: self.server.now)
        source.spend_from(self.ledger)
        return source

    def go(self, job: Callable[[X], Awaitable[Any]]) -> Any:
        """Runs ``job`` with a source of its own."""

        async def run() -> Any:
            http = Http(deadline=5)
            try:
                return await job(self.source(http))
            finally:
                await http.close()

        return asyncio.run(run())

    def poll(self, cap: int = 50) -> list[RunReport]:
        """A run at every place."""

        async def job(source: X) -> list[RunReport]:
            query = self.query()
            return [
                await collect(
                    source, place, self.archive, query,
                    now=lambda: int(self.server.now), page_cap=cap,
                )
                for place in source.places(query)
            ]  # fmt: skip

        return list(self.go(job))

    def again(self, requests: int = 100) -> RunReport | None:
        """What is due."""

        async def job(source: X) -> RunReport | None:
            assert isinstance(source, RefreshingSource)
            return await refresh(
                source, "x.com", self.archive, self.since,
                now=lambda: int(self.server.now), turn=no_wait, requests=requests,
            )  # fmt: skip

        found: RunReport | None = self.go(job)
        return found

    def page(self) -> Page:
        """The first page of the first place."""

        async def job(source: X) -> Page:
            query = self.query()
            return await source.fetch(source.places(query)[0], None, query, True)

        page: Page = self.go(job)
        return page

    def rows(self, sql: str) -> list[Any]:
        """What another connection sees; single columns bare."""
        with closing(sqlite3.connect(self.archive.path)) as connection:
            found = connection.execute(sql).fetchall()
        return [row[0] if len(row) == 1 else row for row in found]

    @property
    def counted(self) -> int:
        """What the archive says to be spent, in all months."""
        sql = "SELECT coalesce(sum(spent), 0) FROM spending WHERE source = 'x'"
        return int(self.rows(sql)[0])
