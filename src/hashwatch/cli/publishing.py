"""Bringing the dashboard up to date after something was put into the archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from hashwatch.config import Config

# How long (seconds) an import waits for a running publisher, and how often it looks.
PUBLISHER_SECONDS = 60.0
LOOK_SECONDS = 0.2


def keep_files(config: Config, data_dir: Path) -> None:
    """Puts the programmes in the configuration's files, as they are now, into the archive.

    A running collector does so by itself; this is for when none runs.
    """
    import time

    from hashwatch.archive.programme import Programmes
    from hashwatch.collect.programme import is_address

    programmes = Programmes(data_dir / "archive.db")
    for event in config.events:
        if event.programme and not is_address(event.programme):
            sessions = event.programme_sessions()
            programmes.keep(event, "configured", event.programme, sessions, int(time.time()))


def publish_now(config: Config, data_dir: Path, quiet: bool) -> int | None:
    """Brings the dashboard up to date; ``None`` when a running publisher did it."""
    from hashwatch.cli.progress import progress
    from hashwatch.errors import InUseError
    from hashwatch.publish.publisher import Publisher

    archive, dashboard = data_dir / "archive.db", data_dir / "dashboard.db"
    keep_files(config, data_dir)
    try:
        with (
            Publisher(archive, dashboard, config.events, config.annotator) as publisher,
            progress("publishing", "posts") as shown,
        ):
            return publisher.catch_up(shown).posts
    except InUseError:
        if not quiet:
            click.echo("waiting for the running publisher", err=True)
    if not _wait_for_publisher(archive, dashboard):
        click.echo(
            f"hashwatch: imported, but the running publisher has not taken all to the dashboard"
            f" within {PUBLISHER_SECONDS:g} s; hashwatch status says how far it is",
            err=True,
        )
    return None


def _wait_for_publisher(archive: Path, dashboard: Path) -> bool:
    """Whether the dashboard has come to hold all that the archive holds now."""
    import time

    from hashwatch.archive.connection import open_reading
    from hashwatch.archive.reading import last_change
    from hashwatch.cli.checking import published_until
    from hashwatch.cli.progress import progress

    connection = open_reading(archive)
    wanted = last_change(connection)
    connection.close()
    deadline = time.monotonic() + PUBLISHER_SECONDS
    began = published_until(dashboard)
    with progress("publishing", "changes") as shown:
        while (reached := published_until(dashboard)) < wanted:
            shown(reached - began, wanted - began)
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK_SECONDS)
    return True
