"""Whether two posts are one message that stands on two networks. Pure.

A message comes to stand twice in three ways. A **bridge** copies it and names the original in the
copy's address. A page has one **address** and is told of by its feed and by its server. Its
**author** posts it on several networks, by hand or by a tool, in the same words or nearly. Nothing
here knows other posts than the two: the answer never depends on what else was collected.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from hashwatch.enrich.words import WORD, fold

Why = Literal["bridge", "address", "author"]

BRIDGED_SECONDS = 10
"""A bridge gives the copy the original's time."""
LONGEST_SECONDS = 2_400
"""So far apart an author may post one message on two networks."""
_EDITED_SECONDS, _SHORT_SECONDS, _SHORTEST_SECONDS = 1_800, 600, 120
_FEW, _VERY_FEW, _ENOUGH = 8, 4, 5
_LONG_ENOUGH = 0.6
_FEWEST_LETTERS = 4


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A post as far as it counts here; ``copy_of`` is the address that its record names."""

    uri: str
    url: str | None
    author_uri: str
    handle: str
    name: str
    created_at: int
    text: str
    copy_of: str | None = None
    source: str = ""


def why_same(one: Sent, other: Sent) -> Why | None:
    """Why both are one message; ``None`` when they are two. The order does not matter."""
    apart = abs(one.created_at - other.created_at)
    if apart <= BRIDGED_SECONDS and (_is_bridged_from(one, other) or _is_bridged_from(other, one)):
        return "bridge"
    places = network_of(one.uri, one.source), network_of(other.uri, other.source)
    if places[0] == places[1]:
        return None
    if "web" in places and _own_addresses(one) & _own_addresses(other):
        return "address"
    if (
        apart <= LONGEST_SECONDS
        and home_of(one.author_uri) != home_of(other.author_uri)
        and author_keys(one.handle, one.name) & author_keys(other.handle, other.name)
        and apart <= _seconds_between(words_of(one.text), words_of(other.text))
    ):
        return "author"
    return None


def network_of(uri: str, source: str = "") -> str:
    """The network on which a post stands; a bridge's account stands where it brings posts to."""
    if uri.startswith("at://"):
        return "bluesky"
    if uri.startswith(("https://x.com/", "https://twitter.com/")):
        return "x"
    if source == "rss" and "/statuses/" not in uri:
        return "web"
    return "nostr" if uri.startswith("nostr:") else "fediverse"


def home_of(author_uri: str) -> str:
    """The network of an account, as far as two accounts must differ in it to be looked at."""
    if author_uri.startswith("did:"):
        return "bluesky"
    is_x = author_uri.startswith(("https://x.com/", "https://twitter.com/"))
    return "x" if is_x else "fediverse"


def copied_from(uri: str, url: str | None, named: str | None) -> str | None:
    """The address of what a bridge made a post of: in the post's own, or as its record names it."""
    if uri.startswith(_BRIDGES):
        return uri.partition("/convert/ap/")[2] or (url or "").partition("/r/")[2] or None
    return named


def author_keys(handle: str, name: str) -> frozenset[str]:
    """What an author may be known by on another network as well: the handle without its server,
    and the name where it has two words or more.
    """
    return _author_keys(handle, name)


@lru_cache(maxsize=16_384)
def _author_keys(handle: str, name: str) -> frozenset[str]:
    keys = set()
    local = handle.lstrip("@").partition("@")[0]
    if not local.startswith("did:"):
        local = _letters(local.partition(".")[0])
        if len(local) >= _FEWEST_LETTERS:
            keys.add(local)
    if " " in name.strip():
        parts = [_letters(part) for part in fold(_BESIDE_NAME.sub(" ", name)).split()]
        parts = [part for part in parts if part and part not in _TITLES]
        if len(parts) >= 2 and len(whole := "".join(parts)) > _FEWEST_LETTERS:
            keys.add(whole)
    return frozenset(keys)


def _letters(word: str) -> str:
    if word.isascii() and word.isalnum():
        return word.lower()
    return "".join(WORD.findall(fold(word)))


def address_key(address: str) -> str:
    """An address in the form in which two of one post agree, empty for none."""
    record = _RECORD.fullmatch(address)
    if record:
        return f"{record[1]}/{record[2]}"
    status = _STATUS.fullmatch(address)
    if status:
        return f"{status[1].lower()}/{status[2]}"
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https"):
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    query = "&".join(one for one in parts.query.split("&") if one and not one.startswith("utm_"))
    return f"{host}{parts.path.rstrip('/')}{'?' if query else ''}{query}"


def page_address(uri: str, url: str | None, source: str) -> str | None:
    """The key by which a feed's entry and its page's own post find each other.

    ``None`` for posts that have no page of their own outside their network.
    """
    if not url or uri.startswith("at://") or _STATUS.fullmatch(url) or uri.startswith(_BRIDGES):
        return None
    if network_of(uri, source) not in ("web", "fediverse") or _host(url) != _host(uri):
        return None
    return address_key(url) or None


class Words(msgspec.Struct, frozen=True, gc=False):
    """The words of a text: no addresses, handles, hashtags or places in a thread.

    ``is_cut`` says that the text ends in a mark of having been cut.
    """

    words: tuple[str, ...]
    numbers: tuple[str, ...]
    is_cut: bool


