"""The configuration that ``hashwatch watch`` makes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hashwatch.demo
from hashwatch.config import load_config, parse_config
from hashwatch.config.watching import (
    default_event_config,
    demo_config,
    open_sources,
    read_span,
)
from hashwatch.config.writing import toml_text
from hashwatch.errors import ConfigError


def test_some_hashtags_make_an_event_with_every_open_source() -> None:
    """It looks back as far as asked, on for four weeks, and replays nothing."""
    text = default_event_config(["#Über", "other_tag"], 1_700_000_000, 1_700_600_000)
    config = parse_config(text, Path("watch.toml"))
    (event,) = config.events
    assert event.slug == "uber-other-tag"
    assert event.title == "#Über #other_tag"
    assert event.collect_from == event.starts == 1_700_000_000
    assert event.collect_until == 1_700_600_000 + 28 * 86_400
    assert set(config.sources) == set(open_sources()) == {"bluesky", "mastodon"}


@settings(deadline=None)  # the first example imports the sources
@given(st.lists(st.from_regex(r"\w{0,5}[^\W\d]\w{0,5}", fullmatch=True), min_size=1, max_size=4))
def test_whatever_the_hashtags_the_configuration_is_sound(hashtags: list[str]) -> None:
    """Letters of any script."""
    text = default_event_config(hashtags, 1_700_000_000, 1_700_600_000)
    assert parse_config(text, Path("watch.toml")).events[0].hashtags


def test_what_is_no_hashtag_is_named() -> None:
    """All of them, as they were given."""
    with pytest.raises(ConfigError) as caught:
        default_event_config(["#", "fine", "two words"], 0, 0)
    assert [problem.split(" is no")[0] for problem in caught.value.problems] == [
        "HASHTAG: '#'", "HASHTAG: 'two words'",
    ]  # fmt: skip


FURTHER = """
[sources.mastodon]
servers = [{ host = "town.example", token_file = "secret" }]
[sources.replay]
speed = 120
start = { natsec17 = 2017-03-31T09:00:00 }
[sentiment]
annotator = "student"
[serve]
port = 8123
"""


def test_a_watch_takes_all_but_the_events_of_another_configuration(tmp_path: Path) -> None:
    """Its sources with their tokens, its annotator, its port; the file needs no event."""
    further = parse_config(FURTHER, tmp_path / "config.toml", needs_events=False)
    watched = parse_config(default_event_config(["x"], 0, 0, further), Path("data/watch.toml"))
    assert [event.slug for event in watched.events] == ["x"]
    assert (watched.annotator, watched.port) == ("student", 8123)
    assert dict(watched.sources) == dict(further.sources)
    (server,) = watched.sources["mastodon"].servers  # type: ignore[attr-defined]
    assert server.token_file == tmp_path / "secret"


def test_a_demonstration_takes_the_replays_settings_and_the_rest(tmp_path: Path) -> None:
    """Never a live source: it needs no network."""
    bundled = Path(hashwatch.demo.__file__).with_name("config.toml")
    further = parse_config(FURTHER, tmp_path / "config.toml", needs_events=False)
    played = parse_config(demo_config(bundled, further), tmp_path / "demo.toml")
    assert played.events == load_config(bundled).events
    assert dict(played.sources) == {"replay": further.sources["replay"]}
    assert (played.annotator, played.port) == ("student", 8123)
    without = parse_config("[serve]\nport = 1\n", tmp_path / "c.toml", needs_events=False)
    played = parse_config(demo_config(bundled, without), tmp_path / "demo.toml")
    assert set(played.sources) == {"replay"}


_PLAIN = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.text(), st.dictionaries(st.text(), _PLAIN, max_size=3), min_size=1, max_size=3
    )
)
def test_what_is_written_is_read_as_it_was(tables: dict[str, object]) -> None:
    """Any text, any key, deep or flat."""
    document = {"sources": tables, "event": [tables]}
    assert tomllib.loads(toml_text(document)) == document


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5_400), ("36h", 129_600), ("7d", 604_800), ("2w", 1_209_600)]
)
def test_spans_are_read(text: str, seconds: int) -> None:
    """Minutes, hours, days and weeks."""
    assert read_span(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "0d", "1y", "1.5h"])
def test_other_spans_are_refused(text: str) -> None:
    """With what would do."""
    with pytest.raises(ConfigError, match="write 90m, 36h, 7d or 2w"):
        read_span(text)
