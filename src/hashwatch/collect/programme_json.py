"""JSON with the line of every object, so that what is wrong in a programme can be pointed at."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping
from json.decoder import JSONObject as parse_pairs  # type: ignore[attr-defined]
from json.scanner import py_make_scanner  # type: ignore[attr-defined]
from typing import Any

from hashwatch.errors import ConfigError


class JsonObject(dict[str, Any]):
    """An object of a JSON file and the line that it begins on."""

    line = 1

    def text(self, *keys: str) -> str:
        """The first of these members that holds words or a number; of translations, one."""
        for key in keys:
            if found := words_of(self.get(key)):
                return found
        return ""

    def object(self, key: str) -> JsonObject:
        """The member when it is an object, else an empty one."""
        value = self.get(key)
        return value if isinstance(value, JsonObject) else JsonObject()

    def objects(self, key: str) -> list[JsonObject]:
        """The objects in a member that is a list or an object of objects."""
        return objects_in(self.get(key))


def objects_in(value: Any) -> list[JsonObject]:
    """The objects in a list, or the values of an object that are objects."""
    items = value.values() if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping | list):
        return []
    return [item for item in items if isinstance(item, JsonObject)]


def words_of(value: Any) -> str:
    """A string; a number as one; of translations the English or else the first."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Mapping):
        texts = [value.get("en"), value.get("name"), *value.values()]
        return next((text.strip() for text in texts if isinstance(text, str) and text.strip()), "")
    return ""


class _Decoder(json.JSONDecoder):
    """The standard decoder, which notes where each object begins."""

    def __init__(self, text: str) -> None:
        super().__init__()
        breaks = [place for place, letter in enumerate(text) if letter == "\n"]

        def parse_object(text_and_end: tuple[str, int], *arguments: Any) -> tuple[JsonObject, int]:
            pairs, end = parse(text_and_end, *arguments)
            found = JsonObject(pairs)
            found.line = bisect_right(breaks, text_and_end[1] - 1) + 1
            return found, end

        parse: Callable[..., tuple[Any, int]] = parse_pairs
        self.parse_object = parse_object
        self.scan_once = py_make_scanner(self)


def decode(text: str, name: str) -> JsonObject:
    """The object in a JSON text; a list stands in it as ``results``. Raises ``ConfigError``."""
    try:
        value = _Decoder(text).decode(text)
    except json.JSONDecodeError as error:
        raise ConfigError([f"{name}:{error.lineno}: is no valid JSON: {error.msg}"]) from error
    except RecursionError as error:
        raise ConfigError([f"{name}:1: its JSON is nested too deeply"]) from error
    if isinstance(value, JsonObject):
        return value
    return JsonObject(results=value)
