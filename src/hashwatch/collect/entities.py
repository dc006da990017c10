"""Hashtags, mentions and links in plain text, as Mastodon would find them."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

# Mastodon's HASHTAG_SEPARATORS: they join words within a hashtag but do not end one, save "_".
# https://github.com/mastodon/mastodon/blob/main/app/models/tag.rb
_SEPARATORS = "_\u00b7\u30fb\u200c"
_HASH = re.compile("[#＃]")
_LINK = re.compile(
    'https?://[^\\s<>"\\x00-\\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+', re.IGNORECASE
)
_MENTION = re.compile(
    r"(?<![\w@＠/=.&-])[@＠]"
    r"([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)"
    r"(?:@(\w(?:[\w.-]*\w)?))?"
)
_SENTENCE_END = frozenset(".,;:!?'\"…»“”‘’*~|`。、，！？；：」』】》）)]}")
_OPENING = {")": "(", "]": "[", "}": "{", "）": "（"}


class Entities(NamedTuple):
    """What stands in a text: hashtags without ``#``, handles without ``@``, addresses.

    Each is as written, in order, once.
    """

    hashtags: tuple[str, ...]
    mentions: tuple[str, ...]
    links: tuple[str, ...]


def entities(text: str) -> Entities:
    """The hashtags, mentions and http(s) links of a plain text.

    A hashtag or mention inside a link does not count, nor a hashtag of digits alone. A link ends
    before closing punctuation that was not opened inside it.
    """
    links: list[str] = []
    rest: list[str] = []
    position = 0
    for match in _LINK.finditer(text):
        link = _without_sentence_end(match.group())
        if len(link) <= len("https://"):
            continue
        links.append(link)
        # A slash in the link's place keeps what follows it from starting a hashtag or mention.
        rest += (text[position : match.start()], "/")
        position = match.start() + len(link)
    rest.append(text[position:])
    words = "".join(rest)
    mentions = (
        f"{match[1]}@{match[2]}" if match[2] else match[1] for match in _MENTION.finditer(words)
    )
    return Entities(
        tuple(dict.fromkeys(hashtags(words))),
        tuple(dict.fromkeys(mentions)),
        tuple(dict.fromkeys(links)),
    )


def hashtags(text: str) -> list[str]:
    """The hashtags of a text without links, as written, without ``#``; repeats are kept."""
    found = []
    for match in _HASH.finditer(text):
        before = text[match.start() - 1] if match.start() else " "
        if before in "=/)" or before.isalnum():
            continue
        name = _hashtag_at(text, match.end())
        if name:
            found.append(name)
    return found


def _hashtag_at(text: str, start: int) -> str:
    end = start
    while end < len(text) and _belongs_to_word(text[end]):
        end += 1
    name = text[start:end].rstrip("\u00b7\u30fb\u200c")
    if not name or unicodedata.category(name[0])[0] == "M" or name[0] in "\u00b7\u30fb\u200c":
        return ""
    joined = len(name) > 2 and any(c in _SEPARATORS for c in name[1:-1])
    return name if joined or any(c.isalpha() for c in name) else ""


def _belongs_to_word(character: str) -> bool:
    # Vowel signs of Arabic or Devanagari are marks, which str.isalnum() does not count.
    return (
        character.isalnum()
        or character in _SEPARATORS
        or unicodedata.category(character) in ("Mn", "Mc", "Me", "Pc")
    )


def _without_sentence_end(link: str) -> str:
    end = len(link)
    balance = {c: link.count(c) - link.count(_OPENING[c]) for c in _OPENING}
    while end and link[end - 1] in _SENTENCE_END:
        last = link[end - 1]
        if last in balance:
            if balance[last] <= 0:
                break
            balance[last] -= 1
        end -= 1
    return link[:end]
