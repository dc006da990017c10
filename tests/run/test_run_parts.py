"""What watching over processes is made of."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from pathlib import Path

import pytest

from hashwatch.archive.connection import sole
from hashwatch.errors import DamagedError, InUseError
from hashwatch.run.addresses import address, answers, free_port, is_loop_back, served_at
from hashwatch.run.children import FIRST_DELAY, LONGEST_DELAY, Child, restart_delay
from hashwatch.run.everything import prepare
from hashwatch.run.logs import JsonLines, LogFile
from hashwatch.serve import listening


def test_a_free_port_is_found_and_a_taken_one_named() -> None:
    """Zero takes any."""
    port = free_port("127.0.0.1", 0)
    assert port > 0
    assert free_port("127.0.0.1", port) == port
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(InUseError, match=f"port {port} of 127.0.0.1 is taken"),
    ):
        free_port("127.0.0.1", port)


def test_addresses_are_those_to_open_in_a_browser() -> None:
    """Every address of the machine is reached by loop-back."""
    assert address("127.0.0.1", 8001) == "http://127.0.0.1:8001/"
    assert address("0.0.0.0", 80) == "http://127.0.0.1:80/"
    assert address("::", 80) == "http://[::1]:80/"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "::1", "[::1]", "127.1.2.3", "0.0.0.0", "::", "192.0.2.1",
     "town.example", ""],
)  # fmt: skip
def test_loop_back_is_the_same_for_the_command_line_and_the_server(host: str) -> None:
    """Both go by the same rule."""
    assert is_loop_back(host) == listening.is_loop_back(host)
    assert is_loop_back(host) == (
        host.strip("[]") in ("127.0.0.1", "localhost", "::1", "127.1.2.3")
    )


def test_nobody_answers_where_nobody_listens(tmp_path: Path) -> None:
    """Nor at an address that a killed server left behind."""
    port = free_port("127.0.0.1", 0)
    assert asyncio.run(answers("127.0.0.1", port)) is False
    assert served_at(tmp_path) is None
    (tmp_path / "server.address").write_text(f"http://127.0.0.1:{port}/")
    assert served_at(tmp_path) is None


def test_both_databases_are_made_and_held_by_nobody_else(tmp_path: Path) -> None:
    """A damaged archive, or one at work, is refused."""
    prepare(tmp_path)
    assert (tmp_path / "archive.db").exists()
    assert (tmp_path / "dashboard.db").exists()
    with sole(tmp_path / "archive.db", "collector"), pytest.raises(InUseError):
        prepare(tmp_path)
    (tmp_path / "dashboard.db").write_bytes(b"nonsense" * 1000)
    prepare(tmp_path)  # a dashboard can be made anew
    assert (tmp_path / "dashboard.db").read_bytes().startswith(b"SQLite format 3")
    (tmp_path / "archive.db").write_bytes(b"nonsense" * 1000)
    with pytest.raises(DamagedError):
        prepare(tmp_path)


def test_restarts_come_ever_later() -> None:
    """Up to a limit."""
    assert [restart_delay(n) for n in (1, 2, 3)] == [FIRST_DELAY, 1.0, 2.0]
    assert restart_delay(100) == LONGEST_DELAY


def lines(log: LogFile) -> list[dict[str, str]]:
    """What a log file holds."""
    return [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]


def test_the_log_is_json_whatever_a_process_says(tmp_path: Path) -> None:
    """Lines of ours pass, others are wrapped."""
    log = LogFile(tmp_path)
    log.write("collector", '{"at": "2026-01-01T00:00:00.000Z", "message": "100 % fine"}')
    log.write("collector", 'Traceback: "%s" – \x00', "ERROR")
    log.close()
    ours, wrapped = lines(log)
    assert ours["message"] == "100 % fine"
    assert (wrapped["process"], wrapped["level"]) == ("collector", "ERROR")
    assert wrapped["message"] == 'Traceback: "%s" – \x00'


def test_a_record_is_one_line_even_with_a_traceback() -> None:
    """And says which process it is from."""
    import logging

    try:
        raise ValueError("broken\nin two")
    except ValueError:
        record = logging.LogRecord(
            "name", logging.ERROR, "", 1, "failed: %s", ("x\ny",), sys.exc_info()
        )
    line = JsonLines("publisher").format(record)
    assert "\n" not in line
    assert line.startswith('{"at": ')
    said = json.loads(line)
    assert (said["process"], said["message"]) == ("publisher", "failed: x\ny")
    assert "ValueError: broken" in said["traceback"]


def test_a_process_that_ends_is_started_again_and_its_last_words_told(tmp_path: Path) -> None:
    """Until stop is set."""
    log, complaints = LogFile(tmp_path), list[str]()

    async def watch() -> None:
        stop = asyncio.Event()

        def complain(message: str) -> None:
            complaints.append(message)
            if len(complaints) == 2:
                stop.set()

        await Child("collector", ["nonsense"], log, complain).keep(stop)

    asyncio.run(watch())
    log.close()
    assert len(complaints) == 2
    assert "the collector ended (exit code 2)" in complaints[0]
    assert "nonsense" in complaints[0]
    assert complaints[1].endswith("again in 1 s")
    assert any("nonsense" in line["message"] for line in lines(log))
