"""The configuration that ``hashwatch watch`` makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashwatch.config import parse_config
from hashwatch.config.watching import default_event_config, open_sources, read_span
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
