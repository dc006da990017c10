"""The privacy notice says what the configuration does."""

from __future__ import annotations

from pathlib import Path

import pytest

from hashwatch.cli import exit_code
from hashwatch.config import parse_config
from hashwatch.config.notice import LANGUAGES, privacy_notice

CONFIG = """
[[event]]
slug = "harbour27"
title = "Harbour Forum"
hashtags = ["Harbour27", "Harbours"]
accounts = ["@harbour@town.example"]
timezone = "Europe/Paris"
starts = 2027-05-11
ends = 2027-05-13
{more}
[sources.mastodon]
servers = [{{host = "town.example"}}]
[sources.replay]
"""


def notice(tmp_path: Path, language: str = "en", more: str = "") -> str:
    """The notice of this configuration."""
    config = parse_config(CONFIG.format(more=more), tmp_path / "config.toml")
    return privacy_notice(
        config.events[0], config.sources, "The Harbour Office", "privacy@harbour.example", language
    )


def test_it_says_what_is_collected_where_and_until_when(tmp_path: Path) -> None:
    """The window, the platforms without the replay, the people to write to."""
    text = notice(tmp_path)
    assert "# Privacy notice: Harbour Forum" in text
    assert "#Harbour27, #Harbours and @harbour@town.example on Mastodon," in text
    assert "from 27 April 2027 to 10 June 2027" in text
    assert "Write to privacy@harbour.example" in text
    assert "no date is set" in text
    assert "only after a person has approved them" in text


def test_it_follows_retention_and_moderation(tmp_path: Path) -> None:
    """What another configuration does, it says."""
    more = 'retention = 30\nmoderation = { wall = "post" }'
    text = notice(tmp_path, more=more)
    assert "until 13 June 2027 and deleted then" in text
    assert "before a person has looked at them" in text


def test_it_speaks_french(tmp_path: Path) -> None:
    """With French dates, spaces and words."""
    text = notice(tmp_path, "fr")
    assert "du 27 avril 2027 au 10 juin 2027" in text
    assert "#Harbour27, #Harbours et @harbour@town.example sur Mastodon" in text
    assert "Écrire à privacy@harbour.example" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_open_in_it(tmp_path: Path, language: str) -> None:
    """No brace, no empty fact."""
    text = notice(tmp_path, language)
    assert "{" not in text
    assert "  " not in text.replace("\n  ", "\n")


def test_the_command_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For an event; another is refused."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(more=""))
    options = ["--config", str(path), "--organiser", "Us", "--contact", "here"]
    assert exit_code(["privacy-notice", "--event", "harbour27", *options]) == 0
    assert capsys.readouterr().out.startswith("# Privacy notice: Harbour Forum\n")
    assert exit_code(["privacy-notice", "--event", "other", *options]) == 2
