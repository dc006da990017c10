"""One Chromium for all browser tests, and the server it looks at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from served import Served

from dashboard_builder import build_dashboard

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium that talks to nobody by itself; skips where the machine has none."""
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that nothing changes."""
    server = Served(dashboard_file(tmp_path_factory.mktemp("site")))
    yield server.address
    server.stop()


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Served]:
    """A server of this test's own, which may publish more posts or stop."""
    server = Served(dashboard_file(tmp_path))
    yield server
    server.stop()


def dashboard_file(folder: Path) -> Path:
    """A dashboard in ``folder`` that can be written while it is read."""
    path = folder / "dashboard.db"
    connection = build_dashboard(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    return path
