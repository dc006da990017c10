"""Posts of X's API v2 as 4CAT keeps them (NDJSON) → the flattened form. Pure.

Each line is one post with what the answer included put where its id stood: the author in
``author_user``, attachments in the list of their keys, other posts in the references.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hashwatch.collect.pages import Outcome
from hashwatch.collect.x2 import parse_flattened
from hashwatch.model import Post

MARK = b'"author_user"'


def parse_enriched(line: bytes) -> list[Outcome]:
    """A post and what it boosts; raises ``RowError`` or ``msgspec.MsgspecError``.

    The post keeps the line as its raw payload, the other its part of it as it is read here.
    """
    value = msgspec.json.decode(line, type=dict[str, Any])
    flatten(value)
    written, *others = parse_flattened(msgspec.json.encode(value))
    if isinstance(written, Post):
        written = msgspec.structs.replace(written, raw=line)
    return [written, *others]


def flatten(value: dict[str, Any]) -> None:
    """Names what is put in as the flattened form does, in the post and in those it refers to."""
    if isinstance(value.get("author_user"), dict):
        value["author"] = value.pop("author_user")
    attachments = value.get("attachments")
    if isinstance(attachments, dict):
        keys = attachments.get("media_keys") or []
        attachments["media"] = [key for key in keys if isinstance(key, dict)]
        attachments["media_keys"] = [key for key in keys if isinstance(key, str)]
        polls = [poll for poll in attachments.pop("poll_ids", None) or [] if isinstance(poll, dict)]
        attachments["poll"] = polls[0] if polls else None
    for reference in value.get("referenced_tweets") or []:
        if isinstance(reference, dict):
            flatten(reference)
