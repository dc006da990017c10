"""``backup`` and ``restore``: the archive kept, and brought back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from hashwatch.cli.options import (
    config_option,
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


@click.command()
@click.option("--handle", default="", metavar="HANDLE", help="All of the person with this handle.")
@click.option("--did", default="", metavar="DID", help="All of the person with this DID.")
@click.option(
    "--uri", default="", metavar="URI", help="One post, or all of one author, by address."
)
@click.option("--yes", is_flag=True, help="Do it; otherwise only say what would be erased.")
@unused_config_option
@data_dir_option()
@json_option
@no_input_option
def erase(handle: str, did: str, uri: str, yes: bool, data_dir: Path, as_json: bool) -> None:
    """Erase a person or a post from everything, and never take them in again.

    Stop hashwatch first. It reaches posts, their versions and payloads, boosts of them, mentions
    in what others wrote, dashboards, alerts, logs, refused rows, and back-ups when restored.
    """
    import getpass
    import time

    from hashwatch.archive.erasing import Sought, look_up
    from hashwatch.archive.erasing import erase as take_out

    if sum(map(bool, (handle, did, uri))) != 1:
        raise click.UsageError("give one of --handle, --did and --uri")
    archive, sought = data_dir / "archive.db", Sought(handle, did or uri)
    if yes:
        done = take_out(archive, sought, now=int(time.time()), by=getpass.getuser())
    else:
        done = look_up(archive, sought)
    if as_json:
        print_json(
            {"erased": yes, "authors": done.authors, "posts": done.posts,
             "mentions": done.mentions, "left": list(done.left)}
        )  # fmt: skip
        return
    would = "erased" if yes else "would be erased (say --yes to do it)"
    click.echo(
        f"{counted(done.authors, 'author')}, {counted(done.posts, 'post')} with boosts, names in"
        f" {counted(done.mentions, 'post')} by others {would}"
    )
    for path in done.left:
        click.echo(f"{path} is an older archive and holds it still: delete it", err=True)


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say how many posts would go.")
@config_option
@data_dir_option()
@json_option
@no_input_option
def expire(dry_run: bool, config_path: Path, data_dir: Path, as_json: bool) -> None:
    """Let go the posts of events whose retention is over.

    A running collector does so by itself, a few times a day.
    """
    import time

    from hashwatch.config import load_config
    from hashwatch.schedule.expiry import Expiry

    expiry = Expiry(load_config(config_path).events, data_dir / "archive.db", time.time)
    posts = len(expiry.due()) if dry_run else expiry.let_go()
    if as_json:
        print_json({"posts": posts, "gone": not dry_run})
        return
    click.echo(f"{counted(posts, 'post')} {'would go' if dry_run else 'went'}")
