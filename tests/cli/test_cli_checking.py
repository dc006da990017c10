"""``hashwatch check``, ``status``, ``programme show``, ``collect --once`` and ``publish``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command_line import Hashwatch

from hashwatch.errors import UnreachableError


def test_a_sound_configuration_says_what_each_source_would_do(
    place: Path, hashwatch: Hashwatch
) -> None:
    """Event by event; a source whose window is closed would do nothing."""
    with (place / "config.toml").open("a") as file:
        file.write("[sources.bluesky]\n")
    answer = hashwatch("check")
    assert answer.code == 0
    assert "natsec17: 1 session, 1 theme, #NATSEC17" in answer.out
    assert "replay natsec17 #natsec17: stream" in answer.out
    assert "bluesky bsky.network: nothing: the collection window ended 29 Apr 2017" in answer.out
    trials = hashwatch("check", "--json").json
    assert {trial["source"] for trial in trials} == {"bluesky", "replay"}


def test_each_problem_is_one_line_and_exit_code_2(place: Path, hashwatch: Hashwatch) -> None:
    """For every command that reads the configuration."""
    (place / "config.toml").write_text("[[event]]\nslug = 'A B'\n[sources.replai]\n")
    for command in (["check"], ["run"], ["collect", "--once"], ["publish"]):
        answer = hashwatch(*command)
        assert answer.code == 2
        assert "config.toml:2: event.0.slug: " in answer.err
        assert "did you mean 'replay'?" in answer.err


def test_a_platform_is_really_asked_when_wanted(place: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """The replay answers from the package."""
    answer = hashwatch("check", "--live", "--json")
    assert answer.code == 0
    assert answer.json[0]["ok"] is True
    assert "posts" in answer.json[0]["answer"]


def test_collecting_once_and_publishing_fills_the_dashboard(
    place: Path, hashwatch: Hashwatch
) -> None:
    """Up to the replay's starting moment; and status tells of it."""
    answer = hashwatch("collect", "--once")
    assert answer.code == 0
    assert re.fullmatch(r"replay natsec17 #natsec17: ok, [\d,]+ received, \d+ new\n", answer.out)
    published = hashwatch("publish", "--json")
    assert published.code == 0
    assert published.json["posts"] > 100
    status = hashwatch("status", "--json").json
    assert status["posts"] >= published.json["posts"]
    assert status["changes_behind"] == 0
    assert status["processes"] == {"collector": None, "publisher": None, "server": None}
    (lamp,) = status["places"]
    assert (lamp["source"], lamp["event"], lamp["state"]) == ("replay", "natsec17", "replaying")
    shown = hashwatch("status").out
    assert "dashboard: 0 changes behind" in shown
    assert "natsec17     replay" in shown
    assert hashwatch("publish", "--rebuild").code == 0
    assert place.joinpath("data", "dashboard.db").exists()


def test_collecting_once_reports_every_place(
    place: Path, hashwatch: Hashwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is outside its window, what failed, what was not asked after that; exit code 3 or 1."""
    config = (place / "config.toml").read_text()
    live = "[sources.mastodon]\nservers = ['http://127.0.0.1:9']\n[sources.bluesky]\n"
    (place / "config.toml").write_text(config + live)
    reports = hashwatch("collect", "--once", "--json").json
    told = {report["source"]: (report["state"], report["reason"]) for report in reports}
    closed = ("skipped", "natsec17: the collection window ended 29 Apr 2017")
    assert told == {"replay": ("ok", ""), "mastodon": closed, "bluesky": closed}

    async def refused(*_: object, **__: object) -> None:
        raise UnreachableError("nobody there")

    monkeypatch.setattr("hashwatch.collect.jetstream_socket.open_socket", refused)
    now = "collect_until = 2100-01-01\n"
    open_ = config.replace("languages", f"accounts = []\n{now}languages").replace(
        '"NATSEC17"', '"NATSEC17", "CYBERPARL"'
    )
    (place / "config.toml").write_text(open_ + live)
    answer = hashwatch("collect", "--once")
    assert answer.code == 3
    lines = [line for line in answer.out.splitlines() if not line.startswith("replay")]
    assert lines[0].startswith("mastodon 127.0.0.1:9 #natsec17: failed (")
    assert lines[1:] == [
        "mastodon 127.0.0.1:9 #cyberparl: skipped (not asked after that)",
        "bluesky bsky.network: failed (nobody there)",
    ]
    (place / "config.toml").write_text(open_.replace("[sources.replay]", "") + live)
    assert hashwatch("collect", "--once").code == 1


def test_a_missing_token_is_a_fault_of_the_configuration(place: Path, hashwatch: Hashwatch) -> None:
    """For check: exit code 2. The collector goes on without the source: exit code 3."""
    with (place / "config.toml").open("a") as file:
        file.write("[sources.mastodon]\nservers = [{ host = 'a.example', token_file = 't' }]\n")
    answer = hashwatch("check")
    assert answer.code == 2
    assert answer.err.splitlines()[-1].startswith("sources.mastodon.servers.a.example: ")
    assert str(place / "t") in answer.err
    answer = hashwatch("collect", "--once")
    assert answer.code == 3
    assert "mastodon: failed (sources.mastodon.servers.a.example: " in answer.out
    assert hashwatch("collect", "--dry-run").code == 3


def test_a_dry_run_of_the_collector_stores_nothing(place: Path, hashwatch: Hashwatch) -> None:
    """It says what each source gave."""
    answer = hashwatch("collect", "--dry-run")
    assert answer.code == 0
    assert "replay natsec17 #natsec17: stream — " in answer.out
    assert not (place / "data").exists()


def test_status_without_an_archive_says_what_to_do(place: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """Exit code 1."""
    answer = hashwatch("status")
    assert answer.code == 1
    assert "there is no archive yet" in answer.err


def test_the_programme_is_shown_in_the_events_time(place: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """For people, and for other programs in UTC."""
    shown = hashwatch("programme", "show", "--event", "natsec17").out
    assert "2017-03-31 10:00–11:00  d4-1" in shown
    assert "Rosa Example" in shown
    (session,) = hashwatch("programme", "show", "--event", "natsec17", "--json").json
    assert session["starts_at"] == "2017-03-31T09:00:00Z"
    assert session["speakers"] == [{"name": "Rosa Example", "handles": ["rosa@town.example"]}]
