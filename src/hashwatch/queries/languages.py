"""What languages are called."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from hashwatch import wording


def language_name(code: str) -> str:
    """The name of an ISO 639-1 code; the code itself where it is not known."""
    return _names().get(code, code) if wording.spoken() == "en" else wording.language_name(code)


@cache
def _names() -> dict[str, str]:
    listed = (files(__package__) / "languages.txt").read_text(encoding="utf-8")
    return dict(line.split(" ", 1) for line in listed.splitlines())
