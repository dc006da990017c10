"""The commands that ask the dashboard: search, export; and tag, which asks the annotators."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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
    import sqlite3

    from hashwatch.queries.events import Event
    from hashwatch.queries.selection import Selection

Command = TypeVar("Command", bound=Callable[..., Any])

# The words are those of the pages' addresses; hashwatch.queries.filters checks the values.
FILTER_OPTIONS = {
    "theme": "A theme's name.",
    "session": "A session's code.",
    "sentiment": "positive, neutral, negative or unknown.",
    "language": "An ISO 639 code, or und.",
    "source": "The platform or format that a post came by.",
    "author": "A handle.",
    "hashtag": "A hashtag.",
    "kind": "post, reply, quote, boost, or original for all but boosts.",
    "media": "yes or no.",
    "link": "yes, no, a host, or a whole address.",
    "from": "A date, or a time, in the event's zone.",
    "to": "A date, or a time, in the event's zone; included.",
    "sort": "newest or engaged.",
}


def filter_options(command: Command) -> Command:
    """The pages' filters."""
    for name, text in reversed(FILTER_OPTIONS.items()):
        command = click.option(f"--{name}", name, default="", metavar="VALUE", help=text)(command)
    return command


@click.command()
@click.argument("query", default="")
@event_option
@filter_options
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, metavar="N",
              help="At most so many posts.")  # fmt: skip
@data_dir_option()
@config_option
@json_option
@no_input_option
def search(
    query: str,
    slug: str,
    limit: int,
    data_dir: Path,
    config_path: Path,  # noqa: ARG001 - every command takes it
    as_json: bool,
    **filters: str,
) -> None:
    """Find posts: words, "a phrase", OR, NOT, prefix*; and the pages' filters."""
    from hashwatch.queries.cards import post_cards
    from hashwatch.queries.search import count_posts, find_posts

    connection, event, selection = _select(data_dir, slug, {"q": query, **filters})
    ids: list[int] = []
    after: str | None = ""
    while after is not None and len(ids) < limit:
        found = find_posts(connection, selection, after, min(limit - len(ids), 200))
        ids += found.ids
        after = found.after
    cards = post_cards(connection, event, ids)
    total = count_posts(connection, selection)
    if as_json:
        hidden = ("markup", "href", "local")
        posts = [{key: card[key] for key in card if key not in hidden} for card in cards]  # type: ignore[literal-required]
        print_json({"posts": posts, "total": total.posts, "total_is_exact": total.is_exact})
        return
    for card in cards:
        tone = card["sentiment"] or "tone unknown"
        click.echo(
            f"{card['local']}  @{card['author']['handle']}  {card['kind']}, {card['language']},"
            f" {tone}  {card['url'] or ''}"
        )
        click.echo("    " + "\n    ".join(card["text"].splitlines()) + "\n")
    counted = f"{total.posts:,}" if total.is_exact else f"at least {total.posts:,}"
    click.echo(f"{len(cards):,} shown; {counted} found, boosts included", err=True)


@click.command()
@event_option
@click.option("--format", "format_", type=click.Choice(["csv", "jsonl"]), required=True,
              help="What to write.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Where to; stdout if left out.")  # fmt: skip
@click.option("--q", default="", metavar="QUERY", help="A search, as for hashwatch search.")
@filter_options
@data_dir_option()
@config_option
@no_input_option
def export(
    slug: str,
    format_: str,
    output: Path | None,
    data_dir: Path,
    config_path: Path,  # noqa: ARG001 - every command takes it
    **filters: str,
) -> None:
    """Write every post that the filters leave, oldest first, boosts included."""
    from hashwatch.queries.rows import export_rows, write_csv, write_jsonl

    connection, _, selection = _select(data_dir, slug, filters)
    write = write_csv if format_ == "csv" else write_jsonl
    rows = export_rows(connection, selection)
    if output is None:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        write(rows, sys.stdout)
        sys.stdout.flush()
        return
    # Written beside and moved into place: a file of that name is always a whole export.
    unfinished = output.with_name(f"{output.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            count = write(rows, file)
        unfinished.replace(output)
    finally:
        unfinished.unlink(missing_ok=True)
    click.echo(f"{count:,} posts written to {output}", err=True)


@click.command()
@click.argument("text")
@event_option
@config_option
@json_option
@no_input_option
def tag(text: str, slug: str, config_path: Path, as_json: bool) -> None:
    """Show what a text would be tagged with, and why."""
    import time

    import msgspec

    from hashwatch.collect.entities import entities
    from hashwatch.config import load_config
    from hashwatch.enrich.candidate import Candidate
    from hashwatch.enrich.sentiment import load_annotator
    from hashwatch.publish.tagging import Tagger

    config = load_config(config_path)
    tagger = Tagger([config.event(slug)], config.annotator)
    (words,) = tagger.words([(text, None)], {})
    found = entities(text)
    # No time is known of a loose text: now lies in no session of a conference that is over.
    candidate = Candidate(
        text, int(time.time()), language=words.language,
        hashtags=found.hashtags, mentions=found.mentions,
    )  # fmt: skip
    (themes,) = tagger.themes(0, [text])
    (session,) = tagger.sessions(0, [candidate])
    tone = words.sentiment
    drivers = load_annotator(config.annotator).explain(text, words.language) if tone else ()
    if as_json:
        print_json(
            {
                "language": words.language,
                "sentiment": tone.label if tone else None,
                "polarity": tone.polarity if tone else None,
                "confidence": tone.confidence if tone else None,
                "drivers": [msgspec.to_builtins(driver) for driver in drivers],
                "themes": msgspec.to_builtins(themes),
                "session": msgspec.to_builtins(session),
                "annotator": tagger.sentiment_name,
            }
        )
        return
    click.echo(f"language   {words.language}")
    if tone is None:
        click.echo("sentiment  unknown")
    else:
        click.echo(
            f"sentiment  {tone.label} (polarity {tone.polarity:+.2f}, confidence"
            f" {tone.confidence:.0%})"
        )
    for driver in drivers:
        click.echo(f"           {driver.weight:+.2f}  {driver.text}")
    for name, assignments in (("theme", themes), ("session", (session,) if session else ())):
        if not assignments:
            click.echo(f"{name:<10} none")
        for one in assignments:
            reasons = ", ".join(f"{reason.kind} “{reason.text}”" for reason in one.reasons)
            click.echo(f"{name:<10} {one.key} ({one.confidence:.0%}: {reasons})")


def _select(
    data_dir: Path, slug: str, filters: dict[str, str]
) -> tuple[sqlite3.Connection, Event, Selection]:
    from hashwatch.queries.connection import open_dashboard
    from hashwatch.queries.events import find_event
    from hashwatch.queries.filters import parse_filters
    from hashwatch.queries.selection import select

    connection = open_dashboard(data_dir / "dashboard.db")
    event = find_event(connection, slug)
    return connection, event, select(connection, event, parse_filters(filters, event.zone))
