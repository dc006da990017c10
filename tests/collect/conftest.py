"""An archive and two servers, one of which the posts were written on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collect.spending import AT
from fake_platform.mastodon import FakeMastodon
from fake_platform.mastodon_stream import TOKEN
from fake_platform.x import TOKEN as X_TOKEN
from fake_platform.x import FakeX
from hashwatch.archive.store import Archive


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """A real archive."""
    archive = Archive(tmp_path / "archive.db")
    yield archive
    archive.close()


@pytest.fixture
def home() -> Iterator[FakeMastodon]:
    """The server that its people's posts were written on."""
    with FakeMastodon() as server:
        server.home = server.url
        yield server


@pytest.fixture
def elsewhere() -> Iterator[FakeMastodon]:
    """A server that posts come to."""
    with FakeMastodon() as server:
        server.home = server.url
        yield server


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    """The token, in the environment."""
    monkeypatch.setenv("HOME_TOKEN", TOKEN)
    return "HOME_TOKEN"


@pytest.fixture
def x(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeX]:
    """X, with its token in the environment."""
    monkeypatch.setenv("X_TOKEN", X_TOKEN)
    with FakeX(AT) as server:
        yield server
