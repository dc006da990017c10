"""config.toml → :class:`Config`: every problem at once, each with its line, key and remedy."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from pydantic import BaseModel, ValidationError

from hashwatch.alert.rules import Rule
from hashwatch.collect.source import find_source, known_sources
from hashwatch.collect.tokens import FOLDER
from hashwatch.config.alerts import alert_rules
from hashwatch.config.events import resolve_events
from hashwatch.config.lines import locate
from hashwatch.config.mending import mended
from hashwatch.config.problems import Problem, describe, from_validation, unknown_key
from hashwatch.config.tables import EventlessTables, EventTable, FileTables, NotifyTable
from hashwatch.errors import ConfigError
from hashwatch.model import Event


class Config(msgspec.Struct, frozen=True):
    """What the operator wants. ``sources`` holds each source's own ``Settings`` by its name."""

    path: Path
    events: tuple[Event, ...]
    sources: Mapping[str, BaseModel]
    annotator: str
    host: str
    port: int
    address: str = ""
    embed: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    destinations: Mapping[str, NotifyTable] = {}

    def event(self, slug: str) -> Event:
        """The event called ``slug``; raises ``ConfigError`` naming those there are."""
        for event in self.events:
            if event.slug == slug:
                return event
        known = ", ".join(event.slug for event in self.events)
        raise ConfigError([f"{self.path}: there is no event {slug!r}, only {known}"])


def load_config(path: Path, *, needs_events: bool = True) -> Config:
    """The configuration in the file at ``path``; raises ``ConfigError`` with all its problems."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            [f"{path}: there is no such file; name one with --config, or start from the example"]
        ) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 text (byte {error.start})"]) from error
    return parse_config(text, path, needs_events=needs_events)


def parse_config(text: str, path: Path, *, needs_events: bool = True) -> Config:
    """The configuration in ``text``; ``path`` names the file, to which its paths are relative."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_syntax(error, path)]) from error
    problems: list[Problem] = []
    folder = path.absolute().parent
    tables = None
    model = FileTables if needs_events else EventlessTables
    try:
        tables = model.model_validate(document, context={FOLDER: folder})
    except ValidationError as error:
        problems += from_validation(error, model)
    resolved = resolve_events(_whole_events(document.get("event")), folder)
    problems += resolved.problems
    sources, wrong = _sources(document.get("sources", {}), folder)
    problems += wrong
    rules: tuple[Rule, ...] = ()
    if tables is not None:
        groups: dict[str, set[str] | None] = {event.slug: None for event in tables.event}
        for made in resolved.events:
            groups[made.slug] = {member.group for member in made.roster}
        rules, wrong = alert_rules(tables.alert, tables.notify, groups)
        problems += wrong
    if problems or resolved.elsewhere or tables is None:
        described = describe(problems, locate(text), str(path))
        raise ConfigError([*described, *resolved.elsewhere])
    return Config(
        path=path,
        events=tuple(resolved.events),
        sources=sources,
        annotator=tables.sentiment.annotator,
        host=tables.serve.host,
        port=tables.serve.port,
        address=tables.serve.address,
        embed=tables.serve.embed,
        rules=rules,
        destinations=tables.notify,
    )


def _whole_events(written: object) -> dict[int, EventTable]:
    """Every event, broken ones mended, so that what else they say is checked beside that."""
    whole = {}
    for number, table in enumerate(written if isinstance(written, list) else []):
        try:
            whole[number] = EventTable.model_validate(table)
        except ValidationError as error:
            mendable = mended(table, number, error)
            if mendable is not None:
                whole[number] = mendable
    return whole


def _sources(written: object, folder: Path) -> tuple[dict[str, BaseModel], list[Problem]]:
    """Each ``[sources.NAME]`` as that source's ``Settings``, and what is wrong with the others."""
    sources: dict[str, BaseModel] = {}
    problems: list[Problem] = []
    for name, table in written.items() if isinstance(written, dict) else ():
        known = known_sources()
        if name not in known:
            what = unknown_key(name, known).replace("a setting", "a source")
            problems.append(Problem(("sources", name), what))
            continue
        settings: type[BaseModel] = find_source(name).Settings
        try:
            sources[name] = settings.model_validate(table, context={FOLDER: folder})
        except ValidationError as error:
            problems += from_validation(error, settings, ("sources", name))
    return sources, problems


def _syntax(error: tomllib.TOMLDecodeError, path: Path) -> str:
    message, _, place = str(error).partition(" (at line ")
    line = place.partition(",")[0]
    where = f"{path}:{line}" if line.isdigit() else str(path)
    return f"{where}: is not TOML: {message[0].lower()}{message[1:]}"
