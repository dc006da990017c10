"""Links lead somewhere, and the changelog has its form."""

from __future__ import annotations

import re

import pytest

from docs.documentation import ROOT, Link, anchors, links, pages, prose, read

# Linked to from the beginning; written with the measurements.
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def _internal() -> list[Link]:
    return [link for link in links() if not re.match(r"[a-z]+:", link.target)]


@pytest.mark.parametrize("link", _internal(), ids=lambda link: f"{link.page.name}-{link.target}")
def test_each_link_resolves(link: Link) -> None:
    """A link within the repository leads to a file, and to a heading where it names one."""
    path, _, anchor = link.target.partition("#")
    target = (link.page.parent / path).resolve() if path else link.page
    name = str(target.relative_to(ROOT))
    assert target.exists(), f"{link.page.name} links to {link.target}, which is not there"
    if anchor:
        assert anchor in anchors(target), f"{name} has no heading #{anchor}"


def test_each_page_is_linked_from_the_readme() -> None:
    """The README leads to every page of docs/."""
    readme = ROOT / "README.md"
    linked = {link.target.partition("#")[0] for link in links() if link.page == readme}
    missing = {str(page.relative_to(ROOT)) for page in pages()} - linked - {"README.md"}
    assert not missing


def test_changelog_keeps_its_form() -> None:
    """Each section is Unreleased or a dated version, and holds only the agreed kinds of change."""
    text = read("CHANGELOG.md")
    versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert versions
    for version in versions:
        assert re.fullmatch(r"\[Unreleased\]|\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", version), version
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= KINDS


def test_nobody_shouts() -> None:
    """No sentence of the documentation ends with an exclamation mark."""
    shouting = {
        page.name: found
        for page in pages()
        if (found := re.findall(r"\w+!(?=\s|$)", prose(page.read_text(encoding="utf-8"))))
    }
    assert not shouting
