"""``programme``: what is known of an event's sessions, and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hashwatch.cli.options import (
    config_option,
    counted,
    data_dir_option,
    event_option,
    json_option,
    no_input_option,
    print_json,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hashwatch.archive.comparing import ProgrammeChange
    from hashwatch.model import Event, Session

# So many changes are printed one by one after an import.
MOST_CHANGES = 20


@click.group()
def programme() -> None:
    """What is known of an event's programme."""


@programme.command()
@config_option
@data_dir_option()
@event_option
@click.option("--changes", is_flag=True, help="Print what became different, the newest first.")
@json_option
@no_input_option
def show(config_path: Path, data_dir: Path, slug: str, changes: bool, as_json: bool) -> None:
    """Print the sessions that stand, in the event's own time."""
    from zoneinfo import ZoneInfo

    from hashwatch.archive.programme import Programmes
    from hashwatch.config import load_config

    configured = load_config(config_path).event(slug)
    if changes:
        _show_log(Programmes(data_dir / "archive.db"), configured, as_json)
        return
    event = standing_event(configured, data_dir)
    if as_json:
        print_json([_session(session) for session in event.sessions])
        return
    zone = ZoneInfo(event.timezone)
    for session in event.sessions:
        when = f"{session.date.isoformat() if session.date else '':<10} {_slot(session, zone):<11}"
        speakers = ", ".join(speaker.name for speaker in session.speakers)
        about = " · ".join(part for part in (session.room, session.theme, speakers) if part)
        click.echo(f"{when}  {session.code:<8} {session.title}" + (f" ({about})" if about else ""))
    if not event.sessions:
        click.echo(f"{slug} has no sessions yet", err=True)


@programme.command("import")
@click.argument("file", metavar="FILE", type=click.Path(exists=True, dir_okay=False,
                                                        path_type=Path))  # fmt: skip
@event_option
@click.option("--format", "format_", default="auto", show_default=True,
              metavar="[auto|frab|pretalx|ical|indico|sched|csv]",
              help="What the file is.")  # fmt: skip
@click.option("--map", "columns", multiple=True, metavar="FIELD=COLUMN",
              help="Which column of a CSV file holds a field; may be repeated.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Store nothing; say what would become different.")
@config_option
@data_dir_option()
@json_option
@no_input_option
def import_programme(
    file: Path,
    slug: str,
    format_: str,
    columns: tuple[str, ...],
    dry_run: bool,
    config_path: Path,
    data_dir: Path,
    as_json: bool,
) -> None:
    """Put the programme in FILE in the place of the one that the event has.

    It stands before the programme that the configuration names, also after a restart, until another
    one is imported or it is forgotten. What became different is logged; importing the same file
    again changes nothing. The dashboard is up to date when it ends.
    """
    import time

    from hashwatch.archive.comparing import differences
    from hashwatch.archive.programme import Programmes
    from hashwatch.cli.publishing import publish_now
    from hashwatch.collect.programme import check_themes, read_programme
    from hashwatch.config import load_config

    config = load_config(config_path)
    event = config.event(slug)
    sessions = read_programme(file, event.timezone, format_, _mapping(columns))
    check_themes(sessions, [theme.name for theme in event.themes], str(file))
    programmes = Programmes(data_dir / "archive.db")
    if dry_run:
        before = standing_event(event, data_dir).programme_sessions()
        changes = differences(before, _as_shown(event, sessions), event.timezone, str(file))
    else:
        origin = str(file.absolute())
        changes = programmes.keep(event, "imported", origin, sessions, int(time.time()))
        publish_now(config, data_dir, as_json)
    tracks = len({session.track for session in sessions if session.track})
    if as_json:
        print_json(
            {
                "file": str(file), "sessions": len(sessions), "tracks": tracks,
                "stored": not dry_run, "changes": [_plain(change) for change in changes],
            }
        )  # fmt: skip
        return
    what = "would be imported" if dry_run else "imported"
    click.echo(f"{counted(len(sessions), 'session')} in {counted(tracks, 'track')} {what}")
    if not changes:
        click.echo("nothing became different")
    for change in changes[:MOST_CHANGES]:
        click.echo(f"  {_in_words(change)}")
    if len(changes) > MOST_CHANGES:
        click.echo(f"  and {len(changes) - MOST_CHANGES:,} more")


