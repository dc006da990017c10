"""What tests of several rooms share. Standing here, it also puts ``tests/`` on the import path."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from fake_platform.mastodon import FakeMastodon

# How long an example takes says something of the machine only: no example fails for its time.
settings.register_profile("everywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# A landing must not hang on what chance tries; elsewhere every run tries something new.
settings.register_profile("ci", settings.get_profile("everywhere"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "everywhere")


@pytest.fixture(scope="session")
def dashboard_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dashboard.db of 600 invented posts; nobody writes to it."""
    from dashboard_builder import build_dashboard

    path = tmp_path_factory.mktemp("dashboard") / "dashboard.db"
    connection = build_dashboard(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    return path


@pytest.fixture
def dashboard(dashboard_path: Path) -> Iterator[sqlite3.Connection]:
    """That dashboard, open for reading."""
    connection = sqlite3.connect(f"{dashboard_path.as_uri()}?mode=ro", uri=True)
    yield connection
    connection.close()


@pytest.fixture
def mastodon() -> Iterator[FakeMastodon]:
    """A Mastodon server of this test's own."""
    with FakeMastodon() as server:
        yield server
