"""Every benchmark in turn, under a header that says what machine it was.

    make bench                       all of them
    make bench ARGS=bulk             one
    make bench ARGS="bulk 20000"     one, with what it takes itself

A benchmark is a module of this folder that can be run by itself. Each gets a process of its own:
what one leaves in memory burdens no other.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent


def main() -> int:
    """Runs what was asked for; 2 for a benchmark that there is not, 1 if one failed."""
    known = benchmarks()
    wanted, arguments = sys.argv[1:2] or known, sys.argv[2:]
    if wanted[0] not in known:
        print(f"there is no benchmark {wanted[0]!r}, only {', '.join(known)}", file=sys.stderr)
        return 2
    print(header(), flush=True)
    failed = [name for name in wanted if not run(name, arguments)]
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def benchmarks() -> list[str]:
    """The modules here that can be run, by name."""
    return [
        path.stem
        for path in sorted(FOLDER.glob("[a-z]*.py"))
        if "\ndef main(" in path.read_text(encoding="utf-8")
    ]


def header() -> str:
    """What the figures depend on besides the code."""
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n"
        f"{len(os.sched_getaffinity(0))} cores of {processor()}, {memory_gigabytes():.0f} GB\n"
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version},"
        f" {platform.system()} {platform.release()}\n"
        f"load average before: {load} (1, 5, 15 minutes)"
    )


def run(name: str, arguments: list[str]) -> bool:
    """Runs one benchmark, its output as it comes; whether it ended well."""
    print(f"\n── {name} {' '.join(arguments)}".rstrip(), flush=True)
    paths = os.pathsep.join(str(ROOT / part) for part in ("src", "tests", "."))
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, check=False,
    )  # fmt: skip
    print(f"   {time.monotonic() - began:.0f} s in all", flush=True)
    return ended.returncode == 0


def processor() -> str:
    """The processor's own name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def memory_gigabytes() -> float:
    """What is built in."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


if __name__ == "__main__":
    sys.exit(main())
