"""Where keys stand in a TOML text."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashwatch.config.lines import KeyPath, line_of, locate

TEXT = '''\
# a comment with [brackets] and key = "value"
title = "one"
long = """
[[not.a.table]]
key = 1
"""
after = \'\'\'it\'s "quoted" \'\'\'  # trailing

[[event]]
slug = "a"
"quoted key" = 1
tags = [
  "x",  # first
  "y",

  "z" ]
[[event.theme]]
name = "one"
[[event.theme]]
name = "two"
terms = ["a", "b"]

[[event]]
slug = "b"
speakers = [{ name = "n", handles = ["h"] },
  { name = "m" }]
[event.theme]
deep.er.key = 2017-03-28

[sources.mastodon]
servers = []
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("long",), 3),
        (("after",), 7),
        (("event",), 9),
        (("event", 0), 9),
        (("event", 0, "slug"), 10),
        (("event", 0, "quoted key"), 11),
        (("event", 0, "tags"), 12),
        (("event", 0, "tags", 0), 13),
        (("event", 0, "tags", 2), 16),
        (("event", 0, "theme", 0, "name"), 18),
        (("event", 0, "theme", 1), 19),
        (("event", 0, "theme", 1, "terms", 1), 21),
        (("event", 1, "slug"), 24),
        (("event", 1, "speakers", 0, "handles", 0), 25),
        (("event", 1, "speakers", 1, "name"), 26),
        (("event", 1, "theme", "deep", "er", "key"), 28),
        (("sources", "mastodon", "servers"), 31),
    ],
)
def test_every_kind_of_key_has_its_line(path: KeyPath, line: int) -> None:
    """Tables, lists of tables, dotted and quoted keys, items and inline tables are found."""
    assert locate(TEXT)[path] == line


def test_a_missing_key_is_placed_at_the_table_around_it() -> None:
    """What is not in the file gets the line of the nearest table that is."""
    lines = locate(TEXT)
    assert line_of(("event", 1, "title"), lines) == 23
    assert line_of(("serve", "port"), lines) is None


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every path in a parsed document."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from paths(inner, (*path, number))


def test_everything_that_tomllib_finds_is_located() -> None:
    """No path of the parsed document is without a line."""
    assert set(paths(tomllib.loads(TEXT))) <= set(locate(TEXT))


KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=6),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(-(2**40), 2**40), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)


DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=3)


def written(text: str) -> str:
    """A basic string."""
    escaped = "".join(
        f"\\U{ord(c):08x}" if c in '"\\' or ord(c) < 32 or ord(c) == 127 else c for c in text
    )
    return f'"{escaped}"'


def inline(value: Any) -> str:
    """A value on one line, lists broken over several."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return written(value)
    if isinstance(value, list):
        return "[" + "".join(f"\n  {inline(item)}, # c ]\n" for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(k)} = {inline(v)}" for k, v in value.items()) + "}"
    return str(value)


@given(DOCUMENTS, st.lists(DOCUMENTS, max_size=2))
def test_each_path_is_on_the_line_of_its_last_key(
    document: dict[str, Any], items: list[dict[str, Any]]
) -> None:
    """Whatever the document, its paths are located, each on a line that shows its key."""
    text = "".join(f"{written(key)} = {inline(value)}\n" for key, value in document.items())
    for item in items:
        text += "[[list\t. 'of \" tables']]\n"
        text += "".join(f"{written(key)} = {inline(value)}\n" for key, value in item.items())
    if "list" in document and items:
        return
    parsed = tomllib.loads(text)
    lines = locate(text)
    rows = text.split("\n")
    for path in paths(parsed):
        assert path in lines
        if isinstance(path[-1], str) and path[-1] not in ("list", 'of " tables'):
            assert written(path[-1]) in rows[lines[path] - 1]
