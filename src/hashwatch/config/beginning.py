"""A first configuration, from a handful of answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from hashwatch.config.watching import open_sources, slug_of
from hashwatch.config.writing import toml_text

HEAD = """\
# Written by `hashwatch init`; yours from now on. docs/configuration.md says what else there is:
# themes, sessions, accounts, a roster, alerts.
"""


class Answers(msgspec.Struct, frozen=True):
    """What is asked for. ``token_env`` names the variable with a token for the first server."""

    hashtags: Sequence[str]
    title: str
    timezone: str
    starts: date
    ends: date
    languages: Sequence[str] = ()
    servers: Sequence[str] = ("mastodon.social",)
    programme: str = ""
    token_env: str = ""


def first_config(answers: Answers) -> str:
    """The text of a config.toml; what is wrong with an answer shows when it is read."""
    hashtags = [one.lstrip("#＃") for one in answers.hashtags]
    event: dict[str, Any] = {
        "slug": slug_of(hashtags),
        "title": answers.title,
        "hashtags": hashtags,
        "timezone": answers.timezone,
        "starts": answers.starts,
        "ends": answers.ends,
    }
    if answers.languages:
        event["languages"] = list(answers.languages)
    if answers.programme:
        event["programme"] = answers.programme
    servers: list[Any] = list(answers.servers)
    if answers.token_env and servers:
        servers[0] = {"host": servers[0], "token_env": answers.token_env}
    sources: dict[str, Any] = {name: {} for name in open_sources()}
    if servers:
        sources["mastodon"] = {"servers": servers}
    return HEAD + "\n" + toml_text({"event": [event], "sources": sources})
