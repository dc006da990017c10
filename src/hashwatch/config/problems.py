"""What is wrong with config.toml, as lines that say where, which key, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

import msgspec
from pydantic import BaseModel, ValidationError

from hashwatch.config.lines import KeyPath, line_of

_EXPECTED = {
    "string_type": "must be text in quotation marks",
    "tuple_type": "must be a list in square brackets",
    "list_type": "must be a list in square brackets",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "path_type": "must be a path in quotation marks",
    "string_too_short": "must not be empty",
    "missing": "is missing; add it",
}


class Problem(msgspec.Struct, frozen=True):
    """``path`` in the file, and what is wrong there."""

    path: KeyPath
    what: str


def describe(problems: Sequence[Problem], lines: Mapping[KeyPath, int], name: str) -> list[str]:
    """``name:12: event.0.timezone: …`` for each problem, in the file's order."""
    placed = sorted(((line_of(p.path, lines) or 0, p) for p in problems), key=lambda pair: pair[0])
    described = []
    for line, problem in placed:
        where = f"{name}:{line}" if line else name
        key = ".".join(str(part) for part in problem.path)
        described.append(f"{where}: {key}: {problem.what}" if key else f"{where}: {problem.what}")
    return list(dict.fromkeys(described))


def from_validation(
    error: ValidationError, model: type[BaseModel], prefix: KeyPath = ()
) -> list[Problem]:
    """pydantic's findings about a table at ``prefix`` that ``model`` describes."""
    findings: list[dict[str, Any]] = [dict(found) for found in error.errors(include_url=False)]
    return [
        Problem((*prefix, *key_path(found["loc"])), _explain(found, model))
        for found in findings
        if not _follows(found, findings)
    ]


def unknown_key(key: str, known: Sequence[str]) -> str:
    """Says that ``key`` is unknown, and which known one was probably meant."""
    near = get_close_matches(key, known, n=1, cutoff=0.6)
    if near:
        return f"is not a setting; did you mean {near[0]!r}?"
    return f"is not a setting; here are {', '.join(sorted(known))}"


def key_path(location: tuple[str | int, ...]) -> KeyPath:
    """Without what pydantic adds for its own types, such as ``function-plain[read_day()]``."""
    return tuple(
        part for part in location if isinstance(part, int) or not any(c in part for c in "[]() ")
    )


def _follows(found: dict[str, Any], findings: list[dict[str, Any]]) -> bool:
    """Whether a list is called too short only because its items are wrong."""
    depth = len(found["loc"])
    return found["type"] == "too_short" and any(
        other is not found and other["loc"][:depth] == found["loc"] for other in findings
    )


def _explain(found: dict[str, Any], model: type[BaseModel]) -> str:
    kind, context = found["type"], found.get("ctx", {})
    if kind == "extra_forbidden":
        *table, key = found["loc"]
        return unknown_key(str(key), _known_keys(model, table))
    if kind == "value_error":
        return str(context["error"])
    if kind == "too_short":
        return "is empty; give at least one"
    if kind == "missing" and found["loc"] == ("event",):
        return "there is none; add a table [[event]]"
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    message = str(found["msg"]).replace("Input should be", "must be")
    return f"{message[0].lower()}{message[1:]}"


def _known_keys(model: type[BaseModel], table: Sequence[str | int]) -> list[str]:
    """The keys of the table at a path below ``model``."""
    for part in table:
        if isinstance(part, str):
            field = model.model_fields.get(part)
            inner = next(_models(field.annotation), None) if field else None
            if inner is None:
                return []
            model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
