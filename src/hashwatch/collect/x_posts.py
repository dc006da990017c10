"""What all shapes of X's posts have in common: addresses, languages, links, dates.

A post's URI is ``https://x.com/i/status/ID`` whatever file or interface it came by, so that the
same post is one row. X escapes ``& < >`` in texts; they are unescaped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from hashwatch.collect.cells import NO_LANGUAGES, OLD_LANGUAGES
from hashwatch.collect.encoding import clean
from hashwatch.collect.pages import RowError
from hashwatch.collect.snowflakes import snowflake_time
from hashwatch.model import Author

SOURCE = "x"
INSTANCE = "x.com"

OWN_ADDRESS = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/(?:i/web|\w+)/status(?:es)?/(\d+)"
    r"(/(?:photo|video)/\d+)?"
)
MEDIA_KINDS = {"photo": "image", "video": "video", "animated_gif": "gif"}


def post_uri(identifier: str) -> str:
    """The identity of the post with this id."""
    return f"https://x.com/i/status/{identifier}"


def post_url(handle: str, identifier: str) -> str:
    """Where people read the post."""
    return f"https://x.com/{handle}/status/{identifier}"


@lru_cache(maxsize=2_048)
def author(
    identifier: str | None, handle: str, name: str | None, bio: str | None, followers: int | None
) -> Author:
    """An author; the id is the identity where it is known, since handles change hands.

    Remembered: at a conference the same people speak again and again.
    """
    return Author(
        uri=f"https://x.com/i/user/{identifier}"
        if identifier
        else f"https://x.com/{handle.lower()}",
        handle=handle,
        name=clean(name or ""),
        url=f"https://x.com/{handle}",
        followers=followers,
        bio=clean(bio or ""),
    )


def language(code: str | None) -> str | None:
    """The declared language, ``None`` for X's many ways of saying that it could not tell."""
    if not code or code in NO_LANGUAGES:
        return None
    return OLD_LANGUAGES.get(code, code)


def names(found: Iterable[str]) -> tuple[str, ...]:
    """Hashtags or handles, each once, as first written."""
    return tuple(dict.fromkeys(found))


def links(addresses: Iterable[str | None], identifier: str) -> tuple[str, ...]:
    """The addresses that lead somewhere: not those of the post's own media and of itself."""
    kept: dict[str, None] = {}
    for address in addresses:
        if not address or not address.startswith(("http://", "https://")):
            continue
        own = OWN_ADDRESS.match(address)
        if not (own and (own[2] or own[1] == identifier)):
            kept[address] = None
    return tuple(kept)


def written_at(identifier: str) -> int:
    """The time inside an id, for a payload that states none; raises ``RowError`` without one."""
    moment = snowflake_time(identifier)
    if moment is None:
        raise RowError("it has no time, and its id holds none")
    return moment
