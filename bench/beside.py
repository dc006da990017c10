"""What a person would pick instead: the save path of mastodon-to-sqlite.

It is installed into a throw-away environment; where it does not install, the reason is printed.
It keeps four columns of a status and the accounts, with no search, history or merging. Run as
``python -m bench.beside [POSTS]``: the same posts as ``bench.bulk``, page by page as the tool
fetches them, with hashwatch in the same run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from bench import bulk, material

TOOL, VERSION = "mastodon-to-sqlite", "0.2.1"

# Runs inside the other environment: file in, "posts seconds bytes" out.
OTHER = """
import json, os, sys, time
from mastodon_to_sqlite.service import open_database, save_accounts, save_statuses
db = open_database(sys.argv[2])
posts, begun = 0, time.process_time()
for line in open(sys.argv[1], "rb"):
    statuses = json.loads(line)
    save_accounts(db, [dict(status["account"]) for status in statuses])
    save_statuses(db, statuses)
    posts += len(statuses)
print(posts, time.process_time() - begun, os.path.getsize(sys.argv[2]))
"""


def main() -> None:
    """Installs, measures and prints."""
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    files = material.write(Path(tempfile.gettempdir()) / "hashwatch-bench", posts)
    with tempfile.TemporaryDirectory(prefix="hashwatch-beside-") as folder:
        written, seconds = bulk.untagged(*files, Path(folder) / "ours")
        print(f"{'hashwatch, tagging off':24} {written / seconds:8,.0f} posts a CPU-second")
        print(f"{TOOL:24} {measure(files[0], Path(folder))}")


def measure(source: Path, folder: Path) -> str:
    """The other tool's speed, or why there is none."""
    home = folder / "other"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", f"{TOOL}=={VERSION}"]
    installed = subprocess.run(install, capture_output=True, text=True, check=False)
    if installed.returncode:
        return f"does not install: {installed.stderr.strip().splitlines()[-1]}"
    command = [str(python), "-c", OTHER, str(source), str(folder / "other.db")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        return f"fails: {ran.stderr.strip().splitlines()[-1]}"
    posts, seconds, size = map(float, ran.stdout.split())
    return f"{posts / seconds:8,.0f} posts a CPU-second, {size / posts:,.0f} bytes a post"


if __name__ == "__main__":
    main()
