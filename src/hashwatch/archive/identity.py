"""A post's URI ⇄ its key and its number in the archive."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit
from zlib import crc32

TIE_BREAK_BITS = 20
_PLAIN_HOST = re.compile(r"https?://([A-Za-z0-9.-]+)(?:/|$)")


def key_of(uri: str) -> str:
    """The URI with its path segments in reverse: the id, which grows with time, comes first.

    A unique index over URIs as they are is filled at random places and rewrites itself many
    times over; over these keys it is filled at its end. The same function leads back.
    """
    return "/".join(uri.split("/")[::-1])


def uri_of(key: str) -> str:
    """The URI that :func:`key_of` made ``key`` from."""
    return key_of(key)


def post_id(sort_time: int, key: str) -> int:
    """The number a post asks for: time-ordered, the same in every order of arrival.

    ``sort_time`` is in UTC seconds; times before 1970 count as 1970.
    """
    return max(sort_time, 0) << TIE_BREAK_BITS | crc32(key.encode()) >> (32 - TIE_BREAK_BITS)


@lru_cache(maxsize=65_536)
def host_of(address: str) -> str:
    """The host of an address, lower case; empty for what is no address."""
    plain = _PLAIN_HOST.match(address)
    if plain is not None:
        return plain[1].lower()
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def is_home(uri: str, host: str) -> bool:
    """Whether ``uri`` is an address on the server ``host``, which may be named with its port."""
    if ":" not in host:
        return host_of(uri) == host
    return uri.partition("://")[2].partition("/")[0].lower() == host


def seconds_of(post_id: int) -> int:
    """The sort time (UTC seconds) of the post with this number."""
    return post_id >> TIE_BREAK_BITS


def sort_time(created_at: int, first_seen: int, skew: int = 120) -> int:
    """When a post is sorted: at its claimed time, unless that lies in the future.

    A claim up to ``skew`` seconds ahead of our clock is believed; beyond that, first sight rules.
    """
    return created_at if created_at <= first_seen + skew else first_seen
