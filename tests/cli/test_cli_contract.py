"""What others script against: commands, options, exit codes, quick help, quiet failures."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from command_line import Hashwatch

from hashwatch.cli import commands

CONTRACT = {
    "run": {"--config", "--data-dir", "--host", "--port"},
    "demo": {"--data-dir", "--host", "--port"},
    "watch": {"--since", "--data-dir", "--host", "--port"},
    "check": {"--config", "--live", "--json"},
    "collect": {"--config", "--data-dir", "--once", "--dry-run", "--json"},
    "import": {
        "--event", "--format", "--timezone", "--map", "--only-hashtags", "--config", "--data-dir",
        "--json",
    },
    "publish": {"--rebuild", "--config", "--data-dir", "--json"},
    "serve": {"--config", "--data-dir", "--host", "--port"},
    "status": {"--config", "--data-dir", "--json"},
    "search": {"--event", "--theme", "--from", "--sort", "--config", "--data-dir", "--json"},
    "export": {"--event", "--format", "-o", "--q", "--theme", "--to", "--config", "--data-dir"},
    "tag": {"--event", "--config", "--json"},
    "programme": set(),
}  # fmt: skip


def test_the_commands_are_those_promised() -> None:
    """No more, no fewer, each with its options and --no-input."""
    assert set(commands.commands) == set(CONTRACT)
    for name, expected in CONTRACT.items():
        command = commands.commands[name]
        options = {text for parameter in command.params for text in parameter.opts}
        assert expected <= options, name
        if not isinstance(command, click.Group):
            assert "--no-input" in options
            assert command.help, name


def test_every_option_is_explained() -> None:
    """Each has a help text."""
    for name, command in commands.commands.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts}"


def test_help_imports_nothing_heavy() -> None:
    """What makes it answer within 150 ms."""
    probe = (
        "import sys, hashwatch.cli; print(' '.join(name for name in ('pydantic', 'msgspec', 'rich',"
        " 'httpx', 'apscheduler', 'datasette', 'textblob', 'numpy', 'asyncio', 'sqlite3')"
        " if name in sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == ""


def test_help_is_quick() -> None:
    """The best of three starts; 150 ms on a quiet machine."""
    best = min(_time_of("--help") for _ in range(3))
    assert best < 0.6


def _time_of(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "hashwatch", *arguments], capture_output=True, check=True)
    return time.perf_counter() - started


@pytest.mark.parametrize(
    "arguments", [["--nonsense"], ["nonsense"], ["run", "--port", "x"], ["import"], ["export"]]
)
def test_wrong_usage_is_exit_code_2(hashwatch: Hashwatch, arguments: list[str]) -> None:
    """With click's own words."""
    answer = hashwatch(*arguments)
    assert answer.code == 2
    assert answer.out == ""


def test_a_taken_port_is_one_sentence(place: Path, hashwatch: Hashwatch) -> None:
    """It says which one, and what to do; nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        answer = hashwatch("run", "--port", str(port))
    assert answer.code == 1
    assert answer.err.count("\n") == 1
    assert f"port {port} of 127.0.0.1 is taken" in answer.err
    assert "--port" in answer.err
    assert not (place / "data" / "archive.db").exists()


def test_a_damaged_archive_is_not_started_on(imported: Path, hashwatch: Hashwatch) -> None:
    """One sentence, and the file stays as it is."""
    archive = imported / "data" / "archive.db"
    archive.write_bytes(b"no database at all, but long enough to look at" * 100)
    before = archive.read_bytes()
    answer = hashwatch("run", "--port", "0")
    assert answer.code == 1
    assert "damaged" in answer.err
    assert "Traceback" not in answer.err
    assert archive.read_bytes() == before


def test_a_reader_that_has_had_enough_is_no_failure(imported: Path) -> None:
    """``hashwatch export … | head`` ends quietly."""
    command = [sys.executable, "-m", "hashwatch", "export", "--event", "natsec17"]
    with subprocess.Popen(
        [*command, "--format", "csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=imported
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
    assert said == b""


def test_watch_refuses_what_is_no_hashtag_or_span(place: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """Exit code 2."""
    assert hashwatch("watch", "x", "--since", "long").code == 2
    assert hashwatch("watch", "two words").code == 2
