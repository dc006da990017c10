"""Posts without the names of those who wrote them, for research. Pure.

Whoever holds the key can say which pseudonym is whose; without it nobody can, nor try names out.
The same key gives the same person the same pseudonym in every export. What is taken out: handles
and names, also where others mention them, and addresses, of which the host stays. What is left: the
words. A search engine finds whose they are, and who is named in plain words stays named.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from hashwatch.model import fold_account

LETTERS = 12
"""Hexadecimal digits of a pseudonym: 48 bits, so that two people of a million share none."""
_MENTION = re.compile(r"(?<![\w@/.])@(\w[\w.\-]*\w|\w)(?:@([\w.\-]+\w))?")
_ADDRESS = re.compile(r"https?://[^\s<>\"']+|(?<![\w@.])did:[a-z]+:[\w.:%-]+", re.IGNORECASE)

Row = dict[str, Any]


class Pseudonyms:
    """Pseudonyms by a secret ``key``."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def person(self, handle: str) -> str:
        """The pseudonym of a handle, however it is written."""
        return f"person-{self._hash('person', fold_account(handle))}"

    def post(self, uri: str | None) -> str | None:
        """The pseudonym of a post's URI; None for none."""
        return None if uri is None else f"post-{self._hash('post', uri)}"

    def row(self, row: Mapping[str, Any], mentions: Collection[str], *, words: bool) -> Row:
        """A row of an export under pseudonyms; ``mentions`` are the handles that the post mentions.

        Without ``words`` its text and warning are left out.
        """
        return {
            **row,
            "uri": self.post(row["uri"]),
            "url": None,
            "instance": "",
            "author": self.person(row["author"]),
            "author_name": "",
            "text": self.text(row["text"], mentions) if words else "",
            "content_warning": self.text(row["content_warning"] or "", mentions) if words else "",
            "reply_to": self.post(row["reply_to"]),
            "boost_of": self.post(row["boost_of"]),
            "links": list(dict.fromkeys(host_alone(link) for link in row["links"])),
        }

    def text(self, text: str, mentions: Collection[str] = ()) -> str:
        """A text with pseudonyms in the place of handles, and hosts in the place of addresses."""
        whole = {
            fold_account(handle).partition("@")[0]: handle
            for handle in sorted(mentions)
            if "@" in fold_account(handle)
        }

        def mentioned(match: re.Match[str]) -> str:
            name, server = match[1], match[2]
            handle = f"{name}@{server}" if server else whole.get(fold_account(name), name)
            return f"@{self.person(handle)}"

        without = _ADDRESS.sub(lambda match: host_alone(match[0]), text)
        return _MENTION.sub(mentioned, without)

    def _hash(self, kind: str, value: str) -> str:
        return hmac.new(self._key, f"{kind} {value}".encode(), sha256).hexdigest()[:LETTERS]


def host_alone(address: str) -> str:
    """An address without what may tell whose it is: ``https://host/…``."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "…"
    return f"{parts.scheme}://{parts.hostname}/…"
