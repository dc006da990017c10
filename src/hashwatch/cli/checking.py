"""The commands that look after things: check and status."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from hashwatch.cli.options import (
    config_option,
    counted,
    data_dir_option,
    json_option,
    no_input_option,
    partly,
    print_json,
)

if TYPE_CHECKING:
    from hashwatch.archive.standing import Standing
    from hashwatch.schedule.trying import Trial


@click.command()
@config_option
@data_dir_option()
@click.option("--live", is_flag=True, help="Really ask each platform, once; no post is stored.")
@json_option
@no_input_option
def check(config_path: Path, data_dir: Path, live: bool, as_json: bool) -> int:
    """Check the configuration, and what each source would do for each hashtag.

    All problems are told at once (exit code 2), a token that is missing among them. With --live:
    exit code 1 if no source answers, 3 if only some do. What asking cost, of a source that wants
    money, is counted in archive.db.
    """
    import asyncio

    from hashwatch.config import load_config
    from hashwatch.errors import ConfigError
    from hashwatch.schedule.trying import try_sources

    config = load_config(config_path)
    if not as_json:
        for event in config.events:
            click.echo(
                f"{event.slug}: {counted(len(event.sessions), 'session')},"
                f" {counted(len(event.themes), 'theme')},"
                f" {' '.join('#' + hashtag for hashtag in event.hashtags)}"
            )
    asked: Literal["all", "none"] = "all" if live else "none"
    trials = asyncio.run(try_sources(config, ask=asked, archive_path=data_dir / "archive.db"))
    show_trials(trials, as_json)
    misconfigured = dict.fromkeys(trial.answer for trial in trials if trial.fault)
    if misconfigured:
        raise ConfigError(list(misconfigured))
    return partly(sum(not trial.ok for trial in trials), len(trials))


@click.command()
@config_option
@data_dir_option()
@json_option
@no_input_option
def status(
    config_path: Path,  # noqa: ARG001 - every command takes it
    data_dir: Path,
    as_json: bool,
) -> None:
    """Say what there is, what runs, how far the dashboard is behind, and what is missing."""
    import time

    from hashwatch.archive.connection import open_reading
    from hashwatch.archive.standing import standing

    archive = open_reading(data_dir / "archive.db")
    stands = standing(archive)
    archive.close()
    found = _status(stands, data_dir)
    if as_json:
        print_json(found)
    else:
        _show_status(found, stands, int(time.time()))


def show_trials(trials: Sequence[Trial], as_json: bool) -> None:
    """What each source would do or did, for people or as JSON."""
    if as_json:
        print_json(
            [
                {
                    "event": trial.event, "source": trial.source, "instance": trial.instance,
                    "hashtag": trial.hashtag, "would": trial.would, "ok": trial.ok,
                    "answer": trial.answer, "verdict": trial.verdict,
                    "samples": [
                        {"handle": one.handle, "text": one.text, "url": one.url}
                        for one in trial.samples
                    ],
                }
                for trial in trials
            ]
        )  # fmt: skip
        return
    from hashwatch.collect.source import Place

    for trial in trials:
        what = Place(trial.source, trial.instance, trial.hashtag).what
        where = f"{trial.event}: {trial.source} {trial.instance} {what}".rstrip()
        answer = " — " + ": ".join(filter(None, (trial.verdict, trial.answer)))
        answer = answer if answer != " — " else ""
        click.echo(f"{'' if trial.ok else 'FAILED '}{where}: {trial.would}{answer}")
        for one in trial.samples:
            click.echo(f"    @{one.handle}: {one.text}")


def _status(stands: Standing, data_dir: Path) -> dict[str, Any]:
    from hashwatch.archive.standing import holder
    from hashwatch.run.addresses import served_at

    return {
        "posts": stands.posts,
        "authors": stands.authors,
        "rejects": stands.rejects,
        "last_collected_at": _iso(stands.last_collected_at),
        "changes_behind": stands.last_change - published_until(data_dir / "dashboard.db"),
        "processes": {
            "collector": holder(data_dir / "archive.db", "collector"),
            "publisher": holder(data_dir / "dashboard.db", "publisher"),
            "server": served_at(data_dir),
        },
        "collector_seen_at": _iso(stands.last_beat),
        "places": [
            {
                "source": place.source, "instance": place.instance, "event": place.event,
                "state": place.state, "detail": place.detail, "since": _iso(place.since),
                "checked_at": _iso(place.checked_at),
                "next_attempt_at": _iso(place.next_attempt_at),
            }
            for place in stands.places
        ],
        "gaps": [
            {
                "source": gap.source, "instance": gap.instance, "hashtag": gap.hashtag,
                "from": _iso(gap.start), "to": _iso(gap.end), "reason": gap.reason,
            }
            for gap in stands.gaps
        ],
    }  # fmt: skip


def published_until(path: Path) -> int:
    """The last of the archive's changes that the dashboard holds; 0 where there is none."""
    from hashwatch.queries.connection import open_dashboard
    from hashwatch.queries.statements import ask

    if not path.exists():
        return 0
    dashboard = open_dashboard(path)
    try:
        return int(dict(ask(dashboard, "meta", {})).get("published_seq", 0))
    finally:
        dashboard.close()


def _show_status(found: dict[str, Any], stands: Standing, now: int) -> None:
    click.echo(
        f"{counted(found['posts'], 'post')} by {counted(found['authors'], 'author')};"
        f" {counted(found['rejects'], 'row refused')}"
    )
    click.echo(f"last collected: {_ago(stands.last_collected_at, now)}")
    click.echo(f"dashboard: {counted(found['changes_behind'], 'change behind')}")
    processes = found["processes"]
    click.echo(
        f"collector: {_process(processes['collector'])}, last sign {_ago(stands.last_beat, now)}"
    )
    click.echo(f"publisher: {_process(processes['publisher'])}")
    click.echo(f"server: {processes['server'] or 'does not answer'}")
    for place in stands.places:
        detail = f": {place.detail}" if place.detail else ""
        asked = f", asked {_ago(place.checked_at, now)}" if place.checked_at else ""
        where = f"{place.event:<12} {place.source:<9} {place.instance:<24}"
        click.echo(f"  {where} {place.state}{detail}{asked}")
    for gap in found["gaps"]:
        click.echo(
            f"  gap: {gap['source']} {gap['instance']} #{gap['hashtag']}"
            f" {gap['from']} to {gap['to'] or 'now'}: {gap['reason']}"
        )


def _process(number: int | None) -> str:
    return "not running" if number is None else f"process {number}"


def _ago(at: int | None, now: int) -> str:
    if at is None:
        return "never"
    seconds = max(0, now - at)
    for name, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {name} ago"
    return f"{seconds} s ago"


def _iso(at: int | None) -> str | None:
    from hashwatch.queries.buckets import to_iso

    return None if at is None else to_iso(at)
