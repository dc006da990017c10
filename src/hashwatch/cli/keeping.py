"""``backup`` and ``restore``: the archive kept, and brought back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from hashwatch.cli.options import (
    counted,
    data_dir_option,
    json_option,
    no_input_option,
    print_json,
    unused_config_option,
)


@click.command()
@click.argument("target", metavar="[FILE|DIR]", required=False,
                type=click.Path(path_type=Path))  # fmt: skip
@unused_config_option
@data_dir_option()
@json_option
@no_input_option
def backup(target: Path | None, data_dir: Path, as_json: bool) -> None:
    """Copy the archive, whole and checked, while everything runs.

    A file is written under that name, never over one that is there; in a folder, or without either,
    the name holds the time.
    """
    from hashwatch.archive.copies import back_up

    if target is None or target.is_dir():
        target = (target or Path()) / f"archive-{_stamp()}.db"
    made = back_up(data_dir / "archive.db", target)
    if as_json:
        print_json(
            {"file": str(made.path), "posts": made.posts, "bytes": made.octets,
             "last_change": made.last_change}
        )  # fmt: skip
        return
    click.echo(f"{made.path}: {counted(made.posts, 'post')}, {made.octets / 1e6:,.1f} MB, whole")


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@unused_config_option
@data_dir_option()
@json_option
@no_input_option
def restore(file: Path, data_dir: Path, as_json: bool) -> None:
    """Put a back-up in the archive's place; what was there is kept beside it.

    Stop hashwatch first. The dashboards are made anew at the next start.
    """
    from hashwatch.archive.copies import restore as put_back

    data_dir.mkdir(parents=True, exist_ok=True)
    made = put_back(file, data_dir / "archive.db", _stamp())
    if as_json:
        print_json({"file": str(made.path), "posts": made.posts, "last_change": made.last_change})
        return
    click.echo(
        f"{made.path} holds {counted(made.posts, 'post')} again; start hashwatch, or publish"
    )


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
