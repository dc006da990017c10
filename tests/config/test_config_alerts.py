"""[[alert]] and [notify] tables: what is wrong is told with its line, secrets stay outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.test_config_load import EVENT, parse, problems
from hashwatch.config.alerts import destination_address
from hashwatch.errors import ConfigError

NOTIFY = '\n[notify.team]\nurl_env = "TEAM_ADDRESS"\n'


def test_a_rule_has_its_kinds_defaults() -> None:
    """A name, a time, how many posts, a cool-down."""
    text = EVENT + NOTIFY
    text += '[[alert]]\nkind = "spike"\nto = ["team"]\n'
    text += '[[alert]]\nkind = "keyword"\nterms = "tides"\nto = ["team"]\nevents = ["demo"]\n'
    text += '[[alert]]\nkind = "digest"\nto = ["team"]\n'
    spike, keyword, digest = parse(text).rules
    assert (spike.name, spike.posts, spike.minutes, spike.cool_down) == ("Spike", 15, 30, 30)
    assert (keyword.name, keyword.posts, keyword.events) == ("Words tides", 1, ("demo",))
    assert (digest.minutes, digest.cool_down) == (60, 0)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ('[[alert]]\nkind = "spike"\nto = ["hall"]', "there is no [notify.hall]; there is team"),
        ('[[alert]]\nkind = "spike"\nto = ["team"]\nevents = ["x"]', "there is no event 'x'"),
        ('[[alert]]\nkind = "keyword"\nto = ["team"]', "alert.0.terms: an alert of kind 'keyword'"),
        ('[[alert]]\nkind = "spike"\nto = ["team"]\nterms = "a"', "others do not"),
        ('[[alert]]\nkind = "account"\naccount = "a b"\nto = ["team"]', "is no account"),
        ('[[alert]]\nkind = "group"\nto = ["team"]', "alert.0.group: an alert of kind 'group'"),
        (
            '[[alert]]\nkind = "group"\ngroup = "x"\nto = ["team"]',
            "no roster has a group 'x'; there are inside, public",
        ),
        ('[[alert]]\nkind = "storm"\nto = ["team"]', "alert.0.kind"),
        ('[[alert]]\nkind = "spike"\nto = []', "alert.0.to"),
        ('[[alert]]\nkind = "spike"\nto = ["team"]\n' * 2, "2 alerts are called 'Spike'"),
        ("[notify.hall]", "notify.hall: give url_env or url_file"),
        ('[serve]\naddress = "dash.example"', "serve.address"),
    ],
)
def test_what_is_wrong_is_told(tables: str, said: str) -> None:
    """One problem, with the key."""
    [problem] = problems(EVENT + NOTIFY + tables)
    assert problem.startswith("config.toml:")
    assert said in problem


def test_an_address_is_read_when_it_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From the environment or a file beside the configuration; a missing one is named."""
    (tmp_path / "hall.txt").write_text("json://hall.example\n")
    text = EVENT + NOTIFY + '[notify.hall]\nurl_file = "hall.txt"\n'
    tables = parse(text, tmp_path / "config.toml").destinations
    monkeypatch.setenv("TEAM_ADDRESS", "json://team.example")
    assert destination_address("team", tables["team"]) == "json://team.example"
    assert destination_address("hall", tables["hall"]) == "json://hall.example"
    monkeypatch.delenv("TEAM_ADDRESS")
    with pytest.raises(ConfigError, match="TEAM_ADDRESS is empty or not set"):
        destination_address("team", tables["team"])
