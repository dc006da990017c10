"""``init``: from nothing to a configuration that works."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from hashwatch.cli.options import unused_data_dir_option


@click.command()
@click.option("--config", "config_path", default=Path("config.toml"), show_default=True,
              type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Where to write it; a file that is there is left alone.")  # fmt: skip
@click.option("--hashtag", "hashtags", multiple=True, metavar="HASHTAG",
              help="A hashtag of the conference; may be repeated.")  # fmt: skip
@click.option("--title", metavar="TEXT", help="What the conference is called.")
@click.option("--timezone", metavar="ZONE", help="Where it takes place, as in Europe/London.")
@click.option("--starts", metavar="DATE", help="Its first day, as in 2027-05-11.")
@click.option("--ends", metavar="DATE", help="Its last day.")
@click.option("--language", "languages", multiple=True, metavar="CODE",
              help="A language that is spoken there, as in en; may be repeated.")  # fmt: skip
@click.option("--server", "servers", multiple=True, metavar="HOST",
              help="A Mastodon server; may be repeated.  [default: mastodon.social]")  # fmt: skip
@click.option("--programme", metavar="FILE", help="A file or address with the programme.")
@click.option("--token-env", metavar="NAME",
              help="The environment variable with a token for the first server.")  # fmt: skip
@unused_data_dir_option
@click.option(
    "--no-input", is_flag=True, help="Never ask: what is not given has to have a default."
)
def init(
    config_path: Path, hashtags: tuple[str, ...], title: str | None, timezone: str | None,
    starts: str | None, ends: str | None, languages: tuple[str, ...], servers: tuple[str, ...],
    programme: str | None, token_env: str | None, no_input: bool,
) -> None:  # fmt: skip
    """Write a first configuration; asks for what the options do not say.

    The file is checked before it is written, and never replaces one that is there.
    """
    from hashwatch.config import parse_config
    from hashwatch.config.beginning import Answers, first_config

    if config_path.exists():
        raise click.UsageError(f"{config_path} is there already; name another with --config")
    asks = not no_input and sys.stdin.isatty()
    found = hashtags or tuple(_ask(asks, "--hashtag", "Hashtags, with blanks between").split())
    first = title or _ask(
        asks, "--title", "What the conference is called", f"#{found[0].lstrip('#')}"
    )
    zone = timezone or _ask(asks, "--timezone", "Time zone, as in Europe/London", _own_zone())
    begins = _day("--starts", starts or _ask(asks, "--starts", "First day, as in 2027-05-11"))
    last = _day("--ends", ends or _ask(asks, "--ends", "Last day", begins.isoformat()))
    spoken = languages or tuple(
        _ask(asks, "--language", "Languages, as in en fr (may stay empty)", "").split()
    )
    asked = servers or tuple(
        _ask(asks, "--server", "Mastodon servers, with blanks between", "mastodon.social").split()
    )
    file = programme if programme is not None else _ask(
        asks, "--programme", "File or address of the programme (may stay empty)", ""
    )  # fmt: skip
    answers = Answers(found, first, zone, begins, last, spoken, asked, file, token_env or "")
    text = first_config(answers)
    config = parse_config(text, config_path)
    config_path.parent.mkdir(parents=True, exist_ok=True)
    config_path.write_text(text, encoding="utf-8")
    slug = config.events[0].slug
    click.echo(f"{config_path} watches {' '.join('#' + one for one in config.events[0].hashtags)}.")
    click.echo(f"  hashwatch check --live --config {config_path}   asks each source once")
    click.echo(f"  hashwatch run --config {config_path}            shows it at /events/{slug}")


def _ask(asks: bool, option: str, question: str, usual: str | None = None) -> str:
    """An answer from the terminal; without one the usual, or a word on which option to give."""
    if asks:
        return str(click.prompt(question, default=usual, show_default=bool(usual), err=True))
    if usual is None:
        raise click.UsageError(f"give {option}; there is nobody to ask")
    return usual


def _day(option: str, text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise click.UsageError(f"{option}: {text!r} is no date; write 2027-05-11") from None


def _own_zone() -> str:
    """This machine's time zone, where it has a name."""
    link = Path("/etc/localtime")
    if link.is_symlink():
        _, found, name = str(link.readlink()).partition("zoneinfo/")
        if found:
            return name
    return "UTC"
