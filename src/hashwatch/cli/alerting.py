"""The command that is about alerts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hashwatch.cli.options import (
    config_option,
    data_dir_option,
    json_option,
    no_input_option,
    partly,
    print_json,
)

if TYPE_CHECKING:
    from hashwatch.config import Config


@click.command()
@config_option
@data_dir_option()
@click.option("--test", is_flag=True, help="Send a test to every destination, now.")
@click.option("--follow", is_flag=True, hidden=True, help="Go on until stopped (used by run).")
@json_option
@no_input_option
def alerts(config_path: Path, data_dir: Path, test: bool, follow: bool, as_json: bool) -> int:
    """Say which alerts there are, and what they have said lately.

    With --test: exit code 1 if no destination took the test, 3 if only some did.
    """
    from hashwatch.config import load_config

    config = load_config(config_path)
    if follow:
        _follow(config, data_dir)
        return 0
    if test:
        return _test(config, as_json)
    _report(config, data_dir, as_json)
    return 0


def sender(config: Config) -> Callable[[str, str, str], None]:
    """Sends to a destination of the configuration by its name."""
    from hashwatch.alert.sending import NotSentError, send
    from hashwatch.config.alerts import destination_address

    def to(destination: str, title: str, body: str) -> None:
        table = config.destinations.get(destination)
        if table is None:
            raise NotSentError(f"there is no [notify.{destination}] any more")
        send(destination_address(destination, table), title, body)

    return to


def _follow(config: Config, data_dir: Path) -> None:
    import threading

    from hashwatch.alert.alerter import Alerter
    from hashwatch.run.logs import log_to_stderr
    from hashwatch.run.stopping import on_stop

    log_to_stderr("alerter")
    stop = threading.Event()
    on_stop(stop.set)
    with Alerter(
        data_dir / "dashboard.db", config.rules, sender(config), config.address,
        destinations=tuple(config.destinations),
    ) as alerter:  # fmt: skip
        alerter.run(stop)


def _test(config: Config, as_json: bool) -> int:
    from hashwatch.alert.sending import NotSentError
    from hashwatch.errors import ConfigError

    send, results = sender(config), {}
    for name in config.destinations:
        try:
            send(name, "hashwatch: a test", "Alerts arrive here. Nothing has happened.")
        except (NotSentError, ConfigError) as error:
            results[name] = str(error)
        else:
            results[name] = ""
    if not results:
        raise ConfigError([f"{config.path}: there is no [notify.NAME] to send a test to"])
    if as_json:
        print_json([{"destination": name, "problem": said} for name, said in results.items()])
    else:
        for name, said in results.items():
            click.echo(f"{name}: {said or 'sent'}")
    return partly(sum(map(bool, results.values())), len(results))


def _report(config: Config, data_dir: Path, as_json: bool) -> None:
    from hashwatch.queries.alerts import recent_alerts

    told = recent_alerts(data_dir / "alerts.db")
    if as_json:
        rules = [
            {"name": rule.name, "kind": rule.kind, "events": list(rule.events), "to": list(rule.to)}
            for rule in config.rules
        ]
        print_json({"rules": rules, "alerts": told})
        return
    if not config.rules:
        click.echo("No alerts are configured; docs/alerts.md says how.")
    for rule in config.rules:
        where = ", ".join(rule.events) or "every event"
        click.echo(f"{rule.name} ({rule.kind}, {where}) → {', '.join(rule.to)}")
    for one in told:
        states = ", ".join(
            f"{each['destination']} {each['state'].replace('_', ' ')}" for each in one["deliveries"]
        )
        click.echo(f"{one['made_at']} {one['title']}: {one['words']} [{states}]")
