"""The invented conversations that ship with hashwatch; every person and word in them is made up."""

from __future__ import annotations

from importlib.resources import files


def read(name: str) -> bytes:
    """The content of one file of this folder."""
    return files(__package__).joinpath(name).read_bytes()
