"""What several commands take, and what they share in answering."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


def config_option(command: Command) -> Command:
    """``--config FILE``."""
    return click.option(
        "--config",
        "config_path",
        type=_FILE,
        default=Path("config.toml"),
        show_default=True,
        metavar="FILE",
        help="The configuration.",
    )(command)


def unused_config_option(command: Command) -> Command:
    """``--config FILE`` of a command that reads none: it takes it like all others."""
    return click.option(
        "--config",
        type=_FILE,
        default=Path("config.toml"),
        show_default=True,
        expose_value=False,
        metavar="FILE",
        help="The configuration; not needed for this.",
    )(command)


def further_config_option(command: Command) -> Command:
    """``--config FILE`` of a command that brings its own events."""
    return click.option(
        "--config",
        "config_path",
        type=_FILE,
        metavar="FILE",
        help="A configuration that gives all else but the events.",
    )(command)


def data_dir_option(default: str = "data") -> Callable[[Command], Command]:
    """``--data-dir DIR``; the folder is noted for complaints about the files in it."""

    def add(command: Command) -> Command:
        return click.option(
            "--data-dir",
            type=_FOLDER,
            default=Path(default),
            show_default=True,
            metavar="DIR",
            help="Where archive.db and dashboard.db are.",
            callback=_note,
        )(command)

    return add


def unused_data_dir_option(command: Command) -> Command:
    """``--data-dir DIR`` of a command that opens no database: it takes it like all others."""
    return click.option(
        "--data-dir",
        type=_FOLDER,
        default=Path("data"),
        show_default=True,
        expose_value=False,
        metavar="DIR",
        help="Where archive.db and dashboard.db are; not needed for this.",
    )(command)


def _note(context: click.Context, _: click.Parameter, value: Path) -> Path:
    context.ensure_object(dict)["data_dir"] = value
    return value


def json_option(command: Command) -> Command:
    """``--json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Report as JSON, for other programs."
    )(command)


def no_input_option(command: Command) -> Command:
    """``--no-input``; kept for scripts, since no command asks anything."""
    return click.option(
        "--no-input",
        is_flag=True,
        expose_value=False,
        help="Never ask anything (no command does).",
    )(command)


def listen_options(command: Command) -> Command:
    """``--host ADDRESS`` and ``--port N``; what is not given is taken from the configuration."""
    for option in (
        click.option("--port", type=click.IntRange(0, 65535), metavar="N",
                     help="The port of the pages; 0 takes any free one.  [default: 8001]"),
        click.option("--host", metavar="ADDRESS",
                     help="The address to listen on.  [default: 127.0.0.1, this machine only]"),
    ):  # fmt: skip
        command = option(command)
    return command


def event_option(command: Command) -> Command:
    """``--event SLUG``."""
    return click.option("--event", "slug", required=True, metavar="SLUG", help="Which event.")(
        command
    )


def print_json(value: object) -> None:
    """A report for other programs on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def counted(number: int, noun: str) -> str:
    """``1 post``, ``1,234 posts``; the word that takes the plural is the first of ``noun``."""
    word, _, rest = noun.partition(" ")
    return f"{number:,} {word}{'' if number == 1 else 's'}{f' {rest}' if rest else ''}"


def partly(failed: int, everything: int) -> int:
    """The exit code when so many of so many failed: 0 done, 1 failed, 3 partly done."""
    if not failed:
        return 0
    return 1 if failed == everything else 3
