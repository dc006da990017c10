"""From the configuration to a collector at work: the sources connected, the archive held."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from hashwatch.archive.checks import Checked
from hashwatch.archive.connection import sole
from hashwatch.archive.store import Archive
from hashwatch.collect import RunReport
from hashwatch.collect.http import Http
from hashwatch.collect.source import find_source, is_live
from hashwatch.config import Config
from hashwatch.errors import ConfigError
from hashwatch.schedule import Collector, Connected
from hashwatch.schedule.checking import Checking
from hashwatch.schedule.expiry import Expiry
from hashwatch.schedule.money import open_ledgers
from hashwatch.schedule.programmes import watches

_log = logging.getLogger(__name__)


async def collect_until(config: Config, archive_path: Path, stop: asyncio.Event) -> None:
    """Collects until ``stop`` is set.

    Raises ``InUseError`` when another collector is at work, ``DamagedError`` for a damaged archive.
    """
    async with _collector(config, archive_path) as collector:
        await collector.run(stop)


async def collect_once(config: Config, archive_path: Path) -> list[RunReport]:
    """One round of everything; raises as :func:`collect_until` does."""
    async with _collector(config, archive_path) as collector:
        return await collector.once()


@asynccontextmanager
async def _collector(config: Config, archive_path: Path) -> AsyncIterator[Collector]:
    with sole(archive_path, "collector"):
        archive, http = Archive(archive_path), Http()
        try:
            archive.check()
            async with connected_sources(config.sources) as (sources, failed):
                open_ledgers((each.source for each in sources.values()), archive, time.time)
                programmes = watches(config.events, archive_path, http, time.time)
                expiry = Expiry(config.events, archive_path, time.time)
                checking = Checking(
                    archive_path, partial(_check_sources, config, archive_path), time.time
                )
                yield Collector(
                    config.events, sources, archive,
                    failed=failed, programmes=programmes, expiry=expiry,
                    checking=checking,
                )  # fmt: skip
        finally:
            await http.close()
            archive.close()


async def _check_sources(config: Config, archive_path: Path) -> list[Checked]:
    from hashwatch.schedule.trying import check_sources  # which connects the sources as we do

    return await check_sources(config, archive_path)


@asynccontextmanager
async def connected_sources(
    settings: Mapping[str, BaseModel],
) -> AsyncIterator[tuple[dict[str, Connected], dict[str, str]]]:
    """Every source that can be set up, and for the others the reason why not."""
    http = Http()
    sources: dict[str, Connected] = {}
    failed: dict[str, str] = {}
    try:
        for name, its in settings.items():
            try:
                source = find_source(name).connect(its, http)
            except ConfigError as error:
                failed[name] = "; ".join(error.problems)
                _log.error("%s", failed[name])
                continue
            sources[name] = Connected(source, is_live(name))
        yield sources, failed
    finally:
        await http.close()
