"""``[[event]]`` tables → events: times in UTC seconds, programme read, names checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from hashwatch.collect.programme import check_themes, is_address, no_theme, read_programme
from hashwatch.config.lines import KeyPath
from hashwatch.config.moments import end_of, on_day, start_of
from hashwatch.config.problems import Problem
from hashwatch.config.roster import read_roster
from hashwatch.config.tables import EventTable, SessionTable
from hashwatch.errors import ConfigError
from hashwatch.model import Event, Member, Session, Speaker, Theme

DAY = 86_400


class Resolved:
    """The events that could be made, and everything that stood in the way of the others."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.problems: list[Problem] = []
        # Problems of the programmes' own files, complete with file and line.
        self.elsewhere: list[str] = []


def resolve_events(tables: Mapping[int, EventTable], folder: Path) -> Resolved:
    """The events at their places in the file; programmes are looked for from ``folder``."""
    resolved = Resolved()
    slugs = Counter(table.slug for table in tables.values())
    for number, table in tables.items():
        if slugs[table.slug] > 1:
            what = f"{table.slug!r} is the slug of {slugs[table.slug]} events; each needs its own"
            resolved.problems.append(Problem(("event", number, "slug"), what))
        _resolve(table, number, folder, resolved)
    return resolved


def _resolve(table: EventTable, number: int, folder: Path, resolved: Resolved) -> None:
    zone = ZoneInfo(table.timezone)
    path = ("event", number)
    starts, ends = start_of(table.starts, zone), end_of(table.ends, zone)
    collect_from, collect_until = _window(table, starts, ends, zone)
    themes = Counter(theme.name for theme in table.theme)
    resolved.problems += [
        *_wrong_times(table, starts < ends, collect_from < collect_until, path),
        *_repeated(themes, "themes are called", (*path, "theme")),
    ]
    location = _location(table, folder)
    programme = _read(table, location, path, resolved) if location else ()
    roster = _roster(table, folder, resolved)
    stated = _inline(table, zone, path, resolved)
    sessions = (*programme, *stated)
    codes = Counter(session.code for session in sessions)
    resolved.problems += _repeated(codes, "sessions have the code", (*path, "session"))
    resolved.events.append(
        Event(
            slug=table.slug,
            title=table.title,
            hashtags=table.hashtags,
            timezone=table.timezone,
            starts=starts,
            ends=ends,
            collect_from=collect_from,
            collect_until=collect_until,
            accounts=table.accounts,
            languages=table.languages,
            language=table.language,
            themes=tuple(Theme(theme.name, theme.terms) for theme in table.theme),
            sessions=sessions,
            roster=roster,
            description=" ".join(table.description.split()),
            url=table.url,
            place=table.place,
            programme=location,
            stated=stated,
            track_themes=table.track_themes,
            post_moderated=tuple(surface for surface, mode in table.moderation if mode == "post"),
            programme_interval=table.programme_interval,
            keep_until=None if table.retention is None else ends + table.retention * DAY,
        )
    )


def _roster(table: EventTable, folder: Path, resolved: Resolved) -> tuple[Member, ...]:
    if table.roster is None:
        return ()
    try:
        return read_roster(folder / table.roster.expanduser())
    except ConfigError as error:
        resolved.elsewhere += error.problems
        return ()


def _window(table: EventTable, starts: int, ends: int, zone: ZoneInfo) -> tuple[int, int]:
    begins = (
        start_of(table.collect_from, zone)
        if table.collect_from is not None
        else starts - table.collect_before * DAY
    )
    closes = (
        end_of(table.collect_until, zone)
        if table.collect_until is not None
        else ends + table.collect_after * DAY
    )
    return begins, closes


def _wrong_times(
    table: EventTable, lasts: bool, collects: bool, path: KeyPath
) -> Iterator[Problem]:
    if not lasts:
        yield Problem((*path, "ends"), f"{table.ends} is before the start, {table.starts}")
    elif not collects:
        yield Problem((*path, "collect_until"), "the collection window ends before it begins")
    for days, moment in (("collect_before", "collect_from"), ("collect_after", "collect_until")):
        if getattr(table, moment) is not None and days in table.model_fields_set:
            yield Problem((*path, days), f"give {moment} or {days}, not both")


def _repeated(names: Counter[str], what: str, path: KeyPath) -> Iterator[Problem]:
    for name, count in names.items():
        if count > 1:
            yield Problem(path, f"{count} {what} {name!r}; each needs its own")


def _location(table: EventTable, folder: Path) -> str:
    """The address of a programme, or its whole path; empty where none is named."""
    if not table.programme or is_address(table.programme):
        return table.programme or ""
    return str(folder / Path(table.programme).expanduser())


def _read(
    table: EventTable, location: str, path: KeyPath, resolved: Resolved
) -> tuple[Session, ...]:
    """The sessions of a file; those of an address are the collector's to fetch."""
    if is_address(location):
        return ()
    file = Path(location)
    if not file.is_file():
        what = f"there is no file {file}; its place is relative to this file"
        resolved.problems.append(Problem((*path, "programme"), what))
        return ()
    try:
        sessions = read_programme(file, table.timezone)
        check_themes(sessions, [theme.name for theme in table.theme], str(file))
    except ConfigError as error:
        resolved.elsewhere += error.problems
        return ()
    return sessions


def _inline(
    table: EventTable, zone: ZoneInfo, path: KeyPath, resolved: Resolved
) -> tuple[Session, ...]:
    themes = {theme.name for theme in table.theme}
    sessions = []
    for position, written in enumerate(table.session):
        place = (*path, "session", position)
        if written.theme and written.theme not in themes:
            resolved.problems.append(Problem((*place, "theme"), no_theme(written.theme)))
        try:
            session = _session(written, zone)
        except ValueError as error:
            resolved.problems.append(Problem((*place, "start"), str(error)))
            continue
        if session.start is not None and session.end is not None and session.end <= session.start:
            what = f"{written.end} is not after the start, {written.start}"
            resolved.problems.append(Problem((*place, "end"), what))
        sessions.append(session)
    return tuple(sessions)


def _session(table: SessionTable, zone: ZoneInfo) -> Session:
    start = on_day(table.date, table.start, zone)
    return Session(
        code=table.code,
        title=table.title,
        date=table.date,
        start=start,
        end=on_day(table.date, table.end, zone),
        room=table.room,
        track=table.track,
        theme=table.theme,
        abstract=table.abstract,
        language=table.language,
        url=table.url,
        speakers=tuple(Speaker(one.name, one.handles) for one in table.speakers),
        hashtags=table.hashtags,
    )
