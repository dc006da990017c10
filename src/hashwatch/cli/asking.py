"""The commands that ask the dashboard: search, export; and tag, which asks the annotators."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

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
    import sqlite3

    from hashwatch.publish.tagging import Tagger
    from hashwatch.queries.events import Event
    from hashwatch.queries.selection import Selection

Command = TypeVar("Command", bound=Callable[..., Any])

# The words are those of the pages' addresses; hashwatch.queries.filters checks the values.
FILTER_OPTIONS = {
    "theme": "A theme's name.",
    "session": "A session's code.",
    "question": "any (to speakers or organisers), speaker, organiser or rhetorical.",
    "sentiment": "positive, neutral, negative or unknown.",
    "language": "An ISO 639 code, or und.",
    "source": "The platform or format that a post came by.",
    "instance": "A server that had the post.",
    "only_on": "A server that had the post when no other had.",
    "home": "The server that its author is at home on.",
    "author": "A handle.",
    "group": "A group of the roster; inside for all of them, public for the rest.",
    "hashtag": "A hashtag.",
    "kind": "post, reply, quote, boost, or original for all but boosts.",
    "media": "yes or no.",
    "link": "yes, no, a host, or a whole address.",
    "boosts": "folded under their original (as a rule), shown or hidden.",
    "copies": "Of one message on other networks: folded (as a rule), shown or hidden.",
    "alike": "shown to list posts worded alike one by one, or the number of the first of them.",
    "from": "A date, or a time, in the event's zone.",
    "to": "A date, or a time, in the event's zone; included.",
    "sort": "newest or engaged.",
}


def filter_options(command: Command) -> Command:
    """The pages' filters."""
    for name, text in reversed(FILTER_OPTIONS.items()):
        command = click.option(
            f"--{name.replace('_', '-')}", name, default="", metavar="VALUE", help=text
        )(command)
    return command


@click.command()
@click.argument("query", default="")
@event_option
@click.option("--q", default="", metavar="QUERY", help="The query, as an option.")
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
    q: str,
    limit: int,
    data_dir: Path,
    config_path: Path,  # noqa: ARG001 - every command takes it
    as_json: bool,
    **filters: str,
) -> None:
    """Find posts: words, "a phrase", OR, NOT, prefix*; and the pages' filters."""
    from hashwatch.queries.cards import post_cards
    from hashwatch.queries.search import count_posts, find_posts

    if query and q:
        raise click.UsageError("give the query as QUERY or by --q, not both")
    connection, event, selection = _select(data_dir, slug, {"q": query or q, **filters})
    ids: list[int] = []
    after: str | None = ""
    while after is not None and len(ids) < limit:
        found = find_posts(connection, selection, after, min(limit - len(ids), 200))
        ids += found.ids
        after = found.after
    each_alone = selection.filters.copies in ("shown", "hidden")
    cards = post_cards(connection, event, ids, each_alone=each_alone)
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
    matching = f"{total.posts:,}" if total.is_exact else f"at least {total.posts:,}"
    click.echo(f"{len(cards):,} shown; {matching} found, boosts included", err=True)


@click.command()
@event_option
@click.option("--format", "format_", type=click.Choice(["csv", "jsonl"]), required=True,
              help="What to write.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Where to; stdout if left out.")  # fmt: skip
@click.option("--q", default="", metavar="QUERY", help="A search, as for hashwatch search.")
@click.option("--pseudonyms", is_flag=True,
              help="Without people's names, handles and addresses: for research.")  # fmt: skip
