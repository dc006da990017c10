"""``hashwatch search``, ``export`` and ``tag``."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from command_line import Hashwatch

from hashwatch.cli.asking import FILTER_OPTIONS
from hashwatch.queries.filters import NAMES


def test_posts_are_found_by_words_and_filters(imported: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """Data on stdout, the count on stderr."""
    answer = hashwatch("search", "talk", "--event", "natsec17")
    assert "A great talk about human rights" in answer.out
    assert "1 shown; 1 found" in answer.err
    assert "31 Mar 10:10" in answer.out
    found = hashwatch("search", "--event", "natsec17", "--sentiment", "negative", "--json").json
    assert [post["text"] for post in found["posts"]] == ["Terrible sound in the hall #NATSEC17"]
    assert (found["total"], found["total_is_exact"]) == (1, True)


def test_the_limit_bounds_what_is_shown(imported: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """Newest first."""
    found = hashwatch("search", "--event", "natsec17", "--limit", "2", "--json").json
    assert [post["created_at"][11:16] for post in found["posts"]] == ["09:30", "09:20"]
    assert found["total"] == 3


def test_the_query_may_be_an_option_too(imported: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """The page's word for it; given both ways it is refused."""
    found = hashwatch("search", "--q", "sound", "--event", "natsec17", "--json").json
    assert found["total"] == 1
    assert hashwatch("search", "hall", "--q", "sound", "--event", "natsec17").code == 2


def test_an_export_is_in_no_other_order_than_its_own(
    imported: Path,  # noqa: ARG001 - the command runs there
    hashwatch: Hashwatch,
) -> None:
    """Exit code 2 rather than a file that is not what was asked for."""
    answer = hashwatch("export", "--event", "natsec17", "--format", "csv", "--sort", "engaged")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("sort: an export is oldest first")


def test_the_filters_are_those_of_the_pages() -> None:
    """The same words; q is the search's argument, too."""
    assert {"q", *FILTER_OPTIONS} == set(NAMES)


@pytest.mark.parametrize("command", ["search", "export"])
def test_a_wrong_filter_is_named(imported: Path, hashwatch: Hashwatch, command: str) -> None:  # noqa: ARG001
    """Exit code 2."""
    options = ["--format", "csv"] if command == "export" else []
    answer = hashwatch(command, "--event", "natsec17", "--kind", "essay", *options)
    assert answer.code == 2
    assert answer.err.startswith("kind: ")
    answer = hashwatch(command, "--event", "other", *options)
    assert answer.code == 2
    assert "no event “other”" in answer.err


def test_without_a_dashboard_it_is_said_how_to_get_one(place: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """Exit code 1."""
    answer = hashwatch("search", "talk", "--event", "natsec17")
    assert answer.code == 1
    assert "run hashwatch publish first" in answer.err


def test_an_export_is_whole(imported: Path, hashwatch: Hashwatch) -> None:
    """To stdout or a file, CSV or JSONL, filtered or not."""
    answer = hashwatch("export", "--event", "natsec17", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(answer.out, newline="")))
    assert [row["uri"] for row in rows] == ["csv:post/1", "csv:post/2", "csv:post/4"]
    answer = hashwatch(
        "export", "--event", "natsec17", "--format", "jsonl", "--q", "human", "-o", "out.jsonl"
    )
    assert (answer.code, answer.out) == (0, "")
    (line,) = (imported / "out.jsonl").read_text().splitlines()
    assert json.loads(line)["themes"] == ["Rights"]
    assert not (imported / "out.jsonl.part").exists()


def test_a_text_is_tagged_with_its_reasons(place: Path, hashwatch: Hashwatch) -> None:  # noqa: ARG001
    """Language, tone with the words behind it, themes, session."""
    text = "A great talk on human rights by @rosa@town.example, what a lovely morning"
    tagged = hashwatch("tag", text, "--event", "natsec17", "--json").json
    assert (tagged["language"], tagged["sentiment"]) == ("en", "positive")
    assert "great" in [driver["text"] for driver in tagged["drivers"]]
    assert [theme["key"] for theme in tagged["themes"]] == ["Rights"]
    assert tagged["session"]["key"] == "d4-1"
    shown = hashwatch("tag", text, "--event", "natsec17").out
    assert "sentiment  positive" in shown
    assert "phrase “human rights”" in shown
