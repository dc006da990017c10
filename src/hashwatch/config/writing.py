"""A configuration as TOML text, for the files that hashwatch makes itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any


def toml_text(document: Mapping[str, Any]) -> str:
    """What ``tomllib`` reads as ``document``: tables by name, and lists of tables by name.

    A table of tables (``sources``) is written as ``[sources.NAME]`` each; everything deeper stands
    inline. ``None`` has no place in TOML.
    """
    lines: list[str] = []
    for name, content in document.items():
        if isinstance(content, list):
            for table in content:
                lines += [f"[[{_key(name)}]]", *_pairs(table), ""]
        elif content and all(isinstance(inner, dict) for inner in content.values()):
            for key, table in content.items():
                lines += [f"[{_key(name)}.{_key(key)}]", *_pairs(table), ""]
        else:
            lines += [f"[{_key(name)}]", *_pairs(content), ""]
    return "\n".join(lines)


def _pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items()]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # What JSON escapes TOML reads too, but JSON leaves the one control character above space.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_pairs(value)) + " }" if value else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _value(name)
