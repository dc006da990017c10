"""The fixtures of this folder."""

from __future__ import annotations

from command_line import hashwatch, imported, place

__all__ = ["hashwatch", "imported", "place"]
