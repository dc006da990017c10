"""From ``hashwatch run`` to the address, and what it takes when nothing happens.

Run as ``python -m bench.start [STARTS]``. The first start makes the databases, the others find
them. CPU seconds are those of all processes up to the address: they wander less than the clock on a
machine that has other work. Idle is the example of ``config.toml`` once its conversations stand
still.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

IDLE_SECONDS = 20
SETTLE_SECONDS = 10
EXAMPLE = Path(__file__).parents[1] / "config.toml"
# A conversation that begins at its end stands still: nothing is collected, nothing published.
STANDING = "start = { natsec17 = 2017-12-01T00:00:00, ipu137 = 2017-12-01T00:00:00 }\n"


def main() -> None:
    """Starts it a few times, then lets it be and looks."""
    starts = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    with tempfile.TemporaryDirectory(prefix="hashwatch-bench-") as folder:
        config = Path(folder) / "config.toml"
        text = EXAMPLE.read_text(encoding="utf-8")
        config.write_text(text.replace("\nspeed = ", f"\n{STANDING}speed = "), encoding="utf-8")
        (Path(folder) / "programmes").symlink_to(EXAMPLE.parent / "programmes")
        for number in range(starts):
            process, seconds = start(config, Path(folder) / "data")
            spent = sum(map(cpu_seconds, [process.pid, *children(process.pid).values()]))
            which = "first start" if number == 0 else "again"
            print(
                f"{which:12} {seconds:5.2f} s to the address, which answers; {spent:.2f} CPU-s",
                flush=True,
            )
            if number == starts - 1:
                idle(process)
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            process.wait()
            print(f"{'stop':12} {time.monotonic() - began:5.2f} s", flush=True)


def start(config: Path, data: Path) -> tuple[subprocess.Popen[str], float]:
    """The process, and how long it took to say where it is."""
    command = [sys.executable, "-m", "hashwatch", "run", "--config", str(config)]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--data-dir", str(data), "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "hashwatch is at" in line, line
    return process, time.monotonic() - began


def idle(process: subprocess.Popen[str]) -> None:
    """Memory and processor time of each process while nothing happens."""
    time.sleep(SETTLE_SECONDS)
    watched = {"run": process.pid, **children(process.pid)}
    before = {name: cpu_seconds(number) for name, number in watched.items()}
    time.sleep(IDLE_SECONDS)
    total = 0.0
    for name, number in watched.items():
        share = (cpu_seconds(number) - before[name]) / IDLE_SECONDS
        megabytes = resident_megabytes(number)
        total += megabytes
        print(f"{'idle':12} {name:9} {megabytes:6.1f} MB, {share:6.2%} of a core", flush=True)
    print(f"{'idle':12} {'together':9} {total:6.1f} MB (pages they share counted each time)")


def children(parent: int) -> dict[str, int]:
    """The processes that it watches over, by their command."""
    numbers = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {command(int(number)): int(number) for number in numbers}


def command(number: int) -> str:
    """Which of hashwatch's commands a process runs."""
    words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    return words[words.index(b"hashwatch") + 1].decode()


def cpu_seconds(number: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(number: int) -> float:
    """What a process holds in memory."""
    for line in Path(f"/proc/{number}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main()
