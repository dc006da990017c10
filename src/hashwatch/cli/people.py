"""``people``: who may sign in to the pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashwatch.cli.options import (
    data_dir_option,
    json_option,
    no_input_option,
    print_json,
    unused_config_option,
)

if TYPE_CHECKING:
    from hashwatch.serve.people import People

_ROLE = click.option("--role", required=True, metavar="ROLE",
                     help="What they may do: viewer, moderator, admin.")  # fmt: skip


@click.group()
def people() -> None:
    """Who may sign in to the pages. While nobody can, only this machine sees them."""


@people.command("list")
@unused_config_option
@data_dir_option()
@json_option
@no_input_option
def list_people(data_dir: Path, as_json: bool) -> None:
    """Print the names and roles."""
    everybody = _people(data_dir).everybody()
    if as_json:
        print_json(
            [{"name": one.name, "role": one.role, "password": bool(one.hash)} for one in everybody]
        )
        return
    for one in everybody:
        click.echo(f"{one.role:<10} {one.name}{'' if one.hash else '  (by a plugin)'}")
    if not everybody:
        click.echo("nobody can sign in yet", err=True)


@people.command()
@click.argument("name")
@_ROLE
@click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              metavar="FILE", help="The password is in this file.")  # fmt: skip
@click.option("--no-password", is_flag=True,
              help="An authentication plugin of Datasette's knows them by this name.")  # fmt: skip
@unused_config_option
@data_dir_option()
@no_input_option
def add(
    name: str, role: str, password_file: Path | None, no_password: bool, data_dir: Path
) -> None:
    """Let somebody in, or give them another role and password.

    Without --password-file a password is made and printed, this once.
    """
    import time
    from typing import Any

    from hashwatch.serve.people import new_password

    password = new_password()
    if password_file is not None:
        password = password_file.read_text(encoding="utf-8").strip()
    written: Any = role  # People says what is wrong with it
    _people(data_dir).put(name, written, None if no_password else password, int(time.time()))
    click.echo(f"{name} can sign in as {role}", err=True)
    if password_file is None and not no_password:
        click.echo(password)


@people.command()
@click.argument("name")
@unused_config_option
@data_dir_option()
@no_input_option
def remove(name: str, data_dir: Path) -> None:
    """Let somebody in no longer; their sessions end at once."""
    _people(data_dir).remove(name)
    click.echo(f"{name} cannot sign in any more", err=True)


def _people(data_dir: Path) -> People:
    from hashwatch.serve.people import NAME, People

    return People(data_dir / NAME)
