"""Configurations made on the spot: hashtags for ``watch``, the invented events for ``demo``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError

from hashwatch.collect.source import built_in_sources, find_source, is_free, is_live
from hashwatch.config import Config
from hashwatch.config.tables import read_hashtag
from hashwatch.config.writing import toml_text
from hashwatch.errors import ConfigError
from hashwatch.model import fold_hashtag

DAY = 86_400
# How long after the start a watch goes on collecting; starting it again moves the end.
WATCH_DAYS = 28


def default_event_config(
    hashtags: Sequence[str], since: int, now: int, further: Config | None = None
) -> str:
    """The text of a config.toml that watches ``hashtags`` (as written, with or without ``#``).

    The event runs from ``since`` to four weeks after ``now`` (UTC seconds). ``further`` gives the
    sources and all else but the events; without it every built-in source is asked that needs no
    settings of its own, and so no credentials. Raises ``ConfigError`` for what is no hashtag.
    """
    shown = _read_hashtags(hashtags)
    event = {
        "slug": slug_of(shown),
        "title": " ".join("#" + hashtag for hashtag in shown),
        "hashtags": shown,
        "timezone": "UTC",
        "starts": datetime.fromtimestamp(since, UTC),
        "ends": datetime.fromtimestamp(now + WATCH_DAYS * DAY, UTC),
        "collect_before": 0,
        "collect_after": 0,
    }
    rest = _all_but_events(further) if further else {}
    sources = rest.pop("sources", None) or {name: {} for name in open_sources()}
    return "# Written by `hashwatch watch`, which writes it anew each time it is started.\n" + (
        toml_text({"event": [event], "sources": sources, **rest})
    )


def demo_config(path: Path, further: Config) -> str:
    """The text of the demonstration's configuration, at ``path``, as ``further`` has it played."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    for event in document["event"]:
        for name in ("programme", "roster"):
            event[name] = str(path.absolute().parent / event[name])
    rest = _all_but_events(further)
    replay = rest.pop("sources").get("replay", document["sources"]["replay"])
    return "# Written by `hashwatch demo`, which writes it anew each time it is started.\n" + (
        toml_text({**document, "sources": {"replay": replay}, **rest})
    )


def read_span(text: str) -> int:
    """The seconds of ``90m``, ``36h``, ``7d`` or ``2w``; raises ``ConfigError``."""
    match = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    if match is None or not int(match[1]):
        raise ConfigError([f"--since: {text!r} is not a span of time; write 90m, 36h, 7d or 2w"])
    return int(match[1]) * {"m": 60, "h": 3600, "d": DAY, "w": 7 * DAY}[match[2]]


def open_sources() -> list[str]:
    """The built-in sources that ask a platform and work with no settings at all."""
    names = []
    for name in sorted(built_in_sources()):
        settings: type[BaseModel] = find_source(name).Settings
        try:
            settings()
        except ValidationError:
            continue
        if is_live(name) and is_free(name):
            names.append(name)
    return names


def _all_but_events(config: Config) -> dict[str, Any]:
    """Its tables anew, for a file in another place: paths are absolute."""
    return {
        "sources": {
            name: settings.model_dump(mode="json", exclude_unset=True, exclude_none=True)
            for name, settings in config.sources.items()
        },
        "sentiment": {"annotator": config.annotator},
        "serve": {
            "host": config.host,
            "port": config.port,
            "address": config.address,
            "embed": list(config.embed),
        },
        "notify": {
            name: table.model_dump(mode="json", exclude_none=True)
            for name, table in config.destinations.items()
        },
        # The events of that file are not those of the new one: its rules hold for all of these.
        "alert": [
            {**msgspec.to_builtins(rule), "events": [], "to": list(rule.to)}
            for rule in config.rules
        ],
    }


def _read_hashtags(written: Sequence[str]) -> list[str]:
    hashtags, problems = [], []
    for hashtag in written:
        try:
            hashtags.append(read_hashtag(hashtag))
        except ValueError as error:
            problems.append(f"HASHTAG: {error}")
    if problems:
        raise ConfigError(problems)
    return hashtags


def slug_of(hashtags: Sequence[str]) -> str:
    """A slug for an event with these hashtags."""
    words = [re.sub(r"[^a-z0-9]+", "-", fold_hashtag(hashtag)).strip("-") for hashtag in hashtags]
    return "-".join(word for word in words if word)[:60].strip("-") or "watch"