@lru_cache(maxsize=8_192)
def words_of(text: str) -> Words:
    """The words of a text, folded, in order; numbers apart and sorted."""
    parts = own_parts(text)
    if parts and _PLACE_IN_THREAD.fullmatch(parts[0]):
        del parts[0]
    if parts and _PLACE_IN_THREAD.fullmatch(parts[-1]):
        del parts[-1]
    words: list[str] = []
    numbers: list[str] = []
    for word in WORD.findall(fold(" ".join(parts))):
        (words if word.isalpha() else numbers).append(word)
    is_cut = bool(parts) and parts[-1].endswith(("…", "…]", "..."))
    return Words(tuple(words), tuple(sorted(numbers)), is_cut)


def own_parts(text: str) -> list[str]:
    """A text between its blanks, without what is no word of the author: addresses, handles,
    hashtags, and the mark of a repetition by hand.
    """
    parts = [part for part in text.split() if not part.startswith(_NO_WORDS)]
    return parts[1:] if parts and parts[0] in ("RT", "MT") else parts


def _seconds_between(one: Words, other: Words) -> int:
    """How far apart two texts of one author may be posted to be one message; −1 for never."""
    if one.words == other.words and one.numbers == other.numbers:
        if not one.words:
            return -1
        few = len(one.words)
        return (
            _SHORTEST_SECONDS if few < _VERY_FEW
            else _SHORT_SECONDS if few < _FEW else LONGEST_SECONDS
        )  # fmt: skip
    short, long = sorted((one, other), key=lambda words: len(words.words))
    if len(short.words) < _ENOUGH:
        return -1
    if short.is_cut and _begins(short, long):
        return _EDITED_SECONDS
    if short.numbers != long.numbers:
        return -1
    fewer, more = _differences(short.words, long.words)
    if fewer or len(short.words) < _LONG_ENOUGH * len(long.words):
        return -1
    # More words on one side alone: something was left out for want of room, or said beside.
    return _EDITED_SECONDS if more else LONGEST_SECONDS


def _begins(short: Words, long: Words) -> bool:
    """Whether the shorter text is how the longer begins; its last word may have been cut."""
    kept = len(short.words) - 1
    return (
        short.words[:kept] == long.words[:kept]
        and long.words[kept].startswith(short.words[kept])
        and not Counter(short.numbers[:-1]) - Counter(long.numbers)
    )


def _differences(short: tuple[str, ...], long: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """The words that only one of two texts has, small ones and slips of the pen left out."""
    left = Counter(short) - Counter(long)
    right = Counter(long) - Counter(short)
    fewer = [word for word in left.elements() if word not in _SMALL]
    more = [word for word in right.elements() if word not in _SMALL]
    for word in list(fewer):
        slip = next((each for each in more if _is_slip(word, each)), None)
        if slip is not None:
            fewer.remove(word)
            more.remove(slip)
    return fewer, more


def _is_slip(one: str, other: str) -> bool:
    """Whether two long words differ in one letter, which is not the first."""
    if min(len(one), len(other)) < 6 or one[0] != other[0] or abs(len(one) - len(other)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if at is None:
        return True
    return (
        one[at + 1 :] == other[at + 1 :]
        or one[at + 1 :] == other[at:]
        or one[at:] == other[at + 1 :]
    )


def _is_bridged_from(copy: Sent, original: Sent) -> bool:
    """Whether ``copy`` names ``original``, and a bridge or the words themselves bear it out."""
    named = copied_from(copy.uri, copy.url, copy.copy_of)
    if named is None:
        return False
    is_sure = copy.uri.startswith(_BRIDGES) or copy.handle.endswith(".brid.gy")
    if not is_sure and not copy.handle.startswith("did:"):
        return False  # a claim by somebody who is known and no bridge
    key = address_key(named)
    if not key or key not in _own_addresses(original):
        return False
    return is_sure or _seconds_between(words_of(copy.text), words_of(original.text)) >= 0


def _own_addresses(sent: Sent) -> set[str]:
    """The addresses that are a post's own: another server's are not believed."""
    found = {address_key(sent.uri)}
    if sent.url and (
        sent.uri.startswith("at://") or _host(sent.url) in (_host(sent.uri), _host(sent.author_uri))
    ):
        found.add(address_key(sent.url))
    return found - {""}


@lru_cache(maxsize=8_192)
def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


_BRIDGES = ("https://bsky.brid.gy/", "https://fed.brid.gy/", "https://web.brid.gy/")
_RECORD = re.compile(
    r"(?:at://|https://bsky\.app/profile/)([^/]+)/(?:app\.bsky\.feed\.)?post/([\w.:~-]+)"
)
_STATUS = re.compile(
    r"https?://([^/]+)/(?:@[^/]+|users/[^/]+/statuses|ap/users/\d+/statuses)/(\w+)"
)
_NO_WORDS = ("http://", "https://", "www.", "#", "@", "＃", ".@", "“@")
_PLACE_IN_THREAD = re.compile(r"\(?\d{1,2}/\d{0,2}\)?")
_BESIDE_NAME = re.compile(r"\([^)]*\)|\[[^]]*\]|\s(?:@|\||at)\s.*$|#\S+|@\S+|’|'")
_TITLES = frozenset(
    ("dr", "prof", "professor", "mr", "mrs", "ms", "mx", "sir", "dame", "hon", "the", "mp")
)
_SMALL = frozenset(
    ("a", "an", "the", "and", "or", "of", "to", "in", "on", "at", "is", "it", "cc", "via")
)
