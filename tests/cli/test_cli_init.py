"""From nothing to a configuration that works, asked or told."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.command_line import Hashwatch
from hashwatch.config import load_config
from hashwatch.config.beginning import Answers, first_config

TOLD = ("--hashtag", "Harbour27", "--timezone", "Europe/Lisbon", "--starts", "2027-05-11")


def test_what_is_told_is_written_and_works(place: Path, hashwatch: Hashwatch) -> None:
    """And what to do next is said."""
    programme = place / "talks.csv"
    programme.write_text("title,date\nOpening,2027-05-11\n", encoding="utf-8")
    answer = hashwatch(
        "init", "--config", "harbour.toml", *TOLD, "--ends", "2027-05-13", "--title", "Harbour",
        "--language", "pt", "--language", "en", "--server", "town.example", "--token-env", "TOKEN",
        "--programme", "talks.csv", "--no-input",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "hashwatch check --live --config harbour.toml" in answer.out
    config = load_config(place / "harbour.toml")
    (event,) = config.events
    assert (event.slug, event.title, event.languages) == ("harbour27", "Harbour", ("pt", "en"))
    assert [session.title for session in event.sessions] == ["Opening"]
    (server,) = config.sources["mastodon"].servers  # type: ignore[attr-defined]
    assert (server.instance, server.token_env) == ("town.example", "TOKEN")
    assert "bluesky" in config.sources


def test_little_is_enough(place: Path, hashwatch: Hashwatch) -> None:
    """A hashtag and a day; the rest has defaults."""
    assert hashwatch("init", "--config", "one.toml", *TOLD).code == 0
    (event,) = load_config(place / "one.toml").events
    assert event.title == "#Harbour27"
    assert event.ends - event.starts == 86_400


def test_a_file_that_is_there_is_left_alone(place: Path, hashwatch: Hashwatch) -> None:
    """Whatever it holds."""
    (place / "mine.toml").write_text("precious", encoding="utf-8")
    answer = hashwatch("init", "--config", "mine.toml", *TOLD)
    assert answer.code == 2
    assert "is there already" in answer.err
    assert (place / "mine.toml").read_text(encoding="utf-8") == "precious"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ((), "give --hashtag"),
        (("--hashtag", "x"), "give --starts"),
        ((*TOLD[:-1], "May 11"), "is no date"),
        ((*TOLD, "--ends", "2027-05-01"), "ends"),
        (("--hashtag", "two words", *TOLD[2:]), "is no hashtag"),
        ((*TOLD, "--timezone", "Mars/Olympus"), "no time zone"),
        ((*TOLD, "--programme", "none.csv"), "none.csv"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_written(
    place: Path, hashwatch: Hashwatch, told: tuple[str, ...], words: str
) -> None:
    """Before there is a file that does not work."""
    answer = hashwatch("init", "--config", "new.toml", *told, "--no-input")
    assert answer.code == 2
    assert words in answer.err
    assert not (place / "new.toml").exists()


@given(
    st.lists(st.from_regex(r"\w{0,5}[^\W\d]\w{0,5}", fullmatch=True), min_size=1, max_size=3),
    st.text(min_size=1, max_size=40),
    st.dates(),
)
def test_whatever_is_answered_the_file_is_toml(hashtags: list[str], title: str, day: date) -> None:
    """It is read as it was written; what is wrong with an answer is not what TOML would say."""
    text = first_config(Answers(hashtags, title, "UTC", day, day))
    (event,) = tomllib.loads(text)["event"]
    assert (event["title"], event["hashtags"], event["starts"]) == (title, hashtags, day)
