"""What a person would pick instead: the save paths of mastodon-to-sqlite and twitter-to-sqlite.

Both are installed into a throw-away environment from the package registry; one that does not
install is left out with its reason. Run as ``python -m bench.beside [POSTS]``: the same posts as
``bench.bulk``, page by page as those tools fetch them, beside hashwatch in the same run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from bench import bulk, material

TOOLS = {"mastodon-to-sqlite": "0.2.1", "twitter-to-sqlite": "0.22"}

# Runs inside the other environment: file in, "posts seconds bytes" out.
MASTODON = """
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
TWITTER = """
import json, os, sys, time
import sqlite_utils
from twitter_to_sqlite import utils
db = sqlite_utils.Database(sys.argv[2])
utils.ensure_tables(db)
posts, page, begun = 0, [], time.process_time()
for line in open(sys.argv[1], "rb"):
    page.append(json.loads(line))
    if len(page) == 100:
        utils.save_tweets(db, page)
        posts, page = posts + len(page), []
utils.save_tweets(db, page)
print(posts + len(page), time.process_time() - begun, os.path.getsize(sys.argv[2]))
"""


def main() -> None:
    """Installs, measures and prints."""
    posts = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    files = material.write(Path(tempfile.gettempdir()) / "hashwatch-bench", posts)
    with tempfile.TemporaryDirectory(prefix="hashwatch-beside-") as folder:
        written, seconds = bulk.untagged(*files, Path(folder) / "ours")
        print(f"{'hashwatch, tagging off':24} {written / seconds:8,.0f} posts a CPU-second")
        for tool, code, source in (
            ("mastodon-to-sqlite", MASTODON, files[0]),
            ("twitter-to-sqlite", TWITTER, files[1]),
        ):
            print(f"{tool:24} {measure(tool, code, source, Path(folder))}")


def measure(tool: str, code: str, source: Path, folder: Path) -> str:
    """One tool's speed, or why there is none."""
    home = folder / tool
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", f"{tool}=={TOOLS[tool]}"]
    installed = subprocess.run(install, capture_output=True, text=True, check=False)
    if installed.returncode:
        return f"does not install: {installed.stderr.strip().splitlines()[-1]}"
    command = [str(python), "-c", code, str(source), str(folder / f"{tool}.db")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        return f"fails: {ran.stderr.strip().splitlines()[-1]}"
    posts, seconds, size = map(float, ran.stdout.split())
    return f"{posts / seconds:8,.0f} posts a CPU-second, {size / posts:,.0f} bytes a post"


if __name__ == "__main__":
    main()
