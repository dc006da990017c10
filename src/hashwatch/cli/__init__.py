"""The command line: arguments in, one call, exit code out.

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 partly done. What was asked for goes
to stdout, everything else to stderr. Only this package's own modules and click are imported until a
command runs, so that ``--help`` is quick.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from hashwatch import __version__
from hashwatch.cli.alerting import alerts
from hashwatch.cli.asking import export, search, tag
from hashwatch.cli.beginning import init
from hashwatch.cli.checking import check, status
from hashwatch.cli.evaluating import evaluate
from hashwatch.cli.importing import import_files
from hashwatch.cli.informing import privacy_notice
from hashwatch.cli.keeping import backup, erase, expire, restore
from hashwatch.cli.people import people
from hashwatch.cli.programme import programme
from hashwatch.cli.running import collect, demo, publish, run, serve, watch
from hashwatch.errors import ConfigError, FilterError, HashwatchError, MissingError

DONE, FAILED, USAGE, PARTLY = 0, 1, 2, 3


class _InOrder(click.Group):
    """Lists the commands in the order in which they are met in use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            if not _nobody_reads():
                raise
            # The reader of our output has had enough; nothing may be written to it at exit either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return DONE


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hashwatch")
def commands() -> None:
    """Collect, tag and show what is posted about a conference.

    Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 partly done.
    """


for command in (
    init, run, demo, watch, check, collect, import_files, publish, serve, status, search, export,
    tag, evaluate, programme, alerts, people, backup, restore, erase, expire,
    privacy_notice,
):  # fmt: skip
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits with its code; what goes wrong is one sentence on stderr."""
    sys.exit(exit_code(arguments))


def exit_code(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code."""
    told: dict[str, Path] = {}  # the options tell where the command is at work
    try:
        result = commands.main(
            args=None if arguments is None else list(arguments),
            prog_name="hashwatch",
            standalone_mode=False,
            obj=told,
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        complain("stopped; what was done until now is kept")
        return FAILED
    except (ConfigError, FilterError, MissingError) as error:
        for line in str(error).splitlines():
            click.echo(line, err=True)
        return USAGE
    except HashwatchError as error:
        complain(str(error))
        return FAILED
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        complain(f"{where}{error.strerror or error}")
        return FAILED
    except Exception as error:
        return _unexpected(error, told.get("data_dir"))
    return result if isinstance(result, int) else DONE


def _nobody_reads() -> bool:
    """Whether standard output is a pipe whose other end is closed."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _unexpected(error: Exception, data_dir: Path | None) -> int:
    """A database's own complaint is a sentence; anything else is a fault of ours, shown whole."""
    import logging
    import sqlite3

    from hashwatch.cli.failing import database_complaint
    from hashwatch.run.logs import is_supervised

    if isinstance(error, sqlite3.Error):
        complain(database_complaint(error, data_dir))
        return FAILED
    if not is_supervised():
        raise error
    logging.getLogger("hashwatch").error("it failed", exc_info=error)
    complain(f"{type(error).__name__}: {error}")
    return FAILED


def complain(message: str) -> None:
    """One sentence on stderr."""
    click.echo(f"hashwatch: {message}", err=True)