@click.option("--no-text", is_flag=True, help="With --pseudonyms: without the words, too.")
@filter_options
@data_dir_option()
@config_option
@no_input_option
def export(
    slug: str,
    format_: str,
    output: Path | None,
    pseudonyms: bool,
    no_text: bool,
    data_dir: Path,
    config_path: Path,  # noqa: ARG001 - every command takes it
    **filters: str,
) -> None:
    """Write every post that the filters leave, oldest first, boosts included.

    With --pseudonyms a person has the same pseudonym in every export, as long as pseudonyms.key is
    in the data folder; deleting that file makes sure that nobody can say whose it was.
    """
    from hashwatch.cli.keys import pseudonym_key
    from hashwatch.errors import FilterError
    from hashwatch.queries.pseudonyms import Pseudonyms
    from hashwatch.queries.rows import export_rows, pseudonymous_rows, write_csv, write_jsonl

    if filters["sort"]:
        raise FilterError(
            "sort", "an export is oldest first, whatever its size; use hashwatch search --sort"
        )

    connection, _, selection = _select(data_dir, slug, filters)
    write = write_csv if format_ == "csv" else write_jsonl
    rows = export_rows(connection, selection)
    if no_text and not pseudonyms:
        raise click.UsageError("--no-text goes with --pseudonyms")
    if pseudonyms:
        made_by = Pseudonyms(pseudonym_key(data_dir))
        rows = pseudonymous_rows(connection, rows, made_by, words=not no_text)
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
    click.echo(f"{counted(count, 'post')} written to {output}", err=True)


@click.command()
@click.argument("text")
@event_option
@config_option
@data_dir_option()
@json_option
@no_input_option
def tag(text: str, slug: str, config_path: Path, data_dir: Path, as_json: bool) -> None:
    """Show what a text would be tagged with, and why."""
    from hashwatch.cli.programme import standing_event
    from hashwatch.config import load_config
    from hashwatch.enrich.sentiment import load_annotator
    from hashwatch.publish.tagging import Tagger

    config = load_config(config_path)
    event = standing_event(config.event(slug), data_dir)
    tags = _tag(Tagger([event], config.annotator), text)
    tone = tags["sentiment"]
    annotator = load_annotator(config.annotator)
    drivers = annotator.explain(text, tags["language"]) if tone else ()
    if as_json:
        print_json({**tags, "drivers": [_plain(driver) for driver in drivers]})
        return
    click.echo(f"language   {tags['language']}")
    if tone is None:
        click.echo("sentiment  unknown")
    else:
        polarity, confidence = tags["polarity"], tags["confidence"]
        click.echo(f"sentiment  {tone} (polarity {polarity:+.2f}, confidence {confidence:.0%})")
    for driver in drivers:
        click.echo(f"           {driver.weight:+.2f}  {driver.text}")
    session = [tags["session"]] if tags["session"] else []
    for name, assignments in (("theme", tags["themes"]), ("session", session)):
        if not assignments:
            click.echo(f"{name:<10} none")
        for one in assignments:
            click.echo(f"{name:<10} {one['key']} ({one['confidence']:.0%})")
            for why in one["reasons"]:
                click.echo(f"           {why['weight']:+.2f}  {why['kind']} “{why['text']}”")


def _tag(tagger: Tagger, text: str) -> dict[str, Any]:
    """A loose text's tags. No time is known of it: now lies in no session of an event long over."""
    import time

    from hashwatch.collect.entities import entities
    from hashwatch.enrich.candidate import Candidate

    (words,) = tagger.words([(text, None)], {})
    found = entities(text)
    candidate = Candidate(
        text,
        int(time.time()),
        language=words.language,
        hashtags=found.hashtags,
        mentions=found.mentions,
    )
    (themes,) = tagger.themes(0, [text])
    (session,) = tagger.sessions(0, [candidate])
    tone = words.sentiment
    return {
        "language": words.language,
        "sentiment": tone.label if tone else None,
        "polarity": tone.polarity if tone else None,
        "confidence": tone.confidence if tone else None,
        "themes": _plain(themes),
        "session": _plain(session),
        "annotator": tagger.sentiment_name,
    }


def _plain(value: object) -> Any:
    import msgspec

    return msgspec.to_builtins(value)


def _select(
    data_dir: Path, slug: str, filters: dict[str, str]
) -> tuple[sqlite3.Connection, Event, Selection]:
    from hashwatch.queries.connection import open_dashboard
    from hashwatch.queries.events import find_event
    from hashwatch.queries.filters import parse_filters
    from hashwatch.queries.selection import select

    connection = open_dashboard(data_dir / "dashboard.db")
    click.get_current_context().call_on_close(connection.close)
    event = find_event(connection, slug)
    return connection, event, select(connection, event, parse_filters(filters, event.zone))
