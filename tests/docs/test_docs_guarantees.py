"""Each guarantee names tests that are there, and says of the long ones that they are."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from docs.documentation import ROOT, read

_NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


class Named(NamedTuple):
    """A test that a line names, and whether the line calls it long."""

    file: str
    test: str
    is_long: bool


def named() -> list[Named]:
    """Every test of the page, once."""
    found = []
    for line in read("docs/guarantees.md").splitlines():
        before, _, after = line.partition("long: ")
        found += [Named(*match, False) for match in _NAMED.findall(before)]
        found += [Named(*match, True) for match in _NAMED.findall(after)]
    return list(dict.fromkeys(found))


def test_guarantees_name_tests() -> None:
    """The page is not empty of them, nor is any of its lines."""
    rows = [line for line in read("docs/guarantees.md").splitlines() if line.startswith("| ")]
    rows = [row for row in rows if not row.startswith("| What")]
    assert len(rows) > 40
    assert [row for row in rows if not _NAMED.search(row)] == []


@pytest.mark.parametrize("one", named(), ids=lambda one: one.test)
def test_each_named_test_is_there(one: Named) -> None:
    """Under that name, in that file; and marked long if, and only if, the page says so."""
    text = (ROOT / "tests" / one.file).read_text(encoding="utf-8")
    definition = rf"^(?:def|async def) {one.test}\(|^class {one.test}\b|^{one.test} = "
    found = re.search(definition, text, re.MULTILINE)
    assert found, f"tests/{one.file} has no {one.test}"
    marks = text[: found.start()].rsplit("\n\n\n", 1)[-1].splitlines()
    of_the_file = re.search(r"^pytestmark = .*pytest\.mark\.long", text, re.MULTILINE)
    assert ("@pytest.mark.long" in marks or of_the_file is not None) == one.is_long
