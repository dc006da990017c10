"""The command that measures an event's known error: evaluate."""

from __future__ import annotations

import time
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
    import sqlite3

    from hashwatch.archive.decisions import Decisions
    from hashwatch.model import Sample
    from hashwatch.queries.events import Event


@click.command()
@event_option
@click.option("--sample", "size", type=click.IntRange(1, 5_000), metavar="N",
              help="So many posts; another number draws anew.  [default: 100]")  # fmt: skip
@click.option("--seed", type=int, metavar="N",
              help="Of the drawing; another one draws anew.  [default: 17]")  # fmt: skip
@click.option("--report", "report_path", type=click.Path(dir_okay=False, path_type=Path),
              metavar="FILE", help="Write the figures as one HTML page.")  # fmt: skip
@config_option
@data_dir_option()
@json_option
@no_input_option
def evaluate(
    slug: str,
    size: int | None,
    seed: int | None,
    report_path: Path | None,
    config_path: Path,
    data_dir: Path,
    as_json: bool,
) -> None:
    """Measure how often an event's tones are right, with a sample that a person labels.

    The sample is drawn once and kept; the page to label it on is printed, with the figures so far.
    """
    from hashwatch.archive.decisions import Decisions
    from hashwatch.queries.connection import open_dashboard
    from hashwatch.queries.evaluate_page import evaluate_page
    from hashwatch.queries.events import find_event

    connection = open_dashboard(data_dir / "dashboard.db")
    event = find_event(connection, slug)
    decisions = Decisions(data_dir / "archive.db")
    sample = _sample(connection, event, decisions, size, seed)
    page = evaluate_page(connection, event, sample, decisions.labels(slug), True)
    if report_path is not None:
        from hashwatch.serve.accuracy_report import accuracy_report

        report_path.write_text(accuracy_report(connection, event, time.time()), encoding="utf-8")
        click.echo(f"the report is in {report_path}", err=True)
    address, running = _address(config_path, data_dir, slug)
    found = _found(page, address)
    if as_json:
        print_json(found)
        return
    _show(found, running)


def _sample(
    connection: sqlite3.Connection,
    event: Event,
    decisions: Decisions,
    size: int | None,
    seed: int | None,
) -> Sample:
    """The sample there is, or a new one where there is none or another is asked for."""
    from hashwatch.errors import MissingError
    from hashwatch.queries.sampling import SEED, SIZE, new_sample

    kept = decisions.sample(event.slug)
    if kept is not None and size in (None, kept.size) and seed in (None, kept.seed):
        return kept
    before = kept.size if kept else SIZE, kept.seed if kept else SEED
    wanted = before[0] if size is None else size, before[1] if seed is None else seed
    drawn = new_sample(connection, event, int(time.time()), *wanted)
    if not drawn.posts:
        raise MissingError(f"{event.slug} has no posts whose tone is known: nothing to label.")
    decisions.keep_sample(drawn)
    return drawn


def _address(config_path: Path, data_dir: Path, slug: str) -> tuple[str, bool]:
    """Where the labelling page is or will be, and whether a server answers there."""
    from hashwatch.queries.hrefs import event_href
    from hashwatch.run.addresses import address, served_at

    served = served_at(data_dir)
    if served is not None:
        return served.rstrip("/") + event_href(slug, "evaluate"), True
    host, port = "127.0.0.1", 8001
    if config_path.exists():
        from hashwatch.config import load_config

        config = load_config(config_path)
        host, port = config.host, config.port
    return address(host, port).rstrip("/") + event_href(slug, "evaluate"), False


def _found(page: dict[str, Any], address: str) -> dict[str, Any]:
    tone, sample = page["tone"], page["sample"]
    return {
        "address": address,
        "sample": {
            "size": sample["size"], "labelled": sample["labelled"], "seed": sample["seed"],
            "annotator": sample["annotator"],
        },
        "accuracy": tone["accuracy"],
        "shares": {
            side: {"share": tone[side]["share"], "adjusted": (tone["adjusted"] or {}).get(side)}
            for side in ("positive", "neutral", "negative")
        },
        "confusion": page["confusion"],
    }  # fmt: skip


def _show(found: dict[str, Any], running: bool) -> None:
    sample, accuracy = found["sample"], found["accuracy"]
    click.echo(f"labelled {sample['labelled']} of {sample['size']}; label them at")
    click.echo(f"  {found['address']}" + ("" if running else "  (once hashwatch run is started)"))
    if accuracy is None:
        click.echo("accuracy not yet measured")
        return
    click.echo(f"right     {_interval(accuracy, 'value')}, {accuracy['n']} labels")
    for one in accuracy["languages"]:
        click.echo(f"  {one['language']:<8}{_interval(one, 'value')}, {one['n']} labels")
    for side, share in found["shares"].items():
        corrected = share["adjusted"]
        raw = "–" if share["share"] is None else f"{share['share']:.0%}"
        more = f", corrected {_interval(corrected, 'share')}" if corrected else ""
        click.echo(f"{side:<10}{raw}{more}")


def _interval(one: dict[str, Any], key: str) -> str:
    return f"{one[key]:.0%} ({one['low']:.0%}–{one['high']:.0%})"
