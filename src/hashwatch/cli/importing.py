"""``import``: files into the archive, every row kept or refused with its reason."""

from __future__ import annotations

from collections.abc import Sequence
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
    from hashwatch.archive.forecast import Forecast
    from hashwatch.collect.importing import Imported, Importing
    from hashwatch.collect.survey import Survey


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…",
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@event_option
@click.option(
    "--format", "format_", default="auto", show_default=True, metavar="FORMAT",
    help="What the files are: auto, bluesky_car, csv, jsonl, mastodon_archive, rtweet, tags, twarc,"
         " x_archive.",
)  # fmt: skip
@click.option("--timezone", metavar="ZONE",
              help="The IANA zone of times that carry none.")  # fmt: skip
@click.option("--encoding", metavar="NAME",
              help="The files' encoding, as in cp1252; found if left out.")  # fmt: skip
@click.option("--author", metavar="HANDLE",
              help="Whose posts they are, where an archive does not say.")  # fmt: skip
@click.option("--map", "columns", multiple=True, metavar="FIELD=COLUMN",
              help="Which column holds a field; may be repeated.")  # fmt: skip
@click.option("--only-hashtags", is_flag=True,
              help="Keep only posts that carry one of the event's hashtags.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Store nothing; say what would come of it.")
@config_option
@data_dir_option()
@json_option
@no_input_option
def import_files(
    files: tuple[Path, ...],
    slug: str,
    format_: str,
    timezone: str | None,
    encoding: str | None,
    author: str | None,
    columns: tuple[str, ...],
    only_hashtags: bool,
    dry_run: bool,
    config_path: Path,
    data_dir: Path,
    as_json: bool,
) -> int:
    """Import posts from files into an event.

    Every row becomes a post of the event, or is refused with its reason: refused rows are written
    to NAME.rejects.csv in the data directory (line, reason, raw), and the exit code is 3. Importing
    the same file again changes nothing. The posts are on the dashboard when it ends: a publisher
    that runs is waited for.
    """
    from hashwatch.cli.publishing import publish_now
    from hashwatch.collect.importing import Importing, import_settings
    from hashwatch.config import load_config

    config = load_config(config_path)
    settings = import_settings(format_, timezone, columns, encoding, author)
    importing = Importing(
        data_dir, config.event(slug), format_, settings,
        only_hashtags=only_hashtags, dry_run=dry_run,
    )  # fmt: skip
    with importing:
        done, unusable = _read_each(importing, files)
    published = None if dry_run else publish_now(config, data_dir, as_json)
    if as_json:
        print_json(
            {
                "files": [_summary(one) for one in done],
                "unusable": [{"file": str(path), "reason": why} for path, why in unusable.items()],
                "published": published,
            }
        )
    else:
        _show(done, config.event(slug).timezone)
    if not done:
        return 1
    return 3 if unusable or any(one.stored.rejected for one in done) else 0


def _read_each(
    importing: Importing, files: Sequence[Path]
) -> tuple[list[Imported], dict[Path, str]]:
    """What came of each file, and the reasons why some are unusable as a whole."""
    from hashwatch.cli.progress import progress
    from hashwatch.errors import ImportFormatError

    done: list[Imported] = []
    unusable: dict[Path, str] = {}
    for path in files:
        try:
            with progress(path.name, "bytes") as shown:
                done.append(importing.read(path, shown))
        except ImportFormatError as error:
            unusable[path] = str(error)
            click.echo(f"hashwatch: {error}", err=True)
    return done, unusable


def _show(done: Sequence[Imported], timezone: str) -> None:
    for one in done:
        stored = one.stored
        parts = [f"{counted(stored.received, 'post')} read as {one.format}"]
        if one.forecast:
            parts += _foreseen(one.forecast)
        else:
            parts += [
                f"{stored.new:,} new", f"{stored.changed:,} changed",
                f"{stored.unchanged:,} known already",
            ]  # fmt: skip
        if one.left_out:
            parts.append(f"{one.left_out:,} without the hashtags left out")
        if stored.rejected:
            parts.append(counted(stored.rejected, "row refused"))
        click.echo(f"{one.path}: {', '.join(parts)}")
        for warning in one.warnings:
            click.echo(f"{one.path}: {warning}", err=True)
        if one.rejects_path:
            click.echo(f"refused rows: {one.rejects_path}")
        if one.survey:
            _show_survey(one.survey, timezone)


def _foreseen(forecast: Forecast) -> list[str]:
    parts = [f"{forecast.new:,} would be new", f"{forecast.archived:,} archived already"]
    if forecast.repeated:
        parts.append(f"{forecast.repeated:,} repeated")
    if forecast.withheld:
        parts.append(f"{forecast.withheld:,} erased or deleted, not to come back")
    return parts


def _show_survey(survey: Survey, timezone: str) -> None:
    """What a dry run found in a file, for people: times in the event's zone."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    if survey.earliest is not None and survey.latest is not None:
        zone = ZoneInfo(timezone)
        first, last = (
            datetime.fromtimestamp(at, zone).strftime("%Y-%m-%d %H:%M")
            for at in (survey.earliest, survey.latest)
        )
        click.echo(f"  from {first} to {last} ({timezone})")
        hashtags = [f"#{hashtag} {count:,}" for hashtag, count in survey.hashtags]
        click.echo(f"  hashtags: {', '.join(hashtags) or 'none'}")
        languages = [f"{name or 'none'} {count:,}" for name, count in survey.languages]
        click.echo(f"  languages declared: {', '.join(languages)}")
    for refusal in survey.refusals:
        where = ", ".join(refusal.first) + (", …" if refusal.rows > len(refusal.first) else "")
        click.echo(f"  {counted(refusal.rows, 'row refused')} ({where}): {refusal.reason}")


def _summary(one: Imported) -> dict[str, Any]:
    from hashwatch.queries.buckets import to_iso

    stored, survey, forecast = one.stored, one.survey, one.forecast
    found: dict[str, Any] = {}
    if survey and forecast:
        found = {
            "would_be": {
                "new": forecast.new,
                "archived": forecast.archived,
                "repeated": forecast.repeated,
                "withheld": forecast.withheld,
            },
            "from": None if survey.earliest is None else to_iso(survey.earliest),
            "to": None if survey.latest is None else to_iso(survey.latest),
            "hashtags": dict(survey.hashtags),
            "languages": dict(survey.languages),
            "refused": [
                {"reason": one.reason, "rows": one.rows, "first": list(one.first)}
                for one in survey.refusals
            ],
        }
    return {
        "file": str(one.path), "format": one.format, "received": stored.received,
        "new": stored.new, "changed": stored.changed, "unchanged": stored.unchanged,
        "rejected": stored.rejected, "left_out": one.left_out,
        "rejects": str(one.rejects_path) if one.rejects_path else None,
        "warnings": list(one.warnings),
        **found,
    }  # fmt: skip