@programme.command()
@event_option
@config_option
@data_dir_option()
@json_option
@no_input_option
def forget(slug: str, config_path: Path, data_dir: Path, as_json: bool) -> None:
    """Drop the imported programme: the one that the configuration names stands again."""
    import time

    from hashwatch.archive.programme import Programmes
    from hashwatch.cli.publishing import publish_now
    from hashwatch.config import load_config
    from hashwatch.errors import MissingError

    config = load_config(config_path)
    archive = data_dir / "archive.db"
    if not archive.exists() or not Programmes(archive).forget(config.event(slug), int(time.time())):
        raise MissingError(f"{slug} has no imported programme")
    publish_now(config, data_dir, as_json)
    if as_json:
        print_json({"event": slug, "forgotten": True})
    else:
        click.echo(f"{slug}: the imported programme is forgotten")


def standing_event(event: Event, data_dir: Path) -> Event:
    """The event with the programme that stands: an imported one, or the one that was fetched; and
    with the themes that people added.

    A file that the configuration names has just been read with it.
    """
    from hashwatch.archive.programme import Programmes
    from hashwatch.archive.themes import Themes
    from hashwatch.collect.programme import is_address
    from hashwatch.enrich.programme import with_added_themes, with_programme

    added = [one.theme for one in Themes(data_dir / "archive.db").decided(event.slug)]
    event = with_added_themes(event, [theme for theme in added if theme is not None])
    stands = Programmes(data_dir / "archive.db").standing(event)
    if stands is None or (stands.origin == "configured" and not is_address(event.programme)):
        return with_programme(event, None)
    return with_programme(event, stands.sessions)


def _show_log(programmes: Any, event: Event, as_json: bool) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from hashwatch.queries.buckets import to_iso

    log = programmes.changes(event.slug, 1_000)
    if as_json:
        print_json([{"changed_at": to_iso(one.at), **_plain(one.change)} for one in log])
        return
    for one in log:
        at = datetime.fromtimestamp(one.at, ZoneInfo(event.timezone))
        click.echo(f"{at:%Y-%m-%d %H:%M}  {_in_words(one.change)}")
    if not log:
        click.echo(f"nothing is logged of {event.slug}'s programme", err=True)


def _in_words(change: ProgrammeChange) -> str:
    """``moved d4-2 “Countering extremism”: 09:15, Hall A → 10:00, Hall B``."""
    name = f"{change.code} “{change.title}”" if change.code else change.title
    how = " → ".join(part for part in (change.before, change.after) if part)
    return f"{change.kind} {name}" + (f": {how}" if how else "")


def _mapping(columns: Sequence[str]) -> dict[str, str]:
    from hashwatch.errors import ConfigError

    pairs = [pair.partition("=") for pair in columns]
    wrong = [f"--map: {''.join(pair)!r} is not FIELD=COLUMN" for pair in pairs if not all(pair)]
    if wrong:
        raise ConfigError(wrong)
    return {field: column for field, _, column in pairs}


def _as_shown(event: Event, sessions: Sequence[Session]) -> Sequence[Session]:
    from msgspec.structs import replace

    from hashwatch.enrich.programme import with_programme

    return with_programme(replace(event, stated=()), sessions).sessions


def _plain(value: object) -> Any:
    import msgspec

    return msgspec.to_builtins(value)


def _iso(at: int | None) -> str | None:
    from hashwatch.queries.buckets import to_iso

    return None if at is None else to_iso(at)


def _slot(session: Session, zone: Any) -> str:
    from datetime import datetime

    times = [
        f"{datetime.fromtimestamp(at, zone):%H:%M}" if at is not None else ""
        for at in (session.start, session.end)
    ]
    return "–".join(times) if any(times) else ""


def _session(session: Session) -> dict[str, Any]:
    return {
        "code": session.code, "title": session.title,
        "date": session.date.isoformat() if session.date else None,
        "starts_at": _iso(session.start), "ends_at": _iso(session.end),
        "room": session.room, "track": session.track, "theme": session.theme,
        "abstract": session.abstract, "language": session.language, "url": session.url,
        "speakers": [
            {"name": speaker.name, "handles": list(speaker.handles)}
            for speaker in session.speakers
        ],
        "hashtags": list(session.hashtags),
    }  # fmt: skip
