"""What a Mastodon server sends, of invented people."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any


def iso(at: float) -> str:
    """A time as Mastodon writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def status(
    number: str,
    text: str,
    at: float,
    tags: tuple[str, ...] = (),
    author: str = "ana",
    host: str = "https://social.example",
) -> dict[str, Any]:
    """A status with every field that Mastodon 4.5 sends."""
    links = " ".join(
        f'<a href="{host}/tags/{tag}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
        for tag in tags
    )
    return {
        "id": number,
        "created_at": iso(at),
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "uri": f"{host}/users/{author}/statuses/{number}",
        "url": f"{host}/@{author}/{number}",
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "quotes_count": 0,
        "edited_at": None,
        "content": f"<p>{escape(text)} {links}</p>",
        "reblog": None,
        "quote": None,
        "account": account(author, host),
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": tag.casefold(), "url": f"{host}/tags/{tag}"} for tag in tags],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def account(name: str, host: str = "https://social.example") -> dict[str, Any]:
    """An invented person."""
    return {
        "id": str(1_000 + sum(name.encode())),
        "username": name,
        "acct": f"{name}@{host.partition('://')[2]}",
        "display_name": name.title(),
        "locked": False,
        "bot": False,
        "discoverable": True,
        "indexable": False,
        "noindex": False,
        "group": False,
        "created_at": "2017-01-01T00:00:00.000Z",
        "note": f"<p>{name.title()} is invented.</p>",
        "url": f"{host}/@{name}",
        "uri": f"{host}/users/{name}",
        "followers_count": 12,
        "following_count": 3,
        "statuses_count": 45,
        "emojis": [],
        "fields": [],
    }


def instance_document(access: dict[str, str] | None, streaming: str = "") -> dict[str, Any]:
    """``/api/v2/instance``, with ``timelines_access`` as from 4.5 on where ``access`` is given."""
    configuration: dict[str, Any] = {"statuses": {"max_characters": 500}}
    if streaming:
        configuration["urls"] = {"streaming": streaming}
    if access is not None:
        configuration["timelines_access"] = {"hashtag_feeds": access}
    return {"domain": "social.example", "version": "4.5.0", "configuration": configuration}
