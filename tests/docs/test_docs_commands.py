"""docs/commands.md against the command line itself."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from docs.documentation import Block, blocks, codes, pages, read, sections, tables
from hashwatch.cli import commands
from hashwatch.queries.filters import CHOICES

PAGE = "docs/commands.md"


def _leaves(
    group: click.Group = commands, path: str = "hashwatch"
) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _leaves(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


LEAVES = dict(_leaves())


def _options(command: click.Command) -> dict[str, click.Option]:
    return {
        ", ".join(sorted(option.opts, key=len)): option
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden
    }


def _documented(path: str) -> dict[str, list[str]]:
    """Option (``-o, --output``) → the cells of its row; the metavar is left out."""
    rows = [
        row
        for table in tables(sections(PAGE)[path])
        for row in table[1:]
        if row[0].startswith("`-")
    ]
    return {re.sub(r" [A-Z=]+$", "", row[0].strip("`")): row for row in rows}


def test_each_command_has_its_section() -> None:
    """The page describes every command and no other."""
    described = {heading for heading in sections(PAGE) if heading.startswith("hashwatch ")}
    assert described == set(LEAVES)


@pytest.mark.parametrize("path", LEAVES)
def test_each_option_is_described(path: str) -> None:
    """The options in a command's table are those that it takes."""
    assert set(_documented(path)) == set(_options(LEAVES[path]))


@pytest.mark.parametrize("path", LEAVES)
def test_defaults_are_as_stated(path: str) -> None:
    """What the table calls required is, and the defaults that it gives are the real ones."""
    rows = _documented(path)
    for name, option in _options(LEAVES[path]).items():
        stated = rows[name][1]
        assert (stated == "*required*") == option.required, name
        if option.show_default is True and option.default is not None and not option.is_flag:
            assert stated == f"`{option.default}`", name


@pytest.mark.parametrize("path", LEAVES)
def test_metavars_are_as_stated(path: str) -> None:
    """An option that takes a value is shown with one, a flag without."""
    shown = {
        re.sub(r" [A-Z=]+$", "", row.strip("`")): " " in row.replace(", ", ",")
        for row in (cells[0] for cells in _documented(path).values())
    }
    for name, option in _options(LEAVES[path]).items():
        assert shown[name] == (not option.is_flag), name


def test_filter_values_are_named() -> None:
    """Every value that a filter may have stands in the page's search section."""
    section = sections(PAGE)["hashwatch search"]
    named = set(codes(section))
    for values in CHOICES.values():
        assert set(values) <= named


def test_exit_codes_are_those_of_the_program() -> None:
    """The table of exit codes has the four that the program knows."""
    import hashwatch.cli as cli

    (table,) = [t for t in tables(sections(PAGE)["Commands"]) if t[0][0] == "Exit code"]
    assert [int(row[0]) for row in table[1:]] == [cli.DONE, cli.FAILED, cli.USAGE, cli.PARTLY]


def _lines(block: Block) -> Iterator[str]:
    text = block.text.replace("\\\n", " ")
    for line in text.splitlines():
        line = line.removeprefix("$ ") if block.info[0] == "console" else line
        if re.match(r"(\.venv/bin/)?hashwatch ", line):
            yield line.removeprefix(".venv/bin/")


EXAMPLES = [
    pytest.param(line, id=f"{block.place} {line}")
    for block in blocks("sh", "console")
    for line in _lines(block)
]


def test_there_are_examples() -> None:
    """The search for command lines in the pages finds some."""
    assert len(EXAMPLES) > 5


@pytest.mark.parametrize("line", EXAMPLES)
def test_each_example_parses(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Command lines in the documentation are ones that the program understands."""
    monkeypatch.chdir(tmp_path)
    words = shlex.split(line, comments=True)[1:]
    for word in words:
        if re.fullmatch(r"[\w-]+(\.[a-z]+)+", word):
            Path(word).touch()  # files to import must be there
    _parse(commands, words)


def _parse(command: click.Command, words: list[str]) -> None:
    context = command.make_context(command.name, list(words))
    if isinstance(command, click.Group):
        arguments = [*context._protected_args, *context.args]
        _, inner, rest = command.resolve_command(context, arguments)
        assert inner is not None
        _parse(inner, rest)


MENTIONED = [
    pytest.param(code, id=f"{page.name} {code}")
    for page in pages()
    for code in codes(page.read_text(encoding="utf-8"))
    if re.match(r"hashwatch [a-z]", code)
]


@pytest.mark.parametrize("code", MENTIONED)
def test_each_mentioned_command_exists(code: str) -> None:
    """A command named in a sentence exists, and so do the options named with it."""
    words = code.split()
    path = next((path for path in LEAVES if f"{code} ".startswith(f"{path} ")), None)
    assert path is not None, code
    names = {name for option in _options(LEAVES[path]).values() for name in option.opts}
    assert {word for word in words if word.startswith("--")} - {"--help"} <= names


def test_page_does_not_call_a_hidden_option() -> None:
    """Options that are for the program itself are not documented."""
    assert "--follow" not in read(PAGE)
