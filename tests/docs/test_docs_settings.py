"""docs/configuration.md and docs/sources.md against the settings, and the examples in all pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs.documentation import ROOT, Block, blocks, codes, read, sections, tables
from hashwatch.collect import programme, programme_columns
from hashwatch.collect.columns import FIELDS
from hashwatch.collect.importers import importer_names
from hashwatch.collect.source import built_in_sources, find_source
from hashwatch.config import parse_config
from hashwatch.config.tables import (
    AlertTable,
    EventTable,
    FileTables,
    ModerationTable,
    NotifyTable,
    SentimentTable,
    ServeTable,
    SessionTable,
    SpeakerTable,
    ThemeTable,
)
from hashwatch.enrich.sentiment import annotator_names

SMALLEST = """
[[event]]
slug = "smallest"
title = "The smallest"
hashtags = ["smallest"]
timezone = "UTC"
starts = 2027-05-11
ends = 2027-05-11
"""

# Which tables (a section may hold several) describe which model, by page and heading.
DESCRIBED: dict[tuple[str, str], list[type[BaseModel]]] = {
    ("docs/configuration.md", "[[event]]"): [EventTable],
    ("docs/configuration.md", "[[event.theme]]"): [ThemeTable],
    ("docs/configuration.md", "[[event.session]]"): [SessionTable, SpeakerTable],
    ("docs/configuration.md", "[event.moderation]"): [ModerationTable],
    ("docs/configuration.md", "[sentiment]"): [SentimentTable],
    ("docs/configuration.md", "[serve]"): [ServeTable],
    ("docs/configuration.md", "[notify.NAME]"): [NotifyTable],
    ("docs/configuration.md", "[[alert]]"): [AlertTable],
}


def _inner(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and those that stand inside it, each once, in their order."""
    yield model
    for field in model.model_fields.values():
        for found in _models(field.annotation):
            yield from _inner(found)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


for _name in sorted(built_in_sources()):
    DESCRIBED["docs/sources.md", f"[sources.{_name}]"] = list(_inner(find_source(_name).Settings))

TABLES = [
    pytest.param(page, heading, number, model, id=f"{heading} {model.__name__}")
    for (page, heading), models in DESCRIBED.items()
    for number, model in enumerate(models)
]


def _rows(page: str, heading: str, number: int) -> dict[str, list[str]]:
    found = [table for table in tables(sections(page)[heading]) if table[0][0] == "Setting"]
    return {row[0].strip("`"): row for row in found[number][1:]}


def test_no_model_is_left_out() -> None:
    """Every table of config.toml has its description."""
    described = {model for models in DESCRIBED.values() for model in models}
    assert set(_inner(FileTables)) - {FileTables} <= described


@pytest.mark.parametrize(("page", "heading", "number", "model"), TABLES)
def test_each_setting_is_described(
    page: str, heading: str, number: int, model: type[BaseModel]
) -> None:
    """The settings in a table of the documentation are those that the code reads."""
    assert set(_rows(page, heading, number)) == set(model.model_fields)


@pytest.mark.parametrize(("page", "heading", "number", "model"), TABLES)
def test_defaults_are_as_stated(
    page: str, heading: str, number: int, model: type[BaseModel]
) -> None:
    """What is called required is, and each default that is given is the real one."""
    rows = _rows(page, heading, number)
    for name, field in model.model_fields.items():
        stated = rows[name][2]
        assert (stated == "*required*") == field.is_required(), name
        if not field.is_required() and stated.startswith("`"):
            assert json.loads(stated.strip("`")) == _plain(field), name
        elif not field.is_required():
            empty = _plain(field) in (None, "", [], {})
            assert empty == (stated == "*none*"), name


def _plain(field: FieldInfo) -> Any:
    """A default as it would be written in TOML; a server by its name."""
    value = field.default
    if isinstance(value, tuple):
        return [getattr(item, "instance", item) for item in value]
    return value


