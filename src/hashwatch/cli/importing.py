"""``import``: files into the archive, every row kept or refused with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hashwatch.cli.options import (
    config_option,
    data_dir_option,
    event_option,
    json_option,
    no_input_option,
    print_json,
)

if TYPE_CHECKING:
    from hashwatch.collect.importing import Imported, Importing
    from hashwatch.config import Config


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…",
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@event_option
@click.option("--format", "format_", default="auto", show_default=True,
              metavar="[auto|csv|jsonl|tags|twarc]", help="What the files are.")  # fmt: skip
@click.option("--timezone", metavar="ZONE",
              help="The IANA zone of times that carry none.")  # fmt: skip
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
    the same file again changes nothing.
    """
    from hashwatch.collect.importing import Importing, import_settings
    from hashwatch.config import load_config

    config = load_config(config_path)
    settings = import_settings(format_, timezone, columns)
    importing = Importing(
        data_dir, config.event(slug), format_, settings,
        only_hashtags=only_hashtags, dry_run=dry_run,
    )  # fmt: skip
    with importing:
        done, unusable = _read_each(importing, files)
    published = None if dry_run else _publish(config, data_dir, as_json)
    if as_json:
        print_json(
            {
                "files": [_summary(one) for one in done],
                "unusable": [{"file": str(path), "reason": why} for path, why in unusable.items()],
                "published": published,
            }
        )
    else:
        _show(done, dry_run)
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


def _publish(config: Config, data_dir: Path, quiet: bool) -> int | None:
    """Brings the dashboard up to date; ``None`` when a running publisher does it."""
    from hashwatch.cli.progress import progress
    from hashwatch.errors import InUseError
    from hashwatch.publish.publisher import Publisher

    archive, dashboard = data_dir / "archive.db", data_dir / "dashboard.db"
    try:
        with (
            Publisher(archive, dashboard, config.events, config.annotator) as publisher,
            progress("publishing", "posts") as shown,
        ):
            return publisher.catch_up(shown).posts
    except InUseError:
        if not quiet:
            click.echo("the running publisher takes them to the dashboard", err=True)
        return None


def _show(done: Sequence[Imported], dry_run: bool) -> None:
    for one in done:
        stored = one.stored
        what = "would be imported" if dry_run else f"{stored.new:,} new"
        parts = [f"{stored.received:,} posts read as {one.format}", what]
        if not dry_run:
            parts += [f"{stored.changed:,} changed", f"{stored.unchanged:,} known already"]
        if one.left_out:
            parts.append(f"{one.left_out:,} without the hashtags left out")
        if stored.rejected:
            parts.append(f"{stored.rejected:,} rows refused")
        click.echo(f"{one.path}: {', '.join(parts)}")
        for warning in one.warnings:
            click.echo(f"{one.path}: {warning}", err=True)
        if one.rejects_path:
            click.echo(f"refused rows: {one.rejects_path}")


def _summary(one: Imported) -> dict[str, Any]:
    stored = one.stored
    return {
        "file": str(one.path), "format": one.format, "received": stored.received,
        "new": stored.new, "changed": stored.changed, "unchanged": stored.unchanged,
        "rejected": stored.rejected, "left_out": one.left_out,
        "rejects": str(one.rejects_path) if one.rejects_path else None,
        "warnings": list(one.warnings),
    }  # fmt: skip
