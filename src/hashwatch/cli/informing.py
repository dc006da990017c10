"""The command that writes a privacy notice."""

from __future__ import annotations

from pathlib import Path

import click

from hashwatch.cli.options import (
    config_option,
    event_option,
    no_input_option,
    unused_data_dir_option,
)


@click.command("privacy-notice")
@event_option
@click.option("--organiser", required=True, metavar="NAME", help="Who answers for it.")
@click.option("--contact", required=True, metavar="ADDRESS", help="Where people can write to.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True,
              help="In which language.")  # fmt: skip
@config_option
@unused_data_dir_option
@no_input_option
def privacy_notice(
    slug: str, organiser: str, contact: str, language: str, config_path: Path
) -> None:
    """Write a privacy notice for those whose posts are collected, as Markdown.

    It says what this configuration does. Read it, add what the law asks of you, and put it where
    people find it.
    """
    from hashwatch.config import load_config, notice

    config = load_config(config_path)
    event = config.event(slug)
    click.echo(notice.privacy_notice(event, config.sources, organiser, contact, language), nl=False)
