"""What one server shares between its requests: the reader, the watch, the answers it keeps."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from datasette.app import Datasette
from datasette.database import Database

from hashwatch.archive.alert_rules import AlertRules
from hashwatch.archive.checks import Checks
from hashwatch.archive.decisions import Decisions
from hashwatch.archive.moderation import Moderation
from hashwatch.archive.notes import Notes
from hashwatch.archive.review import Review
from hashwatch.archive.themes import Themes
from hashwatch.archive.triage import Triage
from hashwatch.queries.events import list_events
from hashwatch.queries.hrefs import event_href
from hashwatch.serve.answers import Answers
from hashwatch.serve.listening import is_loop_back
from hashwatch.serve.live import Live, public_stamp
from hashwatch.serve.people import NAME, People
from hashwatch.serve.reading import NotPublishedError, Reader, open_read_only
from hashwatch.serve.throttle import Throttle

Part = TypeVar("Part")

DATABASE = "dashboard"
PUBLIC = "public.db"
PRESENT_SECONDS = 45


class Presence:
    """Who looked at which page in the last seconds. Pure: time is given."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], float] = {}

    def note(self, page: str, name: str, now: float) -> list[str]:
        """Notes that somebody looks; the others who do."""
        self._seen[page, name] = now
        self._seen = {key: at for key, at in self._seen.items() if now - at < PRESENT_SECONDS}
        return sorted(one for where, one in self._seen if where == page and one != name)


class Settings(msgspec.Struct, frozen=True):
    """How a server was started. ``host`` is what it listens on.

    With ``archive_path`` moderators may decide; without, forms are absent. ``address`` is where
    people find the pages, through whatever stands in front; ``embed_origins`` are the sites that
    may show the public panel in theirs.
    """

    dashboard_path: Path
    host: str = "127.0.0.1"
    port: int = 8001
    config_path: str | None = None
    archive_path: Path | None = None
    address: str = ""
    embed_origins: tuple[str, ...] = ()
    wall: Callable[[], float] = time.time


class Site:
    """Everything that the routes of one Datasette instance use."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.loop_back = is_loop_back(settings.host)
        self.reader = Reader(settings.dashboard_path)
        self.live = Live(settings.dashboard_path)
        public_path = settings.dashboard_path.with_name(PUBLIC)
        self.public = Reader(public_path)
        self.public_live = Live(public_path, public_stamp)
        self.answers = Answers()
        self.token = secrets.token_urlsafe(24)
        self.people = People(settings.dashboard_path.with_name(NAME))
        self.throttle = Throttle()
        self.presence = Presence()

    @property
    def archive_path(self) -> Path | None:
        """Where the archive is; None on a machine that has none, or has none yet."""
        path = self.settings.archive_path
        return path if path is not None and path.exists() else None

    def _of_archive(self, part: Callable[[Path], Part]) -> Part | None:
        return part(self.archive_path) if self.archive_path else None

    @property
    def decisions(self) -> Decisions | None:
        """Where decisions go; None, as each of the following, where there is no archive."""
        return self._of_archive(Decisions)

    @property
    def moderation(self) -> Moderation | None:
        """Where decisions on what is shown go."""
        return self._of_archive(Moderation)

    @property
    def triage(self) -> Triage | None:
        """Where steps with posts that need somebody go."""
        return self._of_archive(Triage)

    @property
    def themes(self) -> Themes | None:
        """Where decisions on themes go."""
        return self._of_archive(Themes)

    @property
    def notes(self) -> Notes | None:
        """Where notes beside the chart go."""
        return self._of_archive(Notes)

    @property
    def alert_rules(self) -> AlertRules | None:
        """Where rules of alerts go."""
        return self._of_archive(AlertRules)

    @property
    def checks(self) -> Checks | None:
        """Where checks of the sources are asked for."""
        return self._of_archive(Checks)

    @property
    def review(self) -> Review | None:
        """What moderators see of the archive."""
        return self._of_archive(Review)

    @property
    def alerts_path(self) -> Path:
        """Where the alerter keeps what it said; there is none while no alerts are configured."""
        return self.settings.dashboard_path.with_name("alerts.db")

    def wall(self) -> float:
        """The wall clock, Unix seconds."""
        return self.settings.wall()

    async def shell_events(self) -> list[dict[str, Any]]:
        """The events for the switcher; none while there is no dashboard."""

        def question(connection: sqlite3.Connection) -> list[dict[str, Any]]:
            return [
                {
                    "slug": event.slug,
                    "title": event.title,
                    "href": event_href(event.slug),
                    "hashtags": list(event.hashtags),
                }
                for event in list_events(connection)
            ]

        try:
            return await self.reader.read(question)
        except (NotPublishedError, sqlite3.Error):
            return []

    def close(self) -> None:
        """Ends streams and reading."""
        for live in (self.live, self.public_live):
            live.close()
        for reader in (self.reader, self.public):
            reader.close()


def site_of(datasette: Datasette) -> Site:
    """The site of a Datasette instance, made when it is first asked for.

    ``build_app`` attaches its own; under plain ``datasette serve`` it is the first database.
    """
    site: Site | None = getattr(datasette, "_hashwatch_site", None)
    if site is None:
        paths = [db.path for db in datasette.databases.values() if db.path]
        site = Site(Settings(Path(paths[0]) if paths else Path("dashboard.db")))
        datasette._hashwatch_site = site
    return site


def attach_dashboard(datasette: Datasette, site: Site) -> None:
    """Gives Datasette the dashboard for its table pages as soon as there is one."""
    paths = [db.path for db in datasette.databases.values()]
    if str(site.settings.dashboard_path) in paths:
        return
    try:
        open_read_only(site.settings.dashboard_path).close()
    except (NotPublishedError, sqlite3.Error):
        return
    database = Database(datasette, str(site.settings.dashboard_path), is_mutable=True)
    datasette.add_database(database, name=DATABASE)
