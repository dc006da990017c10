"""The commands that keep going: run, demo, watch, collect, publish, serve."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashwatch.cli.options import (
    config_option,
    data_dir_option,
    json_option,
    listen_options,
    no_input_option,
    partly,
    print_json,
)

if TYPE_CHECKING:
    from hashwatch.config import Config


@click.command()
@config_option
@data_dir_option()
@listen_options
@no_input_option
def run(config_path: Path, data_dir: Path, host: str | None, port: int | None) -> None:
    """Collect, publish and serve, until Ctrl-C."""
    _run_everything(config_path, data_dir, host, port)


@click.command()
@data_dir_option("data/demo")
@listen_options
@no_input_option
def demo(data_dir: Path, host: str | None, port: int | None) -> None:
    """Show two invented conferences, with neither network nor configuration."""
    from importlib.resources import as_file, files

    with as_file(files("hashwatch.demo")) as folder:
        _run_everything(folder / "config.toml", data_dir, host, port)


@click.command()
@click.argument("hashtags", nargs=-1, required=True, metavar="HASHTAG…")
@click.option("--since", default="7d", show_default=True, metavar="SPAN",
              help="How far to look back: 90m, 36h, 7d, 2w.")  # fmt: skip
@data_dir_option("data/watch")
@listen_options
@no_input_option
def watch(
    hashtags: tuple[str, ...], since: str, data_dir: Path, host: str | None, port: int | None
) -> None:
    """Watch some hashtags from now on, with no configuration.

    Everything that needs no credentials is asked. The configuration that this makes is left in the
    data directory, as a start for one of your own.
    """
    import time

    from hashwatch.config.watching import default_event_config, read_span

    now = int(time.time())
    text = default_event_config(hashtags, now - read_span(since), now)
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "watch.toml"
    path.write_text(text, encoding="utf-8")
    _run_everything(path, data_dir, host, port)


@click.command()
@config_option
@data_dir_option()
@click.option("--once", is_flag=True, help="Ask everything once, then end.")
@click.option("--dry-run", is_flag=True, help="Ask once, store nothing, say what came.")
@json_option
@no_input_option
def collect(config_path: Path, data_dir: Path, once: bool, dry_run: bool, as_json: bool) -> int:
    """Collect posts into the archive, until Ctrl-C.

    With --once or --dry-run: exit code 1 if nothing could be read, 3 if some of it could not.
    """
    import asyncio

    from hashwatch.config import load_config
    from hashwatch.run.logs import log_to_stderr

    log_to_stderr("collector")
    config = load_config(config_path)
    if dry_run:
        return _collect_nothing(config, as_json)
    if once:
        return _collect_once(config, data_dir, as_json)
    asyncio.run(_collect_on(config, data_dir))
    return 0


@click.command()
@config_option
@data_dir_option()
@click.option("--rebuild", is_flag=True, help="Make the whole dashboard anew, on all cores.")
@click.option("--follow", is_flag=True, hidden=True, help="Go on until stopped (used by run).")
@json_option
@no_input_option
def publish(config_path: Path, data_dir: Path, rebuild: bool, follow: bool, as_json: bool) -> None:
    """Bring the dashboard up to date with the archive, then end."""
    import threading

    from hashwatch.cli.progress import progress
    from hashwatch.config import load_config
    from hashwatch.publish.publisher import Publisher
    from hashwatch.run.logs import log_to_stderr
    from hashwatch.run.stopping import on_stop

    log_to_stderr("publisher")
    config = load_config(config_path)
    archive, dashboard = data_dir / "archive.db", data_dir / "dashboard.db"
    with Publisher(archive, dashboard, config.events, config.annotator) as publisher:
        if follow:
            stop = threading.Event()
            on_stop(stop.set)
            publisher.run(stop)
            return
        with progress("publishing", "posts") as shown:
            work = publisher.rebuild if rebuild else publisher.catch_up
            published = work(on_progress=shown)
    if as_json:
        print_json({"posts": published.posts, "gone": published.gone, "seq": published.seq})
    else:
        click.echo(f"{published.posts:,} posts published, {published.gone:,} taken out")


@click.command()
@config_option
@data_dir_option()
@listen_options
@no_input_option
def serve(config_path: Path, data_dir: Path, host: str | None, port: int | None) -> None:
    """Serve the dashboard that is there, until Ctrl-C."""
    from hashwatch.config import load_config
    from hashwatch.run import ADDRESS_NAME
    from hashwatch.run.logs import log_to_stderr
    from hashwatch.run.stopping import on_stop
    from hashwatch.serve.app import serve as serve_pages

    log_to_stderr("server")
    config = load_config(config_path)
    data_dir.mkdir(parents=True, exist_ok=True)
    # The server takes signals itself, and raises them anew once it has ended in order.
    on_stop(lambda: sys.exit(0))
    told = data_dir / ADDRESS_NAME

    def announce(address: str) -> None:
        told.write_text(address, encoding="utf-8")
        click.echo(f"hashwatch is at {address}  (Ctrl-C stops it)")

    try:
        serve_pages(
            data_dir / "dashboard.db",
            host=config.host if host is None else host,
            port=config.port if port is None else port,
            metadata_path=config_path.parent / "datasette-metadata.yml",
            config_path=str(config_path),
            announce=announce,
        )
    finally:
        told.unlink(missing_ok=True)


def _run_everything(config_path: Path, data_dir: Path, host: str | None, port: int | None) -> None:
    from hashwatch.config import load_config
    from hashwatch.run import run as run_all

    config = load_config(config_path)
    run_all(
        config_path,
        data_dir,
        config.host if host is None else host,
        config.port if port is None else port,
    )


async def _collect_on(config: Config, data_dir: Path) -> None:
    import asyncio

    from hashwatch.run.stopping import on_stop
    from hashwatch.schedule.starting import collect_until

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    on_stop(lambda: loop.call_soon_threadsafe(stop.set))
    await collect_until(config, data_dir / "archive.db", stop)


def _collect_once(config: Config, data_dir: Path, as_json: bool) -> int:
    import asyncio

    from hashwatch.schedule.starting import collect_once

    reports = asyncio.run(collect_once(config, data_dir / "archive.db"))
    if as_json:
        print_json(
            [
                {
                    "source": report.place.source, "instance": report.place.instance,
                    "hashtag": report.place.hashtag, "state": report.state,
                    "reason": report.reason, "pages": report.pages,
                    "received": report.stored.received, "new": report.stored.new,
                    "changed": report.stored.changed, "rejected": report.stored.rejected,
                }
                for report in reports
            ]
        )  # fmt: skip
    else:
        for report in reports:
            click.echo(
                f"{report.place.source} {report.place.instance} #{report.place.hashtag}:"
                f" {report.state}, {report.stored.received} received, {report.stored.new} new"
                + (f" ({report.reason})" if report.reason else "")
            )
    return partly(sum(report.error is not None for report in reports), len(reports))


def _collect_nothing(config: Config, as_json: bool) -> int:
    import asyncio

    from hashwatch.cli.checking import show_trials
    from hashwatch.schedule.trying import try_sources

    trials = asyncio.run(try_sources(config, ask=True, only_open=True))
    show_trials(trials, as_json)
    return partly(sum(not trial.ok for trial in trials), len(trials))
