"""What others script against: commands, options, exit codes, quick help, quiet failures."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from command_line import Answer, Hashwatch

from hashwatch.cli import commands

CONTRACT = {
    "init": {"--hashtag", "--title", "--timezone", "--starts", "--ends", "--server"},
    "run": {"--host", "--port"},
    "demo": {"--host", "--port"},
    "watch": {"--since", "--host", "--port"},
    "check": {"--live", "--json"},
    "collect": {"--once", "--dry-run", "--json"},
    "import": {"--event", "--format", "--timezone", "--map", "--only-hashtags", "--json"},
    "publish": {"--rebuild", "--json"},
    "serve": {"--host", "--port"},
    "status": {"--json"},
    "search": {"--event", "--q", "--theme", "--from", "--sort", "--json"},
    "export": {"--event", "--format", "-o", "--q", "--theme", "--to"},
    "tag": {"--event", "--json"},
    "evaluate": {
        "--event", "--sample", "--seed", "--report", "--json",
    },
    "programme": set(),
    "alerts": {"--test", "--json"},
    "people": set(),
    "privacy-notice": {"--event", "--organiser", "--contact", "--language"},
    "backup": {"--json"},
    "restore": {"--json"},
    "expire": {"--dry-run", "--json"},
    "erase": {"--handle", "--did", "--uri", "--yes", "--json"},
}  # fmt: skip
EVERYWHERE = {"--config", "--data-dir", "--no-input"}


def test_the_commands_are_those_promised() -> None:
    """Each has its options and those that all have."""
    assert set(commands.commands) == set(CONTRACT)
    for name, expected in CONTRACT.items():
        command = commands.commands[name]
        options = {text for parameter in command.params for text in parameter.opts}
        assert expected <= options, name
    for name, command in leaves(commands):
        options = {text for parameter in command.params for text in parameter.opts}
        assert options >= EVERYWHERE, name
        assert command.help, name


def leaves(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, those of groups too."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command)
        else:
            yield name, command


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


@pytest.mark.parametrize("command", ["run", "serve", "demo"])
def test_a_taken_port_is_one_sentence(place: Path, hashwatch: Hashwatch, command: str) -> None:
    """The same for all: which one, and what to do; nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        answer = hashwatch(command, "--port", str(port))
    assert answer.code == 1
    assert answer.err == (
        f"hashwatch: port {port} of 127.0.0.1 is taken; stop what listens there or choose another"
        " with --port\n"
    )
    assert not list(place.rglob("archive.db"))


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_nobody_is_let_in_from_elsewhere_before_somebody_can_sign_in(
    place: Path, hashwatch: Hashwatch, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Refused with what to do; done that, it starts, at an address that one can open."""
    monkeypatch.setattr("hashwatch.run.stopping.on_stop", lambda _: None)
    monkeypatch.setattr(
        "hashwatch.serve.app.serve", lambda *_, **given: given["announce"]("http://wrong/")
    )
    started: list[object] = []
    monkeypatch.setattr("hashwatch.run.everything.run", lambda *given, **_: started.append(given))
    ways = (
        (["serve", "--port", "0"], "data"),
        (["run", "--data-dir", "data/run"], "data/run"),
        (["demo"], "data/demo"),
        (["watch", "x"], "data/watch"),
    )
    for command, folder in ways:
        answer = hashwatch(*command, "--host", host)
        if host == "0.0.0.0":
            assert answer.code == 2
            assert "hashwatch people add NAME --role admin" in answer.err
            assert f"--data-dir {folder}" in answer.err
            assert not started
            made = hashwatch("people", "add", "ana", "--role", "admin", "--data-dir", folder)
            assert made.code == 0
            answer = hashwatch(*command, "--host", host)
        assert answer.code == 0
        if command[0] == "serve":
            shown = r"hashwatch is at http://127\.0\.0\.1:\d+/  \(.*\)\n"
            assert re.fullmatch(shown, answer.out)
        started.clear()
    assert (place / "data" / "watch" / "watch.toml").exists()


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


@pytest.mark.parametrize("damage", ["no database", "flipped pages"])
def test_a_damaged_file_is_named_by_every_command_that_meets_it(
    imported: Path, hashwatch: Hashwatch, damage: str
) -> None:
    """One sentence with what to do, exit code 1; the archive stays as it is."""
    archive, dashboard = imported / "data" / "archive.db", imported / "data" / "dashboard.db"
    sound = spoil(dashboard, damage)
    for command in ("search", "export"):
        options = ["--format", "csv"] if command == "export" else []
        answer = hashwatch(command, "--event", "natsec17", *options)
        assert complaint(answer) == f"{Path('data/dashboard.db')}: the file is damaged"
        assert "run hashwatch publish, which makes it anew" in answer.err
    for arguments in (["status"], ["serve", "--port", "0"]):
        if damage == "no database":  # otherwise what these read of it may be sound
            assert (
                complaint(hashwatch(*arguments))
                == f"{Path('data/dashboard.db')}: the file is damaged"
            )
    dashboard.write_bytes(sound)
    spoil(archive, damage)
    before = archive.read_bytes()
    for arguments in (["status"], ["publish", "--rebuild"], ["collect", "--once"], ["run"],
                      ["import", "rows.csv", "--event", "natsec17"]):  # fmt: skip
        answer = hashwatch(*arguments)
        assert complaint(answer) == f"{Path('data/archive.db')}: the file is damaged", arguments
        assert archive.read_bytes() == before


def spoil(path: Path, damage: str) -> bytes:
    """Makes a database unusable; its sound content, the write-ahead log folded in."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    sound = path.read_bytes()
    content = bytearray(sound)
    if damage == "no database":
        content[:] = b"no database at all, but long enough to look at" * 500
    else:
        content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)
    return sound


def complaint(answer: Answer) -> str:
    """The beginning of what a command that failed said, which is one line."""
    assert answer.code == 1, answer
    lines = [line for line in answer.err.splitlines() if line.startswith("hashwatch: ")]
    assert len(lines) == 1, answer.err
    assert "Traceback" not in answer.err
    return lines[0].removeprefix("hashwatch: ").partition(" (")[0]


@pytest.mark.parametrize(
    "arguments",
    [["export", "--event", "natsec17", "--format", "csv"], ["search", "--event", "natsec17"]],
)
def test_a_reader_that_has_had_enough_is_no_failure(imported: Path, arguments: list[str]) -> None:
    """``hashwatch export … | head`` ends quietly, and well."""
    with subprocess.Popen(
        [sys.executable, "-m", "hashwatch", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=imported,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 0
    assert b"rror" not in said


def test_watch_refuses_what_is_no_hashtag_or_span(place: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """Exit code 2."""
    assert hashwatch("watch", "x", "--since", "long").code == 2
    assert hashwatch("watch", "two words").code == 2


def test_a_watch_that_is_refused_leaves_the_last_ones_configuration(
    place: Path, hashwatch: Hashwatch
) -> None:
    """What is wrong is the argument, and so is what is named."""
    path = place / "data" / "watch" / "watch.toml"
    path.parent.mkdir(parents=True)
    path.write_text("kept")
    answer = hashwatch("watch", "#")
    assert answer.code == 2
    assert answer.err.startswith("HASHTAG: '#' is no hashtag; ")
    assert path.read_text() == "kept"
