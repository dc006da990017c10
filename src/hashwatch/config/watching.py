"""A configuration made on the spot, for ``hashwatch watch``: some hashtags, from now on."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ValidationError

from hashwatch.collect.source import built_in_sources, find_source, is_live
from hashwatch.errors import ConfigError
from hashwatch.model import fold_hashtag

DAY = 86_400
# How long after the start a watch goes on collecting; starting it again moves the end.
WATCH_DAYS = 28


def default_event_config(hashtags: Sequence[str], since: int, now: int) -> str:
    """The text of a config.toml that watches ``hashtags`` (as written, with or without ``#``).

    The event runs from ``since`` to four weeks after ``now`` (UTC seconds); every built-in source
    that needs no settings of its own, and so no credentials, is asked.
    """
    shown = [hashtag.lstrip("#＃") for hashtag in hashtags]
    lines = [
        "# Written by `hashwatch watch`, which writes it anew each time it is started.",
        "[[event]]",
        f"slug = {json.dumps(_slug(shown))}",
        f"title = {_text(' '.join('#' + hashtag for hashtag in shown))}",
        f"hashtags = [{', '.join(map(_text, shown))}]",
        'timezone = "UTC"',
        f"starts = {_moment(since)}",
        f"ends = {_moment(now + WATCH_DAYS * DAY)}",
        "collect_before = 0",
        "collect_after = 0",
        "",
    ]
    return "\n".join([*lines, *(f"[sources.{name}]" for name in open_sources()), ""])


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
        if is_live(name):
            names.append(name)
    return names


def _slug(hashtags: Sequence[str]) -> str:
    words = [re.sub(r"[^a-z0-9]+", "-", fold_hashtag(hashtag)).strip("-") for hashtag in hashtags]
    return "-".join(word for word in words if word)[:60].strip("-") or "watch"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
