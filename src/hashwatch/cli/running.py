"""The commands that keep going: run, demo, watch, collect, publish, serve."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashwatch.cli.options import (
    config_option,
    counted,
    data_dir_option,
    further_config_option,
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
    from hashwatch.config import load_config

    _run_everything(load_config(config_path), data_dir, host, port)


@click.command()
@further_config_option
@data_dir_option("data/demo")
@listen_options
@no_input_option
def demo(config_path: Path | None, data_dir: Path, host: str | None, port: int | None) -> None:
    """Show two invented conferences, with neither network nor configuration.

    With --config, the speed of the replay, the annotator and the address are those of that file.
    """
    from importlib.resources import as_file, files

    from hashwatch.config import load_config
    from hashwatch.config.watching import demo_config

    with as_file(files("hashwatch.demo")) as folder:
        path = folder / "config.toml"
        if config_path is None:
            config = load_config(path)
        else:
            further = load_config(config_path, needs_events=False)
            config = _write_config(data_dir / "demo.toml", demo_config(path, further))
        _run_everything(config, data_dir, host, port)


@click.command()
@click.argument("hashtags", nargs=-1, required=True, metavar="HASHTAG…")
@click.option("--since", default="7d", show_default=True, metavar="SPAN",
              help="How far to look back: 90m, 36h, 7d, 2w.")  # fmt: skip
@further_config_option
@data_dir_option("data/watch")
@listen_options
@no_input_option
def watch(
    hashtags: tuple[str, ...],
    since: str,
    config_path: Path | None,
    data_dir: Path,
    host: str | None,
    port: int | None,
) -> None:
    """Watch some hashtags from now on, with no configuration.

    Everything that needs no credentials is asked; with --config, the sources of that file instead.
    The configuration that this makes is left in the data directory, as a start for one of your own.
    """
    import time

    from hashwatch.config import load_config
    from hashwatch.config.watching import default_event_config, read_span

    now = int(time.time())
    further = load_config(config_path, needs_events=False) if config_path else None
    text = default_event_config(hashtags, now - read_span(since), now, further)
    _run_everything(_write_config(data_dir / "watch.toml", text), data_dir, host, port)


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
        return _collect_nothing(config, data_dir, as_json)
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

    from msgspec import to_builtins

    from hashwatch.cli.progress import progress
    from hashwatch.cli.publishing import keep_files
    from hashwatch.config import load_config
    from hashwatch.publish.publisher import Publisher
    from hashwatch.queries.retagged import retagging_lines
    from hashwatch.run.logs import log_to_stderr
    from hashwatch.run.stopping import on_stop

    log_to_stderr("publisher")
    config = load_config(config_path)
    archive, dashboard = data_dir / "archive.db", data_dir / "dashboard.db"
    if archive.exists() and not follow:
        keep_files(config, data_dir)
    with Publisher(archive, dashboard, config.events, config.annotator) as publisher:
        if follow:
            stop = threading.Event()
            on_stop(stop.set)
            publisher.run(stop)
            return
        with progress("publishing", "posts") as shown:
            work = publisher.rebuild if rebuild else publisher.catch_up
            published = work(on_progress=shown)
    compared = to_builtins(published.comparison)
    if as_json:
        print_json(
            {
                "posts": published.posts, "gone": published.gone, "seq": published.seq,
                "compared": compared,
            }
        )  # fmt: skip
    else:
        click.echo(f"{counted(published.posts, 'post')} published, {published.gone:,} taken out")
        for line in retagging_lines(compared) if compared else ():
            click.echo(line)


@click.command()
@config_option
@data_dir_option()
@listen_options
@click.option("--address", hidden=True, help="[serve] address (used by run).")
@click.option("--embed", multiple=True, hidden=True, help="[serve] embed (used by run).")
@no_input_option
def serve(
    config_path: Path,
    data_dir: Path,
    host: str | None,
    port: int | None,
    address: str | None,
    embed: tuple[str, ...],
) -> None:
    """Serve the dashboard that is there, until Ctrl-C."""
    from hashwatch.run.addresses import ADDRESS_NAME, free_port
    from hashwatch.run.addresses import address as local_address
    from hashwatch.run.logs import is_supervised, log_to_stderr
    from hashwatch.run.stopping import on_stop

    log_to_stderr("server")
    if host is None or port is None or address is None:
        # Under `run`, which has read it, all are given: the pages are there the sooner.
        from hashwatch.config import load_config

        config = load_config(config_path)
        host = config.host if host is None else host
        port = config.port if port is None else port
        address = config.address if address is None else address
        embed = embed or config.embed
    listen_on = host
    port = free_port(listen_on, port)
    if not is_supervised():
        _refuse_open_house(listen_on, data_dir)
        _refuse_damaged(data_dir / "dashboard.db")
    data_dir.mkdir(parents=True, exist_ok=True)
    # The server takes signals itself, and raises them anew once it has ended in order.
    on_stop(lambda: sys.exit(0))
    told = data_dir / ADDRESS_NAME

    def announce(_: str) -> None:
        usable = local_address(listen_on, port)
        told.write_text(usable, encoding="utf-8")
        click.echo(f"hashwatch is at {usable}  (Ctrl-C stops it)")

    from hashwatch.serve.app import serve as serve_pages

    try:
        serve_pages(
            data_dir / "dashboard.db",
            host=listen_on,
            port=port,
            metadata_path=config_path.parent / "datasette-metadata.yml",
            config_path=str(config_path),
            archive_path=data_dir / "archive.db",
            address=address,
            embed_origins=embed,
            announce=announce,
        )
    finally:
        told.unlink(missing_ok=True)


def _run_everything(config: Config, data_dir: Path, host: str | None, port: int | None) -> None:
    from hashwatch.run.everything import run as run_all

    listen_on = config.host if host is None else host
    _refuse_open_house(listen_on, data_dir)
    run_all(
        config.path, data_dir, listen_on, config.port if port is None else port,
        alerts=bool(config.rules or config.destinations), public_address=config.address,
        embed=config.embed,
    )  # fmt: skip


def _refuse_open_house(host: str, data_dir: Path) -> None:
    """Raises ``ConfigError`` where others would see the pages and nobody can sign in."""
    from hashwatch.run.addresses import is_loop_back

    if not is_loop_back(host):
        from hashwatch.serve.listening import refuse_open_house

        refuse_open_house(host, data_dir)


def _refuse_damaged(dashboard: Path) -> None:
    """Raises SQLite's complaint about a file that no page can be made of; there may be none yet.

    Under `run` the publisher makes a damaged one anew.
    """
    from contextlib import closing

    from hashwatch.queries.connection import open_dashboard

    if dashboard.exists():
        with closing(open_dashboard(dashboard)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _write_config(path: Path, text: str) -> Config:
    """Writes a configuration that is known to be sound; the one that was there may have been."""
    from hashwatch.config import parse_config

    config = parse_config(text, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return config


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

    from hashwatch.model import RunState
    from hashwatch.schedule.starting import collect_once

    reports = asyncio.run(collect_once(config, data_dir / "archive.db"))
    failed = [one for one in reports if one.error is not None or one.state is RunState.FAILED]
    asked = [one for one in reports if one.state is not RunState.SKIPPED or one.error is not None]
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
            place = report.place
            where = " ".join(part for part in (place.source, place.instance, place.what) if part)
            came = f", {report.stored.received:,} received, {report.stored.new:,} new"
            why = f" ({report.reason})" if report.reason else ""
            click.echo(f"{where}: {report.state}{came if report.pages else ''}{why}")
    return partly(len(failed), len(asked))


def _collect_nothing(config: Config, data_dir: Path, as_json: bool) -> int:
    import asyncio

    from hashwatch.cli.checking import show_trials
    from hashwatch.schedule.trying import try_sources

    archive_path = data_dir / "archive.db"
    trials = asyncio.run(try_sources(config, ask="open", archive_path=archive_path))
    show_trials(trials, as_json)
    tried = [trial for trial in trials if trial.asked or trial.fault]
    return partly(sum(not trial.ok for trial in tried), len(tried))