def test_each_source_has_its_section() -> None:
    """docs/sources.md has a section for every source, and its table names it."""
    assert built_in_sources() <= set(sections("docs/sources.md"))
    (table,) = [t for t in tables(sections("docs/sources.md")["Sources"]) if t[0][0] == "Source"]
    assert {re.sub(r"\[(\w+)\].*", r"\1", row[0]) for row in table[1:]} == built_in_sources()


def test_each_importer_has_its_section() -> None:
    """docs/archives.md has a section for every format of archives."""
    assert set(importer_names()) <= set(sections("docs/archives.md"))


def test_columns_of_archives_are_listed() -> None:
    """The table of fields lists every field with every other name that is understood."""
    (table,) = [t for t in tables(sections("docs/archives.md")["csv"]) if t[0][0] == "Field"]
    listed = {row[0].strip("`"): set(codes(row[2])) for row in table[1:]}
    assert listed == {field: set(names) - {field} for field, names in FIELDS.items()}


def test_programme_formats_and_columns_are_named() -> None:
    """docs/configuration.md names every format of programmes and every column of a plain one."""
    section = sections("docs/configuration.md")["Programme files"]
    (table,) = [t for t in tables(section) if t[0][0] == "Format"]
    assert {row[0] for row in table[1:]} == set(programme.FORMATS) - {"auto"}
    assert set(programme_columns.FIELDS) <= set(codes(section))


def test_annotators_are_named() -> None:
    """The setting's description names every annotator."""
    row = _rows("docs/configuration.md", "[sentiment]", 0)["annotator"]
    assert {f'"{name}"' for name in annotator_names()} <= set(codes(row[3]))


def _toml() -> list[Block]:
    return blocks("toml")


@pytest.mark.parametrize("block", _toml(), ids=lambda block: block.place)
def test_each_example_loads(block: Block, tmp_path: Path) -> None:
    """Each TOML block is a configuration by itself, or a part that the smallest one takes."""
    for other in blocks("csv"):
        if other.page == block.page and len(other.info) > 1:
            (tmp_path / other.info[1]).write_text(other.text, encoding="utf-8")
    whole = "[[event]]" in block.text
    config = parse_config(block.text if whole else SMALLEST + block.text, tmp_path / "config.toml")
    assert config.events


def test_there_are_examples() -> None:
    """The search for TOML blocks finds some, whole ones among them."""
    assert len(_toml()) > 4
    assert any("[[event]]" in block.text and "[sources" in block.text for block in _toml())


def test_programme_example_is_read(tmp_path: Path) -> None:
    """The programme in the documentation is one that is understood, open times included."""
    (block,) = [b for b in blocks("csv") if b.info[-1] == "programme.csv"]
    path = tmp_path / "programme.csv"
    path.write_text(block.text, encoding="utf-8")
    sessions = programme.read_programme(path, "Europe/Lisbon")
    assert [session.start is None for session in sessions] == [False, False, True]
    assert [speaker.name for speaker in sessions[1].speakers] == ["Ana Example", "Bento Example"]


def test_tutorial_import_works(tmp_path: Path) -> None:
    """The archive that the README has one write is read whole with the zone that it names."""
    from hashwatch.collect.importers import ImportSettings, find_importer

    (block,) = [b for b in blocks("csv") if b.info[-1] == "last-year.csv"]
    path = tmp_path / "last-year.csv"
    path.write_text(block.text, encoding="utf-8")
    read_pages = list(find_importer("auto", path).read(path, ImportSettings("Europe/Lisbon")))
    assert sum(len(page.posts) for page in read_pages) == block.text.count("\n") - 1
    assert not any(page.rejects for page in read_pages)


def test_the_example_configuration_is_what_the_readme_says() -> None:
    """The top-level config.toml loads, and has the conferences and sources that are described."""
    config = parse_config(read("config.toml"), ROOT / "config.toml")
    assert {event.slug for event in config.events} == {"natsec17", "ipu137"}
    assert set(config.sources) == {"bluesky", "mastodon", "replay"}
    assert set(config.sources) <= built_in_sources()
    assert config.sources["replay"].speed == 60  # type: ignore[attr-defined]
